"""One page for a party's money: when it gets its own, and what it has to pay."""

from typing import Any, Final

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import shown, vocabulary
from kernel.actor import Role
from kernel.clock import local_date
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from settlement import access, payouts
from settlement.desks import waiting
from settlement.dividing import reserves
from settlement.fees import fee_notes
from settlement.metering import bills, wallets
from settlement.papers import invoices
from settlement.papers.invoice_rooms import About
from settlement.paying import earnings
from settlement.paying.rows import State
from settlement.payments import Payment, Purpose

blueprint = Blueprint("purse", __name__)

DAYS_MAX: Final = 30
"""The most days on which something is expected that are shown."""

EARNING: Final = frozenset({Role.MERCHANT, Role.AUTHORISED_OPERATOR})
_UNDER_WAY: Final = frozenset({State.REQUESTED, State.HELD, State.APPROVED, State.SENT})
_ARRIVED: Final = frozenset({State.PAID, State.RECONCILED})
_PURPOSES: Final = {
    "order": Words("订单货款", "price of an order"),
    "bill": Words("用量账单", "bill of use"),
    "wallet": Words("预存款", "prepaid money"),
    "fee": Words("交易所服务费", "fee of the exchange"),
}


@blueprint.app_context_processor
def _home() -> dict[str, Any]:
    """Give the templates the way back from a page of money: to the desk it belongs to."""
    return {"money_home": home}


def home() -> tuple[str, str]:
    """Return where a page of money is reached from: the console, or one's own money."""
    if access.oversees(unit.current().actor):
        return "/settlement", languages.said(Words("结算", "Settlement"))
    return "/money", languages.said(Words("资金", "Money"))


@blueprint.get("/money")
@doors.members("read")
def money() -> Any:
    """Show when the caller's organisation gets its money, and what it has to pay."""
    work = unit.current()
    roles = work.actor.roles
    return render_template(
        "settlement/money.html",
        earning=earning(work) if roles & EARNING else None,
        buying=_buying(work) if Role.BUYER in roles else None,
        to_pay=[
            {"it": one, "purpose": purpose(one), "late": _late(work, one),
             "clock": shown.clock(work, one.target)}
            for one in waiting.to_pay(work, limit=shown.PAGE)
        ],
    )  # fmt: skip


def purpose(payment: Payment) -> str:
    """Say for what a payment is asked."""
    return languages.said(_PURPOSES[payment.purpose])


def _late(work: Work, payment: Payment) -> int:
    """Return how many days late a note of fees is paid: its clock then counts reminders."""
    if payment.purpose != Purpose.FEE:
        return 0
    return fee_notes.days_late(work, fee_notes.find(work.session, payment.target))


def earning(work: Work) -> dict[str, Any]:
    """Return what was accepted and is settled when, what is payable, what is on its way."""
    own = work.actor.organisation
    expected = earnings.expected(work, limit=DAYS_MAX)
    found = payouts.listed(work, after=None, limit=shown.PAGE).items
    arrived = [one for one in found if one.state in _ARRIVED and one.paid_on]
    kept = reserves.of_party(work.session, own, limit=DAYS_MAX)
    return {
        "expected": expected,
        "today": local_date(work.now),
        "expected_total": _total(one.amount for one in expected),
        "earned": [
            (vocabulary.account(one.payable.code), one.amount) for one in payouts.earned(work)
        ],
        "earned_total": _total(one.amount for one in payouts.earned(work)),
        "under_way": [one for one in found if one.state in _UNDER_WAY],
        "under_way_total": _total(one.amount for one in found if one.state in _UNDER_WAY),
        "last": max(arrived, key=lambda one: (one.paid_on, one.id), default=None),
        "owing": _total(one.amount for one in earnings.owing(work)),
        "reserves": [(one.release_on, Money(one.amount_minor, one.currency)) for one in kept],
        "least": Money(work.rules.number("settlement.payout_min_fen")),
    }


def _buying(work: Work) -> dict[str, Any]:
    """Return the wallet, the bills to confirm, and what can be invoiced."""
    own = work.actor.organisation
    to_confirm = bills.listed(work, state=bills.State.BUYER_CONFIRM, after=None, limit=shown.PAGE)
    to_invoice = invoices.open_for(work, About.PRICE, after=None, limit=shown.PAGE)
    return {
        "wallet": wallets.balance(work.session, own),
        "bills": [one for one in to_confirm.items if one.buyer_id == own],
        "invoiceable": _total(one.left for one in to_invoice.items),
        "invoiceable_count": len(to_invoice.items),
    }


def _total(amounts: Any) -> Money:
    return sum(amounts, Money(0))
