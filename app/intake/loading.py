"""Reading what was uploaded: outside any transaction, so that nobody waits for a large file."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from app import unit
from app.house import House
from delivery.intake import fence, parts, uploads
from delivery.intake.fence import Reader
from delivery.intake.formats import Problem, Unreadable
from delivery.intake.uploads import Claimed
from delivery.tables import datasets, deltas
from delivery.tables.datasets import DatasetVersion
from kernel.actor import SYSTEM
from kernel.work import Work

T = TypeVar("T")

READ_MAX = 20
"""Uploads that one run reads; the next run takes the next ones."""


def read_waiting(house: House) -> int:
    """Read the uploads that are complete, oldest first; returns how many were ended."""
    with house.engines.reading() as session:
        waiting = uploads.waits(session)
    ended = 0
    with fence.Reader(uploads.fence(house.rules)) as reader:
        while waiting and ended < READ_MAX and (upload := _run(house, uploads.claim)) is not None:
            _read(house, upload, reader)
            parts.drop(house.data_dir, upload.id)
            ended += 1
    return ended


def tidy(house: House) -> None:
    """Remove the parts of uploads that have ended otherwise."""
    with house.engines.reading() as session:
        gone = uploads.untidied(session)
    for upload_id in gone:
        parts.drop(house.data_dir, upload_id)
        _run(house, partial(uploads.tidied, upload_id=upload_id))


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was read and lies in its table already. stored: its Delta version."""

    upload: Claimed
    found: dict[str, Any]
    stored: int
    digest: str


def table_of(
    house: House,
    upload: Claimed,
    read: Callable[[Path, Path], dict[str, Any]],
    told: Callable[[str], object] = lambda _stage: None,
) -> Table:
    """Read a claimed upload by `read` and lay it into its table. Raises Unreadable.

    Outside any transaction; nothing is known of the table until it is `kept`.
    """
    with _folder(house) as folder:
        digest = _joined(house, upload, folder / "file")
        found = read(folder / "file", folder / "table")
        told("storing")
        rows = folder / "table" / "table.parquet"
        stored = deltas.load(house.data_dir, upload.dataset_id, rows, cause=upload.id)
    return Table(upload, found, stored, digest)


def kept(work: Work, table: Table) -> DatasetVersion:
    """Write down a table that lies there, as the next version of its data set."""
    upload = uploads.find(work.session, table.upload.id)
    made = datasets.load(work, upload, table.found, delta_version=table.stored, sha256=table.digest)
    uploads.load(work, upload.id, number=made.number)
    return made


def _read(house: House, upload: Claimed, reader: Reader) -> None:
    def told(stage: str) -> None:
        _run(house, lambda work: uploads.tell(work, upload.id, stage))

    try:
        table = table_of(house, upload, partial(reader.read, told=told), told)
    except Unreadable as unreadable:
        problems = unreadable.problems
        _run(house, lambda work: uploads.refuse(work, upload.id, problems))
        return
    _run(house, lambda work: kept(work, table).id)


def _joined(house: House, upload: Claimed, target: Path) -> str:
    digest = parts.joined(house.data_dir, upload.id, upload.parts, target)
    if upload.sha256 is not None and digest != upload.sha256:
        raise Unreadable(
            Problem("FILE_DIFFERS", "散列值与申报的不符", "its hash is not the declared one")
        )
    return digest


@contextmanager
def _folder(house: House) -> Iterator[Path]:
    """Make a folder for one reading, on the disk of the domain, and remove it afterwards."""
    parent = house.data_dir / "uploads"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix="reading-") as made:
        yield Path(made)


def _run(house: House, command: Callable[[Work], T]) -> T:
    found: T = unit.committed(house, SYSTEM, command, ring=False)
    return found
