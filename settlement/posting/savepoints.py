"""A part of a transaction that is undone alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what is done inside when something is raised, so that the transaction can go on.

    By the driver's own cursor: SQLAlchemy's way to it takes as long as posting.
    """
    cursor = connection.connection.cursor()
    cursor.execute("SAVEPOINT posting")
    try:
        yield
    except BaseException:
        cursor.execute("ROLLBACK TO SAVEPOINT posting")
        raise
    finally:
        cursor.execute("RELEASE SAVEPOINT posting")
