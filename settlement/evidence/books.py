"""Entries as files of a pack, each with the proof that it is in a signed block.

Who does not oversee the exchange sees of an entry the lines that are its own or the
matter's; of the others the count. The entry's hash still leads to its block's root.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from kernel.crypto import CryptoProvider
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.books import accounts, entries, postings, seals
from settlement.entries import Entry, Line, load
from settlement.evidence.archive import Item
from settlement.evidence.packs import plain, too_large
from settlement.payments import Payment
from settlement.sealing import merkle
from settlement.sealing.blocks import blocks, leaf, members

ENTRIES_MAX: Final = 500
"""The most entries in one pack."""

_OPEN: Final = ("1012.", "2241.suspense")
"""Accounts that say nothing of a party: the bank, and what has just come in."""


def of(work: Work, *which: ColumnElement[bool], matter: str = "") -> Iterator[Item]:
    """Yield the entries that meet all of `which`, and the heads of their blocks.

    matter: whose accounts are the caller's business too: a deal's id; those of an entry's
    order always are. Raises PackTooLarge. What no
    block has yet is sealed by the house's timetable within a minute, and told without a proof
    until then. Six SELECTs, whatever there are.
    """
    found = load(work.session.connection(), *which, limit=ENTRIES_MAX + 1)
    if len(found) > ENTRIES_MAX:
        raise too_large(Words(f"超过 {ENTRIES_MAX} 笔分录", f"more than {ENTRIES_MAX} entries"))
    ids = [entry.id for entry in found]
    hashes = _hashes(work.session, ids)
    proofs = _proofs(work.session, ids, work.crypto)
    for entry in found:
        told = {**_told(work, entry, matter), "content_hash": hashes[entry.id]}
        proof = proofs.get(entry.id)
        yield plain(f"ledger/entry-{entry.id:08}.json", {**told, "proof": proof})
    for head in _heads(work.session, sorted({proof["block"] for proof in proofs.values()})):
        yield plain(f"ledger/block-{head['number']:08}.json", head)


def touching(owner: str) -> ColumnElement[bool]:
    """Return the condition that an entry moves an account of this owner, or what it paid for."""
    own = select(accounts.c.id).where(accounts.c.owner == owner)
    debited = select(postings.c.entry_id).where(postings.c.debit_id.in_(own))
    credited = select(postings.c.entry_id).where(postings.c.credit_id.in_(own))
    paid = select(Payment.order_id).where(Payment.payer_id == owner, Payment.order_id.is_not(None))
    return or_(
        entries.c.id.in_(debited.union(credited)),
        entries.c.order_id.in_(paid),
    )


def _told(work: Work, entry: Entry, matter: str) -> dict[str, Any]:
    own = {work.actor.organisation, matter, entry.order_id or ""} - {""}
    everything = access.oversees(work.actor)
    shown = [line for line in entry.lines if everything or _shows(line, own)]
    return {
        "whole": len(shown) == len(entry.lines),
        "hidden": len(entry.lines) - len(shown),
        "entry": {
            "id": entry.id,
            "event": entry.event,
            "source_id": entry.source_id,
            "seq": entry.seq,
            "period_id": entry.period_id,
            "reverses": entry.reverses,
            "order_id": entry.order_id,
            "person": entry.person,
            "organisation": entry.organisation,
            "effective_on": entry.effective_on.isoformat(),
            "recorded_at": entry.recorded_at.isoformat(timespec="microseconds"),
            "lines": shown,
        },
    }


def _shows(line: Line, own: set[str]) -> bool:
    sides = ((line.debit_code, line.debit_owner), (line.credit_code, line.credit_owner))
    mine = [owner in own for _, owner in sides]
    clear = [code.startswith(_OPEN) for code, _ in sides]
    return any(mine) and all(a or b for a, b in zip(mine, clear, strict=True))


def _hashes(session: Session, ids: list[int]) -> dict[int, str]:
    statement = select(seals.c.entry_id, seals.c.content_hash).where(seals.c.entry_id.in_(ids))
    return {row.entry_id: row.content_hash for row in session.execute(statement)}


def _proofs(session: Session, ids: list[int], crypto: CryptoProvider) -> dict[int, dict[str, Any]]:
    """Return entry → its block and the way up to the root; one block's hashes at a time."""
    mine = select(members.c.entry_id, members.c.block_number, members.c.position)
    placed = {row.entry_id: row for row in session.execute(mine.where(members.c.entry_id.in_(ids)))}
    wanted = sorted({row.block_number for row in placed.values()})
    statement = (
        select(members.c.block_number, members.c.entry_id, seals.c.content_hash)
        .join(seals, seals.c.entry_id == members.c.entry_id)
        .where(members.c.block_number.in_(wanted))
        .order_by(members.c.block_number, members.c.position)
        .execution_options(yield_per=1_000)
    )
    found: dict[int, dict[str, Any]] = {}
    for number, rows in groupby(session.execute(statement), key=lambda row: row[0]):
        leaves = [leaf(entry_id, content, crypto) for _, entry_id, content in rows]
        tree = merkle.levels(leaves, crypto)
        for entry_id, row in placed.items():
            if row.block_number == number:
                way = [[left, node] for left, node in merkle.path(tree, row.position)]
                found[entry_id] = {"block": number, "path": way}
    return found


def _heads(session: Session, numbers: Iterable[int]) -> Iterator[Mapping[str, Any]]:
    statement = select(blocks).where(blocks.c.number.in_(list(numbers))).order_by(blocks.c.number)
    for row in session.execute(statement).mappings():
        at = row["sealed_at"].isoformat(timespec="microseconds")
        yield {**row, "sealed_at": at}
