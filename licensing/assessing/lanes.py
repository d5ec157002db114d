"""How thoroughly a scenario is assessed: the ordinary way, simplified, or briefly for a renewal.

Source: the simplified procedure (简易程序) is for low risk, low grades, no personal
information, harmless outputs and an applicant of good credit; the case officer takes it.
More of the same (短评估) is assessed by three experts on the documents alone. High risk and
important data take seven experts in any lane.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from catalogue.grades import Grade, PiClass, Scale, Term
from kernel import watch
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.parties import organisations
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


def bars(scenario: Scenario, work: Work, grade: str) -> list[Refusal]:
    """Return every reason why the simplified procedure cannot be taken. Two SELECTs.

    Codes: FAST_RISK, FAST_GRADE, FAST_PI, FAST_OUTPUT, FAST_CREDIT.
    """
    rules, asked = work.rules, scenario.asked
    gravest, pi = items.gravest(items.kept(items.of(work.session, scenario.id)))
    most, widest = Grade(rules.text("lanes.fast_grade_max")), rules.text("lanes.fast_output_max")
    needed = Credit(rules.text("lanes.credit_needed"))
    found = {
        "FAST_RISK": (grade != RiskGrade.LOW, "风险等级须为低", "the risk must be low"),
        "FAST_GRADE": (gravest > most, f"数据级别不高于 {most}", f"grades up to {most} only"),
        "FAST_PI": (pi != PiClass.NONE, "不得含个人信息", "no personal information"),
        "FAST_OUTPUT": (
            max(asked.output_forms) > OutputForm(widest),
            f"输出形式不得超过 {OutputForm(widest).label.zh}",
            f"outputs no more exposing than {OutputForm(widest).label.en}",
        ),
        "FAST_CREDIT": (
            credit(work, scenario.applicant_id) < needed,
            f"申请机构信用须达 {needed} 级",
            f"the applicant's credit must be {needed} at least",
        ),
    }
    return [Refusal(code, zh, en) for code, (bad, zh, en) in found.items() if bad]


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
