"""Looking at what is mounted: outside any transaction, for a store may take its time."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from app import unit
from app.house import House
from delivery.intake import uploads
from delivery.intake.formats import Unreadable
from delivery.locations import locations, looking
from delivery.locations.locations import Claimed, State
from delivery.tables import datasets
from kernel.actor import SYSTEM
from kernel.work import Work

T = TypeVar("T")

LOOKED_MAX = 20
"""Locations that one run looks at; the next run takes the next ones."""


def look_due(house: House) -> int:
    """Look at the locations that are due, the longest first; returns how many were."""
    looked = 0
    while looked < LOOKED_MAX:
        claimed = _run(house, lambda work: locations.claim(work, house.roots))
        if claimed is None:
            break
        _look(house, claimed)
        looked += 1
    return looked


def _look(house: House, claimed: Claimed) -> None:
    house.data_dir.mkdir(parents=True, exist_ok=True)
    limits = looking.limits(uploads.fence(house.rules), house.rules)
    with tempfile.TemporaryDirectory(dir=house.data_dir, prefix="looking-") as folder:
        try:
            found = looking.look(
                claimed,
                Path(folder),
                limits,
                lambda stage: _run(house, lambda work: locations.tell(work, claimed.id, stage)),
            )
        except Unreadable as unreadable:
            problems = unreadable.problems
            _run(house, lambda work: locations.unread(work, claimed.id, problems))
            return
    _run(house, lambda work: _noted(work, claimed, found))


def _noted(work: Work, claimed: Claimed, found: dict[str, Any] | None) -> None:
    location = locations.find(work.session, claimed.id)
    if found is None:
        locations.same(work, claimed.id)
    elif location.state != State.ENDED and (location.found or "") == claimed.known:
        datasets.mount(work, location, found)


def _run(house: House, command: Callable[[Work], T]) -> T:
    found: T = unit.committed(house, SYSTEM, command, ring=False)
    return found
