"""A till that is killed again and again while its provider misbehaves, until it has settled.

    python -m tests.settlement.rails.kill_till '{"url": …, "seed": 1, "kills": 30, …}'

The parent imports everything once and forks a till each time the last one was killed, so a
kill costs a fork and not a start. The provider is a process of its own and is never killed.
Prints one JSON object: how often it was killed and where, and what was wrong in the end.
"""

import http.server
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import func, select

from config import rules as rule_files
from kernel.actor import SYSTEM, Actor, Duty, Role
from kernel.calendar import Calendar
from kernel.crypto import StandardProvider
from kernel.engines import Engines, insist
from kernel.ids import secret
from kernel.money import Money
from kernel.work import Rules, Work
from settlement import fsck, ledger, payments
from settlement.ledger import AccountRef
from settlement.payments import Payment
from settlement.rails import attempts, collecting, gateway, poller
from settlement.rails.attempts import Attempt
from settlement.rails.collecting import Way
from settlement.rails.commands import Command
from settlement.rails.gateway import Gateway
from settlement.rails.inbox import Notice
from settlement.rails.outcomes import Outcomes
from settlement.rails.port import BadNotice, NoAnswer, NotYet, Object, Order
from settlement.rails.stripe_rail import StripeRail
from settlement.refunding import chargebacks, refunds
from tests.rivals import deadlocks

HOUSE = Path(__file__).parents[3]
SPEED = 20  # how much faster than the world's the clocks of both run
HASTE = 200  # and in the end, when nobody is killed any more and all has to settle
LAST = 999  # the number of the life that nobody ends
SECRET = "whsec_chaos"
AMOUNT = 10_000
RULES = Rules(*rule_files.load("hunan"))
CALENDAR = Calendar.parse(rule_files.holidays())
"""Both read once: a fork begins with what its parent has read."""

T = TypeVar("T")

BUYER = Actor("per_buyer_signer", "org_buyer", frozenset({Role.BUYER}), frozenset({Duty.SIGNER}))
SETTLER = Actor(
    "per_exchange_settler",
    "org_exchange",
    frozenset({Role.EXCHANGE_OPERATOR}),
    frozenset({Duty.SETTLEMENT_OFFICER}),
)


class Mutant(StripeRail):
    """A gateway that makes up a key for each try: it must be caught."""

    def run(self, order: Order) -> Object:
        return super().run(replace(order, key=f"{order.key}-{secret(6)}"))


class Clock(NamedTuple):
    """Where the clocks of both began, by the world's, and how much faster they run."""

    world: float
    shown: float
    speed: int

    def now(self) -> float:
        """Return what the clock shows, in seconds."""
        return self.shown + (time.time() - self.world) * self.speed


class Till:
    """One life of the till. told: where it says at which point it dies."""

    def __init__(self, asked: dict[str, Any], provider: str, clock: Clock, seed: int) -> None:
        self.asked, self.clock = asked, clock
        self.random = random.Random(seed)
        self.engines = Engines(asked["url"])
        rail = Mutant if asked.get("mutant") == "fresh-key" else StripeRail
        self.port = rail("sk_test_1", SECRET, base_url=provider, timeout_s=0.7)
        self.crypto = StandardProvider(bytes(range(32)))
        self.outcomes = Outcomes(refunds, chargebacks)
        self.told = -1
        self.gateway = Gateway(
            units=self.unit,
            ports={"stripe": self.port},
            applier=self.outcomes,
            at=self.at,
            lease=timedelta(seconds=clock.speed),
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def at(self, point: str) -> None:
        if self.told >= 0 and self.random.random() < self.asked["dies"]:
            os.write(self.told, f"{point}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def work(self, session: Any, actor: Actor) -> Work:
        return Work(session, actor, self.now(), RULES, CALENDAR, self.crypto)

    def unit(self, command: Callable[[Work], T], /, actor: Actor = SYSTEM) -> T:
        def attempt() -> T:
            with self.engines.writing() as session:
                result = command(self.work(session, actor))
                session.commit()
            return result

        return insist(attempt)

    def live(self, told: int, listening: socket.socket) -> None:
        """Take orders and notices until killed, or until all is settled."""
        self.told = told
        server = _server(self, listening)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        if told >= 0:
            threading.Thread(target=self._die_sometime, daemon=True).start()
        while not self.settled():
            self.trade()
            try:
                self.gateway.run_due(at_most=4)
                self.gateway.handle_due(at_most=8)
                if self.random.random() < self.asked["polls"]:
                    poller.poll(self.gateway, "stripe", chargebacks)
            except (NoAnswer, NotYet):
                continue  # the next round asks again

    def _die_sometime(self) -> None:
        early = self.random.random() < self.asked.get(
            "early", 1
        )  # the others come as far as the named points
        time.sleep((0.2 if early else 1) + self.random.random() * (1.5 if early else 3))
        os.write(self.told, b"at random\n")
        os.kill(os.getpid(), signal.SIGKILL)

    def trade(self) -> None:
        """Place an order, or try again to pay one, or ask for some money back."""
        with self.engines.reading() as session:
            placed = session.scalar(select(func.count()).select_from(Payment)) or 0
            waiting = session.scalars(
                select(Payment).where(
                    Payment.state != payments.State.FUNDED,
                    ~select(Attempt.id)
                    .where(Attempt.payment_id == Payment.id, Attempt.state.in_(attempts.LIVE))
                    .exists(),
                )
            ).first()
        if waiting is not None:
            self.unit(lambda work: self._begin(work, waiting.id), BUYER)
        elif placed < self.asked["orders"]:
            self.unit(lambda work: self._place(work, placed), BUYER)

    def _place(self, work: Work, number: int) -> None:
        made = payments.instruct(
            work, order_id=f"ord_{number}", payer_id="org_buyer", amount=Money(AMOUNT + number)
        )
        work.session.flush()
        self._begin(work, made.id)

    def _begin(self, work: Work, payment_id: str) -> None:
        method = self.random.choice(["card", "alipay"])
        token = "pm_card_visa" if method == "card" else ""
        way = Way(provider="stripe", method=method, token=token, return_url="https://x.invalid/")
        collecting.begin(work, payment_id, way)

    def settled(self) -> bool:
        with self.engines.reading() as session:
            if (session.scalar(select(func.count()).select_from(Payment)) or 0) < self.asked[
                "orders"
            ]:
                return False
            unpaid = select(Payment.id).where(Payment.state != payments.State.FUNDED)
            live = select(Attempt.id).where(Attempt.state.in_(attempts.LIVE))
            open_ = select(Command.id).where(Command.state.in_(["new", "sent", "unknown"]))
            unread = select(Notice.event_id).where(Notice.handled_at.is_(None))
            return all(
                session.scalars(one).first() is None for one in (unpaid, live, open_, unread)
            )


def _server(till: Till, listening: socket.socket) -> http.server.HTTPServer:
    class Hook(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                gateway.receive(till.unit, till.port, dict(self.headers), body, at=till.at)
            except BadNotice:
                return self.send_error(400)
            self.send_response(200)
            self.end_headers()
            return None

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    return server


def wrongs(till: Till, world: dict[str, Any]) -> list[str]:
    """Compare provider, books and orders; return what does not agree."""
    found = [f"fsck {one}" for one in _fsck(till)]
    made = Counter(
        one["metadata"]["command_id"]
        for one in world["objects"]
        if one["object"] in {"payment_intent", "refund"}
    )
    found += [f"{command} made {count} objects" for command, count in made.items() if count > 1]
    intents = [one for one in world["objects"] if one["object"] == "payment_intent"]
    took = sum(one["amount_received"] for one in intents)
    gave = sum(one["amount"] for one in world["objects"] if one["object"] == "refund")
    with till.engines.reading() as session:
        fee = ledger.balance(session, AccountRef("6603.psp_fee")).minor
        held = ledger.balance(session, AccountRef("1012.psp", "stripe")).minor + fee
        if held != took - gave:
            found.append(f"the provider holds {took - gave}, the books say {held}")
        for payment in session.scalars(select(Payment)):
            escrow = ledger.balance(session, AccountRef("2241.escrow", payment.order_id or ""))
            if escrow != payment.amount or payment.state != payments.State.FUNDED:
                found.append(f"{payment.order_id}: {payment.state}, {escrow} in escrow")
        seen = {row for row in session.scalars(select(Attempt.object_id)) if row}
    found += [f"{one['id']} is unknown here" for one in intents if one["id"] not in seen]
    return found


def _fsck(till: Till) -> tuple[Any, ...]:
    with till.engines.reading() as session:
        return fsck.check(session)


def _fork(asked: dict[str, Any], provider: str, clock: Clock, life: int, told: int,
          listening: socket.socket) -> int:  # fmt: skip
    child = os.fork()
    if child == 0:
        try:
            Till(asked, provider, clock, asked["seed"] * 1_000 + life).live(told, listening)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - told by the status, whatever it is
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(3)
    return child


def main(told: str) -> None:
    asked = json.loads(told)
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    hook = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    begun = time.time()
    world = {
        "seed": asked["seed"], "faults": asked["faults"], "hook": hook, "speed": SPEED,
        "begun": begun,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.settlement.rails.chaos_psp", json.dumps(world)]
    with subprocess.Popen(
        command, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as psp:
        assert psp.stdout is not None
        provider = psp.stdout.readline().strip()
        result = _ordeal(asked, provider, begun, listening)
        psp.kill()
    sys.stdout.write(json.dumps(result) + "\n")


def _ordeal(
    asked: dict[str, Any], provider: str, begun: float, listening: socket.socket
) -> dict[str, Any]:
    done = _killed(asked, provider, Clock(begun, begun, SPEED), listening)
    calm = time.time()
    with urllib.request.urlopen(f"{provider}/_calm?speed={HASTE}") as answer:
        clock = Clock(calm, json.load(answer)["now"], HASTE)
    last = _fork(asked, provider, clock, LAST, -1, listening)
    ended, settled = _waited(last, asked["patience_s"]), time.time()
    till = Till(asked, provider, clock, 0)
    poller.poll(till.gateway, "stripe", chargebacks)
    till.gateway.handle_due()
    with urllib.request.urlopen(f"{provider}/_world") as answer:
        world = json.load(answer)
    wrong = [] if ended else ["it has not settled", *_open(till)]
    return {
        **done, "wrong": wrong + wrongs(till, world), "orders": asked["orders"],
        "faults": world["seen"], "settled_s": round(settled - calm),
        "seconds": round(time.time() - begun), "deadlocks": deadlocks(till.engines),
    }  # fmt: skip


def _killed(
    asked: dict[str, Any], provider: str, clock: Clock, listening: socket.socket
) -> dict[str, Any]:
    """Let one till live after the other until so many have been killed; tell where they were."""
    reading, writing = os.pipe()
    kills, life, failures = 0, 0, 0
    while kills < asked["kills"] and failures < 20:
        life += 1
        child = _fork(asked, provider, clock, life, writing, listening)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        kills += killed
        failures += not killed and os.WEXITSTATUS(status) != 0
        if not killed and status == 0:
            asked["orders"] += 5  # all settled before it was killed often enough
    os.close(writing)
    with os.fdopen(reading) as points:
        died = Counter(points.read().split("\n")[:-1])
    return {"kills": kills, "points": died, "failures": failures}


def _open(till: Till) -> list[str]:
    with till.engines.reading() as session:
        rows = session.scalars(select(Command).where(Command.state.in_(["sent", "unknown", "new"])))
        said = [f"{row.id} {row.kind} {row.state} {row.last_error}" for row in rows]
        notices = session.scalars(select(Notice).where(Notice.handled_at.is_(None)))
        said += [f"{row.event_id} {row.type} {row.error}" for row in notices]
        live = session.scalars(select(Attempt).where(Attempt.state.in_(attempts.LIVE)))
        return said + [f"{row.id} {row.state} {row.object_id}" for row in live]


def _waited(child: int, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


if __name__ == "__main__":
    main(sys.argv[1])
