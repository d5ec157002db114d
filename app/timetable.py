"""What happens when: every job of the house, and how often, on one page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app import idempotency
from app.lives import LIVES
from catalogue import registrations
from kernel import evidence, watch
from kernel.clock import local_date
from kernel.errors import DomainError
from kernel.work import Work
from licensing import agreements, authorisations

OVERDUE_MAX = 200
"""Clocks that one run takes up; the next run takes up the next ones."""


@dataclass(frozen=True, slots=True)
class Job:
    """A thing done once in each slot of `every_s` seconds, by whichever process comes first."""

    every_s: int
    run: Callable[[Work], object]


def take_overdue(work: Work) -> int:
    """Take the steps that clocks take by themselves. Returns how many were taken.

    A step that is refused, for whatever reason of the domain, is left for its people; its
    light stays red, and the others are taken all the same.
    """
    taken = 0
    for clock in watch.overdue(work.session, local_date(work.now), limit=OVERDUE_MAX):
        try:
            with work.session.begin_nested():
                LIVES[clock.life].take(work, clock.subject, clock.overdue_step)
            taken += 1
        except DomainError:
            continue
    return taken


def end_what_is_over(work: Work) -> None:
    """Let registrations, agreements and authorisations expire whose last day has passed."""
    registrations.expire_due(work, limit=OVERDUE_MAX)
    agreements.expire_ended(work, limit=OVERDUE_MAX)
    authorisations.expire_due(work, limit=OVERDUE_MAX)


# fmt: off
TIMETABLE: Mapping[str, Job] = {
    "take overdue steps":      Job(60,     take_overdue),
    "end what is over":        Job(600,    end_what_is_over),
    "seal the evidence":       Job(60,     evidence.seal),
    "forget old keys":         Job(86_400, idempotency.forget),
}
# fmt: on
