"""What must hold before a scenario may move on: the guards of its life."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from kernel import watch
from kernel.clock import Instant, local_date
from kernel.errors import Refusal, together
from kernel.journal import Event
from kernel.parties import organisations, relations
from kernel.work import Work
from licensing.applications import commitments, items, opinions, supplies
from licensing.applications.cases import Scenario, State
from licensing.exposures import RiskGrade

_CASES_MAX: Final = 200
_MONTH_DAYS: Final = 30


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
    return together(items.unsupplied(work.session, codes, local_date(work.now)))


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


def unrelated(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that the applicant is not related to the operator (I-20), but for its own products."""
    if scenario.applicant_id == scenario.operator_id:
        return None  # a primary product: the database holds the one against the other
    today = local_date(work.now)
    if not relations.are_related(
        work.session, scenario.applicant_id, scenario.operator_id, on=today
    ):
        return None
    return Refusal(
        "OPERATOR_RELATED",
        "申请机构与运营机构存在关联关系，不得参与其交付产品的再开发（I-20）",
        "the applicant is related to the operator, which takes no part in re-development (I-20)",
    )


def failed_lately(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that the same purpose of the same applicant has not failed in the rules' days."""
    days = work.rules.number("scenario.same_purpose_bar_days")
    statement = (
        select(Scenario.id)
        .where(
            Scenario.purpose_fingerprint == scenario.purpose_fingerprint,
            Scenario.applicant_id == scenario.applicant_id,
            Scenario.id != scenario.id,
            Scenario.state == State.REJECTED,
            Scenario.decision_cause == "assessment_failed",
        )
        .limit(_CASES_MAX)
    )
    since = work.now - timedelta(days=days)
    if _since(work, work.session.scalars(statement), ("scenario.failed",), since) is None:
        return None
    return Refusal(
        "SAME_PURPOSE_BARRED",
        f"同一用途评估不通过后 {days} 日内不得再次申请",
        f"the same purpose failed its assessment within {days} days",
    )


def revoked_lately(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that no authorisation of the applicant in this field was revoked in the last months."""
    months = work.rules.number("standing.bar_months")
    granted = (
        select(Scenario.authorisation_id)
        .where(
            Scenario.applicant_id == scenario.applicant_id,
            Scenario.application_field == scenario.application_field,
            Scenario.authorisation_id.is_not(None),
        )
        .order_by(Scenario.id.desc())
        .limit(_CASES_MAX)
    )
    ids = [str(each) for each in work.session.scalars(granted)]
    since = work.now - timedelta(days=_MONTH_DAYS * months)
    if _since(work, ids, ("authorisation.revoked", "authorisation.lapsed"), since) is None:
        return None
    return Refusal(
        "REVOKED_BARRED",
        f"该领域授权被撤销后 {months} 个月内不得申请",
        f"an authorisation in this field was revoked within {months} months",
    )


def may_promise(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that the applicant has broken no promise in the last months."""
    months = work.rules.number("scenario.commitment_bar_months")
    since = work.now - timedelta(days=_MONTH_DAYS * months)
    if commitments.broken_since(work.session, scenario.applicant_id, since) is None:
        return None
    return Refusal(
        "COMMITMENTS_BARRED",
        f"违反承诺后 {months} 个月内不得再作容缺承诺",
        f"a promise was broken within {months} months",
    )


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


def _since(
    work: Work, subjects: Iterable[str], kinds: tuple[str, ...], since: Instant
) -> Event | None:
    statement = (
        select(Event)
        .where(Event.subject.in_(list(subjects)), Event.kind.in_(kinds), Event.at >= since)
        .limit(1)
    )
    return work.session.scalars(statement).first()
