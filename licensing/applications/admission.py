"""What must hold before a scenario may move on: the guards of its life."""

from kernel import watch
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.parties import organisations
from kernel.work import Work
from licensing.applications import items, opinions, supplies
from licensing.applications.cases import Scenario
from licensing.exposures import RiskGrade


def parties_active(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that applicant, operator and agency may begin something (I-2)."""
    parties = (scenario.applicant_id, scenario.operator_id, scenario.implementing_agency_id)
    found = [organisations.find(work.session, party) for party in parties]
    idle = [party for party in found if party.state != organisations.State.ACTIVE]
    if not idle:
        return None
    zh, en = "、".join(one.name_zh for one in idle), ", ".join(one.name_en for one in idle)
    return Refusal("PARTY_NOT_ACTIVE", f"机构未处于正常状态：{zh}", f"not active: {en}")


def period_ahead(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that the period of use has a day left."""
    over = scenario.asked.period.last < local_date(work.now)
    return Refusal("PERIOD_OVER", "使用期限已过", "the period has passed") if over else None


def supplied(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that every directory is published, registered and open to operation (I-12, I-14)."""
    codes = {directory for directory, _ in scenario.asked.items}
    return items.gathered(items.unsupplied(work.session, codes, local_date(work.now)))


def misfits(scenario: Scenario, work: Work) -> list[Refusal]:
    """Return everything in which the scope goes beyond what the operator is supplied."""
    today = local_date(work.now)
    return supplies.uncovered(work.session, scenario.operator_id, scenario.asked, today)


def covered(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that the scope fits what the operator is supplied; every misfit is told (I-26)."""
    found = misfits(scenario, work)
    if not found:
        return None
    zh = "；".join(f"[{one.code}] {one.zh}" for one in found)
    en = "; ".join(f"[{one.code}] {one.en}" for one in found)
    return Refusal("SCOPE_NOT_COVERED", f"超出供数协议范围：{zh}", f"not covered: {en}")


def not_yet_supplemented(scenario: Scenario, _work: Work) -> Refusal | None:
    """Ask that nothing has been sent back in this round (一次性告知)."""
    if not scenario.supplemented:
        return None
    zh, en = "补正通知只能发出一次（一次性告知）", "what is missing is told once, and has been"
    return Refusal("SUPPLEMENT_ONCE", zh, en)


def all_opinions_in(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that every department has spoken: silence is never consent (I-43)."""
    given = opinions.of(work.session, scenario.id, scenario.round)
    silent = sorted(one.department_id for one in given if one.state == opinions.State.ASKED)
    if not silent:
        return None
    named = ", ".join(silent)
    return Refusal(
        "OPINION_MISSING",
        f"尚未收到供数部门意见（沉默不视为同意）：{named}",
        f"no opinion yet, and silence is not consent: {named}",
    )


def nobody_disagrees(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that no department has refused its items."""
    given = opinions.of(work.session, scenario.id, scenario.round)
    against = [one for one in given if one.state == opinions.State.DISAGREED]
    if not against:
        return None
    reasons = "; ".join(f"{one.department_id}: {one.reason}" for one in against)
    return Refusal("DEPARTMENT_DISAGREES", f"供数部门不同意：{reasons}", f"against: {reasons}")


def risk_bearable(scenario: Scenario, _work: Work) -> Refusal | None:
    """Ask that the risk is graded, and not unacceptable."""
    if scenario.risk is None:
        return Refusal("RISK_NOT_GRADED", "尚未定风险等级", "the risk has not been graded")
    if scenario.risk["grade"] == RiskGrade.UNACCEPTABLE:
        return Refusal("RISK_UNACCEPTABLE", "风险等级为不可接受", "the risk is unacceptable")
    return None


def rounds_left(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that the rules allow another round."""
    most = work.rules.number("assessment.rounds_max")
    if scenario.round < most:
        return None
    return Refusal("NO_ROUNDS_LEFT", f"最多 {most} 轮", f"there are at most {most} rounds")


def publicity_over(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that the last day of the publicity has passed."""
    clock = watch.running(work.session, scenario.id)
    if clock is None or clock.due_on < local_date(work.now):
        return None
    zh, en = f"公示期至 {clock.due_on}", f"the publicity runs until {clock.due_on}"
    return Refusal("PUBLICITY_RUNNING", zh, en)
