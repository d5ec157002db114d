"""What an application is likely to meet, told while it is being written: grade, risk, lane, days.

An estimate binds nobody: the officer grades the risk, and the clocks are the case's own.
"""

from dataclasses import dataclass
from datetime import date

from catalogue.grades import Grade, PiClass
from kernel.work import Work
from licensing import exposures, scope
from licensing.applications import drafts
from licensing.applications.cases import Scenario
from licensing.applications.drafts import Draft
from licensing.exposures import Environment, OutputForm, RiskGrade


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the draft as it stands would meet if it were handed in today.

    risk, lane: None while output or items are missing. statutory_wd, statutory_on: the
    limit in law, without assessment, publicity, and what waits for the applicant.
    expected_wd, expected_on: all stages one after the other, each at its limit.
    provisional: a day lies in a year whose holidays are not published.
    """

    items: int
    grade: Grade
    pi: PiClass
    impact: int
    likelihood: int | None
    risk: RiskGrade | None
    lane: str | None
    statutory_wd: int
    statutory_on: date
    expected_wd: int
    expected_on: date
    provisional: bool


def of(work: Work, scenario: Scenario) -> Estimate:
    """Estimate the draft of a scenario as it is written now."""
    return estimate(work, drafts.read(work, scenario))


def estimate(work: Work, draft: Draft) -> Estimate:
    """Estimate a draft. Reads nothing but the rules and the calendar."""
    impact = exposures.impact_of(draft.grade, draft.pi)
    likelihood = _likelihood(draft)
    known = [each for each in draft.wanted if each.grade]
    risk = exposures.risk(impact, likelihood) if likelihood and known else None
    lane = _lane(draft, risk)
    statutory = work.rules.number("clocks.scenario_total.limit_wd")
    expected = _expected(work, fast=lane == "fast")
    due, end = work.calendar.due(draft.today, statutory), work.calendar.due(draft.today, expected)
    return Estimate(
        items=len(draft.wanted),
        grade=draft.grade,
        pi=draft.pi,
        impact=impact,
        likelihood=likelihood,
        risk=risk,
        lane=lane,
        statutory_wd=statutory,
        statutory_on=due.date,
        expected_wd=expected,
        expected_on=end.date,
        provisional=due.provisional or end.provisional,
    )


def _likelihood(draft: Draft) -> int | None:
    if not draft.outputs:
        return None
    users = [each for each in draft.values.get("users") or [] if isinstance(each, str)]
    weakest = draft.environments[0] if draft.environments else Environment.API_GATEWAY
    return exposures.likelihood_of(
        draft.outputs[-1],
        weakest,
        users_count=draft.whole("users_count") or 1,
        open_ended=any(each == scope.ANYONE or each.startswith("class:") for each in users),
        fusion=draft.values.get("fusion") is True,
    )


def _lane(draft: Draft, risk: RiskGrade | None) -> str | None:
    if risk is None:
        return None
    harmless = draft.grade <= Grade.G2 and draft.pi == PiClass.NONE
    coarse = draft.outputs[-1] <= OutputForm.SCORE
    return "fast" if risk == RiskGrade.LOW and harmless and coarse else "ordinary"


def _expected(work: Work, *, fast: bool) -> int:
    keys = ["formal_check", "forwarding", "department_opinion", "panel_formation", "decision"]
    total = sum(work.rules.number(f"clocks.{key}.limit_wd") for key in (*keys, "certificate"))
    if fast:
        names = ("clocks.assessment_fast.limit_wd", "clocks.publicity_fast.limit_wd")
    else:
        names = ("clocks.assessment.limit_wd", "clocks.publicity.limit_wd")
    return total + sum(work.rules.number(name) for name in names)
