import pickle

import pytest

from kernel.errors import (
    DomainError,
    Invalid,
    Kind,
    NotFound,
    Refusal,
    StepNotAllowed,
    StepRefused,
    refuse,
    together,
)
from kernel.words import Words

TOO_SHORT = Refusal("TOO_SHORT", "简介太短", "the description is too short")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (NotFound, Kind.MISSING, "not-found"),
        (StepNotAllowed, Kind.FORBIDDEN, "step-not-allowed"),
        (StepRefused, Kind.CONFLICT, "step-refused"),
        (Invalid, Kind.INVALID, "invalid-input"),
    ],
)
def test_an_error_says_its_kind_its_code_and_its_title(
    error: type[DomainError], kind: Kind, code: str
) -> None:
    assert error.kind is kind
    assert error.code == code
    assert error.title.zh
    assert error.title.en


def test_an_error_carries_its_detail_in_both_languages_and_every_reason() -> None:
    error = StepRefused("不能提交", "it cannot be submitted", (TOO_SHORT,))

    assert error.words == Words("不能提交", "it cannot be submitted")
    assert error.refusals == (TOO_SHORT,)
    assert str(error) == "it cannot be submitted"


def test_an_error_without_reasons_has_none() -> None:
    assert NotFound("没有", "none").refusals == ()


def test_a_reason_is_a_pair_of_words() -> None:
    assert TOO_SHORT.words == Words("简介太短", "the description is too short")


def test_an_invalid_input_points_at_its_field() -> None:
    assert Invalid("有误", "wrong", pointer="/uscc").pointer == "/uscc"
    assert Invalid("有误", "wrong").pointer == ""


def test_an_error_survives_the_way_to_another_process() -> None:
    error = Invalid("有误", "wrong", (TOO_SHORT,), pointer="/uscc")

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own bytes

    assert (copy.zh, copy.en, copy.refusals) == (error.zh, error.en, error.refusals)
    assert copy.pointer == "/uscc"


UNSIGNED = Refusal("UNSIGNED", "尚未签署", "it is not signed")


def test_several_reasons_are_told_in_one_error() -> None:
    error = StepRefused.of([TOO_SHORT, UNSIGNED])

    assert error.words == Words(
        "简介太短；尚未签署", "the description is too short; it is not signed"
    )
    assert error.refusals == (TOO_SHORT, UNSIGNED)


def test_several_reasons_become_one_under_the_first_ones_code() -> None:
    one = together([None, TOO_SHORT, UNSIGNED])

    assert one is not None
    assert (one.code, one.words) == ("TOO_SHORT", StepRefused.of([TOO_SHORT, UNSIGNED]).words)
    assert together([None]) is None


def test_nothing_is_refused_without_a_reason() -> None:
    refuse([None])

    with pytest.raises(StepRefused) as told:
        refuse([None, UNSIGNED])
    assert told.value.refusals == (UNSIGNED,)
