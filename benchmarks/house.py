"""A furnished house on a database of its own, and the people of the tests in it."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import migrations
from app import create_app, demonstration
from app.unit import Exchange
from config.settings import Settings
from kernel.engines import Engines
from kernel.parties import credentials
from tests import conftest, postgres
from tests.conftest import NOON, Client, work_of


@contextmanager
def furnished(name: str = "house.db") -> Iterator[Exchange]:
    """Serve a new SQLite database as a laptop would: WAL, every commit to the disk."""
    with tempfile.TemporaryDirectory(prefix="databourse-bench-") as folder:
        url = f"sqlite:///{Path(folder) / name}"
        made = create_app(
            Settings(
                database_url=url,
                environment="test",
                clock="adjustable",
                key=bytes(range(32)).hex(),
                password_memory_kib=8,
                password_rounds=1,
                worker=False,
            )
        )
        conftest.furnish(url)
        with made.house.engines.writing() as session:
            demonstration.begin_at(session, NOON)
            session.commit()
        yield made
        made.house.engines.dispose()


def client_of(application: Exchange, person: str, *scopes: str) -> Client:
    """Return a client that calls as one of the cast; its token also has `scopes`."""
    with application.house.engines.writing() as session:
        work = work_of(session, person)
        _, secret = credentials.issue(
            work, label="bench", scopes=["read", "write", *scopes], days=30
        )
        session.commit()
    client = application.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


@contextmanager
def database(where: str) -> Iterator[str]:
    """Give the address of a new database on SQLite or PostgreSQL, with the cast in it."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="databourse-bench-"))
        url = f"sqlite:///{folder}/bench.db"
        if where == "postgresql":
            base = stack.enter_context(postgres.server())
            assert base is not None, postgres.why_not()
            url = postgres.create_database(base, "bench")
            stack.callback(postgres.drop_database, base, "bench")
        engines = Engines(url)
        migrations.upgrade(engines.write)
        engines.dispose()
        conftest.furnish(url)
        yield url
