"""A payment: how to pay it by bank or online, what is under way, and the page after return."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, unit
from app.pages import forms, shown
from app.pages.money import leads
from app.pages.money.shapes import said
from app.rails import calls
from kernel.errors import Invalid, NotFound
from kernel.work import Work
from settlement import payments
from settlement.rails import attempts, collecting, fake_rail, objects
from settlement.rails.attempts import Attempt
from settlement.rails.collecting import Way
from settlement.rails.fake_rail import FakeRail
from settlement.rails.port import Declined, Kind, Phase

blueprint = Blueprint("paying", __name__)

ATTEMPTS_MAX: Final = 20

_METHODS: Final = {"stripe": ("alipay", "wechat_pay"), "fake": ("card", "alipay")}
"""What can be chosen on the page: methods that lead to a page of the provider's own. A card
is entered by programs that use the provider's own fields (POST /api/payments/<id>/attempts).
"""


@blueprint.get("/payments/<payment_id>")
@doors.members("read")
def payment(payment_id: str) -> Any:
    """Show a payment to its payer and to overseers: what is due, and every way to pay it."""
    work = unit.current()
    found = payments.seen(work, payment_id)
    tries = attempts.listed(work, payment_id=payment_id, limit=ATTEMPTS_MAX).items
    live = next((one for one in tries if one.state in attempts.LIVE), None)
    return render_template(
        "settlement/payment.html",
        payment=found,
        about=_about(work, found),
        payee=work.rules.text("settlement.custody_account"),
        payer=shown.names(work, [found.payer_id])[found.payer_id],
        is_payer=found.payer_id == work.actor.organisation,
        awaits=found.state in {payments.State.AWAITING, payments.State.PART_FUNDED},
        attempts=tries,
        live=live,
        onward=objects.handover(work, live).get("redirect_url") if live else None,
        ways=[(rail, _METHODS[rail]) for rail in sorted(unit.house().rails)],
        events=shown.timeline(work, found.id, *[one.id for one in tries]),
    )


def _about(work: Work, found: payments.Payment) -> tuple[str, str]:
    """Return the page of what is paid, and what it is called."""
    if found.purpose == payments.Purpose.WALLET:
        return "/wallet", said("预存款", "Wallet")
    about = leads.to(found.target, leads.names(work, [], found.target))
    return about["href"], about["text"]


@blueprint.post("/payments/<payment_id>/attempts")
@doors.till
def begin(payment_id: str) -> Any:
    """Begin to pay online; the payment's page then leads on to the provider's own.

    By a link, not by sending this form on: a page of ours sends forms to nobody else.
    """
    actor = unit.admitted("write")
    chosen = forms.text("way", max=40)
    known = {f"{rail}/{way}" for rail in unit.house().rails for way in _METHODS[rail]}
    if chosen not in known:
        raise Invalid("请选择支付方式", "choose a way to pay", pointer="/way")
    provider, _, method = chosen.partition("/")
    back = f"{unit.house().settings.base_url or request.host_url.rstrip('/')}/payments/{payment_id}"
    way = Way(provider=provider, method=method, return_url=back)
    attempt_id, _again = unit.once(actor, lambda work: collecting.begin(work, payment_id, way).id)
    calls.run_now(unit.house(), attempt_id)
    return redirect(f"/payments/{payment_id}", 303)


@blueprint.post("/attempts/<attempt_id>/closing")
@doors.money
def close(attempt_id: str) -> Any:
    """Close what is under way, to pay in another way."""
    closed = collecting.give_up(unit.current(), attempt_id)
    return redirect(f"/payments/{closed.payment_id}", 303)


@blueprint.get("/pretend/<object_id>")
@doors.members("read")
def pretend(object_id: str) -> Any:
    """Stand in for the page of a bank, where a demonstration's buyer says yes or no."""
    work = unit.current()
    attempt = _pretended(work, object_id)
    found = _fake().fetch(Kind.PAYMENT, object_id)
    return render_template("settlement/pretend.html", attempt=attempt, found=found)


@blueprint.post("/pretend/<object_id>")
@doors.members("write", alone=True)
def decide(object_id: str) -> Any:
    """Say yes or no in the bank's stead, and hear at once what it made of the payment."""
    actor = unit.admitted("write")
    payment_id = unit.reading(actor, lambda work: _pretended(work, object_id).payment_id)
    said = forms.choice("said", ("yes", "no"))
    _fake().decide(object_id, Phase.SUCCEEDED if said == "yes" else Phase.FAILED)
    calls.gateway_of(unit.house()).look(fake_rail.NAME, Kind.PAYMENT, object_id)
    unit.house().bell.set()
    return redirect(f"/payments/{payment_id}", 303)


def _onward(work: Work, attempt_id: str) -> str | None:
    return objects.handover(work, attempts.seen(work, attempt_id)).get("redirect_url")


def _pretended(work: Work, object_id: str) -> Attempt:
    """Return the attempt that waits on the page of the bank that does not exist."""
    missing = NotFound("没有这笔支付", f"no payment {object_id}")
    attempt = attempts.by_object(work.session, fake_rail.NAME, object_id)
    if attempt is None or attempt.begun_by != work.actor.person:
        raise missing
    try:
        waits = _fake().fetch(Kind.PAYMENT, object_id).phase is Phase.REQUIRES_ACTION
    except Declined as gone:
        raise missing from gone
    if not waits:
        raise missing
    return attempt


def _fake() -> FakeRail:
    found = unit.house().rails.get(fake_rail.NAME)
    if not isinstance(found, FakeRail):
        raise NotFound("没有这个支付通道", "no such provider")
    return found
