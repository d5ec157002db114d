"""How fresh the data of a directory are (更新时效): promised by its frequency, lit by its data.

A directory says how often it is updated; its resources say when data last came. Nothing is
stored: the light is computed from the two, each time anybody looks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalogue.contents import DirectoryContent, Frequency
from catalogue.resources import Resource, State
from catalogue.versions import Directory
from kernel.clock import Instant
from kernel.deadlines import Light
from kernel.words import Words
from kernel.work import Rules, Work

TIMELESS: Final = frozenset({Frequency.IRREGULAR, Frequency.STATIC})
"""Frequencies that promise nothing."""

LABELS: Final = {
    Light.GREEN: Words("及时更新", "fresh"),
    Light.YELLOW: Words("更新到期", "due"),
    Light.RED: Words("更新滞后", "stale"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a directory is attached, when its data last came, and its light.

    light: None when nothing is attached, or nothing is promised. due_at: until when the
    next data may come and the light stay green.
    """

    resources: int
    last_data_at: Instant | None
    light: Light | None
    due_at: Instant | None

    @property
    def attached(self) -> bool:
        """Tell whether a resource is attached."""
        return self.resources > 0


UNATTACHED: Final = Standing(0, None, None, None)


def light(frequency: str, last_data_at: Instant, now: Instant, rules: Rules) -> Light | None:
    """Return the light of data of a frequency; None for one that promises nothing.

    Green until period and grace have passed since the last data, yellow until they have
    twice, red from then on.
    """
    due_at = due(frequency, last_data_at, rules)
    if due_at is None:
        return None
    if now <= due_at:
        return Light.GREEN
    return Light.YELLOW if now <= due_at + (due_at - last_data_at) else Light.RED


def due(frequency: str, last_data_at: Instant, rules: Rules) -> Instant | None:
    """Return until when the next data may come; None for a frequency that promises nothing."""
    if frequency in TIMELESS:
        return None
    key = f"freshness.{frequency}"
    hours = rules.number(f"{key}.period_h") + rules.number(f"{key}.grace_h")
    return last_data_at + timedelta(hours=hours)


def of(work: Work, directory_ids: Iterable[str]) -> dict[str, Standing]:
    """Return directory → its standing, for one page of published directories. Two SELECTs."""
    wanted = list(directory_ids)
    frequencies = _frequencies(work.session, wanted)
    statement = (
        select(
            Resource.directory_id,
            func.count(),
            func.max(func.coalesce(Resource.refreshed_at, Resource.attached_at)),
        )
        .where(Resource.directory_id.in_(wanted), Resource.state == State.ATTACHED)
        .group_by(Resource.directory_id)
    )
    found = dict.fromkeys(wanted, UNATTACHED)
    for key, count, last in work.session.execute(statement):
        frequency = frequencies.get(key, Frequency.IRREGULAR.value)
        found[key] = Standing(
            count,
            last,
            light(frequency, last, work.now, work.rules),
            due(frequency, last, work.rules),
        )
    return found


def _frequencies(session: Session, directory_ids: list[str]) -> dict[str, str]:
    statement = (
        select(Directory.id, DirectoryContent.update_frequency)
        .join(DirectoryContent, DirectoryContent.version_id == Directory.current_version_id)
        .where(Directory.id.in_(directory_ids))
    )
    return {row.id: row.update_frequency for row in session.execute(statement)}
