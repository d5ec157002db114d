"""From where money that goes back is taken: escrow, what waits, then the shares that are left.

What was settled is taken from everybody's share in proportion to what remains of it: from the
balance of each, then from its reserve, and what is missing it owes. So any run of refunds
ends at exact zeros, and no share is ever asked for more than it got.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from kernel.errors import DomainError, Kind, Refusal
from kernel.money import Money, take_from
from kernel.words import Words
from kernel.work import Work
from settlement import escrow
from settlement.dividing import frozen, obligations, rooms, settled, settling
from settlement.dividing.frozen import HoldPiece
from settlement.dividing.obligations import Obligation, State
from settlement.dividing.settled import SplitShare
from settlement.ledger import AccountRef, Row
from settlement.metering import wallets
from settlement.shares import COMMISSION, MERCHANT, VAT
from settlement.turnover import EXCLUDED
from settlement.vouchers import parts as sponsored

RESERVE: Final = "2202.reserve"

T = TypeVar("T")

_OWN: Final = frozenset({COMMISSION, VAT})


class NotRefundable(DomainError):
    """There is not so much left of the order that could go back."""

    kind = Kind.CONFLICT
    code = "not-refundable"
    title = Words("可退金额不足", "Not so much can be refunded")


class Piece(NamedTuple):
    """A part of what is taken.

    home: whose share it was; drawn: the account that gives it; back: where it would go back
    to, which differs when it is drawn from a hold.
    """

    obligation_id: str
    home: AccountRef
    drawn: AccountRef
    back: AccountRef
    minor: int


@dataclass(frozen=True, slots=True)
class Taking:
    """Everything that is taken, and the volume that does not count any more."""

    pieces: tuple[Piece, ...]
    memo: tuple[Row, ...]

    @property
    def from_escrow(self) -> Money:
        """What of it nobody had accepted."""
        return Money(sum(one.minor for one in self.pieces if one.home.code == escrow.ESCROW))

    def rows(self, to: AccountRef) -> list[Row]:
        """Return the rows of the entry: each account that gives, once, then the volume."""
        return [*self.money(to), *self.memo]

    def money(self, to: AccountRef) -> list[Row]:
        """Return the rows of the money alone."""
        given: dict[AccountRef, int] = {}
        for piece in self.pieces:
            given[piece.drawn] = given.get(piece.drawn, 0) + piece.minor
        return [Row(ref, to, Money(minor, ref.currency)) for ref, minor in sorted(given.items())]


def left(session: Session, order_id: str) -> Money:
    """Return what of the order could still go back to its buyer: in escrow, waiting, held, shared.

    Without what its sponsor brought, and without use that is drawn and has yet to be billed.
    Some SELECTs; locks nothing.
    """
    found = obligations.of_order(session, order_id)
    held = frozen.held_of(session, AccountRef(escrow.ESCROW, order_id))
    waiting = sum(one.left.minor for one in found if one.state == State.OPEN)
    divided = [one.id for one in found if one.state == State.SETTLED]
    remaining = settled.remaining(session, divided)
    there = escrow.left(session, order_id) + Money(held + waiting + remaining)
    others = sponsored.of_order(session, order_id) + wallets.unbilled(session, order_id)
    return there - others


def take(
    work: Work,
    order_id: str,
    amount: Money,
    *,
    order_line_id: str | None = None,
    fee_refund: bool = False,
    to_sponsor: bool = False,
) -> Taking:
    """Take `amount` out of what there is of the order, in this transaction.

    order_line_id: out of this line alone, and not out of escrow. fee_refund: the exchange
    gives its commission and tax back as well; otherwise the seller bears them. to_sponsor: of
    what the sponsor brought; else of what the buyer paid. Everything is locked first, in one
    order. Raises NotRefundable. Some SELECTs.
    """
    desk = _Desk(work.session, order_id, order_line_id, fee_refund=fee_refund)
    desk.kept = wallets.unbilled(work.session, order_id).minor
    if not to_sponsor:
        desk.kept += sponsored.in_escrow(work.session, order_id).minor
    rest = amount.minor
    rest -= desk.from_escrow(rest)
    rest -= desk.from_waiting(rest)
    rest -= desk.from_shares(rest)
    if rest:
        there = Money(amount.minor - rest, amount.currency)
        reason = Refusal(
            "MORE_THAN_IS_LEFT",
            f"该订单可退 {there}，申请 {amount}",
            f"{there} of the order can go back, {amount} is asked",
        )
        raise NotRefundable(reason.zh, reason.en, (reason,))
    return Taking(tuple(desk.pieces), tuple(desk.memo))


def uncounted(session: Session, order_id: str) -> list[Row]:
    """Return the rows that take back all volume that the order's lines still have, locked."""
    lines = {one.order_line_id: one for one in obligations.locked(session, [order_id])}
    refs = [
        AccountRef(code, line_id, one.amount.currency)
        for line_id, one in sorted(lines.items())
        for code in (escrow.TURNOVER, EXCLUDED)
    ]
    room = rooms.locked(session, refs)
    return [
        Row(
            ref,
            AccountRef(escrow.COUNTER, lines[ref.owner].buyer_id, ref.currency),
            Money(room.left(ref), ref.currency),
        )
        for ref in refs
        if room.left(ref)
    ]


class _Desk:
    """Takes from one order. Everything is read under lock before anything is changed."""

    def __init__(
        self, session: Session, order_id: str, order_line_id: str | None, *, fee_refund: bool
    ) -> None:
        self.fee_refund = fee_refund
        self.kept = 0
        self.pieces: list[Piece] = []
        self.memo: list[Row] = []
        self.escrow = AccountRef(escrow.ESCROW, order_id)
        self.waiting = AccountRef(escrow.ACCEPTED, order_id)
        rooms.locked(session, [self.escrow])  # everybody begins with the order's escrow
        found = obligations.locked(session, [order_id])
        if order_line_id is not None:
            found = [one for one in found if one.order_line_id == order_line_id]
        self.whole = order_line_id is None
        self.open = [one for one in found if one.state == State.OPEN]
        self.settled = {one.id: one for one in found if one.state == State.SETTLED}
        self.shares = settled.locked(session, sorted(self.settled))
        holds = [hold.id for hold in frozen.open_on(session, order_id)]
        self.held = frozen.pieces(session, holds)
        self.room = rooms.locked(session, self._accounts())

    def from_escrow(self, most: int) -> int:
        """Take up to `most` of what nobody has accepted yet, without what is kept."""
        if not self.whole or most <= 0:
            return 0
        there = self.room.left(self.escrow) + _left(self.held, self.escrow) - self.kept
        taken = max(0, min(most, there))
        self._draw("", self.escrow, taken)
        return taken

    def from_waiting(self, most: int) -> int:
        """Take up to `most` of what was accepted and not settled, from all lines alike."""
        for one, part in _spread(self.open, [one.left for one in self.open], most):
            one.taken_minor += part
            one.batch_id, one.draft = None, None  # what a checker saw is not so any more
            self._draw(one.id, self.waiting, part)
            self._uncount(one, part)
        return sum(piece.minor for piece in self.pieces if piece.home == self.waiting)

    def from_shares(self, most: int) -> int:
        """Take up to `most` of what was settled, from all shares that are left alike."""
        taken, lines = 0, dict.fromkeys(self.settled, 0)
        remaining = [share.remaining for share in self.shares]
        for share, part in _spread(self.shares, remaining, most):
            share.remaining_minor -= part
            lines[share.obligation_id] += part
            taken += part
            self._bear(share, part)
        for obligation_id, part in lines.items():
            self._uncount(self.settled[obligation_id], part)
        return taken

    def _bear(self, share: SplitShare, part: int) -> None:
        home = AccountRef(share.account_code, share.owner, share.currency)
        if home.code in _OWN and self.fee_refund:
            self.pieces.append(Piece(share.obligation_id, home, home, home, part))
            return
        payer = home
        if home.code in _OWN:
            payer = AccountRef(MERCHANT, self.settled[share.obligation_id].seller_id, home.currency)
        self._draw(share.obligation_id, payer, part, home=home)

    def _draw(
        self, obligation_id: str, account: AccountRef, most: int, *, home: AccountRef | None = None
    ) -> None:
        """Take `most` on behalf of an account: of what is held of it, of it, then of debt."""
        rest = most
        for drawn, back, there in self._purses(account):
            taken = there(rest)
            rest -= taken
            if taken:
                self.pieces.append(Piece(obligation_id, home or account, drawn, back, taken))

    def _purses(
        self, account: AccountRef
    ) -> Iterator[tuple[AccountRef, AccountRef, Callable[[int], int]]]:
        """Yield what gives for an account, in order: from where, back to where, how much."""
        for piece in self.held:
            if piece.home == account:
                yield _hold(piece), account, partial(_unhold, piece)
        yield account, account, partial(self.room.take, account)
        if account.code == MERCHANT:
            reserve = account._replace(code=RESERVE)
            yield reserve, reserve, partial(self.room.take, reserve)
        # Of an order's own accounts the ledger refuses more than there is.
        last = account if account in {self.escrow, self.waiting} else _owes(account)
        yield last, last, lambda rest: rest

    def _uncount(self, one: Obligation, part: int) -> None:
        """Take the volume of a line back, from where it is counted now."""
        counter = AccountRef(escrow.COUNTER, one.buyer_id, one.amount.currency)
        rest = part
        for code in (escrow.TURNOVER, EXCLUDED):
            ref = AccountRef(code, one.order_line_id, one.amount.currency)
            taken = self.room.take(ref, rest)
            rest -= taken
            if taken:
                self.memo.append(Row(ref, counter, Money(taken, ref.currency)))

    def _accounts(self) -> set[AccountRef]:
        refs = {self.escrow, self.waiting, *map(_hold, self.held)}
        for one in (*self.open, *self.settled.values()):
            currency = one.amount.currency
            refs |= {AccountRef(escrow.TURNOVER, one.order_line_id, currency),
                     AccountRef(EXCLUDED, one.order_line_id, currency)}  # fmt: skip
            seller = AccountRef(MERCHANT, one.seller_id, currency)
            refs |= {seller, seller._replace(code=RESERVE)}
        refs |= {AccountRef(one.account_code, one.owner, one.currency) for one in self.shares}
        return refs | {_owes(ref) for ref in refs if ref.code.startswith("22")}


def _unhold(piece: HoldPiece, most: int) -> int:
    taken = min(most, piece.left_minor)
    piece.left_minor -= taken
    return taken


def _owes(account: AccountRef) -> AccountRef:
    return account._replace(code=settling.OWED)


def _hold(piece: HoldPiece) -> AccountRef:
    return AccountRef(frozen.ACCOUNT, piece.hold_id, piece.currency)


def _left(held: Iterable[HoldPiece], home: AccountRef) -> int:
    return sum(piece.left_minor for piece in held if piece.home == home)


def _spread(items: Sequence[T], left: Sequence[Money], most: int) -> list[tuple[T, int]]:
    """Divide up to `most` over what is left of each item."""
    there = sum(one.minor for one in left)
    if most <= 0 or not there:
        return []
    parts = take_from(left, Money(min(most, there), left[0].currency))
    return [(item, part.minor) for item, part in zip(items, parts, strict=True) if part.minor]
