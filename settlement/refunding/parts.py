"""What a refund took from where, kept so that it can be given back as it was taken."""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import local_date
from kernel.db import Base, Big, append_only
from kernel.money import Money
from kernel.work import Work
from settlement import escrow, ledger
from settlement.dividing import obligations, rooms, settled, settling
from settlement.dividing.obligations import Obligation
from settlement.dividing.rooms import Room
from settlement.dividing.terms import Payable
from settlement.ledger import AccountRef, Row
from settlement.refunding import costs
from settlement.refunding.takings import Taking
from settlement.shares import MERCHANT

_PAYABLE = frozenset(payable.code for payable in Payable)


class RefundPart(Base):
    """One part. obligation_id: empty for escrow. share: whose it was; back: where it goes back."""

    __tablename__ = "refund_parts"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "obligation_id", "refund_id"),
    )

    refund_id: Mapped[str] = mapped_column(ForeignKey("refunds.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    obligation_id: Mapped[str]
    share_code: Mapped[str]
    share_owner: Mapped[str]
    back_code: Mapped[str]
    back_owner: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(Big)
    currency: Mapped[str]


append_only(RefundPart.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class TakenPart(Base):
    """One part of what was taken otherwise: by a lost dispute, or for a sponsor.

    source_id: the dispute and how often it was borne, the voucher and how often it came back.
    obligation_id: empty for escrow. share_code, share_owner: whose it was.
    """

    __tablename__ = "taken_parts"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "obligation_id", "share_code", "share_owner"),
    )

    source_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    obligation_id: Mapped[str]
    share_code: Mapped[str]
    share_owner: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(Big)
    currency: Mapped[str]


append_only(TakenPart.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def keep(session: Session, source_id: str, taking: Taking) -> None:
    """Keep what a lost dispute, or a voucher that came back, took."""
    session.add_all(
        TakenPart(
            source_id=source_id,
            position=position,
            obligation_id=piece.obligation_id,
            share_code=piece.home.code,
            share_owner=piece.home.owner,
            amount_minor=piece.minor,
            currency=piece.back.currency,
        )
        for position, piece in enumerate(taking.pieces, 1)
    )


def write(session: Session, refund_id: str, taking: Taking) -> None:
    """Keep what a refund took."""
    session.add_all(
        RefundPart(
            refund_id=refund_id,
            position=position,
            obligation_id=piece.obligation_id,
            share_code=piece.home.code,
            share_owner=piece.home.owner,
            back_code=piece.back.code,
            back_owner=piece.back.owner,
            amount_minor=piece.minor,
            currency=piece.back.currency,
        )
        for position, piece in enumerate(taking.pieces, 1)
    )


def of(session: Session, refund_id: str) -> list[RefundPart]:
    """Return what a refund took, in order. One SELECT by key."""
    statement = (
        select(RefundPart).where(RefundPart.refund_id == refund_id).order_by(RefundPart.position)
    )
    return list(session.scalars(statement))


def give_back(
    work: Work, refund_id: str, order_id: str, *, entry_id: int, transit: AccountRef
) -> list[Row]:
    """Undo what a refund took, and return the rows that bring the money back.

    What a party was said to owe and has paid meanwhile becomes payable to it. What was taken of
    a line before it was settled, and comes back after, is owed anew and settled by the next
    batch. Some SELECTs.
    """
    session = work.session
    rooms.locked(session, [AccountRef(escrow.ESCROW, order_id)])
    found = of(session, refund_id)
    lines = {one.id: one for one in obligations.locked(session, [order_id])}
    touched = sorted({part.obligation_id for part in found if part.obligation_id})
    divided = [key for key in touched if lines[key].settled_on is not None]
    shares = {
        (one.obligation_id, one.account_code, one.owner): one
        for one in settled.locked(session, divided)
    }
    late: Counter[str] = Counter()
    for part in found:
        share = shares.get((part.obligation_id, part.share_code, part.share_owner))
        if share is not None:
            share.remaining_minor += part.amount_minor
        elif part.obligation_id in divided:
            late[part.obligation_id] += part.amount_minor
        elif part.obligation_id:
            lines[part.obligation_id].taken_minor -= part.amount_minor
    _reopen(work, lines, late)
    backs = {_back(part) for part in found}
    room = rooms.locked(session, backs)
    rows = [row for part in found for row in _returned(part, transit, room)]
    return [*rows, *_recounted(session, entry_id)]


def _reopen(work: Work, lines: Mapping[str, Obligation], late: Mapping[str, int]) -> None:
    there = [*lines.values()]
    for key, minor in sorted(late.items()):
        settled_before = lines[key]
        made = obligations.reopen(
            work.session,
            settled_before,
            Money(minor, settled_before.amount.currency),
            others=there,
            made_id=ids.new("obl_", work.now),
            due_on=max(settled_before.due_on, local_date(work.now)),
        )
        there.append(made)  # one refund may have taken of several slices of one line


def _back(part: RefundPart) -> AccountRef:
    return AccountRef(part.back_code, part.back_owner, part.currency)


def _returned(part: RefundPart, transit: AccountRef, room: Room) -> Iterable[Row]:
    back, rest = _back(part), part.amount_minor
    if back.code == settling.OWED:
        owed = room.take(back, rest)
        yield Row(transit, back, Money(owed, part.currency))
        code = part.share_code if part.share_code in _PAYABLE else MERCHANT
        back, rest = back._replace(code=code), rest - owed
    yield Row(transit, back, Money(rest, part.currency))


def _recounted(session: Session, entry_id: int) -> list[Row]:
    taken = ledger.entry(session, entry_id)
    return [
        Row(line.credit, line.debit, line.amount)
        for line in taken.lines
        if line.book == "memo" or costs.is_cost(line)
    ]
