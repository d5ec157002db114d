"""The six tables of the ledger, and the triggers by which the databases defend them.

One posting is one debit and one credit of one amount in one currency and one book: an
unbalanced row cannot be written. An entry is written in this order: its row, which claims
the natural key; its postings; its seal, which checks that all are there. A deferred foreign
key lets no entry commit without its seal, and a trigger lets no sealed entry grow.

Everything here holds for whoever writes, in whatever language, with whatever mistake.
"""

from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from kernel.db import Base, Big, UTCDateTime, attach
from kernel.engines import FIXED
from settlement.guards import DDL_POSTGRESQL, DDL_SQLITE, VIEWS
from settlement.procedure import POST
from settlement.rules.stored import currencies, stored

LINES_MAX: Final = 1000
"""The most postings in one entry."""


class IsoDay(TypeDecorator[date]):
    """A day as ISO text: a STRICT table of SQLite has no type for it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, _dialect: Dialect) -> str | None:
        """Write the day as YYYY-MM-DD."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> date | None:
        """Read the day back."""
        return None if value is None else date.fromisoformat(value)


class IsoInstant(TypeDecorator[datetime]):
    """An instant as ISO text in UTC, to the microsecond: sorts as it should."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> str | None:
        """Write the instant in UTC."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, _dialect: Dialect) -> datetime | None:
        """Read the instant back."""
        return None if value is None else datetime.fromisoformat(value)


Day = Date().with_variant(IsoDay(), "sqlite")
Moment = UTCDateTime().with_variant(IsoInstant(), "sqlite")

_STRICT: Final[dict[str, Any]] = {"sqlite_strict": True, "info": {FIXED: True}}


def _needed(name: str, kind: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **options)


accounts = Table(
    "ledger_accounts",
    Base.metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    _needed("code", Text),
    _needed("owner", Text),
    _needed("currency", Text),
    _needed("book", Text),
    _needed("kind", Text),
    _needed("guard", Text),
    UniqueConstraint("code", "owner", "currency"),
    UniqueConstraint("id", "currency", "book"),
    UniqueConstraint("id", "guard"),
    ForeignKeyConstraint(["currency"], [currencies.c.code]),
    CheckConstraint("length(currency) = 3 AND currency = upper(currency)", name="currency_is_iso"),
    CheckConstraint("book IN ('money', 'memo')", name="book_is_known"),
    CheckConstraint("guard IN ('none', 'credit', 'debit')", name="guard_is_known"),
    CheckConstraint(
        "(book = 'money' AND kind IN ('asset', 'liability', 'equity', 'income', 'expense'))"
        " OR (book = 'memo' AND kind IN ('memo_debit', 'memo_credit'))",
        name="kind_belongs_to_book",
    ),
    **_STRICT,
)
"""An account of the chart, opened for one owner and one currency, for ever."""

balances = Table(
    "ledger_balances",
    Base.metadata,
    Column("account_id", Big, primary_key=True, autoincrement=False),
    _needed("guard", Text),
    _needed("debits", Big),
    _needed("credits", Big),
    ForeignKeyConstraint(["account_id", "guard"], [accounts.c.id, accounts.c.guard]),
    CheckConstraint("debits >= 0 AND credits >= 0", name="sums_not_negative"),
    CheckConstraint(
        "(guard = 'credit' AND credits >= debits) OR (guard = 'debit' AND debits >= credits)",
        name="never_overdrawn",
    ),
    **_STRICT,
)
"""The running sums of one guarded account; opened and moved by triggers alone."""

periods = Table(
    "ledger_periods",
    Base.metadata,
    Column("id", Text, primary_key=True),
    _needed("status", Text),
    Column("closed_at", Moment),
    Column("closed_by", Text),
    Column("entries", Big),
    Column("root_hash", Text),
    CheckConstraint("length(id) = 7", name="id_is_year_and_month"),
    CheckConstraint(
        "(status = 'open' AND closed_at IS NULL AND closed_by IS NULL"
        " AND entries IS NULL AND root_hash IS NULL)"
        " OR (status = 'closed' AND closed_at IS NOT NULL AND closed_by IS NOT NULL"
        " AND entries IS NOT NULL AND root_hash IS NOT NULL)",
        name="closed_says_by_whom_and_what",
    ),
    sqlite_strict=True,
    info={FIXED: "status"},
)
"""An accounting month (会计期间) such as 2026-07; closes once, in order, and stays closed."""

entries = Table(
    "ledger_entries",
    Base.metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    _needed("event", Text),
    _needed("source_id", Text),
    _needed("seq", Integer),
    _needed("period_id", Text),
    _needed("n", Integer),
    Column("reverses", Big),
    Column("order_id", Text),
    _needed("person", Text),
    _needed("organisation", Text),
    _needed("effective_on", Day),
    _needed("recorded_at", Moment),
    UniqueConstraint("event", "source_id", "seq"),
    UniqueConstraint("id", "n"),
    UniqueConstraint("reverses"),
    ForeignKeyConstraint(["period_id"], [periods.c.id]),
    ForeignKeyConstraint(["reverses"], ["ledger_entries.id"]),
    ForeignKeyConstraint(
        ["id"],
        ["ledger_seals.entry_id"],
        deferrable=True,
        initially="DEFERRED",
        use_alter=True,
        name="fk_ledger_entries_id_ledger_seals",
    ),
    CheckConstraint(f"n BETWEEN 1 AND {LINES_MAX}", name="lines_are_some"),
    CheckConstraint("seq >= 0", name="seq_not_negative"),
    CheckConstraint("event <> '' AND source_id <> ''", name="key_says_something"),
    CheckConstraint("reverses <> id", name="reverses_another"),
    CheckConstraint("(event = 'reversal') = (reverses IS NOT NULL)", name="reversal_says_so"),
    Index("ix_ledger_entries_order_id", "order_id", "id"),
    Index("ix_ledger_entries_period_id", "period_id", "id"),
    Index("ix_ledger_entries_effective_on", "effective_on", "id"),
    **_STRICT,
)
"""The head of an entry (分录): what happened, when, by whom; its key is claimed first."""

seals = Table(
    "ledger_seals",
    Base.metadata,
    Column("entry_id", Big, primary_key=True, autoincrement=False),
    _needed("n", Integer),
    _needed("content_hash", Text),
    ForeignKeyConstraint(["entry_id", "n"], [entries.c.id, entries.c.n]),
    CheckConstraint("length(content_hash) = 64", name="hash_is_whole"),
    **_STRICT,
)
"""The last row of an entry: it is complete, and this is the hash of its content."""

postings = Table(
    "ledger_postings",
    Base.metadata,
    Column("entry_id", Big, primary_key=True, autoincrement=False),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    _needed("n", Integer),
    _needed("debit_id", Big),
    _needed("credit_id", Big),
    _needed("currency", Text),
    _needed("book", Text),
    _needed("amount", Big),
    ForeignKeyConstraint(["entry_id", "n"], [entries.c.id, entries.c.n]),
    ForeignKeyConstraint(
        ["debit_id", "currency", "book"],
        [accounts.c.id, accounts.c.currency, accounts.c.book],
        name="fk_ledger_postings_debit_id_ledger_accounts",
    ),
    ForeignKeyConstraint(
        ["credit_id", "currency", "book"],
        [accounts.c.id, accounts.c.currency, accounts.c.book],
        name="fk_ledger_postings_credit_id_ledger_accounts",
    ),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("line_no BETWEEN 1 AND n", name="line_within_entry"),
    CheckConstraint("debit_id <> credit_id", name="two_accounts"),
    Index("ix_ledger_postings_debit_id", "debit_id", "entry_id", "line_no"),
    Index("ix_ledger_postings_credit_id", "credit_id", "entry_id", "line_no"),
    sqlite_with_rowid=False,
    **_STRICT,
)
"""One line of an entry: one debit and one credit of the same amount."""

TABLES: Final = (accounts, balances, periods, entries, seals, postings)
"""Every table of the ledger, in the order in which they can be created."""

# The postings come last, so that every table a trigger stands on is there.
postings.add_is_dependent_on(balances)
postings.add_is_dependent_on(seals)
postings.add_is_dependent_on(stored)
attach(postings, "sqlite", *DDL_SQLITE)
attach(postings, "postgresql", *DDL_POSTGRESQL, POST)
for _dialect in ("sqlite", "postgresql"):
    attach(postings, _dialect, *VIEWS)
# Room on each page for the next versions of its rows: an update then touches no index.
attach(balances, "postgresql", "ALTER TABLE ledger_balances SET (fillfactor = 60)")
