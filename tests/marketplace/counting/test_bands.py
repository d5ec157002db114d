"""Bands of amounts."""

import pytest

from marketplace.counting import bands


@pytest.mark.parametrize(
    ("fen", "low", "high"),
    [(-1, 0, 1_000_000), (999_999, 0, 1_000_000), (1_000_000, 1_000_000, 10_000_000),
     (999_999_999, 100_000_000, 1_000_000_000), (10**12, 1_000_000_000, None)],
)  # fmt: skip
def test_a_band_has_a_lower_and_an_upper_end(fen: int, low: int, high: int | None) -> None:
    assert bands.of(fen) == (low, high)
