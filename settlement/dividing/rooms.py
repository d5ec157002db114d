"""What guarded accounts hold, read under lock: so that what is taken next is there."""

from collections.abc import Iterable

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from settlement.books import accounts, balances
from settlement.ledger import AccountRef


class Room:
    """What the accounts hold now; `take` keeps count of what is planned to leave them."""

    def __init__(self, found: dict[AccountRef, int]) -> None:
        self._left = found

    def left(self, ref: AccountRef) -> int:
        """Return what is left, in minor units; zero for an account nobody has used."""
        return self._left.get(ref, 0)

    def take(self, ref: AccountRef, most: int) -> int:
        """Take up to `most` of it, and return how much that was."""
        taken = min(most, self.left(ref))
        self._left[ref] = self.left(ref) - taken
        return taken


def locked(session: Session, refs: Iterable[AccountRef]) -> Room:
    """Lock the balances of the accounts, in the order in which everybody does. One SELECT.

    A balance is positive on the side on which its account is guarded.
    """
    name = (accounts.c.code, accounts.c.owner, accounts.c.currency)
    statement = (
        select(*name, balances.c.credits, balances.c.debits)
        .join(accounts, accounts.c.id == balances.c.account_id)
        .where(tuple_(*name).in_(sorted(set(refs))))
        .order_by(balances.c.account_id)
        .with_for_update(of=balances)
    )
    return Room(
        {
            AccountRef(code, owner, currency): abs(came - went)
            for code, owner, currency, came, went in session.execute(statement)
        }
    )
