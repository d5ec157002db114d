"""A lot (竞价标的): one product that goes to the highest bid, by the clock and by the rules.

English: open bids that rise by a step, and a bid in the last minutes prolongs. Sealed: one
bid each, that nobody can read before the opening, the seller and this house's people not
either. Who takes part has left a deposit, and has said what the data is for.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids, numbers
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Money, half_up
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from marketplace import access, prices, products, versions
from marketplace.prices import PlanKind
from settlement.metering import deposits


class State(StrEnum):
    """Where a lot stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    AWARDED = "awarded"
    ORDERED = "ordered"
    SOLD = "sold"
    UNSOLD = "unsold"
    FORFEITED = "forfeited"
    CANCELLED = "cancelled"


class Lot(Living, Base):
    """One lot.

    deposit: what each bidder leaves. extensions: how often its end was put off. highest:
    the best bid that is known, in fen; of a sealed lot only after the opening. winner_id,
    winner_entry_id (whose deposit is still held), order_id: after the award.
    """

    __tablename__ = "auction_lots"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("form IN ('english', 'sealed')", name="form_is_known"),
        CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint("step_minor > 0 AND deposit_minor >= 0", name="step_positive"),
        CheckConstraint(
            "form <> 'sealed' OR highest IS NULL OR state NOT IN ('scheduled', 'open')",
            name="sealed_is_not_known_before",
        ),
        Index(None, "state", "opens_at", "id"),
        Index(None, "state", "closes_at", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "order_id"),
    )

    code: Mapped[str]
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    product_version_id: Mapped[str] = mapped_column(ForeignKey("product_versions.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    form: Mapped[str]
    reserve: Mapped[Money] = composite(
        mapped_column("reserve_minor", Big), mapped_column("reserve_currency")
    )
    step: Mapped[Money] = composite(
        mapped_column("step_minor", Big), mapped_column("step_currency")
    )
    deposit: Mapped[Money] = composite(
        mapped_column("deposit_minor", Big), mapped_column("deposit_currency")
    )
    opens_at: Mapped[Instant]
    closes_at: Mapped[Instant]
    extensions: Mapped[int]
    highest: Mapped[int | None] = mapped_column(Big)
    winner_id: Mapped[str | None]
    winner_entry_id: Mapped[str | None]
    order_id: Mapped[str | None]


def _is_time(lot: Lot, work: Work) -> Refusal | None:
    if work.now < lot.opens_at:
        return Refusal("NOT_YET", "尚未到开始时间", "its time has not come")
    return None


def _is_over(lot: Lot, work: Work) -> Refusal | None:
    if work.now < lot.closes_at:
        return Refusal("STILL_OPEN", "尚未到截止时间", "it is still open")
    return None


def _give_back(lot: Lot, work: Work, _data: dict[str, Any]) -> None:
    deposits.release(work, lot.winner_entry_id or "", bidder_id=lot.winner_id or "")


def _keep_for_seller(lot: Lot, work: Work, _data: dict[str, Any]) -> None:
    deposits.forfeit(work, lot.winner_entry_id or "", seller_id=lot.seller_id)


lister = any_of(Role.MERCHANT, Duty.EDITOR, Duty.SUBMITTER)
seller = its("seller", "seller_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)

# fmt: off
LIFE: Workflow[State, Lot] = Workflow(
    "lot", State, State.DRAFT,
    step("schedule", {State.DRAFT}, State.SCHEDULED, seller, own_door=True,
         says="lot.scheduled", label=Words("公告竞价", "Announce")),
    step("open",     {State.SCHEDULED}, State.OPEN, system_only, when=(_is_time,),
         says="lot.opened", label=Words("开始竞价", "Open")),
    step("award",    {State.OPEN}, State.AWARDED, system_only, own_door=True, when=(_is_over,),
         within="clocks.award", overdue="forfeit", owner="winner_id",
         says="lot.awarded", label=Words("成交", "Award")),
    step("pass_in",  {State.OPEN}, State.UNSOLD, system_only, own_door=True, when=(_is_over,),
         says="lot.passed_in", label=Words("流拍", "Pass in")),
    step("order",    {State.AWARDED}, State.ORDERED, system_only, own_door=True,
         says="lot.ordered", label=Words("竞得人下单", "Ordered by the winner")),
    step("sell",     {State.ORDERED}, State.SOLD, system_only, own_door=True,
         then=(_give_back,),
         says="lot.sold", label=Words("价款到账", "Sold")),
    step("forfeit",  {State.AWARDED, State.ORDERED}, State.FORFEITED, system_only,
         own_door=True, then=(_keep_for_seller,),
         says="lot.forfeited", label=Words("竞得人悔约", "The winner withdrew")),
    step("cancel",   {State.SCHEDULED}, State.CANCELLED, seller, own_door=True, asks=(REASON,),
         says="lot.cancelled", label=Words("撤销竞价", "Cancel")),
)
# fmt: on


def schedule(work: Work, product_id: str, *, opens_at: Instant, closes_at: Instant) -> Lot:
    """Announce a lot of a listed product whose price plan is an auction, by its owner.

    Raises StepNotAllowed, NotFound, Invalid.
    """
    product = products.seen(work, product_id)
    version = versions.find(work.session, product.current_version_id)
    plan = prices.parse(version.price_plan)
    own = product.owner_id == work.actor.organisation
    access.require(work, lister, None, "lot.schedule")
    if not own or plan.kind is not PlanKind.AUCTION or product.state != products.State.LISTED:
        raise Invalid("该产品不可竞价", "it cannot be auctioned", pointer="/product_id")
    if not work.now <= opens_at < closes_at:
        raise Invalid("竞价时间不正确", "it opens later, and closes after", pointer="/opens_at")
    if plan.reserve is None or plan.step is None or plan.form is None:
        raise Invalid("竞价方案不完整", "the plan is not whole", pointer="/product_id")
    bp = min(plan.deposit_bp, work.rules.number("auctions.deposit_bp_max"))
    series = f"AU-{local_date(work.now).year}"
    made = Lot(
        id=ids.new("lot_", work.now),
        state=State.DRAFT,
        code=f"{series}-{numbers.following(work.session, series):06}",
        product_id=product.id,
        product_version_id=version.id,
        seller_id=product.owner_id,
        form=plan.form.value,
        reserve=plan.reserve,
        step=plan.step,
        deposit=Money(half_up(plan.reserve.minor * bp, 10_000), plan.reserve.currency),
        opens_at=opens_at,
        closes_at=closes_at,
        extensions=0,
        highest=None,
        winner_id=None,
        winner_entry_id=None,
        order_id=None,
    )
    work.session.add(made)
    LIFE.take("schedule", made, work, opens_at=opens_at, closes_at=closes_at)
    return made


def prolong(work: Work, lot: Lot) -> None:
    """Put the end off when a bid comes in the last minutes, so often as the rules allow."""
    minutes = timedelta(minutes=work.rules.number("auctions.extend_minutes"))
    if work.now < lot.closes_at - minutes:
        return
    if lot.extensions < work.rules.number("auctions.extensions_max"):
        lot.closes_at, lot.extensions = work.now + minutes, lot.extensions + 1


def due(session: Session, now: Instant, *, limit: int) -> list[Lot]:
    """Return lots that are to be opened or closed by now, locked. One SELECT on indexes."""
    statement = (
        select(Lot)
        .where(
            or_(
                (Lot.state == State.SCHEDULED) & (Lot.opens_at <= now),
                (Lot.state == State.OPEN) & (Lot.closes_at <= now),
            )
        )
        .order_by(Lot.closes_at, Lot.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def locked(session: Session, lot_id: str) -> Lot:
    """Return the lot, locked: bids are taken one at a time. Raises NotFound."""
    statement = (
        select(Lot)
        .where(Lot.id == lot_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise _missing(lot_id)
    return found


def find(session: Session, lot_id: str) -> Lot:
    """Return the lot. Raises NotFound. One SELECT by key."""
    found = session.get(Lot, lot_id)
    if found is None:
        raise _missing(lot_id)
    return found


def seen(work: Work, lot_id: str) -> Lot:
    """Return the lot: announced lots are public."""
    return find(work.session, lot_id)


def take(work: Work, lot_id: str, name: str, **data: Any) -> Lot:
    """Take one step in a lot's life. Raises what `Workflow.take` raises."""
    lot = locked(work.session, lot_id)
    LIFE.take(name, lot, work, **data)
    return lot


def of_order(session: Session, order_id: str) -> Lot | None:
    """Return the lot that an order came of, if one did. One SELECT on an index."""
    return session.scalars(select(Lot).where(Lot.order_id == order_id)).one_or_none()


def listed(
    session: Session, *, state: str | None = None, after: str | None, limit: int
) -> Page[Lot]:
    """Return one page of the lots, newest first. One SELECT."""
    statement = select(Lot) if state is None else select(Lot).where(Lot.state == state)
    return keyset(session, statement, by=((Lot.id, "desc"),), after=after, limit=limit)


def _missing(lot_id: str) -> NotFound:
    return NotFound("没有这个竞价", f"no lot {lot_id}")
