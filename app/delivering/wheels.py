"""The buyer's client as a wheel (PEP 427): each exchange hands out the one that fits it.

Drawn from the sources here, the same bytes each time; nothing is fetched from elsewhere.
"""

import base64
import hashlib
import io
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from config.settings import HOUSE

_SOURCE: Final = HOUSE / "databourse_client"
_AT: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in it: the earliest that a zip knows."""


@cache
def name() -> str:
    """Return the file name of the wheel."""
    told = _told()["project"]
    return f"databourse_client-{told['version']}-py3-none-any.whl"


@cache
def content() -> bytes:
    """Return the wheel."""
    files = {**dict(_modules()), **dict(_papers())}
    record = f"{name().rsplit('-', 3)[0]}.dist-info/RECORD"
    lines = [f"{path},sha256={_digest(said)},{len(said)}" for path, said in files.items()]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, said in files.items():
            entry = zipfile.ZipInfo(path, _AT)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, said)
    return made.getvalue()


def _modules() -> Iterator[tuple[str, bytes]]:
    for path in sorted(_SOURCE.glob("*.py")):
        yield f"databourse_client/{path.name}", path.read_bytes()


def _papers() -> Iterator[tuple[str, bytes]]:
    """Yield what an installer reads of the wheel."""
    told = _told()["project"]
    folder = f"{name().rsplit('-', 3)[0]}.dist-info"
    needs = [f"Requires-Dist: {one}" for one in told["dependencies"]]
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {told['name']}",
        f"Version: {told['version']}",
        f"Summary: {told['description']}",
        f"License: {told['license']}",
        f"Requires-Python: {told['requires-python']}",
        *needs,
        "",
    ]
    wheel = ["Wheel-Version: 1.0", "Generator: databourse", "Root-Is-Purelib: true",
             "Tag: py3-none-any", ""]  # fmt: skip
    scripts = [f"{key} = {value}" for key, value in told["scripts"].items()]
    yield f"{folder}/METADATA", "\n".join(metadata).encode()
    yield f"{folder}/WHEEL", "\n".join(wheel).encode()
    yield f"{folder}/entry_points.txt", "\n".join(["[console_scripts]", *scripts, ""]).encode()


def _told() -> Mapping[str, Any]:
    return tomllib.loads((_SOURCE / "pyproject.toml").read_text("utf-8"))


def _digest(said: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(said).digest()).decode().rstrip("=")
