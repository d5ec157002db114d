"""What a broken promise (容缺承诺) does to a case that has not been authorised yet."""

import pytest
from sqlalchemy.orm import Session

from app import timetable
from kernel import watch
from kernel.errors import StepRefused
from kernel.journal import history
from licensing import scenarios
from licensing.applications import commitments
from licensing.applications.cases import Scenario
from tests.conftest import work_of
from tests.licensing import desk
from tests.licensing.standing import lives

PROMISE = {
    "destruction_plan": "",
    "commitments": [{"material": "destruction_plan", "due_on": "2026-07-13"}],
}
KEPT = desk.days_later(11)
BROKEN = desk.days_later(13)


def promised(session: Session, *path: str) -> Scenario:
    made = desk.submitted(session, **PROMISE)
    desk.walk(session, made, *desk.TO_DECISION, *path)
    return made


def keep(session: Session, made: Scenario) -> None:
    (one,) = commitments.outstanding(session, made.id)
    provided = work_of(session, "per_developer_editor", at=KEPT)
    commitments.take(provided, one.id, "provide", digest="ab" * 32)
    commitments.take(work_of(session, "per_agency_officer", at=KEPT), one.id, "confirm")


def let_it_break(session: Session) -> None:
    timetable.take_overdue(lives.witnessed(session, "system", at=BROKEN))
    session.flush()


def codes(refused: StepRefused) -> list[str]:
    return [refusal.code for refusal in refused.refusals]


def test_a_case_with_a_broken_promise_is_not_authorised(session: Session) -> None:
    made = promised(session)
    let_it_break(session)

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "authorise", at=BROKEN)
    desk.walk(session, made, "reject", at=BROKEN)

    assert codes(refused.value) == ["PROMISE_BROKEN"]
    assert "destruction_plan" in refused.value.refusals[0].en
    assert made.state == scenarios.State.REJECTED


@pytest.mark.parametrize("kept", [True, False])
def test_a_case_whose_promise_is_kept_or_still_open_is_authorised(
    session: Session, kept: bool
) -> None:
    made = promised(session)
    if kept:
        keep(session, made)

    desk.walk(session, made, "authorise", at=KEPT)

    assert made.state == scenarios.State.PUBLICITY


def test_what_was_announced_is_taken_back_when_a_promise_breaks(session: Session) -> None:
    made = promised(session)
    desk.walk(session, made, "authorise", at=KEPT)

    let_it_break(session)
    let_it_break(session)

    clock = watch.running(session, made.id)
    last = [event.kind for event in history(session, made.id, limit=2)]
    assert made.state == scenarios.State.DECIDING
    assert last[-1] == "scenario.promise_broken"
    assert clock is not None
    assert clock.key == "clocks.decision"
    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "authorise", at=BROKEN)
    assert codes(refused.value) == ["PROMISE_BROKEN"]


def test_what_was_announced_stays_when_the_promise_is_kept(session: Session) -> None:
    made = promised(session)
    desk.walk(session, made, "authorise", at=KEPT)
    keep(session, made)

    let_it_break(session)

    assert made.state == scenarios.State.PUBLICITY
    assert not any(
        refusal.code == "PROMISE_BROKEN"
        for refusal in scenarios.LIFE.refusals(
            "close_publicity", made, work_of(session, "system", at=BROKEN)
        )
    )


def test_the_close_of_a_publicity_asks_for_kept_promises_by_itself(session: Session) -> None:
    made = promised(session)
    desk.walk(session, made, "authorise", at=KEPT)
    (one,) = commitments.outstanding(session, made.id)
    one.state = commitments.State.BROKEN  # as if nobody had told the case

    refused = scenarios.LIFE.refusals(
        "close_publicity", made, work_of(session, "system", at=desk.days_later(40))
    )

    assert [refusal.code for refusal in refused] == ["PROMISE_BROKEN"]
