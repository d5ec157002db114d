"""A pack as a file: a zip that comes out the same each time, and is read without trusting it.

Nothing in it is compressed, dated or executable; a manifest names every file with its
SHA-256, and the signature is the manifest's. So one altered byte is found, and its file named.
"""

import hashlib
import io
import re
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

SIZE_MAX: Final = 8 * 2**20
"""The most bytes in the files of one pack, together."""

FILES_MAX: Final = 2_000
"""The most files in one pack."""

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"

_BEGUN: Final = (1980, 1, 1, 0, 0, 0)
_PATH: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}")
_PATH_MAX: Final = 120
_HEAD: Final = struct.Struct("<26sHH")
_OVERHEAD: Final = 512
"""The most bytes that a zip needs for each file besides what is in it."""

FILE_MAX: Final = SIZE_MAX + FILES_MAX * _OVERHEAD
"""The most bytes of a pack's file."""


class Item(NamedTuple):
    """One file of a pack."""

    path: str
    content: bytes


class NotAPack(Exception):
    """The file cannot be a pack; code and where say why."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code} {where}")
        self.code, self.where = code, where


class TooMuch(Exception):
    """There is more than one pack holds."""


def gathered(items: Iterable[Item]) -> list[Item]:
    """Return the items of a pack, with room left for manifest and seal. Raises TooMuch.

    No more is asked for than there is room.
    """
    held: list[Item] = []
    size = 0
    for item in items:
        held.append(item)
        size += len(item.content)
        if len(held) > FILES_MAX - 10 or size > SIZE_MAX - 2**20:
            raise TooMuch
    return held


def listed(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Return what a manifest says of each item, by path: its size, and its SHA-256."""
    return [
        {"path": item.path, "size": len(item.content), "sha256": sha256(item.content)}
        for item in sorted(items)
    ]


def sha256(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits, as everybody can reckon it."""
    return hashlib.sha256(content).hexdigest()


def total(files: Iterable[Mapping[str, object]]) -> str:
    """Return the SHA-256 over all that a manifest lists: "digest  path" lines, by path."""
    lines = sorted(f"{file['sha256']}  {file['path']}\n" for file in files)
    return sha256("".join(lines).encode())


def written(items: Sequence[Item]) -> bytes:
    """Return the items as a zip, in the order of their names; the same bytes each time."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as pack:
        for item in sorted(items):
            told = zipfile.ZipInfo(item.path, date_time=_BEGUN)
            told.create_system, told.external_attr = 3, 0o644 << 16
            pack.writestr(told, item.content)
    return held.getvalue()


def read(content: bytes) -> dict[str, bytes]:
    """Return path → bytes of every file in the zip. Raises NotAPack for what no pack is.

    Nothing is unpacked that was compressed, no more than SIZE_MAX bytes are taken, whatever
    the file says of itself, and nothing is written anywhere. Codes: TOO_LARGE,
    TOO_MANY_FILES, NOT_A_ZIP, NAME_REFUSED, NAMED_TWICE.
    """
    if len(content) > FILE_MAX:
        raise NotAPack("TOO_LARGE")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as pack:
            return _unpacked(pack, content)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise NotAPack("NOT_A_ZIP") from error


def names_well(path: str) -> bool:
    """Tell whether a file of a pack may be called so: nothing that leads out of a folder."""
    return len(path) <= _PATH_MAX and _PATH.fullmatch(path) is not None


def _unpacked(pack: zipfile.ZipFile, content: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    listed, left = pack.infolist(), SIZE_MAX
    if len(listed) > FILES_MAX:
        raise NotAPack("TOO_MANY_FILES")
    for told in listed:
        if not names_well(told.filename):
            raise NotAPack("NAME_REFUSED", told.filename[:_PATH_MAX])
        if told.filename in found:
            raise NotAPack("NAMED_TWICE", told.filename)
        if told.file_size > left:
            raise NotAPack("TOO_LARGE", told.filename)
        found[told.filename] = _bytes(content, told)
        left -= told.file_size
    return found


def _bytes(content: bytes, told: zipfile.ZipInfo) -> bytes:
    """Return the bytes of one file as they lie there.

    Its sum is not asked: whether it was edited is for the manifest to say, by name.
    """
    if told.compress_type != zipfile.ZIP_STORED:
        raise NotAPack("NOT_A_ZIP", told.filename)
    _, name, extra = _HEAD.unpack_from(content, told.header_offset)
    begin = told.header_offset + _HEAD.size + name + extra
    return content[begin : begin + told.file_size]
