"""A deposit (竞价保证金): money of a bidder's wallet that is held until the lot is decided.

Kept, it stands on an account of its own; released, it is in the wallet again; forfeited,
it is the seller's. The books say where it is, and no row does.
"""

from kernel.clock import local_date
from kernel.money import Money
from kernel.work import Work
from settlement import ledger
from settlement.ledger import AccountRef, Row

_WALLET, _HOLD, _SELLER = "2241.wallet", "2241.hold", "2202.merchant"


def keep(work: Work, deposit_id: str, *, bidder_id: str, amount: Money) -> None:
    """Hold `amount` of the bidder's wallet. Raises Overdrawn when the wallet has not so much."""
    row = Row(AccountRef(_WALLET, bidder_id), AccountRef(_HOLD, deposit_id), amount)
    _post(work, "deposit.kept", deposit_id, row)


def release(work: Work, deposit_id: str, *, bidder_id: str) -> Money:
    """Give what is held back to the bidder's wallet; nothing is held twice. Return it."""
    return _out(work, "deposit.released", deposit_id, AccountRef(_WALLET, bidder_id))


def forfeit(work: Work, deposit_id: str, *, seller_id: str) -> Money:
    """Give what is held to the seller, whose bidder withdrew. Return it."""
    return _out(work, "deposit.forfeited", deposit_id, AccountRef(_SELLER, seller_id))


def _out(work: Work, event: str, deposit_id: str, to: AccountRef) -> Money:
    held = AccountRef(_HOLD, deposit_id)
    amount = ledger.balance(work.session, held)
    if amount.minor:
        _post(work, event, deposit_id, Row(held, to, amount))
    return amount


def _post(work: Work, event: str, deposit_id: str, row: Row) -> None:
    ledger.post(work, event, deposit_id, [row], effective_on=local_date(work.now))
