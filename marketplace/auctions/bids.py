"""Who takes part in a lot, and the bids (报价): open ones that rise, sealed ones that hide.

A sealed bid is kept encrypted and bound to its lot and bidder; beside it stands a digest
over the amount and a secret, so that nobody can put another amount in its place. Both
become readable at the opening and not before, by whatever way one looks.
"""

import json
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, numbers
from kernel.actor import Duty, Role, any_of
from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid, Refusal, refuse
from kernel.money import Money
from kernel.work import Work
from marketplace import access, lines, uses
from marketplace.auctions import lots
from marketplace.auctions.lots import Lot, State
from marketplace.prices import AuctionForm
from marketplace.uses import Use
from settlement.metering import deposits

_SEALED = text("sealed IS NOT NULL")


class LotEntry(Base):
    """One organisation that takes part. use_scenario: what it wants the data for."""

    __tablename__ = "auction_entries"
    __table_args__ = (UniqueConstraint("lot_id", "bidder_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("auction_lots.id"))
    bidder_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    use_scenario: Mapped[dict[str, Any]]
    entered_by: Mapped[str]
    entered_at: Mapped[Instant]


class Bid(Base):
    """One bid; added, never changed. number: in the order in which they were taken.

    amount: in fen, of an open bid; sealed, digest: else.
    """

    __tablename__ = "auction_bids"
    __table_args__ = (
        UniqueConstraint("lot_id", "number"),
        UniqueConstraint("lot_id", "amount"),
        CheckConstraint("(amount IS NULL) = (sealed IS NOT NULL)", name="open_or_sealed"),
        CheckConstraint("(sealed IS NULL) = (digest IS NULL)", name="sealed_has_its_digest"),
        Index(
            "uq_auction_bids_one_sealed",
            "lot_id",
            "bidder_id",
            unique=True,
            sqlite_where=_SEALED,
            postgresql_where=_SEALED,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("auction_lots.id"))
    bidder_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    person: Mapped[str]
    number: Mapped[int]
    amount: Mapped[int | None] = mapped_column(Big)
    sealed: Mapped[str | None]
    digest: Mapped[str | None]
    bid_at: Mapped[Instant]


class BidOpening(Base):
    """What a sealed bid said, once it was opened; with the secret that its digest needs."""

    __tablename__ = "auction_openings"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    bid_id: Mapped[str] = mapped_column(ForeignKey("auction_bids.id"), primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("auction_lots.id"), index=True)
    bidder_id: Mapped[str]
    number: Mapped[int]
    amount: Mapped[int] = mapped_column(Big)
    secret: Mapped[str]
    holds: Mapped[bool]


for _table in (LotEntry, Bid, BidOpening):
    append_only(_table.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table

bidder = any_of(Role.BUYER, Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)


def enter(work: Work, lot_id: str, use: Use) -> LotEntry:
    """Take part in a lot: the deposit leaves the wallet; what an order asks is asked now.

    Entering twice changes nothing. Raises StepNotAllowed, NotFound, Invalid, StepRefused
    with every reason, Overdrawn when the wallet has not the deposit.
    """
    access.require(work, bidder, None, "lot.enter")
    uses.check(use)
    lot, own = lots.locked(work.session, lot_id), work.actor.organisation
    if (there := entry_of(work.session, lot.id, own)) is not None:
        return there
    item = lines.Item.of(work.session, lot.product_id, lot.product_version_id, 1)
    refused = [*_closed(lot, work), *lines.refusals(work, [item], buyer_id=own, use=use)]
    if own == lot.seller_id:
        refused.append(Refusal("SELF_TRADE", "不得与自己交易", "nobody buys from itself"))
    refuse(refused)
    made = LotEntry(
        id=ids.new("ent_", work.now),
        lot_id=lot.id,
        bidder_id=own,
        use_scenario=uses.to_json(use),
        entered_by=work.actor.person,
        entered_at=work.now,
    )
    work.session.add(made)
    if lot.deposit.minor:
        deposits.keep(work, made.id, bidder_id=own, amount=lot.deposit)
    work.record("lot.entered", lot.id, bidder_id=own, deposit=lot.deposit)
    return made


def bid(work: Work, lot_id: str, amount: Money) -> Bid:
    """Bid in a lot that is open, by the clock; bids are taken one at a time.

    Raises StepNotAllowed, NotFound, Invalid, StepRefused: LOT_NOT_OPEN, NOT_ENTERED,
    BELOW_RESERVE, BELOW_STEP, ALREADY_SEALED.
    """
    access.require(work, bidder, None, "lot.bid")
    lot, own = lots.locked(work.session, lot_id), work.actor.organisation
    if amount.minor <= 0 or amount.currency != lot.reserve.currency:
        raise Invalid("报价不正确", "a bid is more than nothing", pointer="/amount")
    refused = [*_not_open(lot, work), *_too_low(lot, amount)]
    if entry_of(work.session, lot.id, own) is None:
        refused.append(Refusal("NOT_ENTERED", "请先交纳保证金报名", "enter the lot first"))
    if lot.form == AuctionForm.SEALED and of_bidder(work.session, lot.id, own):
        refused.append(Refusal("ALREADY_SEALED", "密封报价只能提交一次", "one sealed bid each"))
    refuse(refused)
    made = _written(work, lot, amount)
    work.session.add(made)
    if lot.form == AuctionForm.ENGLISH:
        lot.highest = amount.minor
        lots.prolong(work, lot)
        work.record("lot.bid", lot.id, bid_id=made.id, amount=amount)
    else:
        work.record("lot.sealed_bid", lot.id, bid_id=made.id, digest=made.digest)
    return made


def open_sealed(work: Work, lot: Lot) -> list[BidOpening]:
    """Open every sealed bid of a lot that is over; each says whether its digest holds."""
    made = []
    for each in of_lot(work.session, lot.id):
        content = json.loads(work.crypto.open(bytes.fromhex(each.sealed or ""), _bound(lot, each)))
        opening = BidOpening(
            bid_id=each.id,
            lot_id=lot.id,
            bidder_id=each.bidder_id,
            number=each.number,
            amount=content["amount"],
            secret=content["secret"],
            holds=work.crypto.digest(canonical(content)) == each.digest,
        )
        made.append(opening)
        work.record("lot.bid_opened", lot.id, bid_id=each.id, amount=Money(opening.amount))
    work.session.add_all(made)
    return made


def entry_of(session: Session, lot_id: str, bidder_id: str) -> LotEntry | None:
    """Return how an organisation takes part, if it does. One SELECT on an index."""
    statement = select(LotEntry).where(LotEntry.lot_id == lot_id, LotEntry.bidder_id == bidder_id)
    return session.scalars(statement).one_or_none()


def entries(session: Session, lot_id: str) -> list[LotEntry]:
    """Return who takes part, at most 1,000. One SELECT on an index."""
    statement = select(LotEntry).where(LotEntry.lot_id == lot_id).order_by(LotEntry.id).limit(1_000)
    return list(session.scalars(statement))


def of_bidder(session: Session, lot_id: str, bidder_id: str) -> list[Bid]:
    """Return an organisation's own bids, the last one first. One SELECT on an index."""
    statement = select(Bid).where(Bid.lot_id == lot_id, Bid.bidder_id == bidder_id)
    return list(session.scalars(statement.order_by(Bid.number.desc()).limit(100)))


def of_lot(session: Session, lot_id: str) -> list[Bid]:
    """Return the bids of a lot, the first one first, at most 5,000. One SELECT on an index."""
    statement = select(Bid).where(Bid.lot_id == lot_id).order_by(Bid.number).limit(5_000)
    return list(session.scalars(statement))


def openings(session: Session, lot_id: str) -> list[BidOpening]:
    """Return the opened bids, the highest first; of equal ones the earlier. One SELECT."""
    statement = (
        select(BidOpening)
        .where(BidOpening.lot_id == lot_id)
        .order_by(BidOpening.amount.desc(), BidOpening.number)
    )
    return list(session.scalars(statement))


def _written(work: Work, lot: Lot, amount: Money) -> Bid:
    made = Bid(
        id=ids.new("bid_", work.now),
        lot_id=lot.id,
        bidder_id=work.actor.organisation,
        person=work.actor.person,
        number=numbers.following(work.session, f"bids {lot.id}"),
        amount=amount.minor if lot.form == AuctionForm.ENGLISH else None,
        sealed=None,
        digest=None,
        bid_at=work.now,
    )
    if lot.form == AuctionForm.SEALED:
        content = canonical({"amount": amount.minor, "bid": made.id, "secret": ids.secret()})
        made.sealed = work.crypto.seal(content, _bound(lot, made)).hex()
        made.digest = work.crypto.digest(content)
    return made


def _bound(lot: Lot, each: Bid) -> bytes:
    return f"{lot.id} {each.id} {each.bidder_id}".encode()


def _closed(lot: Lot, work: Work) -> list[Refusal]:
    if lot.state in {State.SCHEDULED, State.OPEN} and work.now < lot.closes_at:
        return []
    return [Refusal("LOT_CLOSED", "竞价已结束", "the lot is closed")]


def _not_open(lot: Lot, work: Work) -> list[Refusal]:
    if lot.state == State.OPEN and lot.opens_at <= work.now < lot.closes_at:
        return []
    return [Refusal("LOT_NOT_OPEN", "不在竞价时间内", "the lot is not open now")]


def _too_low(lot: Lot, amount: Money) -> list[Refusal]:
    if amount < lot.reserve:
        zh, en = f"不得低于起拍价 {lot.reserve}", f"the reserve is {lot.reserve}"
        return [Refusal("BELOW_RESERVE", zh, en)]
    if lot.form == AuctionForm.SEALED or lot.highest is None:
        return []
    least = Money(lot.highest, lot.reserve.currency) + lot.step
    if amount < least:
        zh, en = f"至少为 {least}", f"{least} or more is needed now"
        return [Refusal("BELOW_STEP", zh, en)]
    return []
