from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from licensing.assessing import sheets
from licensing.assessing.sheets import Result, Sheet, Standard, Verdict
from licensing.scope import Transform

WEIGHTS = {
    "legality": 20,
    "necessity": 20,
    "security": 20,
    "pi_protection": 15,
    "feasibility": 15,
    "benefit": 10,
}
RULES: Mapping[str, Any] = {
    "weights": WEIGHTS,
    "mean_pass": 7500,
    "mean_revise": 6000,
    "criterion_min": 6000,
    "agree_share_bp": 6667,
    "trim_from": 7,
    "panel_size": 5,
}
BY = sheets.standard(RULES, with_pi=True)

FIVE = (8200, 7850, 7400, 9000, 6900)
SEVEN = (*FIVE, 5500, 8000)
RAINFALL = ("307010001/000001", "rainfall")
WIND = ("307010002/000003", "wind")


def sheet(number: int, score: int = 8000, **changes: Any) -> Sheet:
    """A sheet with one score for every criterion, or for those that are named."""
    scores = dict.fromkeys(WEIGHTS, score) | changes.pop("scores", {})
    return Sheet(f"exp_{number}", scores, **({"verdict": Verdict.AGREE} | changes))


def five(*scores: int, **of_the_first: Any) -> list[Sheet]:
    """Five sheets, all 80 points unless said otherwise; the first may differ."""
    given = scores or (8000,) * 5
    return [
        sheet(number, score, **(of_the_first if number == 0 else {}))
        for number, score in enumerate(given)
    ]


def codes(conclusion: sheets.Conclusion) -> list[str]:
    return [reason.code for reason in conclusion.reasons]


# --- totals and means --------------------------------------------------------------------


def test_a_total_weighs_each_criterion() -> None:
    scored = sheet(1, 0, scores={"legality": 10_000, "benefit": 5_000})

    assert sheets.total(scored, WEIGHTS) == 2_500


def test_half_points_are_exact() -> None:
    assert sheets.total(sheet(1, 7850), WEIGHTS) == 7850


def test_a_total_is_rounded_half_up_once() -> None:
    weights = {"legality": 50, "benefit": 50}

    def of(legality: int, benefit: int) -> int:
        scores = {"legality": legality, "benefit": benefit}
        return sheets.total(Sheet("exp_1", scores, Verdict.AGREE), weights)

    assert of(7850, 7851) == 7851
    assert of(7850, 7850) == 7850


def test_five_sheets_have_the_mean_of_five() -> None:
    assert sheets.mean(FIVE, trim_from=7) == 7870


def test_seven_sheets_leave_out_the_highest_and_the_lowest() -> None:
    assert sheets.mean(SEVEN, trim_from=7) == 7670


def test_a_mean_is_written_with_two_decimals() -> None:
    assert sheets.points(7870) == "78.70"
    assert sheets.points(6005) == "60.05"


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=15))
def test_a_mean_is_the_exact_mean_to_half_a_hundredth(totals: list[int]) -> None:
    counted = sorted(totals)[1:-1] if len(totals) >= 7 else totals

    average = sheets.mean(totals, trim_from=7)

    off = average - Fraction(sum(counted), len(counted))
    assert Fraction(-1, 2) < off <= Fraction(1, 2)
    assert min(totals) <= average <= max(totals)


def test_without_personal_information_its_weight_goes_to_the_rest() -> None:
    without = sheets.standard(RULES, with_pi=False)
    scores = {"legality": 9000, "necessity": 8000, "security": 7000}
    scores |= {"feasibility": 6000, "benefit": 5000}

    total = sheets.total(Sheet("exp_1", scores, Verdict.AGREE), without.weights)

    exact = Fraction(20 * 9000 + 20 * 8000 + 20 * 7000 + 15 * 6000 + 10 * 5000, 85)
    assert "pi_protection" not in without.weights
    assert total == 7294
    assert abs(total - exact) < Fraction(1, 2)


@given(st.integers(0, 10_000))
def test_the_same_score_everywhere_is_the_total_whatever_the_weights(score: int) -> None:
    scores = dict.fromkeys(WEIGHTS, score)
    del scores["pi_protection"]
    without = sheets.standard(RULES, with_pi=False)

    assert sheets.total(Sheet("exp_1", scores, Verdict.AGREE), without.weights) == score


def test_weights_add_up_to_a_hundred() -> None:
    with pytest.raises(ValueError, match="100"):
        sheets.standard({**RULES, "weights": {"legality": 99}}, with_pi=True)


def test_a_locality_may_have_no_criterion_for_personal_information() -> None:
    rules = {**RULES, "weights": {"legality": 60, "benefit": 40}}

    assert dict(sheets.standard(rules, with_pi=False).weights) == {"legality": 60, "benefit": 40}


# --- what cannot be ----------------------------------------------------------------------


@pytest.mark.parametrize("score", [-1, 10_001, True, 78.5])
def test_a_score_is_a_whole_number_of_hundredths(score: Any) -> None:
    with pytest.raises(Invalid) as refused:
        sheet(1, scores={"benefit": score})

    assert refused.value.pointer == "/scores/benefit"


@pytest.mark.parametrize("score", [0, 10_000])
def test_nothing_and_full_marks_are_scores(score: int) -> None:
    assert sheets.total(sheet(1, score), WEIGHTS) == score


@pytest.mark.parametrize("criterion", ["benefit", "beauty"])
def test_not_every_criterion_can_be_vetoed(criterion: str) -> None:
    with pytest.raises(Invalid) as refused:
        sheet(1, vetoed=frozenset({criterion}))

    assert refused.value.pointer == "/vetoed"


# fmt: off
@pytest.mark.parametrize("scores", [
    {"legality": 8000}, dict.fromkeys([*WEIGHTS, "beauty"], 8000),
])
def test_each_criterion_is_scored_and_no_other(scores: dict[str, int]) -> None:
    with pytest.raises(Invalid) as refused:
        sheets.total(Sheet("exp_1", scores, Verdict.AGREE), WEIGHTS)

    assert refused.value.pointer == "/scores"
# fmt: on


def test_without_sheets_there_is_no_conclusion() -> None:
    with pytest.raises(Invalid):
        sheets.conclude([], BY)


def test_nobody_scores_twice() -> None:
    with pytest.raises(Invalid):
        sheets.conclude([sheet(1), sheet(1)], BY)


# --- conclusions -------------------------------------------------------------------------


def test_the_five_sheets_of_the_story_pass() -> None:
    conclusion = sheets.conclude(five(*FIVE), BY)

    assert conclusion.result is Result.PASS
    assert conclusion.mean == 7870
    assert conclusion.criterion_means == dict.fromkeys(WEIGHTS, 7870)
    assert conclusion.reasons == ()


def test_seven_sheets_conclude_with_the_trimmed_mean() -> None:
    conclusion = sheets.conclude(five(*SEVEN), BY)

    assert (conclusion.result, conclusion.mean) == (Result.PASS, 7670)


def test_the_order_of_the_sheets_makes_no_difference() -> None:
    forwards = [
        sheet(number, score, conditions=(f"第{number}条",)) for number, score in enumerate(FIVE)
    ]
    backwards = list(reversed(forwards))

    assert sheets.conclude(forwards, BY) == sheets.conclude(backwards, BY)


# fmt: off
@pytest.mark.parametrize(("score", "result", "reasons"), [
    (7500, Result.PASS, []),
    (7499, Result.REVISE, ["MEAN_TOO_LOW"]),
    (6000, Result.REVISE, ["MEAN_TOO_LOW"]),
    (5999, Result.FAIL, ["MEAN_TOO_LOW", *["CRITERION_TOO_LOW"] * 6]),
])
def test_the_mean_decides_between_passing_revising_and_failing(
    score: int, result: Result, reasons: list[str]
) -> None:
    conclusion = sheets.conclude(five(*[score] * 5), BY)

    assert conclusion.result is result
    assert codes(conclusion) == reasons
# fmt: on


def test_one_weak_criterion_fails_a_strong_case() -> None:
    weak = [sheet(number, 9000, scores={"benefit": 5999}) for number in range(5)]
    just_enough = [sheet(number, 9000, scores={"benefit": 6000}) for number in range(5)]

    conclusion = sheets.conclude(weak, BY)

    assert conclusion.result is Result.FAIL
    assert conclusion.reasons[0].zh == "“效益性”平均分59.99，低于60.00"
    assert sheets.conclude(just_enough, BY).result is Result.PASS


@pytest.mark.parametrize(("against", "passes"), [(0, True), (1, True), (2, False)])
def test_two_thirds_must_agree(against: int, passes: bool) -> None:
    voted = [
        sheet(number, verdict=Verdict.DISAGREE if number < against else Verdict.AGREE)
        for number in range(5)
    ]

    conclusion = sheets.conclude(voted, BY)

    assert (conclusion.result is Result.PASS) is passes
    assert codes(conclusion) == ([] if passes else ["TOO_FEW_AGREE"])


def test_two_of_three_are_two_thirds() -> None:
    voted = [sheet(1), sheet(2), sheet(3, verdict=Verdict.DISAGREE)]

    assert sheets.conclude(voted, BY).result is Result.PASS


def vetoing(count: int, score: int = 9000) -> list[Sheet]:
    return [
        sheet(number, score, vetoed=frozenset({"legality"}) if number < count else frozenset())
        for number in range(5)
    ]


def test_a_majority_vetoes_a_case_whatever_it_scores() -> None:
    three, two = sheets.conclude(vetoing(3), BY), sheets.conclude(vetoing(2), BY)

    assert (three.result, codes(three)) == (Result.FAIL, ["VETOED"])
    assert (two.result, codes(two)) == (Result.PASS, [])


def test_a_vetoed_case_is_not_sent_back_for_revision() -> None:
    conclusion = sheets.conclude(vetoing(3, score=7000), BY)

    assert conclusion.result is Result.FAIL
    assert codes(conclusion) == ["VETOED", "MEAN_TOO_LOW"]


def test_conditions_make_a_conditional_pass() -> None:
    one = sheets.conclude(five(conditions=("每季度报告",)), BY)
    verdict_alone = sheets.conclude(five(verdict=Verdict.AGREE_WITH_CONDITION), BY)

    assert (one.result, one.conditions) == (Result.CONDITIONAL_PASS, ("每季度报告",))
    assert verdict_alone.result is Result.CONDITIONAL_PASS


def test_a_condition_that_two_set_is_kept_once() -> None:
    both = [sheet(1, conditions=("甲", "乙")), sheet(2, conditions=("乙", "丙"))]

    assert sheets.conclude(both, BY).conditions == ("甲", "乙", "丙")


def test_a_majority_strikes_an_item_and_a_minority_does_not() -> None:
    struck = [
        sheet(0, struck=frozenset({RAINFALL, WIND})),
        sheet(1, struck=frozenset({RAINFALL, WIND})),
        sheet(2, struck=frozenset({RAINFALL})),
        sheet(3),
        sheet(4),
    ]

    conclusion = sheets.conclude(struck, BY)

    assert conclusion.struck == {RAINFALL}
    assert conclusion.result is Result.CONDITIONAL_PASS


def test_every_reason_is_said_in_both_languages() -> None:
    locals_only = Standard({"beauty": 1}, 7500, 6000, 6000, 6667, 7)
    poor = Sheet("exp_1", {"beauty": 1}, Verdict.DISAGREE)

    conclusion = sheets.conclude([poor], locals_only)

    assert codes(conclusion) == ["MEAN_TOO_LOW", "CRITERION_TOO_LOW", "TOO_FEW_AGREE"]
    assert [reason.en for reason in conclusion.reasons] == [
        "the mean is 0.01, below 75.00",
        "the mean of beauty is 0.01, below 60.00",
        "only 0 of 1 sheets agree",
    ]


# --- coarser treatments --------------------------------------------------------------------

COARSER = Transform.AGGREGATED
MIDDLE = Transform.GENERALISED


def wished(*wishes: Mapping[str, Any]) -> sheets.Conclusion:
    """Conclude five sheets, the first of which have wishes."""
    given = [sheet(number, **wish) for number, wish in enumerate(wishes)]
    return sheets.conclude([*given, *five()[len(given) :]], BY)


def test_more_than_half_have_an_item_coarser_and_the_pass_is_conditional() -> None:
    two, three = (
        wished(*[{"coarsened": {WIND: COARSER}}] * 2),
        wished(*[{"coarsened": {WIND: COARSER}}] * 3),
    )

    assert (two.result, dict(two.coarsened)) == (Result.PASS, {})
    assert (three.result, dict(three.coarsened)) == (Result.CONDITIONAL_PASS, {WIND: COARSER})


def test_the_strictest_that_more_than_half_ask_for_at_least_is_what_holds() -> None:
    found = wished(
        {"coarsened": {WIND: COARSER}}, {"coarsened": {WIND: MIDDLE}},
        {"coarsened": {WIND: Transform.MASKED}}, {"coarsened": {WIND: COARSER}},
    )  # fmt: skip

    assert dict(found.coarsened) == {WIND: MIDDLE}


def test_who_strikes_would_have_it_as_strict_as_can_be_and_what_is_struck_is_not_coarsened() -> (
    None
):
    few = wished({"struck": {WIND}}, {"struck": {WIND}}, {"coarsened": {WIND: MIDDLE}})
    most = wished(*[{"struck": {WIND}}] * 3, {"coarsened": {WIND: MIDDLE}})

    assert (set(few.struck), dict(few.coarsened)) == (set(), {WIND: MIDDLE})
    assert (set(most.struck), dict(most.coarsened)) == ({WIND}, {})
