"""Builders of the trade: what a merchant says, a listed product, an order on its way."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from delivery import tasks
from kernel import journal
from kernel.clock import Instant
from kernel.journal import Event
from kernel.money import Money
from marketplace import boards, orders, products, progress
from marketplace.boards import Board
from marketplace.orders import Order
from marketplace.products import Product
from marketplace.uses import Use
from marketplace.versions import Content
from settlement import payments
from tests.conftest import NOON, work_of
from tests.licensing import grants
from tests.licensing.pricing import tolls
from tests.settlement import bookkeeping

ITEM = {name: grants.ITEMS[0][name] for name in ("directory", "item")}
PRICE: dict[str, Any] = {"kind": "one_off", "price": {"minor": 1_000_000, "currency": "CNY"}}
FREE: dict[str, Any] = {"kind": "free", "reason": "welfare"}
AFTER_PUBLICITY = datetime(2026, 7, 13, 4, tzinfo=UTC)


def days_later(days: int, since: Instant = NOON) -> Instant:
    """Return the same hour so many days later."""
    return since + timedelta(days=days)


def content(**changes: Any) -> Content:
    """Return what a merchant says of a product of its own data, ready to be listed."""
    said: Content = {
        "title_zh": "逐日降雨指数",
        "title_en": "Daily rain index",
        "intro": "每日各站降雨汇总指数，用于农业气象保险的理赔参考与定价。",
        "product_type": "dataset",
        "industry": "M",
        "application_field": "meteorological_services",
        "region_coverage": ["430000"],
        "update_frequency": "daily",
        "temporal_from": date(2013, 3, 1),
        "temporal_to": date(2017, 2, 28),
        "grade": "G1",
        "pi_class": "none",
        "source_kind": "self_produced",
        "authorisation_id": None,
        "scenario_id": None,
        "resource_id": None,
        "dataset_version_id": None,
        "items": [],
        "output_form": None,
        "delivery_mode": "in_domain",
        "price_plan": PRICE,
        "accept_days": 7,
        "dictionary": [
            {"name": "station", "type": "string", "meaning": "站点 station"},
            {"name": "rain", "type": "decimal", "meaning": "降雨量 rain, mm"},
        ],
        "sample": [{"station": "Dongsi", "rain": 3.5}, {"station": "Tiantan", "rain": 0}],
        "quality": None,
    }
    said.update(changes)  # type: ignore[typeddict-item]  # tests change one field or another
    return said


def public_content(
    session: Session, *, scope: dict[str, Any] | None = None, **changes: Any
) -> Content:
    """Return what a merchant says of a product under an authorisation in force.

    scope: what the authorisation has otherwise than usual.
    """
    granted = grants.active(session, given=grants.scope(**(scope or {})))
    tolls.everything_capped(session)
    return content(
        **{
            "source_kind": "public_authorised",
            "authorisation_id": granted.id,
            "scenario_id": granted.scenario_id,
            "items": [ITEM],
            "output_form": "aggregate_report",
            **changes,
        }
    )


def draft(session: Session, **changes: Any) -> Product:
    """Write a draft by the merchant of the cast."""
    return products.create(work_of(session, "per_developer_editor"), **content(**changes))


COMPLIANT: dict[str, Any] = dict.fromkeys(("parties", "source", "content", "tradability"), "pass")
"""How every dimension of compliance is passed."""

REVIEWS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("pass_formal", "per_exchange_listing", {}),
    ("pass_compliance", "per_exchange_compliance", COMPLIANT),
)


def reviewed(session: Session, made: Product, by: str = "per_developer_editor") -> Product:
    """Submit a draft and take it through its reviews, experts included, into publicity."""
    products.take(work_of(session, by), made.id, "submit")
    for step, person, answers in REVIEWS:
        products.take(work_of(session, person), made.id, step, **answers)
    security = work_of(session, "per_exchange_security")
    if products.LIFE.refusals("pass_security", made, security):
        products.take(security, made.id, "ask_experts")
        expert = work_of(session, "per_exchange_expert")
        return products.take(expert, made.id, "pass_experts", reason="可挂牌")
    return products.take(security, made.id, "pass_security")


def listed(session: Session, said: Content | None = None, **changes: Any) -> Product:
    """Take a product through its reviews to the listing, by the people who do so."""
    made = products.create(work_of(session, "per_developer_editor"), **(said or content(**changes)))
    reviewed(session, made)
    return products.take(work_of(session, "system", at=AFTER_PUBLICITY), made.id, "list")


def board(session: Session, code: str = "METEO") -> Board:
    """Open the meteorological board, curated by the exchange."""
    return boards.create(
        work_of(session, "per_exchange_listing"),
        code=code,
        name_zh="气象专板",
        name_en="Meteorological board",
        sponsor_id="org_dept",
        curator_id="org_exchange",
        industry="M",
        rules_zh="气象数据产品",
        rules_en="Meteorological data products",
    )


def use(**changes: Any) -> Use:
    """Return what the insurer wants the data for."""
    said = Use(
        field="modern_agriculture",
        purpose_code="weather_insurance",
        purpose_text="按实测降雨赔付的农业保险",
        region="430100",
        period_from=date(2026, 7, 20),
        period_to=date(2026, 12, 31),
    )
    said.update(changes)  # type: ignore[typeddict-item]  # tests change one field or another
    return said


def placed(
    session: Session, product: Product | None = None, *, quantity: int = 1, **changes: Any
) -> Order:
    """Have the insurer order some of a product, listed for this if none is given."""
    return orders.place(
        work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY),
        wanted=[{"product_id": (product or listed(session)).id, "quantity": quantity}],
        use=use(),
        **changes,
    )


def confirmed(session: Session, product: Product | None = None, **changes: Any) -> Order:
    """Have the seller confirm an order, so that its contract lies ready."""
    order = placed(session, product, **changes)
    return take(session, order, "confirm", "per_developer_editor")


def signed(session: Session, product: Product | None = None, **changes: Any) -> Order:
    """Have both parties sign the contract."""
    order = confirmed(session, product, **changes)
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_of(session, person, at=AFTER_PUBLICITY), order.id)
    return order


def fund(session: Session, order: Order, fen: int | None = None) -> Event:
    """Bring the price (or `fen`) into escrow, as a matched bank line does; return its event."""
    house = work_of(session, "system", at=AFTER_PUBLICITY)
    payment = payments.live_of(session, order.id)
    assert payment is not None
    arrived = payment.amount if fen is None else Money(fen)
    bookkeeping.paid_for(house, order.id, arrived.minor)
    payments.receive(house, payment, arrived)
    session.flush()
    return journal.history(session, payment.id, limit=1)[0]


def paid(session: Session, product: Product | None = None, **changes: Any) -> Order:
    """Bring an order into delivery."""
    order = signed(session, product, **changes)
    if order.total.minor > 0:
        progress.mark_paid(work_of(session, "system", at=AFTER_PUBLICITY), fund(session, order))
    return order


def deliver(session: Session, order: Order) -> None:
    """Have the seller provision and complete everything, and the house notice."""
    engineer = work_of(session, "per_developer_signer", at=AFTER_PUBLICITY)
    for task in tasks.of_order(session, order.id):
        tasks.take(engineer, task.id, "provision")
        tasks.take(engineer, task.id, "complete")
        session.flush()
        completed = journal.history(session, task.id, limit=1)[0]
        progress.mark_delivered(work_of(session, "system", at=AFTER_PUBLICITY), completed)


def deliver_now(session: Session, order_id: str, at: Instant) -> None:
    """Have the seller provision and complete everything at a moment; the errands do the rest."""
    engineer = work_of(session, "per_developer_signer", at=at)
    order = orders.find(session, order_id)
    for task in tasks.of_order(session, order_id):
        tasks.take(engineer, task.id, "provision")
        tasks.take(engineer, task.id, "complete")
    orders.LIFE.take("delivered", order, work_of(session, "system", at=at))


def delivered(session: Session, product: Product | None = None, **changes: Any) -> Order:
    """Bring an order before its buyer's acceptance."""
    order = paid(session, product, **changes)
    deliver(session, order)
    return order


def accepted(session: Session, product: Product | None = None, **changes: Any) -> Order:
    """Have the buyer accept."""
    order = delivered(session, product, **changes)
    return take(session, order, "accept", "per_buyer_editor")


def take(session: Session, order: Order, step: str, person: str, **data: Any) -> Order:
    """Take one step of an order on the day after the publicity."""
    return orders.take(work_of(session, person, at=AFTER_PUBLICITY), order.id, step, **data)
