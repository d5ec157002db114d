"""A handed file (交付文件): what a seller hands over for an order line, as it came.

Files come in rounds: what is handed over again after a complaint is the next round, and
the buyer has the files of the last one. Each has its size and hash, computed here from
what came in. The gate is asked when a file is handed over and at each download. Source:
manifest{files, size, hash}; re-delivery after a rejection.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery import gate, matrix, tasks
from delivery.tasks import DeliveryTask, State
from delivery.ways import Way
from kernel import ids
from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.work import Work

NAME_MAX: Final = 200
_BLOCK_BYTES: Final = 1 << 20
_PLAIN: Final = re.compile(r"[^/\\\x00-\x1f\x7f]{1,200}")
_TAKEN: Final = frozenset({State.IN_PROGRESS, State.DELIVERED})
"""The states of a task in which its seller hands files over."""


class HandedFile(Base):
    """One file. round: from 1; name: as the seller calls it, and no path. note: to the buyer."""

    __tablename__ = "handed_files"
    __table_args__ = (
        ForeignKeyConstraint(["task_id", "mode"], ["delivery_tasks.id", "delivery_tasks.mode"]),
        matrix.by(Way.HAND),
        UniqueConstraint("task_id", "round", "name"),
        CheckConstraint("round > 0", name="round_positive"),
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint("length(sha256) = 64", name="sha256_has_64_digits"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str]
    mode: Mapped[str]
    round: Mapped[int]
    name: Mapped[str]
    note: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(Big)
    sha256: Mapped[str]
    handed_by: Mapped[str]
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    handed_at: Mapped[Instant]


append_only(HandedFile.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """What is about to be handed over. again: it begins the next round."""

    task_id: str
    name: str
    note: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies in the domain: under which name of ours, how large, and its hash."""

    file_id: str
    size_bytes: int
    sha256: str


def require(work: Work, handing: Handing) -> DeliveryTask:
    """Raise unless the caller may hand this over now; the seller alone may. Writes nothing.

    Raises NotFound, StepNotAllowed, Invalid, BeyondOrder, StepRefused (NOT_BEING_DELIVERED,
    TOO_MANY_FILES, NAME_TAKEN).
    """
    task = tasks.seen(work, handing.task_id)
    if not tasks.seller.matches(work.actor, task):
        raise StepNotAllowed("仅卖方可以交付文件", "only the seller hands files over")
    if not _PLAIN.fullmatch(handing.name) or handing.name in {".", ".."}:
        raise Invalid("文件名不正确", "this is no file name", pointer="/name")
    if task.state not in _TAKEN:
        raise _refused("NOT_BEING_DELIVERED", f"交付状态为 {task.state}", f"it is {task.state}")
    gate.require(work, task, Way.HAND)
    there = of_round(work.session, task.id, _round(work.session, handing))
    most = work.rules.number("delivery.hand_files_max")
    if len(there) >= most:
        raise _refused("TOO_MANY_FILES", f"每轮至多 {most} 个文件", f"{most} files a round")
    if any(each.name == handing.name for each in there):
        raise _refused("NAME_TAKEN", "本轮已有同名文件", "this round has a file of that name")
    return task


def receive(data_dir: Path, file_id: str, stream: IO[bytes], *, most: int) -> Received:
    """Write a file into the domain as it comes, and return what came; outside any transaction.

    Raises Invalid for nothing, and for more than `most` bytes; then nothing is left behind.
    """
    path = path_of(data_dir, file_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    found, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as file:
            for block in iter(lambda: stream.read(_BLOCK_BYTES), b""):
                size += len(block)
                if size > most:
                    raise Invalid(f"文件至多 {most} 字节", f"at most {most} bytes", pointer="/file")
                found.update(block)
                file.write(block)
        if not size:
            raise Invalid("文件为空", "the file is empty", pointer="/file")
    except BaseException:
        drop(data_dir, file_id)
        raise
    return Received(file_id, size, found.hexdigest())


def keep(work: Work, handing: Handing, received: Received) -> HandedFile:
    """Note a file that was received. Raises as `require` does."""
    task = require(work, handing)
    made = HandedFile(
        id=received.file_id,
        task_id=task.id,
        mode=task.mode,
        round=_round(work.session, handing),
        name=handing.name,
        note=handing.note,
        size_bytes=received.size_bytes,
        sha256=received.sha256,
        handed_by=work.actor.person,
        organisation_id=work.actor.organisation,
        handed_at=work.now,
    )
    work.session.add(made)
    task.rounds_handed = made.round
    work.record(
        "delivery.handed", task.id, file=made.id, round=made.round, name=made.name,
        size_bytes=made.size_bytes, sha256=made.sha256,
    )  # fmt: skip
    return made


def fetch(work: Work, file_id: str, *, data_dir: Path) -> tuple[HandedFile, Path]:
    """Return a file to its buyer, through the gate, and count it; to its seller as it is.

    Raises NotFound, also for the file of an earlier round to its buyer, and what
    `gate.admit` raises.
    """
    found = work.session.get(HandedFile, file_id)
    if found is None:
        raise _missing(file_id)
    task = tasks.seen(work, found.task_id)
    path = path_of(data_dir, found.id)
    if work.actor.organisation == task.seller_id:
        return found, path
    if found.round != latest(work.session, task.id):
        raise _missing(file_id)
    passage = gate.admit(work, task, Way.HAND)
    gate.count(work, passage, bytes=found.size_bytes, digest=found.sha256, file=found.id)
    return found, path


def manifest(work: Work, task_id: str) -> dict[str, Any]:
    """Return the signed manifest of the last round to those who see the delivery."""
    task = tasks.seen(work, task_id)
    number = latest(work.session, task.id)
    files = [
        {"name": each.name, "size_bytes": each.size_bytes, "sha256": each.sha256}
        for each in of_round(work.session, task.id, number)
    ]
    told = {"task": task.id, "round": number, "files": files}
    signature = work.crypto.sign(canonical(told))
    return {
        **told,
        "signature": {
            "alg": signature.alg, "key_id": signature.key_id, "value": signature.value,
        },
    }  # fmt: skip


def latest(session: Session, task_id: str) -> int:
    """Return the number of the last round, 0 before the first. One SELECT on an index."""
    statement = select(func.max(HandedFile.round)).where(HandedFile.task_id == task_id)
    return int(session.execute(statement).scalar_one() or 0)


def of_round(session: Session, task_id: str, number: int) -> list[HandedFile]:
    """Return the files of a round, by name. One SELECT on an index."""
    statement = (
        select(HandedFile)
        .where(HandedFile.task_id == task_id, HandedFile.round == number)
        .order_by(HandedFile.name)
        .limit(1000)
    )
    return list(session.scalars(statement))


def listed(work: Work, task_id: str, *, after: str | None, limit: int) -> Page[HandedFile]:
    """Return one page of all rounds' files, newest first, to those who see the delivery."""
    task = tasks.seen(work, task_id)
    statement = select(HandedFile).where(HandedFile.task_id == task.id)
    return keyset(work.session, statement, by=((HandedFile.id, "desc"),), after=after, limit=limit)


def path_of(data_dir: Path, file_id: str) -> Path:
    """Return where a file lies. file_id: of ours, never a caller's text."""
    return data_dir / "handed" / file_id


def drop(data_dir: Path, file_id: str) -> None:
    """Remove what was received of a file that is not kept."""
    with suppress(FileNotFoundError):
        path_of(data_dir, file_id).unlink()


def blocks(path: Path) -> Iterator[bytes]:
    """Give a file's bytes, block by block."""
    with path.open("rb") as file:
        read: Callable[[], bytes] = lambda: file.read(_BLOCK_BYTES)  # noqa: E731 - iter takes a call
        yield from iter(read, b"")


def new_id(work: Work) -> str:
    """Return the name under which the next file will lie."""
    return ids.new("hnd_", work.now)


def _round(session: Session, handing: Handing) -> int:
    number = latest(session, handing.task_id)
    return number + 1 if handing.again or number == 0 else number


def _refused(code: str, zh: str, en: str) -> StepRefused:
    return StepRefused.of((Refusal(code, zh, en),))


def _missing(file_id: str) -> NotFound:
    return NotFound("没有这个文件", f"no file {file_id}")
