"""What the lists of the frame cost: as many SELECTs for many rows as for one."""

from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import Town
from tests.licensing import frames, grants

pytestmark = ON_SQLITE

HUB = "per_hub_supervisor"


def selects(browser: Browser, path: str) -> int:
    """Open a page; returns how many SELECTs that took."""
    found: list[str] = []

    def count(_c: Any, _u: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return sum(statement.lstrip().startswith("SELECT") for statement in found)


@pytest.mark.parametrize(
    "path",
    [
        "/authorisations",
        "/register",
        "/register?q=a&kind=development",
        "/register?file=csv",
        "/register/operations",
        "/frame/operations",
        "/frame/plans",
    ],
)
def test_a_list_costs_the_same_however_many_stand_in_it(
    visit: Visit, application: Exchange, town: Town, path: str
) -> None:
    reader = visit(HUB)
    selects(reader, path)  # what is read once and kept is read here
    before = selects(reader, path)
    with application.house.engines.writing() as session:
        for number in range(3):
            grants.issued(
                session,
                given=grants.scope(output_forms=["aggregate_report"]),
                scenario_id=f"scn_{number}",
                assessment_id=f"asm_{number}",
            )
            frames.effective(session, "CAT-430000-000001")
        session.commit()

    after = selects(reader, path)

    assert 0 < after == before
