import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from licensing import consents
from licensing.consents import Opinion, State
from tests.conftest import NOON, WorkAs
from tests.licensing import desk


@pytest.fixture
def opinion(session: Session) -> Opinion:
    """Ask the weather department for its opinion."""
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS)
    return desk.opinion_of(session, made)


def test_a_department_agrees(session: Session, opinion: Opinion, work_as: WorkAs) -> None:
    consents.take(work_as("per_dept_approver"), opinion.id, "agree")
    session.flush()

    assert (opinion.state, opinion.given_at) == (State.AGREED, NOON)
    assert consents.conditions([opinion]) == []
    kinds = [event.kind for event in journal.history(session, opinion.id, limit=5)]
    assert kinds == ["opinion.asked", "opinion.agreed"]


def test_a_department_agrees_on_a_condition(
    session: Session, opinion: Opinion, work_as: WorkAs
) -> None:
    consents.take(
        work_as("per_dept_approver"), opinion.id, "agree_with_condition", condition="name us"
    )
    session.flush()

    assert opinion.state == State.AGREED_WITH_CONDITION
    assert consents.conditions([opinion]) == ["name us"]


def test_a_department_disagrees_with_a_reason(
    session: Session, opinion: Opinion, work_as: WorkAs
) -> None:
    with pytest.raises(StepRefused) as refused:
        consents.take(work_as("per_dept_approver"), opinion.id, "disagree")
    consents.take(
        work_as("per_dept_approver"), opinion.id, "disagree", cause="quality", reason="too coarse"
    )
    session.flush()

    assert {refusal.code for refusal in refused.value.refusals} == {"ANSWER_NEEDED"}
    assert (opinion.state, opinion.reason) == (State.DISAGREED, "too coarse")


def test_an_opinion_is_given_once(opinion: Opinion, work_as: WorkAs) -> None:
    consents.take(work_as("per_dept_approver"), opinion.id, "agree")

    with pytest.raises(StepRefused):
        consents.take(work_as("per_dept_approver"), opinion.id, "disagree", reason="but no")


@pytest.mark.parametrize(
    "person", ["per_agency_officer", "per_hub_supervisor", "per_dept_editor", "system"]
)
def test_nobody_speaks_for_the_department(opinion: Opinion, work_as: WorkAs, person: str) -> None:
    with pytest.raises(StepNotAllowed):
        consents.take(work_as(person), opinion.id, "agree")


def test_an_opinion_is_seen_by_department_agency_and_overseers(
    opinion: Opinion, work_as: WorkAs
) -> None:
    for person in ("per_dept_editor", "per_agency_officer", "per_hub_officer"):
        assert consents.seen(work_as(person), opinion.id) is opinion
        assert consents.listed(work_as(person), limit=5).items == [opinion]
    for person in ("per_developer_editor", "per_operator_editor", "per_exchange_settler"):
        with pytest.raises(NotFound) as foreign:
            consents.seen(work_as(person), opinion.id)
        with pytest.raises(NotFound) as missing:
            consents.seen(work_as(person), "opn_none")
        assert foreign.value.zh == missing.value.zh
        assert consents.listed(work_as(person), limit=5).items == []


def test_opinions_are_listed_by_state_and_scenario(opinion: Opinion, work_as: WorkAs) -> None:
    work = work_as("per_dept_approver")

    assert consents.listed(work, state=State.ASKED, limit=5).items == [opinion]
    assert consents.listed(work, state=State.AGREED, limit=5).items == []
    assert consents.listed(work, scenario_id=opinion.scenario_id, limit=5).items == [opinion]
    assert consents.listed(work, scenario_id="scn_none", limit=5).items == []


def test_a_department_is_asked_once_a_round(session: Session, opinion: Opinion) -> None:
    columns = Opinion.__table__.columns.keys()
    twin = {name: getattr(opinion, name) for name in columns} | {"id": "opn_2"}
    session.add(Opinion(**twin))

    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    ("state", "name"),
    [("disagreed", "disagreement_has_reason"), ("agreed_with_condition", "condition_is_told")],
)
def test_the_database_wants_words_with_an_answer(
    session: Session, opinion: Opinion, state: str, name: str
) -> None:
    statement = update(Opinion).where(Opinion.id == opinion.id).values(state=state)

    with pytest.raises(IntegrityError, match=name):
        session.execute(statement)
