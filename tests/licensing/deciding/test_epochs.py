from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from kernel.engines import Engines
from licensing.deciding import epochs
from licensing.deciding.epochs import ALL, SLOTS, Epoch, Journal, name_of
from tests.conftest import work_of


@pytest.fixture
def epoch(tmp_path: Path) -> Epoch:
    return Epoch(tmp_path / "state" / "epoch")


def note(engines: Engines, kind: str, subject: str, *, keep: bool = True) -> None:
    with engines.writing() as session:
        work_of(session, "system").record(kind, subject)
        session.flush()
        if keep:
            session.commit()


def test_two_readers_of_one_file_see_one_number(epoch: Epoch, tmp_path: Path) -> None:
    other = Epoch(tmp_path / "state" / "epoch")

    other.bump("aut_1")
    epoch.bump("aut_2")

    assert epoch.value == other.value == 2
    assert other.names(0, 2) == ["aut_1", "aut_2"]
    assert other.names(1, 2) == ["aut_2"]
    assert other.names(2, 2) == []


def test_who_has_fallen_behind_forgets_everything(epoch: Epoch) -> None:
    for number in range(SLOTS + 5):
        epoch.bump(f"aut_{number}")

    assert epoch.names(2, epoch.value) == [ALL]
    assert epoch.names(epoch.value - 1, epoch.value) == [f"aut_{SLOTS + 4}"]
    assert epoch.names(epoch.value + 1, epoch.value) == [ALL]


@pytest.mark.parametrize(
    ("kind", "subject", "name"),
    [
        ("authorisation.suspended", "aut_1", "aut_1"),
        ("organisation.frozen", "org_1", "org_1"),
        ("token.revoked", "tok_1", "tok_1"),
        ("authorisation.suspended", "x" * 64, ALL),
        ("agreement.suspended", "sup_1", ALL),
        ("directory.regraded", "dvn_1", ALL),
        ("product.listed", "prd_1", None),
    ],
)
def test_an_event_is_known_by_what_it_changes(kind: str, subject: str, name: str | None) -> None:
    assert name_of(kind, subject) == name


def test_a_commit_moves_the_number_and_a_rollback_does_not(engines: Engines, epoch: Epoch) -> None:
    epochs.attach(engines, epoch)

    note(engines, "authorisation.suspended", "aut_1", keep=False)
    note(engines, "product.listed", "prd_1")
    before = epoch.value
    note(engines, "authorisation.suspended", "aut_2")

    assert before == 0
    assert epoch.names(0, epoch.value) == ["aut_2"]


def test_what_is_nested_waits_for_the_whole(engines: Engines, epoch: Epoch) -> None:
    epochs.attach(engines, epoch)

    with engines.writing() as session:
        with session.begin_nested():
            work_of(session, "system").record("authorisation.suspended", "aut_1")
        inside = epoch.value
        session.commit()

    assert (inside, epoch.value) == (0, 1)


def test_a_database_that_nobody_decides_on_moves_nothing(session: Session, epoch: Epoch) -> None:
    work_of(session, "system").record("authorisation.suspended", "aut_1")
    session.commit()

    assert epoch.value == 0


def test_the_journal_tells_what_another_host_has_changed(engines: Engines) -> None:
    now = [0.0]
    journal = Journal(engines, clock=lambda: now[0])
    note(engines, "authorisation.issued", "aut_1")

    first = journal.names()
    note(engines, "authorisation.suspended", "aut_1")
    note(engines, "product.listed", "prd_1")
    too_soon = journal.names()
    now[0] += epochs.POLL_S
    seen = journal.names()
    now[0] += epochs.POLL_S

    assert (first, too_soon, seen, journal.names()) == ([], [], ["aut_1"], [])


def test_more_than_the_journal_was_looked_at_is_everything(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epochs, "OVERLAP", 2)
    now = [0.0]
    journal = Journal(engines, clock=lambda: now[0])
    note(engines, "authorisation.issued", "aut_1")
    journal.names()
    for number in range(5):
        note(engines, "product.listed", f"prd_{number}")
    now[0] += epochs.POLL_S

    assert journal.names() == [ALL]
