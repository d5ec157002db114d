"""A quotation (报价协商): offer and counter-offer until both want the same price, or part.

The buyer begins; each side in turn accepts, offers another amount, or declines. What is
accepted fixes the price of one order line.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids, numbers
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living, append_only
from kernel.errors import Invalid
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step
from marketplace import access, prices, products, versions
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.prices import PlanKind


class State(StrEnum):
    """Whose turn it is, or how it ended."""

    ASKED = "asked"  # the seller's turn
    OFFERED = "offered"  # the buyer's turn
    AGREED = "agreed"
    DECLINED = "declined"
    LAPSED = "lapsed"


class Quotation(Living, Base):
    """One thread between a buyer and a seller. amount: what stands at present, for all of it."""

    __tablename__ = "quotations"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("buyer_id <> seller_id", name="buyer_is_not_seller"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
    )

    code: Mapped[str]
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    product_version_id: Mapped[str] = mapped_column(ForeignKey("product_versions.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    quantity: Mapped[int] = mapped_column(Big)
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    asked_at: Mapped[Instant]


class QuotationOffer(Base):
    """One offer of the thread; added, never changed."""

    __tablename__ = "quotation_offers"
    __table_args__ = (UniqueConstraint("quotation_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    quotation_id: Mapped[str] = mapped_column(ForeignKey("quotations.id"))
    number: Mapped[int]
    organisation_id: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    note: Mapped[str]
    offered_at: Mapped[Instant]


append_only(QuotationOffer.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def _offer(found: Quotation, work: Work, data: dict[str, Any]) -> None:
    found.amount = _checked(data["amount"])
    _write(work, found, data.get("note", ""))


def _agree(found: Quotation, work: Work, _data: dict[str, Any]) -> None:
    days = work.rules.number("clocks.quotation.limit_wd")
    agreed_prices.agree(
        work,
        source=Source.QUOTATION,
        source_id=found.id,
        product_id=found.product_id,
        product_version_id=found.product_version_id,
        buyer_id=found.buyer_id,
        seller_id=found.seller_id,
        quantity=found.quantity,
        amount=found.amount,
        valid_until=work.calendar.due(local_date(work.now), days).date,
    )


asker = any_of(Role.BUYER, Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
buyer = its("buyer", "buyer_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
seller = its("seller", "seller_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
_AMOUNT = ask("amount", "money", Words("报价（总额）", "Amount for all of it"))
_NOTE = ask("note", label=Words("说明", "Note"), optional=True)
_TERM = "clocks.quotation"

# fmt: off
LIFE: Workflow[State, Quotation] = Workflow(
    "quotation", State, State.ASKED,
    step("ask",     {State.ASKED}, State.ASKED, buyer, own_door=True,
         within=_TERM, overdue="lapse", owner="seller_id",
         says="quotation.asked", label=Words("询价", "Ask")),
    step("offer",   {State.ASKED}, State.OFFERED, seller, asks=(_AMOUNT, _NOTE), then=(_offer,),
         within=_TERM, overdue="lapse", owner="buyer_id",
         says="quotation.offered", label=Words("报价", "Offer")),
    step("counter", {State.OFFERED}, State.ASKED, buyer, asks=(_AMOUNT, _NOTE), then=(_offer,),
         within=_TERM, overdue="lapse", owner="seller_id",
         says="quotation.countered", label=Words("还价", "Counter")),
    step("agree",   {State.ASKED}, State.AGREED, seller, then=(_agree,),
         says="quotation.agreed", label=Words("接受买方出价", "Accept what the buyer offers")),
    step("accept",  {State.OFFERED}, State.AGREED, buyer, then=(_agree,),
         says="quotation.accepted", label=Words("接受报价", "Accept the offer")),
    step("decline", {State.ASKED, State.OFFERED}, State.DECLINED, (buyer, seller),
         asks=(_NOTE,), says="quotation.declined", label=Words("终止协商", "End it")),
    step("lapse",   {State.ASKED, State.OFFERED}, State.LAPSED, system_only, own_door=True,
         says="quotation.lapsed", label=Words("逾期失效", "Lapse")),
)
# fmt: on


def begin(
    work: Work, product_id: str, *, quantity: int, amount: Money, note: str = ""
) -> Quotation:
    """Ask the seller of a product with a negotiated price, with a first figure.

    Raises StepNotAllowed, NotFound, Invalid.
    """
    access.require(work, asker, None, "quotation.begin")
    product = products.seen(work, product_id)
    version = versions.find(work.session, product.current_version_id)
    if prices.parse(version.price_plan).kind is not PlanKind.NEGOTIATED:
        raise Invalid("该产品不是协议定价", "its price is not negotiated", pointer="/product_id")
    if product.state != products.State.LISTED or product.owner_id == work.actor.organisation:
        raise Invalid("该产品不可询价", "it cannot be asked for", pointer="/product_id")
    series = f"QT-{local_date(work.now).year}"
    made = Quotation(
        id=ids.new("quo_", work.now),
        state=State.ASKED,
        code=f"{series}-{numbers.following(work.session, series):06}",
        product_id=product.id,
        product_version_id=version.id,
        buyer_id=work.actor.organisation,
        seller_id=product.owner_id,
        quantity=quantity,
        amount=_checked(amount),
        asked_at=work.now,
    )
    work.session.add(made)
    # Its offers refer to the thread by id alone.
    work.session.flush()
    _write(work, made, note)
    LIFE.take("ask", made, work, amount=amount, quantity=quantity)
    return made


_OURS: Final = access.overseen(
    Quotation, LIFE, Words("没有这个报价协商", "no quotation"), "buyer_id", "seller_id"
)
find, seen, listed, take = _OURS.find, _OURS.seen, _OURS.listed, _OURS.take


def offers(session: Session, quotation_id: str) -> list[QuotationOffer]:
    """Return the offers of a thread, in order, at most 200. One SELECT on an index."""
    statement = (
        select(QuotationOffer)
        .where(QuotationOffer.quotation_id == quotation_id)
        .order_by(QuotationOffer.number)
        .limit(200)
    )
    return list(session.scalars(statement))


def _checked(amount: Money) -> Money:
    if amount.minor <= 0:
        raise Invalid("报价须为正数", "an offer is more than nothing", pointer="/amount")
    return amount


def _write(work: Work, found: Quotation, note: str) -> None:
    number = numbers.following(work.session, f"offers {found.id}")
    work.session.add(
        QuotationOffer(
            id=ids.new("qof_", work.now),
            quotation_id=found.id,
            number=number,
            organisation_id=work.actor.organisation,
            amount=found.amount,
            note=note,
            offered_at=work.now,
        )
    )
