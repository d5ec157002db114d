from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from kernel import evidence
from tests.conftest import CRYPTO, WorkAs
from tests.settlement.bookkeeping import unguard

OFF = {
    "sqlite": [
        "DROP TRIGGER {table}_no_update",
        "DROP TRIGGER {table}_no_delete",
        "PRAGMA foreign_keys=OFF",
    ],
    "postgresql": ["ALTER TABLE {table} DISABLE TRIGGER USER"],
}


def _write(work_as: WorkAs, count: int) -> None:
    work = work_as("per_buyer_editor")
    for number in range(count):
        work.record("thing.happened", f"thg_{number}", number=number)
        work.session.flush()


def _tamper(session: Session, table: str, *statements: str, **values: Any) -> None:
    """Change rows as somebody with the run of the database would."""
    session.flush()
    unguard(session)
    connection = session.connection()
    for line in OFF[connection.dialect.name]:
        connection.execute(text(line.format(table=table)))
    for statement in statements:
        connection.execute(text(statement), values)
    session.expunge_all()


def test_what_nobody_touched_verifies(session: Session, work_as: WorkAs) -> None:
    _write(work_as, 5)
    first = evidence.seal(work_as("system"))
    _write(work_as, 3)
    second = evidence.seal(work_as("system"))

    report = evidence.verify(session, CRYPTO)

    assert report.ok, report.findings
    assert (report.seals, report.events, report.unsealed) == (2, 8, 0)
    assert first is not None
    assert second is not None
    assert second.previous == first.digest


def test_there_is_nothing_to_seal_twice(work_as: WorkAs) -> None:
    _write(work_as, 1)

    assert evidence.seal(work_as("system")) is not None
    work_as("system").session.flush()
    assert evidence.seal(work_as("system")) is None


def test_what_one_seal_leaves_the_next_one_takes(session: Session, work_as: WorkAs) -> None:
    _write(work_as, 2)
    evidence.seal(work_as("system"), limit=1)
    session.flush()

    assert evidence.verify(session, CRYPTO).unsealed == 1
    evidence.seal(work_as("system"), limit=1)
    session.flush()
    assert evidence.verify(session, CRYPTO).unsealed == 0


@pytest.mark.parametrize("sealed", [True, False])
def test_an_edited_event_is_found(session: Session, work_as: WorkAs, sealed: bool) -> None:
    _write(work_as, 3)
    if sealed:
        evidence.seal(work_as("system"))

    _tamper(session, "events", "UPDATE events SET person = 'x' WHERE subject = 'thg_1'")

    found = evidence.verify(session, CRYPTO).findings
    assert [finding.code for finding in found] == ["EVENT_EDITED"]


def test_an_edit_that_mends_its_digest_is_found_by_the_seal(
    session: Session, work_as: WorkAs
) -> None:
    _write(work_as, 3)
    evidence.seal(work_as("system"))
    _tamper(
        session,
        "events",
        "UPDATE events SET subject = 'thg_9', digest = 'ff' WHERE subject = 'thg_1'",
    )

    assert not evidence.verify(session, CRYPTO).ok


def test_a_deleted_event_is_found(session: Session, work_as: WorkAs) -> None:
    _write(work_as, 3)
    evidence.seal(work_as("system"))

    _tamper(session, "events", "DELETE FROM events WHERE subject = 'thg_1'")

    found = evidence.verify(session, CRYPTO).findings
    assert [finding.code for finding in found] == ["EVENT_DELETED"]


def test_two_swapped_events_are_found(session: Session, work_as: WorkAs) -> None:
    _write(work_as, 3)
    evidence.seal(work_as("system"))
    # The two at the ends change places; SQL is put together from our own names alone.
    columns = "kind, subject, person, organisation, at, rule_version, data, digest"
    pairs = ", ".join(
        f"{name} = (SELECT o.{name} FROM events o WHERE o.sequence = "
        "(SELECT min(sequence) + max(sequence) FROM events) - events.sequence)"
        for name in columns.split(", ")
    )

    _tamper(
        session,
        "events",
        "CREATE TEMPORARY TABLE kept AS SELECT * FROM events",
        f"UPDATE events SET {pairs.replace('FROM events o', 'FROM kept o')} "
        "WHERE sequence <> (SELECT min(sequence) + 1 FROM kept)",
    )

    found = evidence.verify(session, CRYPTO).findings
    assert {finding.code for finding in found} == {"EVENT_EDITED"}
    assert len(found) == 2


@pytest.mark.parametrize(
    ("table", "statement", "code"),
    [
        ("seals", "UPDATE seals SET root = 'ff' WHERE number = 1", "SEAL_BROKEN"),
        (
            "seals",
            "UPDATE seals SET sealed_at = '2020-01-01 00:00:00' WHERE number = 1",
            "SEAL_BROKEN",
        ),
        ("sealed_events", "DELETE FROM sealed_events WHERE position = 0", "SEAL_BROKEN"),
        ("seals", "DELETE FROM seals WHERE number = 1", "SEAL_OUT_OF_CHAIN"),
    ],
)
def test_a_seal_that_was_touched_is_found(
    session: Session, work_as: WorkAs, table: str, statement: str, code: str
) -> None:
    _write(work_as, 2)
    evidence.seal(work_as("system"))
    _write(work_as, 2)
    evidence.seal(work_as("system"))
    session.flush()
    if table == "seals" and "DELETE" in statement and session.get_bind().dialect.name != "sqlite":
        session.execute(text("ALTER TABLE sealed_events DROP CONSTRAINT "
                             "fk_sealed_events_seal_number_seals"))  # fmt: skip
    if "DELETE" in statement and session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA defer_foreign_keys=ON"))

    _tamper(session, table, statement)

    assert code in {finding.code for finding in evidence.verify(session, CRYPTO).findings}


@pytest.mark.parametrize("table", ["events", "seals", "sealed_events"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET leaf_ = 1", "DELETE FROM {}"])
def test_the_database_itself_refuses_changes(
    session: Session, work_as: WorkAs, table: str, verb: str
) -> None:
    _write(work_as, 1)
    evidence.seal(work_as("system"))
    session.flush()
    column = {"events": "person", "seals": "root", "sealed_events": "leaf"}[table]
    statement = verb.format(table).replace("leaf_ = 1", f"{column} = 'x'")

    with pytest.raises(DatabaseError, match="append-only"):
        session.connection().execute(text(statement))


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert evidence.merkle_root([], CRYPTO) == CRYPTO.digest(b"")


def test_every_leaf_counts_in_the_root() -> None:
    leaves = [CRYPTO.digest(bytes([number])) for number in range(7)]

    roots = {
        evidence.merkle_root([*leaves[:i], leaves[i + 1], *leaves[i + 1 :]], CRYPTO)
        for i in range(6)
    } | {evidence.merkle_root(leaves, CRYPTO)}

    assert len(roots) == 7
