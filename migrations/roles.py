"""The role under which an exchange runs on PostgreSQL, when it is not the tables' owner.

Triggers refuse changes to the books whoever asks; an owner can switch triggers off. So a
careful house migrates as the owner and runs as a role that is none, and may do with each
table no more than the table is for: the books are only added to.
"""

import re
from typing import Final

import app  # noqa: F401 - imports every table
from kernel.db import Base
from kernel.engines import FIXED

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")

# To lock a row takes the right to update a column; the triggers refuse the update itself.
_SPECIAL: Final = {
    "posting_rules": ("SELECT",),
    "currencies": ("SELECT",),
    "ledger_balances": ("SELECT", "UPDATE (account_id)"),
    "ledger_periods": ("SELECT", "INSERT", "UPDATE"),
}
_ADDED_TO: Final = ("SELECT", "INSERT")
_LIVED_IN: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")


def statements(name: str) -> list[str]:
    """Return the SQL that makes the role, or takes back whatever it may do beyond this.

    Raises ValueError unless the name is a plain one.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a plain name of a role: {name}")
    create = (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{name}')"  # noqa: S608 - checked above
        f" THEN CREATE ROLE {name} LOGIN; END IF; END $$"
    )
    return [
        create,
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"GRANT SELECT ON alembic_version, ledger_lines, ledger_trial_balance TO {name}",
        *(
            f"GRANT {', '.join(rights(table))} ON {table} TO {name}"
            for table in sorted(Base.metadata.tables)
        ),
    ]


def rights(table: str) -> tuple[str, ...]:
    """Return what the exchange itself may do with a table."""
    fixed = FIXED in Base.metadata.tables[table].info
    return _SPECIAL.get(table) or (_ADDED_TO if fixed else _LIVED_IN)
