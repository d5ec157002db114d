"""Databases that stood at an earlier step, and were brought to the newest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.orm import Session

import migrations
from kernel import ids
from kernel.engines import Engines
from tests import postgres


@contextmanager
def brought_from(
    step: str,
    fill: Callable[[Connection], None],
    request: pytest.FixtureRequest,
    folder: Path,
) -> Iterator[Session]:
    """Let `fill` write what a database holds at `step`, bring it up, and open it."""
    name = f"databourse_{ids.secret(9).lower().replace('-', '_')}"
    server = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
    url = postgres.create_database(server, name) if server else f"sqlite:///{folder}/old.db"
    opened = Engines(url)
    config = migrations.configuration()
    with (
        opened.write.connect() as connection,
        migrations._rebuilding(connection),
        connection.begin(),
    ):
        config.attributes["connection"] = connection
        command.upgrade(config, step)
        fill(connection)
    migrations.upgrade(opened.write)
    with opened.writing() as session:
        yield session
    opened.dispose()
    if server:
        postgres.drop_database(server, name)
