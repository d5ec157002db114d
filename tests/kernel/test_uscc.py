import pytest
from stdnum.cn import uscc as standard

from kernel.errors import Invalid
from kernel.parties import uscc
from kernel.parties.uscc import Kind

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
REAL = ["9144030071526726XG", "914403001922038216", "91330100799655058B", "91110108717743469K"]
INVENTED = [
    "11430000MB00000195",
    "12430000MB0000027W",
    "91430100MAA000013B",
    "91430000MAA0000211",
    "91430104MAA00003XP",
    "52430000MJ00000189",
]
RURAL_COLLECTIVE = "N2430104MF0000001" + standard.calc_check_digit("N2430104MF0000001")


def reasons(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        uscc.check(text)
    assert caught.value.pointer == "/uscc"
    assert all(refusal.zh and refusal.en for refusal in caught.value.refusals)
    return [refusal.code for refusal in caught.value.refusals]


@pytest.mark.parametrize("code", [*REAL, *INVENTED, RURAL_COLLECTIVE])
def test_a_right_code_is_returned_as_it_is(code: str) -> None:
    assert uscc.check(code) == code


@pytest.mark.parametrize(
    "text",
    [
        "9144030071526726xg",
        "  9144030071526726XG\n",
        "９１４４０３００７１５２６７２６ＸＧ",
        "91 440300 71526726X G",
        "91-440300-71526726X-G",
    ],
)
def test_another_way_of_writing_it_is_forgiven(text: str) -> None:
    assert uscc.check(text) == "9144030071526726XG"


@pytest.mark.parametrize("code", ["", "9144030071526726X", "9144030071526726XGG"])
def test_a_code_has_eighteen_characters(code: str) -> None:
    assert reasons(code) == ["USCC_LENGTH"]


@pytest.mark.parametrize("character", ["I", "O", "S", "V", "Z", "!", "数", "٣"])
def test_some_characters_are_not_in_use(character: str) -> None:
    assert reasons(f"91440300715267{character}6XG") == ["USCC_CHARACTER"]


def test_every_reason_is_named_at_once() -> None:
    assert reasons("O") == ["USCC_LENGTH", "USCC_CHARACTER"]


def test_the_region_is_made_of_digits() -> None:
    assert reasons("91A4030071526726XG") == ["USCC_REGION"]


def test_the_message_names_no_code_and_speaks_both_languages() -> None:
    with pytest.raises(Invalid) as caught:
        uscc.check("9144030071526726XH")

    assert "校验位" in caught.value.zh
    assert "mistyped" in caught.value.en
    assert "715267" not in caught.value.zh + caught.value.en


def test_no_single_wrong_character_is_accepted() -> None:
    wrong = [
        code[:place] + character + code[place + 1 :]
        for code in [*REAL, INVENTED[0]]
        for place in range(18)
        for character in ALPHABET
        if character != code[place]
    ]

    assert len(wrong) == 2_700
    for code in wrong:
        assert reasons(code)


def test_no_swap_of_neighbours_is_accepted() -> None:
    swapped = [
        code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        for code in REAL + INVENTED
        for place in range(17)
        if code[place] != code[place + 1]
    ]

    assert len(swapped) > 100
    for code in swapped:
        assert reasons(code)


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("91", Kind.ENTERPRISE),
        ("92", Kind.SOLE_TRADER),
        ("93", Kind.FARMERS_COOP),
        ("11", Kind.GOVERNMENT),
        ("12", Kind.INSTITUTION),
        ("13", Kind.MASS_ORG),
        ("51", Kind.SOCIAL_ORG),
        ("52", Kind.PRIVATE_NON_ENTERPRISE),
        ("53", Kind.FOUNDATION),
        ("31", Kind.LAW_FIRM),
        ("N2", Kind.OTHER),
    ],
)
def test_the_first_two_characters_speak_of_a_kind(prefix: str, kind: Kind) -> None:
    assert uscc.kind_of(prefix + "430104MF0000001X") is kind


@pytest.mark.parametrize("code", REAL)
def test_real_codes_need_no_second_look(code: str) -> None:
    assert uscc.warnings(code) == ()


def test_the_organisation_code_inside_is_only_warned_about() -> None:
    body = "91440300715267262"  # the organisation code 71526726-X with another check character
    code = uscc.check(body + standard.calc_check_digit(body))

    warnings = uscc.warnings(code)

    assert [warning.code for warning in warnings] == ["USCC_ORGANISATION_CODE"]
