"""Draw the two pictures of the front page into app/static/: a temperature, and contour lines.

    python assets/drawings.py

temperature.svg: how cold and how warm each week was at twelve stations of Beijing, from the
hourly observations in data/; contours.svg: lines like those of a map, by a formula. Both are
files, so that no page computes them; a test draws them again and compares.
"""

import math
from pathlib import Path
from typing import Final

import duckdb

ROOT: Final = Path(__file__).resolve().parents[1]
STATIC: Final = ROOT / "app" / "static"
OBSERVED: Final = ROOT / "data" / "beijing_weather_hourly.parquet"

WIDTH, HEIGHT, EDGE = 620, 120, 6
COLDEST, WARMEST = -20, 42
"""Degrees at the lower and the upper edge: no observation lies outside."""

WEEKS: Final = """
    SELECT min("TEMP"), avg("TEMP"), max("TEMP") FROM read_parquet(?)
    WHERE "TEMP" IS NOT NULL GROUP BY time_bucket(INTERVAL 7 DAY, time) ORDER BY min(time)
"""


def temperature() -> str:
    """Return the weeks as a band from the coldest to the warmest hour, with their mean."""
    weeks = duckdb.execute(WEEKS, [str(OBSERVED)]).fetchall()
    step = WIDTH / (len(weeks) - 1)
    low, mean, high = (
        [f"{place * step:.1f},{_height(week[line]):.1f}" for place, week in enumerate(weeks)]
        for line in range(3)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'preserveAspectRatio="none"><defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1">'
        '<stop offset="0" stop-color="#ffb678" stop-opacity=".95"/>'
        '<stop offset=".5" stop-color="#6fc3cf" stop-opacity=".75"/>'
        '<stop offset="1" stop-color="#3f8fb8" stop-opacity=".45"/></linearGradient></defs>'
        f'<polygon points="{" ".join([*high, *reversed(low)])}" fill="url(#g)"/>'
        f'<polyline points="{" ".join(mean)}" fill="none" stroke="#fff" stroke-width="1.3" '
        'vector-effect="non-scaling-stroke" opacity=".95"/></svg>\n'
    )


def contours(width: int = 1440, height: int = 560, lines: int = 13) -> str:
    """Return lines that bend a little differently from one to the next."""
    drawn = []
    for line in range(lines):
        points = " ".join(
            f"{x},{_bend(x, line, height / lines):.0f}" for x in range(0, width + 1, 40)
        )
        colour, opacity = ("#e27a2c", 0.5) if line == lines - 4 else ("#8fd0da", 0.07 + line / 100)
        drawn.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" '
            f'stroke-opacity="{opacity:.2f}"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="xMidYMid slice">{"".join(drawn)}</svg>\n'
    )


def _height(degrees: float) -> float:
    room = HEIGHT - 2 * EDGE
    return EDGE + room * (WARMEST - degrees) / (WARMEST - COLDEST)


def _bend(x: int, line: int, apart: float) -> float:
    slow = 34 * math.sin(x / 260 + line * 0.45)
    return 90 + line * apart * 0.85 + slow + 13 * math.sin(x / 110 - line * 0.3)


DRAWINGS: Final = {"temperature.svg": temperature, "contours.svg": contours}

if __name__ == "__main__":
    for name, draw in DRAWINGS.items():
        (STATIC / name).write_text(draw(), encoding="utf-8")
