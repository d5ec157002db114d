"""The town of the pages, and its doors: the API, the pages, and the database itself."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app.unit import Exchange
from tests.app.pages.conftest import (
    application,
    postgres_template,
    sqlite_template,
    town,
    visit,
)

__all__ = ["application", "postgres_template", "sqlite_template", "town", "visit"]

Refuses = Callable[..., None]
Ask = Callable[..., Any]


@pytest.fixture
def refuses(application: Exchange) -> Refuses:
    """Give a test of the database: it must refuse a statement for rows that it has."""

    def tried(statement: str, **values: Any) -> None:
        with application.house.engines.writing() as session:
            with pytest.raises(DatabaseError):
                session.execute(text(statement), values)
            session.rollback()
            if not statement.startswith("INSERT"):
                table, _, rows = (
                    statement.removeprefix("UPDATE ").removeprefix("DELETE FROM ").partition(" ")
                )
                where = rows.partition("WHERE")[2] or "1 = 1"
                held = session.execute(text(f"SELECT count(*) FROM {table} WHERE {where}"), values)
                assert held.scalar_one(), f"nothing to refuse: {statement}"

    return tried


@pytest.fixture
def ask(application: Exchange) -> Ask:
    """Give one value of the database."""

    def asked(statement: str, **values: Any) -> Any:
        with application.house.engines.reading() as session:
            return session.execute(text(statement), values).scalar()

    return asked
