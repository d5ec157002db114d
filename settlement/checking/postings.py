"""Postings and accounts: no amount is lost between them, and no pair is off the rules."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import and_, func, literal, or_, select, union_all

from kernel.words import Words
from settlement import chart, rules
from settlement.books import accounts, balances, entries, postings
from settlement.checking.check import Books, Check, Finding, query, rows_of
from settlement.rules import stored
from settlement.statements import trial_balance

_debited, _credited = accounts.alias("debited"), accounts.alias("credited")
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


def _off_chart(books: Books) -> Iterator[Finding]:
    shape = (accounts.c.code, accounts.c.book, accounts.c.kind, accounts.c.guard)
    owned = (accounts.c.owner != "").label("owned")
    shapes = select(*shape, owned).distinct().order_by(*shape)
    for code, *rest in books.connection.execute(shapes):
        row = chart.CHART.get(code)
        if row is None or rest != [row.kind.book, row.kind, row.guard, bool(row.owner)]:
            yield Finding("ACCOUNT_OFF_CHART", code)


def _off_rules(books: Books) -> Iterator[Finding]:
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
    for event, debit, credit in books.connection.execute(used):
        if not rules.allows(event, debit, credit):
            yield Finding("POSTING_OFF_RULES", f"{event}: {debit} / {credit}")


def _rules_differ(books: Books) -> Iterator[Finding]:
    for event, debit, credit in sorted(stored.there(books.connection) ^ stored.expected()):
        yield Finding("RULES_DIFFER", f"{event}: {debit} / {credit}")


def _trial(books: Books) -> Iterator[Finding]:
    for book, currency in trial_balance(books.session, kept=False).differences:
        yield Finding("TRIAL_DIFFERS", f"{book} {currency}")


RULES: Final = (
    Check(
        {"ACCOUNT_OFF_CHART": Words("账户与会计科目表不符", "an account is not as in the chart")},
        _off_chart,
        rows_of(accounts),
    ),
    Check(
        {"POSTING_OFF_RULES": Words("记账规则不允许此借贷", "no posting rule allows this pair")},
        _off_rules,
        rows_of(postings),
    ),
    Check(
        {
            "RULES_DIFFER": Words(
                "数据库中的记账规则与本版本不符",
                "the database allows other pairs than this release",
            )
        },
        _rules_differ,
        rows_of(stored.stored),
    ),
)
"""What is in use against what may be."""

CHECKS: Final = (
    query(
        "POSTING_WITHOUT_ENTRY",
        Words("记账行没有对应分录", "a posting has no entry"),
        "entry {0} line {1}",
        select(postings.c.entry_id, postings.c.line_no)
        .outerjoin(entries, entries.c.id == postings.c.entry_id)
        .where(entries.c.id.is_(None))
        .order_by(postings.c.entry_id, postings.c.line_no),
        postings,
    ),
    query(
        "POSTING_WITHOUT_ACCOUNT",
        Words("记账行的账户不存在", "a posting has no account"),
        "entry {0} line {1}",
        _both_sides.where(or_(_debited.c.id.is_(None), _credited.c.id.is_(None))),
        postings,
    ),
    query(
        "POSTING_MIXED",
        Words(
            "记账行金额无效，或混用币种、账簿或账户",
            "a posting has no amount, or mixes currencies, books or one account with itself",
        ),
        "entry {0} line {1}",
        _both_sides.where(
            or_(postings.c.amount <= 0, postings.c.debit_id == postings.c.credit_id, _UNEQUAL)
        ),
        postings,
    ),
    query(
        "BALANCE_DIFFERS",
        Words("受控账户余额与记账行合计不符", "a guarded balance is not the sum of its postings"),
        "{0} {1} {2}",
        _guarded.where(
            or_(
                balances.c.account_id.is_(None),
                balances.c.guard != accounts.c.guard,
                balances.c.debits != _debits,
                balances.c.credits != _credits,
            )
        ),
        balances,
    ),
    query(
        "BALANCE_OVERDRAWN",
        Words("受控账户透支", "a guarded account is overdrawn"),
        "{0} {1} {2}",
        _guarded.where(
            or_(
                and_(accounts.c.guard == "credit", _debits > _credits),
                and_(accounts.c.guard == "debit", _credits > _debits),
            )
        ),
        balances,
    ),
    Check(
        {"TRIAL_DIFFERS": Words("试算不平衡", "the trial balance does not balance")},
        _trial,
        rows_of(accounts),
    ),
)
"""Every posting, every account, every sum."""
