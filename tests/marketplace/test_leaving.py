"""An organisation leaves with nothing open: no order, no authorisation, no money to come."""

import pytest
from sqlalchemy.orm import Session

from kernel.errors import StepRefused
from kernel.journal import Event
from kernel.work import Work
from licensing import authorisations
from marketplace import progress
from tests.conftest import WorkAs, work_of
from tests.licensing import grants
from tests.marketplace import make
from tests.settlement import money


def leaving(session: Session, organisation_id: str) -> list[str]:
    """Return why an organisation may not leave; empty when it may."""
    work: Work = work_of(session, "system")
    session.flush()
    event = Event(kind="organisation.exit_asked", subject=organisation_id)
    try:
        progress.let_go(work, event)
    except StepRefused as refused:
        return [refusal.code for refusal in refused.refusals]
    return []


def test_who_has_nothing_open_may_leave(session: Session) -> None:
    assert leaving(session, "org_other") == []


@pytest.mark.parametrize("party", ["org_buyer", "org_developer"])
def test_an_order_that_runs_keeps_both_its_parties(session: Session, party: str) -> None:
    make.placed(session)

    assert leaving(session, party) == ["OPEN_ORDERS"]


def test_a_live_authorisation_keeps_its_holder(session: Session) -> None:
    held = grants.active(session)
    assert held.state in authorisations.LIVE

    assert leaving(session, held.grantee_id) == ["LIVE_AUTHORISATIONS"]


def test_who_has_yet_to_be_paid_stays(work_as: WorkAs, session: Session) -> None:
    money.everybodys_accounts(work_as)
    money.paid(work_as)
    money.accepted(work_as)
    money.settled(work_as)

    assert leaving(session, "org_operator") == ["UNPAID_BALANCE"]
