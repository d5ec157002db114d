"""Blocks: every entry in exactly one, chained, signed, and each to be shown to be in it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel import evidence
from kernel.engines import Engines
from kernel.errors import NotFound
from settlement import fsck, ledger
from settlement.sealing import blocks, merkle
from tests.conftest import CRYPTO, WorkAs, work_of
from tests.settlement.bookkeeping import (
    on_postgresql,
    on_sqlite,
    received,
    refusal,
    run,
    unguard,
)

AUGUST = datetime(2026, 8, 2, 4, tzinfo=UTC)


def of_blocks(session: Session) -> list[tuple[int, int]]:
    """Return number and size of every block."""
    found = select(blocks.blocks.c.number, blocks.blocks.c.size).order_by(blocks.blocks.c.number)
    return [(number, size) for number, size in session.execute(found)]


def some(session: Session, work_as: WorkAs, *names: str) -> list[int]:
    found = [received(work_as("system"), name, 1).entry_id for name in names]
    session.commit()
    return found


def test_entries_are_sealed_once_and_blocks_are_chained(session: Session, work_as: WorkAs) -> None:
    some(session, work_as, "a", "b", "c")

    sealed = [blocks.seal(work_as("system"))]
    some(session, work_as, "d")
    sealed += [blocks.seal(work_as("system")), blocks.seal(work_as("system"))]
    session.commit()

    assert sealed == [3, 1, 0]
    assert of_blocks(session) == [(1, 3), (2, 1)]
    one, two = session.execute(select(blocks.blocks).order_by(blocks.blocks.c.number)).all()
    assert (one.previous, two.previous) == ("", one.digest)
    assert fsck.check(session, CRYPTO) == ()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_an_entry_is_shown_to_be_in_its_block_by_a_short_path(
    session: Session, work_as: WorkAs, size: int
) -> None:
    ids = some(session, work_as, *map(str, range(size)))
    blocks.seal(work_as("system"))

    proofs = [blocks.proof(session, entry_id, CRYPTO) for entry_id in ids]

    root = session.execute(select(blocks.blocks.c.root)).scalar_one()
    assert {proof.root for proof in proofs} == {root}
    assert all(proof.holds(CRYPTO) for proof in proofs)
    assert max(len(proof.path) for proof in proofs) <= 3
    other = proofs[0]._replace(leaf="0" * 64)
    assert not other.holds(CRYPTO)


def test_a_tree_has_the_root_that_the_evidence_has() -> None:
    for size in range(1, 20):
        leaves = [CRYPTO.digest(bytes([number])) for number in range(size)]

        assert merkle.levels(leaves, CRYPTO)[-1] == [evidence.merkle_root(leaves, CRYPTO)]


def test_an_entry_that_is_in_no_block_yet_has_no_proof(session: Session, work_as: WorkAs) -> None:
    (entry_id,) = some(session, work_as, "a")

    with pytest.raises(NotFound, match="in no block yet"):
        blocks.proof(session, entry_id, CRYPTO)


@on_postgresql
def test_who_commits_late_with_a_lower_id_is_sealed_too(engines: Engines) -> None:
    with engines.writing() as slow, engines.writing() as quick:
        received(work_of(quick, "system"), "first of the month", 1)
        quick.commit()
        late = received(work_of(slow, "system"), "slow", 1).entry_id
        early = received(work_of(quick, "system"), "quick", 1).entry_id
        quick.commit()
        blocks.seal(work_of(quick, "system"))
        quick.commit()
        slow.commit()

        blocks.seal(work_of(quick, "system"))
        quick.commit()

        assert late < early
        assert blocks.proof(quick, late, CRYPTO).block_number == 2
        assert fsck.check(quick, CRYPTO) == ()


def test_the_close_of_a_month_seals_what_was_left_out(
    session: Session, work_as: WorkAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(session, work_as, "a", "b")
    monkeypatch.setattr("settlement.sealing.blocks.BLOCK_MAX", 1)

    ledger.close_period(work_as("system", at=AUGUST), "2026-07")
    session.commit()

    assert of_blocks(session) == [(1, 1), (2, 1)]
    assert fsck.check(session, CRYPTO) == ()


def test_blocks_are_neither_changed_nor_deleted(session: Session, work_as: WorkAs) -> None:
    some(session, work_as, "a")
    blocks.seal(work_as("system"))
    session.commit()

    for table in ("ledger_blocks", "ledger_block_entries"):
        assert "append-only" in refusal(session, f"DELETE FROM {table}")
    assert "append-only" in refusal(session, "UPDATE ledger_blocks SET root = ''")
    again = "INSERT INTO ledger_block_entries VALUES (1, 1, 7)"
    reason = "append-only" if session.get_bind().dialect.name == "sqlite" else "pk_ledger_block"
    assert reason in refusal(session, again)


@pytest.fixture
def sealed(engines: Engines) -> Engines:
    """Three entries in two blocks."""
    with engines.writing() as session:
        work = work_of(session, "system")
        for name in ("a", "b", "c"):
            received(work, name, 1)
            if name != "b":
                blocks.seal(work)
        session.commit()
    return engines


ATTACKS = {
    "a root": ("UPDATE ledger_blocks SET root = previous WHERE number = 2",
               [("BLOCK_BROKEN", "block 2")]),
    "a signature": (f"UPDATE ledger_blocks SET signature = '{'0' * 128}' WHERE number = 1",
                    [("BLOCK_BROKEN", "block 1")]),
    "a block that is gone": ("DELETE FROM ledger_blocks WHERE number = 1",
                             [("BLOCK_OUT_OF_CHAIN", "block 2")]),
    "a place in a block that is gone": (
        "DELETE FROM ledger_block_entries WHERE entry_id = 3", [("BLOCK_BROKEN", "block 2")]),
    "an entry that is gone": (
        "DELETE FROM ledger_entries WHERE id = 2", [("BLOCK_ENTRY_MISSING", "entry 2")]),
    "a hash": (f"UPDATE ledger_seals SET content_hash = '{'0' * 64}' WHERE entry_id = 2",
               [("ENTRY_EDITED", "entry 2"), ("BLOCK_BROKEN", "block 2")]),
}  # fmt: skip


@on_sqlite
@pytest.mark.parametrize("what", ATTACKS)
def test_what_was_tampered_with_is_found(sealed: Engines, what: str) -> None:
    attack, expected = ATTACKS[what]
    with closing(sqlite3.connect(str(sealed.url.database), isolation_level=None)) as there:
        triggers = there.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            there.execute(f"DROP TRIGGER {name}")
        for statement in [attack, *(sql for _, sql in triggers)]:
            there.execute(statement)

    with sealed.reading() as session:
        found = [tuple(one) for one in fsck.check(session, CRYPTO)]

    assert set(expected) <= set(found), found


def test_an_entry_of_a_closed_month_that_is_in_no_block_is_found(
    session: Session, work_as: WorkAs
) -> None:
    some(session, work_as, "a")
    ledger.close_period(work_as("system", at=AUGUST), "2026-07")
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("DELETE FROM ledger_block_entries"))
    else:
        session.commit()
        unguard(session)
        run(session, "DROP TRIGGER ledger_block_entries_no_delete",
            "DELETE FROM ledger_block_entries")  # fmt: skip

    found = [tuple(one) for one in fsck.check(session)]
    session.rollback()

    assert ("ENTRY_IN_NO_BLOCK", "entry 1") in found
