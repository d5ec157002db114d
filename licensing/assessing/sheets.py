"""How a panel scores: sheets, totals, the mean and what follows from it. Pure.

Scores, totals and means are whole numbers of hundredths of a point: 78.5 is 7850.
Source of criteria, weights and thresholds: the `[assessment]` rules of the jurisdiction.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from catalogue.grades import Term
from kernel.errors import Invalid, Refusal
from kernel.money import half_up
from kernel.words import Words
from licensing.assessing import panel
from licensing.scope import Item, Transform

SCORE_MAX: Final = 10_000
"""Full marks, 100 points, in hundredths."""

PI_PROTECTION: Final = "pi_protection"
"""The criterion that falls away when no personal information is asked for."""

VETOABLE: Final = frozenset({"legality", "necessity", "security", PI_PROTECTION})
"""The criteria on which a majority of the panel can fail a case, whatever it scores."""


CRITERIA: Final[Mapping[str, Words]] = {
    "legality": Words("合法性", "legality"),
    "necessity": Words("必要性与最小化", "necessity and minimisation"),
    "security": Words("安全性", "security"),
    PI_PROTECTION: Words("个人信息保护", "protection of personal information"),
    "feasibility": Words("可行性", "feasibility"),
    "benefit": Words("效益性", "benefit"),
}
"""What the usual criteria are called; a locality may weigh others, called by their code."""


class Verdict(Term):
    """What one expert concludes."""

    AGREE = "agree", "同意", "agree"
    AGREE_WITH_CONDITION = "agree_with_condition", "附条件同意", "agree with conditions"
    DISAGREE = "disagree", "不同意", "disagree"


class Result(Term):
    """What a panel concludes."""

    PASS = "pass", "通过", "passed"
    CONDITIONAL_PASS = "conditional_pass", "附条件通过", "passed with conditions"
    REVISE = "revise", "修改后再评", "to be revised"
    FAIL = "fail", "不通过", "failed"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One expert's score sheet (评分表).

    scores: criterion → hundredths of a point, 0–10,000. struck: items that the expert
    finds needless. coarsened: items of which a coarser form is enough, each with it.
    conditions: under which the expert agrees. vetoed: criteria that in the expert's view
    fail the case by themselves, of VETOABLE.
    Raises Invalid for a score or a veto that cannot be.
    """

    expert: str
    scores: Mapping[str, int]
    verdict: Verdict
    struck: frozenset[Item] = frozenset()
    conditions: tuple[str, ...] = ()
    vetoed: frozenset[str] = frozenset()
    coarsened: Mapping[Item, Transform] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for criterion, score in self.scores.items():
            if type(score) is not int or not 0 <= score <= SCORE_MAX:
                raise Invalid(
                    "评分须在0至100分之间",
                    "a score is 0–10,000 hundredths of a point",
                    pointer=f"/scores/{criterion}",
                )
        if not self.vetoed <= VETOABLE & self.scores.keys():
            raise Invalid("该项不能一票否决", "there is no veto on this", pointer="/vetoed")


@dataclass(frozen=True, slots=True)
class Standard:
    """By what sheets are judged. Points in hundredths, shares in basis points.

    weights: criterion → weight; only their proportion matters. mean_pass, mean_revise,
    criterion_min: the least that will do. agree_share_bp: of the sheets, how many must
    agree. trim_from: from how many sheets the highest and the lowest are left out.
    """

    weights: Mapping[str, int]
    mean_pass: int
    mean_revise: int
    criterion_min: int
    agree_share_bp: int
    trim_from: int


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows from the sheets, and why.

    struck: items struck by more than half of the sheets. coarsened: other items, with the
    strictest treatment that more than half of the sheets ask for at least. conditions: all
    that were set, each once. reasons: what kept the case from passing; empty when it passed.
    """

    result: Result
    mean: int
    criterion_means: Mapping[str, int]
    reasons: tuple[Refusal, ...]
    struck: frozenset[Item]
    conditions: tuple[str, ...]
    coarsened: Mapping[Item, Transform] = field(default_factory=dict)


def standard(table: Mapping[str, Any], *, with_pi: bool) -> Standard:
    """Return the standard written in the `[assessment]` rules.

    with_pi: whether personal information is asked for; without it the weight of
    `pi_protection` goes to the other criteria in their proportion.
    Raises ValueError when the weights do not add up to 100.
    """
    weights = dict(table["weights"])
    if sum(weights.values()) != 100:
        raise ValueError("the weights of the criteria must add up to 100")
    if not with_pi:
        weights.pop(PI_PROTECTION, None)
    return Standard(
        weights=MappingProxyType(weights),
        mean_pass=table["mean_pass"],
        mean_revise=table["mean_revise"],
        criterion_min=table["criterion_min"],
        agree_share_bp=table["agree_share_bp"],
        trim_from=table["trim_from"],
    )


def total(sheet: Sheet, weights: Mapping[str, int]) -> int:
    """Return the weighted mean of a sheet's scores, in hundredths, rounded half up.

    Raises Invalid unless exactly the criteria of `weights` are scored.
    """
    if sheet.scores.keys() != weights.keys():
        raise Invalid("须对每项标准评分", "score each criterion, and no other", pointer="/scores")
    weighted = sum(weight * sheet.scores[criterion] for criterion, weight in weights.items())
    return half_up(weighted, sum(weights.values()))


def mean(totals: Sequence[int], *, trim_from: int) -> int:
    """Return the mean of the totals, in hundredths, rounded half up.

    From `trim_from` sheets on, one highest and one lowest are left out.
    Raises ValueError when there is none.
    """
    if len(totals) >= trim_from:
        totals = sorted(totals)[1:-1]
    return half_up(sum(totals), len(totals))


def points(hundredths: int) -> str:
    """Return a score as people write it: 7870 is "78.70"."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def conclude(sheets: Sequence[Sheet], by: Standard) -> Conclusion:
    """Return what a panel's valid sheets come to; the same sheets, the same conclusion.

    A veto by more than half fails the case. It passes when the mean, each criterion and
    the share that agrees suffice; with conditions, when there are any or items are
    struck or coarsened. Otherwise it is to be revised when the mean lies between the two
    thresholds, and fails when not. Whether there is a quorum is for `panel.quorum` to say.
    Raises Invalid without sheets or with two of one expert.
    """
    if not sheets or len({sheet.expert for sheet in sheets}) != len(sheets):
        raise Invalid("每名专家须有且仅有一份评分表", "one sheet of each expert is needed")
    average = mean([total(sheet, by.weights) for sheet in sheets], trim_from=by.trim_from)
    averages = {
        criterion: half_up(sum(sheet.scores[criterion] for sheet in sheets), len(sheets))
        for criterion in by.weights
    }
    vetoed = [
        criterion
        for criterion in by.weights
        if _most(sum(criterion in sheet.vetoed for sheet in sheets), sheets)
    ]
    reasons = (*_vetoes(vetoed), *_shortfalls(average, averages, sheets, by))
    struck = _struck(sheets)
    coarsened = _coarsened(sheets, struck)
    in_order = sorted(sheets, key=lambda sheet: sheet.expert)
    conditions = tuple(dict.fromkeys(text for sheet in in_order for text in sheet.conditions))
    qualified = bool(struck or coarsened) or any(
        sheet.conditions or sheet.verdict is Verdict.AGREE_WITH_CONDITION for sheet in sheets
    )
    if not reasons:
        result = Result.CONDITIONAL_PASS if qualified else Result.PASS
    elif not vetoed and by.mean_revise <= average < by.mean_pass:
        result = Result.REVISE
    else:
        result = Result.FAIL
    return Conclusion(
        result, average, MappingProxyType(averages), reasons, struck, conditions, coarsened
    )


def _most(count: int, sheets: Sequence[Sheet]) -> bool:
    return 2 * count > len(sheets)


def _struck(sheets: Sequence[Sheet]) -> frozenset[Item]:
    counts = Counter(item for sheet in sheets for item in sheet.struck)
    return frozenset(item for item, count in counts.items() if _most(count, sheets))


def _coarsened(sheets: Sequence[Sheet], struck: frozenset[Item]) -> Mapping[Item, Transform]:
    # Who strikes an item would have it treated as strictly as can be, at the very least.
    found: dict[Item, Transform] = {}
    for item in sorted({item for sheet in sheets for item in sheet.coarsened} - struck):
        wishes = [
            max(Transform) if item in sheet.struck else sheet.coarsened[item]
            for sheet in sheets
            if item in sheet.struck or item in sheet.coarsened
        ]
        if _most(len(wishes), sheets):
            found[item] = sorted(wishes, reverse=True)[len(sheets) // 2]
    return MappingProxyType(found)


def _vetoes(criteria: Sequence[str]) -> Iterator[Refusal]:
    for criterion in criteria:
        yield Refusal(
            "VETOED",
            f"过半数专家对“{_label(criterion).zh}”一票否决",
            f"more than half of the panel vetoed {_label(criterion).en}",
        )


def _shortfalls(
    average: int, averages: Mapping[str, int], sheets: Sequence[Sheet], by: Standard
) -> Iterator[Refusal]:
    if average < by.mean_pass:
        got, least = points(average), points(by.mean_pass)
        yield Refusal(
            "MEAN_TOO_LOW", f"平均分{got}，低于{least}", f"the mean is {got}, below {least}"
        )
    for criterion, scored in averages.items():
        if scored < by.criterion_min:
            name, got, least = _label(criterion), points(scored), points(by.criterion_min)
            yield Refusal(
                "CRITERION_TOO_LOW",
                f"“{name.zh}”平均分{got}，低于{least}",
                f"the mean of {name.en} is {got}, below {least}",
            )
    agreed = sum(sheet.verdict is not Verdict.DISAGREE for sheet in sheets)
    if not panel.reaches(agreed, len(sheets), by.agree_share_bp):
        yield Refusal(
            "TOO_FEW_AGREE",
            f"{len(sheets)}份评分表中仅{agreed}份同意",
            f"only {agreed} of {len(sheets)} sheets agree",
        )


def _label(criterion: str) -> Words:
    return CRITERIA.get(criterion, Words(criterion, criterion))
