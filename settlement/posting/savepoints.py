"""A part of a transaction that is undone alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what is done inside when something is raised, so that the transaction can go on.

    Plain SQL: SQLAlchemy compiles its own anew each time, which takes as long as posting.
    """
    connection.exec_driver_sql("SAVEPOINT posting")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT posting")
        connection.exec_driver_sql("RELEASE SAVEPOINT posting")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT posting")
