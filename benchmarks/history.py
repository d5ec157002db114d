"""So many moves in Parquet, added up by DuckDB, against a bare scan of one column in memory.

DuckDB makes the files itself, in the form of a snapshot's; no database holds so many here.
"""

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from benchmarks.stopwatch import tell
from delivery import columns
from marketplace.counting import adding

TURNS: Final = 3
YEARS: Final = (2021, 2022, 2023, 2024, 2025)
_MADE: Final = (
    "SELECT 'org_' || (i * 104729 % 1000003 % 433) AS merchant_id, 100 + i * 7919 % 90000019"
    " AS counted, 0::BIGINT AS excluded, 31 AS opens, 1 AS trades, 0 AS frees, false AS registered,"
    " DATE '{year}-01-01' + (i * 365 // {rows})::INTEGER AS accepted_on,"
    " strftime(DATE '{year}-01-01' + (i * 365 // {rows})::INTEGER, '%Y-%m') AS accepted_month,"
    " make_timestamp(({year} - 1970) * 31556952000000 + i) AS accepted_at"
    " FROM range({rows}) AS numbers (i)"
)


def run(moves: int) -> None:
    """Write the moves, add them up by merchant and day as a recomputation does, and scan."""
    with tempfile.TemporaryDirectory(prefix="databourse-bench-") as folder:
        files = [Path(folder) / f"{year}.parquet" for year in YEARS]
        rows = moves // len(YEARS)
        with columns.opened(memory="4GB") as engine:
            for year, path in zip(YEARS, files, strict=True):
                engine.write(_MADE.format(year=year, rows=rows), path)
        size = sum(path.stat().st_size for path in files)
        with columns.opened(memory="4GB") as engine:
            engine.read("moved", files)
            took, scanned = [], []
            (exact,) = engine.rows("SELECT CAST(sum(counted) AS BIGINT) FROM moved")
            scan = np.ones(moves, dtype=np.int64)
            for _ in range(TURNS):
                began = perf_counter()
                (found,) = engine.rows(
                    f"SELECT CAST(sum(counted) AS BIGINT) FROM ({adding.by_day('merchants')})"  # noqa: S608 - our own words
                )
                took.append(perf_counter() - began)
                assert found == exact
                began = perf_counter()
                assert scan.sum() == moves
                scanned.append(perf_counter() - began)
    tell("recompute from parquet", took, moves=moves, bytes=size)
    tell("bare scan of one column", scanned, moves=moves, bytes=scan.nbytes)
