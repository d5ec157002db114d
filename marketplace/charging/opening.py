"""What an order sets going in the metering room: a meter for each line that is charged by use."""

from typing import Any, Final, Protocol

from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from marketplace import prices, uses, versions
from marketplace.lines import OrderLine
from marketplace.prices import Measure, PayMode, Plan, PlanKind
from marketplace.terms import rows
from settlement.metering import meters, subscriptions, tariffs
from settlement.metering.meters import Basis, Mode
from settlement.metering.subscriptions import Price
from settlement.metering.tariffs import Shape, Tariff

_UNITS: Final = {Measure.CALL: "call", Measure.ROW: "row", Measure.MEGABYTE: "byte"}


class Ordered(Protocol):
    """What is asked of an order here."""

    id: str
    code: str
    buyer_id: str
    seller_id: str
    pay_mode: str
    use_scenario: dict[str, Any]


def open_meters(
    work: Work, order: Ordered, found: list[OrderLine], sales: list[dict[str, Any]]
) -> None:
    """Open a meter for each line that is charged by use, report or milestone.

    sales: what escrow must know of each line. One SELECT a line by key, and one.
    """
    wanted = [
        _terms(work, order, line, sale)
        for line, sale in zip(found, sales, strict=True)
        if basis_of(prices.parse(line.price_plan), order.pay_mode) is not None
    ]
    if wanted:
        meters.open_for(work, wanted)


def begin_term(
    work: Work, order: Ordered, line: OrderLine, sale: dict[str, Any], sponsored: Money
) -> None:
    """Plan the periods of a line, if it is a subscription; a voucher pays so much of it later.

    Two SELECTs.
    """
    period = prices.parse(line.price_plan).period
    if period is not None:
        price = Price(line.amount - sponsored, sponsored)
        subscriptions.begin(
            work,
            order.id,
            sale,
            price=price,
            period=period.value,
            count=line.quantity,
            first_on=rows.begins_on(work.session, order.id),
        )


def paid_before(line: OrderLine, pay_mode: str) -> bool:
    """Tell whether the line's price is paid before it is delivered, as a whole. Pure."""
    term = prices.parse(line.price_plan).period is not None and pay_mode == PayMode.PREPAID
    return term or at_once(line, pay_mode)


def at_once(line: OrderLine, pay_mode: str) -> bool:
    """Tell whether the whole line is earned when it is accepted. Pure."""
    plan = prices.parse(line.price_plan)
    return plan.period is None and basis_of(plan, pay_mode) is None


def basis_of(plan: Plan, pay_mode: str) -> Basis | None:
    """Return what of a line is charged by and by, None for one that is paid at once. Pure."""
    if plan.kind is PlanKind.SUBSCRIPTION:
        return Basis.OVERAGE if plan.overage else None
    if pay_mode == PayMode.PREPAID:
        return None
    return _BASES.get(plan.kind, Basis.USE)


_BASES: Final = {
    PlanKind.REVENUE_SHARE: Basis.REPORT,
    PlanKind.PROJECT: Basis.MILESTONES,
}


def _terms(work: Work, order: Ordered, line: OrderLine, sale: dict[str, Any]) -> meters.Terms:
    plan = prices.parse(line.price_plan)
    basis = basis_of(plan, order.pay_mode)
    assert basis is not None  # noqa: S101 -- asked of every line before
    version = versions.find(work.session, line.product_version_id)
    title = Words(version.title_zh, version.title_en)
    project = basis is Basis.MILESTONES
    by_use = basis in {Basis.USE, Basis.OVERAGE}
    charges = Tariff(shape=Shape.FLAT) if project else prices.tariff(plan, in_bytes=by_use)
    return {
        "order_id": order.id,
        "order_code": order.code,
        "order_line_id": line.id,
        "buyer_id": order.buyer_id,
        "seller_id": order.seller_id,
        "sale": sale,
        "title_zh": title.zh,
        "title_en": title.en,
        "mode": Mode.WALLET if order.pay_mode == PayMode.WALLET else Mode.POSTPAID,
        "basis": basis,
        "unit": _UNITS[plan.counts] if by_use else "fen",
        "tariff": tariffs.written(charges),
        "milestones": _milestones(plan, line.quantity),
        "until": uses.from_json(order.use_scenario)["period_to"],
        "cycle": plan.cycle.value if plan.cycle else "month",
    }


def _milestones(plan: Plan, quantity: int) -> list[Any]:
    if not plan.milestones or plan.price is None:
        return []
    parts = tariffs.milestones(
        plan.price.times(quantity), [part.share_bp for part in plan.milestones]
    )
    return [
        {"share_bp": said.share_bp, "criterion": said.criterion, "fen": fen.minor}
        for said, fen in zip(plan.milestones, parts, strict=True)
    ]
