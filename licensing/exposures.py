"""How data is treated, processed and let out, and how risky that is. Pure.

The risk of a scenario is its impact (what a leak would harm) times its likelihood (how
exposing the use is), each from 1 to 5.
"""

from collections.abc import Mapping
from typing import Final

from catalogue.grades import Grade, PiClass, Scale

FACTOR_MAX: Final = 5
"""The greatest impact and the greatest likelihood; the least is 1."""

MANY_USERS: Final = 100
"""Beyond this number of users a leak is likelier."""


class Transform(Scale):
    """How strictly data is treated before it is used; larger is stricter."""

    RAW = "raw", "原始", "raw"
    MASKED = "masked", "脱敏", "masked"
    PSEUDONYMISED = "pseudonymised", "去标识化", "pseudonymised"
    GENERALISED = "generalised", "泛化", "generalised"
    ANONYMISED = "anonymised", "匿名化", "anonymised"
    AGGREGATED = "aggregated", "汇总", "aggregated"


class OutputForm(Scale):
    """The form in which results leave the domain, from least to most exposing."""

    AGGREGATE_REPORT = "aggregate_report", "汇总报告", "aggregate report"
    SCORE = "score", "评分", "score"
    YES_NO_VERIFICATION = "yes_no_verification", "是否核验", "yes-or-no verification"
    MODEL_PARAMETERS = "model_parameters", "模型参数", "model parameters"
    MASKED_RECORD_API = "masked_record_api", "脱敏记录接口", "masked record API"
    MASKED_DATASET = "masked_dataset", "脱敏数据集", "masked data set"
    RECORD_API = "record_api", "记录接口", "record API"
    RAW_EXPORT = "raw_export", "原始数据导出", "raw export"


class Environment(Scale):
    """Where data is processed; larger is better guarded."""

    API_GATEWAY = "api_gateway", "接口网关", "API gateway"
    TRUSTED_DOMAIN_SANDBOX = "trusted_domain_sandbox", "可信域沙箱", "trusted-domain sandbox"
    FEDERATED = "federated", "联邦学习", "federated computing"
    MPC = "mpc", "多方安全计算", "secure multi-party computation"
    TEE = "tee", "可信执行环境", "trusted execution environment"


class RiskGrade(Scale):
    """The risk of a scenario; what is unacceptable cannot proceed."""

    LOW = "low", "低", "low"
    MEDIUM = "medium", "中", "medium"
    HIGH = "high", "高", "high"
    UNACCEPTABLE = "unacceptable", "不可接受", "unacceptable"


# fmt: off
_IMPACT_OF_GRADE: Final[Mapping[Grade, int]] = {
    Grade.G1: 1, Grade.G2: 2, Grade.G3: 3, Grade.G4: 4, Grade.IMPORTANT: 5, Grade.CORE: 5,
}
_IMPACT_OF_PI: Final[Mapping[PiClass, int]] = {
    PiClass.NONE: 1, PiClass.ORDINARY: 3, PiClass.SENSITIVE: 5, PiClass.MINOR_UNDER_14: 5,
}
_LIKELIHOOD: Final[Mapping[OutputForm, int]] = {
    OutputForm.AGGREGATE_REPORT: 1, OutputForm.SCORE: 2, OutputForm.YES_NO_VERIFICATION: 2,
    OutputForm.MODEL_PARAMETERS: 3, OutputForm.MASKED_RECORD_API: 3,
    OutputForm.MASKED_DATASET: 4, OutputForm.RECORD_API: 4, OutputForm.RAW_EXPORT: 5,
}
# The greatest product of impact and likelihood that still has the grade.
_GRADED_UP_TO: Final = (
    (4, RiskGrade.LOW), (9, RiskGrade.MEDIUM), (15, RiskGrade.HIGH), (25, RiskGrade.UNACCEPTABLE),
)
# fmt: on


def impact_of(grade: Grade, pi: PiClass) -> int:
    """Return what a leak would harm, 1–5: the graver of the grade and the persons."""
    return max(_IMPACT_OF_GRADE[grade], _IMPACT_OF_PI[pi])


def likelihood_of(
    output_form: OutputForm,
    environment: Environment,
    *,
    users_count: int,
    open_ended: bool,
    fusion: bool,
) -> int:
    """Return how likely the use is to expose, 1–5.

    output_form: the most exposing one asked for; environment: the weakest.
    open_ended: a class of organisations is named, whoever belongs to it.
    fusion: external data is joined by identifiers.
    """
    likelihood = _LIKELIHOOD[output_form]
    likelihood += users_count > MANY_USERS or open_ended
    likelihood += fusion
    likelihood -= environment in (Environment.TEE, Environment.MPC)
    return min(max(likelihood, 1), FACTOR_MAX)


def risk(impact: int, likelihood: int) -> RiskGrade:
    """Return the grade of `impact` × `likelihood`. Raises ValueError beyond 1–5."""
    if not (1 <= impact <= FACTOR_MAX and 1 <= likelihood <= FACTOR_MAX):
        raise ValueError(f"impact and likelihood go from 1 to {FACTOR_MAX}")
    product = impact * likelihood
    return next(grade for limit, grade in _GRADED_UP_TO if product <= limit)
