"""A price that was agreed (议定价格): by quotation, auction or award, for one buyer, used once."""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, Big
from kernel.errors import NotFound, Refusal
from kernel.money import Money
from kernel.work import Work


class Source(StrEnum):
    """How a price was found."""

    QUOTATION = "quotation"
    AUCTION = "auction"
    DEMAND = "demand"
    FRAMEWORK = "framework"


class AgreedPrice(Base):
    """What one buyer pays for so much of one version. order_id: once it was used."""

    __tablename__ = "agreed_prices"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(None, "buyer_id", "id"),
        Index(None, "order_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    source_id: Mapped[str]
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    product_version_id: Mapped[str] = mapped_column(ForeignKey("product_versions.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    quantity: Mapped[int] = mapped_column(Big)
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    valid_until: Mapped[date]
    agreed_at: Mapped[Instant]
    order_id: Mapped[str | None]


def agree(  # noqa: PLR0913 - the facts of one agreement, each by its name
    work: Work,
    *,
    source: Source,
    source_id: str,
    product_id: str,
    product_version_id: str,
    buyer_id: str,
    seller_id: str,
    quantity: int,
    amount: Money,
    valid_until: date,
) -> AgreedPrice:
    """Write down what was agreed."""
    made = AgreedPrice(
        id=ids.new("agp_", work.now),
        source=source,
        source_id=source_id,
        product_id=product_id,
        product_version_id=product_version_id,
        buyer_id=buyer_id,
        seller_id=seller_id,
        quantity=quantity,
        amount=amount,
        valid_until=valid_until,
        agreed_at=work.now,
        order_id=None,
    )
    work.session.add(made)
    work.record("price.agreed", made.id, source=source, source_id=source_id, amount=amount)
    return made


def of_buyer(work: Work, agreed_id: str) -> AgreedPrice:
    """Return what was agreed with the caller's organisation; to others it does not exist."""
    found = work.session.get(AgreedPrice, agreed_id)
    if found is None or found.buyer_id != work.actor.organisation:
        raise NotFound("没有这个议定价格", f"no agreed price {agreed_id}")
    return found


def of_source(session: Session, source: Source, source_id: str) -> AgreedPrice | None:
    """Return what came of a quotation or an auction. One SELECT on an index."""
    statement = select(AgreedPrice).where(
        AgreedPrice.source == source, AgreedPrice.source_id == source_id
    )
    return session.scalars(statement).one_or_none()


def of_order(session: Session, order_id: str, source: Source) -> AgreedPrice | None:
    """Return the price of that source at which an order was placed. One SELECT on an index."""
    statement = select(AgreedPrice).where(
        AgreedPrice.order_id == order_id, AgreedPrice.source == source
    )
    return session.scalars(statement.limit(1)).first()


def unusable(work: Work, agreed: AgreedPrice) -> Refusal | None:
    """Return why the price cannot be ordered by any more, or None."""
    if agreed.order_id is not None:
        return Refusal("PRICE_USED", "议定价格已下单使用", "this price was ordered by already")
    if agreed.valid_until < local_date(work.now):
        return Refusal("PRICE_EXPIRED", "议定价格已过期", "this price is no longer valid")
    return None


def use(session: Session, agreed_id: str, order_id: str) -> bool:
    """Let one order have the price; False when another has it. One UPDATE."""
    statement = (
        update(AgreedPrice)
        .where(AgreedPrice.id == agreed_id, AgreedPrice.order_id.is_(None))
        .values(order_id=order_id)
        .returning(AgreedPrice.id)
    )
    return session.execute(statement).first() is not None
