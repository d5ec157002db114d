"""The merchant's centre and the buyer's: what to do next, what moves, what is worth a look."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import shown
from app.pages.face import drawing
from app.pages.money import purse
from delivery.tasks import DeliveryTask
from kernel.actor import Role
from kernel.words import Words
from kernel.work import Work
from marketplace import products, versions
from marketplace.centres import buying, selling
from marketplace.centres.turnover import Traded
from marketplace.finding import saved
from marketplace.orders import Order, State
from settlement.desks import waiting

blueprint = Blueprint("own", __name__)

_SELLER: Final = {
    State.SUBMITTED: Words("确认或谢绝", "confirm or decline"),
    State.CONTRACT_SIGNING: Words("签署合同", "sign the contract"),
    State.IN_DELIVERY: Words("交付", "deliver"),
    State.REDELIVERY: Words("补充交付", "deliver again"),
}
_BUYER: Final = {
    State.CONTRACT_SIGNING: Words("签署合同", "sign the contract"),
    State.AWAITING_PAYMENT: Words("付款至监管账户", "pay into escrow"),
    State.PENDING_ACCEPTANCE: Words("验收或退回", "accept or reject"),
}
SEARCHES: Final = 5
"""The saved searches that are looked at for what is new."""


@blueprint.get("/selling")
@doors.members("read")
def merchant() -> Any:
    """Show a merchant what to do next, what it sold, and which fix helps its listings most."""
    work = unit.current()
    found = selling.today(work)
    return render_template(
        "centres/selling.html",
        found=found,
        orders=_orders(work, found.orders, _SELLER),
        chart=drawing.months(found.months),
        earning=purse.earning(work),
        best=_traded(work, found.best),
    )


@blueprint.get("/buying")
@doors.members("read")
def buyer() -> Any:
    """Show a buyer what to do next, what can be used now, and what was spent."""
    work = unit.current()
    found = buying.today(work)
    searches = saved.listed(work, after=None, limit=SEARCHES).items
    fresh = saved.fresh(work.session, searches)
    return render_template(
        "centres/buying.html",
        found=found,
        orders=_orders(work, found.orders, _BUYER),
        deliveries=_deliveries(work, found.deliveries),
        chart=drawing.months(found.months),
        to_pay=waiting.to_pay(work, limit=shown.SHORT),
        searches=[(one, fresh[one.id]) for one in searches],
        most=_traded(work, found.most),
        vouchers=Role.DEVELOPER in work.actor.roles or Role.BUYER in work.actor.roles,
    )


def _orders(work: Work, found: Sequence[Order], says: dict[State, Words]) -> list[shown.Row]:
    def told(one: Order, firm: str) -> tuple[str, str]:
        return languages.said(says[State(one.state)]), f"{firm} · {one.code}"

    return shown.orders(work, found, told)


def _deliveries(work: Work, found: Sequence[DeliveryTask]) -> list[dict[str, Any]]:
    titles = versions.titles(work.session, [one.product_version_id for one in found])
    return [
        {"task": one, "title": _said(titles.get(one.product_version_id)) or one.id} for one in found
    ]


def _traded(work: Work, found: Sequence[Traded]) -> list[dict[str, Any]]:
    titles = products.titles(work.session, [one.product_id for one in found])
    most = max((one.amount.minor for one in found), default=0)
    return [
        {"id": one.product_id, "title": _said(titles.get(one.product_id)) or one.product_id,
         "amount": one.amount, "bar": one.amount.minor * 100 // most if most else 0}
        for one in found
    ]  # fmt: skip


def _said(words: Words | None) -> str:
    return languages.said(words) if words else ""
