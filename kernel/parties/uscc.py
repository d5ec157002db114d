"""The unified social credit code (统一社会信用代码), GB 32100-2015: 18 characters.

1 registration authority, 2 class of organisation, 3–8 region, 9–17 organisation code
(GB 11714, with a check character of its own), 18 check character. 31 characters are
in use: the digits and the capital letters without I, O, S, V and Z.
"""

import unicodedata
from enum import StrEnum
from typing import Final

from stdnum.cn import uscc as standard

from kernel.errors import Invalid, Refusal

LENGTH: Final = 18

_ALPHABET: Final = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")
_REGION: Final = slice(2, 8)
_ORGANISATION: Final = slice(8, 16)
_ORGANISATION_CHECK: Final = 16
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


class Kind(StrEnum):
    """What kind of organisation the first two characters speak of."""

    ENTERPRISE = "enterprise"
    SOLE_TRADER = "sole_trader"
    FARMERS_COOP = "farmers_coop"
    GOVERNMENT = "government"
    INSTITUTION = "institution"
    MASS_ORG = "mass_org"
    SOCIAL_ORG = "social_org"
    PRIVATE_NON_ENTERPRISE = "private_non_enterprise"
    FOUNDATION = "foundation"
    LAW_FIRM = "law_firm"
    OTHER = "other"


_KINDS: Final = {
    "91": Kind.ENTERPRISE,
    "92": Kind.SOLE_TRADER,
    "93": Kind.FARMERS_COOP,
    "11": Kind.GOVERNMENT,
    "12": Kind.INSTITUTION,
    "13": Kind.MASS_ORG,
    "51": Kind.SOCIAL_ORG,
    "52": Kind.PRIVATE_NON_ENTERPRISE,
    "53": Kind.FOUNDATION,
    "31": Kind.LAW_FIRM,
}


def check(text: str) -> str:
    """Return the code in its one written form, or raise Invalid with every reason.

    Full-width and small letters, and spaces or hyphens between groups, are forgiven;
    nothing else is. The check character catches each single wrong character and each
    swap of neighbours. Says nothing about whether the organisation exists.
    """
    code = standard.compact(unicodedata.normalize("NFKC", text))
    refusals = _shape(code) or _check_character(code)
    if refusals:
        raise Invalid(
            "统一社会信用代码有误：" + "；".join(refusal.zh for refusal in refusals),
            "not a unified social credit code: " + "; ".join(refusal.en for refusal in refusals),
            refusals,
            pointer="/uscc",
        )
    return code


def kind_of(uscc: str) -> Kind:
    """Return the kind that the first two characters of a checked code speak of.

    They are a hint: where an organisation declares another kind, a person decides.
    """
    return _KINDS.get(uscc[:2], Kind.OTHER)


def warnings(uscc: str) -> tuple[Refusal, ...]:
    """Return what a person should look at in a checked code; none of it makes it invalid.

    The organisation code inside (characters 9–17) has a check character of its own,
    modulo 11, and codes in lawful use are known to miss it.
    """
    code = uscc[_ORGANISATION]
    total = sum(
        int(character, 36) * weight
        for character, weight in zip(code, _ORGANISATION_WEIGHTS, strict=True)
    )
    expected = "0123456789X"[-total % 11]
    if uscc[_ORGANISATION_CHECK] == expected:
        return ()
    return (
        Refusal(
            "USCC_ORGANISATION_CODE",
            "第9至17位组织机构代码的校验位不符，请人工核对",
            "the check character of the organisation code (characters 9 to 17) does not fit: "
            "compare it with the licence",
        ),
    )


def _shape(code: str) -> tuple[Refusal, ...]:
    found = []
    if len(code) != LENGTH:
        found.append(
            Refusal(
                "USCC_LENGTH",
                f"应为{LENGTH}位，现为{len(code)}位",
                f"it has {len(code)} characters instead of {LENGTH}",
            )
        )
    if strange := sorted(set(code) - _ALPHABET):
        named = " ".join(strange)
        found.append(
            Refusal(
                "USCC_CHARACTER",
                f"含有不使用的字符 {named}（不使用字母 I、O、S、V、Z）",
                f"{named} is not used in it (nor are the letters I, O, S, V and Z)",
            )
        )
    if not found and not code[_REGION].isdigit():
        found.append(
            Refusal(
                "USCC_REGION",
                "第3至8位行政区划码应为数字",
                "characters 3 to 8, the region, must be digits",
            )
        )
    return tuple(found)


def _check_character(code: str) -> tuple[Refusal, ...]:
    # Not `standard.validate`: it wants digits in front, and so would turn away the codes
    # that begin with a letter, as those of rural collectives (农村集体经济组织, N2) do.
    if code[-1] == standard.calc_check_digit(code[:-1]):
        return ()
    return (
        Refusal(
            "USCC_CHECK_CHARACTER",
            "校验位不符，请逐位核对",
            "its last character does not fit the others: one of them is mistyped",
        ),
    )
