"""The parts of a file that is being uploaded: each checked by its hash, kept beside the others.

Parts lie in `uploads/<upload>/<number>` of the secure domain. A part is written under
another name and then given its own, so that what is there is whole.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from kernel import ids
from kernel.errors import Invalid

_BLOCK_BYTES: Final = 1 << 20


def receive(
    data_dir: Path, upload_id: str, number: int, stream: IO[bytes], *, size: int, sha256: str
) -> None:
    """Write one part as it comes. Raises Invalid unless it has this size and hash.

    Costs one pass over the part, and no more memory than a block; a part that is there
    already is written anew.
    """
    folder = folder_of(data_dir, upload_id)
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{number}.{ids.secret(6)}"
    try:
        with written.open("wb") as file:
            told, count = hashlib.sha256(), 0
            while block := stream.read(min(_BLOCK_BYTES, size - count + 1)):
                count += len(block)
                if count > size:
                    break
                told.update(block)
                file.write(block)
        if count != size:
            raise Invalid(
                f"分片应为 {size} 字节", f"the part is to have {size} bytes", pointer="/size"
            )
        if told.hexdigest() != sha256:
            raise Invalid("分片的散列值不符，请重传", "the part's hash differs: send it again",
                          pointer="/sha256")  # fmt: skip
        written.rename(folder / str(number))
    finally:
        written.unlink(missing_ok=True)


def joined(data_dir: Path, upload_id: str, count: int, target: Path) -> str:
    """Write the parts one after the other to `target`; return the SHA-256 of the whole."""
    told = hashlib.sha256()
    with target.open("wb") as file:
        for block in _blocks(folder_of(data_dir, upload_id), count):
            told.update(block)
            file.write(block)
    return told.hexdigest()


def drop(data_dir: Path, upload_id: str) -> None:
    """Remove every part; nothing happens when there is none."""
    shutil.rmtree(folder_of(data_dir, upload_id), ignore_errors=True)


def folder_of(data_dir: Path, upload_id: str) -> Path:
    """Return where the parts of an upload lie. upload_id: of ours, never a caller's text."""
    return data_dir / "uploads" / upload_id


def _blocks(folder: Path, count: int) -> Iterator[bytes]:
    for number in range(1, count + 1):
        with (folder / str(number)).open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block
