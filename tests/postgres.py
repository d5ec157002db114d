"""A real PostgreSQL for the tests: started from this machine's own binaries, or given.

`TEST_DATABASE_URL` names a given server, whose user may create databases. Otherwise the
newest `initdb` and `postgres` found on PATH or where packages put them start a server in a
folder of its own, on a Unix socket, with everything that guards against a power cut turned
off. PostgreSQL refuses to run as root: a root who runs the tests lends it to another account.
Each process of a parallel run has its own server; on a given one they share it, so a
database's name must be drawn, not fixed.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypedDict

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

GIVEN = "TEST_DATABASE_URL"
PACKAGED = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
START_S_MAX = 60
STOP_S_MAX = 10
PORT = 5432  # only a part of the socket's name: no address is listened on

# Wrong for anything that must be there tomorrow; right for what is thrown away in a minute.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "min_wal_size": "32MB",  # the folder may be in memory
    "max_wal_size": "64MB",
    "shared_buffers": "64MB",
    "max_connections": "200",
}


class Account(TypedDict, total=False):
    """Who runs the server, in the words of `subprocess`; empty: whoever runs the tests."""

    user: int
    group: int
    extra_groups: list[int]


def why_not() -> str | None:
    """Say why there is no PostgreSQL to test on, or None when there is one."""
    if os.environ.get(GIVEN) or _binaries():
        return None
    return (
        "no PostgreSQL: neither initdb and postgres on PATH or under /usr/lib/postgresql, "
        f"nor {GIVEN} (Debian: apt-get install postgresql)"
    )


@contextmanager
def server() -> Iterator[str | None]:
    """Yield the address of a running server, for `create_database`; None when there is none.

    Starts in about 2 s; stops and forgets everything at the end. A given server is left
    running. Raises RuntimeError, with the server's own words, when it does not start.
    """
    if given := os.environ.get(GIVEN):
        yield _written(make_url(given).set(drivername="postgresql+psycopg"))
        return
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="databourse-pg-"))
    account = _account()
    if account:
        os.chown(folder, account["user"], account["group"])
    try:
        with _running(binaries, folder, account) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def create_database(base_url: str, name: str, template: str | None = None) -> str:
    """Create the database `name`, a copy of `template` if one is named; return its address.

    The template must have no open connection while it is copied.
    """
    # Copying files is six times as fast here as copying pages through the log.
    order = f"CREATE DATABASE {_named(name)} TEMPLATE {_named(template or 'template0')}"
    _order(base_url, f"{order} STRATEGY FILE_COPY")
    return _written(make_url(base_url).set(database=name))


def drop_database(base_url: str, name: str) -> None:
    """Drop the database `name` if it is there, ending its connections."""
    _order(base_url, f"DROP DATABASE IF EXISTS {_named(name)} WITH (FORCE)")


@contextmanager
def _running(binaries: Path, folder: Path, account: Account) -> Iterator[str]:
    """Make a cluster in `folder`, serve it, and end it without ceremony."""
    data = folder / "data"
    initdb = [str(binaries / "initdb"), "--pgdata", str(data), "--username", "postgres"]
    initdb += ["--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"]
    made = subprocess.run(
        initdb, cwd=folder, capture_output=True, text=True, check=False, **account
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr}")
    options = {**SETTINGS, "unix_socket_directories": str(folder)}
    postgres = [str(binaries / "postgres"), "-D", str(data)]
    postgres += [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    log = folder / "log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            postgres, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **account
        )
    try:
        url = URL.create(
            "postgresql+psycopg",
            username="postgres",
            database="postgres",
            query={"host": str(folder), "port": str(PORT)},
        )
        _wait(process, url, log)
        yield _written(url)
    finally:
        process.send_signal(signal.SIGQUIT)  # an immediate stop: nothing here is kept
        process.wait(STOP_S_MAX)


def _wait(process: subprocess.Popen[bytes], url: URL, log: Path) -> None:
    """Return when the server answers; raise RuntimeError with its log when it cannot."""
    until = time.monotonic() + START_S_MAX
    while process.poll() is None and time.monotonic() < until:
        try:
            _order(_written(url), "SELECT 1")
        except OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text('utf-8', 'replace')}")


def _binaries() -> Path | None:
    """Return the folder of initdb and postgres: PATH's, else the newest packaged one."""
    found = shutil.which("initdb")
    packaged = (folder for pattern in PACKAGED for folder in Path("/").glob(pattern))
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(packaged, key=_version, reverse=True)
    both = (f for f in folders if (f / "initdb").exists() and (f / "postgres").exists())
    return next(both, None)


def _version(folder: Path) -> int:
    """Return the release in a packaged folder's name: /usr/lib/postgresql/15/bin is 15."""
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def _account() -> Account:
    """Return whom a root lends the server to: the account postgres, else nobody."""
    if os.geteuid() != 0:
        return {}
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    lent = accounts.get("postgres") or accounts["nobody"]
    return {"user": lent.pw_uid, "group": lent.pw_gid, "extra_groups": []}


def _order(url: str, statement: str) -> None:
    """Run one statement outside any transaction, on a connection of its own."""
    with _orders(url).connect() as connection:
        connection.execute(text(statement))


@cache
def _orders(url: str) -> Engine:
    # SQLAlchemy asks a server who it is once an engine, and there are two orders a test.
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def _named(name: str) -> str:
    """Return a database's name as SQL writes it; only plain names are made here."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"not a plain database name: {name}")
    return f'"{name}"'


def _written(url: URL) -> str:
    return url.render_as_string(hide_password=False)
