"""The lists that officers and overseers open, each timed at 10,000 scenarios.

The pages are asked for over the whole application, as a browser would. Beside each stands
the same list with a handful of rows behind it: what a page costs may not grow with them.
"""

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

from app.unit import Exchange
from benchmarks.house import furnished
from benchmarks.stopwatch import Way, compare
from tests import cast
from tests.conftest import NOON
from tests.licensing import desk

TURNS = 15
SCENARIOS = 10_000
PATHS = ("/cases", "/cases?q=99&pi=no&grade=G1", "/cases?red=1", "/scenarios", "/supervision")
STATES = ("formal_check", "dept_opinion", "panel_forming", "assessing", "deciding")
COPIED = ("scenarios", "scenario_items", "clocks")


def run() -> None:
    """Time every list at one scenario and at ten thousand."""
    with furnished("few.db") as few, furnished("many.db") as many:
        for application in (few, many):
            _begin(application)
        _copy(many)
        small, large = _officer(few), _officer(many)
        for path in PATHS:
            compare(
                f"GET {path}",
                Way(f"{SCENARIOS:,} scenarios", lambda path=path: _open(large, path)),  # type: ignore[misc]  # bound now
                Way("one scenario", lambda path=path: _open(small, path)),  # type: ignore[misc]  # bound now
                turns=TURNS,
            )


def _begin(application: Exchange) -> None:
    with application.house.engines.writing() as session:
        made = desk.submitted(session)
        desk.walk(session, made, "accept", "request_opinions")
        session.commit()


def _officer(application: Exchange) -> Any:
    client = application.test_client()
    given = {"login": "per_hub_supervisor@test", "password": cast.PASSWORD, "next": "/desk"}
    assert client.post("/sign-in", data=given).status_code == 303
    return client


def _open(client: Any, path: str) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, (path, answer.status_code)
    return re.sub(r"\s+", " ", answer.text)


def _copy(application: Exchange) -> None:
    """Write the one scenario ten thousand times: other number, other state, other day."""
    with closing(sqlite3.connect(str(application.house.engines.url.database))) as connection:
        connection.row_factory = sqlite3.Row
        for table in COPIED:
            rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608 - our own names
            rows = [row for row in rows if row.get("completed_on") is None]
            made = [_again(table, row, turn) for turn in range(SCENARIOS) for row in rows]
            names = ", ".join(rows[0])
            places = ", ".join(f":{name}" for name in rows[0])
            connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", made)  # noqa: S608 - our own names
        connection.commit()
        connection.execute("ANALYZE")


def _again(table: str, row: dict[str, Any], turn: int) -> dict[str, Any]:
    key = f"scn_copy{turn:08}"
    if table == "scenarios":
        code = f"SC-000000-2026-{turn:06}"
        return {**row, "id": key, "code": code, "state": STATES[turn % len(STATES)]}
    if table == "scenario_items":
        return {**row, "scenario_id": key}
    begun = (NOON - timedelta(days=turn % 60)).date()
    due = begun + timedelta(days=row["limit_days"])
    subject = key + row["subject"][row["subject"].find("/") :] if "/" in row["subject"] else key
    days = {"started_on": begun.isoformat(), "due_on": due.isoformat()}
    return {**row, "id": None, "subject": subject, **days}
