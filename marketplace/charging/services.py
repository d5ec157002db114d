"""What the exchange charges of the market besides the price: listing, delivery, mediation.

The rules and the charges are settlement's; here is what only the market knows: whose product
it is, on which boards it stands, and which sale the exchange brought about (quotation, auction).
"""

from typing import Final

from sqlalchemy import select

from kernel.journal import Event
from kernel.work import Work
from marketplace import boards, lines, products
from marketplace.bargaining.agreed_prices import AgreedPrice
from settlement.dividing.charges import FeeCharge
from settlement.dividing.fee_rules import Kind
from settlement.fees import occasions

_MEDIATED: Final = frozenset({Kind.BROKER})


def listed(work: Work, event: Event) -> list[FeeCharge]:
    """After "product.listed": charge its merchant for the listing and the certificate, once."""
    product = products.find(work.session, event.subject)
    return occasions.listed(
        work.as_system(), product.id, product.owner_id, board_ids=_boards(work, product.id)
    )


def accepted(work: Work, event: Event) -> list[FeeCharge]:
    """After "escrow.accepted": charge the delivery, and the mediation of what was mediated.

    Two SELECTs when no rule asks for a fee.
    """
    kinds = occasions.asked_for(work)
    if not kinds:
        return []
    if kinds & _MEDIATED and not _mediated(work, event.subject):
        kinds -= _MEDIATED
    found = lines.of(work.session, event.subject)
    on = {line.id: _boards(work, line.product_id) for line in found}
    return occasions.accepted(
        work.as_system(), event.subject, kinds, lambda line_id: on.get(line_id, ())
    )


def _boards(work: Work, product_id: str) -> tuple[str, ...]:
    return tuple(board.id for board in boards.of(work.session, product_id))


def _mediated(work: Work, order_id: str) -> bool:
    statement = select(AgreedPrice.id).where(AgreedPrice.order_id == order_id).limit(1)
    return work.session.scalars(statement).first() is not None
