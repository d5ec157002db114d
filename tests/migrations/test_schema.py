"""The migrations build what the models say: tables, CHECKs, indexes, triggers and functions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

import migrations
from app import create_app
from config.settings import Settings
from kernel import ids
from kernel.db import Base
from kernel.engines import Engines
from tests import postgres

OURS = "relname NOT LIKE 'test_%' AND relname <> 'alembic_version'"

POSTGRESQL = {
    "columns": f"""
        SELECT relname || '.' || attname || ' ' || format_type(atttypid, atttypmod)
               || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
               || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
               || ' ' || attidentity::text
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND {OURS}""",
    "constraints": f"""
        SELECT relname || ' ' || conname || ' ' || pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid WHERE contype <> 't' AND {OURS}""",
    "indexes": """
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        AND tablename NOT LIKE 'test_%' AND tablename <> 'alembic_version'""",
    "triggers": f"""
        SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE NOT tgisinternal AND {OURS}""",
    "functions": """
        SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace""",
    "views": "SELECT viewname || definition FROM pg_views WHERE schemaname = 'public'",
}
SQLITE = """
    SELECT type || ' ' || name || ' ' || sql FROM sqlite_master
    WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'test_%'
    AND tbl_name NOT IN ('alembic_version', 'sqlite_sequence')"""


def _schema(engine: Engine) -> list[str]:
    queries = [SQLITE] if engine.dialect.name == "sqlite" else list(POSTGRESQL.values())
    with engine.connect() as connection:
        found = [row for query in queries for row in connection.scalars(text(query))]
    return sorted(re.sub(r"\s+", " ", line).replace('"', "").strip() for line in found)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engines, Engines]]:
    """Give two empty databases of one kind."""
    names: list[str] = []
    server = ""
    if request.param == "sqlite":
        urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("one", "two")]
    else:
        server = request.getfixturevalue("postgres_server")
        names = [f"databourse_{ids.secret(9).lower().replace('-', '_')}" for _ in range(2)]
        urls = [postgres.create_database(server, name) for name in names]
    pair = Engines(urls[0]), Engines(urls[1])
    yield pair
    for opened in pair:
        opened.dispose()
    for name in names:
        postgres.drop_database(server, name)


def _forget_alters() -> None:
    """Let SQLAlchemy write again in its table a constraint that it once added by ALTER.

    It remembers for the whole process that PostgreSQL had to; SQLite cannot ALTER so.
    """
    for table in Base.metadata.tables.values():
        for constraint in table.foreign_key_constraints:
            constraint._create_rule = None


def test_the_migrations_build_what_the_models_say(two: tuple[Engines, Engines]) -> None:
    migrated, modelled = two

    migrations.upgrade(migrated.write)
    _forget_alters()
    Base.metadata.create_all(modelled.write)

    assert _schema(migrated.write) == _schema(modelled.write)


def test_migrating_twice_changes_nothing(two: tuple[Engines, Engines]) -> None:
    migrated, _ = two
    assert migrations.current(migrated.write) is None

    migrations.upgrade(migrated.write)
    before = _schema(migrated.write)
    migrations.upgrade(migrated.write)

    assert migrations.current(migrated.write) == migrations.head()
    assert _schema(migrated.write) == before


def test_the_steps_are_numbered_and_there_is_one_head() -> None:
    script = ScriptDirectory.from_config(migrations.configuration())
    revisions = [revision.revision for revision in script.walk_revisions()][::-1]

    assert len(script.get_heads()) == 1
    assert [revision[:4] for revision in revisions] == [
        f"{number:04}" for number in range(1, len(revisions) + 1)
    ]


def test_an_app_over_an_empty_database_is_not_ready(tmp_path: Path) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/gone/x.db", environment="test"))
    app.house.engines.dispose()
    (tmp_path / "gone" / "x.db.key").unlink()
    (tmp_path / "gone").rmdir()

    assert app.test_client().get("/readyz").status_code == 503
