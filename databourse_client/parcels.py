"""Parcels: sealed packages and files by hand, fetched, opened and held against their manifest."""

import hashlib
import json
import re
import tarfile
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from databourse_client import passes, profiles
from databourse_client.profiles import Profile
from databourse_client.troubles import Damaged, NotInstalled, Refused, Trouble, Unreachable
from databourse_client.wire import BLOCK, Progress, Wire, digest

WAIT_MAX_S: Final = 3_600.0
"""How long a package that is being made is waited for."""

_POLL_S: Final = 0.5
_POLL_MAX_S: Final = 10.0
_DATA: Final = frozenset({"data.parquet", "data.csv"})
_TOLD_MAX: Final = 4_000_000
_NAME: Final = re.compile(r"[^\w.\-()（） ]")


class NotMade(Trouble):
    """The exchange could not make the package, or its key was destroyed."""

    status = 3


def opened(
    wire: Wire, profile: Profile, delivery: str, folder: Path, progress: Progress | None = None
) -> Path:
    """Have a package made, fetch it, open it; return the file of data.

    One that lies here, opened and unchanged, is not fetched again: a download is counted.
    """
    secret, public = _pair(profile)
    package = _ready(wire, delivery, _key_id(wire, public), progress)
    target = folder / f"{delivery}.{package['format']}"
    noted = folder / f"{delivery}.{package['format']}.json"
    if _is_here(target, noted, package):
        return target
    sealed = folder / f"{package['id']}.tar.age"
    if not (sealed.exists() and digest(sealed) == package["sha256"]):
        link = wire.post(f"/api/packages/{package['id']}/links", {})
        wire.fetched(link["url"], sealed, sha256=package["sha256"], progress=progress)
    manifest = unsealed(sealed, secret, target)
    noted.write_text(json.dumps({**manifest, "package": package["id"]}, ensure_ascii=False))
    sealed.unlink()
    return target


def unsealed(sealed: Path, secret: str, target: Path) -> Mapping[str, Any]:
    """Open a package into one file; return its manifest. Raises Damaged, NotInstalled.

    Nothing is written under a name that the package chooses, and nothing stays of one that
    is not as it was sealed.
    """
    pyrage = _pyrage()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".opening-") as made:
        plain = Path(made) / "package.tar"
        try:
            with sealed.open("rb") as source, plain.open("wb") as out:
                pyrage.decrypt_io(source, out, [pyrage.x25519.Identity.from_str(secret)])
        except pyrage.DecryptError as error:
            raise Damaged(f"{sealed.name} does not open with this key: {error}") from error
        manifest, found = _unpacked(plain, Path(made))
        _check(manifest, found)
        next(iter(found)).replace(target)
    return manifest


def by_hand(
    wire: Wire, delivery: str, folder: Path, progress: Progress | None = None
) -> Path:  # fmt: skip
    """Download the files of the last round; return the first of them. Raises Damaged."""
    signed = wire.get(f"/api/deliveries/{delivery}/manifest")
    told = {one["sha256"]: one for one in signed["files"]}
    saved: list[Path] = []
    for one in wire.all(f"/api/deliveries/{delivery}/files"):
        if one["round"] != signed["round"] or one["sha256"] not in told:
            continue
        target = folder / _plain(one["name"])
        if target in saved:
            target = folder / f"{one['id']}-{target.name}"
        door = f"/api/deliveries/files/{one['id']}/download"
        saved.append(
            wire.saved(door, target, sha256=one["sha256"], size_bytes=one["size_bytes"],
                       progress=progress)
        )  # fmt: skip
    if not saved:
        raise NotMade(f"no file was handed over for {delivery}")
    return saved[-1]  # the list is newest first: the first that was handed over


def _pair(profile: Profile) -> tuple[str, str]:
    """Return this profile's key pair, made when there is none. The secret half stays here."""
    pyrage = _pyrage()
    path = profile.folder / "key.txt"
    kept = profiles.kept(path)
    if kept is None:
        made = pyrage.x25519.Identity.generate()
        kept = f"# public key: {made.to_public()}\n{made}\n"
        profiles.keep(path, kept)
    secret = next(line for line in kept.splitlines() if line and not line.startswith("#")).strip()
    return secret, str(pyrage.x25519.Identity.from_str(secret).to_public())


def _key_id(wire: Wire, public: str) -> str:
    """Return the id under which our public key is registered; register it when it is not."""
    for one in wire.all("/api/recipient-keys"):
        if one["public_key"] == public and one["retired_at"] is None:
            return str(one["id"])
    made = wire.post("/api/recipient-keys", {"label": passes.label(), "public_key": public})
    return str(made["id"])


def _ready(
    wire: Wire, delivery: str, key_id: str, progress: Progress | None
) -> Mapping[str, Any]:  # fmt: skip
    """Return a package that is sealed to our key, made now when there is none."""
    found = _sealed_to(wire, delivery, key_id)
    if found is None:
        try:
            found = wire.post("/api/packages", {"delivery_id": delivery, "key_id": key_id})
        except Refused:
            found = _sealed_to(wire, delivery, key_id)  # somebody asked for it meanwhile
            if found is None:
                raise
    ends, wait = time.monotonic() + WAIT_MAX_S, _POLL_S
    while found["state"] in {"waiting", "making"}:
        if progress is not None:
            progress(found["stage"] or "waiting", found["progress_bp"], 10_000)
        if time.monotonic() > ends:
            raise Unreachable(f"{found['id']} is still being made: ask again later")
        time.sleep(wait)
        wait = min(_POLL_MAX_S, wait * 1.5)
        found = wire.get(f"/api/packages/{found['id']}")
    if found["state"] != "ready":
        raise NotMade(f"{found['id']} is {found['state']}: {found['problem'] or ''}")
    return found


def _sealed_to(wire: Wire, delivery: str, key_id: str) -> Mapping[str, Any] | None:
    for one in wire.all("/api/packages", at_most=100, delivery_id=delivery):
        if one["key_id"] == key_id and one["state"] in {"waiting", "making", "ready"}:
            found: Mapping[str, Any] = one
            return found
    return None


def _is_here(target: Path, noted: Path, package: Mapping[str, Any]) -> bool:
    try:
        told = json.loads(noted.read_text("utf-8"))
        return bool(
            told["package"] == package["id"] and told["files"][0]["sha256"] == digest(target)
        )
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _unpacked(plain: Path, folder: Path) -> tuple[Mapping[str, Any], Mapping[Path, str]]:
    """Return the manifest and the files of data with their digests, of a package's tar."""
    manifest: Any = None
    found: dict[Path, str] = {}
    try:
        with tarfile.open(plain, mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is not None and member.name == "manifest.json":
                    manifest = json.loads(content.read(_TOLD_MAX))
                elif content is not None and member.name in _DATA and not found:
                    found[folder / member.name] = _copied(content, folder / member.name)
    except (tarfile.TarError, ValueError, RecursionError) as error:
        raise Damaged(f"what was sealed is no package: {error}") from error
    if not isinstance(manifest, dict) or not found:
        raise Damaged("the package lacks its manifest or its data")
    return manifest, found


def _check(manifest: Mapping[str, Any], found: Mapping[Path, str]) -> None:
    listed = manifest.get("files")
    rows = listed if isinstance(listed, list) else []
    told = {one.get("name"): one.get("sha256") for one in rows if isinstance(one, dict)}
    if told != {path.name: each for path, each in found.items()}:
        raise Damaged("the data are not those of the manifest")


def _copied(content: IO[bytes], target: Path) -> str:
    taken = hashlib.sha256()
    with target.open("xb") as file:
        while block := content.read(BLOCK):
            taken.update(block)
            file.write(block)
    return taken.hexdigest()


def _plain(name: str) -> str:
    """Return a name of the exchange's as one of ours: no folders, nothing hidden."""
    return _NAME.sub("_", Path(name).name).lstrip(".") or "file"


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError as error:  # pragma: no cover - here it is installed
        raise NotInstalled("pyrage is missing, which opens packages: pip install pyrage") from error
    return pyrage
