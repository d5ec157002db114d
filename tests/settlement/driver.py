"""A long walk through the ledger beside a model of it: what is asked is foreseen, then done.

The model is two dictionaries, what is on each account and what was posted under each key.
A fifth of what is asked is not allowed: overdrafts, repeats, the same key with other
content, pairs that no rule knows, fractions, currencies mixed, reversals twice and of
reversals, months closed early. Each must be refused for the foreseen reason; everything
else must happen. The walk is drawn from a seed, so that it can be walked again.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from random import Random  # noqa: TID251 - walks that can be walked again
from typing import Final

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from kernel.money import Money
from settlement import chart, fsck, ledger
from settlement.books import accounts, postings
from settlement.ledger import AccountRef, Row, ToPost
from settlement.sealing import blocks
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

NEXT_YEAR: Final = datetime(2027, 6, 1, 4, tzinfo=UTC)
MONTHS: Final = tuple(f"2026-{month:02}" for month in range(1, 13))
ORDERS, PARTIES = 300, 40
REMEMBERED: Final = 2_000  # of the latest keys one is told again, told differently, or reversed
Key = tuple[str, str]
Plain = tuple[AccountRef, AccountRef, int]
Answer = str | type[Exception]

OPERATOR: Final = AccountRef("2202.operator", "op")
TREASURY: Final = AccountRef("2241.fiscal", "t")
CREDIT: Final = {code: row.guard == chart.Guard.CREDIT for code, row in chart.CHART.items()}
DEBIT: Final = {code: row.guard == chart.Guard.DEBIT for code, row in chart.CHART.items()}


class Walk:
    """One life of one ledger. asked, refused: how many operations, and how many had a no."""

    def __init__(self, session: Session, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 - a walk, no secret
        self.session = session
        self.work = work_of(session, "system", at=NEXT_YEAR)
        self.there: Counter[AccountRef] = Counter()  # credits less debits
        self.posted: dict[Key, tuple[int, list[Plain]]] = {}
        self.keys: deque[Key] = deque()
        self.reversed: set[int] = set()
        self.closed = self.compared = 0
        self.asked = self.refused = self.repeated = self.number = 0
        self.acts: Sequence[Callable[[], None]] = (
            *[self.receive] * 4, *[self.match] * 4, *[self.accept] * 4, *[self.settle] * 4,
            *[self.pay_out] * 2, self.pay_back, self.repeat, self.lie, self.reverse,
            self.break_a_rule, self.post_some,
        )  # fmt: skip

    def walk(self, steps: int, *, looks: int = 1, commit_every: int = 1000) -> None:
        """Ask `steps` things; close a month now and then; compare all `looks` times."""
        for step in range(1, steps + 1):
            self.chance.choice(self.acts)()
            if step % commit_every == 0:
                blocks.seal(self.work)
                self.session.commit()
            if step % max(steps // 8, 1) == 0:
                self.close()
            if step % (steps // looks) == 0:
                self.session.commit()
                self.compare()

    def compare(self) -> None:
        """Look at everything: the model, the sums, and the ledger's own examination."""
        assert self.booked() == {ref: credit for ref, credit in self.there.items() if credit}
        for ref in (escrow("n0"), accepted("n0"), merchant("p0"), OPERATOR, CUSTODY, COMMISSION):
            sign = -1 if chart.account(ref.code).kind.grows_by_debit else 1
            assert ledger.balance(self.session, ref).minor == sign * self.there[ref], ref
        assert ledger.trial_balance(self.session).difference == 0
        assert fsck.check(self.session, self.work.crypto) == ()
        self.compared += 1

    def booked(self) -> dict[AccountRef, int]:
        """Return credits less debits of every account that is not even, from the postings alone."""
        sides = union_all(
            select(postings.c.credit_id.label("id"), postings.c.amount.label("fen")),
            select(postings.c.debit_id, -postings.c.amount),
        ).subquery()
        fen = func.sum(sides.c.fen)
        statement = (
            select(accounts.c.code, accounts.c.owner, accounts.c.currency, fen)
            .join(sides, sides.c.id == accounts.c.id)
            .group_by(accounts.c.id, accounts.c.code, accounts.c.owner, accounts.c.currency)
            .having(fen != 0)
        )
        rows = self.session.execute(statement)
        return {AccountRef(code, owner, currency): int(fen) for code, owner, currency, fen in rows}

    # --- what is mostly allowed ---

    def receive(self) -> None:
        fen = self.chance.randrange(1, 100_000)
        self.tell("bank.received", self.new(), [(CUSTODY, suspense(self.order()), fen)])

    def match(self) -> None:
        order = self.order()
        parts = [self.some(suspense(order)) for _ in range(self.chance.randrange(1, 3))]
        self.tell("bank.matched", self.new(), [(suspense(order), escrow(order), p) for p in parts])

    def accept(self) -> None:
        order = self.order()
        fen = self.some(escrow(order))
        counter, turnover = AccountRef("9001.counter", "b"), AccountRef("9002.turnover", order)
        rows = [(escrow(order), accepted(order), fen), (counter, turnover, fen)]
        self.tell("line.accepted", self.new(), rows)

    def settle(self) -> None:
        order, fen = self.order(), 0
        fen = self.some(accepted(order))
        fee, rest = fen // 50, fen - fen // 50
        shares = ((merchant(self.party()), rest // 2), (OPERATOR, rest // 4),
                  (TREASURY, rest - rest // 2 - rest // 4), (COMMISSION, fee - fee // 10),
                  (VAT, fee // 10))  # fmt: skip
        rows = [(accepted(order), share, part) for share, part in shares if part]
        self.tell("line.settled", self.new(), rows)

    def pay_out(self) -> None:
        party, key = self.party(), self.new()
        fen, transit = self.some(merchant(party)), AccountRef("2241.payout_transit", key)
        self.tell("payout.initiated", key, [(merchant(party), transit, fen)])
        self.tell("payout.paid", key, [(transit, CUSTODY, fen)])

    def pay_back(self) -> None:
        order, key = self.order(), self.new()
        fen, transit = self.some(escrow(order)), AccountRef("2241.refund_transit", key)
        self.tell("refund.requested", key, [(escrow(order), transit, fen)])
        self.tell("refund.succeeded", key, [(transit, CUSTODY, fen)])

    def post_some(self) -> None:
        """Several entries by one call, each using what the one before brought."""
        order, fen = self.order(), self.chance.randrange(1, 9_000)
        rows = [
            ("bank.received", [(CUSTODY, suspense(order), fen)]),
            ("bank.matched", [(suspense(order), escrow(order), self.some(suspense(order)) + fen)]),
        ]
        asked = [(event, self.new(), plain) for event, plain in rows]
        before = Counter(self.there)
        foreseen = self.foresee(rows[0][1])
        self.take(rows[0][1])
        if foreseen == "posted":
            foreseen = self.foresee(rows[1][1])
        self.there = before
        to_post = [ToPost(event, key, _rows(plain), self.day()) for event, key, plain in asked]
        happened = self.attempt(lambda: ledger.post_many(self.work, to_post)[-1])
        assert happened == foreseen, asked
        if happened == "posted":
            for (event, key, plain), entry_id in zip(
                asked, (self.last.entry_id - 1, self.last.entry_id), strict=True
            ):
                self.remember((event, key), entry_id, plain)

    # --- what is mostly not ---

    def repeat(self) -> None:
        event, key = self.old()
        if event != "reversal":
            self.tell(event, key, self.posted[event, key][1])

    def lie(self) -> None:
        event, key = self.old()
        if event != "reversal":
            (debit, credit, fen), *rest = self.posted[event, key][1]
            self.tell(event, key, [(debit, credit, fen + 1), *rest])

    def reverse(self) -> None:
        event, key = self.old()
        entry_id, plain = self.posted[event, key]
        mirror = [(credit, debit, fen) for debit, credit, fen in reversed(plain)]
        if event == "reversal":
            foreseen: Answer = ledger.NotReversible
        else:
            foreseen = "already" if entry_id in self.reversed else self.foresee(mirror)
        day = self.day()
        happened = self.attempt(lambda: ledger.reverse(self.work, entry_id, effective_on=day))
        assert happened == foreseen, (event, key)
        if happened == "posted":
            self.reversed.add(entry_id)
            self.remember(("reversal", str(entry_id)), self.last.entry_id, mirror)

    def break_a_rule(self) -> None:
        order, fen = self.order(), self.chance.randrange(1, 100)
        rows = self.chance.choice(
            (
                [Row(CUSTODY, merchant(order), Money(fen))],
                [Row(CUSTODY, suspense(order), Money(-fen))],
                [Row(CUSTODY, suspense(order), Money(fen, "USD"))],
                [Row(CUSTODY, AccountRef("2241.suspense"), Money(fen))],
                [Row(CUSTODY, AccountRef("9002.turnover", order), Money(fen))],
                [Row(CUSTODY, suspense(order), Money(0))],
            )
        )
        nothing = not rows[0].amount.minor
        foreseen = ledger.NothingToPost if nothing else ValueError
        day, key = self.day(), self.new()
        happened = self.attempt(
            lambda: ledger.post(self.work, "bank.received", key, rows, effective_on=day)
        )
        assert happened == foreseen, rows

    def close(self) -> None:
        """Close the next month; or fail to, out of order, or twice."""
        month = self.chance.choice((self.closed, self.closed, self.closed + 2, 0))
        if month == self.closed:
            day = date(2026, month + 1, 15)
            rows = _rows([(CUSTODY, suspense("closing"), 1)])
            ledger.post(self.work, "bank.received", self.new(), rows, effective_on=day)
            self.take([(CUSTODY, suspense("closing"), 1)])
            ledger.close_period(self.work, MONTHS[month])
            self.closed += 1
            return
        self.asked += 1
        try:
            ledger.close_period(self.work, MONTHS[month])
        except (ledger.PeriodNotClosable, NotFound):
            self.refused += 1
        else:
            raise AssertionError(f"{MONTHS[month]} was closed out of order")

    # --- how it is told ---

    def tell(self, event: str, key: str, plain: list[Plain]) -> None:
        plain = [row for row in plain if row[2]]
        known = self.posted.get((event, key))
        if not plain:
            foreseen: Answer = ledger.NothingToPost
        elif known is not None:
            same = sorted(known[1]) == sorted(plain)
            foreseen = "already" if same else ledger.AlreadyPostedDifferently
        else:
            foreseen = self.foresee(plain)
        day = self.day()
        happened = self.attempt(
            lambda: ledger.post(self.work, event, key, _rows(plain), effective_on=day)
        )
        assert happened == foreseen, (event, key, plain)
        if happened == "posted":
            self.remember((event, key), self.last.entry_id, plain)

    def attempt(self, act: Callable[[], ledger.Posted]) -> Answer:
        self.asked += 1
        try:
            self.last = act()
        except (ledger.Overdrawn, ledger.NothingToPost, ledger.NotReversible,
                ledger.AlreadyPostedDifferently, ValueError) as error:  # fmt: skip
            self.refused += 1
            return type(error)
        self.repeated += self.last.already
        return "already" if self.last.already else "posted"

    def foresee(self, plain: list[Plain]) -> Answer:
        moved: dict[AccountRef, int] = {}
        for debit, credit, fen in plain:
            for ref, change in ((debit, -fen), (credit, fen)):
                left = moved[ref] = moved.get(ref, self.there[ref]) + change
                if (CREDIT[ref.code] and left < 0) or (DEBIT[ref.code] and left > 0):
                    return ledger.Overdrawn
        return "posted"

    def take(self, plain: list[Plain]) -> None:
        for debit, credit, fen in plain:
            self.there[debit] -= fen
            self.there[credit] += fen

    def remember(self, key: Key, entry_id: int, plain: list[Plain]) -> None:
        self.posted[key] = (entry_id, plain)
        self.keys.append(key)
        if len(self.keys) > REMEMBERED:
            del self.posted[self.keys.popleft()]
        self.take(plain)

    # --- what is drawn ---

    def new(self) -> str:
        self.number += 1
        return f"k{self.number}"

    def old(self) -> Key:
        if not self.keys:
            self.receive()
        return self.chance.choice(self.keys)

    def order(self) -> str:
        return f"n{self.chance.randrange(ORDERS)}"

    def party(self) -> str:
        return f"p{self.chance.randrange(PARTIES)}"

    def day(self) -> date:
        return date(2026, self.chance.randrange(1, 13), self.chance.randrange(1, 29))

    def some(self, ref: AccountRef) -> int:
        """Return mostly what is there or less, now and then more."""
        there = max(self.there[ref], 0)
        return self.chance.randrange(there + 1) + (1 if self.chance.random() < 0.1 else 0)


def _rows(plain: list[Plain]) -> list[Row]:
    return [Row(debit, credit, Money(fen)) for debit, credit, fen in plain]
