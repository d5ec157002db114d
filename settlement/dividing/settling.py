"""Posting what was divided: the entries of a page of lines, and the rows that stand for them."""

from collections.abc import Iterable, Sequence
from typing import Final

from kernel.clock import local_date
from kernel.money import Money
from kernel.work import Work
from licensing.pricing import periods, revenues
from licensing.pricing.periods import FeePeriod
from settlement import ledger
from settlement.dividing import charges, reserves, rooms, settled
from settlement.dividing.charges import Due
from settlement.dividing.computing import Divided
from settlement.dividing.fee_rules import Kind
from settlement.dividing.rooms import Room
from settlement.dividing.settled import SettlementLine
from settlement.dividing.terms import Payable
from settlement.ledger import AccountRef, Row
from settlement.posting.asked import ToPost
from settlement.shares import Part

OWED: Final = "1221.party"
"""What a party owes, after a refund that it could not bear."""

_ACCEPTED: Final = "2241.accepted"
_PAYABLE: Final = frozenset(payable.code for payable in Payable)


def post(work: Work, batch_id: str, found: Sequence[Divided]) -> None:
    """Post the lines of a page: shares, what is netted of debts, what is kept in reserve.

    The accounts are locked first, all together, in the order in which everybody does.
    A few SELECTs, and three entries a line at most.
    """
    room = rooms.locked(work.session, _accounts(found))
    entries = [entry for divided in found for entry in _entries(work, divided, room)]
    posted = dict(zip([one.key for one in entries], ledger.post_many(work, entries), strict=True))
    lines = []
    for divided in found:
        lines.append(_line(batch_id, divided, posted[_settles(divided).key].entry_id))
        divided.obligation.settled_on = local_date(work.now)
    work.session.add_all(lines)
    work.session.flush()  # the shares refer to the lines by id alone
    for line in lines:
        work.session.add_all(settled.shares_of(line))
    _recognise(work, found)


def _entries(work: Work, divided: Divided, room: Room) -> list[ToPost]:
    today, obligation = local_date(work.now), divided.obligation
    made = [_settles(divided)._replace(effective_on=today)]
    if divided.buyer_fee.minor:
        made.append(_asked(work, divided))
    netted, left = _netted(divided.parts, room)
    if netted:
        made.append(ToPost("recovery.netted", obligation.id, netted, today))
    kept = reserves.to_keep(work.rules, left.get(obligation.seller_id, Money(0)))
    if kept.minor:
        reserves.kept(work, obligation.id, obligation.seller_id, kept)
        own = AccountRef(reserves.PAYABLE, obligation.seller_id, kept.currency)
        row = Row(own, own._replace(code=reserves.ACCOUNT), kept)
        made.append(ToPost("reserve.kept", obligation.id, [row], today))
    return made


def _asked(work: Work, divided: Divided) -> ToPost:
    """Charge the buyer's part of the fee, which is asked for besides the price."""
    one = divided.obligation
    due = Due(
        Kind.TRANSACTION, one.id, one.buyer_id, divided.buyer_fee, one.order_id, one.fee_rule_id
    )
    return charges.entry(*charges.write(work, due))


def _settles(divided: Divided) -> ToPost:
    obligation = divided.obligation
    waiting = AccountRef(_ACCEPTED, obligation.order_id, obligation.amount.currency)
    rows = [Row(waiting, _account(part), part.amount) for part in divided.parts]
    return ToPost(
        "line.settled",
        obligation.order_line_id,
        rows,
        obligation.due_on,
        seq=obligation.seq - 1,
        order_id=obligation.order_id,
    )


def _netted(parts: Iterable[Part], room: Room) -> tuple[list[Row], dict[str, Money]]:
    """Take what each party owes from what it gets; return the rows, and merchants' rests."""
    rows, left = [], {}
    for part in parts:
        if part.account_code not in _PAYABLE:
            continue
        account = _account(part)
        owed = account._replace(code=OWED)
        amount = Money(room.take(owed, part.amount.minor), part.amount.currency)
        if amount.minor:
            rows.append(Row(account, owed, amount))
        if part.account_code == reserves.PAYABLE:
            left[part.owner] = part.amount - amount
    return rows, left


def _accounts(found: Sequence[Divided]) -> set[AccountRef]:
    refs = set()
    for divided in found:
        one = divided.obligation
        refs.add(AccountRef(_ACCEPTED, one.order_id, one.amount.currency))
        for part in divided.parts:
            account = _account(part)
            refs |= {account, account._replace(code=OWED), account._replace(code=reserves.ACCOUNT)}
    return refs


def _account(part: Part) -> AccountRef:
    return AccountRef(part.account_code, part.owner, part.amount.currency)


def _line(batch_id: str, divided: Divided, entry_id: int) -> SettlementLine:
    return SettlementLine(
        obligation_id=divided.obligation.id,
        batch_id=batch_id,
        order_id=divided.obligation.order_id,
        entry_id=entry_id,
        fee=divided.fee,
        parts=settled.plain(divided.parts),
    )


def _recognise(work: Work, found: Sequence[Divided]) -> None:
    # What operators earn of public data counts against their permitted revenue (I-49).
    today = local_date(work.now)
    periods_of: dict[str, FeePeriod | None] = {}
    for divided in found:
        one = divided.obligation
        for part in divided.parts:
            if one.operator_id is None or part.account_code != Payable.OPERATOR.code:
                continue
            if one.operator_id not in periods_of:
                found_period = periods.in_force(work.session, one.operator_id, today)
                periods_of[one.operator_id] = found_period
            revenues.recognise(
                work,
                one.order_line_id if one.seq == 1 else f"{one.order_line_id}/{one.seq}",
                operator_id=one.operator_id,
                period=periods_of[one.operator_id],
                amount=part.amount,
                on=today,
            )
