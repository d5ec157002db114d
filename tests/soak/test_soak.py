"""Long runs: one ledger with twenty thousand entries behind it, and one busy exchange.

What is drawn is drawn from a seed, so that a run that fails can be run again.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from random import Random  # noqa: TID251 - walks that can be walked again
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app, worker
from app.lives import LIVES
from app.unit import Exchange, committed
from config.settings import Settings
from kernel import evidence
from kernel.actor import SYSTEM
from kernel.engines import Engines
from kernel.journal import Errand, Event
from kernel.money import Money
from settlement import fsck
from settlement.ledger import AccountRef, Row
from tests import cast
from tests.contracts import town
from tests.contracts.town import Town
from tests.delivery import parcels
from tests.marketplace import make
from tests.settlement.bookkeeping import (
    COMMISSION,
    CUSTODY,
    VAT,
    accepted,
    escrow,
    merchant,
    on_postgresql,
    suspense,
)
from tests.settlement.test_model import OPERATOR, Books

pytestmark = pytest.mark.soak

SEED = 20_260_701
OPERATIONS, COMMIT_EVERY, LOOK_EVERY = 20_000, 50, 1_000
REQUESTS, THREADS = 2_000, 8
DAYS = tuple(date(2026, month, day) for month in (7, 8) for day in (1, 15, 28))


# --- one ledger -------------------------------------------------------------------------


class LongBooks(Books):
    """The books and their model over one long life: nothing is rolled back at the end."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance = chance
        self.told = 0

    def walk(self) -> None:
        """Tell one thing, now and then something that was told before."""
        self.told += 1
        key = f"{self.chance.randrange(self.told) if self._rarely() else self.told}"
        order, party = self._one_of(120), self._one_of(12)
        act = self.chance.choice((self._received, self._matched, self._accepted, self._settled,
                                  self._paid_out))  # fmt: skip
        act(key, order, party)

    def _received(self, key: str, order: str, _party: str) -> None:
        row = Row(CUSTODY, suspense(order), Money(self.chance.randrange(100_000)))
        self.tell("bank.received", key, [row], self.chance.choice(DAYS))

    def _matched(self, key: str, order: str, _party: str) -> None:
        parts = [self._some(suspense(order)) for _ in range(self.chance.randrange(1, 4))]
        self.tell("bank.matched", key, [Row(suspense(order), escrow(order), it) for it in parts])

    def _accepted(self, key: str, order: str, _party: str) -> None:
        fen = self._some(escrow(order))
        counter, turnover = AccountRef("9001.counter", "b"), AccountRef("9002.turnover", order)
        rows = [Row(escrow(order), accepted(order), fen), Row(counter, turnover, fen)]
        self.tell("line.accepted", key, rows)

    def _settled(self, key: str, order: str, party: str) -> None:
        fen = self._some(accepted(order)).minor
        fee, rest = fen // 50, fen - fen // 50
        parts = (
            (merchant(party), rest // 2),
            (OPERATOR, rest - rest // 2),
            (COMMISSION, fee - fee // 10),
            (VAT, fee // 10),
        )
        rows = [Row(accepted(order), share, Money(part)) for share, part in parts]
        self.tell("line.settled", key, rows)

    def _paid_out(self, key: str, _order: str, party: str) -> None:
        fen, transit = self._some(merchant(party)), AccountRef("2241.payout_transit", key)
        self.tell("payout.initiated", key, [Row(merchant(party), transit, fen)])
        self.tell("payout.paid", key, [Row(transit, CUSTODY, fen)])

    def _one_of(self, names: int) -> str:
        return f"n{min(self.chance.randrange(names), self.chance.randrange(names))}"

    def _rarely(self) -> bool:
        return self.chance.random() < 0.05

    def _some(self, ref: AccountRef) -> Money:
        """Return mostly what is there or less, now and then more."""
        there = max(self.model[ref], 0)
        return Money(self.chance.randrange(there + 1) + (1 if self._rarely() else 0))


def test_twenty_thousand_operations_leave_the_books_as_the_model_says(engines: Engines) -> None:
    class OnThisDatabase(LongBooks):
        pass

    OnThisDatabase.engines = engines
    books = OnThisDatabase(Random(SEED))  # noqa: S311 - a walk, no secret

    for number in range(1, OPERATIONS + 1):
        books.walk()
        if number % COMMIT_EVERY == 0:
            books.session.commit()
        if number % LOOK_EVERY == 0:
            books.balances_are_those_of_the_model()

    books.session.commit()
    assert len(books.posted) > OPERATIONS // 2
    books.teardown()
    with engines.reading() as session:
        assert fsck.check(session) == ()


# --- one exchange -----------------------------------------------------------------------


@pytest.fixture
def busy(database_url: str) -> Iterator[Town]:
    """Serve a town to many, with its worker running beside them."""
    application = create_app(
        Settings(
            database_url=database_url, environment="test", clock="adjustable",
            key=bytes(range(32)).hex(), data_dir=str(parcels.DATA), password_memory_kib=8,
            password_rounds=1, threads=THREADS,
        )
    )  # fmt: skip
    made = town.built(application)
    with _working(application):
        yield made
    application.house.engines.dispose()


@contextmanager
def _working(application: Exchange) -> Iterator[None]:
    stop = Signal()
    thread = Thread(target=worker.run_forever, args=(application.house, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        application.house.bell.set()
        thread.join()


class Visitor:
    """One of eight, who looks around, takes the steps that are offered, orders and reads."""

    def __init__(self, served: Town, number: int) -> None:
        self.chance = Random(SEED + number)  # noqa: S311 - a walk, no secret
        self.served = served
        self.client = served.application.test_client()
        self.statuses: Counter[int] = Counter()
        self.orders: dict[str, set[str]] = defaultdict(set)
        self.promising: list[tuple[str, str]] = []  # who found steps to take, and where
        self.steps = 0

    def stay(self, requests: int) -> "Visitor":
        """Ask at least so many times."""
        while self.statuses.total() < requests:
            act = self.chance.choices((self._step, self._look, self._order, self._read),
                                      (6, 2, 2, 1))[0]  # fmt: skip
            act()
        return self

    def _step(self) -> None:
        """Look at a record, and take one of the steps that are offered, barred or not."""
        again = self.promising and self.chance.random() < 0.6
        place = self.chance.choice(self.promising) if again else self._place()
        person, path = place
        seen = self._ask(person, "GET", path)
        offers = seen.json.get("actions", []) if seen.status_code == 200 else []
        if not offers:
            return
        offer = self.chance.choice([one for one in offers if not one["barred_by"]] or offers)
        answers = {ask["name"]: self._answer(ask) for ask in offer["asks"]}
        taken = self._ask(person, "POST", f"{path}/{offer['step'].replace('_', '-')}", answers)
        self.steps += taken.status_code == 200
        self.promising.append(place)

    def _place(self) -> tuple[str, str]:
        return self._somebody(), self._somewhere()

    def _look(self) -> None:
        self._ask(self._somebody(), "GET", self._somewhere().rsplit("/", 1)[0])

    def _order(self) -> None:
        """Order a product, under one of the keys that all the visitors share."""
        key = f"soak-{self.chance.randrange(60)}"
        product = self.served.records["products", "subject_id"][int(key[5:]) % 3]
        body = {"lines": [{"product_id": product, "quantity": 1}], "use_scenario": USE}
        answer = self._ask("per_buyer_editor", "POST", "/api/orders", body, key=key)
        if answer.status_code == 201:
            self.orders[key].add(answer.json["id"])

    def _read(self) -> None:
        task = self.chance.choice(self.served.records["deliveries", "subject_id"])
        self._ask("per_buyer_editor", "POST", f"/api/deliveries/{task}/reads", READ)

    def _somebody(self) -> str:
        return self.chance.choice([*cast.PEOPLE])

    def _somewhere(self) -> str:
        (tag, part), records = self.chance.choice([*self.served.records.items()])
        if part != "subject_id" or not records:
            return "/api/organisations/org_other"
        return f"/api/{tag.replace('_', '-')}/{self.chance.choice(records)}"

    def _answer(self, ask: dict[str, Any]) -> Any:
        plain: dict[str, Any] = {
            "number": 1, "date": "2026-07-20", "flag": True, "list": [], "object": {},
            "money": {"minor": 100, "currency": "CNY"},
        }  # fmt: skip
        return ask["choices"][0] if ask["choices"] else plain.get(ask["kind"], "a long walk")

    def _ask(self, person: str, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self.served.tokens[person]}"}
        headers |= {"Idempotency-Key": key} if key else {}
        answer = self.client.open(path, method=method, json=body, headers=headers)
        self.statuses[answer.status_code] += 1
        assert answer.status_code < 500, (method, path, body, answer.text)
        return answer


USE = json.loads(json.dumps(make.use(), default=str))
READ = {
    "purpose_code": "weather_insurance", "output_form": "aggregate_report", "region": "430000",
    "items": ["TEMP"], "since": "2013-07-01", "until": "2013-07-03", "stations": ["Dongsi"],
    "limit": 100,
}  # fmt: skip


@on_postgresql
def test_eight_visitors_at_once_leave_everything_in_order(busy: Town) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        visitors = [Visitor(busy, number) for number in range(THREADS)]
        list(pool.map(lambda visitor: visitor.stay(REQUESTS // THREADS), visitors))

    statuses: Counter[int] = sum((visitor.statuses for visitor in visitors), Counter())
    assert statuses.total() >= REQUESTS
    assert sum(visitor.steps for visitor in visitors) >= REQUESTS // 50
    assert statuses[201] > 0
    _each_key_made_one_order(visitors)
    house = busy.application.house
    worker.drain(house)
    while committed(house, SYSTEM, evidence.seal):
        pass
    with house.engines.reading() as session:
        assert fsck.check(session) == ()
        report = evidence.verify(session, house.crypto)
        assert (report.ok, report.unsealed) == (True, 0)
        assert report.events > REQUESTS // 20
        assert session.scalars(select(Errand.last_error)).all() == []
        assert _unexplained(session) == []


def _each_key_made_one_order(visitors: list[Visitor]) -> None:
    made: dict[str, set[str]] = defaultdict(set)
    for visitor in visitors:
        for key, orders in visitor.orders.items():
            made[key] |= orders
    assert made
    assert {key: orders for key, orders in made.items() if len(orders) > 1} == {}


def _unexplained(session: Session) -> list[tuple[str, str]]:
    """Return the records whose journal does not lead, step by step, to where they are."""
    wrong = []
    for life, module in LIVES.items():
        kinds = {row.event for row in module.LIFE.steps.values()}
        last: dict[str, str] = {}
        events = select(Event).where(Event.kind.in_(kinds)).order_by(Event.sequence)
        for event in session.scalars(events):
            if last.get(event.subject, event.data["before"]) != event.data["before"]:
                wrong.append((life, f"{event.kind} {event.subject}"))
            last[event.subject] = event.data["after"]
        wrong += [
            (life, key) for key, state in last.items() if module.find(session, key).state != state
        ]
    return wrong
