"""Data resources (数据资源): the tables that are really there, and the systems they come from.

A resource is attached (挂接) to the directory that describes it. The exchange stores its
mount key and its profile, never the data. Source: the association of directory, data and
system (目录—数据—系统); I-8: each resource has one system and one directory.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import directories
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.errors import DomainError, Invalid, Kind, NotFound, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step

LOCATION: Final = re.compile(r"[a-z0-9_]{1,80}\.parquet")
"""The mount key: the name of one file in the secure domain, and no path."""

COLUMNS_MAX: Final = 500
"""The widest resource that can be attached."""


class State(StrEnum):
    """Whether a resource is there."""

    ATTACHED = "attached"
    DETACHED = "detached"


class InfoSystem(Base):
    """An information system (信息系统) of a department, in which data arises."""

    __tablename__ = "info_systems"
    __table_args__ = (Index(None, "department_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    name_zh: Mapped[str]
    name_en: Mapped[str]
    entered_at: Mapped[Instant]


class Resource(Living, Base):
    """One file of the secure domain, as it was when it was attached.

    location: LOCATION. columns: {"name", "type", "missing_bp"} for each, in the order of
    the file; missing_bp: missing values in basis points of the rows. refreshed_at: when
    data last came after it was attached; the profile is that of then.
    """

    __tablename__ = "resources"
    __table_args__ = (
        CheckConstraint("row_count >= 0", name="row_count_not_negative"),
        CheckConstraint("byte_size > 0", name="byte_size_positive"),
        CheckConstraint("length(sha256) = 64", name="sha256_has_64_digits"),
        Index(None, "directory_id", "id"),
        Index(None, "department_id", "id"),
        Index(
            "uq_resources_location_attached_once",
            "location",
            unique=True,
            sqlite_where=text("state = 'attached'"),
            postgresql_where=text("state = 'attached'"),
        ),
        Index(None, "location"),
    )

    system_id: Mapped[str] = mapped_column(ForeignKey("info_systems.id"))
    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    location: Mapped[str]
    sha256: Mapped[str]
    row_count: Mapped[int] = mapped_column(Big)
    byte_size: Mapped[int] = mapped_column(Big)
    columns: Mapped[list[Any]]
    attached_at: Mapped[Instant]
    refreshed_at: Mapped[Instant | None]


class LocationTaken(DomainError):
    """The file is attached already, or belongs to another department."""

    kind = Kind.CONFLICT
    code = "location-taken"
    title = Words("该数据文件已被挂接", "The file is attached already")


class AttachRate(NamedTuple):
    """Directories with a resource, of the directories that are published (挂接率)."""

    attached: int
    published: int

    @property
    def rate_bp(self) -> int:
        """The rate in basis points, rounded down; 0 while nothing is published."""
        return self.attached * 10_000 // self.published if self.published else 0


engineer = its("department", "department_id", Duty.DATA_ENGINEER, Duty.EDITOR)
overseers = (
    any_of(Role.DATA_AUTHORITY),
    any_of(Role.EXCHANGE_OPERATOR),
    any_of(Role.AUTHORISED_OPERATOR),
    system_only,
)

# fmt: off
LIFE: Workflow[State, Resource] = Workflow(
    "resource", State, State.ATTACHED,
    step("detach", {State.ATTACHED}, State.DETACHED, engineer,
         asks=(REASON,), says="resource.detached", label=Words("解除挂接", "Detach")),
    step("refresh", {State.ATTACHED}, State.ATTACHED, engineer, own_door=True,
         says="resource.refreshed", label=Words("更新数据", "Refresh")),
)
# fmt: on


def enter_system(work: Work, *, name_zh: str, name_en: str) -> InfoSystem:
    """Enter an information system of the caller's department. Raises StepNotAllowed, NotActive."""
    _check_engineer(work.actor)
    department = organisations.require_active(work.session, work.actor.organisation)
    made = InfoSystem(
        id=ids.new("sys_", work.now),
        department_id=department.id,
        name_zh=name_zh,
        name_en=name_en,
        entered_at=work.now,
    )
    work.session.add(made)
    work.record("system.entered", made.id, name_zh=name_zh, name_en=name_en)
    return made


def attach(
    work: Work,
    *,
    directory_id: str,
    system_id: str,
    name: str,
    location: str,
    profile: Mapping[str, Any],
) -> Resource:
    """Attach a file of the secure domain to a directory, with the profile that was found.

    profile: what the domain's inspection returns: rows, bytes, sha256, columns. Raises
    what `check_place` raises, and Invalid for a file that is too wide.
    """
    directory = check_place(work, directory_id=directory_id, system_id=system_id, location=location)
    made = Resource(
        id=ids.new("res_", work.now),
        state=State.ATTACHED,
        system_id=system_id,
        directory_id=directory.id,
        department_id=directory.department_id,
        name=name,
        location=location,
        sha256=profile["sha256"],
        row_count=profile["rows"],
        byte_size=profile["bytes"],
        columns=_columns(profile["columns"]),
        attached_at=work.now,
    )
    work.session.add(made)
    work.record("resource.attached", made.id, directory_id=directory.id, sha256=made.sha256)
    return made


def refreshable(work: Work, resource_id: str) -> Resource:
    """Return a resource that the caller may refresh, before its file is opened.

    Raises NotFound, StepNotAllowed.
    """
    found = seen(work, resource_id)
    if not engineer.matches(work.actor, found):
        raise StepNotAllowed(
            "数据由供数部门的数据工程人员更新", "its department's data engineers refresh it"
        )
    return found


def refresh(work: Work, resource_id: str, *, profile: Mapping[str, Any]) -> Resource:
    """Keep the profile of the data that have come since; the freshness starts anew.

    profile: see `attach`. Raises what seen and LIFE raise, and Invalid.
    """
    found = seen(work, resource_id)
    columns = _columns(profile["columns"])
    LIFE.take("refresh", found, work, sha256=profile["sha256"], rows=profile["rows"])
    found.sha256, found.columns = profile["sha256"], columns
    found.row_count, found.byte_size = profile["rows"], profile["bytes"]
    found.refreshed_at = work.now
    return found


def check_place(
    work: Work, *, directory_id: str, system_id: str, location: str
) -> directories.Directory:
    """Return the directory to which the caller may attach this file, before it is inspected.

    Raises StepNotAllowed, Invalid, NotFound (directory or system of another department),
    LocationTaken. Three SELECTs on indexes.
    """
    _check_engineer(work.actor)
    check_location(location)
    directory = directories.seen_directory(work, directory_id)
    if directory.department_id != work.actor.organisation:
        raise NotFound("没有这个目录", f"no directory {directory_id}")
    _check_describes(work, directory)
    _check_own_system(work, system_id)
    _check_free(work, location)
    return directory


def take(work: Work, resource_id: str, name: str, **data: Any) -> Resource:
    """Take a step of a resource that the caller may see. Raises NotFound and what LIFE raises."""
    resource = seen(work, resource_id)
    LIFE.take(name, resource, work, **data)
    return resource


def find(session: Session, resource_id: str) -> Resource:
    """Return a resource. Raises NotFound. One SELECT by key."""
    found = session.get(Resource, resource_id)
    if found is None:
        raise NotFound("没有这个数据资源", f"no resource {resource_id}")
    return found


def seen(work: Work, resource_id: str) -> Resource:
    """Return a resource to its department, the authority, the exchange and the operators.

    Raises NotFound to everybody else. One SELECT by key.
    """
    found = work.session.get(Resource, resource_id)
    if found is None or not (
        work.actor.organisation == found.department_id or _oversees(work.actor)
    ):
        raise NotFound("没有这个数据资源", f"no resource {resource_id}")
    return found


def of_directory(session: Session, directory_id: str) -> list[Resource]:
    """Return up to 200 resources attached to a directory, oldest first. One SELECT."""
    statement = (
        select(Resource)
        .where(Resource.directory_id == directory_id, Resource.state == State.ATTACHED)
        .order_by(Resource.id)
        .limit(200)
    )
    return list(session.scalars(statement))


def listed(
    work: Work, *, directory_id: str | None = None, after: str | None, limit: int
) -> Page[Resource]:
    """Return one page of the resources that the caller may see, newest first. One SELECT."""
    statement = select(Resource)
    if not _oversees(work.actor):
        statement = statement.where(Resource.department_id == work.actor.organisation)
    if directory_id is not None:
        statement = statement.where(Resource.directory_id == directory_id)
    return keyset(work.session, statement, by=((Resource.id, "desc"),), after=after, limit=limit)


def systems(work: Work, *, after: str | None, limit: int) -> Page[InfoSystem]:
    """Return one page of the information systems of the caller's department. One SELECT."""
    statement = select(InfoSystem).where(InfoSystem.department_id == work.actor.organisation)
    return keyset(work.session, statement, by=((InfoSystem.id, "desc"),), after=after, limit=limit)


def attach_rate(session: Session) -> AttachRate:
    """Count published directories, and those of them that have a resource. Two SELECTs."""
    version = directories.DirectoryVersion
    published = select(version.directory_id).where(version.state == directories.State.PUBLISHED)
    attached = select(func.count(func.distinct(Resource.directory_id))).where(
        Resource.state == State.ATTACHED, Resource.directory_id.in_(published)
    )
    total = select(func.count()).select_from(published.subquery())
    return AttachRate(session.scalars(attached).one(), session.scalars(total).one())


def check_location(location: str) -> None:
    """Raise Invalid unless `location` is LOCATION: a name that cannot lead anywhere else."""
    if not LOCATION.fullmatch(location):
        raise Invalid(
            "挂载名应由小写字母、数字和下划线组成，以 .parquet 结尾",
            "a mount key is small letters, digits and underscores, then .parquet",
            pointer="/location",
        )


def _columns(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if len(columns) > COLUMNS_MAX:
        raise Invalid(
            f"数据文件的列数不得超过 {COLUMNS_MAX}",
            f"a resource has at most {COLUMNS_MAX} columns",
            pointer="/location",
        )
    return [
        {"name": column["name"], "type": column["type"], "missing_bp": column["missing_bp"]}
        for column in columns
    ]


def _check_describes(work: Work, directory: directories.Directory) -> None:
    if directory.current_version_id is None:
        return
    current = directories.find(work.session, directory.current_version_id)
    if current.state == directories.State.REVOKED:
        raise Invalid("目录已撤销，不能挂接", "the directory is revoked", pointer="/directory_id")


def _check_own_system(work: Work, system_id: str) -> None:
    found = work.session.get(InfoSystem, system_id)
    if found is None or found.department_id != work.actor.organisation:
        raise NotFound("没有这个信息系统", f"no information system {system_id}")


def _check_free(work: Work, location: str) -> None:
    # A file stays its department's when it is detached: nobody else may mount it then.
    statement = select(Resource).where(Resource.location == location).limit(200)
    for other in work.session.scalars(statement):
        if other.state == State.ATTACHED or other.department_id != work.actor.organisation:
            raise LocationTaken(f"{location} 已被挂接", f"{location} is attached already")


def _check_engineer(actor: Actor) -> None:
    may = {Duty.DATA_ENGINEER, Duty.EDITOR} & actor.duties
    if Role.SUPPLY_DEPARTMENT not in actor.roles or not may:
        raise StepNotAllowed(
            "数据资源由供数部门的数据工程人员挂接",
            "resources are attached by data engineers of their department",
        )


def _oversees(actor: Actor) -> bool:
    return any(who.matches(actor, None) for who in overseers)
