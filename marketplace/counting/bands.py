"""Bands of amounts (金额档), for trades that are shown to everybody. Pure."""

from typing import Final, NamedTuple

_WAN: Final = 1_000_000  # 10 thousand yuan, in fen
ENDS: Final = (1, 10, 100, 1_000)
"""Upper ends of the bands, in ten thousand yuan."""


class Band(NamedTuple):
    """From how many fen, this included, to how many, these not; None for without end."""

    low: int
    high: int | None


def of(fen: int) -> Band:
    """Return the band of an amount; what is below nothing counts as nothing."""
    ends = [end * _WAN for end in ENDS]
    high = next((end for end in ends if max(0, fen) < end), None)
    below = [end for end in ends if high is None or end < high]
    return Band(below[-1] if below else 0, high)
