"""Removing rows that nobody may read any more: marked in units of work, swept outside them."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from app import unit
from app.house import House
from delivery.tables import removals
from kernel.actor import SYSTEM
from kernel.work import Work
from marketplace.shelving import unused
from marketplace.shelving.unused import Unused

T = TypeVar("T")

BATCH: Final = 100
"""Versions that are marked in one unit of work."""

PRUNED_MAX: Final = 1_000
"""Versions that one run removes; the next run removes the next ones."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one run has done. strays: folders of readings that were broken off."""

    versions: int
    strays: int
    freed_bytes: int


def due(house: House) -> list[Unused]:
    """Return what a run would remove now."""
    with house.engines.reading() as session:
        return unused.listed(house.work(session, SYSTEM), limit=PRUNED_MAX)


def prune(house: House) -> Pruned:
    """Remove what is due, and what a run before has marked and not swept."""
    ids = [each.version_id for each in due(house)]
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        _run(house, partial(unused.remove, version_ids=some))
    versions, freed = _swept(house)
    strays, more = _strays(house)
    return Pruned(versions, strays, freed + more)


def _swept(house: House) -> tuple[int, int]:
    with house.engines.reading() as session:
        there = [(each, removals.kept(session, each.dataset_id))
                 for each in removals.unswept(session, PRUNED_MAX)]  # fmt: skip
    freed = 0
    for version, keep in there:
        size = removals.sweep(house.data_dir, version, keep)
        _run(house, partial(removals.swept, version_id=version.id, freed_bytes=size))
        freed += size
    return len(there), freed


def _strays(house: House) -> tuple[int, int]:
    """Remove the folders of tables that never became a data set, when they are old enough."""
    folder = house.data_dir / "tables"
    if not folder.is_dir():
        return 0, 0
    with house.engines.reading() as session:
        work = house.work(session, SYSTEM)
        before = work.now - timedelta(days=work.rules.number("intake.unused_d"))
        with os.scandir(folder) as there:
            old = (one.name for one in there
                   if one.is_dir(follow_symlinks=False)
                   and one.stat(follow_symlinks=False).st_mtime < before.timestamp())  # fmt: skip
            found: list[str] = []
            while some := list(islice(old, BATCH)):
                found += removals.strays(session, some)
    freed = 0
    for name in found[:PRUNED_MAX]:
        path = folder / name
        freed += sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
        shutil.rmtree(path, ignore_errors=True)
    return len(found[:PRUNED_MAX]), freed


def _run(house: House, command: Callable[[Work], T]) -> T:
    found: T = unit.committed(house, SYSTEM, command, ring=False)
    return found
