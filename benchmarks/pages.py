"""The lists that officers, overseers and everybody open, each timed at 10,000 scenarios.

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
from tests.licensing import desk, grants

TURNS = 15
SCENARIOS = 10_000
PATHS = (
    "/cases", "/cases?q=99&pi=no&grade=G1", "/cases?red=1", "/scenarios", "/supervision",
    "/authorisations", "/authorisations?state=revoked", "/register", "/register?state=revoked",
    "/register?q=99", "/register?q=nowhere", "/register?kind=primary_product",
    "/register/revocations",
)  # fmt: skip
READERS = {"per_hub_supervisor": PATHS, "per_operator_signer": ("/authorisations", "/scenarios")}
"""Who opens what: an overseer sees everything, an operator what it is a party to."""

STATES = ("formal_check", "dept_opinion", "panel_forming", "assessing", "deciding")
ENDED = ("active", "issued", "expired", "surrendered", "revoked")
GRANTED = "scn_weather"
"""The scenario of the one authorisation; each copy of that is of a copied scenario."""

COPIED = (
    "scenarios", "scenario_items", "clocks", "authorisations", "authorisation_parties",
    "authorisation_items",
)  # fmt: skip


def run() -> None:
    """Time every list at one scenario and at ten thousand."""
    with furnished("few.db") as few, furnished("many.db") as many:
        for application in (few, many):
            _begin(application)
        _copy(many)
        for person, paths in READERS.items():
            small, large = _reader(few, person), _reader(many, person)
            for path in paths:
                _timed(person, path, small, large)


def _timed(person: str, path: str, small: Any, large: Any) -> None:
    compare(
        f"GET {path} ({person})",
        Way(f"{SCENARIOS:,} scenarios", lambda: _open(large, path)),
        Way("one scenario", lambda: _open(small, path)),
        turns=TURNS,
    )


def _begin(application: Exchange) -> None:
    with application.house.engines.writing() as session:
        made = desk.submitted(session)
        desk.walk(session, made, "accept", "request_opinions")
        grants.issued(session, given=grants.scope(output_forms=["aggregate_report"]))
        session.commit()


def _reader(application: Exchange, person: str) -> Any:
    client = application.test_client()
    given = {"login": f"{person}@test", "password": cast.PASSWORD, "next": "/desk"}
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
            rows = [row for row in rows if row.get("id") != GRANTED]
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
    if table.startswith("authorisation"):
        return _granted(table, row, turn)
    begun = (NOON - timedelta(days=turn % 60)).date()
    due = begun + timedelta(days=row["limit_days"])
    subject = key + row["subject"][row["subject"].find("/") :] if "/" in row["subject"] else key
    days = {"started_on": begun.isoformat(), "due_on": due.isoformat()}
    return {**row, "id": None, "subject": subject, **days}


def _granted(table: str, row: dict[str, Any], turn: int) -> dict[str, Any]:
    key = f"aut_copy{turn:08}"
    if table != "authorisations":
        return {**row, "authorisation_id": key}
    number, state = f"AU-000000-2026-{turn:06}", ENDED[turn % len(ENDED)]
    of = {"scenario_id": f"scn_copy{turn:08}", "assessment_id": f"asm_copy{turn:08}"}
    return {**row, **of, "id": key, "cert_no": number, "state": state}
