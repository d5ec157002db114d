"""The ledger against a model of itself: a dictionary, and the same story told to both.

Whatever is asked, allowed or not, in whatever order: the ledger must do what the model
foresees, and refuse what the model refuses, and for the same reason.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from kernel.engines import Engines
from kernel.errors import DomainError
from kernel.money import Money
from settlement import chart, fsck, ledger
from settlement.chart import Guard
from settlement.ledger import AccountRef, Row
from tests.conftest import work_of
from tests.settlement.bookkeeping import (
    COMMISSION,
    CUSTODY,
    VAT,
    accepted,
    escrow,
    merchant,
    suspense,
)

NAMES = st.sampled_from(["a", "b"])
FEN = st.integers(min_value=0, max_value=12)
DAYS = st.dates(date(2026, 5, 1), date(2026, 8, 31))
NEXT_YEAR = datetime(2027, 1, 1, 4, tzinfo=UTC)
OPERATOR = AccountRef("2202.operator", "op")


class Accident(Exception):
    """Something goes wrong in the caller's own code, after the ledger did its part."""


class Books(RuleBasedStateMachine):
    """One transaction on one database, rolled back at the end of each example."""

    engines: Engines

    def __init__(self) -> None:
        super().__init__()
        self.opened = self.engines.writing()
        self.session = self.opened.__enter__()
        self.work = work_of(self.session, "system", at=NEXT_YEAR)
        self.model: Counter[AccountRef] = Counter()  # credits less debits
        self.posted: dict[tuple[str, str], list[Row]] = {}
        self.ids: dict[tuple[str, str], int] = {}
        self.reversed: set[int] = set()
        self.closed: str = ""
        self.booked: dict[int, date] = {}

    @initialize()
    def begin_with_some_money(self) -> None:
        self.tell("bank.received", "begin", [Row(CUSTODY, suspense("a"), Money(20))])

    @rule(line=NAMES, fen=FEN, day=DAYS, key=st.integers(0, 9))
    def receive(self, line: str, fen: int, day: date, key: int) -> None:
        self.tell("bank.received", f"{key}", [Row(CUSTODY, suspense(line), Money(fen))], day)

    @rule(line=NAMES, parts=st.lists(st.tuples(NAMES, FEN), max_size=3), key=st.integers(0, 9))
    def match(self, line: str, parts: list[tuple[str, int]], key: int) -> None:
        rows = [Row(suspense(line), escrow(order), Money(fen)) for order, fen in parts]
        self.tell("bank.matched", f"{key}", rows)

    @rule(order=NAMES, fen=FEN, key=st.integers(0, 9))
    def accept(self, order: str, fen: int, key: int) -> None:
        counter, turnover = AccountRef("9001.counter", "b"), AccountRef("9002.turnover", order)
        rows = [
            Row(escrow(order), accepted(order), Money(fen)),
            Row(counter, turnover, Money(fen)),
        ]
        self.tell("line.accepted", f"{key}", rows)

    @rule(order=NAMES, party=NAMES, fen=st.tuples(FEN, FEN, FEN, FEN), key=st.integers(0, 9))
    def settle(self, order: str, party: str, fen: tuple[int, int, int, int], key: int) -> None:
        shares = zip((merchant(party), OPERATOR, COMMISSION, VAT), fen, strict=True)
        rows = [Row(accepted(order), share, Money(amount)) for share, amount in shares]
        self.tell("line.settled", f"{key}", rows)

    @rule(party=NAMES, fen=FEN, key=st.integers(0, 3))
    def pay_out(self, party: str, fen: int, key: int) -> None:
        transit = AccountRef("2241.payout_transit", f"{key}")
        self.tell("payout.initiated", f"{key}", [Row(merchant(party), transit, Money(fen))])
        self.tell("payout.paid", f"{key}", [Row(transit, CUSTODY, Money(fen))])

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.ids)))
        entry_id, rows = self.ids[key], self.posted[key]
        mirror = [Row(credit, debit, amount) for debit, credit, amount in rows[::-1]]
        if key[0] == "reversal":
            foreseen: object = ledger.NotReversible
        elif entry_id in self.reversed:
            foreseen = "already"
        else:
            foreseen = self.foreseen(mirror)
        happened = self.attempt(
            lambda: ledger.reverse(self.work, entry_id, effective_on=date(2026, 8, 1))
        )
        assert happened == foreseen
        if happened == "posted":
            self.reversed.add(entry_id)
            self.remember(("reversal", str(entry_id)), mirror, date(2026, 8, 1))

    @rule(month=st.sampled_from(["2026-05", "2026-06", "2026-07"]))
    def close(self, month: str) -> None:
        with suppress(DomainError):
            ledger.close_period(self.work, month)
            self.closed = month

    @rule(fen=st.integers(1, 12))
    def have_an_accident(self, fen: int) -> None:
        with suppress(Accident), self.session.begin_nested():
            row = Row(CUSTODY, suspense("a"), Money(fen))
            ledger.post(self.work, "bank.received", "lost", [row], effective_on=date(2026, 8, 1))
            raise Accident

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        for ref, expected in self.model.items():
            there = ledger.balance(self.session, ref).minor
            assert there == (-expected if chart.account(ref.code).kind.grows_by_debit else expected)

    def teardown(self) -> None:
        try:
            if not self.engines.sqlite:
                self.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            assert fsck.check(self.session) == ()
            assert ledger.trial_balance(self.session).difference == 0
            for entry_id, day in self.booked.items():
                assert ledger.entry(self.session, entry_id).period_id >= day.isoformat()[:7]
        finally:
            self.session.rollback()
            self.opened.__exit__(None, None, None)

    def tell(self, event: str, source: str, rows: list[Row], day: date = date(2026, 8, 1)) -> None:
        """Tell ledger and model the same, and compare what comes of it."""
        kept = [row for row in rows if row.amount.minor]
        if not kept:
            foreseen: object = ledger.NothingToPost
        elif (event, source) in self.posted:
            same = sorted(self.posted[event, source]) == sorted(kept)
            foreseen = "already" if same else ledger.AlreadyPostedDifferently
        else:
            foreseen = self.foreseen(kept)
        happened = self.attempt(
            lambda: ledger.post(self.work, event, source, rows, effective_on=day)
        )
        assert happened == foreseen
        if happened == "posted":
            self.remember((event, source), kept, day)

    def attempt(self, act: Callable[[], ledger.Posted]) -> object:
        try:
            self.last = act()
        except DomainError as error:
            return type(error)
        return "already" if self.last.already else "posted"

    def remember(self, key: tuple[str, str], rows: list[Row], day: date) -> None:
        self.posted[key], self.ids[key] = rows, self.last.entry_id
        self.booked[self.last.entry_id] = day
        self.model = self.after(rows)[-1]

    def foreseen(self, rows: list[Row]) -> object:
        for state in self.after(rows):
            for ref, credit in state.items():
                guard = chart.account(ref.code).guard
                if (guard is Guard.CREDIT and credit < 0) or (guard is Guard.DEBIT and credit > 0):
                    return ledger.Overdrawn
        return "posted"

    def after(self, rows: list[Row]) -> list[Counter[AccountRef]]:
        """Return the model after each of the rows."""
        states, state = [], self.model
        for debit, credit, amount in rows:
            state = Counter(state)
            state[debit] -= amount.minor
            state[credit] += amount.minor
            states.append(state)
        return states


def tell_stories(engines: Engines, *, examples: int, steps: int, same_again: bool) -> None:
    class OnThisDatabase(Books):
        pass

    OnThisDatabase.engines = engines
    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=same_again,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_the_ledger_does_what_the_model_foresees(engines: Engines) -> None:
    tell_stories(engines, examples=30, steps=40, same_again=True)


@pytest.mark.soak
def test_the_ledger_does_what_the_model_foresees_in_long_stories(engines: Engines) -> None:
    tell_stories(engines, examples=1000, steps=100, same_again=False)
