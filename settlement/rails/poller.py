"""Looking at a provider by ourselves (主动查询): what its notices did not tell us.

Every minute, and after we were down: its events since the last look go into the inbox like
notices; its movements of our balance are booked; what is still open is looked at one by one.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Instant
from kernel.db import Base
from kernel.work import Work
from settlement.rails import balance_lines, inbox
from settlement.rails.attempts import IS_LIVE, LIVE, Attempt
from settlement.rails.desks import DisputeDesk
from settlement.rails.gateway import Gateway
from settlement.rails.inbox import Came
from settlement.rails.port import BalanceLine, Event, Kind

T = TypeVar("T")

OVERLAP: Final = timedelta(minutes=10)
"""What was looked at before is looked at once more: a provider may list an event late."""

FIRST_LOOK: Final = timedelta(days=29)
"""How far back the first look goes; providers keep their events for a month."""

QUIET: Final = timedelta(minutes=2)
"""How long an attempt may be open before it is looked at."""

_Command: TypeAlias = Callable[[Work], int]

AT_ONCE: Final = 100
OPEN_MAX: Final = 50


class Cursor(Base):
    """Up to when a provider was looked at."""

    __tablename__ = "provider_cursors"

    provider: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Instant]


def poll(gateway: Gateway, provider: str, disputes: DisputeDesk) -> int:
    """Look at one provider; returns how many events and movements were new.

    Raises NoAnswer, NotYet, Declined: what was found until then is kept, and the next look
    begins where this one did.
    """
    port = gateway.ports[provider]
    begun: Instant = gateway.units(lambda work: work.now)
    found = 0
    if "events" in port.can:
        for some in _parts(port.events(_since(gateway, provider, "events"))):
            found += gateway.units(_keeps(some))
        gateway.units(lambda work: _reached(work, provider, "events", begun))
    if "balance_lines" in port.can:
        for lines in _parts(port.balance_lines(_since(gateway, provider, "balance"))):
            found += gateway.units(_books(provider, lines, disputes))
        gateway.units(lambda work: _reached(work, provider, "balance", begun))
    _look_at_open(gateway, provider)
    return found


def _keeps(events: list[tuple[Event, bytes]]) -> _Command:
    return lambda work: sum(inbox.keep(work, event, body, Came.POLL) for event, body in events)


def _books(provider: str, lines: list[BalanceLine], disputes: DisputeDesk) -> _Command:
    return lambda work: sum(balance_lines.book(work, provider, line, disputes) for line in lines)


def _look_at_open(gateway: Gateway, provider: str) -> None:
    def overdue(work: Work) -> list[str]:
        statement = (
            select(Attempt.object_id)
            .where(
                Attempt.state.in_(LIVE),
                IS_LIVE,
                Attempt.provider == provider,
                Attempt.object_id.is_not(None),
                Attempt.begun_at < work.now - QUIET,
            )
            .order_by(Attempt.expires_at, Attempt.id)
            .limit(OPEN_MAX)
        )
        return [found for found in work.session.scalars(statement) if found]

    for object_id in gateway.units(overdue):
        gateway.look(provider, Kind.PAYMENT, object_id)


def _since(gateway: Gateway, provider: str, what: str) -> Instant:
    def command(work: Work) -> Instant:
        there = work.session.get(Cursor, (provider, what))
        return work.now - FIRST_LOOK if there is None else there.at - OVERLAP

    return gateway.units(command)


def _reached(work: Work, provider: str, what: str, at: Instant) -> None:
    on_sqlite = work.session.get_bind().dialect.name == "sqlite"
    insert = (sqlite if on_sqlite else postgresql).insert(Cursor)
    statement = insert.values(provider=provider, what=what, at=at)
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=["provider", "what"], set_={"at": statement.excluded.at}
        )
    )


def _parts(found: Iterable[T]) -> Iterable[list[T]]:
    listed = iter(found)
    while part := list(islice(listed, AT_ONCE)):
        yield part
