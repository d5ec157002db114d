from itertools import product
from typing import Any

import pytest

from catalogue.grades import Grade, PiClass
from licensing import exposures
from licensing.exposures import Environment, OutputForm, RiskGrade, Transform

IMPACTS: Any = [
    (Grade.G1, PiClass.NONE, 1),
    (Grade.G2, PiClass.NONE, 2),
    (Grade.G3, PiClass.NONE, 3),
    (Grade.G4, PiClass.NONE, 4),
    (Grade.IMPORTANT, PiClass.NONE, 5),
    (Grade.CORE, PiClass.NONE, 5),
    (Grade.G1, PiClass.ORDINARY, 3),
    (Grade.G4, PiClass.ORDINARY, 4),
    (Grade.G1, PiClass.SENSITIVE, 5),
    (Grade.G1, PiClass.MINOR_UNDER_14, 5),
]
LIKELIHOODS: Any = [
    (OutputForm.AGGREGATE_REPORT, 1),
    (OutputForm.SCORE, 2),
    (OutputForm.YES_NO_VERIFICATION, 2),
    (OutputForm.MODEL_PARAMETERS, 3),
    (OutputForm.MASKED_RECORD_API, 3),
    (OutputForm.MASKED_DATASET, 4),
    (OutputForm.RECORD_API, 4),
    (OutputForm.RAW_EXPORT, 5),
]
CIRCUMSTANCES: Any = [
    ({"users_count": 100}, 3),
    ({"users_count": 101}, 4),
    ({"open_ended": True}, 4),
    ({"users_count": 101, "open_ended": True}, 4),
    ({"fusion": True}, 4),
    ({"fusion": True, "open_ended": True}, 5),
    ({"environment": Environment.API_GATEWAY}, 3),
    ({"environment": Environment.FEDERATED}, 3),
    ({"environment": Environment.MPC}, 2),
    ({"environment": Environment.TEE}, 2),
    ({"environment": Environment.TEE, "fusion": True}, 3),
    ({"output_form": OutputForm.AGGREGATE_REPORT, "environment": Environment.TEE}, 1),
    ({"output_form": OutputForm.RAW_EXPORT, "fusion": True, "open_ended": True}, 5),
]


def likelihood(**changes: Any) -> int:
    fields: dict[str, Any] = {
        "output_form": OutputForm.MODEL_PARAMETERS,
        "environment": Environment.TRUSTED_DOMAIN_SANDBOX,
        "users_count": 1,
        "open_ended": False,
        "fusion": False,
    }
    return exposures.likelihood_of(**(fields | changes))


@pytest.mark.parametrize(("grade", "pi", "impact"), IMPACTS)
def test_the_impact_is_the_graver_of_grade_and_persons(
    grade: Grade, pi: PiClass, impact: int
) -> None:
    assert exposures.impact_of(grade, pi) == impact


@pytest.mark.parametrize(("form", "expected"), LIKELIHOODS)
def test_the_form_of_the_output_sets_the_likelihood(form: OutputForm, expected: int) -> None:
    assert likelihood(output_form=form) == expected


@pytest.mark.parametrize(("change", "expected"), CIRCUMSTANCES)
def test_circumstances_raise_and_lower_the_likelihood(
    change: dict[str, Any], expected: int
) -> None:
    assert likelihood(**change) == expected


@pytest.mark.parametrize(("impact", "chance"), list(product(range(1, 6), range(1, 6))))
def test_the_risk_is_the_product_in_four_grades(impact: int, chance: int) -> None:
    score = impact * chance
    expected = (
        RiskGrade.LOW
        if score <= 4
        else RiskGrade.MEDIUM
        if score <= 9
        else RiskGrade.HIGH
        if score <= 15
        else RiskGrade.UNACCEPTABLE
    )

    assert exposures.risk(impact, chance) is expected


@pytest.mark.parametrize(("impact", "chance"), [(0, 1), (1, 0), (6, 1), (1, 6)])
def test_a_factor_beyond_one_to_five_is_no_factor(impact: int, chance: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        exposures.risk(impact, chance)


def test_the_scales_stand_in_the_order_of_the_domain() -> None:
    # fmt: off
    assert [term.value for term in sorted(Transform)] == [
        "raw", "masked", "pseudonymised", "generalised", "anonymised", "aggregated",
    ]
    assert [term.value for term in sorted(OutputForm)] == [
        "aggregate_report", "score", "yes_no_verification", "model_parameters",
        "masked_record_api", "masked_dataset", "record_api", "raw_export",
    ]
    assert [term.value for term in sorted(Environment)] == [
        "api_gateway", "trusted_domain_sandbox", "federated", "mpc", "tee",
    ]
    # fmt: on
    assert RiskGrade.LOW < RiskGrade.MEDIUM < RiskGrade.HIGH < RiskGrade.UNACCEPTABLE
