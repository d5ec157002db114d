"""What opinions, risk and assessment mean for a scenario, from acceptance to decision.

Source: what a department refuses is struck before the panel sees it; the officer confirms
the risk that is proposed or raises it with a reason, and only a leader lowers it; high risk
and important data are decided by the leaders together (集体决策).
"""

from typing import Any, Final

from kernel.clock import local_date
from kernel.errors import Refusal, StepRefused
from kernel.work import Work
from licensing import scope
from licensing.applications import items, opinions, sections, supplies
from licensing.applications.cases import Scenario
from licensing.assessing import lanes, pleas, rows, score_sheets
from licensing.exposures import RiskGrade

_PASSED: Final = ("pass", "conditional_pass")


def grade(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Keep the risk as proposed, or as the officer raises it; and the lane likewise.

    data: grade, reason, lane; all may be missing. Raises StepRefused with
    RISK_MAY_NOT_BE_LOWERED, REASON_NEEDED, and what `lanes.chosen` raises.
    """
    found, given = proposed(scenario, work), data.get("grade")
    least = RiskGrade(_lowered(scenario) or found["grade"])
    settled = RiskGrade(given) if given else least
    if settled < least:
        zh, en = "经办不得调低风险等级", "an officer raises the risk and never lowers it"
        raise _refused("RISK_MAY_NOT_BE_LOWERED", zh, en)
    if settled > least and not data.get("reason"):
        raise _refused("REASON_NEEDED", "调高风险等级须写明理由", "say why the risk is raised")
    _keep_risk(scenario, data, found, settled)
    lane = lanes.chosen(work, scenario, data.get("lane"), data.get("reason"))
    scenario.lane = data["lane"] = lane.value


def lower(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Keep the risk as a leader lowers it. Raises StepRefused with RISK_NOT_LOWER.

    What the rules find unacceptable stays so.
    """
    found = proposed(scenario, work)
    now = RiskGrade((scenario.risk or found)["grade"])
    if RiskGrade(data["grade"]) >= now or found["grade"] == RiskGrade.UNACCEPTABLE:
        zh = f"须低于当前等级（{now.label.zh}），且不可接受的不得调低"
        en = f"it must be lower than {now}, and what is unacceptable stays so"
        raise _refused("RISK_NOT_LOWER", zh, en)
    _keep_risk(scenario, data, found, RiskGrade(data["grade"]))
    scenario.risk = {**(scenario.risk or {}), "lowered": True}


def proposed(scenario: Scenario, work: Work) -> dict[str, Any]:
    """Return impact, likelihood and grade as the rules have them. One SELECT."""
    asked = items.kept(items.of(work.session, scenario.id))
    return items.risk(
        asked, scenario.asked, users_count=scenario.users_count, fusion=scenario.fusion
    )


def answer_beforehand(work: Work, scenario: Scenario) -> None:
    """Answer, as the house, for departments that have agreed beforehand to such a use.

    Only where a clause of the department's supply agreement in force covers purpose, risk
    and every output; who has no such clause goes on being asked (I-43). One SELECT, and
    one for each department that has not answered.
    """
    if scenario.risk is None:
        return
    forms, today = scenario.asked.output_forms, local_date(work.now)
    for one in opinions.of(work.session, scenario.id, scenario.round):
        if one.state != opinions.State.ASKED:
            continue
        clauses = supplies.standing_consent(
            work.session, one.department_id, scenario.operator_id, scenario.purpose_code, today
        )
        for clause in clauses:
            if (
                RiskGrade(scenario.risk["grade"]) <= clause.risk_max
                and forms <= clause.output_forms
            ):
                named = (
                    f"{clause.agreement_id}: {scenario.purpose_code}, risk up to "
                    f"{clause.risk_max.value}, {', '.join(sorted(clause.output_forms))}"
                )
                opinions.LIFE.take("agree_beforehand", one, work.as_system(), clause=named)
                break


def something_left(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that not everything has been refused by the departments."""
    refused = opinions.refused(work.session, scenario.id, scenario.round)
    named = {(row.directory_code, row.item_code) for row in refused}
    left = [row for row in items.of(work.session, scenario.id) if row.item not in named]
    if items.kept(left):
        return None
    reasons = "；".join(dict.fromkeys(f"[{row.cause}] {row.text}" for row in refused))
    return Refusal("DEPARTMENT_DISAGREES", f"供数部门不同意：{reasons}", f"against: {reasons}")


def strike_refused(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Strike what the departments refuse, coarsen what they want coarser; keep conditions."""
    given = opinions.of(work.session, scenario.id, scenario.round)
    scenario.conditions = opinions.conditions(given)
    refused = opinions.refused(work.session, scenario.id, scenario.round)
    coarser = opinions.coarser(work.session, scenario.id, scenario.round)
    if refused:
        data["struck"] = [[row.directory_code, row.item_code] for row in refused]
    if coarser:
        data["coarsened"] = score_sheets.listed(coarser)
    if refused or coarser:
        told: dict[str, Any] = {
            name: data[name] for name in ("struck", "coarsened") if name in data
        }
        narrow(scenario, work, told)
        data["scope_hash"] = scenario.scope_hash


def narrow(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Strike and coarsen items of the scope, and add to the conditions; never widens it."""
    struck = {(directory, item) for directory, item in data.get("struck", ())}
    scenario.conditions = [*scenario.conditions, *data.get("conditions", ())]
    left = items.strike(work.session, scenario.id, scenario.asked, struck)
    left = items.coarsen(left, score_sheets.mapped(data.get("coarsened")))
    _keep_scope(scenario, work, data, left)


def widen_again(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Undo what a voided assessment had struck, coarsened and set, and a decision built on it.

    What the departments want coarser stays so.
    """
    undone = rows.find(work.session, str(scenario.assessment_id))
    scenario.decision_cause = scenario.decision_reason = None
    if undone.result == "conditional_pass":
        back = {(directory, item) for directory, item in undone.struck}
        back |= score_sheets.mapped(undone.coarsened).keys()
        floors = opinions.coarser(work.session, scenario.id, scenario.round)
        whole = items.restore(work.session, scenario.id, scenario.asked, back, at_least=floors)
        gone = set(undone.conditions)
        scenario.conditions = [one for one in scenario.conditions if one not in gone]
        _keep_scope(scenario, work, data, whole)


def decided(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Check a decision against its recommendation, and keep both in the event.

    Raises StepRefused: MEETING_NEEDED when the leaders decide together and no meeting is
    named, DEVIATION_NEEDS_REASON when it is not what the assessment recommends.
    """
    together = lanes.collective(scenario, items.of(work.session, scenario.id))
    if together and not data.get("meeting_no"):
        zh = "高风险或重要数据须集体决策，请填写会议编号"
        en = "high risk and important data are decided in a meeting; name it"
        raise _refused("MEETING_NEEDED", zh, en)
    data["recommended"] = recommended(scenario, work)
    if data["recommended"] != "authorise" and not data.get("reason"):
        zh = "与评估建议不一致的决定须写明理由"
        raise _refused(
            "DEVIATION_NEEDS_REASON", zh, "a decision against the recommendation needs its reason"
        )


def recommended(scenario: Scenario, work: Work) -> str:
    """Return the step that is recommended: "authorise", or "reject" after an objection.

    The panel has passed whatever waits for a decision; an objection that was upheld
    against the announced one speaks against it.
    """
    return "reject" if pleas.objected(work.session, scenario.id) else "authorise"


def note_advice(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Keep, in the event of a rejection, what was recommended once there was an assessment."""
    if scenario.assessment_id is not None:
        data["recommended"] = recommended(scenario, work)


def keep_reason(scenario: Scenario, _work: Work, data: dict[str, Any]) -> None:
    """Keep why it was refused or rejected; without a cause, that the assessment failed."""
    scenario.decision_cause = data.setdefault("cause", "assessment_failed")
    scenario.decision_reason = data["reason"]


def forget_decision(scenario: Scenario, _work: Work, _data: dict[str, Any]) -> None:
    """Forget a decision that an appeal has undone; the journal keeps it."""
    scenario.decision_cause = scenario.decision_reason = None


def was_passed(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that an assessment has passed the scenario, so that it can be decided."""
    found = scenario.assessment_id and rows.find(work.session, scenario.assessment_id)
    if found and found.result in _PASSED:
        return None
    return Refusal("NOT_PASSED", "没有已通过的评估，无从重新决定", "no assessment has passed it")


def from_the_start(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Begin anew with what was asked for first; another round once opinions were asked."""
    forget_decision(scenario, work, data)
    if opinions.of(work.session, scenario.id, scenario.round):
        scenario.round += 1
        sections.mark(work.session, scenario.id, scenario.round)
    scenario.supplemented, scenario.risk, scenario.assessment_id = False, None, None
    back = {row.item for row in items.of(work.session, scenario.id)}
    _keep_scope(
        scenario, work, data, items.restore(work.session, scenario.id, scenario.asked, back)
    )


def _lowered(scenario: Scenario) -> str | None:
    risk = scenario.risk or {}
    return str(risk["grade"]) if risk.get("lowered") else None


def _keep_risk(
    scenario: Scenario, data: dict[str, Any], found: dict[str, Any], settled: RiskGrade
) -> None:
    changed = settled != found["grade"]
    kept = {**found, "grade": settled.value}
    if changed:
        kept |= {"proposed": found["grade"], "reason": data.get("reason") or ""}
    scenario.risk = data["risk"] = kept
    data.pop("grade", None)


def _keep_scope(scenario: Scenario, work: Work, data: dict[str, Any], left: scope.Scope) -> None:
    scenario.scope = scope.to_json(left)
    scenario.scope_hash = data["scope_hash"] = scope.scope_hash(left, work.crypto.digest)


def _refused(code: str, zh: str, en: str) -> StepRefused:
    return StepRefused(zh, en, (Refusal(code, zh, en),))
