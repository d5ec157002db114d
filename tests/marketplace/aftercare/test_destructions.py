"""What was received is destroyed when its right ends: proved in time, audited by lot."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.reactions import REACTIONS
from delivery import tasks
from delivery.tasks import DeliveryTask
from kernel import watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.journal import Event
from marketplace.aftercare import destructions, papers
from marketplace.aftercare.destructions import Cause, DataDestruction, State
from tests.conftest import RULES, WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.aftercare.cases import BUYER, NOW, OFFICER, SELLER, SUPERVISOR

SIGNER = "per_buyer_signer"
PROOF = "ab" * 32
LATER = NOW + timedelta(days=300)


def received(session: Session) -> DeliveryTask:
    """Return a delivery that was accepted and read."""
    (task,) = tasks.of_order(session, make.accepted(session).id)
    task.reads = 2
    session.flush()
    return task


def due(session: Session) -> DataDestruction:
    """Return the destruction of a delivery that was revoked."""
    made = destructions.open_for(
        work_of(session, "system", at=NOW), received(session), Cause.DELIVERY_ENDED
    )
    assert made is not None
    session.flush()
    return made


def take(session: Session, it: DataDestruction, step: str, person: str, **data: Any) -> None:
    """Take one step."""
    destructions.take(work_of(session, person, at=NOW), it.id, step, **data)
    session.flush()


def test_what_is_over_is_due_once(session: Session, work_as: WorkAs) -> None:
    task = received(session)
    tasks_before = destructions.open_due(work_as("system", at=NOW), limit=9)

    opened = destructions.open_due(work_as("system", at=LATER), limit=9)
    session.flush()
    again = destructions.open_due(work_as("system", at=LATER), limit=9)

    found = destructions.of_task(session, task.id)
    assert (tasks_before, opened, again) == (0, 1, 0)
    assert found is not None
    assert found.cause == Cause.PERIOD_OVER
    clock = watch.running(session, found.id)
    assert clock is not None
    assert (clock.owner, clock.overdue_step) == ("org_buyer", "run_over")


def test_what_was_never_received_need_not_be_destroyed(session: Session, work_as: WorkAs) -> None:
    (task,) = tasks.of_order(session, make.accepted(session).id)

    assert destructions.open_for(work_as("system"), task, Cause.PERIOD_OVER) is None
    assert destructions.open_due(work_as("system", at=LATER), limit=9) == 0


@pytest.mark.parametrize("kind", ["delivery.revoked", "delivery.term_ended"])
def test_the_end_of_a_delivery_asks_for_proof(session: Session, kind: str) -> None:
    task, house = received(session), work_of(session, "system", at=NOW)

    for _ in range(2):
        for reaction in REACTIONS[kind].values():
            reaction(house, Event(kind=kind, subject=task.id, data={}))
        session.flush()

    found = destructions.of_task(session, task.id)
    assert found is not None
    assert found.cause == Cause.DELIVERY_ENDED


def test_the_end_of_an_authorisation_asks_for_proof(session: Session, work_as: WorkAs) -> None:
    product = make.listed(session, make.public_content(session))
    (task,) = tasks.of_order(session, make.accepted(session, product).id)
    task.reads = 1
    session.flush()

    event = Event(kind="authorisation.revoked", subject=task.authorisation_id, data={})
    destructions.authorisation_ended(work_as("system", at=NOW), event)
    session.flush()

    found = destructions.of_task(session, task.id)
    assert found is not None
    assert found.cause == Cause.AUTHORISATION_ENDED


def test_a_buyer_certifies_by_a_digest_or_a_file(session: Session, work_as: WorkAs) -> None:
    first, second = due(session), due(session)
    told = {"method": "erased", "signer": "张三"}
    for bad in ({**told, "digest": "x"}, {**told, "method": "burnt", "digest": PROOF}, told):
        with pytest.raises(Invalid), session.begin_nested():
            take(session, first, "certify", SIGNER, **bad)
    with pytest.raises(StepNotAllowed):
        take(session, first, "certify", SELLER, **told, digest=PROOF)

    take(session, first, "certify", SIGNER, **told, digest=PROOF.upper())
    file = b"%PDF-1.7 certificate"
    destructions.show_certificate(
        work_as(BUYER, at=NOW), second.id, said="销毁证明", name="a.pdf", content=file
    )
    session.flush()
    take(session, second, "certify", SIGNER, **told)
    with pytest.raises(StepRefused):
        destructions.show_certificate(work_as(BUYER, at=NOW), second.id, said="再传")

    assert (first.state, first.digest) == (State.CERTIFIED, PROOF)
    assert second.digest == papers.of(session, second.id)[0].digest
    assert watch.running(session, first.id) is None


def test_a_late_one_is_overdue_and_can_still_be_proved(session: Session) -> None:
    found = due(session)
    house = work_of(session, "system", at=LATER)
    destructions.take(house, found.id, "run_over")
    was = found.state

    take(session, found, "certify", SIGNER, method="media_destroyed", signer="张三", digest=PROOF)

    assert (was, found.state) == (State.OVERDUE, State.CERTIFIED)


def test_an_auditor_confirms_or_returns_a_certificate(session: Session) -> None:
    found = due(session)
    told = {"method": "erased", "signer": "张三", "digest": PROOF}
    take(session, found, "certify", SIGNER, **told)
    take(session, found, "return", OFFICER, reason="未盖章")
    returned = (found.state, found.digest)
    take(session, found, "certify", SIGNER, **told)

    take(session, found, "audit", SUPERVISOR, reason="现场核验")

    assert returned == (State.DUE, None)
    assert found.state == State.AUDITED


def test_a_lot_decides_which_are_audited(session: Session) -> None:
    found = due(session)
    work = work_of(session, "system")
    share = RULES.number("aftercare.audit_bp")

    drawn = sum(destructions.drawn(work, found, f"{number:064x}") for number in range(2_000))

    assert abs(drawn - 2_000 * share / 10_000) < 60


def test_it_concerns_its_parties_and_overseers(session: Session, work_as: WorkAs) -> None:
    found = due(session)

    for key in (found.id, "dds_none"):
        with pytest.raises(NotFound):
            destructions.seen(work_as("per_other_editor"), key)
    with pytest.raises(StepNotAllowed):
        destructions.show_certificate(work_as(SELLER), found.id, said="x")
    for person, number in ((BUYER, 1), (SELLER, 1), (OFFICER, 1), ("per_other_editor", 0)):
        page = destructions.listed(work_as(person), unproved=True, state="due", limit=9)
        assert len(page.items) == number
