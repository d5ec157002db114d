"""Tracing a file that was found outside to the order for which it was made."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.house import House
from delivery.packages import marks, packages
from delivery.packages.marks import Match


@dataclass(frozen=True, slots=True)
class Traced:
    """How a file agrees with each package, best first; package → order; columns it lacks."""

    matches: list[Match]
    orders: Mapping[str, str]
    missing: list[str]


def traced(house: House, path: Path) -> Traced:
    """Hold a file beside the newest packages. Raises ValueError for what is no table."""
    carriers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    orders: dict[str, str] = {}
    with house.engines.reading() as session:
        for package, task in packages.carriers(session, limit=marks.CANDIDATES_MAX):
            orders[package.id] = task.order_id
            for secret in marks.secrets(house.crypto, package.id):
                carriers[package.mark_column or ""].append((package.id, secret))
    matches, missing = marks.traced(path, carriers)
    return Traced(matches, orders, missing)
