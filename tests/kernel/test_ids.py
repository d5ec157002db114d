import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import ids

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_an_id_is_a_prefix_and_a_ulid() -> None:
    assert re.fullmatch(r"prd_[0-7][0-9A-HJKMNP-TV-Z]{25}", ids.new("prd_", NOON))


def test_an_id_holds_its_time_as_the_ulid_specification_writes_it() -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1_469_918_176_385)

    assert ids.new("ord_", moment).startswith("ord_01ARYZ6S41")


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1)))  # noqa: DTZ001 - made aware below
def test_ids_sort_by_age(moment: datetime) -> None:
    earlier = moment.replace(tzinfo=UTC)
    later = earlier + timedelta(milliseconds=1)

    assert ids.new("prd_", earlier) < ids.new("prd_", later)


def test_no_two_ids_of_one_millisecond_are_the_same() -> None:
    assert len({ids.new("prd_", NOON) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "prefix", ["", "_", "prd", "PRD_", "p_", "prd__", "prd_1", "pr d_", "prd_\n"]
)
def test_another_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        ids.new(prefix, NOON)


def test_an_id_needs_an_aware_time_after_1970() -> None:
    with pytest.raises(TypeError):
        ids.new("prd_", NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="1970"):
        ids.new("prd_", datetime(1969, 12, 31, tzinfo=UTC))


def test_a_secret_is_long_url_safe_and_never_the_same() -> None:
    made = {ids.secret() for _ in range(100)}

    assert len(made) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", text) for text in made)
    assert len(ids.secret(16)) == 22


def test_a_digest_is_sha_256_in_hexadecimal() -> None:
    assert ids.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
