from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.errors import NotFound, StepNotAllowed
from kernel.journal import Event
from kernel.work import Work
from licensing import authorisations, decisions
from licensing.deciding import breakers
from licensing.deciding.breakers import Alert
from tests.conftest import NOON, work_of
from tests.licensing import grants
from tests.licensing.deciding import uses

WorkAs = Callable[..., Work]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def key(session: Session) -> str:
    grants.agreement(session)
    return grants.active(session).id


def deny(session: Session, key: str, times: int, *, first: int = 0, **changes: object) -> None:
    asked = uses.request(key, **{"region": "110000", **changes})
    for turn in range(times):
        at = NOON + MINUTE * (first + turn)
        decisions.decide(work_of(session, "per_buyer_editor", at=at), asked)


def alerts(session: Session) -> list[Alert]:
    return list(session.scalars(select(Alert).order_by(Alert.id)))


def test_the_third_denial_of_a_kind_is_an_alert(session: Session, key: str) -> None:
    deny(session, key, 2)
    before = alerts(session)
    deny(session, key, 1, first=2)

    raised = alerts(session)[0]

    assert before == []
    assert (raised.state, raised.code, raised.denials) == ("raised", "REGION_OUT_OF_SCOPE", 3)
    told = session.scalars(select(Event).where(Event.kind == "breaker.raised")).one()
    assert told.data["authorisation_id"] == key


def test_the_tenth_is_a_proposal_to_suspend_and_nobody_is_suspended_by_it(
    session: Session, key: str
) -> None:
    deny(session, key, 9)
    raised = alerts(session)[0].state
    deny(session, key, 3, first=9)

    assert raised == "raised"
    assert [(one.state, one.denials) for one in alerts(session)] == [("proposed", 10)]
    assert authorisations.find(session, key).state == "active"


def test_denials_of_several_kinds_are_counted_apart(session: Session, key: str) -> None:
    deny(session, key, 2)
    deny(session, key, 2, first=2, region="430000", purpose_code="other")

    assert alerts(session) == []


def test_denials_further_apart_than_the_window_are_no_alert(session: Session, key: str) -> None:
    deny(session, key, 2)
    deny(session, key, 2, first=70)

    assert alerts(session) == []


def test_a_name_that_was_guessed_is_no_alert(session: Session, key: str) -> None:
    for _ in range(4):
        decisions.decide(work_of(session, "per_buyer_editor"), uses.request("aut_guessed"))

    assert alerts(session) == []


def test_the_regulator_suspends_what_was_proposed(session: Session, key: str) -> None:
    deny(session, key, 10)
    proposed = alerts(session)[0]

    supervisor = work_of(session, "per_hub_supervisor")
    breakers.take(supervisor, proposed.id, "suspend", reason="asked elsewhere ten times")

    found = authorisations.find(session, key)
    assert (found.state, found.suspend_reason) == ("suspended", "overuse")
    assert proposed.state == "suspended"


def test_what_was_dismissed_is_counted_anew(session: Session, key: str) -> None:
    deny(session, key, 3)
    later = work_of(session, "per_hub_supervisor", at=NOON + 3 * MINUTE)
    breakers.take(later, alerts(session)[0].id, "dismiss", reason="a new clerk")
    deny(session, key, 2, first=4)
    quiet = len(alerts(session))
    deny(session, key, 1, first=6)

    assert quiet == 1
    assert [one.state for one in alerts(session)] == ["dismissed", "raised"]


def test_only_the_regulator_decides_on_an_alert(
    session: Session, work_as: WorkAs, key: str
) -> None:
    deny(session, key, 3)
    alert = alerts(session)[0]

    with pytest.raises(StepNotAllowed):
        breakers.take(work_as("per_developer_signer"), alert.id, "dismiss", reason="no")
    with pytest.raises(NotFound):
        breakers.seen(work_as("per_other_editor"), alert.id)
    with pytest.raises(NotFound):
        breakers.find(session, "alr_nowhere")


def test_parties_see_the_alerts_of_theirs(session: Session, work_as: WorkAs, key: str) -> None:
    deny(session, key, 3)

    def listed(person: str, **wanted: str) -> int:
        return len(breakers.listed(work_as(person), after=None, limit=5, **wanted).items)

    assert listed("per_developer_signer") == listed("per_hub_supervisor") == 1
    assert listed("per_other_editor") == 0
    assert listed("per_hub_supervisor", state="proposed") == 0
    assert listed("per_hub_supervisor", state="raised") == 1


def test_of_two_who_count_to_the_same_number_one_raises(session: Session, key: str) -> None:
    deny(session, key, 3)
    made = alerts(session)[0]
    asked = uses.request(key, region="110000")
    decision = decisions.decide(work_of(session, "per_buyer_editor"), asked)

    again = breakers._raise(work_of(session, "system"), decision, made.code, 3)

    assert again is None
    assert alerts(session) == [made]


def test_denials_are_counted_on_an_index(engines: Engines, session: Session, key: str) -> None:
    if not engines.sqlite:
        return
    statements: list[tuple[str, object]] = []

    def note(_c: object, _u: object, statement: str, parameters: object, *_: object) -> None:
        if "FROM decision_denials" in statement:
            statements.append((statement, parameters))

    event.listen(engines.write, "before_cursor_execute", note)
    deny(session, key, 1)

    statement, parameters = statements[-1]
    plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]  # as the driver had them
    assert any("USING COVERING INDEX" in row[3] or "USING INDEX" in row[3] for row in plan)
