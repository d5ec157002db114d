"""What a payment provider of Stripe's shape knows: its objects, keys, events and balance.

Nothing of ours is in here; the state is the outside world's and outlives whoever is killed.
"""

import hashlib
import hmac
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

Answer = tuple[int, dict[str, Any]]
KEY_LIFE_S = 24 * 3_600
FEE_BP = 60
DISPUTE_FEE = 1_500

CALM: dict[str, float] = {
    "500_before": 0, "500_after": 0, "cut_before": 0, "cut_after": 0, "slow_after": 0,
    "busy": 0, "declined": 0, "hook_lost": 0, "hook_twice": 0, "hook_delay_s": 0,
}  # fmt: skip
"""How often each thing goes wrong, from 0 to 1, and how long a notice may take."""


@dataclass
class World:
    """settles: the currency of our balance, with its rate to the payer's as two integers."""

    seed: int = 0
    secret: str = "whsec_chaos"
    faults: dict[str, float] = field(default_factory=lambda: dict(CALM))
    settles: tuple[str, int, int] | None = None
    ahead_s: int = 0
    speed: int = 1
    begun: float = 0
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, tuple[str, int, int, dict[str, Any]]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    on_event: Callable[[dict[str, Any]], None] = lambda _event: None

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.random = random.Random(self.seed)
        self.numbers = count(1)

    def now(self) -> int:
        return int(self.begun + (time.time() - self.begun) * self.speed) + self.ahead_s

    def hasten(self, speed: int) -> None:
        """Let time run faster, or slower, from now on."""
        now = self.now()
        self.begun, self.speed = time.time(), speed
        self.ahead_s = now - int(self.begun)

    def id(self, prefix: str) -> str:
        return f"{prefix}_{next(self.numbers):08}"

    def hits(self, fault: str) -> bool:
        hit = self.random.random() < self.faults[fault]
        if hit:
            self.seen[fault] += 1
        return hit

    def emit(self, kind: str, found: dict[str, Any]) -> dict[str, Any]:
        event = {
            "id": self.id("evt"), "object": "event", "type": kind, "created": self.now(),
            "livemode": False, "data": {"object": json.loads(json.dumps(found))},
        }  # fmt: skip
        self.events.append(event)
        self.on_event(event)
        return event

    def signed(self, event: dict[str, Any], *, secret: str = "", at: int | None = None) -> Any:
        """Return headers and body of a notice, as the provider would send it."""
        body = json.dumps(event).encode()
        moment = self.now() if at is None else at
        signed = hmac.new(
            (secret or self.secret).encode(), f"{moment}.{body.decode()}".encode(), hashlib.sha256
        )
        return {"Stripe-Signature": f"t={moment},v1={signed.hexdigest()}"}, body

    def kind(self, name: str) -> list[dict[str, Any]]:
        return [found for found in self.objects.values() if found["object"] == name]

    # --- once under its key -------------------------------------------------------------

    def once(self, key: str | None, path: str, sent: dict[str, str]) -> Answer:
        """Do it, or give the answer that the key was given; a failure is kept like a success."""
        print_ = json.dumps([path, sent], sort_keys=True)
        for old in [k for k, kept in self.keys.items() if self.now() - kept[1] > KEY_LIFE_S]:
            del self.keys[old]
            self.seen["key pruned"] += 1
        if key in self.keys:
            same, _, status, answer = self.keys[key]
            if same != print_:
                self.seen["key with other parameters"] += 1
                return error(400, "idempotency_error", "the key was used with other parameters")
            self.seen["replayed"] += 1
            return status, answer
        status, answer = self._with_faults(path, sent)
        if key and status not in {429, 409}:
            self.keys[key] = (print_, self.now(), status, answer)
        return status, answer

    def _with_faults(self, path: str, sent: dict[str, str]) -> Answer:
        if self.hits("busy"):
            return error(429, "invalid_request_error", "slow down", "rate_limit")
        if self.hits("500_before"):
            return error(500, "api_error", "before the effect")
        status, answer = self.done(path, sent)
        if self.hits("500_after"):
            return error(500, "api_error", "after the effect")
        return status, answer

    def done(self, path: str, sent: dict[str, str]) -> Answer:
        parts = path.strip("/").split("/")[1:]
        if parts == ["payment_intents"]:
            return self._intent(sent)
        if parts == ["refunds"]:
            return self._refund(sent)
        if parts == ["payouts"]:
            return 200, self._payout(int(sent["amount"]), sent["currency"], _meta(sent))
        if len(parts) == 3 and parts[0] == "payment_intents":
            return self._change(self.objects[parts[1]], parts[2], sent)
        return error(404, "invalid_request_error", path)

    # --- payments -------------------------------------------------------------------------

    def _intent(self, sent: dict[str, str]) -> Answer:
        made: dict[str, Any] = {
            "id": self.id("pi"), "object": "payment_intent", "amount": int(sent["amount"]),
            "amount_received": 0, "currency": sent["currency"], "created": self.now(),
            "status": "requires_payment_method", "metadata": _meta(sent), "next_action": None,
            "capture_method": sent.get("capture_method", "automatic"), "last_payment_error": None,
            "payment_method_types": [sent["payment_method_types[0]"]], "latest_charge": None,
            "client_secret": f"secret_{next(self.numbers)}", "livemode": False,
        }  # fmt: skip
        self.objects[made["id"]] = made
        self.emit("payment_intent.created", made)
        if sent.get("confirm") != "true":
            return 200, made
        if "payment_method_data[type]" in sent:
            where = {"url": f"https://pay.invalid/{made['id']}"}
            made |= {
                "status": "requires_action", "next_action": {"alipay_handle_redirect": where},
            }  # fmt: skip
            self.emit("payment_intent.requires_action", made)
            return 200, made
        if self.hits("declined") or sent.get("payment_method") == "pm_card_chargeDeclined":
            self.fail(made["id"])
            status, told = error(402, "card_error", "declined", "card_declined")
            told["error"]["payment_intent"] = made
            return status, told
        self.succeed(made["id"])
        return 200, made

    def succeed(self, intent: str) -> None:
        """The payer's bank says yes."""
        found = self.objects[intent]
        if found["capture_method"] == "manual":
            found |= {"status": "requires_capture", "next_action": None}
            self.emit("payment_intent.amount_capturable_updated", found)
        else:
            self._capture(found, found["amount"])

    def fail(self, intent: str) -> None:
        """The payer's bank says no."""
        found = self.objects[intent]
        found |= {
            "status": "requires_payment_method", "next_action": None,
            "last_payment_error": {"code": "card_declined", "message": "declined"},
        }  # fmt: skip
        self.emit("payment_intent.payment_failed", found)

    def _capture(self, found: dict[str, Any], amount: int) -> None:
        charge: dict[str, Any] = {
            "id": self.id("ch"), "object": "charge", "amount": amount, "status": "succeeded",
            "currency": found["currency"], "payment_intent": found["id"], "created": self.now(),
        }  # fmt: skip
        self.objects[charge["id"]] = charge
        found |= {
            "status": "succeeded", "amount_received": amount, "latest_charge": charge["id"],
            "next_action": None, "last_payment_error": None,
        }  # fmt: skip
        self._line("charge", charge, amount, fee=-(-amount * FEE_BP // 10_000))
        self.emit("charge.succeeded", charge)
        self.emit("payment_intent.succeeded", found)

    def _change(self, found: dict[str, Any], what: str, sent: dict[str, str]) -> Answer:
        unexpected = error(400, "invalid_request_error", found["status"],
                           "payment_intent_unexpected_state")  # fmt: skip
        if what == "capture":
            if found["status"] != "requires_capture":
                return unexpected
            self._capture(found, int(sent.get("amount_to_capture", found["amount"])))
            return 200, found
        if found["status"] in {"succeeded", "canceled"}:
            return unexpected
        found |= {"status": "canceled", "next_action": None}
        self.emit("payment_intent.canceled", found)
        return 200, found

    # --- refunds, disputes, payouts -------------------------------------------------------

    def _refund(self, sent: dict[str, str]) -> Answer:
        about, amount = self.objects[sent["payment_intent"]], int(sent["amount"])
        gone = sum(
            found["amount"]
            for found in self.kind("refund")
            if found["payment_intent"] == about["id"] and found["status"] != "failed"
        )
        if gone + amount > about["amount_received"]:
            return error(400, "invalid_request_error", "too much", "charge_already_refunded")
        made: dict[str, Any] = {
            "id": self.id("re"), "object": "refund", "amount": amount, "status": "succeeded",
            "currency": about["currency"], "payment_intent": about["id"], "created": self.now(),
            "charge": about["latest_charge"], "metadata": _meta(sent), "failure_reason": None,
        }  # fmt: skip
        self.objects[made["id"]] = made
        self._line("refund", made, -amount)
        self.emit("refund.created", made)
        self.emit("charge.refunded", self.objects[about["latest_charge"]])
        return 200, made

    def bounce(self, refund: str) -> None:
        """A refund that had succeeded does not reach its account."""
        found = self.objects[refund]
        found |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
        self._line("refund_failure", found, found["amount"])
        self.emit("refund.failed", found)

    def dispute(self, intent: str, due_s: int = 7 * 86_400) -> str:
        """The payer's bank takes the money back until it is decided."""
        about = self.objects[intent]
        made: dict[str, Any] = {
            "id": self.id("dp"), "object": "dispute", "amount": about["amount_received"],
            "currency": about["currency"], "payment_intent": intent, "created": self.now(),
            "charge": about["latest_charge"], "status": "needs_response", "metadata": {},
            "evidence_details": {"due_by": self.now() + due_s},
        }  # fmt: skip
        self.objects[made["id"]] = made
        self._line("adjustment", made, -made["amount"], fee=DISPUTE_FEE, category="dispute")
        self.emit("charge.dispute.created", made)
        return str(made["id"])

    def rule(self, dispute: str, *, won: bool) -> None:
        """The payer's bank decides."""
        found = self.objects[dispute]
        found["status"] = "won" if won else "lost"
        if won:
            self._line("adjustment", found, found["amount"], category="dispute_reversal")
        self.emit("charge.dispute.closed", found)

    def pay_out(self) -> str:
        """Pay out all that is there, by itself, as the provider does every day."""
        waiting = [line for line in self.lines if line["payout"] is None]
        total = sum(line["net"] for line in waiting)
        made = self._payout(total, waiting[0]["currency"], {})
        for line in waiting:
            line["payout"] = made["id"]
        return str(made["id"])

    def land(self, payout: str, *, ok: bool = True) -> None:
        """The bank books a payout, or sends it back."""
        found = self.objects[payout]
        found["status"] = "paid" if ok else "failed"
        if not ok:
            self._line("payout_failure", found, found["amount"])
        self.emit(f"payout.{found['status']}", found)

    def _payout(self, amount: int, currency: str, meta: dict[str, str]) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": self.id("po"), "object": "payout", "amount": amount, "currency": currency,
            "status": "in_transit", "created": self.now(), "metadata": meta,
            "failure_message": None,
        }  # fmt: skip
        self.objects[made["id"]] = made
        self._line("payout", made, -amount)
        self.emit("payout.created", made)
        return made

    def _line(
        self, kind: str, about: dict[str, Any], amount: int, *, fee: int = 0, category: str = ""
    ) -> None:
        currency = about["currency"]
        if self.settles and about["object"] in {"charge", "refund"}:
            currency, up, down = self.settles
            amount, fee = amount * up // down, fee * up // down
        self.lines.append(
            {
                "id": self.id("txn"), "object": "balance_transaction", "type": kind,
                "reporting_category": category or kind, "source": about["id"],
                "amount": amount, "fee": fee, "net": amount - fee, "currency": currency,
                "created": self.now(), "available_on": self.now() + 86_400, "payout": None,
            }
        )  # fmt: skip


def error(status: int, kind: str, message: str, code: str = "") -> Answer:
    told = {"type": kind, "message": message, **({"code": code} if code else {})}
    return status, {"error": told}


def _meta(sent: dict[str, str]) -> dict[str, str]:
    return {k[9:-1]: v for k, v in sent.items() if k.startswith("metadata[")}
