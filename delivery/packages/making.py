"""Making a package: select, mark, hash, and seal, each in bounded memory.

The package is a tar of `manifest.json`, `signature.json` and one file of data, in the age
format. Until it is released its header is a gap at the beginning of the file, so that what
lies on disk opens for nobody. Files lie in `packages/<package>` of the secure domain.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self, TypeAlias

import duckdb

from delivery.packages import age, marks
from delivery.packages.packages import Claimed, Format, Made
from delivery.quoting import literal
from delivery.recipients import x25519
from delivery.tables import copies
from delivery.tables.datasets import DatasetVersion
from delivery.tables.scopes import Scope
from delivery.tables.sources import Source

FORMAT: Final = "databourse-package/1"
MEMORY: Final = "512MB"
BLOCK: Final = 1 << 20
WRITTEN: Final = 1 << 20
"""Bytes that are hashed and written at a time; a sealed chunk is smaller."""

AHEAD: Final = 12
"""Blocks that the sealing is ahead of the writing at most."""

Tell: TypeAlias = Callable[[str, int], None]
"""Takes a stage and how much of the sealing is done, in basis points."""

Sign: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Order:
    """What a package is made of: the version, its scope, and what its manifest says besides."""

    version: DatasetVersion
    source: Source
    scope: Scope
    secret: str
    terms: Mapping[str, Any]
    group_rows: int


def make(data_dir: Path, claimed: Claimed, order: Order, sign: Sign, tell: Tell) -> Made:
    """Make a package's file; returns what it is. Nothing of it stays when it fails.

    Costs three passes over the data. sign: signs the manifest.
    """
    folder = folder_of(data_dir, claimed.id)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    plain = folder / f"data.{claimed.format}"
    try:
        tell("selecting", 0)
        column = marks.carrier(order.version, order.scope)
        rows = _selected(claimed, order, column, plain)
        tell("hashing", 0)
        manifest = _manifest(claimed, order, plain, rows)
        entries = (
            ("manifest.json", _json(manifest)),
            ("signature.json", _json(sign(manifest))),
        )
        header, digest = sealed(plain, entries, file_of(data_dir, claimed.id), claimed, tell)
    except BaseException:
        drop(data_dir, claimed.id)
        raise
    finally:
        plain.unlink(missing_ok=True)
    size = file_of(data_dir, claimed.id).stat().st_size
    return Made(header, rows, size, digest, column, manifest)


def open_gap(data_dir: Path, package_id: str, header: bytes) -> None:
    """Write a package's header into its place: from now on its buyer can open it."""
    with file_of(data_dir, package_id).open("r+b") as file:
        file.write(header)


def drop(data_dir: Path, package_id: str) -> None:
    """Overwrite what opens a package, then remove its files, where there are any."""
    path = file_of(data_dir, package_id)
    if path.is_file():
        with path.open("r+b") as file:
            file.write(bytes(age.HEADER_BYTES))
            file.flush()
    shutil.rmtree(folder_of(data_dir, package_id), ignore_errors=True)


def folder_of(data_dir: Path, package_id: str) -> Path:
    """Return where a package lies. package_id: of ours, never a caller's text."""
    return data_dir / "packages" / package_id


def file_of(data_dir: Path, package_id: str) -> Path:
    """Return the file of a package."""
    return folder_of(data_dir, package_id) / "package.tar.age"


def _selected(claimed: Claimed, order: Order, column: str, plain: Path) -> int:
    selection = marks.marked(
        copies.selection(order.source, order.scope),
        order.scope.columns,
        column,
        order.secret,
    )
    how = {
        Format.PARQUET: f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {order.group_rows}",
        Format.CSV: "FORMAT csv, HEADER true",
    }[claimed.format]
    with duckdb.connect(":memory:", config={"memory_limit": MEMORY}) as connection:
        connection.execute(f"SET temp_directory = {literal(str(plain.parent / 'spill'))}")
        order.source.attach(connection)
        copied = connection.execute(f"COPY ({selection}) TO {literal(str(plain))} ({how})")
        return int(copied.fetchall()[0][0])


def _manifest(claimed: Claimed, order: Order, plain: Path, rows: int) -> dict[str, Any]:
    kinds = dict(order.scope.masked)
    types = {each["name"]: each["type"] for each in order.version.columns}
    return {
        "format": FORMAT,
        "package": claimed.id,
        "delivery": claimed.task_id,
        "public_key": claimed.public_key,
        "files": [
            {
                "name": plain.name,
                "format": claimed.format.value,
                "size_bytes": plain.stat().st_size,
                "sha256": _digest(plain),
                "rows": rows,
            }
        ],
        "columns": [
            {
                "name": name,
                "type": "text" if name in kinds else types[name],
                "masked": kinds[name].value if name in kinds else None,
            }
            for name in order.scope.columns
        ],
        "source": {
            "dataset": order.version.dataset_id,
            "version": order.version.number,
            "sha256": order.version.sha256,
        },
        "mark": marks.NAME,
        **order.terms,
    }


def sealed(
    plain: Path,
    entries: Sequence[tuple[str, bytes]],
    target: Path,
    claimed: Claimed,
    tell: Tell,
) -> tuple[bytes, str]:
    """Write the tar, sealed; return its header and the SHA-256 of the file as it will be sent."""
    file_key = age.new_key()
    header = age.header(file_key, x25519.public(claimed.public_key))
    with target.open("wb") as file:
        # Its place on the disk is taken at once: to find it piece by piece costs more, and a
        # disk that is too small says so now.
        os.posix_fallocate(file.fileno(), 0, plain.stat().st_size)
        file.write(bytes(age.HEADER_BYTES))
        with _Told(file, header) as told:
            body = age.Sealing(told, file_key)  # type: ignore[arg-type]  # it only writes
            for name, content in entries:
                _entry(body, name, len(content), io.BytesIO(content), lambda _done: None)
            size = plain.stat().st_size
            with plain.open("rb", buffering=0) as source:
                _entry(body, plain.name, size, source, _progress(size, tell))
            body.write(bytes(2 * tarfile.BLOCKSIZE))
            body.close()
        file.truncate()
        return header, told.digest.hexdigest()


class _Told:
    """A file whose digest is taken while it is written, as if its header stood there.

    To hash and to write have a thread each beside the sealing, `AHEAD` blocks behind it at
    most; what goes wrong there is raised here, at the latest when it is left.
    """

    def __init__(self, file: IO[bytes], header: bytes) -> None:
        self._file = file
        self.digest = hashlib.sha256(header)
        self._beside = [ThreadPoolExecutor(1, thread_name_prefix="sealing") for _ in range(2)]
        self._free = [memoryview(bytearray(WRITTEN)) for _ in range(AHEAD)]
        self._under_way: deque[tuple[list[Future[Any]], memoryview]] = deque()
        self._block, self._filled = memoryview(bytearray(WRITTEN)), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._send()
            while kind is None and self._under_way:
                self._wait()
        finally:
            for beside in self._beside:
                beside.shutdown()

    def write(self, content: bytes | memoryview) -> int:
        if self._filled + len(content) > WRITTEN:
            self._send()
        self._block[self._filled : self._filled + len(content)] = content
        self._filled += len(content)
        return len(content)

    def _send(self) -> None:
        content, (hashing, writing) = self._block[: self._filled], self._beside
        both: list[Future[Any]] = [
            hashing.submit(self.digest.update, content), writing.submit(self._file.write, content),
        ]  # fmt: skip
        self._under_way.append((both, self._block))
        if not self._free:
            self._wait()
        self._block, self._filled = self._free.pop(), 0

    def _wait(self) -> None:
        both, block = self._under_way.popleft()
        for each in both:
            each.result()
        self._free.append(block)


def _entry(
    body: age.Sealing,
    name: str,
    size: int,
    source: io.BytesIO | io.RawIOBase | Any,
    done: Callable[[int], None],
) -> None:
    """Write one file into the tar."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    body.write(info.tobuf(tarfile.PAX_FORMAT))
    block = memoryview(bytearray(BLOCK))
    sent = 0
    while count := source.readinto(block):
        body.write(block[:count])
        sent += count
        done(sent)
    body.write(bytes(-size % tarfile.BLOCKSIZE))


def _progress(size: int, tell: Tell) -> Callable[[int], None]:
    """Return what tells how far the sealing is, once for each twentieth part."""
    told = -1

    def done(sent: int) -> None:
        nonlocal told
        if (twentieth := 20 * sent // size) > told:
            told = twentieth
            tell("sealing", 500 * twentieth)

    return done


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
