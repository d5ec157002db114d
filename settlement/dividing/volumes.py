"""The volume of lines, held still while it is asked on which side it stands."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from settlement.dividing import obligations, rooms
from settlement.ledger import AccountRef
from settlement.turnover import COUNTED, EXCLUDED


def hold(session: Session, order_id: str | None, owners: Iterable[str]) -> None:
    """Let nobody else move the volume of these lines (or deals) until the transaction ends.

    Locked as whoever gives money back does: the order's obligations, then balances. The
    obligations come first, because 9003 of a line may be new: who waits for a balance that is
    there does not see one that was made meanwhile, and who waits before it asks does. Two
    SELECTs.
    """
    if order_id is not None:
        obligations.locked(session, [order_id])
    refs = [AccountRef(code, owner) for owner in owners for code in (COUNTED, EXCLUDED)]
    if refs:
        rooms.locked(session, refs)
