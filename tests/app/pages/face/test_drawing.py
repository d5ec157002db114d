import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from app.pages import figures
from app.pages.face import drawing
from kernel.money import Money
from marketplace.volume import Month

ASSETS = Path(__file__).parents[4] / "assets"


def test_a_month_without_trade_is_a_line_and_no_gap() -> None:
    drawn = drawing.months([Month("2026-06", Money(0)), Month("2026-07", Money(500))])

    assert [bar["height"] for bar in drawn["bars"]] == [1, drawing.ROOM]
    assert [bar["last"] for bar in drawn["bars"]] == [False, True]
    assert drawing.months([])["bars"] == []


def test_what_was_only_registered_stands_apart_above_the_bar() -> None:
    (bar,) = drawing.months([Month("2026-07", Money(300), Money(100))])["bars"]

    assert bar["height"] == drawing.ROOM * 3 // 4
    assert bar["apart_y"] + bar["apart_height"] == bar["y"]
    assert bar["apart_y"] == drawing.HEAD


def test_a_month_in_which_refunds_took_more_draws_nothing_below_the_line() -> None:
    drawn = drawing.months([Month("2026-06", Money(-900)), Month("2026-07", Money(500))])

    assert drawn["bars"][0]["y"] == drawn["foot"] - 1
    assert drawn["most"] == 500


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (0, []),
        (12_800_000, ["5 万", "10 万"]),
        (12_036_800_000, ["5,000 万", "1 亿"]),
        (100_000, ["500 元", "1,000 元"]),
    ],
)
def test_the_lines_across_stand_at_round_amounts(most: int, labels: list[str]) -> None:
    drawn = drawing.months([Month("2026-07", Money(most))])

    assert [line["label"] for line in drawn["lines"]] == labels
    assert all(drawing.HEAD <= line["y"] < drawn["foot"] for line in drawn["lines"])


def test_a_small_line_ends_where_its_last_month_stands() -> None:
    drawn = drawing.line([0, 400, -100, 200])

    assert drawn is not None
    assert drawn["end"] == (drawing.LINE_WIDTH - 5, drawing.LINE_HEIGHT - 3 - 12)
    assert drawing.line([0, 0]) is drawing.line([7]) is drawing.line([]) is None


def test_a_round_amount_is_short() -> None:
    assert figures.round_amount(12_000_000_000) == "1.2 亿"
    assert figures.round_amount(4_000_000_000) == "4,000 万"


def test_the_pictures_are_what_is_drawn_from_the_observations() -> None:
    drawings = _drawings()

    for name, draw in drawings.DRAWINGS.items():
        assert (drawings.STATIC / name).read_text("utf-8") == draw(), "python assets/drawings.py"


def _drawings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drawings", ASSETS / "drawings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
