"""A line of an order (订单行): one product version, how much of it, at which price.

All terms are copied when the order is placed; what happens to the product afterwards
never changes a line. A line refers to at most one authorisation (I-27).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NotRequired, Required, Self, TypedDict

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from catalogue import grades
from catalogue.grades import Buyer, Grade, Mode, Origin, PiClass
from kernel import ids
from kernel.clock import local_date
from kernel.db import Base, Big, append_only
from kernel.errors import Refusal, StepRefused
from kernel.money import Money
from kernel.parties import organisations
from kernel.work import Work
from licensing import authorisations, scope
from licensing.authorisations import Authorisation
from marketplace import fees, listing, prices, products, versions
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import AgreedPrice
from marketplace.prices import PayMode, Plan
from marketplace.products import Product
from marketplace.uses import Use
from marketplace.versions import ProductVersion


class OrderLine(Base):
    """One line, as it was when the order was placed; added, never changed.

    amount: tax included. authorisation_id: of public data. fee_ground, price_e6 and the
    cap's id and figure: see `marketplace.fees`; the CHECKs hold price ≤ cap (I-48).
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("price_e6 >= 0", name="price_not_negative"),
        CheckConstraint("price_e6 <= cap_e6", name="price_within_cap"),
        CheckConstraint(
            "fee_ground <> 'industry' OR price_e6 = 0 "
            "OR (cap_id IS NOT NULL AND cap_e6 IS NOT NULL)",
            name="industry_pays_under_a_cap",
        ),
        CheckConstraint(
            "fee_ground <> 'public_interest' OR (price_e6 = 0 AND amount_minor = 0)",
            name="public_interest_is_free",
        ),
        CheckConstraint(
            "(authorisation_id IS NULL) = (fee_ground = 'own')", name="public_data_has_its_ground"
        ),
        ForeignKeyConstraint(["cap_id", "cap_e6"], ["fee_caps.id", "fee_caps.cap_e6"]),
        Index(None, "authorisation_id", "order_id"),
        Index(None, "product_id", "order_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    product_version_id: Mapped[str] = mapped_column(ForeignKey("product_versions.id"))
    price_plan: Mapped[dict[str, Any]]
    quantity: Mapped[int] = mapped_column(Big)
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    authorisation_id: Mapped[str | None]
    resource_id: Mapped[str | None]
    delivery_mode: Mapped[str]
    fee_ground: Mapped[str]
    price_e6: Mapped[int] = mapped_column(Big)
    cap_id: Mapped[str | None]
    cap_e6: Mapped[int | None] = mapped_column(Big)


append_only(OrderLine.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Wanted(TypedDict, total=False):
    """What a buyer asks for in one line. agreed_price_id: of a price that was agreed."""

    product_id: Required[str]
    quantity: Required[int]
    agreed_price_id: NotRequired[str | None]


@dataclass(frozen=True, slots=True)
class Item:
    """A product that is to be ordered, with what is asked of it."""

    product: Product
    version: ProductVersion
    authorisation: Authorisation | None
    quantity: int
    agreed: AgreedPrice | None = None

    @property
    def written(self) -> dict[str, Any]:
        """The price plan as the line keeps it: with the price that was agreed, if one was."""
        plan = self.version.price_plan
        if self.agreed is None:
            return plan
        amount = self.agreed.amount
        return {**plan, "price": {"minor": amount.minor, "currency": amount.currency}}

    @property
    def plan(self) -> Plan:
        """The price plan of the line."""
        return prices.parse(self.written)

    @classmethod
    def of(cls, session: Session, product_id: str, version_id: str | None, quantity: int) -> Self:
        """Gather a product with the version named, or with the current one. Raises NotFound."""
        product = products.find(session, product_id)
        version = versions.find(session, version_id or product.current_version_id)
        authorisation = (
            authorisations.find(session, version.authorisation_id)
            if version.authorisation_id is not None
            else None
        )
        return cls(product, version, authorisation, quantity)


def gather(work: Work, wanted: Iterable[Wanted]) -> list[Item]:
    """Return what is wanted, each product in its current version, or as agreed. Raises NotFound."""
    return [_gathered(work, line) for line in wanted]


def unpayable(work: Work, items: Sequence[Item], pay_mode: str) -> list[Refusal]:
    """Return every reason why these lines cannot be paid in this way, or at this price."""
    found = [_mismatch(work, item) for item in items]
    found += [
        Refusal(
            "PAY_MODE_NOT_OFFERED",
            f"产品 {item.product.code} 不支持此付款方式",
            f"product {item.product.code} is not paid for in this way",
        )
        for item in items
        if pay_mode not in prices.modes(item.plan)
    ]
    return [refusal for refusal in found if refusal is not None]


def refusals(work: Work, items: Sequence[Item], *, buyer_id: str, use: Use) -> tuple[Refusal, ...]:
    """Return every reason why these products cannot go to this buyer for this use.

    Asked when the order is placed and again when it is paid. Two SELECTs by key a line.
    """
    found = [
        refusal
        for item in items
        for refusal in (*_not_deliverable(item), *_not_authorised(work, item, buyer_id, use))
    ]
    return tuple(dict.fromkeys(found))


def overpriced(work: Work, items: Sequence[Item]) -> list[Refusal]:
    """Return every reason why these prices may not be asked today: caps, ceiling (I-48, I-49).

    Asked when an order is placed; what was agreed then stays agreed. Four SELECTs a line.
    """
    return [
        refusal
        for item in items
        for refusal in fees.refusals(work, item.version, item.authorisation, item.plan)
    ]


def unlisted(items: Sequence[Item]) -> list[Refusal]:
    """Return a reason for each product that cannot be ordered any more, or not yet."""
    return [
        Refusal(
            "PRODUCT_NOT_LISTED",
            f"产品 {item.product.code} 当前不可订购",
            f"product {item.product.code} cannot be ordered now",
        )
        for item in items
        if item.product.state != products.State.LISTED
    ]


def write(
    work: Work, order_id: str, items: Sequence[Item], pay_mode: str = PayMode.PREPAID
) -> list[OrderLine]:
    """Write the lines of an order, with their prices. Raises Invalid for a bad quantity."""
    made = [
        _line(work, order_id, position, item, pay_mode) for position, item in enumerate(items, 1)
    ]
    work.session.add_all(made)
    for item in items:
        if item.agreed is not None and not agreed_prices.use(
            work.session, item.agreed.id, order_id
        ):
            refusal = Refusal(
                "PRICE_USED", "议定价格已下单使用", "this price was ordered by already"
            )
            raise StepRefused(refusal.zh, refusal.en, (refusal,))
    return made


def amount(item: Item, pay_mode: str = PayMode.PREPAID) -> Money:
    """Return the price of a line, tax included: one rounding. Nothing in advance, if by use."""
    if pay_mode != PayMode.PREPAID:
        return Money(0)
    if item.agreed is not None:
        return item.agreed.amount
    return prices.amount(item.plan, item.quantity)


def of(session: Session, order_id: str) -> list[OrderLine]:
    """Return the lines of an order, in order, at most 100. One SELECT on an index."""
    statement = (
        select(OrderLine)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .limit(100)
    )
    return list(session.scalars(statement))


def ordered(session: Session, found: Sequence[OrderLine]) -> list[Item]:
    """Return the products of an order's lines, in the versions that were ordered."""
    return [
        Item.of(session, line.product_id, line.product_version_id, line.quantity) for line in found
    ]


def _gathered(work: Work, line: Wanted) -> Item:
    product = products.seen(work, line["product_id"])
    agreed_id = line.get("agreed_price_id")
    if agreed_id is None:
        return Item.of(work.session, product.id, None, line["quantity"])
    agreed = agreed_prices.of_buyer(work, agreed_id)
    item = Item.of(work.session, product.id, agreed.product_version_id, line["quantity"])
    return replace(item, agreed=agreed)


def _mismatch(work: Work, item: Item) -> Refusal | None:
    if item.agreed is None:
        if item.plan.kind in prices.AGREED:
            return Refusal("PRICE_AGREED_FIRST", "价格须先议定", "the price is agreed on first")
        return None
    if (item.agreed.product_id, item.agreed.quantity) != (item.product.id, item.quantity):
        return Refusal(
            "PRICE_OF_ANOTHER", "议定价格与所订内容不符", "it was agreed for other goods"
        )
    return agreed_prices.unusable(work, item.agreed)


def _line(work: Work, order_id: str, position: int, item: Item, pay_mode: str) -> OrderLine:
    today = local_date(work.now)
    basis = fees.basis(work, item.version, item.authorisation, today, item.plan)
    return OrderLine(
        id=ids.new("orl_", work.now),
        order_id=order_id,
        position=position,
        product_id=item.product.id,
        product_version_id=item.version.id,
        price_plan=item.written,
        quantity=item.quantity,
        amount=amount(item, pay_mode),
        authorisation_id=item.version.authorisation_id,
        resource_id=item.version.resource_id,
        delivery_mode=item.version.delivery_mode,
        fee_ground=basis.ground,
        price_e6=basis.price_e6,
        cap_id=None if basis.cap is None else basis.cap.id,
        cap_e6=None if basis.cap is None else basis.cap.cap_e6,
    )


def _not_deliverable(item: Item) -> list[Refusal]:
    # That the buyer is an active organisation, checked beside this, is what "verified" means.
    version = item.version
    grade, pi = Grade(version.grade), PiClass(version.pi_class)
    origin = Origin(version.source_kind)
    found = list(
        grades.buyer_refusals(grade, pi, origin=origin, buyer=Buyer(verified=True, named=True))
    )
    if Mode(version.delivery_mode) not in grades.allowed_modes(grade, pi, origin=origin):
        found.append(
            Refusal(
                "MODE_NOT_ALLOWED",
                f"产品 {item.product.code} 的交付方式不被允许",
                f"product {item.product.code} may not leave as {version.delivery_mode}",
            )
        )
    return found


def _not_authorised(work: Work, item: Item, buyer_id: str, use: Use) -> list[Refusal]:
    authorisation = item.authorisation
    if authorisation is None:
        return []
    allowed = authorisations.scope_of(work.session, authorisation)
    ends = authorisation.valid_to
    # fmt: off
    asked = (
        (use["purpose_code"] != authorisation.purpose_code,
         "PURPOSE_MISMATCH", f"用途与授权用途 {authorisation.purpose_code} 不一致",
         f"the authorised purpose is {authorisation.purpose_code}"),
        (not scope.admits(allowed.users, buyer_id, classes=_classes(work, buyer_id)),
         "USER_OUT_OF_SCOPE", "买方不在授权使用主体范围内",
         "the buyer is not among the authorised users"),
        (not any(scope.covers(outer, use["region"]) for outer in allowed.regions),
         "REGION_OUT_OF_SCOPE", f"区域 {use['region']} 不在授权范围内",
         f"region {use['region']} is not authorised"),
        (use["period_from"] < authorisation.valid_from or use["period_to"] > ends,
         "PERIOD_OUT_OF_SCOPE", f"期限超出授权有效期（至 {ends}）",
         f"the authorisation is valid from {authorisation.valid_from} to {ends}"),
    )
    # fmt: on
    found = [Refusal(code, zh, en) for applies, code, zh, en in asked if applies]
    dead = listing.not_live(authorisation, work)
    return [dead, *found] if dead else found


def _classes(work: Work, organisation_id: str) -> set[str]:
    found = organisations.find(work.session, organisation_id)
    return {f"class:{role}" for role in found.granted}
