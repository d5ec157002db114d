"""What the accounts said at the close of a month, so that nobody adds up the past again.

A balance is what was kept at the last close and what came after it. Accounts without a
guard are kept one by one; guarded ones have a running balance, and are kept as the sum of
all owners, which the trial balance needs. Nothing of this is a second truth: the
ledger's examination adds up every kept figure anew.
"""

from typing import Final, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    FromClause,
    Integer,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    case,
    func,
    insert,
    literal,
    select,
    union_all,
)

from kernel.db import Base, Big, append_only, attach
from kernel.engines import FIXED
from settlement.books import accounts, entries, periods, postings

snapshots = Table(
    "ledger_snapshots",
    Base.metadata,
    Column("period_id", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("book", Text, nullable=False),
    Column("debits", Big, nullable=False),
    Column("credits", Big, nullable=False),
    ForeignKeyConstraint(["period_id"], [periods.c.id]),
    CheckConstraint("debits >= 0 AND credits >= 0", name="sums_not_negative"),
    sqlite_strict=True,
    info={FIXED: True},
    sqlite_with_rowid=False,
)
"""The sums of all that is booked up to and in a closed month. owner: empty for guarded codes."""

closings = Table(
    "ledger_closings",
    Base.metadata,
    Column("period_id", Text, primary_key=True),
    Column("tail_from", Big, nullable=False),
    Column("kept", Integer, nullable=False),
    ForeignKeyConstraint(["period_id"], [periods.c.id]),
    sqlite_strict=True,
    info={FIXED: True},
)
"""A month whose figures are kept. tail_from: hardly any later entry has a lower id."""

append_only(snapshots)
append_only(closings)

_WHEN: Final = (
    "NOT EXISTS (SELECT 1 FROM ledger_periods WHERE id = NEW.period_id AND status = 'closed')"
    " OR EXISTS (SELECT 1 FROM ledger_closings WHERE period_id >= NEW.period_id)"
)
_REASON: Final = "figures are kept once, of a closed period"
_NAMES: Final = ("ledger_snapshots", "ledger_closings")
# Both tables are there when the second has been made.
closings.add_is_dependent_on(snapshots)
for _name in _NAMES:
    attach(
        closings,
        "sqlite",
        f"CREATE TRIGGER {_name}_of_closed BEFORE INSERT ON {_name} WHEN {_WHEN}"
        f" BEGIN SELECT RAISE(ABORT, '{_REASON}'); END",
    )
attach(
    closings,
    "postgresql",
    f"""
CREATE OR REPLACE FUNCTION ledger_keep() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF {_WHEN} THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = '{_REASON}';
  END IF;
  RETURN NEW;
END $$
""",
    *(
        f"CREATE TRIGGER {name}_of_closed BEFORE INSERT ON {name}"
        " FOR EACH ROW EXECUTE FUNCTION ledger_keep()"
        for name in _NAMES
    ),
)


TRIGGERS: Final = frozenset(f"{name}_of_closed" for name in _NAMES)
"""The triggers that must be there, by name."""


class Last(NamedTuple):
    """The last month whose figures are kept; an empty one before the first."""

    period_id: str
    tail_from: int


NONE: Final = Last("", 0)


def last(connection: Connection) -> Last:
    """Return the last month whose figures are kept. One SELECT."""
    newest = select(closings.c.period_id, closings.c.tail_from)
    found = connection.execute(newest.order_by(closings.c.period_id.desc()).limit(1)).one_or_none()
    return Last(*found) if found else NONE


def keep(connection: Connection, period_id: str) -> None:
    """Keep the figures of a month that was closed just now. Reads what came since the last."""
    before = last(connection)
    month = and_(entries.c.period_id > before.period_id, entries.c.period_id <= period_id)
    kept = select(
        snapshots.c.book, snapshots.c.code, snapshots.c.owner, snapshots.c.currency,
        snapshots.c.debits, snapshots.c.credits,
    ).where(snapshots.c.period_id == before.period_id)  # fmt: skip
    names = [column.name for column in snapshots.c]
    rows = _summed(union_all(kept, moved(month)).subquery(), period_id)
    connection.execute(insert(snapshots).from_select(names, rows))
    first = select(func.min(entries.c.id)).where(entries.c.period_id > period_id)
    newest = select(func.coalesce(func.max(entries.c.id), 0))
    counted = select(func.count()).where(snapshots.c.period_id == period_id)
    closing = {
        "period_id": period_id,
        "tail_from": connection.scalar(first) or connection.scalars(newest).one() + 1,
        "kept": connection.scalar(counted),
    }
    connection.execute(insert(closings), closing)


def recomputed(period_id: str) -> Select[str, str, str, str, str, int, int]:
    """Return the SELECT of what should be kept of the month, from the postings alone."""
    return _summed(moved(entries.c.period_id <= period_id).subquery(), period_id)


def tail(kept: Last) -> ColumnElement[bool]:
    """Return the condition that an entry is booked after the last month that is kept."""
    return entries.c.period_id > kept.period_id


def moved(which: ColumnElement[bool] | None = None) -> Select[str, str, str, str, int, int]:
    """Return the SELECT of what each account was moved, by the entries that meet `which`."""
    chosen: FromClause = postings
    if which is not None:
        by_entry = entries.c.id == postings.c.entry_id
        chosen = select(postings).join(entries, by_entry).where(which).subquery()
    nothing = literal(0)
    debited: ColumnElement[int] = chosen.c.debit_id
    credited: ColumnElement[int] = chosen.c.credit_id
    if which is not None:
        # A sum of the column is in no index, so that nobody walks through all postings in
        # the order of their accounts to find the few of these entries.
        debited, credited = debited + 0, credited + 0
    sides = union_all(
        select(
            debited.label("id"), func.sum(chosen.c.amount).label("debits"), nothing.label("credits")
        ).group_by(debited),
        select(credited, nothing, func.sum(chosen.c.amount)).group_by(credited),
    ).subquery()
    owner = case((accounts.c.guard == "none", accounts.c.owner), else_="")
    return select(
        accounts.c.book, accounts.c.code, owner.label("owner"), accounts.c.currency,
        sides.c.debits, sides.c.credits,
    ).join(accounts, accounts.c.id == sides.c.id)  # fmt: skip


def _summed(rows: Subquery, period_id: str) -> Select[str, str, str, str, str, int, int]:
    account = (rows.c.code, rows.c.owner, rows.c.currency, rows.c.book)
    sums = (func.sum(rows.c.debits), func.sum(rows.c.credits))
    return select(literal(period_id), *account, *sums).group_by(*account)
