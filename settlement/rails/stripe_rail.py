"""Stripe: cards, Alipay and WeChat Pay, by payment intents of its pinned API version.

Money is collected into our own balance there and paid out to our own bank account; nothing
rests on connected accounts, which are not offered in mainland China. Objects carry the id
of the command that made them in their metadata. Source: docs.stripe.com/api.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import stripe
from stripe import StripeClient

from kernel.clock import Instant
from settlement.rails import commands, stripe_words
from settlement.rails.port import (
    ABILITIES,
    BadNotice,
    BalanceLine,
    Declined,
    Event,
    Kind,
    NoAnswer,
    NotYet,
    Object,
    Order,
)

NAME: Final = "stripe"
API_VERSION: Final = "2026-10-28.endive"
TIMEOUT_S: Final = 20.0
TOLERANCE: Final = timedelta(minutes=5)
"""How far the time under a notice may be from now, either way."""

_PAGE: Final = 100
_CLOCKS_DIFFER: Final = timedelta(minutes=10)


class StripeRail:
    """The adapter. Raises ValueError without a key or without the secret of its endpoint."""

    name = NAME
    can = frozenset(ABILITIES)

    def __init__(
        self, key: str, endpoint_secret: str, *, base_url: str = "", timeout_s: float = TIMEOUT_S
    ) -> None:
        if not key or not endpoint_secret:
            raise ValueError("Stripe needs a key and the secret of its endpoint, both")
        self._secret = endpoint_secret
        self._live = key.startswith(("sk_live_", "rk_live_"))
        self._api = StripeClient(
            key,
            stripe_version=API_VERSION,
            max_network_retries=0,  # we try again ourselves, under the same key
            http_client=stripe.RequestsClient(timeout=timeout_s),
            base_addresses={"api": base_url} if base_url else None,
        ).v1

    def run(self, order: Order) -> Object:
        """Do what a command says, once under its key. Raises NoAnswer, NotYet, Declined."""
        options: Any = {"idempotency_key": order.key}
        params = stripe_words.params(order)
        there = str(order.body.get("object", ""))
        calls: dict[str, Callable[[], Any]] = {
            commands.START: lambda: self._api.payment_intents.create(params, options),
            commands.CAPTURE: lambda: self._api.payment_intents.capture(there, params, options),
            commands.CANCEL: lambda: self._api.payment_intents.cancel(there, params, options),
            commands.REFUND: lambda: self._api.refunds.create(params, options),
            commands.PAYOUT: lambda: self._api.payouts.create(params, options),
        }
        return self._object(_called(calls[order.kind]))

    def fetch(self, kind: Kind, object_id: str) -> Object:
        """Return an object as it stands now. Raises NoAnswer, NotYet, Declined."""
        services: dict[Kind, Any] = {
            Kind.PAYMENT: self._api.payment_intents,
            Kind.REFUND: self._api.refunds,
            Kind.DISPUTE: self._api.disputes,
            Kind.PAYOUT: self._api.payouts,
        }
        return self._object(_called(lambda: services[kind].retrieve(object_id)))

    def find(self, order: Order) -> Object | None:
        """Return the object that a command has made, by the id in its metadata.

        By listing, not by its search: that one hears of new objects a minute late.
        """
        if order.kind in {commands.CAPTURE, commands.CANCEL}:
            found = self.fetch(Kind.PAYMENT, str(order.body["object"]))
            return found if stripe_words.is_over(found) else None
        since = {"created": {"gte": _epoch(order.since - _CLOCKS_DIFFER)}}
        listed: dict[str, Callable[[], Any]] = {
            commands.START: lambda: self._api.payment_intents.list(_paged(since)),
            commands.REFUND: lambda: self._api.refunds.list(
                _paged({"payment_intent": order.body["object"]})
            ),
            commands.PAYOUT: lambda: self._api.payouts.list(_paged(since)),
        }
        for raw in _called(lambda: _all(listed[order.kind]())):
            found = self._object(raw)
            if found.command_id == order.id:
                return found
        return None

    def events(self, since: Instant) -> Iterable[tuple[Event, bytes]]:
        """Return the events that concern us from `since` on, oldest first."""
        asked = _paged({"created": {"gte": _epoch(since)}, "types": list(stripe_words.TYPES)})
        found = _called(lambda: _all(self._api.events.list(asked)))
        for raw in reversed(found):
            body = json.dumps(raw, sort_keys=True).encode()
            yield self.read(body), body

    def verify(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Event:
        """Read a notice. Raises BadNotice unless Stripe signed it for this endpoint, just now.

        The library looks at how old a notice is, by the machine's clock, and takes one from
        the future; here both sides are bounded, by the clock of the house.
        """
        signed = next((v for k, v in headers.items() if k.lower() == "stripe-signature"), "")
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signed, self._secret, None)
            told = json.loads(body)
            at = next(part[2:] for part in signed.split(",") if part.startswith("t="))
            away = abs(now - datetime.fromtimestamp(int(at), UTC))
        except (stripe.SignatureVerificationError, ValueError, StopIteration) as error:
            raise BadNotice("the signature is not Stripe's for this endpoint") from error
        if away > TOLERANCE:
            raise BadNotice("the notice is not of now")
        if bool(told.get("livemode")) != self._live:
            raise BadNotice("the notice is of the other mode (live or test)")
        return self.read(body)

    def read(self, body: bytes) -> Event:
        """Read an event that was verified before it was kept."""
        told = json.loads(body)
        concerns = told["type"] in stripe_words.TYPES
        return Event(
            provider=NAME,
            id=told["id"],
            type=told["type"],
            at=stripe_words.moment(told["created"]),
            object=self._object(told["data"]["object"]) if concerns else None,
        )

    def balance_lines(self, since: Instant) -> Iterable[BalanceLine]:
        """Return the movements of our balance from `since` on, oldest first."""
        asked = _paged({"created": {"gte": _epoch(since)}, "expand": ["data.source"]})
        found = _called(lambda: _all(self._api.balance_transactions.list(asked)))
        return [stripe_words.balance_line(raw) for raw in reversed(found)]

    def _object(self, raw: Mapping[str, Any]) -> Object:
        return stripe_words.read(NAME, raw)


def _called(call: Callable[[], Any]) -> Any:
    """Call, and say what went wrong in the port's words.

    A declined card is an answer: the payment is there, and it failed.
    """
    try:
        found = call()
    except stripe.CardError as error:
        told: Any = error.json_body or {}
        made = (told.get("error") or {}).get("payment_intent")
        if made is None:
            raise Declined(error.code or "card", str(error.user_message)) from error
        return made
    except stripe.StripeError as error:
        raise _told(error) from error
    return found if isinstance(found, list) else found.to_dict()


def _told(error: stripe.StripeError) -> Exception:
    not_done = (stripe.RateLimitError, stripe.AuthenticationError, stripe.PermissionError)
    if isinstance(error, not_done) or error.http_status == 409:
        return NotYet(type(error).__name__)
    if isinstance(error, stripe.IdempotencyError):
        return NoAnswer("idempotency-error", stored=True)
    if isinstance(error, stripe.InvalidRequestError):
        return Declined(error.code or "invalid", str(error.user_message))
    if isinstance(error, stripe.APIConnectionError):
        return NoAnswer("no-connection")
    return NoAnswer(f"http-{error.http_status}", stored=True)


def _all(page: Any) -> list[dict[str, Any]]:
    return [found.to_dict() for found in page.auto_paging_iter()]


def _paged(asked: dict[str, Any]) -> Any:
    return {"limit": _PAGE, **asked}


def _epoch(at: Instant) -> int:
    return int(at.timestamp())
