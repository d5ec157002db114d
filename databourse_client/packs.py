"""A procurement pack as it comes: checked file by file against its manifest, then kept."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

from databourse_client.troubles import Damaged
from databourse_client.wire import Answer

_MANIFEST = "manifest.json"
_SIGNATURE = "signature.json"


def kept(answer: Answer, what: str, folder: Path) -> Path:
    """Write a pack into a folder, under a name of our own; return its path. Raises Damaged."""
    _check(answer.content)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"procurement-{what}.zip"
    path.write_bytes(answer.content)
    return path


def _check(content: bytes) -> None:
    """Raise Damaged unless every file is there, and is what the manifest says."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as pack:
            listed = {
                one["path"]: one["sha256"] for one in json.loads(pack.read(_MANIFEST))["files"]
            }
            there = {
                name: hashlib.sha256(pack.read(name)).hexdigest()
                for name in pack.namelist()
                if name not in {_MANIFEST, _SIGNATURE}
            }
    except (zipfile.BadZipFile, NotImplementedError, KeyError, TypeError, ValueError) as error:
        raise Damaged("what came is no procurement pack") from error
    if listed != there:
        raise Damaged("a file of the procurement pack is not what its manifest says")
