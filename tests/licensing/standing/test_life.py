from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import watch
from kernel.errors import StepNotAllowed, StepRefused
from kernel.work import Work
from licensing import authorisations
from licensing.applications import commitments
from licensing.authorisations import Authorisation, State
from licensing.standing import bars, destructions, guards
from licensing.standing.rows import AuthorisationItem
from tests.conftest import RULES, work_of
from tests.licensing import grants
from tests.licensing.standing import lives

WorkAs = Callable[..., Work]


def test_what_stands_on_a_promise_is_active_conditionally(session: Session) -> None:
    made = grants.issued(session)
    lives.promised(session)
    operator = work_of(session, "per_operator_signer")

    with pytest.raises(StepRefused) as whole:
        authorisations.take(operator, made.id, "activate")
    authorisations.take(operator, made.id, "activate_conditionally")

    assert lives.codes(whole.value) == ["COMMITMENT_OUTSTANDING"]
    assert made.state == State.ACTIVE_CONDITIONAL
    assert authorisations.in_force(made, grants.FIRST)


def test_nothing_is_active_conditionally_without_a_promise(session: Session) -> None:
    made = grants.issued(session)

    with pytest.raises(StepRefused) as error:
        authorisations.take(
            work_of(session, "per_operator_signer"), made.id, "activate_conditionally"
        )

    assert lives.codes(error.value) == ["NO_COMMITMENT"]


def test_the_whole_right_comes_with_the_last_promise(session: Session) -> None:
    made = grants.issued(session)
    promise = lives.promised(session)
    authorisations.take(work_of(session, "per_operator_signer"), made.id, "activate_conditionally")
    house = work_of(session, "system")

    with pytest.raises(StepRefused):
        authorisations.take(house, made.id, "fulfil")
    commitments.take(
        work_of(session, "per_developer_editor"), promise.id, "provide", digest=lives.DIGEST
    )
    commitments.take(work_of(session, "per_agency_officer"), promise.id, "confirm")
    authorisations.take(house, made.id, "fulfil")

    assert made.state == State.ACTIVE


def test_i_44_a_broken_promise_suspends_at_once_and_revokes_after_ten_days(
    session: Session,
) -> None:
    made = grants.issued(session)
    promise = lives.promised(session)
    authorisations.take(work_of(session, "per_operator_signer"), made.id, "activate_conditionally")
    late = lives.witnessed(session, "system", at=lives.noon("2026-07-13"))

    commitments.take(late, promise.id, "break")

    clock = watch.running(session, made.id)
    assert clock is not None
    assert (made.state, made.suspend_reason) == (State.SUSPENDED, "overdue_commitment")
    assert (clock.limit_days, clock.overdue_step) == (10, "lapse")
    with pytest.raises(StepRefused) as error:
        authorisations.take(
            work_of(session, "per_hub_supervisor", at=late.now), made.id, "resume", reason="x"
        )
    assert "COMMITMENT_BROKEN" in lives.codes(error.value)
    authorisations.take(work_of(session, "system", at=grants.later(40)), made.id, "lapse")
    assert made.state == State.REVOKED


def test_the_house_activates_what_was_made_ready_on_its_first_day(session: Session) -> None:
    given = grants.scope(period={"from": "2026-07-06", "to": "2027-06-30"})
    ready = grants.issued(session, given=given)
    unready = grants.issued(session, given=given, scenario_id="scn_2", assessment_id="asm_2")
    authorisations.take(work_of(session, "per_operator_signer"), ready.id, "provision")
    first_day = work_of(session, "system", at=lives.noon("2026-07-06"))

    early = authorisations.activate_due(work_of(session, "system"), limit=10)
    begun = authorisations.activate_due(first_day, limit=10)

    assert (early, begun) == ([], [ready])
    assert (ready.state, unready.state) == (State.ACTIVE, State.ISSUED)
    with pytest.raises(StepRefused) as again:
        authorisations.take(work_of(session, "per_operator_signer"), unready.id, "activate")
    assert lives.codes(again.value) == ["AUTH_NOT_STARTED"]


def test_the_house_alone_activates_nothing_that_is_not_ready(session: Session) -> None:
    made = grants.issued(session)

    with pytest.raises(StepRefused) as error:
        authorisations.take(work_of(session, "system"), made.id, "activate")
    authorisations.take(work_of(session, "per_operator_signer"), made.id, "provision")
    with pytest.raises(StepRefused) as twice:
        authorisations.take(work_of(session, "per_operator_signer"), made.id, "provision")

    assert lives.codes(error.value) == ["NOT_PROVISIONED"]
    assert lives.codes(twice.value) == ["PROVISIONED_BEFORE"]


def test_nothing_is_activated_under_an_agreement_that_is_not_effective(session: Session) -> None:
    made = grants.issued(session)
    session.execute(text("UPDATE supply_agreements SET state = 'suspended'"))
    session.expire_all()

    with pytest.raises(StepRefused) as error:
        authorisations.take(work_of(session, "per_operator_signer"), made.id, "activate")

    assert lives.codes(error.value) == ["AGREEMENT_INACTIVE"]


def test_a_department_suspends_what_is_all_its_own(session: Session, work_as: WorkAs) -> None:
    mine = grants.active(session)

    grants.suspend(work_as("per_dept_approver"), mine)

    assert mine.state == State.SUSPENDED


def test_a_department_does_not_suspend_what_others_supply_too(
    session: Session, work_as: WorkAs
) -> None:
    shared = grants.active(session)
    shared.departments = ["org_dept", "org_hub"]

    with pytest.raises(StepNotAllowed):
        grants.suspend(work_as("per_dept_approver"), shared)


def test_a_suspension_is_extended_once(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    regulator = work_as("per_hub_supervisor")
    grants.suspend(regulator, made)
    later = work_as("per_hub_supervisor", at=grants.later(30))

    authorisations.take(later, made.id, "extend", reason="the police still look")
    with pytest.raises(StepRefused) as error:
        authorisations.take(later, made.id, "extend", reason="and still")

    clock = watch.running(session, made.id)
    assert clock is not None
    assert clock.started_on == later.now.date()
    assert lives.codes(error.value) == ["EXTENDED_BEFORE"]
    authorisations.take(later, made.id, "resume", reason="found nothing")
    grants.suspend(later, made)
    authorisations.take(later, made.id, "extend", reason="another one, another time")


def test_what_was_never_active_goes_back_to_issued(session: Session, work_as: WorkAs) -> None:
    made = grants.issued(session)
    regulator = work_as("per_hub_supervisor")
    grants.suspend(regulator, made)

    with pytest.raises(StepRefused) as error:
        authorisations.take(regulator, made.id, "resume", reason="over")
    authorisations.take(regulator, made.id, "reinstate", reason="over")

    assert lives.codes(error.value) == ["NEVER_ACTIVE"]
    assert (made.state, made.suspend_reason) == (State.ISSUED, None)


def test_what_was_active_is_not_reinstated_as_issued(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    grants.suspend(work_as("per_hub_supervisor"), made)

    with pytest.raises(StepRefused) as error:
        authorisations.take(work_as("per_hub_supervisor"), made.id, "reinstate", reason="over")

    assert lives.codes(error.value) == ["WAS_ACTIVE"]


def test_a_right_on_promise_is_resumed_on_promise(session: Session, work_as: WorkAs) -> None:
    made = grants.issued(session)
    lives.promised(session)
    authorisations.take(work_as("per_operator_signer"), made.id, "activate_conditionally")
    grants.suspend(work_as("per_hub_supervisor"), made)

    authorisations.take(
        work_as("per_hub_supervisor"), made.id, "resume_conditionally", reason="over"
    )

    assert made.state == State.ACTIVE_CONDITIONAL


def test_it_is_cancelled_only_before_it_begins(session: Session, work_as: WorkAs) -> None:
    given = grants.scope(period={"from": "2026-08-01", "to": "2027-06-30"})
    ahead = grants.issued(session, given=given)
    begun = grants.issued(session, scenario_id="scn_2", assessment_id="asm_2")

    authorisations.take(work_as("per_developer_signer"), ahead.id, "cancel", reason="changed")
    with pytest.raises(StepRefused) as error:
        authorisations.take(work_as("per_agency_approver"), begun.id, "cancel", reason="changed")

    assert ahead.state == State.REVOKED
    assert destructions.of(session, ahead.id) is None
    assert lives.codes(error.value) == ["AUTH_STARTED"]


def test_two_suspensions_in_a_year_are_counted(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    regulator = work_as("per_hub_supervisor")

    for _ in range(2):
        grants.suspend(regulator, made)
        authorisations.take(regulator, made.id, "resume", reason="mended")

    assert guards.suspensions(session, made.id, regulator.now) == 2
    assert guards.suspensions(session, made.id, grants.later(9)) == 0


def test_a_revocation_bars_the_grantee_from_its_field(session: Session, work_as: WorkAs) -> None:
    months = RULES.number("standing.bar_months")
    made = grants.active(session)
    field = authorisations_field(session)

    before = bars.barred(session, "org_developer", field, date(2026, 7, 2), months=months)
    authorisations.take(
        work_as("per_hub_supervisor"), made.id, "revoke", cause="unlawful_use", reason="sold on"
    )

    def asked(on: date, *, grantee: str = "org_developer", other: str = field) -> date | None:
        return bars.barred(session, grantee, other, on, months=months)

    assert before is None
    assert asked(date(2026, 7, 2)) == date(2027, 6, 30)
    assert asked(date(2027, 6, 30)) == date(2027, 6, 30)
    assert asked(date(2027, 7, 1)) is None
    assert asked(date(2026, 7, 2), grantee="org_other") is None
    assert asked(date(2026, 7, 2), other="digital_finance") is None


def test_who_lost_a_right_does_not_apply_in_its_field_for_a_year(
    session: Session, work_as: WorkAs
) -> None:
    made = grants.active(session)
    scenario = grants.scenario(session)
    house = work_as("system")

    before = bars.not_barred(scenario, house)
    authorisations.take(
        work_as("per_hub_supervisor"), made.id, "revoke", cause="unlawful_use", reason="sold on"
    )
    after = bars.not_barred(scenario, house)

    assert before is None
    assert after is not None
    assert after.code == "BARRED_AFTER_REVOCATION"


def authorisations_field(session: Session) -> str:
    """Return the field of the tests' scenario."""
    return grants.scenario(session).application_field


def test_i_24_the_database_keeps_the_root_and_one_live_right(session: Session) -> None:
    made = grants.issued(session)
    row = session.execute(select(*Authorisation.__table__.columns)).mappings().one()
    copy = {**row, "id": "aut_copy", "cert_no": "AU-X", "assessment_id": "asm_copy"}

    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(Authorisation).values(copy))
    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(text("UPDATE authorisations SET supersedes_id = 'aut_x'"))
    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(text("UPDATE authorisation_versions SET scope_hash = 'x'"))
    session.execute(text("UPDATE authorisations SET state = 'active_conditional'"))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(Authorisation).values(copy))

    assert authorisations.find(session, made.id).scenario_id == "scn_weather"


def test_i_27_a_version_and_its_items_belong_to_one_authorisation(session: Session) -> None:
    made = grants.issued(session)
    session.flush()
    stranger = {
        "authorisation_id": "aut_nowhere", "number": 1, "directory_code": grants.DIRECTORY,
        "item_code": "RAIN",
    }  # fmt: skip

    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(text("UPDATE authorisation_items SET authorisation_id = 'aut_x'"))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(AuthorisationItem).values(stranger))

    held = session.scalars(select(AuthorisationItem.item_code)).all()
    assert sorted(held) == ["RAIN", "TEMP"]
    assert {row.authorisation_id for row in session.scalars(select(AuthorisationItem))} == {made.id}


def test_nothing_is_issued_beyond_what_was_assessed_or_is_supplied(session: Session) -> None:
    wider = grants.scope(regions=["000000"])
    facts: Any = {
        "scenario_id": "scn_weather", "assessment_id": "asm_1", "grantee_id": "org_developer",
        "operator_id": "org_operator", "implementing_agency_id": "org_agency",
        "departments": ["org_dept"], "purpose_text": "cover",
    }  # fmt: skip
    grants.scenario(session)
    grants.agreement(session)

    with pytest.raises(StepRefused) as error:
        authorisations.issue(
            work_of(session, "system"), scope=wider, assessed=grants.scope(), **facts
        )

    assert lives.codes(error.value) == ["SCOPE_NOT_COVERED", "REGION", "REGION"]
