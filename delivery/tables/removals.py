"""Rows that are removed (清理) when nobody may read them any more, and what holds them back.

A version stays on record: its columns, profile, sample and digest. Its rows leave the disk,
after they have been marked here, so that whatever breaks off in between is taken up again,
and nothing refers to rows that are not there. A hold (保全) keeps the rows of a data set
whatever the rules say, for a proceeding, an audit or an inquiry.
"""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery.intake import uploads
from delivery.intake.uploads import Upload
from delivery.tables import datasets, deltas
from delivery.tables.datasets import Dataset, DatasetVersion
from kernel import ids
from kernel.actor import Duty, Role, any_of
from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.work import Work

REASON_MAX: Final = 500

holders = (
    any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER),
    any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR),
)


class DatasetRemoval(Base):
    """A version whose rows are removed. swept: whether they have left the disk already."""

    __tablename__ = "dataset_removals"
    __table_args__ = (
        CheckConstraint("freed_bytes >= 0", name="freed_not_negative"),
        Index(None, "swept", "version_id"),
    )

    version_id: Mapped[str] = mapped_column(ForeignKey("dataset_versions.id"), primary_key=True)
    removed_at: Mapped[Instant]
    swept: Mapped[bool] = mapped_column(default=False)
    freed_bytes: Mapped[int] = mapped_column(Big, default=0)


class DatasetHold(Base):
    """A data set whose rows must stay. lifted_at: None as long as they must."""

    __tablename__ = "dataset_holds"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason_given"),
        Index(
            "uq_dataset_holds_one_at_a_time",
            "dataset_id",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"))
    reason: Mapped[str]
    held_by: Mapped[str]
    held_at: Mapped[Instant]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[Instant | None]


def hold(work: Work, dataset_id: str, reason: str) -> DatasetHold:
    """Keep the rows of a data set until the hold is lifted.

    Raises StepNotAllowed, NotFound, Invalid, StepRefused (DATA_HELD: it is held). Two SELECTs.
    """
    _may(work)
    found = _dataset(work.session, dataset_id)
    said = reason.strip()
    if not said or len(said) > REASON_MAX:
        raise Invalid(f"请写明事由，至多 {REASON_MAX} 字", f"say why, in {REASON_MAX} characters",
                      pointer="/reason")  # fmt: skip
    if held(work.session, [dataset_id]):
        zh, en = "该数据集已被保全", "this data set is held already"
        raise StepRefused(zh, en, (Refusal("DATA_HELD", zh, en),))
    made = DatasetHold(
        id=ids.new("dho_", work.now),
        dataset_id=found.id,
        reason=said,
        held_by=work.actor.person,
        held_at=work.now,
    )
    work.session.add(made)
    work.record("dataset.held", found.id, hold=made.id, reason=said)
    return made


def lift(work: Work, dataset_id: str) -> DatasetHold:
    """Let the rules hold for a data set again. Raises StepNotAllowed, NotFound. Two SELECTs."""
    _may(work)
    found = held(work.session, [_dataset(work.session, dataset_id).id]).get(dataset_id)
    if found is None:
        raise NotFound("该数据集未被保全", "this data set is not held")
    found.lifted_by, found.lifted_at = work.actor.person, work.now
    work.record("dataset.released", dataset_id, hold=found.id)
    return found


def may_hold(work: Work) -> bool:
    """Tell whether the caller holds data and lets them go, and so is told why they are held."""
    return any(each.matches(work.actor, None) for each in holders)


def held(session: Session, dataset_ids: Collection[str]) -> dict[str, DatasetHold]:
    """Return data set → the hold that keeps its rows, of those that are held. One SELECT."""
    statement = select(DatasetHold).where(
        DatasetHold.dataset_id.in_(sorted(dataset_ids)), DatasetHold.lifted_at.is_(None)
    )
    return {each.dataset_id: each for each in session.scalars(statement)}


def is_removed(work: Work, version_id: str) -> bool:
    """Tell whether the rows of a version are removed; they stay until this work is committed.

    Two SELECTs by key, of which one locks the version for sharing, as `remove` locks it alone.
    """
    work.session.execute(
        select(DatasetVersion.id).where(DatasetVersion.id == version_id).with_for_update(read=True)
    )
    return work.session.get(DatasetRemoval, version_id) is not None


def removed(session: Session, version_ids: Collection[str]) -> dict[str, Instant]:
    """Return when the rows of versions were removed, of those whose are. One SELECT by key."""
    statement = select(DatasetRemoval.version_id, DatasetRemoval.removed_at).where(
        DatasetRemoval.version_id.in_(sorted(version_ids))
    )
    return {each.version_id: each.removed_at for each in session.execute(statement)}


def remove(work: Work, version: DatasetVersion) -> None:
    """Mark the rows of a version as removed; `sweep` takes them off the disk afterwards."""
    work.session.add(DatasetRemoval(version_id=version.id, removed_at=work.now))
    work.record(
        "dataset.rows_removed", version.dataset_id, number=version.number, rows=version.row_count,
        sha256=version.sha256,
    )  # fmt: skip


def unswept(session: Session, limit: int) -> list[DatasetVersion]:
    """Return versions whose rows are removed and lie on the disk yet. One SELECT on an index."""
    statement = (
        select(DatasetVersion)
        .join(DatasetRemoval, DatasetRemoval.version_id == DatasetVersion.id)
        .where(DatasetRemoval.swept.is_(False))
        .order_by(DatasetRemoval.version_id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def swept(work: Work, version_id: str, freed_bytes: int) -> None:
    """Note that the rows of a version have left the disk."""
    found = work.session.get_one(DatasetRemoval, version_id)
    found.swept, found.freed_bytes = True, freed_bytes


def kept(session: Session, dataset_id: str) -> list[int]:
    """Return the Delta versions of a data set whose rows are to stay. One SELECT on an index."""
    gone = select(DatasetRemoval.version_id).where(DatasetRemoval.version_id == DatasetVersion.id)
    statement = select(DatasetVersion.delta_version).where(
        DatasetVersion.dataset_id == dataset_id, ~gone.exists()
    )
    return list(session.scalars(statement.order_by(DatasetVersion.number)))


def sweep(data_dir: Path, version: DatasetVersion, keep: Sequence[int]) -> int:
    """Take the rows of a version off the disk, with every copy cut from them; return the bytes.

    keep: the Delta versions whose files stay. Outside any transaction; done twice, the second
    time does nothing.
    """
    shutil.rmtree(data_dir / "scoped" / version.id, ignore_errors=True)
    return deltas.forget(data_dir, version.dataset_id, version.delta_version, keep)


def strays(session: Session, names: Collection[str]) -> list[str]:
    """Return, of names of folders, those of no data set and of no upload that may become one.

    A reading that was broken off after it had stored its rows leaves such. Two SELECTs by key.
    """
    known = set(session.scalars(select(Dataset.id).where(Dataset.id.in_(sorted(names)))))
    coming = select(Upload.dataset_id).where(
        Upload.dataset_id.in_(sorted(names)), Upload.state.not_in(sorted(uploads.GONE))
    )
    known |= set(session.scalars(coming))
    return sorted(set(names) - known)


def _may(work: Work) -> None:
    if not may_hold(work):
        raise StepNotAllowed(
            "仅交易机构合规人员与监管人员可以保全数据",
            "data are held by the exchange's compliance officers and the supervisors",
        )


def _dataset(session: Session, dataset_id: str) -> Dataset:
    found = session.get(Dataset, dataset_id)
    if found is None:
        raise datasets.missing(dataset_id)
    return found
