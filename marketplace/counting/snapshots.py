"""Snapshots of the moves in Parquet (历史快照), by year and month, for analysts; and cuts of them.

A snapshot holds all moves of the rounds up to its watermark, and grows by files: what was written
is never written again. Its manifest has the digest of each file. What is cut from it equals the
tallies at that watermark, because it is added up by the same SQL.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from delivery import columns
from delivery.columns import Columns
from kernel.errors import Invalid
from marketplace.counting import adding
from marketplace.counting.adding import FIGURES, KINDS, WHOLE
from marketplace.counting.moves import Bit, VolumeRound
from marketplace.counting.recomputing import MOVED

MANIFEST: Final = "manifest.json"
DIMENSIONS: Final[Mapping[str, str]] = {
    kind: column for kind, (column, _) in KINDS.items() if column
} | {"months": "accepted_month", "days": "accepted_on"}
"""By what one may cut, and the columns of it."""

_ROWS: Final = {"number": "BIGINT", "round_number": "BIGINT"} | MOVED
_PLACED: Final = (
    "(SELECT m.*, r.round_number FROM volume_moves AS m"
    " JOIN volume_round_moves AS r ON r.number = m.number) AS placed"
)
_PATH: Final = re.compile(r"year=\d{4}/month=\d\d/rounds-\d+-\d+\.parquet")
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """One file of a snapshot: moves of one month, of the rounds from `since` to `until`."""

    path: str
    rows: int
    since: int
    until: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a folder holds. watermark: the last round of which it has all moves; 0 of none."""

    watermark: int
    moves: int
    files: tuple[File, ...]


def held(folder: Path) -> Snapshot:
    """Return what a folder holds, by its manifest; nothing where there is none."""
    path = folder / MANIFEST
    if not path.exists():
        return Snapshot(0, 0, ())
    try:
        told = json.loads(path.read_text("utf-8"))
        files = tuple(File(**each) for each in told["files"])
        if not all(_PATH.fullmatch(each.path) for each in files):
            raise ValueError("a path of nobody's")
        return Snapshot(int(told["watermark"]), int(told["moves"]), files)
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid("快照清单无法读取", "the manifest cannot be read") from error


def append(session: Session, folder: Path) -> Snapshot:
    """Write what is new since the snapshot in a folder, or all; return what it holds now.

    Reads the moves of the rounds that it does not have. The manifest is written last, and at
    once: whoever is interrupted begins again. Raises Invalid for a folder of another exchange.
    """
    there = held(folder)
    last = session.scalars(select(func.coalesce(func.max(VolumeRound.number), 0))).one()
    if last < there.watermark:
        raise Invalid("快照不属于本交易所", "the snapshot is ahead of this exchange")
    if last == there.watermark:
        return there
    since = there.watermark + 1
    with columns.opened() as engine:
        new = f"{_PLACED} WHERE round_number BETWEEN {since} AND {last}"
        engine.load(session, "moved", _ROWS, new)
        engine.execute("SET threads = 1")  # as many bytes in the same order each time
        months = engine.rows("SELECT accepted_month, count(*) FROM moved GROUP BY ALL ORDER BY 1")
        files = tuple(
            _written(engine, folder, str(month), rows, since, last) for month, rows in months
        )
    grown = Snapshot(last, there.moves + sum(each.rows for each in files), there.files + files)
    making = folder / f".{MANIFEST}"
    making.write_text(json.dumps(asdict(grown), indent=1) + "\n", "utf-8")
    making.replace(folder / MANIFEST)
    return grown


def check(folder: Path) -> list[str]:
    """Return the paths of files that are missing, or are not what the manifest says."""
    return [each.path for each in held(folder).files if _digest(folder / each.path) != each.sha256]


def cut(
    folder: Path, *, by: Sequence[str], measures: Sequence[str], since: date, until: date
) -> list[tuple[Any, ...]]:
    """Return a row for each combination of keys that moved in these days: keys, then measures.

    by: of DIMENSIONS; measures: of FIGURES. Ordered by the keys. Reads the months that are asked
    for. Raises Invalid for what is neither, where trades cannot be added up, and when a file is
    not what the manifest says.
    """
    figures = _figures(by, measures)
    names = [DIMENSIONS[each] for each in by]
    told = ", ".join([*names, *figures])
    group = " GROUP BY ALL ORDER BY ALL" if names else ""
    with _read(folder, since, until) as engine:
        return engine.rows(
            f"SELECT {told} FROM moved WHERE accepted_on BETWEEN ? AND ?{group}",  # noqa: S608 - from our lists
            [since, until],
        )


def _figures(by: Sequence[str], measures: Sequence[str]) -> list[str]:
    unknown = [*(set(by) - set(DIMENSIONS)), *(set(measures) - set(FIGURES))]
    if unknown or not measures or len(set(by)) != len(by):
        raise Invalid("没有这样的维度或指标", f"no such dimension or measure: {sorted(unknown)}")
    bits = {KINDS[each][1] for each in by if each in KINDS} - {Bit.ORDER}
    if len(bits) > 1 and {"trades", "frees", "deals"} & set(measures):
        raise Invalid("笔数不能同时按这些维度相加", "trades do not add up by two such dimensions")
    bit = next(iter(bits), KINDS[WHOLE][1])
    return [f"{adding.figures(bit)[name]} AS {name}" for name in measures]


@contextmanager
def _read(folder: Path, since: date, until: date) -> Iterator[Columns]:
    months = f"{since:%Y-%m}", f"{until:%Y-%m}"
    files = [each for each in held(folder).files if months[0] <= _month(each) <= months[1]]
    for each in files:
        if _digest(folder / each.path) != each.sha256:
            raise Invalid("快照文件已改变", f"not what the manifest says: {each.path}")
    with columns.opened() as engine:
        if files:
            engine.read("moved", [folder / each.path for each in files])
        else:
            typed = ", ".join(f"{name} {kind}" for name, kind in _ROWS.items())
            engine.execute(f"CREATE TABLE moved ({typed})")
        yield engine


def _written(engine: Columns, folder: Path, month: str, rows: int, since: int, until: int) -> File:
    year, number = month.split("-")
    path = f"year={year}/month={number}/rounds-{since:08}-{until:08}.parquet"
    told = f"SELECT * FROM moved WHERE accepted_month = '{month}' ORDER BY number"  # noqa: S608 - a month of ours
    engine.write(told, folder / path)
    return File(path, rows, since, until, _digest(folder / path))


def _month(file: File) -> str:
    year, month, _ = file.path.split("/")
    return f"{year.removeprefix('year=')}-{month.removeprefix('month=')}"


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
