from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event as Signal

import pytest
from sqlalchemy.exc import UnboundExecutionError
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


class Hands:
    """A clock that stands until it is moved, and a journal that is read by it."""

    def __init__(self, engines: Engines) -> None:
        self.now = 0.0
        self.told: list[str] = []
        self.journal = Journal(engines, clock=lambda: self.now)

    def look(self, *, after: float = 0.0) -> list[str]:
        """Look so many seconds later; return what was told then."""
        self.now += after
        self.told = []
        self.journal.tell(self.told.extend)
        return list(self.told)


def test_the_journal_tells_what_another_host_has_changed(engines: Engines) -> None:
    hands = Hands(engines)
    note(engines, "authorisation.issued", "aut_1")

    first = hands.look()
    note(engines, "authorisation.suspended", "aut_1")
    note(engines, "product.listed", "prd_1")
    too_soon = hands.look(after=epochs.POLL_S / 2)
    seen = hands.look(after=epochs.POLL_S / 2)

    assert (first, too_soon, seen) == ([], [], ["aut_1"])
    assert hands.look(after=epochs.POLL_S) == []


def test_more_than_the_journal_was_looked_at_is_everything(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epochs, "OVERLAP", 2)
    hands = Hands(engines)
    note(engines, "authorisation.issued", "aut_1")
    hands.look()
    for number in range(5):
        note(engines, "product.listed", f"prd_{number}")

    assert hands.look(after=epochs.POLL_S) == [ALL]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_a_lower_number_that_is_committed_later_is_told_as_well(engines: Engines) -> None:
    hands = Hands(engines)
    note(engines, "product.listed", "prd_1")
    hands.look()

    with engines.writing() as slow:
        work_of(slow, "system").record("authorisation.suspended", "aut_slow")
        slow.flush()
        note(engines, "authorisation.suspended", "aut_quick")
        quick = hands.look(after=epochs.POLL_S)
        slow.commit()

    assert quick == ["aut_quick"]
    assert hands.look(after=epochs.POLL_S) == ["aut_slow"]
    assert hands.look(after=epochs.POLL_S) == []


def test_without_the_database_the_look_stays_due(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(engines)
    note(engines, "authorisation.issued", "aut_1")
    hands.look()
    note(engines, "authorisation.suspended", "aut_1")

    with monkeypatch.context() as patched:
        patched.setattr(engines, "read", None)
        for _ in range(2):
            with pytest.raises(UnboundExecutionError):
                hands.look(after=epochs.POLL_S)

    assert hands.look() == ["aut_1"]


def test_while_one_looks_others_go_on_but_not_for_long(engines: Engines) -> None:
    hands = Hands(engines)
    hands.look()
    note(engines, "authorisation.suspended", "aut_1")
    began, go_on = Signal(), Signal()

    def slowly(names: list[str]) -> None:
        began.set()
        assert go_on.wait(10)
        hands.told.extend(names)

    hands.now += epochs.POLL_S
    with ThreadPoolExecutor() as pool:
        looking = pool.submit(hands.journal.tell, slowly)
        assert began.wait(10)
        others = hands.look()
        hands.now += epochs.STALE_S
        late = pool.submit(hands.journal.tell, hands.told.extend)
        waits = not wait([late], timeout=0.05).done
        go_on.set()
        looking.result(10)
        late.result(10)

    assert others == []
    assert waits
    assert hands.told == ["aut_1"]
