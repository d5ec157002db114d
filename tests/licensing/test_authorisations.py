from collections.abc import Callable

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import journal, watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.work import Work
from licensing import authorisations, certificates, quotas, versions
from licensing.authorisations import Authorisation, State
from licensing.versions import NewScenarioRequired
from tests.conftest import NOON
from tests.licensing import grants

WorkAs = Callable[..., Work]


def refused(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def test_an_authorisation_is_issued_whole(session: Session) -> None:
    made = grants.issued(session)

    assert made.state == State.ISSUED
    assert made.cert_no == "AU-430000-2026-0001"
    assert (made.valid_from, made.valid_to) == (grants.FIRST, grants.LAST)
    assert made.purpose_code == "weather_insurance"
    assert [version.number for version in versions.of(session, made.id)] == [1]
    assert versions.find(session, made.id, 1).days == (grants.FIRST, grants.LAST)
    assert quotas.remaining(session, made.id) == {"rows": 1000}
    assert certificates.of(session, made.id)[0].cert_no == made.cert_no
    assert [event.kind for event in journal.history(session, made.id, limit=9)] == [
        "authorisation.issued"
    ]


def test_issuing_twice_for_a_scenario_gives_the_same(session: Session) -> None:
    made = grants.issued(session)

    again = grants.issued(session, assessment_id="asm_another")

    assert again.id == made.id


def test_numbers_count_up(session: Session) -> None:
    first = grants.issued(session)

    second = grants.issued(session, scenario_id="scn_2", assessment_id="asm_2")

    assert (first.cert_no[-4:], second.cert_no[-4:]) == ("0001", "0002")


@pytest.mark.parametrize(
    "without", [["purpose_fingerprint"], ["purpose_code", "purpose_fingerprint"]]
)
def test_an_authorisation_has_one_purpose(session: Session, without: list[str]) -> None:
    given = grants.scope(**dict.fromkeys(without))

    with pytest.raises(Invalid, match="one purpose"):
        grants.issued(session, given=given)


def test_one_assessment_backs_one_authorisation(session: Session) -> None:
    grants.issued(session)

    with pytest.raises(IntegrityError):
        grants.issued(session, scenario_id="scn_2")


def test_the_database_holds_one_live_authorisation_per_scenario(session: Session) -> None:
    made = grants.issued(session)
    row = session.execute(select(*Authorisation.__table__.columns)).mappings().one()
    copy = insert(Authorisation).values(
        {**row, "id": "aut_copy", "cert_no": "AU-X", "assessment_id": "asm_copy"}
    )

    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(copy)
    session.execute(update(Authorisation).values(state="revoked"))
    session.execute(copy)

    assert authorisations.find(session, "aut_copy").scenario_id == made.scenario_id


@pytest.mark.parametrize(
    "column",
    ["scenario_id", "assessment_id", "purpose_code", "purpose_text", "purpose_fingerprint",
     "grantee_id"],
)  # fmt: skip
def test_the_database_refuses_to_change_the_root(session: Session, column: str) -> None:
    made = grants.issued(session)
    change = text(f"UPDATE authorisations SET {column} = 'org_other' WHERE id = :id")

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(change, {"id": made.id})


@pytest.mark.parametrize("table", ["authorisation_versions", "authorisation_parties"])
def test_versions_and_parties_are_never_changed(session: Session, table: str) -> None:
    grants.issued(session)
    session.flush()

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text(f"DELETE FROM {table}"))


def test_the_operator_activates_on_the_first_day(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)

    assert made.state == State.ACTIVE
    assert authorisations.in_force(made, grants.FIRST)
    assert not authorisations.in_force(made, grants.AFTER_THE_END.date())


def test_nobody_activates_before_the_first_day(session: Session, work_as: WorkAs) -> None:
    given = grants.scope(period={"from": "2026-07-02", "to": "2027-06-30"})
    made = grants.issued(session, given=given)

    with pytest.raises(StepRefused) as error:
        authorisations.take(work_as("per_operator_signer"), made.id, "activate")

    assert refused(error) == ["AUTH_NOT_STARTED"]
    assert made.state == State.ISSUED


def test_nobody_activates_after_the_last_day(session: Session, work_as: WorkAs) -> None:
    made = grants.issued(session)
    late = work_as("per_operator_signer", at=grants.AFTER_THE_END)

    with pytest.raises(StepRefused) as error:
        authorisations.take(late, made.id, "activate")

    assert refused(error) == ["AUTH_EXPIRED"]


def test_only_its_operator_activates(session: Session, work_as: WorkAs) -> None:
    made = grants.issued(session)

    with pytest.raises(StepNotAllowed):
        authorisations.take(work_as("per_developer_signer"), made.id, "activate")


@pytest.mark.parametrize("person", ["per_hub_supervisor", "per_agency_approver", "system"])
def test_authority_agency_and_house_suspend(session: Session, work_as: WorkAs, person: str) -> None:
    made = grants.active(session)

    grants.suspend(work_as(person), made)

    clock = watch.running(session, made.id)
    assert (made.state, made.suspend_reason) == (State.SUSPENDED, "security_incident")
    assert clock is not None
    assert (clock.limit_days, clock.overdue_step) == (30, "lapse")
    assert not authorisations.in_force(made, grants.FIRST)


def test_a_suspension_has_a_cause_and_a_reason(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    work = work_as("per_hub_supervisor")

    with pytest.raises(StepRefused, match="must be given"):
        authorisations.take(work, made.id, "suspend", cause="overuse")
    with pytest.raises(Invalid) as error:
        authorisations.take(work, made.id, "suspend", cause="whim", reason="because")

    assert error.value.pointer == "/cause"


def test_the_regulator_resumes_and_the_clock_stops(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    grants.suspend(work_as("per_hub_supervisor"), made)

    authorisations.take(work_as("per_hub_supervisor"), made.id, "resume", reason="keys changed")

    assert (made.state, made.suspend_reason) == (State.ACTIVE, None)
    assert watch.running(session, made.id) is None


def test_the_agency_does_not_lift_a_suspension(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    grants.suspend(work_as("per_hub_supervisor"), made)

    with pytest.raises(StepNotAllowed):
        authorisations.take(work_as("per_agency_approver"), made.id, "resume", reason="please")


def test_a_suspension_that_is_not_lifted_ends_in_revocation(
    session: Session, work_as: WorkAs
) -> None:
    made = grants.active(session)
    grants.suspend(work_as("per_hub_supervisor"), made)

    authorisations.take(work_as("system", at=grants.later(60)), made.id, "lapse")

    (*_, event) = journal.history(session, made.id, limit=9)
    assert (made.state, made.suspend_reason) == (State.REVOKED, None)
    assert event.kind == "authorisation.lapsed"
    assert event.data["cause"] == "security_incident"
    assert event.data["reason"]


def test_a_revocation_is_final(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    work = work_as("per_hub_supervisor")

    authorisations.take(work, made.id, "revoke", cause="unlawful_use", reason="sold on")

    assert made.state == State.REVOKED
    assert authorisations.LIFE.offers(made, work) == ()
    with pytest.raises(StepRefused):
        authorisations.take(work, made.id, "resume", reason="sorry")


def test_the_grantee_surrenders(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)

    authorisations.take(
        work_as("per_developer_signer"), made.id, "surrender", reason="no longer needed"
    )

    assert made.state == State.SURRENDERED


def test_what_is_over_expires_by_itself(session: Session, work_as: WorkAs) -> None:
    over = grants.active(session)
    grants.suspend(work_as("system"), over)
    longer = grants.scope(period={"from": "2026-07-01", "to": "2028-06-30"})
    runs = grants.issued(session, given=longer, scenario_id="scn_2", assessment_id="asm_2")

    expired = authorisations.expire_due(work_as("system", at=grants.AFTER_THE_END), limit=10)

    assert expired == [over]
    assert (over.state, runs.state) == (State.EXPIRED, State.ISSUED)


def test_nothing_expires_early(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)

    with pytest.raises(StepRefused) as error:
        authorisations.take(work_as("system"), made.id, "expire")

    assert refused(error) == ["AUTH_NOT_OVER"]
    assert authorisations.expire_due(work_as("system"), limit=10) == []


def test_a_narrower_scope_is_the_next_version(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    narrower = grants.scope(
        items=grants.ITEMS[:1],
        quotas={"rows": 500, "calls": 9},
        period={"from": "2026-07-01", "to": "2026-12-31"},
    )

    version = authorisations.amend(work_as("per_agency_approver"), made.id, scope=narrower)

    assert (version.number, made.current_version) == (2, 2)
    assert made.valid_to.isoformat() == "2026-12-31"
    assert [item for _, item in authorisations.scope_of(session, made).items] == ["RAIN"]
    assert quotas.remaining(session, made.id) == {"calls": 9, "rows": 500}
    assert [one.version for one in certificates.of(session, made.id)] == [2, 1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"purpose_code": "ai_training"}, "PURPOSE"),
        ({"items": [*grants.ITEMS, {"directory": "CAT-430000-000002", "item": "x",
                                    "transform": "raw"}]}, "ITEM"),
        ({"regions": ["000000"]}, "REGION"),
        ({"quotas": {"rows": 1001}}, "QUOTA"),
        ({"users": ["*"]}, "USER"),
        ({"period": {"from": "2026-07-01", "to": "2027-07-01"}}, "PERIOD"),
    ],
)  # fmt: skip
def test_a_wider_scope_or_another_purpose_needs_a_new_scenario(
    session: Session, work_as: WorkAs, change: dict[str, object], code: str
) -> None:
    made = grants.active(session)

    with pytest.raises(NewScenarioRequired) as error:
        authorisations.amend(work_as("per_developer_editor"), made.id, scope=grants.scope(**change))

    assert [one.code for one in error.value.refusals] == ["NEW_SCENARIO_REQUIRED", code]
    assert made.current_version == 1


def test_a_second_purpose_is_a_second_scenario(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)

    with pytest.raises(NewScenarioRequired) as error:
        authorisations.amend(
            work_as("per_developer_editor"),
            made.id,
            scope=grants.scope(),
            purpose_code="site_selection",
        )

    assert [one.code for one in error.value.refusals] == ["NEW_SCENARIO_REQUIRED", "PURPOSE"]


def test_the_same_scope_is_no_amendment(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)

    with pytest.raises(Invalid, match="that it has now"):
        authorisations.amend(
            work_as("per_agency_approver"),
            made.id,
            scope=grants.scope(),
            purpose_code="weather_insurance",
        )


def test_only_the_agency_narrows(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    narrower = grants.scope(items=grants.ITEMS[:1])

    with pytest.raises(StepNotAllowed):
        authorisations.amend(work_as("per_developer_signer"), made.id, scope=narrower)

    assert made.current_version == 1


def test_strangers_see_nothing(session: Session, work_as: WorkAs) -> None:
    made = grants.issued(session)
    stranger = work_as("per_other_editor")

    with pytest.raises(NotFound) as foreign:
        authorisations.seen(stranger, made.id)
    with pytest.raises(NotFound) as missing:
        authorisations.seen(stranger, "aut_nowhere")
    with pytest.raises(NotFound):
        authorisations.seen(work_as("per_exchange_admin"), made.id)

    assert foreign.value.zh == missing.value.zh
    assert authorisations.listed(stranger, after=None, limit=5).items == []


@pytest.mark.parametrize(
    "person",
    ["per_dept_editor", "per_hub_officer", "per_agency_officer", "per_operator_editor",
     "per_developer_editor", "per_exchange_listing"],
)  # fmt: skip
def test_parties_and_overseers_see_it(session: Session, work_as: WorkAs, person: str) -> None:
    made = grants.issued(session)
    work = work_as(person)

    page = authorisations.listed(work, after=None, limit=5)

    assert authorisations.seen(work, made.id) is made
    assert page.items == [made]


def test_a_list_may_be_of_one_state(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    work = work_as("per_hub_officer")

    active = authorisations.listed(work, state="active", after=None, limit=5)
    revoked = authorisations.listed(work, state="revoked", after=None, limit=5)

    assert (active.items, revoked.items) == ([made], [])


def test_an_impact_is_told_before_it_happens(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)

    told = authorisations.impact(work_as("per_hub_supervisor"), made.id)

    assert told["items"] == 2
    assert told["days_left"] == (grants.LAST - NOON.date()).days
    assert told["quotas_left"] == {"rows": 1000}
    assert made.state == State.ACTIVE
