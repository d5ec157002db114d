"""Profiles: which exchange, and who asks. A file that its owner alone can read, or variables.

`DATABOURSE_URL` and `DATABOURSE_TOKEN` go before the file; `DATABOURSE_PROFILE` names the
profile, `DATABOURSE_HOME` the folder they lie in.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from databourse_client.troubles import BadProfile

DEFAULT: Final = "default"
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True, slots=True)
class Profile:
    """Who asks whom. folder: where keys and tokens of this profile are kept.

    allow_http: whether tokens may travel unencrypted to a machine that is not this one.
    """

    url: str
    token: str | None
    folder: Path
    allow_http: bool = False
    language: str = "en"


def load(
    name: str | None = None,
    *,
    url: str | None = None,
    token: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Profile:
    """Return a profile: what is given, else the environment's, else the file's.

    Raises BadProfile when no exchange is named, or others can read the file.
    """
    told = os.environ if environment is None else environment
    folder = _folder(told, name or told.get("DATABOURSE_PROFILE") or DEFAULT)
    kept = _read(folder / "profile.json")
    asked = url or told.get("DATABOURSE_URL")
    address = asked or kept.get("url")
    if not address:
        raise BadProfile("no exchange is named: `databourse data login URL`, or set DATABOURSE_URL")
    # A token goes to the exchange that it was kept for, and to no other.
    own = kept if not asked or asked.rstrip("/") == str(kept.get("url", "")).rstrip("/") else {}
    return Profile(
        url=str(address).rstrip("/"),
        token=token or told.get("DATABOURSE_TOKEN") or own.get("token"),
        folder=folder / hashlib.sha256(str(address).rstrip("/").encode()).hexdigest()[:12],
        allow_http=bool(own.get("allow_http")),
        language="zh" if _language(told).startswith("zh") else "en",
    )


def save(
    name: str | None,
    *,
    url: str,
    token: str,
    allow_http: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Path:
    """Keep a profile for later; its owner alone can read it. Returns its file."""
    told = os.environ if environment is None else environment
    folder = _folder(told, name or told.get("DATABOURSE_PROFILE") or DEFAULT)
    path = folder / "profile.json"
    keep(path, json.dumps({"url": url.rstrip("/"), "token": token, "allow_http": allow_http}))
    return path


def keep(path: Path, text: str) -> None:
    """Write a secret: whole or not at all, and for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def kept(path: Path) -> str | None:
    """Return a secret that was kept; None when there is none. Raises BadProfile."""
    if not path.exists():
        return None
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadProfile(f"others can read {path}: chmod 600 {path}")
    return path.read_text("utf-8")


def _language(told: Mapping[str, str]) -> str:
    return told.get("DATABOURSE_LANGUAGE") or told.get("LC_ALL") or told.get("LANG") or ""


def _folder(told: Mapping[str, str], name: str) -> Path:
    if not _NAME.fullmatch(name) or name in {".", ".."}:
        raise BadProfile("a profile's name has letters, digits, and . _ -")
    home = told.get("DATABOURSE_HOME")
    base = Path(home) if home else Path.home() / ".config" / "databourse"
    return base / name


def _read(path: Path) -> Mapping[str, Any]:
    text = kept(path)
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadProfile(f"{path} is no JSON") from error
    if not isinstance(found, dict):
        raise BadProfile(f"{path} is no JSON object")
    return found
