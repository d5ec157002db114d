"""Four cases before a panel, over HTTP, each to its end, on both databases."""

from typing import Any

from app.unit import Exchange
from tests.conftest import As
from tests.journeys.hearing import BY_FIVE, Hearing
from tests.licensing import hall

SECRETARY, APPROVER, HUB = "per_agency_secretary", "per_agency_approver", "per_hub_officer"
APPLICANT = "per_developer_editor"
LOW = dict.fromkeys(
    ("legality", "necessity", "security", "feasibility", "benefit"), "not good enough at all"
)


def test_a_harmless_case_takes_the_simplified_procedure(application: Exchange, as_: As) -> None:
    case = Hearing(application, as_)

    case.to_panel(lane="fast")
    panel = case.panel()
    told = case.get(APPLICANT, f"/api/challenges/panels/{case.scenario_id}")
    challenge = case.post(
        APPLICANT,
        "/api/challenges",
        assessment_id=told["assessment_id"],
        expert_id=panel[0]["expert_id"],
        reason="teaches at a rival's institute",
    )
    waiting = case.refused(SECRETARY, f"{case.assessment}/tally")
    case.post(SECRETARY, f"/api/challenges/{challenge['id']}/dismiss", reason="a namesake")
    case.score(panel, 8000, 8200, 8400)
    quorum = case.get(SECRETARY, f"{case.assessment}/quorum")
    concluded = case.conclude()
    advice = case.get(APPROVER, f"{case.assessment}/recommendation")
    case.authorise(4)

    assert [seat["expert_id"] for seat in told["seats"]] == [one["expert_id"] for one in panel]
    assert "CHALLENGE_OPEN" in waiting
    assert (len(panel), concluded["lane"], concluded["mean"]) == (3, "fast", 8200)
    assert (quorum["sheets"], quorum["missing"]) == (3, [])
    assert (advice["step"], advice["collective"]) == ("authorise", False)
    assert case.state() == "authorised"
    assert case.get(HUB, f"{case.assessment}/proof")["holds"]
    assert case.get(HUB, f"{case.assessment}/recomputation")["holds"]


def test_a_case_passes_on_conditions_with_what_was_struck(application: Exchange, as_: As) -> None:
    case = Hearing(application, as_)
    opinion = case.opinion()
    case.post("per_agency_officer", f"{case.where}/grade-risk", **BY_FIVE)
    items = case.get("per_dept_approver", opinion)["items"]
    case.post("per_dept_approver", f"{opinion}/answers", items=[
        {**items[0], "verdict": "agree"},
        {**items[1], "verdict": "agree_with_condition", "text": "name the source"},
    ])  # fmt: skip

    panel = case.panel()
    struck = [{"directory": items[0]["directory_code"], "item": items[0]["item_code"]}]
    case.score(panel, *hall.SCORES, struck=struck, verdict="agree_with_condition",
               conditions=["by day only"])  # fmt: skip
    concluded = case.conclude()
    waiting = case.state()
    early = case.refused(APPROVER, f"{case.where}/authorise")
    case.post("per_developer_signer", f"{case.where}/accept-conditions")
    case.authorise(6)

    issued = case.get(APPLICANT, case.where)
    right = case.get(APPLICANT, f"/api/authorisations/{issued['authorisation_id']}")
    assert (concluded["result"], concluded["struck"]) == ("conditional_pass", struck)
    assert (waiting, early) == ("awaiting_conditions", ["ILLEGAL_TRANSITION"])
    assert issued["conditions"] == ["name the source", "by day only"]
    assert [one["item"] for one in right["scope"]["items"]] == [items[1]["item_code"]]


def test_a_conflict_found_after_the_issue_suspends_and_is_assessed_anew(
    application: Exchange, as_: As
) -> None:
    case = Hearing(application, as_)
    case.to_panel()
    panel = case.panel()
    case.score(panel, *hall.SCORES)
    case.conclude()
    case.authorise(6)
    first = case.get(APPLICANT, case.where)["authorisation_id"]
    voided = case.assessment

    told = [
        case.post(
            SECRETARY, f"{voided}/void-sheet", expert_id=member["expert_id"], reason="owns shares"
        )
        for member in panel[:2]
        if case.get(SECRETARY, voided)["state"] == "concluded"
    ]
    held = case.get(APPLICANT, f"/api/authorisations/{first}")["state"]
    again = case.state()
    another = case.panel()
    case.score(another, *(8000,) * 5)
    case.conclude()
    case.authorise(6)

    second = case.get(APPLICANT, case.where)["authorisation_id"]
    assert told[-1]["state"] == "void"
    assert (held, again) == ("suspended", "panel_forming")
    assert not {one["expert_id"] for one in another} & {
        one["expert_id"] for one in panel[: len(told)]
    }
    assert second != first
    assert case.get(APPLICANT, f"/api/authorisations/{first}")["state"] == "revoked"


def test_an_appeal_is_upheld_by_people_who_are_not_on_the_case(
    application: Exchange, as_: As
) -> None:
    case = Hearing(application, as_)
    case.to_panel()
    case.score(case.panel(), *(4000,) * 5, comments=LOW)
    failed = case.conclude()
    rejected = case.state()
    plea: dict[str, Any] = {"scenario_id": case.scenario_id, "reason": "the plan was misread"}

    filed = case.post(APPLICANT, "/api/appeals", **plea)
    here = f"/api/appeals/{filed['id']}"
    foreign = case.client("per_buyer_editor").get(here).status_code
    own = case.client(APPROVER).post(f"{here}/accept", json={}).status_code
    twice = case.refused(APPLICANT, "/api/appeals", **plea)
    case.post(HUB, f"{here}/accept")
    answered = case.post(HUB, f"{here}/uphold", remedy="reassess", reason="so it was")
    another = case.panel()
    case.score(another, *(8000,) * 5)
    passed = case.conclude()

    assert (failed["result"], rejected) == ("fail", "rejected")
    assert (foreign, own, twice) == (404, 403, ["APPEALED_ALREADY"])
    assert (answered["state"], answered["remedy"]) == ("upheld", "reassess")
    assert "60" in answered["outside"]
    assert (passed["result"], case.state()) == ("pass", "deciding")
