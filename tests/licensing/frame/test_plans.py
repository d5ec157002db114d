from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from licensing import plans
from licensing.frame import plan_rows
from licensing.plans import LIFE, State
from tests.conftest import CRYPTO, NOON, WorkAs, work_of
from tests.licensing import desk, frames


@pytest.fixture
def code(session: Session) -> str:
    """Publish and register a directory of weather."""
    return desk.directory(session)


def refusal_codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [each.code for each in refused.value.refusals]


def test_a_plan_is_decided_approved_by_another_and_put_in_force(
    session: Session, code: str
) -> None:
    plan = frames.planned(session, code)

    assert plan.state == State.EFFECTIVE
    assert plan.code == "PL-430000-2026-0001"
    assert (plan.edition, plan.approved_by, plan.effective_at) == (1, "per_hub_supervisor", NOON)
    assert plan.decision == {
        "meeting_no": "〔2026〕第7次",
        "date": "2026-06-20",
        "resolution_digest": frames.DIGEST,
        "legal_review_digest": frames.DIGEST,
    }
    assert plan.text_digest == plan_rows.digest(plan, CRYPTO)
    assert plans.current(session, plan.code) is plan
    kinds = [event.kind for event in journal.history(session, plan.id, limit=9)]
    assert kinds == ["plan.drafted", "plan.decided", "plan.approved", "plan.in_force"]


def test_a_decision_needs_its_meeting_and_its_legal_review(session: Session, code: str) -> None:
    plan = frames.plan(session, code)
    work = work_of(session, "per_agency_approver")

    with pytest.raises(StepRefused) as unanswered:
        plans.take(work, plan.id, "decide", **{**frames.DECISION, "legal_review_digest": ""})
    with pytest.raises(Invalid) as no_digest:
        plans.take(work, plan.id, "decide", **{**frames.DECISION, "resolution_digest": "yes"})

    assert refusal_codes(unanswered) == ["ANSWER_NEEDED"]
    assert no_digest.value.pointer == "/resolution_digest"


def test_a_meeting_that_is_yet_to_be_held_decides_nothing(session: Session, code: str) -> None:
    plan = frames.plan(session, code)
    given: Any = {**frames.DECISION, "meeting_date": date(2026, 7, 2)}

    with pytest.raises(Invalid) as invalid:
        plans.take(work_of(session, "per_agency_approver"), plan.id, "decide", **given)

    assert invalid.value.pointer == "/meeting_date"


def test_what_was_decided_cannot_be_rewritten(session: Session, code: str) -> None:
    plan = frames.plan(session, code)
    officer = work_of(session, "per_agency_officer")
    plans.change(officer, plan.id, **frames.plan_terms(code, title="Rain"))
    frames.plan_goes(session, plan, "decide")

    with pytest.raises(StepRefused) as late:
        plans.change(officer, plan.id, **frames.plan_terms(code, title="Wind"))
    plan.title = "Wind"
    with pytest.raises(StepRefused) as changed:
        frames.plan_goes(session, plan, "approve")

    assert refusal_codes(late) == ["ILLEGAL_TRANSITION"]
    assert refusal_codes(changed) == ["TEXT_CHANGED"]


def test_a_plan_that_is_returned_is_written_again(session: Session, code: str) -> None:
    plan = frames.plan(session, code)
    frames.plan_goes(session, plan, "decide", "return")

    plans.change(work_of(session, "per_agency_officer"), plan.id, **frames.plan_terms(code))
    frames.plan_goes(session, plan, "decide", "approve")

    assert plan.state == State.APPROVED


def test_a_material_change_is_a_new_edition_that_is_decided_anew(
    session: Session, code: str
) -> None:
    first = frames.planned(session, code)
    officer = work_of(session, "per_agency_officer")
    second = plans.revise(officer, first.id, **frames.plan_terms(code, title="Weather, widened"))
    session.flush()

    with pytest.raises(StepRefused) as twice:
        plans.revise(officer, first.id, **frames.plan_terms(code))
    meanwhile = plans.current(session, first.code)
    frames.plan_goes(session, second, "decide", "approve", "put_in_force")

    assert refusal_codes(twice) == ["EDITION_UNDER_WAY"]
    assert meanwhile is first
    assert (second.code, second.edition) == (first.code, 2)
    assert (first.state, second.state) == (State.SUPERSEDED, State.EFFECTIVE)
    assert [each.edition for each in plans.editions(session, first.code)] == [2, 1]


def test_only_a_plan_in_force_is_revised(session: Session, code: str) -> None:
    plan = frames.plan(session, code)

    with pytest.raises(StepRefused) as refused:
        plans.revise(work_of(session, "per_agency_officer"), plan.id, **frames.plan_terms(code))

    assert refusal_codes(refused) == ["PLAN_NOT_EFFECTIVE"]


def test_a_plan_whose_term_is_over_is_not_decided_on(session: Session, code: str) -> None:
    plan = frames.plan(session, code, term_to=date(2026, 6, 30))

    found = LIFE.refusals("decide", plan, work_of(session, "per_agency_approver"))

    assert [each.code for each in found] == ["TERM_OVER"]


def test_the_database_holds_one_edition_in_force_and_knows_who_approved(
    session: Session, code: str
) -> None:
    first = frames.planned(session, code)
    frames.plan(session, code)
    session.commit()

    for statement, name in (
        ("UPDATE implementation_plans SET approved_by = NULL", "approved_by_somebody"),
        ("UPDATE implementation_plans SET decision = NULL", "decided_with_a_record"),
        (f"UPDATE implementation_plans SET state = 'effective', decision = '{{}}', edition = 2, "
         f"approved_by = 'per_hub_supervisor', text_digest = 'x', code = '{first.code}' "
         "WHERE state = 'draft'", "code"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match=name):
            session.execute(text(statement))
        session.rollback()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"modes": []}, "/modes"),
    ({"modes": ["exclusive"]}, "/modes/0"),
    ({"resource_scope": []}, "/resource_scope"),
    ({"resource_scope": ["CAT-NONE"]}, "/resource_scope/0"),
    ({"term_to": date(2025, 1, 1)}, "/term_to"),
    ({"term_to": date(2031, 1, 1)}, "/term_to"),
    ({"necessity": " "}, "/necessity"),
    ({"security": "x" * 4001}, "/security"),
]


@pytest.mark.parametrize(("changes", "pointer"), WRONG)
def test_a_plan_that_cannot_be_meant_is_refused_where_it_is_wrong(
    session: Session, code: str, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        frames.plan(session, code, **changes)

    assert invalid.value.pointer == pointer


def test_only_an_implementing_agency_writes_plans(session: Session, code: str) -> None:
    plan = frames.planned(session, code)

    for person in ("per_operator_editor", "per_hub_supervisor", "per_agency_secretary"):
        with pytest.raises(StepNotAllowed):
            plans.draft(work_of(session, person), **frames.plan_terms(code))
    with pytest.raises(StepNotAllowed):
        plans.change(work_of(session, "per_operator_editor"), plan.id, **frames.plan_terms(code))


def test_a_draft_is_the_agencys_own_and_a_plan_in_force_is_read_by_members(
    session: Session, code: str, work_as: WorkAs
) -> None:
    plan = frames.plan(session, code)

    def reads(person: str) -> bool:
        try:
            plans.seen(work_as(person), plan.id)
        except NotFound:
            return False
        return [each.id for each in plans.listed(work_as(person), limit=9).items] == [plan.id]

    people = ("per_agency_officer", "per_hub_supervisor", "per_operator_editor")
    drafted = [reads(person) for person in people]
    frames.plan_goes(session, plan, "decide")
    decided = [reads(person) for person in people]
    frames.plan_goes(session, plan, "approve", "put_in_force")

    assert drafted == [True, False, False]
    assert decided == [True, True, False]
    assert [reads(person) for person in people] == [True, True, True]
    assert plans.listed(work_as("per_agency_officer"), state=State.DRAFT, limit=9).items == []
    with pytest.raises(NotFound):
        plans.find(session, "pln_none")
