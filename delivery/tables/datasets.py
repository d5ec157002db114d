"""Data sets (数据集): tables that a merchant keeps on the exchange, version by version.

A version is never changed: its columns, profile and sample are what was found in it, not
what somebody says of it. Source: data description of GB/T 36343; I-16.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Grade, PiClass
from delivery.intake.uploads import Upload
from delivery.locations import locations
from delivery.locations.locations import Location
from delivery.profiling import personal
from delivery.profiling.personal import Finding, Kind
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.work import Work


class Dataset(Base):
    """A table of an organisation. title: as its owner calls it."""

    __tablename__ = "datasets"
    __table_args__ = (Index(None, "owner_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str]
    made_at: Mapped[Instant]


class DatasetVersion(Base):
    """What one upload made of a data set, or one look at where it is mounted from.

    number: from 1. delta_version: of the Delta table. upload_id: None for what lies outside.
    size_bytes, sha256, format: of the file, or of the files outside and their marks.
    columns: {"name", "type"} in order. grade, pi_class: the least that its people let it be
    listed under. profile: see delivery.profiling.profiles; sample: rows, column → text,
    people masked.
    """

    __tablename__ = "dataset_versions"
    __table_args__ = (
        UniqueConstraint("dataset_id", "number"),
        UniqueConstraint("upload_id"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("row_count > 0", name="rows_positive"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"))
    number: Mapped[int]
    delta_version: Mapped[int] = mapped_column(Big)
    upload_id: Mapped[str | None] = mapped_column(ForeignKey("uploads.id"))
    format: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(Big)
    sha256: Mapped[str]
    row_count: Mapped[int] = mapped_column(Big)
    columns: Mapped[list[Any]]
    grade: Mapped[str]
    pi_class: Mapped[str]
    profile: Mapped[dict[str, Any]]
    sample: Mapped[list[Any]]
    loaded_at: Mapped[Instant]


append_only(DatasetVersion.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True)
class Change:
    """One column that differs between two versions. before, after: its type, None for none."""

    column: str
    before: str | None
    after: str | None


overseers: Final = (
    any_of(Role.EXCHANGE_OPERATOR),
    any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR),
)
"""Who sees what a data set is, and a masked sample of it, without being its owner."""


def load(
    work: Work, upload: Upload, found: Mapping[str, Any], *, delta_version: int, sha256: str
) -> DatasetVersion:
    """Add the version that an upload has become, and the data set with the first one.

    found: shape, profile and sample, as a `fence.Reader` returns them. One SELECT on an index.
    """
    dataset = _kept(work, upload)
    made = _made(work, dataset, found, delta_version)
    made.upload_id, made.size_bytes, made.sha256 = upload.id, upload.size_bytes, sha256
    work.session.add(made)
    work.record(
        "dataset.loaded", dataset.id, number=made.number, upload_id=upload.id, rows=made.row_count,
        sha256=sha256, pi_class=made.pi_class,
    )  # fmt: skip
    return made


def mount(work: Work, location: Location, found: Mapping[str, Any]) -> DatasetVersion:
    """Add the version that a look at a location has found, and the data set with the first one.

    found: shape, profile, sample and source, as `looking.look` returns them. A table of plain
    files has no versions of its own: they are counted. One SELECT on an index.
    """
    dataset = _kept(work, location)
    source = found["source"]
    made = _made(work, dataset, found, source["delta_version"] or 0)
    if source["delta_version"] is None:
        made.delta_version = made.number - 1
    made.size_bytes = sum(piece["size_bytes"] for piece in source["pieces"])
    made.sha256 = source["digest"]
    work.session.add(made)
    work.record(
        "dataset.mounted", dataset.id, number=made.number, location_id=location.id,
        rows=made.row_count, sha256=made.sha256, pi_class=made.pi_class,
    )  # fmt: skip
    # What it consists of names it, and foreign keys are asked row by row.
    work.session.flush()
    locations.mount(work, location.id, made.id, source)
    return made


def _made(
    work: Work, dataset: Dataset, found: Mapping[str, Any], delta_version: int
) -> DatasetVersion:
    shape, profile = found["shape"], found["profile"]
    grade, pi_class = personal.raised(Grade.G1, PiClass.NONE, findings(profile))
    return DatasetVersion(
        id=ids.new("dsv_", work.now),
        dataset_id=dataset.id,
        number=_following(work.session, dataset.id),
        delta_version=delta_version,
        format=shape["format"],
        row_count=shape["rows"],
        columns=[{"name": name, "type": kind} for name, kind in shape["columns"]],
        grade=grade.value,
        pi_class=pi_class.value,
        profile=profile,
        sample=found["sample"],
        loaded_at=work.now,
    )


def own(work: Work, dataset_id: str) -> Dataset:
    """Return a data set to its owner. Raises NotFound to everybody else. One SELECT by key."""
    found = work.session.get(Dataset, dataset_id)
    if found is None or found.owner_id != work.actor.organisation:
        raise missing(dataset_id)
    return found


def seen(work: Work, dataset_id: str) -> Dataset:
    """Return a data set to its owner and to overseers. Raises NotFound to everybody else."""
    found = work.session.get(Dataset, dataset_id)
    if found is None or not (found.owner_id == work.actor.organisation or _oversees(work.actor)):
        raise missing(dataset_id)
    return found


def version(session: Session, dataset_id: str, number: int | None = None) -> DatasetVersion:
    """Return a version of a data set, the newest when none is named. Raises NotFound."""
    statement = select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id)
    if number is not None:
        statement = statement.where(DatasetVersion.number == number)
    found = session.scalars(statement.order_by(DatasetVersion.number.desc()).limit(1)).first()
    if found is None:
        raise missing(dataset_id)
    return found


def by_id(session: Session, version_id: str) -> DatasetVersion:
    """Return a version. Raises NotFound. One SELECT by key."""
    found = session.get(DatasetVersion, version_id)
    if found is None:
        raise missing(version_id)
    return found


def own_version(work: Work, version_id: str) -> DatasetVersion:
    """Return a version to the owner of its data set. Raises NotFound. Two SELECTs by key."""
    found = by_id(work.session, version_id)
    own(work, found.dataset_id)
    return found


def versions(work: Work, dataset_id: str, *, after: str | None, limit: int) -> Page[DatasetVersion]:
    """Return one page of a data set's versions, newest first. One SELECT on an index."""
    statement = select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id)
    return keyset(
        work.session, statement, by=((DatasetVersion.number, "desc"),), after=after, limit=limit
    )


def listed(work: Work, *, after: str | None, limit: int) -> Page[Dataset]:
    """Return one page of the data sets that the caller may see, newest first. One SELECT."""
    statement = select(Dataset)
    if not _oversees(work.actor):
        statement = statement.where(Dataset.owner_id == work.actor.organisation)
    return keyset(work.session, statement, by=((Dataset.id, "desc"),), after=after, limit=limit)


def newest(session: Session, dataset_ids: Sequence[str]) -> dict[str, DatasetVersion]:
    """Return the newest version of each data set. One SELECT on an index."""
    numbers = (
        select(DatasetVersion.dataset_id, func.max(DatasetVersion.number).label("number"))
        .where(DatasetVersion.dataset_id.in_(dataset_ids))
        .group_by(DatasetVersion.dataset_id)
        .subquery()
    )
    found = session.scalars(
        select(DatasetVersion).join(
            numbers,
            (DatasetVersion.dataset_id == numbers.c.dataset_id)
            & (DatasetVersion.number == numbers.c.number),
        )
    )
    return {each.dataset_id: each for each in found}


def changes(before: DatasetVersion, after: DatasetVersion) -> list[Change]:
    """Return the columns that differ: gone and changed ones first, then those that are new."""
    old = {each["name"]: each["type"] for each in before.columns}
    new = {each["name"]: each["type"] for each in after.columns}
    names = [*old, *(name for name in new if name not in old)]
    return [
        Change(name, old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    ]


def findings(profile: Mapping[str, Any]) -> list[Finding]:
    """Return the columns of a profile with people in them."""
    return [
        Finding(each["column"], Kind(each["kind"]), each["share_bp"], each["headed"])
        for each in profile["personal"]
    ]


def _kept(work: Work, upload: Upload | Location) -> Dataset:
    """Return the data set of an upload or a location, made with its first version."""
    found = work.session.get(Dataset, upload.dataset_id)
    if found is not None:
        return found
    made = Dataset(
        id=upload.dataset_id,
        owner_id=upload.organisation_id,
        title=upload.title,
        made_at=work.now,
    )
    work.session.add(made)
    # Its version names it, and foreign keys are asked row by row.
    work.session.flush()
    return made


def _following(session: Session, dataset_id: str) -> int:
    statement = select(func.max(DatasetVersion.number)).where(
        DatasetVersion.dataset_id == dataset_id
    )
    return int(session.execute(statement).scalar_one() or 0) + 1


def _oversees(actor: Actor) -> bool:
    return any(each.matches(actor, None) for each in overseers)


def missing(dataset_id: str) -> NotFound:
    """Return the error by which a data set is not there."""
    return NotFound("没有这个数据集", f"no data set {dataset_id}")
