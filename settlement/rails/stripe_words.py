"""Stripe's words and ours: its objects as the port has them, our commands as it takes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from kernel.clock import Instant
from kernel.money import Money
from settlement.rails import commands
from settlement.rails.balance_lines import DISPUTE
from settlement.rails.port import BalanceLine, Kind, Object, Order, Phase

_KINDS: Final = {
    "payment_intent": Kind.PAYMENT,
    "refund": Kind.REFUND,
    "dispute": Kind.DISPUTE,
    "payout": Kind.PAYOUT,
}
_PHASES: Final[Mapping[Kind, Mapping[str, Phase]]] = {
    Kind.PAYMENT: {
        "requires_payment_method": Phase.REQUIRES_ACTION,  # or FAILED: see _phase
        "requires_confirmation": Phase.REQUIRES_ACTION,
        "requires_action": Phase.REQUIRES_ACTION,
        "processing": Phase.PROCESSING,
        "requires_capture": Phase.AUTHORISED,
        "canceled": Phase.CANCELLED,
        "succeeded": Phase.SUCCEEDED,
    },
    Kind.REFUND: {
        "pending": Phase.PROCESSING,
        "requires_action": Phase.REQUIRES_ACTION,
        "succeeded": Phase.SUCCEEDED,
        "failed": Phase.FAILED,
        "canceled": Phase.CANCELLED,
    },
    Kind.DISPUTE: {
        "warning_needs_response": Phase.CREATED,
        "warning_under_review": Phase.CREATED,
        "warning_closed": Phase.CLOSED,
        "prevented": Phase.CLOSED,
        "needs_response": Phase.REQUIRES_ACTION,
        "under_review": Phase.UNDER_REVIEW,
        "won": Phase.WON,
        "lost": Phase.LOST,
    },
    Kind.PAYOUT: {
        "pending": Phase.PROCESSING,
        "in_transit": Phase.PROCESSING,
        "paid": Phase.SUCCEEDED,
        "failed": Phase.FAILED,
        "canceled": Phase.CANCELLED,
    },
}

TYPES: Final = (
    "payment_intent.created", "payment_intent.processing", "payment_intent.requires_action",
    "payment_intent.amount_capturable_updated", "payment_intent.succeeded",
    "payment_intent.payment_failed", "payment_intent.canceled",
    "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
    "payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled",
)  # fmt: skip
"""The events that concern us. A charge is told once more by its payment intent."""


def params(order: Order) -> Any:
    """Return what a command asks, as parameters of Stripe's call."""
    amount, body = order.amount, order.body
    metadata = {"command_id": order.id, "subject": order.subject}
    if order.kind == commands.START:
        return {**_start(order), "metadata": {**metadata, "reference": body["reference"]}}
    if order.kind == commands.CAPTURE:
        return {"amount_to_capture": amount.minor}
    if order.kind == commands.REFUND:
        return {"payment_intent": body["object"], "amount": amount.minor, "metadata": metadata}
    if order.kind == commands.PAYOUT:
        currency = amount.currency.lower()
        return {"amount": amount.minor, "currency": currency, "metadata": metadata}
    return {}


def read(provider: str, raw: Mapping[str, Any]) -> Object:
    """Return one of Stripe's objects in the port's words."""
    kind = _KINDS[raw["object"]]
    phase = _phase(kind, raw)
    arrived = kind is Kind.PAYMENT and phase is Phase.SUCCEEDED
    minor = raw["amount_received"] if arrived else raw["amount"]
    due = (raw.get("evidence_details") or {}).get("due_by")
    return Object(
        provider=provider,
        kind=kind,
        id=raw["id"],
        command_id=(raw.get("metadata") or {}).get("command_id", ""),
        amount=Money(minor, raw["currency"].upper()),
        phase=phase,
        at=moment(raw["created"]),
        parent="" if kind in {Kind.PAYMENT, Kind.PAYOUT} else _id(raw.get("payment_intent")),
        reason=_reason(raw),
        due=moment(due) if due else None,
        handover=_handover(raw),
        raw=raw,
    )


def is_over(found: Object) -> bool:
    """Tell whether a payment is beyond capture and cancelling."""
    return found.phase in {Phase.SUCCEEDED, Phase.CANCELLED}


def balance_line(raw: Mapping[str, Any]) -> BalanceLine:
    """Return a balance transaction, listed with its source, in the port's words."""
    source = raw.get("source")
    about: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
    currency = raw["currency"].upper()
    disputed = raw.get("reporting_category") in {"dispute", "dispute_reversal"}
    return BalanceLine(
        id=raw["id"],
        type=DISPUTE if disputed else raw["type"],
        source_id=_id(about.get("payment_intent")) if _is_charge(about) else _id(source),
        amount=Money(raw["amount"], currency),
        fee=Money(raw["fee"], currency),
        net=Money(raw["net"], currency),
        available_on=moment(raw["available_on"]),
        at=moment(raw["created"]),
        converted=_converted(raw, about),
    )


def moment(seconds: int) -> Instant:
    """Return a time as Stripe writes it."""
    return datetime.fromtimestamp(seconds, UTC)


def _start(order: Order) -> dict[str, Any]:
    amount, body = order.amount, order.body
    asked: dict[str, Any] = {
        "amount": amount.minor,
        "currency": amount.currency.lower(),
        "payment_method_types": [body["method"]],
        "capture_method": "manual" if body["manual"] else "automatic",
    }
    if body["method"] == "card":
        if body["token"]:
            asked |= {"payment_method": body["token"], "confirm": True}
    else:
        asked |= {"payment_method_data": {"type": body["method"]}, "confirm": True}
    if asked.get("confirm") and body["return_url"]:
        asked["return_url"] = body["return_url"]
    if body["method"] == "wechat_pay":
        asked["payment_method_options"] = {"wechat_pay": {"client": "web"}}
    return asked


def _phase(kind: Kind, raw: Mapping[str, Any]) -> Phase:
    status = raw["status"]
    if status == "requires_payment_method" and raw.get("last_payment_error"):
        return Phase.FAILED
    return _PHASES[kind][status]


def _reason(raw: Mapping[str, Any]) -> str:
    failed = raw.get("last_payment_error") or {}
    told = failed.get("message") or raw.get("failure_reason") or raw.get("failure_message")
    return str(told or raw.get("cancellation_reason") or "")[:200]


def _handover(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return what the buyer's browser needs to go on."""
    action = raw.get("next_action") or {}
    there = action.get("alipay_handle_redirect") or action.get("redirect_to_url") or {}
    shown = action.get("wechat_pay_display_qr_code") or {}
    found = {
        "client_secret": raw.get("client_secret"),
        "redirect_url": there.get("url") or shown.get("hosted_instructions_url"),
        "qr": shown.get("data"),
    }
    return {name: str(value) for name, value in found.items() if value}


def _converted(raw: Mapping[str, Any], about: Mapping[str, Any]) -> Money | None:
    currency = about.get("currency")
    if currency is None or currency == raw["currency"] or not _is_money(about):
        return None
    sign = 1 if raw["amount"] > 0 else -1
    return Money(sign * about["amount"], currency.upper())


def _is_charge(about: Mapping[str, Any]) -> bool:
    return about.get("object") == "charge"


def _is_money(about: Mapping[str, Any]) -> bool:
    return about.get("object") in {"charge", "refund"}


def _id(found: Any) -> str:
    """Return the id of something that may be written out in full."""
    return str(found.get("id", "") if isinstance(found, Mapping) else found or "")
