"""The schema's history: numbered steps, one head, plain SQL for each database.

Each step holds the very statements that it runs, frozen on the day it was written. A
test compares what they build with what the models say, on both databases: tables,
columns, CHECKs, indexes, triggers and functions alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from kernel import engines
from settlement.rules import stored

HERE = Path(__file__).parent


def upgrade(engine: Engine) -> str:
    """Bring the database to the newest step, in one transaction; returns the step.

    The posting rules of this release are written as well: the database refuses by them.
    Raises LookupError, and changes nothing, when a reference would point nowhere.
    """
    config = configuration()
    with engine.connect() as connection, _rebuilding(connection), connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        stored.keep(connection)
        if engine.dialect.name == "sqlite":
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if dangling is not None:
                raise LookupError(f"a reference points nowhere: {tuple(dangling)}")
    return head()


def current(engine: Engine) -> str | None:
    """Return the step at which the database stands; None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the newest step there is. Raises when the history forks."""
    found = ScriptDirectory.from_config(configuration()).get_current_head()
    if found is None:
        raise LookupError("there is no migration")
    return found


def configuration() -> Config:
    """Return Alembic's configuration; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    return config


def statements(name: str, dialect: str) -> list[str]:
    """Return the statements of versions/<name>.<dialect>.sql; a line of -- parts them."""
    sql = (HERE / "versions" / f"{name}.{dialect}.sql").read_text("utf-8")
    return [statement.strip() for statement in sql.split("\n--\n") if statement.strip()]


@contextmanager
def _rebuilding(connection: Connection) -> Iterator[None]:
    # SQLite changes a table by building it anew; meanwhile nothing may refer to it. The
    # switches are outside any transaction, because inside one it does not look at them.
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection in use has one
    engines.unguard(driver)
    driver.execute("PRAGMA foreign_keys=OFF")
    driver.execute("PRAGMA legacy_alter_table=ON")
    try:
        yield
    finally:
        driver.execute("PRAGMA legacy_alter_table=OFF")
        driver.execute("PRAGMA foreign_keys=ON")
        engines.guard(driver)
