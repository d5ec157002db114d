"""What an agent does in its principal's name: each act checks a live mandate, and is recorded.

An act is a step of a product, a quotation or an order, taken by the agent's person as the
principal would take it: by the same rules, and on the principal's account. So is the writing of
a product, and of the price at which one is offered.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any, Final, NamedTuple, Unpack

from sqlalchemy import ColumnElement, or_, select

from kernel import ids
from kernel.actor import Actor, Duty, Role
from kernel.clock import local_date
from kernel.errors import NotFound, Refusal, StepRefused, refuse
from kernel.parties import organisations
from kernel.work import Work
from kernel.workflow import Offer
from marketplace import access, lines, orders, products
from marketplace.agency import mandates
from marketplace.bargaining import quotations
from marketplace.bargaining.quotations import Quotation
from marketplace.lines import OrderLine
from marketplace.mandated import mandate_rows
from marketplace.mandated.mandate_rows import Mandate, MandatedOrder, MandateUse, Power, State
from marketplace.orders import Order
from marketplace.products import Product
from marketplace.shelving import amendments
from marketplace.shelving.amendments import Amendment
from marketplace.versions import Content, ProductVersion

NOUNS: Final[Mapping[str, ModuleType]] = {
    "product": products,
    "quotation": quotations,
    "order": orders,
}
"""Life cycle → the noun of what an agent acts on."""

ACTS: Final[Mapping[str, Power]] = {
    "product.create": Power.LIST,
    "product.revise": Power.LIST,
    "product.reprice": Power.PRICE,
    "product.withdraw_price": Power.PRICE,
    "product.submit": Power.LIST,
    "product.withdraw": Power.LIST,
    "product.suspend": Power.LIST,
    "product.request_delist": Power.LIST,
    "product.keep": Power.LIST,
    "quotation.offer": Power.PRICE,
    "quotation.agree": Power.PRICE,
    "quotation.decline": Power.PRICE,
    "order.confirm": Power.CONTRACT,
    "order.decline": Power.CONTRACT,
    "order.sign": Power.CONTRACT,
}
"""Life cycle and step → the power that it needs."""

_WRITTEN: Final = frozenset(
    {"product.create", "product.revise", "product.reprice", "product.withdraw_price"}
)
"""What is no step of a life cycle, and has a command of its own."""

WAITING: Final = (orders.State.SUBMITTED, orders.State.CONTRACT_SIGNING)
_DUTIES: Final = frozenset({Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER})


class Matter(NamedTuple):
    """Something within the scope of a mandate, and what the agent may do with it now."""

    life: str
    subject: Any
    offers: tuple[Offer, ...]


def create(
    work: Work, mandate_id: str, own_code: str | None = None, **content: Unpack[Content]
) -> Product:
    """Write a new product of the principal's, as a draft; its industry is within the scope.

    own_code: as the principal calls it. Raises NotFound, StepNotAllowed, StepRefused with every
    reason, Invalid.
    """
    found = _locked(work, mandate_id)
    refuse(_barred(found, work, "product.create"))
    made = products.create(_in_name(work, found), own_code, **content)
    work.session.flush()  # the version is read back for its scope
    refuse(_beyond(found, work, [made.id]))
    _keep(work, found, "product.create", made.id)
    return made


def revise(work: Work, mandate_id: str, product_id: str, **content: Unpack[Content]) -> Product:
    """Write a further version of a draft of the principal's; what is not given stays."""
    found = _locked(work, mandate_id)
    refuse((*_barred(found, work, "product.revise"), *_beyond(found, work, [product_id])))
    made = products.revise(_in_name(work, found), product_id, **content)
    work.session.flush()  # the version is read back for its scope
    refuse(_beyond(found, work, [product_id]))
    _keep(work, found, "product.revise", product_id)
    return made


def reprice(
    work: Work, mandate_id: str, product_id: str, price_plan: Mapping[str, Any]
) -> Amendment:
    """Propose another price for a listed product of the principal's, as a revision of it.

    It is checked, reviewed and published as the principal's own would be. Raises what `act` and
    `amendments.propose` raise; BEYOND_KIND where the plan is of another kind than the present
    one, for how a product is sold is the principal's to say.
    """
    found = _locked(work, mandate_id)
    refuse((*_barred(found, work, "product.reprice"), *_beyond(found, work, [product_id])))
    inside = _in_name(work, found)
    present = products.own_version(inside, product_id).price_plan
    refuse(_otherwise(present, price_plan))
    made = amendments.propose(inside, product_id, price_plan=dict(price_plan))
    _keep(work, found, "product.reprice", product_id)
    return made


def withdraw_price(work: Work, mandate_id: str, product_id: str, reason: str) -> Amendment:
    """Take back the price that was proposed under this mandate, while it is undecided.

    Raises what `act` raises; NOT_PROPOSED where no such proposal is under way, for a revision
    of the principal's, or under another mandate, is not this agent's.
    """
    found, doing = _locked(work, mandate_id), "product.withdraw_price"
    refuse((*_barred(found, work, doing), *_beyond(found, work, [product_id])))
    going = proposed(work, found, product_id)
    if going is None:
        zh, en = "没有依本委托提出、尚未决定的改价", "no price proposed under it is undecided"
        raise StepRefused(zh, en, (Refusal("NOT_PROPOSED", zh, en),))
    taken = amendments.take(_in_name(work, found), going.id, "withdraw", reason=reason)
    _keep(work, found, doing, product_id)
    return taken


def proposed(work: Work, mandate: Mandate, product_id: str) -> Amendment | None:
    """Return the price of a product that was proposed under a mandate and is undecided."""
    going = amendments.under_way(work.session, product_id)
    if going is None:
        return None
    ours = mandate_rows.was_used(
        work.session, mandate.id, ("product.reprice", product_id), going.made_at
    )
    return going if ours else None


def act(
    work: Work, mandate_id: str, life: str, subject_id: str, step: str, **answers: Any
) -> Mandate:
    """Take a step in the principal's name. Raises what the step raises, and all that bars it.

    The mandate is locked meanwhile: what is revoked first is not acted on any more.
    """
    found = _locked(work, mandate_id)
    doing, module = f"{life}.{step}", NOUNS.get(life)
    if module is None or doing not in ACTS or doing in _WRITTEN:
        raise NotFound("没有这一代理行为", f"an agent does not do {doing}")
    inside = _in_name(work, found)
    subject = module.seen(inside, subject_id)
    goods = _goods(work, life, subject)
    refuse(
        (*_barred(found, work, doing), *_beyond(found, work, goods), *_with_itself(found, subject))
    )
    if doing == "order.sign":
        orders.sign(inside, subject_id)
    else:
        module.take(inside, subject_id, step, **answers)
    if doing == "order.confirm":
        _earn(work, found, subject_id)
    _keep(work, found, doing, subject_id)
    return found


def matters(work: Work, mandate: Mandate, *, limit: int) -> list[Matter]:
    """Return what an agent may act on under its mandate, newest first of each kind.

    Some SELECTs for each record: for one page of at most `limit` of each kind.
    """
    if not mandates.agent.matches(work.actor, mandate) or not _is_live(mandate, work):
        return []
    inside = _in_name(work, mandate)
    found = [Matter("product", one, ()) for one in _products(work, mandate, limit)]
    found += [Matter("quotation", one, ()) for one in _quotations(work, mandate, limit)]
    found += [Matter("order", one, ()) for one in _orders(work, mandate, limit)]
    return [one._replace(offers=_offers(one, mandate, inside)) for one in found]


def looking(work: Work, mandate: Mandate, doing: str) -> Work:
    """Return the work of an agent that looks at what it needs for an act, in the principal's name.

    To read with, and nothing else: the act itself checks the mandate anew, locked. Raises
    StepNotAllowed, StepRefused with every reason.
    """
    access.require(work, mandates.agent, mandate, "mandate.act")
    refuse(_barred(mandate, work, doing))
    return _in_name(work, mandate)


def creates(work: Work, mandate: Mandate) -> bool:
    """Tell whether the caller may write new products under a mandate now. Some SELECTs by key.

    What is new is in no list of products, so that the mandate names an industry.
    """
    if not mandates.agent.matches(work.actor, mandate) or not mandate.industries:
        return False
    return not _barred(mandate, work, "product.create")


def reprices(work: Work, mandate: Mandate, product: Product) -> bool:
    """Tell whether the caller may propose another price of one of its `matters` now."""
    listed = product.state == products.State.LISTED
    return listed and not _barred(mandate, work, "product.reprice")


def unprices(work: Work, mandate: Mandate, product: Product) -> bool:
    """Tell whether the caller may take back a price of one of its `matters` now."""
    ours = proposed(work, mandate, product.id) is not None
    return ours and not _barred(mandate, work, "product.withdraw_price")


def _otherwise(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Refusal, ...]:
    if present.get("kind") == wanted.get("kind"):
        return ()
    zh, en = "代理人不得改变计价方式", "an agent does not change how a product is priced"
    return (Refusal("BEYOND_KIND", zh, en),)


def _offers(one: Matter, mandate: Mandate, inside: Work) -> tuple[Offer, ...]:
    allowed = {doing for doing, power in ACTS.items() if power in mandate.powers}
    offers = NOUNS[one.life].LIFE.offers(one.subject, inside)
    return tuple(each for each in offers if f"{one.life}.{each.step}" in allowed)


def _products(work: Work, mandate: Mandate, limit: int) -> list[Product]:
    statement = (
        select(Product)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(
            Product.owner_id == mandate.principal_id,
            Product.state.not_in(("delisted", "rejected", "withdrawn")),
            _within(mandate),
        )
        .order_by(Product.id.desc())
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def _quotations(work: Work, mandate: Mandate, limit: int) -> list[Quotation]:
    statement = (
        select(Quotation)
        .join(Product, Product.id == Quotation.product_id)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(
            Quotation.seller_id == mandate.principal_id,
            Quotation.state == quotations.State.ASKED,
            _within(mandate),
        )
        .order_by(Quotation.id.desc())
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def _orders(work: Work, mandate: Mandate, limit: int) -> list[Order]:
    outside = (
        select(OrderLine.id)
        .join(Product, Product.id == OrderLine.product_id)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(OrderLine.order_id == Order.id, ~_within(mandate))
    )
    statement = (
        select(Order)
        .where(
            Order.seller_id == mandate.principal_id,
            Order.state.in_(WAITING),
            ~outside.exists(),
        )
        .order_by(Order.id.desc())
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def _within(mandate: Mandate) -> ColumnElement[bool]:
    named = Product.id.in_(mandate.product_ids)
    kinds = [ProductVersion.industry.startswith(each) for each in mandate.industries]
    return or_(named, *kinds)


def _in_name(work: Work, mandate: Mandate) -> Work:
    """Return the same work, done by the same person in the name of the principal."""
    roles = organisations.find(work.session, mandate.principal_id).granted & {Role.MERCHANT}
    duties = work.actor.duties & _DUTIES
    actor = Actor(work.actor.person, mandate.principal_id, roles, duties, work.actor.scopes)
    return replace(work, actor=actor)


def _locked(work: Work, mandate_id: str) -> Mandate:
    """Return the mandate of the caller's organisation as agent, held until the act is done."""
    found = mandates.seen(work, mandate_id)
    access.require(work, mandates.agent, found, "mandate.act")
    work.session.refresh(found, with_for_update=True)
    return found


def _is_live(mandate: Mandate, work: Work) -> bool:
    return mandates.is_live(mandate, local_date(work.now))


def _barred(mandate: Mandate, work: Work, doing: str) -> tuple[Refusal, ...]:
    found = []
    if not _is_live(mandate, work):
        zh = "委托已终止" if mandate.state == State.REVOKED else "委托未生效或已到期"
        found.append(Refusal("MANDATE_NOT_LIVE", zh, "the mandate is not in force"))
    power = ACTS[doing]
    if power.value not in mandate.powers:
        zh, en = f"委托不包括“{power.label.zh}”", f"the mandate does not let it {power.label.en}"
        found.append(Refusal("BEYOND_POWERS", zh, en))
    for party in (mandate.principal_id, mandate.agent_id):
        if organisations.find(work.session, party).state != organisations.State.ACTIVE:
            zh, en = "委托方或受托方未处于正常状态", "principal or agent is not active"
            found.append(Refusal("PARTY_NOT_ACTIVE", zh, en))
    return tuple(found)


def _beyond(mandate: Mandate, work: Work, product_ids: list[str]) -> tuple[Refusal, ...]:
    """Return a reason if any of the products is not within the scope."""
    found = products.offered(work.session, product_ids)
    outside = [
        key
        for key, version in found.items()
        if key not in mandate.product_ids and version.industry[:1] not in mandate.industries
    ]
    if not outside and len(found) == len(set(product_ids)):
        return ()
    return (Refusal("BEYOND_SCOPE", "不在委托范围内", "it is not within the mandate's scope"),)


def _with_itself(mandate: Mandate, subject: Any) -> tuple[Refusal, ...]:
    """Return a reason if the agent stands on the other side of the trade (自己代理)."""
    if getattr(subject, "buyer_id", None) != mandate.agent_id:
        return ()
    zh, en = "不得以委托方名义与自己交易", "an agent does not trade with itself"
    return (Refusal("SELF_DEALING", zh, en),)


def _goods(work: Work, life: str, subject: Any) -> list[str]:
    if life == "order":
        return [line.product_id for line in lines.of(work.session, subject.id)]
    return [subject.id if life == "product" else subject.product_id]


def _earn(work: Work, mandate: Mandate, order_id: str) -> None:
    made = MandatedOrder(
        order_id=order_id,
        mandate_id=mandate.id,
        agent_id=mandate.agent_id,
        commission_bp=mandate.commission_bp,
        collects=Power.COLLECT.value in mandate.powers,
    )
    work.session.add(made)


def _keep(work: Work, mandate: Mandate, doing: str, subject_id: str) -> None:
    """Record the act: on its subject, by the agent's own name, and with the mandate."""
    made = MandateUse(
        id=ids.new("mus_", work.now),
        mandate_id=mandate.id,
        act=doing,
        subject_id=subject_id,
        person_id=work.actor.person,
        at=work.now,
    )
    work.session.add(made)
    work.record("mandate.used", subject_id, mandate_id=mandate.id, act=doing)
