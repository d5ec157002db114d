"""The posting rules and the currencies as rows: what the database itself refuses by.

`keep` writes the rules of this release into the database whenever it is migrated; the
ledger's triggers then let no entry be sealed that uses another pair, whoever writes it.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Connection, Integer, Table, Text, delete, insert
from sqlalchemy import select as rows_of

from kernel.db import Base, append_only, attach
from kernel.engines import FIXED
from settlement import rules

stored = Table(
    "posting_rules",
    Base.metadata,
    Column("event", Text, primary_key=True),
    Column("debit_code", Text, primary_key=True),
    Column("credit_code", Text, primary_key=True),
    sqlite_strict=True,
    info={FIXED: True},
    sqlite_with_rowid=False,
)
"""Which event may debit which code and credit which."""

currencies = Table(
    "currencies",
    Base.metadata,
    Column("code", Text, primary_key=True),
    Column("exponent", Integer, nullable=False),
    CheckConstraint("length(code) = 3 AND code = upper(code)", name="code_is_iso"),
    CheckConstraint("exponent BETWEEN 0 AND 4", name="exponent_is_small"),
    sqlite_strict=True,
    info={FIXED: True},
)
"""The currencies in which accounts are kept (ISO 4217), and how many decimals each has."""

EXPONENTS: Final = {
    "AUD": 2, "CAD": 2, "CHF": 2, "CNY": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "IDR": 2,
    "INR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "MOP": 2, "MYR": 2, "NOK": 2, "NZD": 2, "PHP": 2,
    "RUB": 2, "SEK": 2, "SGD": 2, "THB": 2, "TWD": 2, "USD": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip
"""Code → decimals. One more currency is one more row; none is ever taken away."""

append_only(currencies)
_ROWS: Final = ", ".join(f"('{code}', {exponent})" for code, exponent in EXPONENTS.items())
for _dialect in ("sqlite", "postgresql"):
    attach(currencies, _dialect, f"INSERT INTO currencies (code, exponent) VALUES {_ROWS}")  # noqa: S608 - rows of this file


def expected() -> set[tuple[str, str, str]]:
    """Return event, debit code and credit code of every pair that this release allows."""
    return {
        (rule.event, debit, credit) for rule in rules.RULES.values() for debit, credit in rule.pairs
    }


def there(connection: Connection) -> set[tuple[str, str, str]]:
    """Return the pairs that the database allows. One SELECT."""
    found = connection.execute(rows_of(stored))
    return {(event, debit, credit) for event, debit, credit in found}


def keep(connection: Connection) -> None:
    """Make the database allow exactly what this release does; what is right is left alone."""
    wanted, has = expected(), there(connection)
    names = ("event", "debit_code", "credit_code")
    for row in sorted(has - wanted):
        same = (stored.c[name] == value for name, value in zip(names, row, strict=True))
        connection.execute(delete(stored).where(*same))
    missing = [dict(zip(names, row, strict=True)) for row in sorted(wanted - has)]
    if missing:
        connection.execute(insert(stored), missing)
