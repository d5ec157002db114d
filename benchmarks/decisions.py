"""The decision on one use of data, against reading one row by its key.

Neither commits: the decision is made in one transaction after the other's commit as well, so
the disk is left out on both sides. What is left is every clause of the authorisation, the
agreement behind it, the quota that is spent and the decision that is kept.
"""

from sqlalchemy import select

from app.unit import Exchange
from benchmarks.house import furnished
from benchmarks.stopwatch import Way, compare
from licensing import decisions
from licensing.authorisations import Authorisation
from licensing.decisions import Request
from tests.conftest import work_of
from tests.licensing import grants

TURNS = 300


def run() -> None:
    """Decide, and read, turn by turn."""
    with furnished() as application:
        key = _granted(application)
        asked = _request(key)
        engines = application.house.engines

        def decide() -> None:
            with engines.writing() as session:
                made = decisions.decide(work_of(session, "per_buyer_editor"), asked)
                session.flush()
                assert made.allowed

        def read() -> None:
            with engines.reading() as session:
                table = Authorisation.__table__.c
                assert session.scalar(select(table.state).where(table.id == key)) == "active"

        compare(
            "May this be read now? (SQLite, without the commit)",
            Way("licensing.decisions.decide", decide),
            Way("SELECT of one row by its key", read),
            turns=TURNS,
        )


def _granted(application: Exchange) -> str:
    with application.house.engines.writing() as session:
        grants.agreement(session)
        key = grants.active(session).id
        session.commit()
    return key


def _request(authorisation_id: str) -> Request:
    return Request(
        authorisation_id=authorisation_id,
        organisation_id="org_buyer",
        purpose_code="weather_insurance",
        items=((grants.DIRECTORY, "RAIN"),),
        transform="aggregated",
        output_form="record_api",
        region="430100",
        environment="tee",
        quantity={"rows": 1},
        subject="dlv_1",
    )
