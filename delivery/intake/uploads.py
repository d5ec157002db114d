"""Uploads (上传): a file that comes in parts, until it is a table or is refused with reasons.

An upload can be broken off and taken up again: the parts that are there are listed, and a
part that is sent twice is there once. Reading is the worker's, outside any transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery.intake.fence import Fence
from delivery.intake.formats import Problem
from delivery.intake.reading import Limits
from kernel import ids
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Rules, Work
from kernel.workflow import Workflow, step


class State(StrEnum):
    """Where an upload stands."""

    OPEN = "open"
    RECEIVED = "received"
    READING = "reading"
    LOADED = "loaded"
    REFUSED = "refused"
    ABANDONED = "abandoned"


GONE: Final = frozenset({State.LOADED, State.REFUSED, State.ABANDONED})
"""The states in which the parts are needed no more."""

TIDIED: Final = 50
"""Uploads whose parts are removed, or which lapse, in one run."""

CALLED: Final = 1_000
"""Uploads that are looked for by their files' names at once."""


class Upload(Living, Base):
    """A file on its way. name: as it was called at home, shown and never used as a path.

    part_bytes: of every part but the last. sha256: of the whole, where it was said
    beforehand. dataset_id: of the data set that it becomes, or becomes a version of.
    stage: what the reading is at. problems: code, zh, en, line, column of each.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint("part_bytes > 0", name="part_positive"),
        Index(None, "organisation_id", "id"),
        Index(None, "state", "id"),
    )

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[str]
    name: Mapped[str]
    title: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(Big)
    part_bytes: Mapped[int]
    sha256: Mapped[str | None]
    dataset_id: Mapped[str]
    opened_at: Mapped[Instant]
    claimed_at: Mapped[Instant | None]
    stage: Mapped[str | None]
    problems: Mapped[list[Any] | None]
    tidied: Mapped[bool] = mapped_column(default=False)

    @property
    def parts(self) -> int:
        """How many parts the whole has."""
        return -(-self.size_bytes // self.part_bytes)

    def size_of(self, number: int) -> int:
        """Return the size of part `number`, from 1, in bytes."""
        return min(self.part_bytes, self.size_bytes - (number - 1) * self.part_bytes)


class Part(Base):
    """A part that is there. number: from 1."""

    __tablename__ = "upload_parts"
    __table_args__ = (CheckConstraint("number > 0", name="number_positive"),)

    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a reader needs to know of its upload, outside any transaction."""

    id: str
    parts: int
    sha256: str | None
    dataset_id: str


owner = its("owner", "organisation_id", Duty.EDITOR, Duty.DATA_ENGINEER, Duty.SUBMITTER)
providers = any_of(Role.MERCHANT, Duty.EDITOR, Duty.DATA_ENGINEER, Duty.SUBMITTER)


def _whole(upload: Upload, work: Work) -> Refusal | None:
    there = _count(work.session, upload.id)
    if there == upload.parts:
        return None
    return Refusal(
        "PARTS_MISSING",
        f"还缺 {upload.parts - there} 个分片",
        f"{upload.parts - there} parts are missing",
    )


def _claimed(upload: Upload, work: Work, _data: Mapping[str, Any]) -> None:
    upload.claimed_at = work.now


def _refused(upload: Upload, _work: Work, data: Mapping[str, Any]) -> None:
    upload.problems, upload.stage = list(data["problems"]), None


def _loaded(upload: Upload, _work: Work, _data: Mapping[str, Any]) -> None:
    upload.stage = None


# fmt: off
LIFE: Workflow[State, Upload] = Workflow(
    "upload", State, State.OPEN,
    step("complete", {State.OPEN}, State.RECEIVED, owner, when=(_whole,),
         says="upload.completed", label=Words("上传完毕", "Complete")),
    step("begin",    {State.RECEIVED, State.READING}, State.READING, system_only,
         then=(_claimed,), own_door=True,
         says="upload.begun", label=Words("开始读取", "Begin reading")),
    step("load",     {State.READING}, State.LOADED, system_only, then=(_loaded,), own_door=True,
         says="upload.loaded", label=Words("入库", "Load")),
    step("refuse",   {State.READING}, State.REFUSED, system_only, then=(_refused,), own_door=True,
         says="upload.refused", label=Words("退回", "Refuse")),
    step("abandon",  {State.OPEN, State.RECEIVED}, State.ABANDONED, (owner, system_only),
         says="upload.abandoned", label=Words("放弃", "Abandon")),
)
# fmt: on


def begin(
    work: Work,
    *,
    name: str,
    size_bytes: int,
    title: str,
    sha256: str | None = None,
    dataset_id: str | None = None,
) -> Upload:
    """Open an upload of a file for the caller's organisation.

    dataset_id: of the data set whose next version it becomes; the caller has seen to it
    that it is the organisation's own. Raises StepNotAllowed, Invalid (larger than the rules
    allow), StepRefused (too many open). One SELECT on an index.
    """
    if not providers.matches(work.actor, None):
        raise StepNotAllowed("仅数商可以上传数据", "data are uploaded by data merchants")
    most = work.rules.number("intake.size_bytes_max")
    if size_bytes > most:
        raise Invalid(f"文件不得超过 {most} 字节", f"a file has {most} bytes at most",
                      pointer="/size_bytes")  # fmt: skip
    if _open(work) >= work.rules.number("intake.open_max"):
        zh, en = "未完成的上传过多，请先完成或放弃", "too many uploads are open: end one first"
        raise StepRefused(zh, en, (Refusal("UPLOADS_OPEN", zh, en),))
    made = Upload(
        id=ids.new("upl_", work.now),
        state=State.OPEN,
        organisation_id=work.actor.organisation,
        person_id=work.actor.person,
        name=name,
        title=title,
        size_bytes=size_bytes,
        part_bytes=work.rules.number("intake.part_bytes"),
        sha256=sha256,
        dataset_id=dataset_id or ids.new("dst_", work.now),
        opened_at=work.now,
    )
    work.session.add(made)
    work.record("upload.opened", made.id, name=name, size_bytes=size_bytes)
    return made


def expected(work: Work, upload_id: str, number: int) -> Upload:
    """Return the upload that still takes part `number`. Raises NotFound, StepRefused, Invalid."""
    found = seen(work, upload_id)
    if not owner.matches(work.actor, found):
        raise StepNotAllowed("仅上传者所在机构可以续传", "only its organisation may go on")
    if found.state != State.OPEN:
        zh, en = "此上传已结束", "this upload takes no more parts"
        raise StepRefused(zh, en, (Refusal("UPLOAD_CLOSED", zh, en),))
    if not 1 <= number <= found.parts:
        raise Invalid(f"分片号应在 1 至 {found.parts} 之间", f"parts are 1 to {found.parts}",
                      pointer="/number")  # fmt: skip
    return found


def keep(work: Work, upload_id: str, number: int, sha256: str) -> Upload:
    """Note that a part is there; noting it again changes its hash alone."""
    found = expected(work, upload_id, number)
    there = work.session.get(Part, (upload_id, number))
    if there is None:
        work.session.add(Part(upload_id=upload_id, number=number, sha256=sha256))
    else:
        there.sha256 = sha256
    return found


def claim(work: Work) -> Claimed | None:
    """Return the oldest upload that waits to be read, now begun; None when none does.

    One that was begun and not ended within the time that reading may take is begun again:
    its reader has died. Two SELECTs on an index.
    """
    given_up = work.now - timedelta(seconds=2 * work.rules.number("intake.wall_s"))
    waiting = select(Upload).where(Upload.state == State.RECEIVED)
    stale = select(Upload).where(Upload.state == State.READING, Upload.claimed_at < given_up)
    for statement in (waiting, stale):
        found = work.session.scalars(
            statement.order_by(Upload.id).limit(1).with_for_update(skip_locked=True)
        ).first()
        if found is not None:
            LIFE.take("begin", found, work)
            return Claimed(found.id, found.parts, found.sha256, found.dataset_id)
    return None


def waits(session: Session) -> bool:
    """Tell whether anything may wait to be read. One SELECT on an index."""
    statement = select(Upload.id).where(Upload.state.in_((State.RECEIVED, State.READING)))
    return session.scalars(statement.limit(1)).first() is not None


def tell(work: Work, upload_id: str, stage: str) -> None:
    """Note what the reading is at, for whoever looks on."""
    find(work.session, upload_id).stage = stage


def refuse(work: Work, upload_id: str, problems: Sequence[Problem]) -> None:
    """End an upload whose file cannot be read, with every problem found."""
    told = [{"code": each.code, "zh": each.zh, "en": each.en, "line": each.line,
             "column": each.column} for each in problems]  # fmt: skip
    LIFE.take("refuse", find(work.session, upload_id), work, problems=told)


def load(work: Work, upload_id: str, *, number: int) -> None:
    """End an upload that has become version `number` of its data set."""
    LIFE.take("load", find(work.session, upload_id), work, number=number)


def lapse(work: Work) -> int:
    """Abandon what was begun too long ago; return how many. One SELECT on an index."""
    before = work.now - timedelta(hours=work.rules.number("intake.open_h"))
    late = list(
        work.session.scalars(
            select(Upload)
            .where(Upload.state == State.OPEN, Upload.opened_at < before)
            .order_by(Upload.id)
            .limit(TIDIED)
        )
    )
    for upload in late:
        LIFE.take("abandon", upload, work.as_system())
    return len(late)


def untidied(session: Session) -> list[str]:
    """Return uploads that have ended and whose parts are still there, oldest first."""
    statement = (
        select(Upload.id)
        .where(Upload.state.in_(sorted(GONE)), Upload.tidied.is_(False))
        .order_by(Upload.id)
        .limit(TIDIED)
    )
    return list(session.scalars(statement))


def tidied(work: Work, upload_id: str) -> None:
    """Note that the parts of an upload are removed."""
    find(work.session, upload_id).tidied = True


def take(work: Work, upload_id: str, name: str, **data: Any) -> Upload:
    """Take a step of an upload that the caller may see. Raises NotFound and what LIFE raises."""
    found = seen(work, upload_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, upload_id: str) -> Upload:
    """Return an upload. Raises NotFound. One SELECT by key."""
    found = session.get(Upload, upload_id)
    if found is None:
        raise _missing(upload_id)
    return found


def seen(work: Work, upload_id: str) -> Upload:
    """Return an upload to its organisation. Raises NotFound to everybody else."""
    found = work.session.get(Upload, upload_id)
    if found is None or found.organisation_id != work.actor.organisation:
        raise _missing(upload_id)
    return found


def called(work: Work, names: Collection[str]) -> list[Upload]:
    """Return the organisation's uploads of files of these names, oldest first. One SELECT."""
    statement = select(Upload).where(
        Upload.organisation_id == work.actor.organisation, Upload.name.in_(sorted(names))
    )
    return list(work.session.scalars(statement.order_by(Upload.id).limit(CALLED)))


def there(session: Session, upload_id: str) -> list[int]:
    """Return the numbers of the parts that are there, in order. One SELECT by key."""
    statement = select(Part.number).where(Part.upload_id == upload_id).order_by(Part.number)
    return list(session.scalars(statement))


def listed(work: Work, *, after: str | None, limit: int) -> Page[Upload]:
    """Return one page of the organisation's uploads, newest first. One SELECT on an index."""
    statement = select(Upload).where(Upload.organisation_id == work.actor.organisation)
    return keyset(work.session, statement, by=((Upload.id, "desc"),), after=after, limit=limit)


def fence(rules: Rules) -> Fence:
    """Return what the rules let the reading of a file take."""
    limits = Limits(
        columns=rules.number("intake.columns_max"),
        rows=rules.number("intake.rows_max"),
        cell_bytes=rules.number("intake.cell_bytes_max"),
        unpacked_bytes=rules.number("intake.unpacked_bytes_max"),
        memory_mb=rules.number("intake.memory_mb"),
        threads=rules.number("intake.threads"),
    )
    return Fence(
        limits=limits,
        wall_s=rules.number("intake.wall_s"),
        cpu_s=rules.number("intake.cpu_s"),
        address_mb=rules.number("intake.address_mb"),
        file_bytes=2 * rules.number("intake.size_bytes_max"),
    )


def _open(work: Work) -> int:
    statement = select(func.count()).where(
        Upload.organisation_id == work.actor.organisation,
        Upload.state.in_((State.OPEN, State.RECEIVED, State.READING)),
    )
    return int(work.session.execute(statement).scalar_one())


def _count(session: Session, upload_id: str) -> int:
    statement = select(func.count()).where(Part.upload_id == upload_id)
    return int(session.execute(statement).scalar_one())


def _missing(upload_id: str) -> NotFound:
    return NotFound("没有这次上传", f"no upload {upload_id}")
