"""A framework contract (框架合同): products, prices, a period and a ceiling; orders come under it.

Drawn up by the seller for one buyer, signed by both. What was called off is counted by one
UPDATE that the ceiling bounds, so that no two orders can go beyond it together.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids, numbers
from kernel.actor import Duty, Role, any_of, its
from kernel.clock import Instant, local_date
from kernel.crypto import CryptoProvider
from kernel.db import Base, Big, Living, append_only
from kernel.errors import Invalid, Refusal
from kernel.money import Money
from kernel.parties import organisations
from kernel.parties.organisations import Organisation
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing import signatures
from marketplace import access, prices, products, versions
from marketplace.listings import months
from marketplace.templates import texts

_TEXT_VERSION: Final = 1


class State(StrEnum):
    """How far it is signed, and whether it was ended early."""

    TO_SIGN = "to_sign"
    HALF_SIGNED = "half_signed"
    SIGNED = "signed"
    TERMINATED = "terminated"


class Framework(Living, Base):
    """One framework contract. used: what the orders that stand under it come to."""

    __tablename__ = "frameworks"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("buyer_id <> seller_id", name="parties_differ"),
        CheckConstraint("period_from <= period_to", name="period_in_order"),
        CheckConstraint("ceiling_minor > 0", name="ceiling_positive"),
        CheckConstraint("used_minor >= 0 AND used_minor <= ceiling_minor", name="within_ceiling"),
        CheckConstraint("ceiling_currency = used_currency", name="one_currency"),
        CheckConstraint("state <> 'signed' OR signed_at IS NOT NULL", name="signed_is_dated"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
    )

    code: Mapped[str]
    title: Mapped[str]
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    period_from: Mapped[date]
    period_to: Mapped[date]
    ceiling: Mapped[Money] = composite(
        mapped_column("ceiling_minor", Big), mapped_column("ceiling_currency")
    )
    used: Mapped[Money] = composite(
        mapped_column("used_minor", Big), mapped_column("used_currency")
    )
    text: Mapped[str]
    text_digest: Mapped[str]
    drawn_at: Mapped[Instant]
    signed_at: Mapped[Instant | None]

    @property
    def left(self) -> Money:
        """What can still be called off."""
        return self.ceiling - self.used


class FrameworkItem(Base):
    """A product that is covered, with the price of one piece; never changed."""

    __tablename__ = "framework_items"
    __table_args__ = (
        UniqueConstraint("framework_id", "product_id"),
        UniqueConstraint("framework_id", "position"),
        CheckConstraint("price_minor > 0", name="price_positive"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = mapped_column(ForeignKey("frameworks.id"))
    position: Mapped[int]
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    price: Mapped[Money] = composite(
        mapped_column("price_minor", Big), mapped_column("price_currency")
    )


append_only(FrameworkItem.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Covered(TypedDict):
    """A product and the price of one piece of it."""

    product_id: str
    price: Money


class Terms(TypedDict):
    """What a seller offers. buyer_uscc: whose credit code (统一社会信用代码) it is."""

    title: str
    buyer_uscc: str
    period_from: date
    period_to: date
    ceiling: Money
    items: Sequence[Covered]


_DUTIES: Final = (Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
offerer: Final = any_of(Role.MERCHANT, *_DUTIES)
buyer_signer = its("buyer", "buyer_id", Duty.SIGNER)
seller_signer = its("seller", "seller_id", Duty.SIGNER)


def _has_not_signed(found: Framework, work: Work) -> Refusal | None:
    if signatures.signed_by(work.session, found.id, work.actor.organisation):
        return Refusal(
            "ALREADY_SIGNED", "贵机构已签署此合同", "your organisation has signed this contract"
        )
    return None


def _sign(found: Framework, work: Work, _data: dict[str, Any]) -> None:
    signatures.sign(work, found.id, text_digest=found.text_digest)


def _date(found: Framework, work: Work, _data: dict[str, Any]) -> None:
    found.signed_at = work.now


_BOTH: Final = (buyer_signer, seller_signer)
# fmt: off
LIFE: Workflow[State, Framework] = Workflow(
    "framework", State, State.TO_SIGN,
    step("sign_first",  {State.TO_SIGN}, State.HALF_SIGNED, _BOTH, own_door=True,
         then=(_sign,), says="framework.signed_first", label=Words("签署", "Sign")),
    step("sign_second", {State.HALF_SIGNED}, State.SIGNED, _BOTH, own_door=True,
         when=(_has_not_signed,), not_by=("sign_first",), then=(_date, _sign),
         says="framework.signed", label=Words("签署", "Sign")),
    step("terminate",   {State.TO_SIGN, State.HALF_SIGNED, State.SIGNED}, State.TERMINATED, _BOTH,
         asks=(REASON,), says="framework.terminated", label=Words("提前终止", "End it early")),
)
# fmt: on


def offer(work: Work, terms: Terms) -> Framework:
    """Draw up a framework contract of the caller's products for one buyer.

    Raises StepNotAllowed, NotFound, and Invalid with a pointer. A few SELECTs, and two by key
    an item.
    """
    access.require(work, offerer, None, "framework.offer")
    buyer_id = _buyer(work, terms["buyer_uscc"])
    _check(work, terms)
    series = f"FW-{local_date(work.now).year}"
    made = Framework(
        id=ids.new("frw_", work.now),
        state=State.TO_SIGN,
        code=f"{series}-{numbers.following(work.session, series):06}",
        title=" ".join(terms["title"].split()),
        buyer_id=buyer_id,
        seller_id=work.actor.organisation,
        period_from=terms["period_from"],
        period_to=terms["period_to"],
        ceiling=terms["ceiling"],
        used=Money(0, terms["ceiling"].currency),
        drawn_at=work.now,
        signed_at=None,
    )
    made.text = _written(work, made, terms["items"])
    made.text_digest = work.crypto.digest(made.text.encode())
    work.session.add(made)
    # Its items refer to it by id alone.
    work.session.flush()
    work.session.add_all(
        FrameworkItem(id=ids.new("fwi_", work.now), framework_id=made.id, position=position, **item)
        for position, item in enumerate(terms["items"], 1)
    )
    work.record("framework.offered", made.id, code=made.code, text_digest=made.text_digest)
    return made


def sign(work: Work, framework_id: str) -> Framework:
    """Sign for the caller's organisation: first or second, as it falls. Two people sign."""
    first = seen(work, framework_id).state == State.TO_SIGN
    return take(work, framework_id, "sign_first" if first else "sign_second")


def reserve(session: Session, framework_id: str, amount: Money) -> bool:
    """Count `amount` against the ceiling; False when it goes beyond, or it is not in force.

    One UPDATE, which decides among those who call off at the same time.
    """
    statement = (
        update(Framework)
        .where(
            Framework.id == framework_id,
            Framework.state == State.SIGNED,
            Framework.__table__.c.used_minor + amount.minor <= Framework.__table__.c.ceiling_minor,
        )
        .values({Framework.__table__.c.used_minor: Framework.__table__.c.used_minor + amount.minor})
        .execution_options(synchronize_session=False)
    )
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]  # of a cursor


def give_back(session: Session, framework_id: str, amount: Money) -> None:
    """Let the amount of an order that came to nothing be called off again. One UPDATE."""
    column = Framework.__table__.c.used_minor
    statement = (
        update(Framework)
        .where(Framework.id == framework_id)
        .values({column: column - amount.minor})
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def items(session: Session, framework_id: str) -> list[FrameworkItem]:
    """Return what is covered, in order, at most 100. One SELECT on an index."""
    statement = (
        select(FrameworkItem)
        .where(FrameworkItem.framework_id == framework_id)
        .order_by(FrameworkItem.position)
        .limit(100)
    )
    return list(session.scalars(statement))


def is_whole(session: Session, crypto: CryptoProvider, found: Framework) -> bool:
    """Tell whether the text is what was signed, and every signature under it holds."""
    return signatures.is_whole(
        session, crypto, found.id, text=found.text, text_digest=found.text_digest
    )


_OURS: Final = access.overseen(
    Framework, LIFE, Words("没有这份框架合同", "no framework contract"), "buyer_id", "seller_id"
)
find, seen, listed, take = _OURS.find, _OURS.seen, _OURS.listed, _OURS.take


def _buyer(work: Work, uscc: str) -> str:
    statement = select(Organisation.id).where(Organisation.uscc == uscc.strip().upper())
    found = work.session.scalars(statement).one_or_none()
    if found is None:
        zh, en = "没有这个统一社会信用代码的机构", "no organisation has this credit code"
        raise Invalid(zh, en, pointer="/buyer_uscc")
    if found == work.actor.organisation:
        raise Invalid("不得与自己订立", "nobody contracts with itself", pointer="/buyer_uscc")
    organisations.require_active(work.session, found)
    return found


def _check(work: Work, terms: Terms) -> None:
    today, covered = local_date(work.now), terms["items"]
    years = work.rules.number("trade.framework_years_max")
    last = months.last_day(terms["period_from"], years=years, today=today)
    if not terms["title"].strip():
        raise Invalid("请填写名称", "it needs a name", pointer="/title")
    if not (terms["period_from"] <= terms["period_to"] and today <= terms["period_to"] <= last):
        zh, en = f"期限不正确，止日不晚于 {last}", f"the period ends today or later, until {last}"
        raise Invalid(zh, en, pointer="/period_to")
    if terms["ceiling"].minor <= 0:
        raise Invalid("金额上限须为正数", "a ceiling is more than nothing", pointer="/ceiling")
    if not covered or len({item["product_id"] for item in covered}) != len(covered):
        raise Invalid("请列明产品，每个产品一次", "name each product once", pointer="/items")
    for number, item in enumerate(covered):
        _check_item(work, item, f"/items/{number}")


def _check_item(work: Work, item: Covered, pointer: str) -> None:
    product = products.seen(work, item["product_id"])
    if product.owner_id != work.actor.organisation or product.state != products.State.LISTED:
        zh, en = "仅可列入本机构在架的产品", "only listed products of your own are covered"
        raise Invalid(zh, en, pointer=f"{pointer}/product_id")
    plan = prices.parse(versions.find(work.session, product.current_version_id).price_plan)
    if not by_piece(plan):
        zh, en = "仅按件计价的产品可列入", "only what has a price of one piece is covered"
        raise Invalid(zh, en, pointer=f"{pointer}/product_id")
    if item["price"].minor <= 0:
        raise Invalid("单价须为正数", "a price is more than nothing", pointer=f"{pointer}/price")


def by_piece(plan: prices.Plan) -> bool:
    """Tell whether a product of this plan can be covered: it has a price of one piece. Pure."""
    kinds = {prices.PlanKind.ONE_OFF, prices.PlanKind.LISTING_FIXED, prices.PlanKind.NEGOTIATED}
    return plan.kind in kinds


def _written(work: Work, made: Framework, covered: Sequence[Covered]) -> str:
    titles = products.titles(work.session, [item["product_id"] for item in covered])
    zh, en = [], []
    for position, item in enumerate(covered, 1):
        title = titles[item["product_id"]]
        zh.append(f"（{position}）{' '.join(title.zh.split())}：{item['price']}")
        en.append(f"({position}) {' '.join(title.en.split())}: {item['price']}")
    said = {
        "code": made.code,
        "title": made.title,
        "drawn_on": local_date(work.now).isoformat(),
        "period_from": made.period_from.isoformat(),
        "period_to": made.period_to.isoformat(),
        "ceiling": str(made.ceiling),
        "items_zh": "\n".join(zh),
        "items_en": "\n".join(en),
    }
    for party, organisation_id in (("seller", made.seller_id), ("buyer", made.buyer_id)):
        said |= texts.named(work.session, party, organisation_id)
    return texts.written("framework", _TEXT_VERSION, said)
