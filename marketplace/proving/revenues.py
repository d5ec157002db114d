"""What a product has brought its merchant, read from the books: settled less refunded.

So the benefit by which an asset wears off, and the revenue that its card shows, are the
ledger's own figures. A refund of an order counts here when it names a line of the product,
or when the order holds nothing else.
"""

from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Select, case, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from marketplace.lines import OrderLine
from settlement.assets import cards, months
from settlement.assets.cards import AssetCard
from settlement.books import accounts, entries, postings
from settlement.dividing.terms import Payable
from settlement.refunding.rows import Refund

_SETTLED: Final = "line.settled"
_REFUNDED: Final = ("refund.requested", "refund.cancelled")


def by_month(session: Session, card: AssetCard, first: str, last: str) -> dict[str, int]:
    """Return month → what the card's product brought its owner, in fen. Two SELECTs on indexes.

    first, last: months, both counted. Nothing for a card without a product.
    """
    found: dict[str, int] = {}
    for on, fen in session.execute(_moved(session, card, months.start(first), months.end(last))):
        found[months.of(on)] = found.get(months.of(on), 0) + int(fen)
    return found


def total(session: Session, card: AssetCard, until: date) -> int:
    """Return all that the product brought its owner until a day, in fen. Two SELECTs."""
    return sum(fen for _, fen in session.execute(_moved(session, card, date.min, until)))


def proven_by(session: Session, card: AssetCard) -> ColumnElement[bool]:
    """Return the condition of the entries that the figures are read from. One SELECT by key."""
    product_id = cards.version(session, card).product_id or ""
    return or_(_settles(product_id), _refunds(product_id))


def _moved(session: Session, card: AssetCard, first: date, last: date) -> Select[date, int]:
    own = (accounts.c.code == Payable.MERCHANT.code, accounts.c.owner == card.owner_id)
    sides = [
        select(
            entries.c.effective_on.label("on_day"),
            (postings.c.amount if side is postings.c.credit_id else -postings.c.amount).label(
                "fen"
            ),
        )
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(accounts, accounts.c.id == side)
        .where(*own, entries.c.effective_on.between(first, last), proven_by(session, card))
        for side in (postings.c.credit_id, postings.c.debit_id)
    ]
    both = union_all(*sides).subquery()
    return select(both.c.on_day, func.sum(both.c.fen)).group_by(both.c.on_day)


def _settles(product_id: str) -> ColumnElement[bool]:
    lines = select(OrderLine.id).where(OrderLine.product_id == product_id)
    return (entries.c.event == _SETTLED) & entries.c.source_id.in_(lines)


def _refunds(product_id: str) -> ColumnElement[bool]:
    other = aliased(OrderLine)
    alone = ~(
        select(other.id)
        .where(other.order_id == OrderLine.order_id, other.product_id != product_id)
        .exists()
    )
    whose = case(
        (Refund.order_line_id.is_not(None), Refund.order_line_id == OrderLine.id), else_=alone
    )
    found = (
        select(Refund.id)
        .join(OrderLine, OrderLine.order_id == Refund.order_id)
        .where(OrderLine.product_id == product_id, whose)
    )
    return entries.c.event.in_(_REFUNDED) & entries.c.source_id.in_(found)
