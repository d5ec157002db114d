"""What an entry says: its values, how it is read back, and the hash that seals it.

Nothing is written here; `settlement.ledger` does that, and is the door for everybody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from msgspec.json import Encoder
from sqlalchemy import ColumnElement, Connection, bindparam, select

from kernel.clock import Instant
from kernel.ids import digest as sha256
from kernel.money import Money
from settlement.books import accounts, entries, postings


class AccountRef(NamedTuple):
    """One account: a code of the chart, the id of its owner (empty when it has none), a currency.

    There is no need to open it: the first posting does.
    """

    code: str
    owner: str = ""
    currency: str = "CNY"


class Row(NamedTuple):
    """One debit and one credit of the same amount: what a caller asks to be posted."""

    debit: AccountRef
    credit: AccountRef
    amount: Money


class Line(NamedTuple):
    """One posting as it is stored, in plain values."""

    line_no: int
    debit_code: str
    debit_owner: str
    credit_code: str
    credit_owner: str
    currency: str
    book: str
    minor: int

    @property
    def debit(self) -> AccountRef:
        """The account debited."""
        return AccountRef(self.debit_code, self.debit_owner, self.currency)

    @property
    def credit(self) -> AccountRef:
        """The account credited."""
        return AccountRef(self.credit_code, self.credit_owner, self.currency)

    @property
    def amount(self) -> Money:
        """The amount, always positive."""
        return Money(self.minor, self.currency)

    @property
    def row(self) -> Row:
        """The line without its number."""
        return Row(self.debit, self.credit, self.amount)


# Not frozen: to set eleven fields that nobody may set takes three times as long.
@dataclass(slots=True, kw_only=True)
class Unnumbered:
    """What an entry says, before it has a number.

    event, source_id, seq: the natural key. effective_on: the day on which it took effect
    in the world; period_id: the month in which it is booked. reverses: id of the entry
    that it takes back.
    """

    event: str
    source_id: str
    seq: int
    period_id: str
    reverses: int | None
    order_id: str | None
    person: str
    organisation: str
    effective_on: date
    recorded_at: Instant
    lines: tuple[Line, ...]

    @property
    def late(self) -> bool:
        """Whether the month in which it took effect was closed, so that it is booked later."""
        return self.period_id != month(self.effective_on)


@dataclass(slots=True, kw_only=True)
class Entry(Unnumbered):
    """One entry with its lines, as it is stored."""

    id: int


_JSON: Final = Encoder().encode  # asked for every entry: json takes three times as long
_HEAD: Final = tuple(column for column in entries.c if column.name != "n")
_DEBITED, _CREDITED = accounts.alias("debited"), accounts.alias("credited")
_LINES: Final = (
    select(
        postings.c.entry_id,
        postings.c.line_no,
        _DEBITED.c.code,
        _DEBITED.c.owner,
        _CREDITED.c.code,
        _CREDITED.c.owner,
        postings.c.currency,
        postings.c.book,
        postings.c.amount,
    )
    .join(_DEBITED, _DEBITED.c.id == postings.c.debit_id)
    .join(_CREDITED, _CREDITED.c.id == postings.c.credit_id)
    .where(postings.c.entry_id.in_(bindparam("ids", expanding=True)))
    .order_by(postings.c.entry_id, postings.c.line_no)
)


def month(day: date) -> str:
    """Return the id of the period in which `day` falls: "2026-07"."""
    return day.isoformat()[:7]


def load(connection: Connection, *which: ColumnElement[bool], limit: int) -> list[Entry]:
    """Return the first `limit` entries that meet all of `which`, by id. Two SELECTs."""
    heads = select(*_HEAD).where(*which).order_by(entries.c.id).limit(limit)
    found = connection.execute(heads).mappings().all()
    lines = _lines(connection, [head["id"] for head in found])
    return [Entry(**head, lines=tuple(lines[head["id"]])) for head in found]


def digest(entry: Entry) -> str:
    """Return the SHA-256 of everything that the entry says: 64 hexadecimal digits."""
    return sealed(entry.id, *around_id(entry))


def around_id(entry: Unnumbered) -> tuple[str, str]:
    """Return what the entry says as canonical JSON, in two halves; its id belongs between.

    So a database that gives out the id can finish the hash. The keys stand in their order,
    and the values are texts, whole numbers and lists of them: `canonical` writes the same.
    """
    said = {
        "effective_on": entry.effective_on.isoformat(),
        "event": entry.event,
        "id": None,
        "lines": entry.lines,
        "order_id": entry.order_id,
        "organisation": entry.organisation,
        "period_id": entry.period_id,
        "person": entry.person,
        "recorded_at": entry.recorded_at.isoformat(timespec="microseconds"),
        "reverses": entry.reverses,
        "seq": entry.seq,
        "source_id": entry.source_id,
    }
    # No text can say this: within one a quotation mark has a backslash before it.
    before, _, after = _JSON(said).decode().partition('"id":null')
    return f'{before}"id":', after


def sealed(entry_id: int, before: str, after: str) -> str:
    """Return the SHA-256 of what `around_id` says around the id."""
    return sha256(f"{before}{entry_id}{after}")


def _lines(connection: Connection, entry_ids: Iterable[int]) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {entry_id: [] for entry_id in entry_ids}
    for entry_id, *line in connection.execute(_LINES, {"ids": list(found)}):
        found[entry_id].append(Line(*line))
    return found
