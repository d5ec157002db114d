"""By which way a refund goes back: which receipt it answers, and to which bank account."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from kernel.errors import Refusal
from kernel.money import Money
from kernel.work import Work
from settlement import accounts
from settlement.payments import Payment
from settlement.refunding import disputes, origins, rows, takings
from settlement.refunding.origins import Origin, Rail
from settlement.refunding.rows import Refund, State
from settlement.refunding.takings import NotRefundable

_LINES: Final = table(
    "bank_lines", column("id"), column("counterparty_name"), column("counterparty_sealed")
)
"""Lines of the bank's statements, as far as a refund asks of them: who sent the money."""


class Standing(NamedTuple):
    """How far an order is refunded. left: what could still go back of it."""

    refunded: Money
    under_way: Money
    left: Money


class Payee(NamedTuple):
    """To which bank account a refund goes."""

    name: str
    number: str
    bank_name: str


def standing(session: Session, order_id: str) -> Standing:
    """Return how far an order is refunded. Some SELECTs on indexes."""
    refunded, under_way = rows.standing(session, order_id)
    return Standing(refunded, under_way, takings.left(session, order_id))


def for_bank(session: Session, limit: int) -> list[Refund]:
    """Return approved refunds that go by bank, the oldest first, locked. One SELECT on an index.

    Those that somebody else is just sending are left out.
    """
    statement = (
        select(Refund)
        .where(Refund.state == State.APPROVED, Refund.rail == Rail.BANK)
        .order_by(Refund.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def payee(work: Work, refund: Refund) -> Payee:
    """Return the bank account that a refund goes to, with its whole number. One SELECT by key."""
    if refund.payee_id is not None:
        account = accounts.find(work.session, refund.payee_id)
        number = accounts.number(work, account)
        return Payee(account.account_name, number, account.bank_name)
    name, sealed = _line(work.session, refund.object_id)
    number = work.crypto.open(sealed, refund.object_id.encode()).decode() if sealed else ""
    return Payee(name, number, "")


def locked(session: Session, references: Iterable[str]) -> dict[str, Refund]:
    """Return reference → refund, locked in one order so that nobody deadlocks. One SELECT."""
    statement = (
        select(Refund)
        .where(Refund.reference.in_(sorted(set(references))))
        .order_by(Refund.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {refund.reference: refund for refund in session.scalars(statement)}


def choose(work: Work, order_id: str, amount: Money) -> list[Origin]:
    """Return the receipts that bear the refund, each with what it bears of it.

    One receipt that can bear it whole is taken before several; among them the oldest or the
    largest goes first, as the rules say. Raises NotRefundable with every reason. Some SELECTs.
    """
    session = work.session
    refused = [disputes.refusal(session, order_id)]
    found = origins.of_order(session, order_id)
    used = rows.used(session, [one.object_id for one in found], order_id)
    room = [one._replace(amount=one.amount - used.get(one.object_id, Money(0))) for one in found]
    if work.rules.text("settling.refund_receipts") == "largest":
        room.sort(key=lambda one: -one.amount.minor)  # a stable sort: of equals the oldest
    most = sum((one.amount for one in room), Money(0))
    if most < amount:
        refused.append(
            Refusal(
                "MORE_THAN_WAS_PAID",
                f"该订单来款至多可退 {most}",
                f"of what was paid for the order {most} can go back at most",
            )
        )
    if reasons := tuple(filter(None, refused)):
        raise NotRefundable.of(reasons)
    whole = next((one for one in room if one.amount >= amount), None)
    return [whole._replace(amount=amount)] if whole else list(_filled(room, amount))


def _filled(room: list[Origin], amount: Money) -> Iterator[Origin]:
    """Yield the receipts in order, each with as much as it has room for, until all is borne."""
    rest = amount
    for one in room:
        part = min(one.amount, rest)
        if part.minor > 0:
            yield one._replace(amount=part)
        rest -= part


def payer(session: Session, order_id: str) -> str | None:
    """Return who was asked to pay for the order. One SELECT on an index."""
    statement = select(Payment.payer_id).where(Payment.order_id == order_id).limit(1)
    return session.scalars(statement).first()


def payee_id(session: Session, line_id: str, payer_id: str | None) -> str | None:
    """Return the verified account that is paid when the bank did not say where from."""
    _, sealed = _line(session, line_id)
    if sealed:
        return None
    return accounts.require_verified(session, payer_id or "").id


def _line(session: Session, line_id: str) -> tuple[str, bytes | None]:
    """Return who sent the money of a bank line, and the sealed number of the account."""
    where = _LINES.c.id == line_id
    statement = select(_LINES.c.counterparty_name, _LINES.c.counterparty_sealed).where(where)
    found = session.execute(statement).one_or_none()
    return (found[0], found[1]) if found else ("", None)
