"""The rows of directories (目录) and of their versions; what became public never changes.

The content of a version is append-only, no item joins a version once it is under review,
and the row keeps its directory, its number and the moment of its publication (I-9).
Source: the book of directories of the province (一本账).
"""

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.contents import DataItem, DirectoryContent
from kernel.clock import Instant
from kernel.db import Base, Living, attach


class State(StrEnum):
    """Where a version of a directory stands."""

    DRAFT = "draft"
    DEPT_REVIEW = "dept_review"
    HUB_REVIEW = "hub_review"
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


OPEN: Final = frozenset({State.DRAFT, State.DEPT_REVIEW, State.HUB_REVIEW})
"""The states before publication: a directory has one version at most in one of them."""

_STILL_OPEN: Final = text("state IN ('draft', 'dept_review', 'hub_review')")


class Directory(Base):
    """One directory, under the code that it keeps for ever: "CAT-430000-000001".

    title_zh, title_en: those of the current version, or of the first while there is none.
    current_version_id: the version that was published last; None before the first. It is
    no foreign key, for versions refer to directories already.
    """

    __tablename__ = "directories"
    __table_args__ = (UniqueConstraint("code"), Index(None, "department_id", "code"))

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    title_zh: Mapped[str]
    title_en: Mapped[str]
    current_version_id: Mapped[str | None]
    created_at: Mapped[Instant]


class DirectoryVersion(Living, Base):
    """One version of a directory: number 1, 2, … Its content is append-only.

    suspended_by: the organisation that suspended it last.
    """

    __tablename__ = "directory_versions"
    __table_args__ = (
        UniqueConstraint("directory_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        Index(None, "department_id", "id"),
        Index(None, "state", "id"),
        Index(
            "uq_directory_versions_one_open_per_directory",
            "directory_id",
            unique=True,
            sqlite_where=_STILL_OPEN,
            postgresql_where=_STILL_OPEN,
        ),
    )

    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    number: Mapped[int]
    submitted_at: Mapped[Instant | None]
    returned_at: Mapped[Instant | None]
    published_at: Mapped[Instant | None]
    suspended_by: Mapped[str | None]

    directory: Mapped[Directory] = relationship(lazy="raise")
    content: Mapped[DirectoryContent] = relationship(lazy="raise")
    items: Mapped[list[DataItem]] = relationship(lazy="raise", order_by=DataItem.position)


_ROOT: Final = ("directory_id", "department_id", "number")
_FIXED: Final = "CREATE TRIGGER directory_versions_root_fixed BEFORE UPDATE ON directory_versions"
_LATE: Final = """EXISTS (
  SELECT 1 FROM directory_versions v JOIN directories d ON d.id = v.directory_id
  WHERE v.id = NEW.version_id AND (v.state IN ('dept_review', 'hub_review', 'superseded', 'revoked')
    OR d.current_version_id = v.id))"""
_REFUSE_LATE: Final = f"""
CREATE OR REPLACE FUNCTION refuse_late_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_LATE} THEN
    RAISE EXCEPTION 'the version is complete' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$
"""
attach(
    DirectoryVersion.__table__,  # type: ignore[arg-type]  # declared as FromClause, is a Table
    "sqlite",
    f"{_FIXED} WHEN {' OR '.join(f'OLD.{name} IS NOT NEW.{name}' for name in _ROOT)} "
    "OR OLD.published_at IS NOT NEW.published_at AND OLD.published_at IS NOT NULL "
    "BEGIN SELECT RAISE(ABORT, 'append-only'); END",
)
attach(
    DirectoryVersion.__table__,  # type: ignore[arg-type]  # a Table, see above
    "postgresql",
    f"{_FIXED} FOR EACH ROW WHEN "
    f"({' OR '.join(f'OLD.{name} IS DISTINCT FROM NEW.{name}' for name in _ROOT)} "
    "OR OLD.published_at IS DISTINCT FROM NEW.published_at AND OLD.published_at IS NOT NULL) "
    "EXECUTE FUNCTION refuse_change()",
)
attach(
    DataItem.__table__,  # type: ignore[arg-type]  # a Table, see above
    "sqlite",
    f"CREATE TRIGGER data_items_not_late BEFORE INSERT ON data_items WHEN {_LATE} "
    "BEGIN SELECT RAISE(ABORT, 'the version is complete'); END",
)
attach(
    DataItem.__table__,  # type: ignore[arg-type]  # a Table, see above
    "postgresql",
    _REFUSE_LATE,
    "CREATE TRIGGER data_items_not_late BEFORE INSERT ON data_items "
    "FOR EACH ROW EXECUTE FUNCTION refuse_late_item()",
)
