"""Plays the story: in a database made for it, or at an app that is being served."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import create_engine, text

from app import house, serve
from app.story import chapters, stage, tampering
from app.story.callers import Refused
from app.story.stage import Stage
from app.story.telling import Telling
from config.settings import Settings
from kernel import ids
from kernel.engines import normal


def play_fresh(settings: Settings, url: str | None, *, say: Callable[[str], object]) -> Telling:
    """Play in a database made for it and dropped after it: SQLite, or in `url`'s PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="databourse-") as folder, _database(url, folder) as at:
        fresh = replace(
            settings,
            database_url=at,
            data_dir=f"{folder}/domain",
            key_file=f"{folder}/key",
            clock="adjustable",
            log_level="WARNING",
            worker=True,
        )
        players = stage.furnish(fresh)
        with stage.served(fresh, host="127.0.0.1", port=serve.free_port("127.0.0.1", 0)) as (
            _,
            port,
        ):
            return play(fresh, port, players, say=say, reopen=False)


def play(
    settings: Settings, port: int, players: dict[str, str], *, say: Any, reopen: bool
) -> Telling:
    """Play the story at a served app whose cast is `players`; whatever fails is told.

    reopen: see `chapters.play`.
    """
    scene = Stage("127.0.0.1", port, Telling(say), players)
    built = house.build(settings, {})
    try:
        chapters.play(scene, reopen=reopen)
        tampering.prove(scene.telling, built)
    except (Refused, OSError, KeyError, ValueError) as error:
        say(f"    {type(error).__name__}: {error}")
    finally:
        scene.leave()
        built.engines.dispose()
    return scene.telling


@contextmanager
def _database(url: str | None, folder: str) -> Iterator[str]:
    if url is None:
        yield f"sqlite:///{folder}/story.db"
        return
    name = f"databourse_story_{ids.secret(9).lower().replace('-', '_')}"
    server = create_engine(normal(url), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield normal(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        server.dispose()
