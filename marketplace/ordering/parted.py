"""Lines that ended before the rest of their order: which they are, by what the journal says."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work

ENDED: Final = "order.line_ended"


def note(work: Work, order_id: str, order_line_id: str, *, back: Money) -> None:
    """Note that a line has ended. back: what of its price goes back to the buyer."""
    work.record(ENDED, order_id, order_line_id=order_line_id, back=back)


def ended(session: Session, order_id: str) -> frozenset[str]:
    """Return the lines of an order that have ended before the rest. One SELECT on an index."""
    statement = select(Event.data).where(Event.subject == order_id, Event.kind == ENDED)
    return frozenset(str(data["order_line_id"]) for data in session.scalars(statement))
