"""A provider that moves no money: for demonstrations and tests, inside this process.

It keeps keys as a real one does, and stumbles when it is told to. What it knows ends with
the process; a payment that it has forgotten was never paid.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from threading import RLock
from typing import Any, Final

from kernel import ids
from kernel.clock import Instant
from kernel.money import Money
from settlement.rails import commands
from settlement.rails.port import (
    BadNotice,
    BalanceLine,
    Declined,
    Event,
    Kind,
    NoAnswer,
    NotYet,
    Object,
    Order,
    Phase,
)

NAME: Final = "fake"
SIGNATURE: Final = "Fake-Signature"

LOST: Final = "lost"  # it is done, and the answer is lost
STUMBLES: Final = "stumbles"  # it is not done, and the failure is kept with the key
BUSY: Final = "busy"  # it is not done, and may be asked again
DECLINES: Final = "declines"
FAULTS: Final = (LOST, STUMBLES, BUSY, DECLINES)

_MADE: Final = {commands.START: "fpi", commands.REFUND: "fre", commands.PAYOUT: "fpo"}


@dataclass(slots=True)
class FakeRail:
    """The adapter. faults: what goes wrong with the next calls, one each; "" for nothing."""

    secret: str = field(default_factory=ids.secret)
    name: str = NAME
    can: frozenset[str] = frozenset(
        {
            "idempotency", "manual_capture", "partial_capture", "cancel", "refunds",
            "partial_refunds", "refund_limit", "payouts", "redirects", "events", "search",
        }
    )  # fmt: skip
    faults: deque[str] = field(default_factory=deque)
    objects: dict[str, Object] = field(default_factory=dict)
    told: list[tuple[Event, bytes]] = field(default_factory=list)
    _keys: dict[str, tuple[Any, Object | NoAnswer]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))
    _lock: RLock = field(default_factory=RLock)

    def run(self, order: Order) -> Object:
        """Do what a command says, once under its key; go wrong if that is asked for.

        Raises NoAnswer for a key under which something else was said before, as a real one.
        """
        with self._lock:
            fault = self.faults.popleft() if self.faults else ""
            if fault == BUSY:
                raise NotYet("busy")
            said = (order.kind, order.subject, order.amount, repr(sorted(order.body.items())))
            if order.key not in self._keys:
                self._keys[order.key] = said, self._done(order, fault)
            first, kept = self._keys[order.key]
            if said != first:
                raise NoAnswer("idempotency-error", stored=True)
            if isinstance(kept, NoAnswer):
                raise kept
            if fault == LOST:
                raise NoAnswer("lost")
            return self.objects[kept.id]

    def fetch(self, kind: Kind, object_id: str) -> Object:
        """Return an object as it stands now. Raises Declined for one that it does not know."""
        found = self.objects.get(object_id)
        if found is None or found.kind is not kind:
            raise Declined("missing", f"no {kind} {object_id}")
        return found

    def find(self, order: Order) -> Object | None:
        """Return the object that a command has made."""
        made = (found for found in self.objects.values() if found.command_id == order.id)
        return next(made, None)

    def events(self, since: Instant) -> Iterable[tuple[Event, bytes]]:
        """Return the events from `since` on, oldest first."""
        told = list(self.told)
        return [(event, body) for event, body in told if event.at >= since]

    def verify(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Event:
        """Read a notice. Raises BadNotice unless it bears our own mark. now: any time will do."""
        if headers.get(SIGNATURE) != self.sign(body):
            raise BadNotice(f"not signed by {NAME} before {now.isoformat()}")
        return self.read(body)

    def read(self, body: bytes) -> Event:
        """Read an event that was verified before it was kept."""
        said = json.loads(body)
        at = datetime.fromisoformat(said["at"])
        found = said["object"]
        return Event(
            provider=NAME,
            id=said["id"],
            type=said["type"],
            at=at,
            object=Object(
                provider=NAME,
                kind=Kind(found["kind"]),
                id=found["id"],
                command_id=found["command_id"],
                amount=Money(found["minor"], found["currency"]),
                phase=Phase(found["phase"]),
                at=at,
                parent=found["parent"],
                handover=found["handover"],
                raw={"id": found["id"]},
            ),
        )

    def balance_lines(self, since: Instant) -> Iterable[BalanceLine]:
        """Return nothing: no money moves here, whenever."""
        del since
        return ()

    def sign(self, body: bytes) -> str:
        """Return the mark that a notice of ours bears."""
        return ids.digest(f"{self.secret}.{body.decode()}")

    def decide(self, object_id: str, phase: Phase) -> Object:
        """Let the buyer's bank decide on a payment that waits. Raises Declined otherwise."""
        with self._lock:
            found = self.fetch(Kind.PAYMENT, object_id)
            if found.phase not in {Phase.REQUIRES_ACTION, Phase.PROCESSING}:
                raise Declined("decided", f"{object_id} is {found.phase}")
            return self._keep(replace(found, phase=phase), found.at)

    def _done(self, order: Order, fault: str) -> Object | NoAnswer:
        if fault == DECLINES:
            raise Declined("declined", "the provider declines")
        if fault == STUMBLES:
            return NoAnswer("stumbled", stored=True)
        if order.kind in _MADE:
            return self._keep(self._made(order), order.since)
        there = self.fetch(Kind.PAYMENT, str(order.body["object"]))
        if there.phase in {Phase.SUCCEEDED, Phase.CANCELLED}:
            raise Declined("decided", f"{there.id} is {there.phase}")
        if order.kind == commands.CANCEL:
            return self._keep(replace(there, phase=Phase.CANCELLED), order.since)
        return self._keep(replace(there, phase=Phase.SUCCEEDED, amount=order.amount), order.since)

    def _made(self, order: Order) -> Object:
        made = f"{_MADE[order.kind]}_{next(self._numbers):06}"
        common: dict[str, Any] = {
            "provider": NAME, "id": made, "command_id": order.id, "at": order.since,
            "amount": order.amount, "raw": {"id": made},
        }  # fmt: skip
        if order.kind == commands.START:
            phase, handover = _begun(order, made)
            return Object(kind=Kind.PAYMENT, phase=phase, handover=handover, **common)
        if order.kind == commands.PAYOUT:
            return Object(kind=Kind.PAYOUT, phase=Phase.SUCCEEDED, **common)
        there = self.fetch(Kind.PAYMENT, str(order.body["object"]))
        gone = sum((found.amount for found in self._refunds(there.id)), order.amount)
        if there.phase is not Phase.SUCCEEDED or there.amount < gone:
            raise Declined("too_much", f"not so much is left of {there.id}")
        return Object(kind=Kind.REFUND, phase=Phase.SUCCEEDED, parent=there.id, **common)

    def _refunds(self, object_id: str) -> Iterable[Object]:
        return (found for found in self.objects.values() if found.parent == object_id)

    def _keep(self, found: Object, at: Instant) -> Object:
        self.objects[found.id] = found
        event_id = f"fev_{next(self._numbers):06}"
        kind = f"{found.kind}.{found.phase}"
        event = Event(provider=NAME, id=event_id, type=kind, at=at, object=found)
        self.told.append((event, _body(event, found)))
        return found


def _begun(order: Order, made: str) -> tuple[Phase, Mapping[str, str]]:
    if order.body["method"] != "card":
        return Phase.REQUIRES_ACTION, {"redirect_url": f"/pretend/{made}"}
    return (Phase.AUTHORISED if order.body["manual"] else Phase.SUCCEEDED), {}


def _body(event: Event, found: Object) -> bytes:
    said = {
        "kind": found.kind, "id": found.id, "command_id": found.command_id,
        "minor": found.amount.minor, "currency": found.amount.currency,
        "phase": found.phase, "parent": found.parent, "handover": dict(found.handover),
    }  # fmt: skip
    told = {"id": event.id, "type": event.type, "at": event.at.isoformat(), "object": said}
    return json.dumps(told, sort_keys=True).encode()
