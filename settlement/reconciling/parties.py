"""The parties' leg: our settlement statements beside what their parties say of them."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from settlement.papers import party_statements
from settlement.reconciling.facts import Fact, Leg, Type


def disputed(session: Session) -> Iterator[Fact]:
    """Yield a fact for every statement that its party disputes. One SELECT on an index."""
    for one in party_statements.disputed(session):
        since = one.disputed_on or one.last_on
        key = f"statement:{one.id}"
        yield Fact(Leg.PARTY, Type.AMOUNT, key, one.closing, one.claimed, since)
