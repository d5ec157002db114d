import dataclasses
from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import directories, registrations
from kernel import journal, watch
from kernel.actor import Duty
from kernel.deadlines import Light
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.parties.organisations import NotActive, Organisation, OrganisationRole
from licensing import authorisations, consents, scenarios, scope
from licensing.applications import cases, items
from licensing.scenarios import LIFE, Scenario, State
from tests.conftest import CRYPTO, NOON, WorkAs, work_of
from tests.licensing import desk

AFTER_PUBLICITY = desk.days_later(8)  # 9 July: five working days, and one more


def codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in refused.value.refusals]


def barred(session: Session, scenario: Scenario, name: str, person: str) -> list[str]:
    found = LIFE.refusals(name, scenario, work_of(session, person))
    return [refusal.code for refusal in found]


# --- application and submission ---------------------------------------------------------


def test_an_application_is_written_down_as_a_draft(session: Session) -> None:
    code = desk.directory(session)

    made = desk.applied(session, code)

    assert (made.state, made.code, made.round) == (State.DRAFT, "SC-430000-2026-0001", 1)
    assert made.applicant_id == "org_developer"
    assert made.asked.purpose_code == "weather_insurance"
    assert made.asked.purpose_fingerprint == made.purpose_fingerprint
    assert scope.scope_hash(made.asked, CRYPTO.digest) == made.scope_hash
    assert [(row.item, row.department_id, row.grade) for row in items.of(session, made.id)] == [
        ((code, "TEMP"), "org_dept", "G1"),
        ((code, "RAIN"), "org_dept", "G1"),
    ]


def test_a_scenario_goes_from_application_to_authorisation(session: Session) -> None:
    made = desk.submitted(session)

    desk.walk(session, made, *desk.TO_DECISION, "authorise")
    desk.walk(session, made, "close_publicity", at=AFTER_PUBLICITY)

    issued = authorisations.find(session, str(made.authorisation_id))
    assert made.state == State.AUTHORISED
    assert (issued.scenario_id, issued.assessment_id) == (made.id, "asm_1")
    assert issued.grantee_id == "org_developer"
    assert issued.departments == ["org_dept"]
    assert authorisations.scope_of(session, issued) == made.asked
    assert [event.kind for event in journal.history(session, made.id, limit=20)] == [
        "scenario.drafted",
        "scenario.submitted",
        "scenario.accepted",
        "scenario.opinions_requested",
        "scenario.risk_graded",
        "scenario.opinions_in",
        "scenario.assessment_begun",
        "scenario.assessed",
        "scenario.announced",
        "scenario.authorised",
    ]


def test_the_operator_applies_for_no_use_of_what_it_delivers(session: Session) -> None:
    code = desk.directory(session)
    grant_role(session, "org_operator", "developer")

    with pytest.raises(Invalid) as invalid:
        scenarios.apply(work_of(session, "per_operator_editor"), **desk.application(code))

    assert invalid.value.pointer == "/operator_id"


def test_the_database_knows_no_operator_that_applies_to_itself(session: Session) -> None:
    made = desk.applied(session, desk.directory(session))

    with pytest.raises(IntegrityError, match="no_redevelopment_by_operator"):
        session.execute(update(Scenario).values(operator_id="org_developer"))
    session.rollback()

    assert made not in session


def test_every_misfit_with_the_agreements_is_told(session: Session) -> None:
    code = desk.directory(session)
    desk.effective(session, code)
    made = desk.applied(
        session,
        code,
        items=[
            desk.asked(code, "TEMP", transform="masked"),
            desk.asked(code, "WSPM"),
        ],
        regions=["420000"],
        output_forms=["record_api"],
        environments=["api_gateway"],
        period_to=date(2028, 6, 30),
    )

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    (refusal,) = refused.value.refusals
    assert refusal.code == "SCOPE_NOT_COVERED"
    for part in ("TRANSFORM", "ITEM", "REGION", "OUTPUT_FORM", "ENVIRONMENT"):
        assert f"[{part}]" in refusal.en
        assert f"[{part}]" in refusal.zh
    assert made.state == State.DRAFT


def test_without_an_agreement_nothing_is_covered(session: Session) -> None:
    made = desk.applied(session, desk.directory(session))

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    assert codes(refused) == ["SCOPE_NOT_COVERED"]
    assert "[AGREEMENT]" in refused.value.refusals[0].en


def test_a_use_beyond_the_agreements_term_is_not_covered(session: Session) -> None:
    code = desk.directory(session)
    desk.effective(session, code, term_to=date(2026, 12, 31))
    made = desk.applied(session, code)

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    assert "[PERIOD]" in refused.value.refusals[0].en


def test_agreements_without_a_common_term_are_told_apart(session: Session) -> None:
    one, other = desk.directory(session), desk.directory(session)
    desk.effective(session, one, purpose_limits=["weather_insurance"])
    desk.effective(session, other, industry="A01", purpose_limits=["education"])
    made = desk.applied(session, one, items=[desk.asked(one, "TEMP"), desk.asked(other, "TEMP")])

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    assert "[ITEM]" in refused.value.refusals[0].en


def test_a_directory_that_is_no_longer_registered_bars_submission(session: Session) -> None:
    code = desk.directory(session)
    desk.effective(session, code)
    made = desk.applied(session, code)
    directory = directories.by_code(session, code)
    registration = registrations.in_force(session, directory.id, date(2026, 7, 1))
    assert registration is not None
    registrations.take(
        work_of(session, "per_dept_approver"), registration.id, "deregister", reason="moved"
    )
    registrations.take(
        work_of(session, "per_hub_reviewer"), registration.id, "confirm_deregistration"
    )

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    assert codes(refused) == ["DIRECTORY_NOT_REGISTERED"]


def test_a_party_that_is_not_active_bars_submission(session: Session) -> None:
    code = desk.directory(session)
    desk.effective(session, code)
    made = desk.applied(session, code)
    session.get_one(Organisation, "org_operator").state = "frozen"

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    assert codes(refused) == ["PARTY_NOT_ACTIVE"]


def test_a_period_that_has_passed_bars_submission(session: Session) -> None:
    code = desk.directory(session)
    desk.effective(session, code)
    made = desk.applied(session, code)

    found = LIFE.refusals("submit", made, work_of(session, "per_developer_editor", at=NEXT_YEAR))

    assert [refusal.code for refusal in found] == ["PERIOD_OVER"]


def test_only_active_developers_apply(session: Session) -> None:
    code = desk.directory(session)

    with pytest.raises(Invalid):
        scenarios.apply(work_of(session, "per_buyer_editor"), **desk.application(code))
    with pytest.raises(StepNotAllowed):
        scenarios.apply(work_of(session, "per_developer_signer"), **desk.application(code))
    session.get_one(Organisation, "org_developer").state = "restricted"
    with pytest.raises(NotActive):
        scenarios.apply(work_of(session, "per_developer_editor"), **desk.application(code))


def test_a_draft_is_written_anew(session: Session) -> None:
    code = desk.directory(session)
    made = desk.applied(session, code)
    before = made.scope_hash

    scenarios.amend_draft(
        work_of(session, "per_developer_editor"),
        made.id,
        **desk.application(code, title="  Frost cover ", items=[desk.asked(code, "TEMP")]),
    )
    session.flush()

    assert made.title == "Frost cover"
    assert [row.item for row in items.of(session, made.id)] == [(code, "TEMP")]
    assert made.scope_hash != before


def test_what_is_under_check_is_not_written_anew(session: Session) -> None:
    made = desk.submitted(session)
    application = desk.application(*{code for code, _ in made.asked.items})

    with pytest.raises(StepRefused):
        scenarios.amend_draft(work_of(session, "per_developer_editor"), made.id, **application)
    with pytest.raises(StepNotAllowed):
        scenarios.amend_draft(work_of(session, "per_agency_officer"), made.id, **application)


# --- formal check -----------------------------------------------------------------------


def test_silence_of_the_officer_accepts(session: Session) -> None:
    made = desk.submitted(session)
    clock = watch.running(session, made.id)
    assert clock is not None

    assert (clock.key, clock.overdue_step) == ("clocks.formal_check", "accept")
    scenarios.take(work_of(session, "system"), made.id, str(clock.overdue_step))

    assert made.state == State.ACCEPTED


def test_what_is_missing_is_told_once_and_the_clock_is_the_applicants(session: Session) -> None:
    made = desk.submitted(session)

    desk.walk(session, made, "supplement")
    waiting = desk.clock_key(session, made.id)
    desk.walk(session, made, "resubmit")

    assert (waiting, desk.clock_key(session, made.id)) == (
        "clocks.supplement",
        "clocks.formal_check",
    )
    assert made.notice == {"missing": ["the region"], "reason": "the region is missing"}
    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "supplement")
    assert codes(refused) == ["SUPPLEMENT_ONCE"]


def test_a_supplement_may_be_written_and_is_checked_again(session: Session) -> None:
    made = desk.submitted(session)
    (code,) = {code for code, _ in made.asked.items}
    desk.walk(session, made, "supplement")

    scenarios.amend_draft(
        work_of(session, "per_developer_editor"),
        made.id,
        **desk.application(code, regions=["420000"]),
    )

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "resubmit")
    assert codes(refused) == ["SCOPE_NOT_COVERED"]


@pytest.mark.parametrize("path", [(), ("supplement",)])
def test_a_refusal_has_a_cause_and_a_reason(session: Session, path: tuple[str, ...]) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *path)

    with pytest.raises(StepRefused) as refused:
        scenarios.take(work_of(session, "per_agency_officer"), made.id, "refuse")
    desk.walk(session, made, "refuse")

    assert codes(refused) == ["ANSWER_NEEDED", "ANSWER_NEEDED"]
    assert (made.state, made.decision_cause) == (State.REFUSED, "incomplete")
    assert made.decision_reason == "no region"
    assert watch.running(session, made.id) is None


def test_the_database_refuses_a_rejection_without_reason(session: Session) -> None:
    desk.applied(session, desk.directory(session))

    with pytest.raises(IntegrityError, match="refusal_has_reason"):
        session.execute(update(Scenario).values(state="rejected", decision_cause="other"))


def test_the_database_knows_no_authorised_scenario_without_assessment(session: Session) -> None:
    desk.applied(session, desk.directory(session))

    with pytest.raises(IntegrityError, match="authorised_after_assessment"):
        session.execute(update(Scenario).values(state="authorised", authorisation_id="aut_1"))


# --- opinions and risk ------------------------------------------------------------------


def test_departments_are_asked_on_their_items(session: Session) -> None:
    made = desk.submitted(session)

    desk.walk(session, made, *desk.TO_OPINIONS)

    opinion = desk.opinion_of(session, made)
    (code,) = {code for code, _ in made.asked.items}
    assert (opinion.state, opinion.department_id) == ("asked", "org_dept")
    assert opinion.items == [
        {"directory_code": code, "item_code": "TEMP"},
        {"directory_code": code, "item_code": "RAIN"},
    ]
    assert desk.clock_key(session, made.id) == "clocks.department_opinion"


def test_silence_of_a_department_is_never_consent(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS, "grade_risk")
    much_later = desk.days_later(60)
    clock = watch.running(session, made.id)
    assert clock is not None

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "opinions_in", at=much_later)

    assert codes(refused) == ["OPINION_MISSING"]
    assert clock.overdue_step is None
    assert watch.light(clock, work_of(session, "system").calendar, much_later.date()) == Light.RED


def test_grading_the_risk_does_not_stop_the_departments_clock(session: Session) -> None:
    made = desk.submitted(session)

    desk.walk(session, made, *desk.TO_OPINIONS, "grade_risk")

    assert made.risk == {"impact": 1, "likelihood": 1, "grade": "low"}
    assert desk.clock_key(session, made.id) == "clocks.department_opinion"


def test_the_scenario_goes_on_whichever_comes_last(session: Session) -> None:
    first, second = desk.submitted(session), None
    (code,) = {code for code, _ in first.asked.items}
    second = desk.applied(session, code, title="Another")
    desk.walk(session, second, "submit")

    desk.walk(session, first, *desk.TO_OPINIONS, "grade_risk", "agree")
    desk.walk(session, second, *desk.TO_OPINIONS, "agree")
    waiting = second.state
    desk.walk(session, second, "grade_risk")

    assert first.state == State.PANEL_FORMING
    assert (waiting, second.state) == (State.DEPT_OPINION, State.PANEL_FORMING)
    assert desk.clock_key(session, second.id) == "clocks.panel_formation"


def test_a_disagreement_on_everything_ends_in_a_rejection(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS, "grade_risk")

    consents.take(
        work_of(session, "per_dept_approver"),
        desk.opinion_of(session, made).id,
        "disagree",
        cause="too_sensitive",
        reason="the stations are military",
    )

    assert made.state == State.REJECTED
    assert made.decision_cause == "department_disagrees"
    assert "[too_sensitive] the stations are military" in str(made.decision_reason)


def test_a_departments_condition_goes_with_the_scenario(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS, "grade_risk")

    consents.take(
        work_of(session, "per_dept_approver"),
        desk.opinion_of(session, made).id,
        "agree_with_condition",
        condition="name the source",
    )

    assert made.state == State.PANEL_FORMING
    assert made.conditions == ["name the source"]


def test_an_opinion_comes_too_late_once_the_scenario_is_withdrawn(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS, "withdraw")

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "agree")

    assert codes(refused) == ["SCENARIO_MOVED_ON"]
    assert desk.opinion_of(session, made).state == consents.State.ASKED


def test_an_unacceptable_risk_cannot_proceed(session: Session) -> None:
    made = desk.submitted(session, users=["org_buyer"], fusion=True)
    for row in items.of(session, made.id):
        row.pi_class = "sensitive"
    made.scope = scope.to_json(
        dataclasses.replace(made.asked, output_forms=frozenset({scope.OutputForm.MASKED_DATASET}))
    )

    desk.walk(session, made, *desk.TO_OPINIONS, "grade_risk")

    assert made.risk == {"impact": 5, "likelihood": 5, "grade": "unacceptable"}
    assert (made.state, made.decision_cause) == (State.REJECTED, "risk_unacceptable")


def test_the_risk_is_graded_before_the_panel_is_formed(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS, "agree")

    assert barred(session, made, "opinions_in", "system") == ["RISK_NOT_GRADED"]


def test_scenarios_are_counted_by_state_without_drafts(session: Session) -> None:
    made = desk.submitted(session)
    desk.applied(session, *{code for code, _ in made.asked.items})

    assert cases.counts(session) == {"formal_check": 1}


# --- assessment -------------------------------------------------------------------------


def test_conditions_and_strikes_narrow_the_scope(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_ASSESSMENT)
    whole = made.asked
    (code,) = {code for code, _ in whole.items}

    scenarios.take(
        work_of(session, "system"),
        made.id,
        "assessed_conditional",
        struck=[[code, "RAIN"]],
        conditions=["report each quarter"],
    )
    assert made.state == State.AWAITING_CONDITIONS
    desk.walk(session, made, "accept_conditions", "authorise")
    desk.walk(session, made, "close_publicity", at=AFTER_PUBLICITY)

    assert list(made.asked.items) == [(code, "TEMP")]
    assert scope.fits(made.asked, whole) == ()
    assert [row.struck for row in items.of(session, made.id)] == [False, True]
    issued = authorisations.find(session, str(made.authorisation_id))
    assert issued.conditions == ["report each quarter"]
    assert list(authorisations.scope_of(session, issued).items) == [(code, "TEMP")]


@pytest.mark.parametrize("struck", [["TEMP", "RAIN"], ["WSPM"]])
def test_the_panel_strikes_what_is_asked_for_and_not_all_of_it(
    session: Session, struck: list[str]
) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_ASSESSMENT)
    (code,) = {code for code, _ in made.asked.items}

    with pytest.raises(Invalid):
        scenarios.take(
            work_of(session, "system"),
            made.id,
            "assessed_conditional",
            struck=[(code, item) for item in struck],
        )


def test_conditions_that_nobody_accepts_lapse(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_ASSESSMENT, "assessed_conditional")
    clock = watch.running(session, made.id)
    assert clock is not None

    desk.walk(session, made, str(clock.overdue_step))

    assert (clock.key, made.state) == ("clocks.conditions", State.LAPSED)


def test_a_revision_is_a_new_round_with_new_opinions(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_ASSESSMENT, "assessed_revise")
    (code,) = {code for code, _ in made.asked.items}

    scenarios.amend_draft(
        work_of(session, "per_developer_editor"),
        made.id,
        **desk.application(code, items=[desk.asked(code, "TEMP")]),
    )
    desk.walk(session, made, "resubmit_revised", *desk.TO_OPINIONS)

    assert (made.round, made.risk, made.assessment_id) == (2, None, None)
    assert [one["item_code"] for one in desk.opinion_of(session, made).items] == ["TEMP"]


def test_there_are_three_rounds_at_most(session: Session) -> None:
    made = desk.submitted(session)
    round_trip = (*desk.TO_ASSESSMENT, "assessed_revise")
    desk.walk(session, made, *round_trip, "resubmit_revised", *round_trip, "resubmit_revised")
    desk.walk(session, made, *round_trip)

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "resubmit_revised")

    assert made.round == 3
    assert codes(refused) == ["NO_ROUNDS_LEFT"]


def test_a_failed_assessment_rejects_with_its_reason(session: Session) -> None:
    made = desk.submitted(session)

    desk.walk(session, made, *desk.TO_ASSESSMENT, "assessed_fail")

    assert (made.state, made.decision_cause) == (State.REJECTED, "assessment_failed")
    assert made.decision_reason == "mean 41.00"


def test_a_voided_assessment_leads_to_another_panel(session: Session) -> None:
    made = desk.submitted(session)

    desk.walk(session, made, *desk.TO_ASSESSMENT, "assessment_voided")

    assert made.state == State.PANEL_FORMING


@pytest.mark.parametrize("name", [n for n, row in LIFE.steps.items() if n.startswith("assessed")])
def test_the_result_of_an_assessment_is_nobodys_to_enter(session: Session, name: str) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_ASSESSMENT)

    with pytest.raises(StepNotAllowed):
        scenarios.take(work_of(session, "per_agency_approver"), made.id, name, reason="so")


# --- decision and publicity -------------------------------------------------------------


def test_who_accepted_does_not_authorise_nor_reject(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_DECISION)
    work = work_of(session, "per_agency_approver")
    same_person = dataclasses.replace(
        work, actor=dataclasses.replace(work.actor, person="per_agency_officer")
    )

    for name, answers in (("authorise", {}), ("reject", desk.ANSWERS["reject"])):
        with pytest.raises(StepRefused) as refused:
            scenarios.take(same_person, made.id, name, **answers)
        assert codes(refused) == ["FOUR_EYES"]


def test_a_suspended_agreement_bars_the_authorisation(session: Session) -> None:
    code = desk.directory(session)
    agreement = desk.effective(session, code)
    made = desk.applied(session, code)
    desk.walk(session, made, "submit", *desk.TO_DECISION)
    desk.go(session, agreement, "suspend")

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "authorise")

    assert codes(refused) == ["SCOPE_NOT_COVERED"]


def test_the_publicity_runs_its_days(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_DECISION, "authorise")
    last_day = desk.days_later(7)
    approver = work_of(session, "per_agency_approver", at=last_day)

    with pytest.raises(StepRefused) as early:
        scenarios.take(approver, made.id, "close_publicity")
    scenarios.take(
        work_of(session, "per_agency_approver", at=AFTER_PUBLICITY), made.id, "close_publicity"
    )

    assert codes(early) == ["PUBLICITY_RUNNING"]
    assert made.state == State.AUTHORISED


def test_an_objection_that_is_upheld_reopens_the_decision(session: Session) -> None:
    made = desk.submitted(session)

    desk.walk(session, made, *desk.TO_DECISION, "authorise", "uphold_objection", "reject")

    assert made.state == State.REJECTED


def test_a_scenario_closes_with_its_authorisation(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_DECISION, "authorise")
    desk.walk(session, made, "close_publicity", at=AFTER_PUBLICITY)

    for _ in range(2):
        scenarios.close_for(work_of(session, "per_hub_supervisor"), str(made.authorisation_id))
        session.flush()

    assert made.state == State.CLOSED
    assert len([e for e in journal.history(session, made.id, limit=20) if "closed" in e.kind]) == 1


def test_the_applicant_withdraws_until_it_is_decided(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_DECISION, "authorise")
    offered = {offer.step for offer in LIFE.offers(made, work_of(session, "per_developer_editor"))}
    desk.walk(session, made, "close_publicity", at=AFTER_PUBLICITY)

    assert "withdraw" in offered
    with pytest.raises(StepRefused):
        desk.walk(session, made, "withdraw")


# --- who sees what ----------------------------------------------------------------------


def test_a_draft_is_seen_by_its_applicant_alone(session: Session, work_as: WorkAs) -> None:
    made = desk.applied(session, desk.directory(session))

    assert scenarios.seen(work_as("per_developer_signer"), made.id) is made
    for person in ("per_operator_editor", "per_agency_officer", "per_dept_editor", "system"):
        with pytest.raises(NotFound):
            scenarios.seen(work_as(person), made.id)


def test_a_submitted_scenario_is_seen_by_whom_it_concerns(
    session: Session, work_as: WorkAs
) -> None:
    made = desk.submitted(session)
    concerned = ("per_operator_editor", "per_agency_officer", "per_dept_editor")
    overseers = ("per_hub_supervisor", "per_exchange_auditor", "system")

    for person in (*concerned, *overseers):
        assert scenarios.seen(work_as(person), made.id) is made
        assert [one.id for one in scenarios.listed(work_as(person), limit=5).items] == [made.id]
    for person in ("per_other_editor", "per_buyer_editor", "per_exchange_admin"):
        with pytest.raises(NotFound) as foreign:
            scenarios.seen(work_as(person), made.id)
        with pytest.raises(NotFound) as missing:
            scenarios.seen(work_as(person), "scn_none")
        assert foreign.value.zh == missing.value.zh
        assert scenarios.listed(work_as(person), limit=5).items == []


def test_who_only_runs_the_machines_sees_no_case(session: Session) -> None:
    made = desk.submitted(session)
    work = work_of(session, "per_hub_supervisor")
    admin = dataclasses.replace(work.actor, duties=frozenset({Duty.PLATFORM_ADMIN}))

    with pytest.raises(NotFound):
        scenarios.seen(dataclasses.replace(work, actor=admin), made.id)


def test_lists_are_filtered_by_state(session: Session, work_as: WorkAs) -> None:
    made = desk.submitted(session)
    work = work_as("per_developer_editor")

    assert scenarios.listed(work, state=State.DRAFT, limit=5).items == []
    assert scenarios.listed(work, state=State.FORMAL_CHECK, limit=5).items == [made]


def test_the_queue_shows_lights_longest_waiting_first(session: Session, work_as: WorkAs) -> None:
    made = desk.submitted(session)
    (code,) = {code for code, _ in made.asked.items}
    tomorrow = work_as("per_developer_editor", at=desk.days_later(1))
    later = scenarios.apply(tomorrow, **desk.application(code, title="Later"))
    scenarios.take(tomorrow, later.id, "submit")
    monday = desk.days_later(5)

    first = scenarios.queue(work_as("per_agency_officer", at=monday), limit=1)
    rest = scenarios.queue(work_as("per_hub_supervisor", at=monday), after=first.next, limit=5)

    assert [(one.scenario.id, one.light, one.days_left) for one in first.items] == [
        (made.id, Light.YELLOW, 0)
    ]
    assert [(one.scenario.id, one.light) for one in rest.items] == [(later.id, Light.YELLOW)]
    assert first.items[0].due_on == date(2026, 7, 6)
    assert scenarios.queue(work_as("per_developer_editor"), limit=5).items == []


def test_the_queue_says_when_no_clock_runs(session: Session, work_as: WorkAs) -> None:
    made = desk.submitted(session)
    clock = watch.running(session, made.id)
    assert clock is not None
    watch.stop(clock, date(2026, 7, 1))

    (waiting,) = scenarios.queue(work_as("per_agency_officer"), limit=5).items

    assert (waiting.light, waiting.due_on, waiting.days_left) == (None, None, None)


def test_the_public_is_told_of_what_is_announced(session: Session) -> None:
    made = desk.submitted(session)
    before = scenarios.announced(session, limit=5).items
    desk.walk(session, made, *desk.TO_DECISION, "authorise")

    assert before == []
    assert scenarios.announced(session, limit=5).items == [made]


NEXT_YEAR = NOON.replace(year=2027, day=2)


def grant_role(session: Session, organisation_id: str, role: str) -> None:
    row = OrganisationRole(
        id="rol_more", organisation_id=organisation_id, role=role, state="granted", granted_at=NOON
    )
    session.add(row)
    session.flush()
