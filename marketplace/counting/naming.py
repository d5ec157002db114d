"""Buyers who agree to be named in a ranking (买方具名公示); all others are masked there.

What a buyer bought is its own affair: without its word nobody is named, and no figure told.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Duty, Role, any_of
from kernel.clock import Instant
from kernel.db import Base
from kernel.work import Work
from marketplace import access
from marketplace.counting import leagues
from marketplace.counting.leagues import Place
from marketplace.counting.spans import Span

BUYERS_MIN: Final = 3
"""With fewer, a place would tell each of them what the others bought."""

BUYERS_MAX: Final = 50
"""Places that are shown; there are no further pages, whose cursors would carry what is masked."""


class NamedBuyer(Base):
    """An organisation that agreed to be named; the row goes when it takes that back."""

    __tablename__ = "named_buyers"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    agreed_by: Mapped[str]
    agreed_at: Mapped[Instant]


buyer = any_of(Role.BUYER, Duty.ORG_ADMIN, Duty.SIGNER)


def agree(work: Work) -> None:
    """Let the caller's organisation be named in rankings of buyers. Once is as good as twice."""
    access.require(work, buyer, None, "named_buyer.agree")
    own = work.actor.organisation
    on_postgresql = work.session.get_bind().dialect.name == "postgresql"
    made: Any = (postgresql if on_postgresql else sqlite).insert(NamedBuyer)
    given = {"organisation_id": own, "agreed_by": work.actor.person, "agreed_at": work.now}
    # Two members may agree at one moment.
    made = made.values(given).on_conflict_do_nothing().returning(NamedBuyer.organisation_id)
    if work.session.scalars(made).first() is not None:
        work.record("named_buyer.agreed", own)


def take_back(work: Work) -> None:
    """Let the caller's organisation be masked again, at once. Once is as good as twice."""
    access.require(work, buyer, None, "named_buyer.take_back")
    own = work.actor.organisation
    gone: Any = work.session.execute(delete(NamedBuyer).where(NamedBuyer.organisation_id == own))
    if gone.rowcount:
        work.record("named_buyer.taken_back", own)


def agreed(session: Session, organisations: Collection[str]) -> set[str]:
    """Return those of the organisations that agreed to be named. One SELECT by key, or none."""
    if not organisations:
        return set()
    statement = select(NamedBuyer.organisation_id).where(
        NamedBuyer.organisation_id.in_(sorted(organisations))
    )
    return set(session.scalars(statement))


@dataclass(frozen=True, slots=True)
class BuyerPlace:
    """A place of the ranking of buyers. is_named: else nothing but rank and band is to be told."""

    place: Place
    is_named: bool


def ranking(session: Session, span: Span, *, limit: int = BUYERS_MAX) -> list[BuyerPlace]:
    """Return the first buyers of a period, at most BUYERS_MAX; none where they are too few.

    Costs what a page of a league does, and one SELECT more.
    """
    wanted = max(BUYERS_MIN, min(limit, BUYERS_MAX))
    found = leagues.league(session, "buyers", span, after=None, limit=wanted).places
    if len(found) < BUYERS_MIN:
        return []
    named = agreed(session, [place.key for place in found])
    return [BuyerPlace(place, place.key in named) for place in found[:limit]]
