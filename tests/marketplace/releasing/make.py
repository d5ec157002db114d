"""Releases for tests: what was traded, tallied, prepared, checked and made known."""

from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from kernel.clock import Instant
from kernel.work import Rules, Work
from marketplace.counting import spans, tallies
from marketplace.releasing import preparing, releases
from marketplace.releasing.releases import VolumeRelease
from tests.conftest import RULES, work_of
from tests.marketplace import make

MONTH: Final = spans.of("M", make.AFTER_PUBLICITY.date())
LATER: Final = make.AFTER_PUBLICITY + timedelta(days=31)
"""When the month of the trade is over."""

ANYBODY: Final = Rules(
    RULES.version,
    {**RULES.values, "releases": {**RULES.table("releases"), "organisations_min": 1,
                                  "dominant_bp": 10_000}},
)  # fmt: skip
"""The rules without secrets: a town of two traders has something to tell."""

STATISTICIAN: Final = "per_exchange_settler"
APPROVER: Final = "per_exchange_approver"


def tallied(session: Session) -> None:
    """Let a round take up what waits."""
    session.flush()
    tallies.tally(work_of(session, "system"))


def by(session: Session, person: str, *, at: Instant = LATER, rules: Rules = ANYBODY) -> Work:
    """Return a work by one of the cast, under rules that hide nothing."""
    return work_of(session, person, at=at, rules=rules)


def prepared(
    session: Session, period: str = MONTH.code, *, reason: str | None = None, at: Instant = LATER
) -> VolumeRelease:
    """Prepare a release of what was tallied."""
    tallied(session)
    made = preparing.prepare(by(session, STATISTICIAN, at=at), period, reason=reason)
    session.flush()
    return made


def published(
    session: Session, period: str = MONTH.code, *, reason: str | None = None, at: Instant = LATER
) -> VolumeRelease:
    """Prepare a release, and have another person check and publish it."""
    made = prepared(session, period, reason=reason, at=at)
    for step in ("check", "publish"):
        releases.take(by(session, APPROVER, at=at), made.id, step)
        session.flush()
    return made
