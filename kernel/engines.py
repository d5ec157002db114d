"""Where the rows are: one database, a way to read it and a way to write it.

SQLite serves one process with many threads. Readers never wait: WAL gives each its own
snapshot. Writers wait in a fair queue of ours, because SQLite's busy handler sleeps and
lets the lucky one in. PostgreSQL needs no queue.
"""

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from threading import Event as Signal
from threading import Lock
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Engine,
    Select,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session

from kernel.db import Base
from kernel.errors import DomainError, Kind
from kernel.words import Words

T = TypeVar("T")

TRIES: Final = 5
RACES: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's words for "somebody else was faster": a deadlock, and a snapshot that is no more."""


RESTED_S: Final = 1.0
"""A connection that has rested so long is asked whether the database is still there.

To ask one that was in use a moment ago costs a tenth of what an entry of the ledger does.
"""


class Busy(DomainError):
    """The writers' queue did not move within the time that a caller is willing to wait."""

    kind = Kind.UNAVAILABLE
    code = "busy"
    title = Words("系统繁忙", "The system is busy")


class Turnstile:
    """Lets one thread through at a time, in the order of arrival."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queue: deque[Signal] = deque()
        self._taken = False

    def enter(self, *, patience_s: float) -> None:
        """Wait for this thread's turn. Raises Busy after `patience_s` seconds."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            turn = Signal()
            self._queue.append(turn)
        if turn.wait(patience_s):
            return
        with self._lock:
            if turn not in self._queue:
                return  # the turn came in the very moment in which patience ran out
            self._queue.remove(turn)
        raise Busy("等待写入超时，请稍后重试", "waited too long for a turn to write; try again")

    def leave(self) -> None:
        """Hand the turn to the one who has waited longest."""
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False


class Engines:
    """The two ways into one database: `reading()` and `writing()`.

    Neither commits. A session from `reading` cannot write: the database itself refuses.
    """

    def __init__(self, url: str, *, patience_s: float = 30.0, pool_size: int = 16) -> None:
        self.url = normal(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._patience_s = patience_s
        self._turnstile = Turnstile()
        if self.sqlite:
            self.write = _sqlite(self.url, "BEGIN IMMEDIATE", query_only=False, size=pool_size)
            self.read = _sqlite(self.url, "BEGIN", query_only=True, size=pool_size)
        else:
            self.write = _postgresql(self.url, size=pool_size)
            self.read = self.write.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._watch = _Watch(self.read, sqlite=self.sqlite)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session on one consistent snapshot; what it writes is refused.

        It ends by COMMIT, for at a ROLLBACK psycopg forgets every statement it has prepared.
        """
        with Session(self.read, autoflush=False) as session:
            yield session
            session.expunge_all()  # what was read stays readable, and nothing is flushed
            session.commit()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that may write. Uncommitted work is rolled back on leaving."""
        if not self.sqlite:
            with Session(self.write) as session:
                yield session
            return
        self._turnstile.enter(patience_s=self._patience_s)
        try:
            with Session(self.write) as session:
                yield session
        finally:
            self._turnstile.leave()

    def version(self) -> str | None:
        """Return a word that is another as soon as anything was committed, by anybody.

        Two equal words mean that nothing was in between. It may be another one without cause.
        None when the database cannot be asked. SQLite tells in microseconds, PostgreSQL in
        one round trip; nothing of the pool is taken.
        """
        return self._watch.version()

    def dispose(self) -> None:
        """Close every connection."""
        self._watch.close()
        self.write.dispose()
        self.read.dispose()


class _Watch:
    """Sees that something was committed, by a connection of its own that never writes.

    SQLite counts, for each connection, what others committed; PostgreSQL tells which
    transactions its snapshot would hold, and none that writes begins or ends without a trace.
    """

    def __init__(self, engine: Engine, *, sqlite: bool) -> None:
        self._engine = engine
        self._asked = "PRAGMA data_version" if sqlite else "SELECT pg_current_snapshot()::text"
        self._lock = Lock()
        self._driver: Any = None
        self._opened = 0

    def version(self) -> str | None:
        with self._lock:
            try:
                if self._driver is None:
                    self._open()
                ((found,),) = self._driver.execute(self._asked).fetchall()
            except (self._engine.dialect.loaded_dbapi.Error, DBAPIError):
                self._forget()
                return None
            return f"{self._opened}:{found}"  # numbers of two connections are not compared

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _open(self) -> None:
        dialect = self._engine.dialect
        given, named = dialect.create_connect_args(self._engine.url)
        self._driver, self._opened = dialect.connect(*given, **named), self._opened + 1
        if dialect.name != "sqlite":
            self._driver.autocommit = True

    def _forget(self) -> None:
        if self._driver is not None:
            self._driver.close()
        self._driver = None


Among: TypeAlias = Callable[[ColumnElement[Any], str], ColumnElement[bool]]
"""Says that a column is one of those that a parameter gives as a list."""


class Direct:
    """A SELECT of texts, whole numbers and bytes that is handed to the driver as it stands.

    For what is asked of an index and answered at once: SQLAlchemy's own way there would take
    longer than the database.
    """

    def __init__(self, made: Callable[[Among], Select[*tuple[Any, ...]]]) -> None:
        self._made = made
        self._texts: dict[str, tuple[str, dict[str, Any]]] = {}

    def rows(self, session: Session, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return what it finds, in the session's transaction. asked: its parameters.

        Raises what SQLAlchemy would raise; who listens to statements hears it as well.
        """
        connection = session.connection()
        dialect, driver = connection.dialect, connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("a connection in use has a driver's")
        text, own = self._texts.get(dialect.name) or self._text(dialect)
        asked = {**own, **asked}
        if dialect.name == "sqlite":
            cursor = driver.cursor()
            asked = {k: json.dumps(v) if isinstance(v, list) else v for k, v in asked.items()}
        else:
            # Bytes come as they are, and not as two digits each; lists go as they are written,
            # for the driver looks at each of their elements.
            cursor = driver.cursor(binary=True)
            asked = {k: _array(v) if isinstance(v, list) else v for k, v in asked.items()}
        connection.dispatch.before_cursor_execute(connection, cursor, text, asked, None, False)
        try:
            cursor.execute(text, asked)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        except dialect.loaded_dbapi.Error as error:
            base = dialect.loaded_dbapi.Error
            raise DBAPIError.instance(text, None, error, base, dialect=dialect) from error
        return found

    def _text(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """Return it as the database reads it, with the values that were written in it."""
        if dialect.name == "sqlite":
            named = sqlite.dialect(paramstyle="named")
            made = self._made(_among_sqlite).compile(dialect=named)
        else:
            made = self._made(_among_postgresql).compile(dialect=dialect)
        told = made.construct_params(_check=False)
        own = {name: value for name, value in told.items() if not made.binds[name].required}
        self._texts[dialect.name] = str(made), own
        return self._texts[dialect.name]


def _array(values: list[Any]) -> str:
    """Return what PostgreSQL reads as an array of whole numbers or texts."""
    told = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return '{"' + '","'.join(told) + '"}' if values else "{}"


def _among_sqlite(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    given = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(given.c.value))


def _among_postgresql(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def insist(attempt: Callable[[], T]) -> T:
    """Run `attempt`, again when the database says that somebody else was faster.

    It must be whole: a unit of work from its beginning, or the part behind a savepoint, with
    no effect outside the database. Raises what the fifth try raises.
    """
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in RACES:
                raise
    return attempt()


def normal(url: str) -> URL:
    """Return `url` with the driver this project uses: postgres:// and postgresql:// → psycopg 3."""
    parsed = make_url(url)
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


FIXED: Final = "fixed"
"""Key of `Table.info`. True: rows are only added; "status": they may be updated as well.

A connection of ours to SQLite may neither update nor delete rows of such a table, except
by the table's own triggers, nor drop or alter it or its triggers.
"""

_PRAGMAS: Final = {
    "writable_schema", "ignore_check_constraints", "foreign_keys", "recursive_triggers",
    "legacy_alter_table", "synchronous", "journal_mode", "query_only",
}  # fmt: skip
_CHANGES: Final = {sqlite3.SQLITE_DELETE, sqlite3.SQLITE_UPDATE}
_ALTERS: Final = {
    sqlite3.SQLITE_DROP_TABLE: 0,
    sqlite3.SQLITE_ALTER_TABLE: 1,
    sqlite3.SQLITE_DROP_TRIGGER: 1,
    sqlite3.SQLITE_DROP_TEMP_TRIGGER: 1,
}
"""Action → which of its two arguments names the table."""


def guard(connection: sqlite3.Connection) -> None:
    """Let nobody on this connection change what is fixed, nor switch off what defends it."""
    fixed = {table.name: table.info[FIXED] for table in Base.metadata.tables.values()
             if FIXED in table.info}  # fmt: skip

    def allowed(action: int, one: str | None, two: str | None, _: Any, trigger: Any) -> int:
        if action in _CHANGES and one in fixed and trigger is None:
            changes_status = action == sqlite3.SQLITE_UPDATE and fixed[one] == "status"
            return sqlite3.SQLITE_OK if changes_status else sqlite3.SQLITE_DENY
        if action in _ALTERS and (one, two)[_ALTERS[action]] in fixed:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA and one in _PRAGMAS and two is not None:
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    connection.set_authorizer(allowed)


def unguard(connection: sqlite3.Connection) -> None:
    """Let this connection do anything: for migrations, which build tables anew."""
    connection.set_authorizer(None)


_READING: Final = ("query_only=ON",)
# A writer keeps the pages that it comes back to, 64 MiB of them; what it may have to restore
# of a savepoint stays in memory rather than in a file that is made for each transaction; and
# a page that is written again and again is copied into the database once every 4,000.
_WRITING: Final = ("cache_size=-65536", "temp_store=MEMORY", "wal_autocheckpoint=4000")


def _postgresql(url: URL, *, size: int) -> Engine:
    engine = create_engine(url, pool_size=size)

    @event.listens_for(engine, "checkin")
    def _rests(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _wakes(connection: Any, record: Any, _fairy: Any) -> None:
        if monotonic() - record.info.get("rests_since", inf) < RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the pool makes new connections

    return engine


def _sqlite(url: URL, begin: str, *, query_only: bool, size: int) -> Engine:
    # Each text is prepared once for the life of a connection: to prepare what fires triggers
    # takes longer than to run it.
    kept = {"cached_statements": 1024}
    engine = create_engine(url, pool_size=size, max_overflow=size, connect_args=kept)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we write BEGIN ourselves, below
        pragmas = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"]
        pragmas.append("recursive_triggers=ON")
        for pragma in (*pragmas, *(_READING if query_only else _WRITING)):
            connection.execute(f"PRAGMA {pragma}")
        guard(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # By the driver itself: SQLAlchemy's way to it takes ten times as long as SQLite.
        try:
            connection.connection.driver_connection.execute(begin)
        except sqlite3.OperationalError as error:
            raise OperationalError(begin, None, error) from error

    return engine
