"""The door of attempts (支付尝试): a payer collects its own payment by a provider."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.settlement.payments import blueprint as payments_blueprint
from app.rails import calls
from kernel.errors import Invalid
from kernel.work import Work
from settlement.rails import attempts, collecting, objects
from settlement.rails.attempts import METHODS, Attempt
from settlement.rails.collecting import Way

blueprint = doors.noun("attempts", "Attempts · 支付尝试")


class AttemptIn(doors.Body):
    """By which provider and method. manual: reserve now, take later. token: a card entered there.

    return_url: where the provider sends the buyer back to.
    """

    provider = doors.text(max=20)
    method = doors.choice(*METHODS)
    manual = doors.flag(required=False, load_default=False)
    token = doors.text(max=200, required=False, load_default="")
    return_url = doors.text(max=500, required=False, load_default="")


class ClosingIn(doors.Body):
    """An empty object."""


class HandoverOut(doors.Schema):
    """What the buyer's browser needs to go on, as far as the provider has told it."""

    client_secret = fields.String()
    redirect_url = fields.String()
    qr = fields.String()


class AttemptOut(doors.LivingOut):
    """An attempt. captured: what arrived; refunded: what has gone back of it."""

    payment_id = fields.String()
    provider = fields.String()
    method = fields.String()
    manual = fields.Boolean()
    amount = fields.Nested(doors.MoneyBody)
    captured = fields.Nested(doors.MoneyBody)
    refunded = fields.Nested(doors.MoneyBody)
    object_id = fields.String(allow_none=True)
    reason = fields.String()
    begun_at = fields.String()
    expires_at = fields.String()
    handover = fields.Nested(HandoverOut)


def row(found: Attempt) -> Mapping[str, Any]:
    """Return what AttemptOut shows in a list: all but the actions and the handover."""
    return {
        "id": found.id,
        "state": found.state,
        "version": found.version,
        "payment_id": found.payment_id,
        "provider": found.provider,
        "method": found.method,
        "manual": found.manual,
        "amount": doors.wire(found.amount),
        "captured": doors.wire(found.captured),
        "refunded": doors.wire(found.refunded),
        "object_id": found.object_id,
        "reason": found.reason,
        "begun_at": doors.moment(found.begun_at),
        "expires_at": doors.moment(found.expires_at),
    }


def show(found: Attempt, work: Work) -> Mapping[str, Any]:
    """Return what AttemptOut shows; the handover is for who began it alone."""
    handover = objects.handover(work, found)
    return {**row(found), "handover": handover, **doors.living(found, work, attempts.LIFE)}


@payments_blueprint.post("/<string:payment_id>/attempts")
@doors.till
@payments_blueprint.arguments(AttemptIn)
@payments_blueprint.response(201, AttemptOut)
def begin(body: dict[str, Any], payment_id: str) -> Any:
    """Begin to collect what is due of a payment, and tell the provider at once.

    When it does not answer in time the attempt is shown as it stands; the house goes on.
    """
    actor = unit.admitted("write")
    if body["provider"] not in unit.house().rails:
        raise Invalid("没有这个支付通道", "no such provider", pointer="/provider")
    way = Way(**body)
    attempt_id, again = unit.once(actor, lambda work: collecting.begin(work, payment_id, way).id)
    calls.run_now(unit.house(), attempt_id)
    shown = unit.reading(actor, lambda work: show(attempts.seen(work, attempt_id), work))
    headers = {"Location": f"/api/attempts/{attempt_id}"}
    return shown, 201, {**headers, **({"Idempotency-Replayed": "true"} if again else {})}


@payments_blueprint.get("/<string:payment_id>/attempts")
@doors.members("read")
@payments_blueprint.arguments(doors.PageQuery, location="query")
@payments_blueprint.response(200, doors.page_of(AttemptOut))
def listed(query: dict[str, Any], payment_id: str) -> Any:
    """List the attempts of one payment, newest first."""
    return doors.page(attempts.listed(unit.current(), payment_id=payment_id, **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, AttemptOut)
def one(subject_id: str) -> Any:
    """Show one attempt to the payer, or to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(attempts.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/closing")
@doors.money
@blueprint.arguments(ClosingIn)
@blueprint.response(200, AttemptOut)
def close(_body: dict[str, Any], subject_id: str) -> Any:
    """Close a live attempt, to pay in another way; what succeeds all the same goes back."""
    work = unit.current()
    return show(collecting.give_up(work, subject_id), work)


doors.steps(blueprint, attempts, AttemptOut, show)
