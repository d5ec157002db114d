"""Times two ways of doing one thing, turn by turn, and says what came of it."""

import json
import os
import platform
import subprocess
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


def compare(title: str, ours: Way, theirs: Way, *, turns: int) -> tuple[list[float], list[float]]:
    """Let both ways take `turns` turns, one after the other; print and return what each took."""
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
    print(f"  ratio of the medians: {median(mine) / median(other):.4f}")
    return mine, other


def tell(name: str, seconds: Sequence[float], **more: object) -> None:
    """Print a figure as one line of JSON: what it is of, where it was measured, its spread."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git there is
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    told = {
        "name": name,
        "median_s": median(seconds),
        "least_s": min(seconds),
        "most_s": max(seconds),
        "turns": len(seconds),
        **more,
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
        "commit": commit,
    }
    print(json.dumps(told), flush=True)


def _once(way: Way) -> float:
    began = perf_counter()
    way.act()
    return perf_counter() - began


def _line(name: str, seconds: Sequence[float]) -> str:
    figures = (min(seconds), median(seconds), max(seconds))
    return f"  {name:<44} " + " ".join(f"{second * 1000:>7.3f} ms" for second in figures)
