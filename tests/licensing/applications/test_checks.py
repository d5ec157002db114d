from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, StepRefused
from kernel.parties import relations
from kernel.parties.organisations import Organisation, OrganisationRole
from licensing import scenarios
from licensing.applications import checks, drafting, estimates, items
from licensing.applications.cases import Scenario, State
from licensing.applications.checks import RULES, Check
from licensing.applications.drafts import Outcome
from tests.catalogue import shelf
from tests.conftest import NOON, work_of
from tests.licensing import desk

EDITOR = "per_developer_editor"


def supplied(session: Session, **grades: Any) -> str:
    """Publish a directory under an agreement; grades change every one of its items."""
    code = desk.directory(session, items=[{**each, **grades} for each in shelf.ITEMS])
    desk.effective(session, code)
    return code


def checked(session: Session, made: Scenario) -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = {}
    for each in checks.run(work_of(session, EDITOR), made):
        found.setdefault(each.code, []).append(each)
    return found


def outcome(session: Session, made: Scenario, code: str) -> Outcome:
    return checked(session, made)[code][0].outcome


def saved(session: Session, made: Scenario, number: int, **values: Any) -> None:
    drafting.save(work_of(session, EDITOR), made.id, number, values)


def test_a_whole_application_passes_every_rule(session: Session) -> None:
    made = desk.applied(session, supplied(session))

    found = checks.run(work_of(session, EDITOR), made)

    assert len(RULES) == 36
    assert [each.code for each in found if each.outcome != Outcome.PASS] == []
    assert [rule.code for rule in RULES] == [f"R-{n:02}" for n in range(1, 37)]


def test_an_empty_draft_is_told_section_by_section(session: Session) -> None:
    made = drafting.open_draft(
        work_of(session, EDITOR),
        title="Rain",
        operator_id="org_operator",
        implementing_agency_id="org_agency",
    )

    found = checked(session, made)

    failed = {code for code, each in found.items() if each[0].outcome == Outcome.FAIL}
    assert failed >= {f"R-0{number}" for number in range(1, 9)} | {"R-32", "R-33"}
    assert (found["R-05"][0].section, found["R-05"][0].field) == (5, "security_plan")
    assert "Security plan" in found["R-05"][0].says.en
    assert "安全方案" in found["R-05"][0].says.zh


LONG = {"period_to": "2029-07-01"}
CASES: list[tuple[str, int, dict[str, Any], Outcome]] = [
    # rule, section, what is written, what the rule says of it
    ("R-08", 4, {"users_count": "many"}, Outcome.FAIL),
    ("R-10", 2, {"purpose_text": "字" * 501}, Outcome.FAIL),
    ("R-10", 2, {"purpose_text": "承保以及其他用途"}, Outcome.WARN),
    ("R-11", 4, LONG, Outcome.FAIL),
    ("R-11", 4, {"period_to": "2027-12-31"}, Outcome.WARN),
    ("R-11", 4, {"period_to": "2026-01-01"}, Outcome.FAIL),
    ("R-11", 4, {"period_to": "soon"}, Outcome.PASS),
    ("R-12", 4, {"period_to": "soon"}, Outcome.PASS),
    ("R-13", 4, {"output_forms": []}, Outcome.PASS),
    ("R-14", 4, {"output_forms": ["raw_export"]}, Outcome.FAIL),
    ("R-15", 4, {"output_forms": ["record_api"]}, Outcome.WARN),
    ("R-18", 4, {"output_forms": ["record_api"]}, Outcome.FAIL),
    ("R-19", 4, {"quotas": [{"meter": "rows", "limit": 10**14}]}, Outcome.PASS),
    ("R-23", 4, {"algorithms": [{"name": "a", "automated_decision": True}]}, Outcome.FAIL),
    (
        "R-23",
        4,
        {"algorithms": [{"name": "a", "automated_decision": True, "filing_no": "1"}]},
        Outcome.PASS,
    ),
    ("R-24", 4, {"min_group_size": None}, Outcome.WARN),
    ("R-24", 4, {"min_group_size": 3}, Outcome.FAIL),
    ("R-25", 4, {"environments": []}, Outcome.PASS),
    ("R-26", 5, {"mlps_level": 0}, Outcome.FAIL),
    ("R-26", 5, {"mlps_level": "9"}, Outcome.FAIL),
    ("R-27", 4, {"external_data": [{"name": "soil"}]}, Outcome.FAIL),
    ("R-27", 4, {"external_data": [{"name": "soil", "rights_proof": "ab" * 32}]}, Outcome.PASS),
    ("R-28", 4, {"users": ["class:insurer"]}, Outcome.WARN),
    ("R-32", 7, {"declaration": False}, Outcome.FAIL),
    ("R-33", 5, {"destruction_plan": ""}, Outcome.FAIL),
    ("R-34", 7, {"commitments": [{"material": "pipia", "due_on": "2026-07-10"}]}, Outcome.FAIL),
    ("R-34", 7, {"commitments": [{"material": "x", "due_on": "2026-07-10"}]}, Outcome.FAIL),
    ("R-34", 7, {"commitments": [{"material": "team_proof"}]}, Outcome.WARN),
    ("R-35", 7, {"commitments": [{"material": "team_proof", "due_on": "2026-08-31"}]},
     Outcome.FAIL),
    ("R-35", 7, {"commitments": [{"material": "team_proof", "due_on": "2026-07-10"}]},
     Outcome.PASS),
    ("R-36", 1, {"renews_id": "aut_none"}, Outcome.FAIL),
]  # fmt: skip


@pytest.mark.parametrize(("code", "number", "values", "said"), CASES)
def test_a_rule_says_what_is_wrong_and_what_would_pass(
    session: Session, code: str, number: int, values: dict[str, Any], said: Outcome
) -> None:
    made = desk.applied(session, supplied(session))

    saved(session, made, number, **values)

    found = checked(session, made)[code][0]
    assert found.outcome == said
    if said != Outcome.PASS:
        assert found.passes.zh
        assert found.passes.en
        assert found.section in range(1, 8)


def test_rules_on_items_point_at_the_item(session: Session) -> None:
    code = supplied(session)
    made = desk.applied(session, code)

    saved(
        session, made, 3,
        items=[
            desk.asked(code, "TEMP", necessity_reason="short", retention_days="ever"),
            desk.asked(code, "RAIN", transform="masked"),
            desk.asked(code, "NONE"),
            {"directory_code": "CAT-none", "item_code": "X"},
        ],
    )  # fmt: skip
    found = checked(session, made)

    assert found["R-09"][0].field == "items/0/necessity_reason"
    assert found["R-12"][0].field == "items/0/retention_days"
    assert found["R-16"][0].field == "items/1/transform"
    assert found["R-08"][0].outcome == Outcome.FAIL


@pytest.mark.parametrize(
    ("grades", "values", "failing"),
    [
        ({"grade": "G3"}, {"output_forms": ["record_api"]}, {"R-13"}),
        ({"grade": "G4"}, {"environments": ["api_gateway"]}, {"R-25"}),
        ({"grade": "CORE"}, {"environments": ["tee"]}, {"R-13", "R-26"}),
        ({"grade": "G2", "pi_class": "ordinary"}, {"min_group_size": None}, {"R-22", "R-24"}),
        ({"grade": "G3", "pi_class": "sensitive"}, {}, {"R-22", "R-25"}),
    ],
)
def test_grade_and_persons_limit_the_use(
    session: Session, grades: dict[str, Any], values: dict[str, Any], failing: set[str]
) -> None:
    made = desk.applied(session, supplied(session, **grades))

    saved(session, made, 4, **values)

    failed = {
        code for code, found in checked(session, made).items()
        if found[0].outcome == Outcome.FAIL
    }  # fmt: skip
    assert failed >= failing


def test_what_names_persons_goes_out_more_coarsely(session: Session) -> None:
    code = supplied(session, pi_class="minor_under_14")
    made = desk.applied(session, code)
    saved(session, made, 4, output_forms=["score"])
    aggregated = outcome(session, made, "R-13")

    saved(session, made, 3, items=[desk.asked(code, "TEMP", transform="masked")])

    assert (aggregated, outcome(session, made, "R-13")) == (Outcome.PASS, Outcome.FAIL)


def test_submission_refuses_with_every_failing_rule(session: Session) -> None:
    made = desk.applied(session, supplied(session))
    saved(session, made, 5, security_plan="", mlps_level=0)

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    (refusal,) = refused.value.refusals
    assert refusal.code == "SELF_CHECK_FAILED"
    for code in ("[R-05]", "[R-26]", "[R-32]"):
        assert code in refusal.en
        assert code in refusal.zh
    assert made.state == State.DRAFT


def test_a_misfit_says_what_would_fit(session: Session) -> None:
    made = desk.applied(session, supplied(session), regions=["420000"])

    (found,) = checked(session, made)["R-18"]

    assert found.outcome == Outcome.FAIL
    assert "420000" in found.says.en
    assert found.passes.en.startswith(("change it to", "leave it out"))


def test_i_20_a_relative_of_the_operator_applies_for_no_development(session: Session) -> None:
    made = desk.applied(session, supplied(session))
    before = outcome(session, made, "R-20")
    related(session)

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    assert before == Outcome.PASS
    assert [each.code for each in refused.value.refusals] == ["OPERATOR_RELATED"]
    assert outcome(session, made, "R-20") == Outcome.FAIL


def test_i_20_the_operator_applies_for_its_own_first_products_and_for_nothing_else(
    session: Session,
) -> None:
    code = supplied(session)
    work = work_of(session, "per_operator_editor")
    given = desk.application(code, scenario_kind="primary_product")

    made = scenarios.apply(work, **given)
    session.flush()
    scenarios.take(work, made.id, "submit")

    assert (made.scenario_kind, made.applicant_id) == ("primary_product", "org_operator")
    assert made.state == State.FORMAL_CHECK
    with pytest.raises(Invalid):
        scenarios.apply(work_of(session, EDITOR), **given)
    session.add(
        OrganisationRole(
            id="rol_op_dev", organisation_id="org_operator", role="developer",
            state="granted", granted_at=NOON,
        )
    )  # fmt: skip
    session.flush()
    with pytest.raises(Invalid):
        scenarios.apply(work, **desk.application(code))
    with pytest.raises(IntegrityError, match="no_redevelopment_by_operator"):
        session.execute(update(Scenario).values(scenario_kind="development"))


def test_a_purpose_that_failed_waits_ninety_days(session: Session) -> None:
    first = desk.submitted(session)
    desk.walk(session, first, *desk.TO_ASSESSMENT, "assessed_fail")
    (code,) = {code for code, _ in first.asked.items}
    again = desk.applied(session, code)

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, again, "submit", at=desk.days_later(80))
    later = desk.days_later(95)
    desk.walk(session, again, "submit", at=later)

    assert "[R-29]" in refused.value.refusals[0].en
    assert again.state == State.FORMAL_CHECK


def test_a_similar_scenario_is_pointed_out(session: Session) -> None:
    first = desk.submitted(session)
    (code,) = {code for code, _ in first.asked.items}

    again = desk.applied(session, code)

    found = checked(session, again)["R-31"][0]
    assert found.outcome == Outcome.WARN
    assert first.code in found.says.en


def test_an_estimate_moves_as_items_are_added(session: Session) -> None:
    code = supplied(session)
    work = work_of(session, EDITOR)
    made = drafting.open_draft(
        work, title="Rain", operator_id="org_operator", implementing_agency_id="org_agency"
    )
    empty = estimates.of(work, made)
    saved(session, made, 4, output_forms=["aggregate_report"], environments=["tee"])
    saved(session, made, 3, items=[desk.asked(code, "TEMP")])

    small = estimates.of(work, made)
    grave_code = desk.directory(
        session, items=[{**each, "grade": "G3", "pi_class": "sensitive"} for each in shelf.ITEMS]
    )
    saved(session, made, 3, items=[desk.asked(grave_code, "TEMP")])
    saved(session, made, 4, output_forms=["score"], environments=[], users=["class:insurer"])
    grave = estimates.of(work, made)

    assert (empty.risk, empty.lane, empty.items, empty.likelihood) == (None, None, 0, None)
    assert (small.risk, small.lane, small.grade) == ("low", "fast", "G1")
    assert (small.statutory_wd, small.statutory_on) == (20, date(2026, 7, 29))
    assert small.expected_wd == 28
    assert (grave.risk, grave.lane, grave.impact, grave.likelihood) == ("high", "ordinary", 5, 3)
    assert grave.expected_wd == 35


def related(session: Session) -> None:
    operator = session.get_one(Organisation, "org_operator")
    relations.declare(
        work_of(session, "per_hub_supervisor"),
        "org_developer",
        relations.Kind.CONTROLS,
        relations.Other(name=operator.name_zh, uscc=operator.uscc),
        since=date(2026, 6, 1),
    )
    session.flush()


def test_items_that_are_read_keep_their_reasons(session: Session) -> None:
    made = desk.applied(session, supplied(session))

    assert all(row.necessity_reason == desk.REASON for row in items.of(session, made.id))


def test_a_field_in_which_a_right_was_revoked_waits_twelve_months(session: Session) -> None:
    made, granted = authorised(session)
    (code,) = {code for code, _ in made.asked.items}
    again = desk.applied(session, code, purpose_text="Another purpose in the same field")
    before = outcome(session, again, "R-30")
    work_of(session, "per_agency_approver").record("authorisation.revoked", granted)
    session.flush()

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, again, "submit", at=desk.days_later(9))

    assert before == Outcome.PASS
    assert "[R-30]" in refused.value.refusals[0].en


def test_only_a_right_of_the_applicant_is_renewed(session: Session) -> None:
    made, granted = authorised(session)
    (code,) = {code for code, _ in made.asked.items}

    again = desk.applied(session, code, renews_id=granted)

    assert again.renews_id == granted
    assert outcome(session, again, "R-36") == Outcome.PASS


def authorised(session: Session) -> tuple[Scenario, str]:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_DECISION, "authorise")
    desk.walk(session, made, "close_publicity", at=desk.days_later(8))
    return made, str(made.authorisation_id)
