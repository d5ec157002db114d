"""Times two ways of doing one thing, turn by turn, and says what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

WARMING = 3
"""Turns that are not counted: caches fill, statements are compiled."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of doing it. act: does it once; it may return anything."""

    name: str
    act: Callable[[], object]


def compare(title: str, ours: Way, theirs: Way, *, turns: int) -> None:
    """Let both ways take `turns` turns, one after the other, and print what each took."""
    mine, other = [], []
    for turn in range(-WARMING, turns):
        took = (_once(ours), _once(theirs))
        if turn >= 0:
            mine.append(took[0])
            other.append(took[1])
    print(f"\n{title}")
    print(f"  {'':<44} {'minimum':>10} {'median':>10} {'maximum':>10}   ({turns} turns)")
    print(_line(ours.name, mine))
    print(_line(theirs.name, other))
    print(f"  ratio of the medians: {median(mine) / median(other):.2f}")


def _once(way: Way) -> float:
    began = perf_counter()
    way.act()
    return perf_counter() - began


def _line(name: str, seconds: Sequence[float]) -> str:
    figures = (min(seconds), median(seconds), max(seconds))
    return f"  {name:<44} " + " ".join(f"{second * 1000:>7.3f} ms" for second in figures)
