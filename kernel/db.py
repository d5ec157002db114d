"""The declarative base, the column types that keep us honest, and append-only tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    DateTime,
    Integer,
    MetaData,
    Table,
    event,
    types,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    declared_attr,
    mapped_column,
    registry,
)
from sqlalchemy.orm.exc import StaleDataError

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Big = BigInteger().with_variant(Integer, "sqlite")
"""Eight bytes on both databases (SQLite's INTEGER is)."""

JSON_ = JSON().with_variant(JSONB(), "postgresql")


class UTCDateTime(types.TypeDecorator[datetime]):
    """An aware UTC datetime on every engine; SQLite forgets the zone, this restores it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: pass work.now or an aware value")
        aware = value.astimezone(UTC)
        return aware.replace(tzinfo=None) if dialect.name == "sqlite" else aware

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The parent of every table, in whichever room it lives."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={datetime: UTCDateTime(), dict[str, Any]: JSON_, list[Any]: JSON_},
    )


class Living:
    """What every table with a life cycle has: an id, a state, and a version.

    Of two people who change the same row at the same moment, the second is told:
    StaleDataError, which the door answers as 409.
    """

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    version: Mapped[int]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy passes the class
        return {"version_id_col": cls.version}


def hold(session: Session, row: Living) -> None:
    """Lock a record's row until the end of the transaction, and read it again.

    Raises StaleDataError if somebody has changed it since it was read here: what was asked for
    then, or compared with If-Match, was asked of another state. One SELECT.
    """
    before = row.version
    session.refresh(row, with_for_update=True)
    if row.version != before:
        raise StaleDataError(f"{row.id} has changed from version {before} to {row.version}")


def attach(table: Table, dialect: str, *statements: str) -> None:
    """Run `statements` on `dialect` whenever `table` is created, in order."""
    for statement in statements:
        ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # SQLAlchemy's
        event.listen(table, "after_create", ddl.execute_if(dialect=dialect))


def append_only(table: Table) -> None:
    """Let rows be added to `table`, and never changed, deleted, replaced or truncated.

    SQLite's INSERT OR REPLACE deletes without firing delete triggers, so an insert
    whose key exists is refused as well.
    """
    name = table.name
    same = " AND ".join(f"{column.name} = NEW.{column.name}" for column in table.primary_key)
    refuse = "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
    attach(
        table,
        "sqlite",
        f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} {refuse}",
        f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} {refuse}",
        f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} "  # noqa: S608 - our own names
        f"WHEN EXISTS (SELECT 1 FROM {name} WHERE {same}) {refuse}",
    )
    attach(
        table,
        "postgresql",
        f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {name} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name} "
        "EXECUTE FUNCTION refuse_change()",
    )


REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END $$
"""
event.listen(
    Base.metadata,
    "before_create",
    DDL(REFUSE_CHANGE.replace("%", "%%")).execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]  # SQLAlchemy's
)
