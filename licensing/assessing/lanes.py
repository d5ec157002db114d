"""How thoroughly a scenario is assessed: the ordinary way, simplified, or briefly for a renewal.

Source: the simplified procedure (简易程序) is for low risk, low grades, no personal
information, harmless outputs and an applicant of good credit. What meets all of these is
assessed so, unless the case officer says why the ordinary way is better; what misses one of
them is not. More of the same (短评估) is assessed by three experts on the documents alone.
High risk and important data take seven experts in any lane.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from catalogue.grades import Grade, PiClass, Scale, Term
from kernel import watch
from kernel.clock import local_date
from kernel.errors import Refusal, StepRefused
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Rules, Work
from licensing.applications import items
from licensing.applications.cases import Scenario
from licensing.applications.items import ScenarioItem
from licensing.assessing.panel import FAST, FULL, Cover
from licensing.exposures import OutputForm, RiskGrade


class Lane(Term):
    """How a scenario is assessed."""

    ORDINARY = "ordinary", "一般程序", "ordinary"
    FAST = "fast", "简易程序", "simplified"
    SHORT = "short", "短评估", "short, on the documents"


class Credit(Scale):
    """The credit of an organisation (信用等级), worst first."""

    D = "D", "D级", "D"
    C = "C", "C级", "C"
    B = "B", "B级", "B"
    A = "A", "A级", "A"


_CLOCKS: Final[Mapping[tuple[str, str], str]] = {
    (Lane.FAST, "clocks.assessment"): "clocks.assessment_fast",
    (Lane.SHORT, "clocks.assessment"): "clocks.assessment_short",
    (Lane.FAST, "clocks.publicity"): "clocks.publicity_fast",
    (Lane.SHORT, "clocks.publicity"): "clocks.publicity_short",
}


def cover(lane: str) -> Cover:
    """Return what a panel of this lane must contain."""
    return FULL if lane == Lane.ORDINARY else FAST


def size(rules: Rules, lane: str, *, collective: bool) -> int:
    """Return how many experts assess. collective: high risk or important data."""
    if collective:
        return rules.number("assessment.panel_size_high")
    if lane == Lane.ORDINARY:
        return rules.number("assessment.panel_size")
    return rules.number(f"lanes.panel_size_{lane}")


def collective(scenario: Scenario, rows: Iterable[ScenarioItem]) -> bool:
    """Tell whether the leaders decide together (集体决策): high risk, or important data."""
    high = (scenario.risk or {}).get("grade") == RiskGrade.HIGH
    return high or any(Grade(row.grade) >= Grade.IMPORTANT for row in items.kept(rows))


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the simplified procedure, and whether a scenario meets it.

    found: what the scenario has, as it is compared.
    """

    code: str
    asks: Words
    found: Words
    met: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """The lane that the rules propose, and the verdict on each condition of the fast one."""

    lane: Lane
    conditions: tuple[Condition, ...]

    @property
    def eligible(self) -> bool:
        """Whether the simplified procedure may be taken."""
        return all(one.met for one in self.conditions)


def proposal(work: Work, scenario: Scenario) -> Proposal:
    """Return the lane that follows from the rules, with each condition's verdict.

    By the risk that is settled, or else the computed one. For what has been submitted: a
    draft may lack what is compared. At most three SELECTs.
    """
    found = conditions(scenario, work, _grade(work, scenario))
    if scenario.renews_id is not None:
        return Proposal(Lane.SHORT, found)
    return Proposal(Lane.FAST if all(one.met for one in found) else Lane.ORDINARY, found)


def chosen(work: Work, scenario: Scenario, asked: str | None, reason: str | None) -> Lane:
    """Return the lane that is taken: the proposed one, or the ordinary one for a reason.

    Raises StepRefused with what bars the simplified procedure, or with LANE_NEEDS_REASON
    when it is passed over without one. A renewal is always assessed briefly.
    """
    found = proposal(work, scenario)
    if found.lane == Lane.SHORT or asked is None:
        return found.lane
    if asked == Lane.FAST and not found.eligible:
        barred = _unmet(found.conditions)
        zh = "；".join(one.zh for one in barred)
        raise StepRefused(
            f"不适用简易程序：{zh}", "the simplified procedure is barred", tuple(barred)
        )
    if asked != Lane.FAST and found.eligible and not (reason or "").strip():
        zh = "符合简易程序条件，改用一般程序须写明理由"
        en = "it qualifies for the simplified procedure: say why it takes the ordinary one"
        raise StepRefused(zh, en, (Refusal("LANE_NEEDS_REASON", zh, en),))
    return Lane.FAST if asked == Lane.FAST else Lane.ORDINARY


def conditions(scenario: Scenario, work: Work, grade: str) -> tuple[Condition, ...]:
    """Return every condition of the simplified procedure with its verdict. Two SELECTs.

    Codes: FAST_RISK, FAST_GRADE, FAST_PI, FAST_OUTPUT, FAST_CREDIT.
    """
    rules, risk = work.rules, RiskGrade(grade)
    gravest, pi = items.gravest(items.kept(items.of(work.session, scenario.id)))
    most = Grade(rules.text("lanes.fast_grade_max"))
    widest, form = OutputForm(rules.text("lanes.fast_output_max")), max(scenario.asked.output_forms)
    needed = Credit(rules.text("lanes.credit_needed"))
    has = credit(work, scenario.applicant_id)
    return (
        _condition("FAST_RISK", "风险等级须为低", "the risk must be low",
                   risk.label, met=risk == RiskGrade.LOW),
        _condition("FAST_GRADE", f"数据级别不高于 {most}", f"grades up to {most} only",
                   gravest.label, met=gravest <= most),
        _condition("FAST_PI", "不得含个人信息", "no personal information",
                   pi.label, met=pi == PiClass.NONE),
        _condition("FAST_OUTPUT", f"输出形式不得超过 {widest.label.zh}",
                   f"outputs no more exposing than {widest.label.en}",
                   form.label, met=form <= widest),
        _condition("FAST_CREDIT", f"申请机构信用须达 {needed} 级",
                   f"the applicant's credit must be {needed} at least",
                   has.label, met=has >= needed),
    )  # fmt: skip


def credit(work: Work, organisation_id: str) -> Credit:
    """Return an organisation's credit: B while it is in good standing, else D. One SELECT."""
    found = organisations.find(work.session, organisation_id)
    return Credit.B if found.state == organisations.State.ACTIVE else Credit.D


def hasten(work: Work, scenario: Scenario) -> None:
    """Let the clock that has just begun be that of the scenario's lane. Up to three SELECTs."""
    if scenario.lane == Lane.ORDINARY:
        return
    clock = watch.running(work.session, scenario.id)
    if clock is None or clock.started_on != local_date(work.now):
        return
    key = _CLOCKS.get((scenario.lane, clock.key))
    if key is None:
        return
    life, overdue, owner = clock.life, clock.overdue_step, clock.owner
    work.session.delete(clock)
    # One running clock a subject: the ordinary one must be gone before this one begins.
    work.session.flush()
    watch.start(work, scenario.id, life, key, overdue, owner=owner)


def _grade(work: Work, scenario: Scenario) -> str:
    if scenario.risk is not None:
        return str(scenario.risk["grade"])
    asked = items.kept(items.of(work.session, scenario.id))
    found = items.risk(
        asked, scenario.asked, users_count=scenario.users_count, fusion=scenario.fusion
    )
    return str(found["grade"])


def _condition(code: str, zh: str, en: str, found: Words, *, met: bool) -> Condition:
    return Condition(code, Words(zh, en), found, met)


def _unmet(found: Iterable[Condition]) -> list[Refusal]:
    return [Refusal(one.code, one.asks.zh, one.asks.en) for one in found if not one.met]
