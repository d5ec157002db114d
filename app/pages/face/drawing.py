"""The one place where amounts over time are drawn: bars of months, and small lines.

Pure: figures in, places and sizes out, in units of the drawing; templates/partials/drawn.html
writes them as SVG. Every drawing has a sentence for who doesn't see it, and a table beside it.
"""

from collections.abc import Sequence
from typing import Any, Final

from app.pages import figures
from kernel.money import Money, half_up
from marketplace.volume import Month

WIDTH, HEIGHT, FOOT, HEAD = 560, 178, 22, 16
"""The drawing of the monthly bars."""

ROOM: Final = HEIGHT - FOOT - HEAD
"""Of the tallest bar."""

LINE_WIDTH, LINE_HEIGHT = 104, 32
"""The drawing of a small line."""

_STEPS: Final = (1, 2, 5)
_TEN_YUAN: Final = 1_000


def months(found: Sequence[Month]) -> dict[str, Any]:
    """Return monthly bars: what was traded here, and above it what was only registered.

    A month that came to nothing, or to less by refunds, is a line; the last is under way.
    """
    tops = [_least(month.amount) + _least(month.registered) for month in found]
    most = max(tops, default=0)
    step = WIDTH // max(1, len(found))
    bars = []
    for place, month in enumerate(found):
        height = half_up(ROOM * _least(month.amount), most) if most else 0
        apart = half_up(ROOM * _least(month.registered), most) if most else 0
        bars.append(
            {
                "x": place * step + step // 6,
                "y": HEIGHT - FOOT - max(height, 1),
                "width": step - step // 3,
                "height": max(height, 1),
                "apart_y": HEIGHT - FOOT - max(height, 1) - apart,
                "apart_height": apart,
                "middle": place * step + step // 2,
                "month": month.month,
                "amount": month.amount,
                "registered": month.registered,
                "last": place == len(found) - 1,
                "labelled": place % 3 == (len(found) - 1) % 3,
            }
        )
    return {
        "bars": bars,
        "width": WIDTH,
        "height": HEIGHT,
        "foot": HEIGHT - FOOT,
        "most": most,
        "lines": _lines(most),
        "apart": any(month.registered.minor for month in found),
    }


def line(amounts: Sequence[int]) -> dict[str, Any] | None:
    """Return a small line of fen from month to month; None where nothing moved at all."""
    most = max((amount for amount in amounts if amount > 0), default=0)
    if not most or len(amounts) < 2:
        return None
    room = LINE_HEIGHT - 8
    points = [
        (place * (LINE_WIDTH - 5) // (len(amounts) - 1), LINE_HEIGHT - 3 - half_up(room * up, most))
        for place, up in enumerate(max(amount, 0) for amount in amounts)
    ]
    path = " ".join(f"{x},{y}" for x, y in points)
    return {
        "width": LINE_WIDTH,
        "height": LINE_HEIGHT,
        "path": path,
        "area": f"0,{LINE_HEIGHT} {path} {points[-1][0]},{LINE_HEIGHT}",
        "end": points[-1],
    }


def _least(amount: Money) -> int:
    return max(amount.minor, 0)


def _lines(most: int) -> list[dict[str, Any]]:
    """Return the lines across, at round amounts: two or three of them."""
    if most < _TEN_YUAN:
        return []
    step = next(
        each
        for power in range(3, 20)
        for each in (nice * 10**power for nice in _STEPS)
        if most <= 4 * each
    )
    return [
        {"y": HEIGHT - FOOT - half_up(ROOM * at, most), "label": figures.round_amount(at)}
        for at in range(step, most + 1, step)
    ][:3]
