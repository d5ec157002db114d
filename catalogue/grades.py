"""How harmful data can be, and how it may therefore leave: grade → delivery modes. Pure.

Source: GB/T 43697-2024 (classification and grading), the Personal Information Protection
Law, and the delivery matrix of this exchange. Of several applicable rows the strictest
wins (就高从严).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self, TypeAlias, TypeVar

from kernel.errors import Invalid, Refusal
from kernel.words import Words


class Term(StrEnum):
    """A code of a closed list, with the words that people read: `code = code, zh, en`."""

    label: Words

    def __new__(cls, code: str, zh: str = "", en: str = "") -> Self:
        """Make a term from its code and its label; a lookup gives the code alone."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = Words(zh, en)
        return member


class Scale(Term):
    """Terms in an order: compared by the place at which they are written, least first.

    A code compares like its term; a string that is no code raises ValueError.
    """

    @property
    def level(self) -> int:
        """The place in the order, from zero."""
        return tuple(type(self)).index(self)

    def __lt__(self, other: str) -> bool:
        return self.level < type(self)(other).level

    def __le__(self, other: str) -> bool:
        return self.level <= type(self)(other).level

    def __gt__(self, other: str) -> bool:
        return self.level > type(self)(other).level

    def __ge__(self, other: str) -> bool:
        return self.level >= type(self)(other).level


class Grade(Scale):
    """The grade of data by the harm that a leak does: general (G1–G4), important, core."""

    G1 = "G1", "一般数据1级", "general, no harm"
    G2 = "G2", "一般数据2级", "general, some harm"
    G3 = "G3", "一般数据3级", "general, serious harm"
    G4 = "G4", "一般数据4级", "general, very serious harm"
    IMPORTANT = "IMPORTANT", "重要数据", "important data"
    CORE = "CORE", "核心数据", "core data"


class PiClass(Scale):
    """Whether data holds personal information (个人信息), and of whom."""

    NONE = "none", "不含个人信息", "no personal information"
    ORDINARY = "ordinary", "一般个人信息", "ordinary personal information"
    SENSITIVE = "sensitive", "敏感个人信息", "sensitive personal information"
    MINOR_UNDER_14 = "minor_under_14", "不满十四周岁未成年人个人信息", "of children under 14"


class Origin(Term):
    """Where the data of a product comes from."""

    SELF_PRODUCED = "self_produced", "自行产生", "self-produced"
    PUBLIC_AUTHORISED = "public_authorised", "公共数据授权", "authorised public data"
    PURCHASED = "purchased", "购买", "purchased"
    OPEN_DATA = "open_data", "公共数据开放", "open public data"
    WEB_COLLECTED = "web_collected", "公开采集", "openly collected"
    INDIVIDUAL_CONSENTED = "individual_consented", "个人授权", "given by individuals"
    MIXED = "mixed", "多来源", "several origins"


class Mode(Term):
    """A way in which data may leave: the columns of the delivery matrix."""

    RAW_FILE = "raw_file", "原始文件", "raw file"
    MASKED_FILE = "masked_file", "脱敏文件", "masked file"
    RECORD_API = "record_api", "记录接口", "record API"
    VERIFICATION = "verification", "核验与评分接口", "verification or score API"
    IN_DOMAIN = "in_domain", "域内查询与隐私计算", "in-domain query or privacy compute"
    MODEL = "model", "仅出模型", "model only"


class Condition(Term):
    """What must be fulfilled before a mode that is not forbidden may be used."""

    APPROVAL = "approval", "主管部门事先批准", "prior approval of the authority"
    RISK_ASSESSMENT = "risk_assessment", "风险评估", "risk assessment"
    AUTHORISATION = "authorisation", "公共数据授权", "an authorisation"
    EGRESS_REVIEW = "egress_review", "安全出域审查", "egress review"
    MASKED = "masked", "脱敏", "masked"
    ANONYMISED = "anonymised", "匿名化", "anonymised"
    IRREVERSIBLE = "irreversible", "汇总或匿名化", "aggregated or anonymised"
    AGGREGATED = "aggregated", "仅汇总", "aggregated only"
    NOT_PUBLIC = "not_public", "非公共数据", "not public data"
    IN_SCOPE = "in_scope", "在授权范围内", "within the authorised scope"
    SUBJECT_CONSENT = "subject_consent", "逐人同意", "consent of each person"
    CONSENT_OR_BASIS = "consent_or_basis", "同意或其他合法性基础", "consent or another legal basis"
    SEPARATE_CONSENT = "separate_consent", "单独同意", "separate consent"
    TEE_OR_MPC = "tee_or_mpc", "可信执行环境或多方安全计算", "TEE or MPC"


@dataclass(frozen=True, slots=True)
class Buyer:
    """What the matrix asks about a buyer.

    verified: KYB is done. mlps: certified level of multi-level protection (等级保护),
    0 for none. named: each user is known by name. pipia: both sides have a personal
    information impact assessment (个人信息保护影响评估). border_case: a cross-border case
    is effective for this buyer.
    """

    verified: bool = False
    mlps: int = 0
    domestic: bool = True
    named: bool = False
    pipia: bool = False
    border_case: bool = False


Cell: TypeAlias = frozenset[Condition] | None
"""One cell of the matrix: None is no; a set is yes, when all in it is fulfilled."""

Row: TypeAlias = tuple[Cell, Cell, Cell, Cell, Cell, Cell]
"""One cell for each Mode, in the order of Mode."""


def _if(*conditions: Condition) -> Cell:
    return frozenset(conditions)


_NO: Final[Cell] = None
_YES: Final[Cell] = frozenset()
_APPROVED: Final = _if(Condition.APPROVAL)
_REVIEWED: Final = _if(Condition.EGRESS_REVIEW)
_SAFE: Final = _if(Condition.ANONYMISED, Condition.EGRESS_REVIEW)
_MASKED: Final = _if(Condition.MASKED)
_PRIVATE: Final = _if(Condition.NOT_PUBLIC)
_ANONYMISED: Final = _if(Condition.ANONYMISED)
_IRREVERSIBLE: Final = _if(Condition.IRREVERSIBLE)
_AGGREGATED: Final = _if(Condition.AGGREGATED)
_EACH: Final = _if(Condition.SUBJECT_CONSENT)
_BASED: Final = _if(Condition.CONSENT_OR_BASIS)
_APART: Final = _if(Condition.SEPARATE_CONSENT)
_ENCLAVE: Final = _if(Condition.TEE_OR_MPC)
_SCOPED: Final = _if(Condition.IN_SCOPE)

# The delivery matrix. A locality may tighten a cell; to loosen one takes a new release.
# fmt: off
#                    raw file  masked file    record API verification in domain  model
GRADES: Final[Mapping[Grade, Row]] = {
    Grade.CORE:      (_NO,      _NO,           _NO,      _NO,       _NO,       _NO),
    Grade.IMPORTANT: (_NO,      _NO,           _NO,      _APPROVED, _APPROVED, _APPROVED),
    Grade.G4:        (_NO,      _NO,           _NO,      _YES,      _YES,      _YES),
    Grade.G3:        (_NO,      _SAFE,         _MASKED,  _YES,      _YES,      _YES),
    Grade.G2:        (_PRIVATE, _YES,          _YES,     _YES,      _YES,      _YES),
    Grade.G1:        (_YES,     _YES,          _YES,     _YES,      _YES,      _YES),
}
PERSONAL: Final[Mapping[PiClass, Row]] = {
    PiClass.NONE:           (_YES, _YES,          _YES,  _YES,      _YES,      _YES),
    PiClass.ORDINARY:       (_NO,  _ANONYMISED,   _EACH, _BASED,    _YES,      _YES),
    PiClass.SENSITIVE:      (_NO,  _IRREVERSIBLE, _NO,   _APART,    _ENCLAVE,  _YES),
    PiClass.MINOR_UNDER_14: (_NO,  _AGGREGATED,   _NO,   _NO,       _NO,       _NO),
}
PUBLIC: Final[Row] =   (_NO,      _REVIEWED,     _SCOPED,  _YES,      _YES,      _YES)

_MLPS_GRADE: Final[Mapping[Grade, int]] = {
    Grade.G1: 0, Grade.G2: 0, Grade.G3: 2, Grade.G4: 3, Grade.IMPORTANT: 3, Grade.CORE: 3,
}
_MLPS_PERSONAL: Final[Mapping[PiClass, int]] = {
    PiClass.NONE: 0, PiClass.ORDINARY: 0, PiClass.SENSITIVE: 3, PiClass.MINOR_UNDER_14: 3,
}
# fmt: on

UNDER_PUBLIC_ROW: Final = frozenset({Origin.PUBLIC_AUTHORISED, Origin.MIXED})
"""Origins to which the row of authorised public data applies."""

PUBLIC_DATA: Final = UNDER_PUBLIC_ROW | {Origin.OPEN_DATA}
"""Origins that are public data, authorised or open."""

_S = TypeVar("_S", bound=Scale)


def strictest(grades: Iterable[_S]) -> _S:
    """Return the highest of `grades`: a whole is graded like its gravest part.

    Works for Grade and for PiClass. Raises Invalid when there is none: data without
    graded fields has no grade, and is not harmless for that.
    """
    found = list(grades)
    if not found:
        raise Invalid("没有已定级的字段，不能确定级别", "nothing is graded, so there is no grade")
    return max(found)


def listing(grade: Grade, *, origin: Origin) -> frozenset[Condition] | None:
    """Return what must be fulfilled before data may be listed, or None when it never may.

    Origin.MIXED counts as public data, for it may hold some.
    """
    if grade is Grade.CORE:
        return None
    conditions: set[Condition] = set()
    if grade is Grade.IMPORTANT:
        conditions |= {Condition.APPROVAL, Condition.RISK_ASSESSMENT}
    if origin in UNDER_PUBLIC_ROW:
        conditions.add(Condition.AUTHORISATION)
    return frozenset(conditions)


def permitted(grade: Grade, pi: PiClass, *, origin: Origin) -> Mapping[Mode, frozenset[Condition]]:
    """Return the modes that are not forbidden, each with all that must be fulfilled.

    Identifiable personal information is meant: data that is anonymised beyond return
    is PiClass.NONE. Whether the conditions are met is for the reviewers to find.
    """
    rows = [GRADES[grade], PERSONAL[pi]]
    if origin in UNDER_PUBLIC_ROW:
        rows.append(PUBLIC)
    modes: dict[Mode, frozenset[Condition]] = {}
    for mode, cells in zip(Mode, zip(*rows, strict=True), strict=True):
        merged = _strictest_cell(cells)
        if merged is None or (Condition.NOT_PUBLIC in merged and origin in PUBLIC_DATA):
            continue
        modes[mode] = merged - {Condition.NOT_PUBLIC}
    return modes


def allowed_modes(
    grade: Grade, pi: PiClass, *, origin: Origin, buyer: Buyer | None = None
) -> frozenset[Mode]:
    """Return how such data may leave: to anybody who qualifies, or to `buyer`.

    Empty when nothing is allowed, or when the buyer fails a condition
    (`buyer_refusals` says which). `permitted` tells the conditions of each mode.
    """
    if buyer is not None and buyer_refusals(grade, pi, origin=origin, buyer=buyer):
        return frozenset()
    return frozenset(permitted(grade, pi, origin=origin))


def buyer_refusals(
    grade: Grade, pi: PiClass, *, origin: Origin, buyer: Buyer
) -> tuple[Refusal, ...]:
    """Return every reason why this buyer may not have such data; empty when there is none.

    That a buyer of public data is within the authorised users and regions is checked
    against the authorisation's scope, not here.
    """
    mlps = max(_MLPS_GRADE[grade], _MLPS_PERSONAL[pi])
    important = grade is Grade.IMPORTANT
    free_to_all = grade is Grade.G1 and pi is PiClass.NONE and origin is Origin.OPEN_DATA
    # fmt: off
    asked = (
        (grade is Grade.CORE,
         "GRADE_BLOCKED", "核心数据不得交易", "core data is never traded"),
        (not buyer.verified and not free_to_all,
         "BUYER_NOT_VERIFIED", "买方尚未通过实名核验", "the buyer is not verified"),
        (buyer.mlps < mlps,
         "BUYER_MLPS_TOO_LOW", f"买方等级保护须达到{mlps}级",
         f"the buyer needs multi-level protection of level {mlps}"),
        (important and not buyer.domestic,
         "BUYER_NOT_DOMESTIC", "重要数据只能提供给境内买方",
         "important data goes to domestic buyers only"),
        (important and not buyer.named,
         "BUYER_NOT_NAMED", "重要数据的使用人须逐一具名",
         "users of important data must be named"),
        (pi in (PiClass.ORDINARY, PiClass.SENSITIVE) and not buyer.pipia,
         "BUYER_PIPIA_MISSING", "双方均须完成个人信息保护影响评估",
         "both sides need a personal information impact assessment"),
        (not buyer.domestic and not buyer.border_case,
         "CROSS_BORDER_NOT_APPROVED", "数据出境须有生效的出境事项",
         "a cross-border delivery needs an effective case"),
    )
    # fmt: on
    return tuple(Refusal(code, zh, en) for applies, code, zh, en in asked if applies)


def _strictest_cell(cells: Iterable[Cell]) -> Cell:
    merged: frozenset[Condition] = frozenset()
    for cell in cells:
        if cell is None:
            return None
        merged |= cell
    return merged
