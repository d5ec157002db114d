from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from catalogue import grades
from catalogue.grades import Buyer, Condition, Grade, Mode, Origin, PiClass
from kernel.errors import Invalid

NO = None
YES: frozenset[Condition] = frozenset()


def only(*conditions: Condition) -> frozenset[Condition]:
    return frozenset(conditions)


APPROVAL = only(Condition.APPROVAL)

# The matrix again, as the domain writes it: a cell that is changed must be changed twice.
# fmt: off
BY_GRADE = {
    Grade.CORE:      (NO, NO, NO, NO, NO, NO),
    Grade.IMPORTANT: (NO, NO, NO, APPROVAL, APPROVAL, APPROVAL),
    Grade.G4:        (NO, NO, NO, YES, YES, YES),
    Grade.G3:        (NO, only(Condition.ANONYMISED, Condition.EGRESS_REVIEW),
                      only(Condition.MASKED), YES, YES, YES),
    Grade.G2:        (YES, YES, YES, YES, YES, YES),
    Grade.G1:        (YES, YES, YES, YES, YES, YES),
}
BY_PERSON = {
    PiClass.NONE:           (YES, YES, YES, YES, YES, YES),
    PiClass.ORDINARY:       (NO, only(Condition.ANONYMISED), only(Condition.SUBJECT_CONSENT),
                             only(Condition.CONSENT_OR_BASIS), YES, YES),
    PiClass.SENSITIVE:      (NO, only(Condition.IRREVERSIBLE), NO,
                             only(Condition.SEPARATE_CONSENT), only(Condition.TEE_OR_MPC), YES),
    PiClass.MINOR_UNDER_14: (NO, only(Condition.AGGREGATED), NO, NO, NO, NO),
}
BY_PUBLIC_ORIGIN = (NO, only(Condition.EGRESS_REVIEW), only(Condition.IN_SCOPE), YES, YES, YES)
# fmt: on

READY = Buyer(verified=True, mlps=3, named=True, pipia=True)


def cells(table: Mapping[Any, tuple[frozenset[Condition] | None, ...]]) -> list[object]:
    return [
        pytest.param(key, mode, cell, id=f"{key}-{mode}")
        for key, row in table.items()
        for mode, cell in zip(Mode, row, strict=True)
    ]


@pytest.mark.parametrize(("grade", "mode", "cell"), cells(BY_GRADE))
def test_a_grade_opens_the_modes_of_its_row(
    grade: Grade, mode: Mode, cell: frozenset[Condition] | None
) -> None:
    permitted = grades.permitted(grade, PiClass.NONE, origin=Origin.SELF_PRODUCED)

    assert permitted.get(mode) == cell


@pytest.mark.parametrize(("pi", "mode", "cell"), cells(BY_PERSON))
def test_personal_information_opens_the_modes_of_its_row(
    pi: PiClass, mode: Mode, cell: frozenset[Condition] | None
) -> None:
    permitted = grades.permitted(Grade.G1, pi, origin=Origin.SELF_PRODUCED)

    assert permitted.get(mode) == cell


@pytest.mark.parametrize("origin", [Origin.PUBLIC_AUTHORISED, Origin.MIXED])
@pytest.mark.parametrize(("mode", "cell"), list(zip(Mode, BY_PUBLIC_ORIGIN, strict=True)), ids=str)
def test_public_data_leaves_by_the_modes_of_its_row(
    origin: Origin, mode: Mode, cell: frozenset[Condition] | None
) -> None:
    permitted = grades.permitted(Grade.G1, PiClass.NONE, origin=origin)

    assert permitted.get(mode) == cell


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize(("grade", "pi"), list(product(Grade, PiClass)))
def test_the_strictest_of_all_rows_wins(grade: Grade, pi: PiClass, origin: Origin) -> None:
    rows = [BY_GRADE[grade], BY_PERSON[pi]]
    if origin in (Origin.PUBLIC_AUTHORISED, Origin.MIXED):
        rows.append(BY_PUBLIC_ORIGIN)
    open_in_every_row = {
        mode for place, mode in enumerate(Mode) if all(row[place] is not None for row in rows)
    }
    if grade is Grade.G2 and origin is Origin.OPEN_DATA:
        open_in_every_row.discard(Mode.RAW_FILE)

    assert grades.allowed_modes(grade, pi, origin=origin) == open_in_every_row


def test_a_mode_collects_the_conditions_of_all_its_rows() -> None:
    permitted = grades.permitted(Grade.G3, PiClass.ORDINARY, origin=Origin.PUBLIC_AUTHORISED)

    assert permitted[Mode.RECORD_API] == only(
        Condition.MASKED, Condition.SUBJECT_CONSENT, Condition.IN_SCOPE
    )


def test_a_raw_file_of_grade_two_is_for_data_that_is_not_public() -> None:
    own = grades.allowed_modes(Grade.G2, PiClass.NONE, origin=Origin.SELF_PRODUCED)
    open_data = grades.allowed_modes(Grade.G2, PiClass.NONE, origin=Origin.OPEN_DATA)
    harmless = grades.allowed_modes(Grade.G1, PiClass.NONE, origin=Origin.OPEN_DATA)

    assert Mode.RAW_FILE in own
    assert Mode.RAW_FILE not in open_data
    assert Mode.RAW_FILE in harmless


# fmt: off
ASKED_BEFORE_LISTING: Any = [
    (Grade.CORE,      Origin.SELF_PRODUCED,     None),
    (Grade.IMPORTANT, Origin.SELF_PRODUCED,     {Condition.APPROVAL, Condition.RISK_ASSESSMENT}),
    (Grade.G4,        Origin.SELF_PRODUCED,     set()),
    (Grade.G1,        Origin.OPEN_DATA,         set()),
    (Grade.G1,        Origin.PUBLIC_AUTHORISED, {Condition.AUTHORISATION}),
    (Grade.G1,        Origin.MIXED,             {Condition.AUTHORISATION}),
]
# fmt: on


@pytest.mark.parametrize(("grade", "origin", "conditions"), ASKED_BEFORE_LISTING)
def test_listing_asks_for_what_the_grade_and_the_origin_ask(
    grade: Grade, origin: Origin, conditions: set[Condition] | None
) -> None:
    assert grades.listing(grade, origin=origin) == conditions


# fmt: off
ASKED_OF_BUYERS: Any = [
    (Grade.G1, PiClass.NONE, Buyer(), ["BUYER_NOT_VERIFIED"]),
    (Grade.G2, PiClass.NONE, Buyer(), ["BUYER_NOT_VERIFIED"]),
    (Grade.G2, PiClass.NONE, Buyer(verified=True), []),
    (Grade.G3, PiClass.NONE, Buyer(verified=True, mlps=1), ["BUYER_MLPS_TOO_LOW"]),
    (Grade.G3, PiClass.NONE, Buyer(verified=True, mlps=2), []),
    (Grade.G4, PiClass.NONE, Buyer(verified=True, mlps=2), ["BUYER_MLPS_TOO_LOW"]),
    (Grade.G4, PiClass.NONE, Buyer(verified=True, mlps=3), []),
    (Grade.IMPORTANT, PiClass.NONE, Buyer(verified=True, mlps=2, domestic=False),
     ["BUYER_MLPS_TOO_LOW", "BUYER_NOT_DOMESTIC", "BUYER_NOT_NAMED",
      "CROSS_BORDER_NOT_APPROVED"]),
    (Grade.IMPORTANT, PiClass.NONE, READY, []),
    (Grade.CORE, PiClass.NONE, READY, ["GRADE_BLOCKED"]),
    (Grade.G1, PiClass.ORDINARY, Buyer(verified=True), ["BUYER_PIPIA_MISSING"]),
    (Grade.G1, PiClass.ORDINARY, Buyer(verified=True, pipia=True), []),
    (Grade.G1, PiClass.SENSITIVE, Buyer(verified=True, pipia=True), ["BUYER_MLPS_TOO_LOW"]),
    (Grade.G1, PiClass.SENSITIVE, READY, []),
    (Grade.G1, PiClass.NONE, Buyer(verified=True, domestic=False), ["CROSS_BORDER_NOT_APPROVED"]),
    (Grade.G1, PiClass.NONE, Buyer(verified=True, domestic=False, border_case=True), []),
]
# fmt: on


@pytest.mark.parametrize(("grade", "pi", "buyer", "codes"), ASKED_OF_BUYERS)
def test_a_buyer_hears_every_condition_that_it_fails(
    grade: Grade, pi: PiClass, buyer: Buyer, codes: list[str]
) -> None:
    refusals = grades.buyer_refusals(grade, pi, origin=Origin.SELF_PRODUCED, buyer=buyer)

    assert [refusal.code for refusal in refusals] == codes
    assert all(refusal.zh and refusal.en for refusal in refusals)


def test_open_data_asks_nothing_of_its_reader() -> None:
    stranger = Buyer()

    assert grades.allowed_modes(
        Grade.G1, PiClass.NONE, origin=Origin.OPEN_DATA, buyer=stranger
    ) == frozenset(Mode)


def test_a_buyer_who_fails_a_condition_gets_nothing() -> None:
    qualified = grades.allowed_modes(Grade.G4, PiClass.NONE, origin=Origin.PURCHASED, buyer=READY)
    unqualified = grades.allowed_modes(
        Grade.G4, PiClass.NONE, origin=Origin.PURCHASED, buyer=Buyer(verified=True)
    )

    assert qualified == {Mode.VERIFICATION, Mode.IN_DOMAIN, Mode.MODEL}
    assert unqualified == frozenset()


def test_the_whole_is_graded_like_its_gravest_part() -> None:
    assert grades.strictest([Grade.G2, Grade.IMPORTANT, Grade.G4]) is Grade.IMPORTANT
    assert grades.strictest([PiClass.NONE, PiClass.ORDINARY]) is PiClass.ORDINARY


def test_nothing_graded_has_no_grade() -> None:
    with pytest.raises(Invalid):
        grades.strictest([])


def test_grades_stand_in_their_order_and_not_in_the_alphabets() -> None:
    assert Grade.G1 < Grade.G2 < Grade.G3 < Grade.G4 < Grade.IMPORTANT < Grade.CORE
    assert Grade.CORE > Grade.IMPORTANT
    assert Grade.G3 >= Grade.G3 >= Grade.G2
    assert Grade.G1 <= Grade.G1 <= Grade.CORE
    assert not Grade.CORE < Grade.G1


def test_a_grade_compares_with_a_code_and_with_nothing_else() -> None:
    assert Grade.G3 > "G2"

    with pytest.raises(ValueError, match="harmless"):
        assert Grade.G3 > "harmless"


@pytest.mark.parametrize("terms", [Grade, PiClass, Origin, Mode, Condition])
def test_every_term_has_a_label_in_both_languages(terms: type[grades.Term]) -> None:
    assert all(term.label.zh and term.label.en for term in terms)
    assert all(terms(term.value) is term for term in terms)
