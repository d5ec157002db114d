"""What a rail costs, taken off a refund that is nobody's fault (退款银行费用), as was agreed.

Source: paid and not delivered, an order that is called off goes back whole less the bank's
cost. It comes out of the order's escrow into the expense that it makes good. What goes back
by its provider, or into a wallet, costs nothing here.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.work import Work
from settlement import escrow, ledger
from settlement.entries import AccountRef, Line, Row
from settlement.refunding import ways
from settlement.refunding.origins import Origin, Rail
from settlement.refunding.rows import Refund

ACCOUNT: Final = "6603.psp_fee"
"""Where the fees of banks stand, and what is taken back of them."""


class Cost(NamedTuple):
    """What a transfer back costs, as two parties agreed: `fen`, never above `bp_max` of it."""

    fen: int = 0
    bp_max: int = 0

    @classmethod
    def of_terms(cls, said: Mapping[str, Any]) -> Self:
        """Return what the variables of a signed text say; nothing where they are silent."""
        return cls(int(said.get("refund_cost_fen", 0)), int(said.get("refund_cost_bp", 0)))

    def of(self, origin: Origin) -> Money:
        """Return what is taken off what goes back to one receipt: always less than all of it."""
        if origin.rail != Rail.BANK or origin.amount.currency != "CNY":
            return Money(0, origin.amount.currency)
        return Money(min(self.fen, origin.amount.minor * self.bp_max // 10_000))


class Quote(NamedTuple):
    """What would go back to a buyer, and what is taken off it."""

    back: Money
    cost: Money


def quote(work: Work, order_id: str, cost: Cost) -> Quote:
    """Return what would go back of all that is left of an order, and what is taken off it.

    Raises NotRefundable with every reason. Some SELECTs.
    """
    left = ways.standing(work.session, order_id).left
    each = [(one.amount, cost.of(one)) for one in ways.choose(work, order_id, left)]
    taken = sum((part for _, part in each), Money(0))
    return Quote(sum((amount for amount, _ in each), Money(0)) - taken, taken)


def rows(order_id: str, taken: Money) -> list[Row]:
    """Return the row that takes the cost out of an order's escrow, if there is any."""
    if not taken.minor:
        return []
    return [Row(AccountRef(escrow.ESCROW, order_id), AccountRef(ACCOUNT), taken)]


def taken(session: Session, refund: Refund) -> Money:
    """Return what was taken off with a refund as its cost; nothing of most. One SELECT by key."""
    found = [line.amount for line in ledger.entry(session, refund.entry_id).lines if is_cost(line)]
    return sum(found, Money(0, refund.amount.currency))


def is_cost(line: Line) -> bool:
    """Tell whether a posting of a refund took its cost."""
    return line.credit_code == ACCOUNT
