"""What the lists of the frame cost: as many SELECTs for many rows as for one."""

import pytest

from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.counting import selects
from tests.app.pages.town import Town
from tests.licensing import frames, grants

pytestmark = ON_SQLITE

HUB = "per_hub_supervisor"


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
