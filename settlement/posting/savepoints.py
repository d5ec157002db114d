"""A part of a transaction that is undone alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what is done inside when something is raised, so that the transaction can go on.

    Plain SQL: SQLAlchemy compiles its own anew each time, which takes as long as posting. On
    SQLite by the driver itself, because there every posting has one.
    """
    run: Callable[[str], Any] = connection.exec_driver_sql
    if connection.dialect.name == "sqlite":
        run = connection.connection.cursor().execute
    run("SAVEPOINT posting")
    try:
        yield
    except BaseException:
        run("ROLLBACK TO SAVEPOINT posting")
        run("RELEASE SAVEPOINT posting")
        raise
    run("RELEASE SAVEPOINT posting")
