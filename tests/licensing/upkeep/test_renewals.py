from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, StepNotAllowed, StepRefused
from licensing import authorisations, scenarios
from licensing.agreements import SupplyAgreement
from licensing.applications.items import by_department, of
from licensing.authorisations import Authorisation, State
from licensing.scenarios import Scenario
from licensing.standing import successions
from licensing.upkeep import renewals
from licensing.versions import NewScenarioRequired
from tests.conftest import work_of
from tests.licensing import desk
from tests.licensing.standing import lives

IN_WINDOW = lives.noon("2027-05-20")
LAST = date(2027, 6, 30)


@pytest.fixture
def made(session: Session) -> Authorisation:
    """An authorisation of a scenario that was really applied for, active until 2027-06-30."""
    code = desk.directory(session)
    desk.effective(session, code)
    found = granted(session, desk.applied(session, code), "asm_first")
    authorisations.take(work_of(session, "per_operator_signer"), found.id, "activate")
    session.flush()
    return found


def granted(
    session: Session, scenario: Scenario, assessment_id: str, at: Any = None
) -> Authorisation:
    """Issue what a scenario asks for, as if it had been assessed and announced."""
    work = work_of(session, "system", **({"at": at} if at else {}))
    return authorisations.issue(
        work,
        scope=scenario.scope,
        scenario_id=scenario.id,
        assessment_id=assessment_id,
        grantee_id=scenario.applicant_id,
        operator_id=scenario.operator_id,
        implementing_agency_id=scenario.implementing_agency_id,
        departments=sorted(by_department(of(session, scenario.id))),
        purpose_text=scenario.purpose_text,
        assessed=scenario.scope,
        supersedes_id=scenario.renews_id,
    )


def renew(
    session: Session, made: Authorisation, *, at: Any = IN_WINDOW, **changes: Any
) -> Scenario:
    """Apply for a renewal, by the grantee."""
    given = {"report": lives.REPORT, "period_to": date(2028, 6, 30), **changes}
    draft = renewals.renew(work_of(session, "per_developer_editor", at=at), made.id, **given)
    session.flush()
    return draft


def test_the_window_opens_in_days_and_closes_in_working_days(
    session: Session, made: Authorisation
) -> None:
    days = renewals.window(work_of(session, "per_developer_editor"), made)

    assert days.opens == date(2027, 5, 1)
    assert days.closes == date(2027, 6, 2)
    assert days.is_open(date(2027, 5, 1))
    assert days.is_open(date(2027, 6, 2))
    assert not days.is_open(date(2027, 4, 30))
    assert not days.is_open(date(2027, 6, 3))


def test_a_renewal_is_a_draft_filled_in_from_what_there_is(
    session: Session, made: Authorisation
) -> None:
    draft = renew(session, made)

    old = scenarios.find(session, made.scenario_id)
    assert (draft.state, draft.renews_id) == ("draft", made.id)
    assert draft.purpose_fingerprint == made.purpose_fingerprint
    assert draft.scope["period"] == {"from": "2027-07-01", "to": "2028-06-30"}
    assert draft.scope["items"] == old.scope["items"]
    assert renewals.running(session, made.id) is draft
    assert renewals.reports(session, made.id)[0].figures["used"] == {"rows": 0}


def test_a_renewal_may_be_narrower(session: Session, made: Authorisation) -> None:
    items = authorisations.scope_of(session, made)
    one = next(iter(items.items))
    part = [{"directory": one[0], "item": one[1], "transform": "aggregated"}]

    draft = renew(session, made, scope={"items": part, "quotas": {"rows": 10}})

    assert len(draft.scope["items"]) == 1
    assert draft.scope["quotas"] == {"rows": 10}


@pytest.mark.parametrize(
    ("at", "code"),
    [("2027-04-30", "RENEWAL_NOT_OPEN"), ("2027-06-03", "RENEWAL_CLOSED")],
)
def test_a_renewal_is_applied_for_in_its_window(
    session: Session, made: Authorisation, at: str, code: str
) -> None:
    with pytest.raises(StepRefused) as error:
        renew(session, made, at=lives.noon(at))

    assert lives.codes(error.value) == [code]


def test_there_is_one_renewal_at_a_time(session: Session, made: Authorisation) -> None:
    renew(session, made)

    with pytest.raises(StepRefused) as error:
        renew(session, made)

    assert lives.codes(error.value) == ["RENEWAL_RUNNING"]


def test_only_the_grantee_renews_and_only_what_is_in_force(
    session: Session, made: Authorisation
) -> None:
    with pytest.raises(StepNotAllowed):
        renewals.renew(
            work_of(session, "per_operator_signer", at=IN_WINDOW), made.id, report=lives.REPORT,
            period_to=date(2028, 6, 30),
        )  # fmt: skip
    authorisations.take(
        work_of(session, "per_hub_supervisor"), made.id, "suspend", cause="overuse", reason="x"
    )
    with pytest.raises(StepRefused) as error:
        renew(session, made)

    assert lives.codes(error.value) == ["NOT_IN_FORCE"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"report": "fine"}, "/report"), ({"period_to": LAST}, "/period_to")],
)
def test_a_renewal_says_what_it_must(
    session: Session, made: Authorisation, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as error:
        renew(session, made, **changes)

    assert error.value.pointer == pointer


def test_i_28_nothing_wider_is_a_renewal(session: Session, made: Authorisation) -> None:
    with pytest.raises(NewScenarioRequired) as error:
        renew(session, made, scope={"regions": ["430000", "110000"]})
    with pytest.raises(NewScenarioRequired):
        renew(session, made, scope={"quotas": {"rows": 100_001}})

    assert lives.codes(error.value) == ["NEW_SCENARIO_REQUIRED", "REGION"]


def test_i_28_a_draft_that_was_widened_afterwards_is_not_issued(
    session: Session, made: Authorisation
) -> None:
    draft = renew(session, made)
    draft.purpose_text = "sell weather to anybody"
    draft.scope = {**draft.scope, "quotas": {"rows": 200_000}}

    with pytest.raises(NewScenarioRequired) as error:
        granted(session, draft, "asm_second", IN_WINDOW)

    assert set(lives.codes(error.value)) == {"NEW_SCENARIO_REQUIRED", "QUOTA", "PURPOSE"}


def test_i_28_a_renewal_is_submitted_as_more_of_the_same(
    session: Session, made: Authorisation
) -> None:
    draft = renew(session, made)
    developer = work_of(session, "per_developer_editor", at=IN_WINDOW)

    same = successions.follows_on(draft, developer)
    draft.use_mode = "self_use"
    other = successions.follows_on(draft, developer)

    assert same is None
    assert other is not None
    assert other.code == "NEW_SCENARIO_REQUIRED"
    assert successions.follows_on(scenarios.find(session, made.scenario_id), developer) is None


def test_i_34_a_renewal_does_not_go_past_the_agreements(
    session: Session, made: Authorisation
) -> None:
    supply = session.scalars(select(SupplyAgreement)).one()
    supply.scope = {**supply.scope, "period": {"from": "2026-01-01", "to": "2027-12-31"}}

    with pytest.raises(StepRefused) as error:
        renew(session, made)

    assert "PERIOD" in lives.codes(error.value)


def test_i_34_the_new_one_starts_the_day_after_and_the_old_one_works_until_then(
    session: Session, made: Authorisation
) -> None:
    draft = renew(session, made)

    new = granted(session, draft, "asm_second", IN_WINDOW)
    session.flush()

    assert (new.supersedes_id, new.valid_from) == (made.id, date(2027, 7, 1))
    assert made.valid_to == LAST
    assert authorisations.in_force(made, LAST)
    assert not authorisations.in_force(new, LAST)
    first_day = work_of(session, "system", at=lives.noon("2027-07-01"))
    assert authorisations.expire_due(first_day, limit=9) == [made]
    assert authorisations.activate_due(first_day, limit=9) == [new]
    assert (made.state, new.state) == (State.SUPERSEDED, State.ACTIVE)


def test_i_34_the_database_lets_no_two_days_overlap(session: Session, made: Authorisation) -> None:
    new = granted(session, renew(session, made), "asm_second", IN_WINDOW)
    session.flush()
    row = session.execute(
        select(*Authorisation.__table__.columns).where(Authorisation.id == new.id)
    ).mappings().one()  # fmt: skip
    copy = {
        **row, "id": "aut_copy", "cert_no": "AU-X", "assessment_id": "asm_x",
        "scenario_id": "scn_x", "valid_from": LAST,
    }  # fmt: skip

    with pytest.raises(IntegrityError, match="overlaps"), session.begin_nested():
        session.execute(insert(Authorisation).values(copy))
    with pytest.raises(IntegrityError, match="overlaps"), session.begin_nested():
        session.execute(
            text("UPDATE authorisations SET valid_to = '2027-07-01' WHERE id = :id"),
            {"id": made.id},
        )
    with pytest.raises(IntegrityError, match="overlaps"), session.begin_nested():
        session.execute(
            text("UPDATE authorisations SET valid_from = '2027-06-30' WHERE id = :id"),
            {"id": new.id},
        )


def test_a_quota_rises_a_little_for_the_days_that_are_left(
    session: Session, made: Authorisation
) -> None:
    at = lives.noon("2026-10-12")
    developer = work_of(session, "per_developer_editor", at=at)
    draft = renewals.increase(developer, made.id, report=lives.REPORT, limits={"rows": 120_000})
    session.flush()

    new = granted(session, draft, "asm_second", lives.noon("2026-11-02"))
    session.flush()

    assert draft.scope["period"] == {"from": "2026-10-13", "to": "2027-06-30"}
    assert (new.valid_from, new.valid_to) == (date(2026, 11, 3), LAST)
    assert (made.valid_to, made.current_version) == (date(2026, 11, 2), 2)
    assert authorisations.scope_of(session, new).quotas == {"rows": 120_000}


def test_i_28_a_quota_does_not_rise_by_more(session: Session, made: Authorisation) -> None:
    developer = work_of(session, "per_developer_editor")

    with pytest.raises(NewScenarioRequired) as error:
        renewals.increase(developer, made.id, report=lives.REPORT, limits={"rows": 120_001})

    assert lives.codes(error.value) == ["NEW_SCENARIO_REQUIRED", "QUOTA"]


@pytest.mark.parametrize("limits", [{"calls": 5}, {"rows": 100_000}, {"rows": 1}, {}])
def test_an_increase_raises_a_quota_that_there_is(
    session: Session, made: Authorisation, limits: dict[str, int]
) -> None:
    developer = work_of(session, "per_developer_editor")

    with pytest.raises(Invalid):
        renewals.increase(developer, made.id, report=lives.REPORT, limits=limits)


def test_an_increase_needs_days_that_are_left(session: Session, made: Authorisation) -> None:
    at = lives.last_day(made)

    with pytest.raises(Invalid):
        renewals.increase(
            work_of(session, "per_developer_editor", at=at), made.id, report=lives.REPORT,
            limits={"rows": 110_000},
        )  # fmt: skip


def test_i_35_a_renewal_is_no_longer_than_thirty_six_months(
    session: Session, made: Authorisation
) -> None:
    with pytest.raises(Invalid) as error:
        renew(session, made, period_to=date(2030, 7, 1))

    assert error.value.pointer == "/period_to"
    assert renew(session, made, period_to=date(2030, 6, 30)).scope["period"]["to"] == "2030-06-30"
