"""The ledger's examination (总账自检): every promise recomputed from the rows.

It trusts no trigger, no kept balance and no status, and never repairs. Ask it on one
snapshot (`Engines.reading()`), or what others commit meanwhile looks like a fault.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, Select, and_, func, literal, or_, select, text, union_all
from sqlalchemy.orm import Session

from kernel.words import Words
from settlement import chart, guards, periods, rules
from settlement.books import accounts, balances, entries, postings, seals
from settlement.books import periods as months
from settlement.entries import digest, load, month
from settlement.statements import trial_balance

FINDINGS_MAX: Final = 100
"""The most findings reported of one check."""

_BATCH: Final = 500
"""Entries held in memory at a time."""

SAYS: Final = {
    "GUARD_MISSING": Words("触发器缺失或被停用", "a trigger is missing or switched off"),
    "ENTRY_UNSEALED": Words("分录没有封签", "an entry has no seal"),
    "ENTRY_EDITED": Words("分录内容与封签不符", "an entry is not what was sealed"),
    "ENTRY_UNREADABLE": Words("分录无法读取", "an entry cannot be read"),
    "ENTRY_TWICE": Words("同一事项记账两次", "an event was posted twice"),
    "ENTRY_BEFORE_ITS_DAY": Words("分录记入了更早的期间", "an entry is booked before its day"),
    "SEAL_WITHOUT_ENTRY": Words("封签没有对应分录", "a seal has no entry"),
    "LINES_MISSING": Words("分录行数不符", "an entry has not the lines that it should have"),
    "POSTING_WITHOUT_ENTRY": Words("记账行没有对应分录", "a posting has no entry"),
    "POSTING_WITHOUT_ACCOUNT": Words("记账行的账户不存在", "a posting has no account"),
    "POSTING_MIXED": Words(
        "记账行金额无效，或混用币种、账簿或账户",
        "a posting has no amount, or mixes currencies, books or one account with itself",
    ),
    "POSTING_OFF_RULES": Words("记账规则不允许此借贷", "no posting rule allows this pair"),
    "ACCOUNT_OFF_CHART": Words("账户与会计科目表不符", "an account is not as in the chart"),
    "BALANCE_DIFFERS": Words(
        "受控账户余额与记账行合计不符", "a guarded balance is not the sum of its postings"
    ),
    "BALANCE_OVERDRAWN": Words("受控账户透支", "a guarded account is overdrawn"),
    "TRIAL_DIFFERS": Words("试算不平衡", "the trial balance does not balance"),
    "REVERSAL_NOT_MIRROR": Words("冲销与原分录不相反", "a reversal is not the mirror"),
    "REVERSAL_TWICE": Words("分录被冲销多次", "an entry was reversed more than once"),
    "REVERSAL_OF_REVERSAL": Words("冲销分录又被冲销", "a reversal was reversed"),
    "PERIOD_MISSING": Words("分录的会计期间不存在", "an entry has no period"),
    "PERIOD_OUT_OF_ORDER": Words("期间未按顺序关账", "a period was closed before an earlier one"),
    "PERIOD_CHANGED": Words("已关账期间的分录有变动", "the entries of a closed period changed"),
}
"""Code of a finding → what it means."""


class Finding(NamedTuple):
    """One promise that does not hold, and where."""

    code: str
    at: str

    @property
    def words(self) -> Words:
        """What does not hold, in words."""
        return SAYS[self.code]


def check(session: Session) -> tuple[Finding, ...]:
    """Return what is wrong with the ledger; empty when nothing is.

    Reads every row; entries in batches of 500. At most FINDINGS_MAX findings a check.
    """
    connection = session.connection()
    found = [finding for one in _CHECKS for finding in islice(one(connection), FINDINGS_MAX)]
    differing = trial_balance(session).differences
    found += [Finding("TRIAL_DIFFERS", f"{book} {currency}") for book, currency in differing]
    return tuple(found)


_Check: TypeAlias = Callable[[Connection], Iterator[Finding]]


def _query(code: str, at: str, statement: Select[Any]) -> _Check:
    """Make the check that every row of `statement` is a finding, at `at`."""

    def ask(connection: Connection) -> Iterator[Finding]:
        for row in connection.execute(statement.limit(FINDINGS_MAX)):
            yield Finding(code, at.format(*row))

    return ask


def _guards(connection: Connection) -> Iterator[Finding]:
    name = connection.dialect.name
    there = set(connection.scalars(text(_TRIGGERS[name])))
    for trigger in sorted(guards.triggers(name) - there):
        yield Finding("GUARD_MISSING", trigger)


_TRIGGERS: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE t.tgenabled <> 'D' AND pg_table_is_visible(c.oid)",
}


def _contents(connection: Connection) -> Iterator[Finding]:
    after = 0
    while True:
        batch = select(entries.c.id).where(entries.c.id > after).order_by(entries.c.id)
        ids = list(connection.scalars(batch.limit(_BATCH)))
        if not ids:
            return
        yield from _content(connection, ids)
        after = ids[-1]


def _content(connection: Connection, ids: list[int]) -> Iterator[Finding]:
    try:
        found = load(connection, entries.c.id.in_(ids), limit=len(ids))
    except ValueError:  # a date that is none: halve the batch until it is alone
        half = len(ids) // 2
        if not half:
            yield Finding("ENTRY_UNREADABLE", f"entry {ids[0]}")
            return
        yield from _content(connection, ids[:half])
        yield from _content(connection, ids[half:])
        return
    hashes = select(seals.c.entry_id, seals.c.content_hash).where(seals.c.entry_id.in_(ids))
    sealed = {row.entry_id: row.content_hash for row in connection.execute(hashes)}
    for entry in found:
        if entry.id in sealed and sealed[entry.id] != digest(entry):
            yield Finding("ENTRY_EDITED", f"entry {entry.id}")
        if entry.period_id < month(entry.effective_on):
            yield Finding("ENTRY_BEFORE_ITS_DAY", f"entry {entry.id}")


def _off_chart(connection: Connection) -> Iterator[Finding]:
    shape = (accounts.c.code, accounts.c.book, accounts.c.kind, accounts.c.guard)
    owned = (accounts.c.owner != "").label("owned")
    for code, *rest in connection.execute(select(*shape, owned).distinct().order_by(*shape)):
        row = chart.CHART.get(code)
        if row is None or rest != [row.kind.book, row.kind, row.guard, bool(row.owner)]:
            yield Finding("ACCOUNT_OFF_CHART", code)


def _off_rules(connection: Connection) -> Iterator[Finding]:
    triple = (entries.c.event, _debited.c.code, _credited.c.code)
    used = (
        select(*triple)
        .select_from(postings)
        .join(entries, entries.c.id == postings.c.entry_id)
        .join(_debited, _debited.c.id == postings.c.debit_id)
        .join(_credited, _credited.c.id == postings.c.credit_id)
        .distinct()
        .order_by(*triple)
    )
    for event, debit, credit in connection.execute(used):
        if not rules.allows(event, debit, credit):
            yield Finding("POSTING_OFF_RULES", f"{event}: {debit} / {credit}")


def _closed(connection: Connection) -> Iterator[Finding]:
    closed = select(months).where(months.c.status == "closed").order_by(months.c.id)
    for row in connection.execute(closed).all():
        if periods.root(connection, row.id) != (row.entries, row.root_hash):
            yield Finding("PERIOD_CHANGED", f"period {row.id}")


_debited, _credited = accounts.alias("debited"), accounts.alias("credited")
_original, _earlier = entries.alias("original"), months.alias("earlier")

_lines = (
    select(
        postings.c.entry_id,
        func.count().label("n"),
        func.max(postings.c.line_no).label("last"),
    )
    .group_by(postings.c.entry_id)
    .subquery("lines")
)
_moved = union_all(
    select(
        postings.c.debit_id.label("account_id"),
        postings.c.amount.label("debits"),
        literal(0).label("credits"),
    ),
    select(postings.c.credit_id, literal(0), postings.c.amount),
).subquery("moved")
_sums = (
    select(
        _moved.c.account_id,
        func.sum(_moved.c.debits).label("debits"),
        func.sum(_moved.c.credits).label("credits"),
    )
    .group_by(_moved.c.account_id)
    .subquery("sums")
)
_debits = func.coalesce(_sums.c.debits, 0)
_credits = func.coalesce(_sums.c.credits, 0)
_guarded = (
    select(accounts.c.code, accounts.c.owner, accounts.c.currency)
    .outerjoin(balances, balances.c.account_id == accounts.c.id)
    .outerjoin(_sums, _sums.c.account_id == accounts.c.id)
    .where(accounts.c.guard != "none")
    .order_by(accounts.c.id)
)
_both_sides = (
    select(postings.c.entry_id, postings.c.line_no)
    .outerjoin(_debited, _debited.c.id == postings.c.debit_id)
    .outerjoin(_credited, _credited.c.id == postings.c.credit_id)
    .order_by(postings.c.entry_id, postings.c.line_no)
)
_UNEQUAL: Final = or_(
    *(
        postings.c[name] != side.c[name]
        for name in ("currency", "book")
        for side in (_debited, _credited)
    )
)

_CHECKS: Final[tuple[_Check, ...]] = (
    _guards,
    _contents,
    _off_chart,
    _off_rules,
    _closed,
    _query(
        "ENTRY_UNSEALED",
        "entry {0}",
        select(entries.c.id)
        .outerjoin(seals, seals.c.entry_id == entries.c.id)
        .where(seals.c.entry_id.is_(None))
        .order_by(entries.c.id),
    ),
    _query(
        "ENTRY_TWICE",
        "{0} {1} {2}",
        select(entries.c.event, entries.c.source_id, entries.c.seq)
        .group_by(entries.c.event, entries.c.source_id, entries.c.seq)
        .having(func.count() > 1)
        .order_by(entries.c.event, entries.c.source_id, entries.c.seq),
    ),
    _query(
        "SEAL_WITHOUT_ENTRY",
        "entry {0}",
        select(seals.c.entry_id)
        .outerjoin(entries, entries.c.id == seals.c.entry_id)
        .where(entries.c.id.is_(None))
        .order_by(seals.c.entry_id),
    ),
    _query(
        "LINES_MISSING",
        "entry {0}",
        select(entries.c.id)
        .outerjoin(_lines, _lines.c.entry_id == entries.c.id)
        .outerjoin(seals, seals.c.entry_id == entries.c.id)
        .where(
            or_(
                _lines.c.n.is_(None),
                _lines.c.n != entries.c.n,
                _lines.c.last != entries.c.n,
                seals.c.n != entries.c.n,
            )
        )
        .order_by(entries.c.id),
    ),
    _query(
        "POSTING_WITHOUT_ENTRY",
        "entry {0} line {1}",
        select(postings.c.entry_id, postings.c.line_no)
        .outerjoin(entries, entries.c.id == postings.c.entry_id)
        .where(entries.c.id.is_(None))
        .order_by(postings.c.entry_id, postings.c.line_no),
    ),
    _query(
        "POSTING_WITHOUT_ACCOUNT",
        "entry {0} line {1}",
        _both_sides.where(or_(_debited.c.id.is_(None), _credited.c.id.is_(None))),
    ),
    _query(
        "POSTING_MIXED",
        "entry {0} line {1}",
        _both_sides.where(
            or_(postings.c.amount <= 0, postings.c.debit_id == postings.c.credit_id, _UNEQUAL)
        ),
    ),
    _query(
        "BALANCE_DIFFERS",
        "{0} {1} {2}",
        _guarded.where(
            or_(
                balances.c.account_id.is_(None),
                balances.c.guard != accounts.c.guard,
                balances.c.debits != _debits,
                balances.c.credits != _credits,
            )
        ),
    ),
    _query(
        "BALANCE_OVERDRAWN",
        "{0} {1} {2}",
        _guarded.where(
            or_(
                and_(accounts.c.guard == "credit", _debits > _credits),
                and_(accounts.c.guard == "debit", _credits > _debits),
            )
        ),
    ),
    _query(
        "REVERSAL_NOT_MIRROR",
        "entry {0}",
        select(entries.c.id)
        .where(
            entries.c.reverses.is_not(None),
            text(guards.not_the_mirror("ledger_entries.id", "ledger_entries.reverses")),
        )
        .order_by(entries.c.id),
    ),
    _query(
        "REVERSAL_TWICE",
        "entry {0}",
        select(entries.c.reverses)
        .where(entries.c.reverses.is_not(None))
        .group_by(entries.c.reverses)
        .having(func.count() > 1)
        .order_by(entries.c.reverses),
    ),
    _query(
        "REVERSAL_OF_REVERSAL",
        "entry {0}",
        select(entries.c.id)
        .join(_original, _original.c.id == entries.c.reverses)
        .where(_original.c.reverses.is_not(None))
        .order_by(entries.c.id),
    ),
    _query(
        "PERIOD_MISSING",
        "entry {0}",
        select(entries.c.id)
        .outerjoin(months, months.c.id == entries.c.period_id)
        .where(months.c.id.is_(None))
        .order_by(entries.c.id),
    ),
    _query(
        "PERIOD_OUT_OF_ORDER",
        "period {0}",
        select(months.c.id)
        .join(_earlier, and_(_earlier.c.id < months.c.id, _earlier.c.status == "open"))
        .where(months.c.status == "closed")
        .distinct()
        .order_by(months.c.id),
    ),
)
