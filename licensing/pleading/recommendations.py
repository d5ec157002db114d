"""What an assessment recommends to whoever decides (决定建议), with the reasons in its sheets."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.words import Words
from kernel.work import Work
from licensing import assessments, scenarios
from licensing.applications import items
from licensing.assessing import lanes, outcomes, score_sheets
from licensing.assessing.sheets import CRITERIA, Result, Verdict, points


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Which step the sheets speak for, and why.

    step: "authorise" or "reject". collective: the leaders decide together, so a decision
    names their meeting. criterion_means: hundredths of a point. doubts: what members wrote
    beside low scores or disagreement, without names.
    """

    step: str
    collective: bool
    result: Result
    mean: int
    criterion_means: Mapping[str, int]
    reasons: tuple[Words, ...]
    conditions: tuple[str, ...]
    struck: tuple[tuple[str, str], ...]
    coarsened: tuple[tuple[str, str, str], ...]
    doubts: tuple[str, ...]


def of(work: Work, assessment_id: str) -> Recommendation | None:
    """Return what a concluded assessment recommends; None before. About six SELECTs.

    None too of a result that was taken over without its sheets: nothing can be drawn from it.
    Raises NotFound to who may not see the assessment.
    """
    found = assessments.seen(work, assessment_id)
    if found.state != assessments.State.CONCLUDED or not found.standard:
        return None
    kept = score_sheets.of(work.session, found.id)
    again = score_sheets.conclusion(kept, found.standard)
    scenario = scenarios.find(work.session, found.scenario_id)
    passed = again.result in (Result.PASS, Result.CONDITIONAL_PASS)
    below = work.rules.number("assessment.comment_below")
    doubts = (
        text
        for sheet in kept
        for criterion, text in sheet.comments.items()
        if text and (sheet.scores[criterion] < below or sheet.verdict == Verdict.DISAGREE)
    )
    return Recommendation(
        step=outcomes.recommended(scenario, work) if passed else "reject",
        collective=lanes.collective(scenario, items.of(work.session, scenario.id)),
        result=again.result,
        mean=again.mean,
        criterion_means=dict(again.criterion_means),
        reasons=(
            *_for(kept, again.mean, again.criterion_means),
            *(one.words for one in again.reasons),
        ),
        conditions=again.conditions,
        struck=tuple(sorted(again.struck)),
        coarsened=tuple(
            (directory, item, how.value)
            for (directory, item), how in sorted(again.coarsened.items())
        ),
        doubts=tuple(dict.fromkeys(doubts)),
    )


def _for(
    kept: list[score_sheets.ScoreSheet], mean: int, means: Mapping[str, int]
) -> tuple[Words, ...]:
    counted = Counter(Verdict(sheet.verdict) for sheet in kept)
    verdicts = [(verdict.label, counted[verdict]) for verdict in Verdict if counted[verdict]]
    weakest = min(means, key=lambda criterion: (means[criterion], criterion))
    named = CRITERIA.get(weakest, Words(weakest, weakest))
    return (
        Words(
            f"{len(kept)} 份有效评分表，均分 {points(mean)}",
            f"{len(kept)} sheets count, their mean is {points(mean)}",
        ),
        Words(
            "，".join(f"{label.zh} {count}" for label, count in verdicts),
            ", ".join(f"{count} {label.en}" for label, count in verdicts),
        ),
        Words(
            f"最弱一项为{named.zh}，{points(means[weakest])}",
            f"the weakest criterion is {named.en}, {points(means[weakest])}",
        ),
    )
