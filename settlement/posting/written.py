"""What a database has to be able to do so that entries can be written into it."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlalchemy import Connection

from settlement import chart
from settlement.entries import AccountRef, Line
from settlement.posting.asked import Key

Ids: TypeAlias = dict[AccountRef, int]
"""Account → its id."""

Kept: TypeAlias = dict[int, int]
"""Id of a guarded account → what may be taken out of it, in minor units."""


class Written(NamedTuple):
    """One entry as its rows will stand: `head` has the columns of ledger_entries but the id."""

    entry_id: int
    head: dict[str, Any]
    lines: tuple[Line, ...]
    content_hash: str


class Writer(Protocol):
    """Writes entries on one connection, in as few statements as the database can do with."""

    connection: Connection

    def __init__(self, connection: Connection) -> None: ...

    def claim(self, heads: Sequence[dict[str, Any]]) -> dict[Key, int]:
        """Claim the keys, in their order; return the new ids of those that were free.

        A twin that is under way elsewhere is waited for.
        """
        ...

    def accounts(self, refs: Sequence[AccountRef]) -> tuple[Ids, Kept]:
        """Open what is new, lock what is guarded, in the order of the ids."""
        ...

    def write(self, written: Sequence[Written], ids: Ids) -> None:
        """Write the lines and the seals of entries that were claimed."""
        ...


def opened_as(ref: AccountRef) -> dict[str, str]:
    """Return the row of an account that is opened as the chart says."""
    row = chart.account(ref.code)
    return {
        "code": ref.code,
        "owner": ref.owner,
        "currency": ref.currency,
        "book": row.kind.book.value,
        "kind": row.kind.value,
        "guard": row.guard.value,
    }


def guarded(ref: AccountRef) -> bool:
    """Tell whether the account has a balance of its own that never goes below zero."""
    return chart.account(ref.code).guard is not chart.Guard.NONE
