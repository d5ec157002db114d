"""Many small files at once: uploaded by the batch, read beside each other, kept by the batch.

Each file goes the way that any upload goes: its parts by their hash, the fenced reading of
a stranger's file, profile and sample, a table of its own. Only the waiting is saved: for
processes to start, and for transactions.
"""

import hashlib
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from app import unit
from app.house import House
from app.intake import loading
from app.intake.loading import Table
from delivery.intake import fence, parts, uploads
from delivery.intake.fence import Reader
from delivery.intake.formats import Problem, Unreadable
from delivery.intake.uploads import Claimed
from kernel.actor import SYSTEM, Actor
from kernel.work import Work

BATCH: Final = 20
"""Files of one batch: as many as an organisation may have open at once."""

_BROKEN_OFF: Final = Problem(
    "READING_BROKEN_OFF", "读取被中断，请重新上传", "its reading was broken off: send it again"
)


@dataclass(frozen=True, slots=True)
class File:
    """A file to be uploaded. title: of the data set that it becomes."""

    name: str
    title: str
    path: Path


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that are being read."""

    readings: list[Future[Table | None]]


@dataclass(slots=True)
class Loader:
    """Reads the files of one organisation by so many processes at a time; a context.

    actor: who uploads them.
    """

    house: House
    actor: Actor
    readers: int = 2
    _exit: ExitStack = field(default_factory=ExitStack)
    _free: "SimpleQueue[Reader]" = field(default_factory=SimpleQueue)
    _pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> "Loader":
        limits = uploads.fence(self.house.rules)
        for _ in range(self.readers):
            self._free.put(self._exit.enter_context(fence.Reader(limits)))
        self._pool = self._exit.enter_context(ThreadPoolExecutor(self.readers))
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def begin(self, files: Sequence[File]) -> Batch:
        """Upload up to BATCH files and begin to read them.

        What else waits to be read by then is read as well. Raises what `uploads.begin` does.
        """
        begun = unit.committed(self.house, self.actor, partial(_begun, files), ring=False)
        sent = [self._send(file, upload) for file, upload in zip(files, begun, strict=True)]
        unit.committed(self.house, self.actor, partial(_completed, begun, sent), ring=False)
        claimed = unit.committed(self.house, SYSTEM, partial(_claimed, len(files)), ring=False)
        if self._pool is None:
            raise AssertionError("it is a context")  # pragma: no cover - for the types alone
        return Batch([self._pool.submit(self._read, upload) for upload in claimed])

    def clear(self, names: Collection[str]) -> None:
        """End the uploads of these files that somebody began and did not end.

        What was being read when that was broken off is told so; it can be sent again.
        """
        left = unit.committed(self.house, self.actor, partial(_abandoned, names), ring=False)
        unit.committed(self.house, SYSTEM, partial(_broken_off, left), ring=False)

    def end(self, batch: Batch) -> None:
        """Wait until the files are read, and keep what was found in them."""
        tables = [reading.result() for reading in batch.readings]
        found = [table for table in tables if table is not None]
        unit.committed(self.house, SYSTEM, partial(_kept, found), ring=False)
        for table in found:
            parts.drop(self.house.data_dir, table.upload.id)

    def _send(self, file: File, upload_id: str) -> str:
        # A batch is of small files: each is one part.
        content = file.path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        parts.receive(
            self.house.data_dir, upload_id, 1, BytesIO(content), size=len(content), sha256=digest
        )
        return digest

    def _read(self, upload: Claimed) -> Table | None:
        reader = self._free.get()
        try:
            return loading.table_of(self.house, upload, reader.read)
        except Unreadable as unreadable:
            refuse = partial(uploads.refuse, upload_id=upload.id, problems=unreadable.problems)
            unit.committed(self.house, SYSTEM, refuse, ring=False)
            return None
        finally:
            self._free.put(reader)


def _begun(files: Sequence[File], work: Work) -> list[str]:
    made = [
        uploads.begin(work, name=file.name, title=file.title, size_bytes=file.path.stat().st_size)
        for file in files
    ]
    return [upload.id for upload in made]


def _completed(begun: Sequence[str], digests: Sequence[str], work: Work) -> None:
    for upload_id, digest in zip(begun, digests, strict=True):
        upload = uploads.keep(work, upload_id, 1, digest)
        uploads.take(work, upload.id, "complete")


def _abandoned(names: Collection[str], work: Work) -> list[str]:
    """Abandon what was not begun to be read; return what was."""
    found = uploads.called(work, names)
    for upload in found:
        if upload.state in (uploads.State.OPEN, uploads.State.RECEIVED):
            uploads.take(work, upload.id, "abandon")
    return [upload.id for upload in found if upload.state == uploads.State.READING]


def _broken_off(left: Collection[str], work: Work) -> None:
    for upload_id in left:
        uploads.refuse(work, upload_id, [_BROKEN_OFF])


def _claimed(most: int, work: Work) -> list[Claimed]:
    claims = (uploads.claim(work) for _ in range(most))
    return [claimed for claimed in claims if claimed is not None]


def _kept(tables: Sequence[Table], work: Work) -> None:
    for table in tables:
        loading.kept(work, table)
