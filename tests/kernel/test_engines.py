import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import bindparam, create_engine, event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from kernel.engines import Busy, Direct, Engines, Turnstile, insist, normal
from kernel.parties.organisations import Organisation, State
from tests.conftest import NOON
from tests.settlement.bookkeeping import on_postgresql


def test_a_reading_session_cannot_write(engines: Engines) -> None:
    with engines.reading() as session, pytest.raises(DBAPIError):
        session.execute(text("UPDATE organisations SET name_en = 'x'"))


def test_a_reading_session_sees_one_moment(engines: Engines) -> None:
    count = text("SELECT count(*) FROM organisations WHERE name_en = 'x'")
    with engines.reading() as reading:
        before = reading.scalar(count)
        with engines.writing() as writing:
            writing.execute(text("UPDATE organisations SET name_en = 'x'"))
            writing.commit()

        assert reading.scalar(count) == before == 0
    with engines.reading() as reading:
        assert reading.scalar(count)


def test_what_was_read_stays_readable_and_what_was_changed_is_not_written(
    engines: Engines,
) -> None:
    with engines.reading() as reading:
        found = reading.get_one(Organisation, "org_dept")
        name = found.name_en
        found.name_en = "x"
    assert found.name_en == "x"
    with engines.reading() as reading:
        assert reading.get_one(Organisation, "org_dept").name_en == name


@on_postgresql
def test_what_a_reader_prepared_is_there_for_the_next_one(engines: Engines) -> None:
    count = text("SELECT count(*) FROM organisations")
    for _ in range(10):
        with engines.reading() as reading:
            reading.scalar(count)
    with engines.reading() as reading:
        kept = text("SELECT statement FROM pg_prepared_statements")
        assert count.text in reading.scalars(kept).all()


def test_what_is_handed_to_the_driver_is_of_the_sessions_own_moment(engines: Engines) -> None:
    named = Direct(
        lambda among: select(Organisation.id, Organisation.name_en).where(
            among(Organisation.__table__.c.id, "ids"),
            Organisation.name_en != bindparam("other"),
        )
    )
    asked = {"ids": ["org_dept", "org_buyer", "\\", '"', "{,", "", "NULL", "气象"], "other": "y"}
    heard: list[str] = []
    with engines.reading() as reading:
        event.listen(engines.read, "before_cursor_execute", lambda *told: heard.append(told[2]))
        assert {row[0] for row in named.rows(reading, asked)} == {"org_dept", "org_buyer"}
        assert len(heard) == 1
        with engines.writing() as writing:
            writing.execute(text("UPDATE organisations SET name_en = 'x'"))
            assert ("org_dept", "x") in named.rows(writing, asked)
            writing.commit()

        assert ("org_dept", "x") not in named.rows(reading, asked)
    with engines.reading() as reading:
        assert named.rows(reading, {"ids": [], "other": "y"}) == []
        assert named.rows(reading, {**asked, "other": "x"}) == []


def test_what_the_driver_refuses_is_raised_as_everywhere(engines: Engines) -> None:
    with engines.reading() as session, pytest.raises(DBAPIError):
        Direct(lambda _: select(text("nothing FROM nowhere"))).rows(session, {})


def test_what_is_not_committed_is_gone(engines: Engines) -> None:
    with engines.writing() as session:
        session.execute(text("UPDATE organisations SET name_en = 'x'"))

    with engines.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM organisations WHERE name_en = 'x'")) == 0


def test_the_second_of_two_writers_is_told(engines: Engines) -> None:
    with engines.writing() as session:
        mine = session.get_one(Organisation, "org_buyer")
        session.expunge(mine)
    with engines.writing() as session:
        session.get_one(Organisation, "org_buyer").name_en = "Other"
        session.commit()

    mine.state = State.FROZEN
    with engines.writing() as session:
        session.add(mine)
        with pytest.raises(StaleDataError):
            session.commit()


def test_foreign_keys_hold_on_both(engines: Engines) -> None:
    stray = text("INSERT INTO memberships VALUES ('per_nobody', 'org_buyer', '[]')")

    with engines.writing() as session, pytest.raises(IntegrityError):
        session.execute(stray)


def test_instants_come_back_as_they_went(engines: Engines) -> None:
    with engines.writing() as session:
        found = session.get_one(Organisation, "org_buyer")
        found.entered_at = NOON + timedelta(microseconds=123_456)
        session.commit()

    with engines.reading() as session:
        read = session.get_one(Organisation, "org_buyer").entered_at
    assert read == NOON + timedelta(microseconds=123_456)
    assert read.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(engines: Engines) -> None:
    with engines.writing() as session:
        session.get_one(Organisation, "org_buyer").entered_at = NOON.replace(tzinfo=None)
        with pytest.raises(Exception, match="naive datetime"):
            session.flush()


def killed(engines: Engines) -> None:
    """End the one connection that rests in the pool, as a database does that is restarted."""
    with engines.writing() as session:
        mine = session.scalar(text("SELECT pg_backend_pid()"))
    other = create_engine(engines.url)
    with other.begin() as connection:
        end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = :mine"
        assert connection.scalar(text(end), {"mine": mine})
    other.dispose()


@on_postgresql
def test_a_connection_that_died_while_it_rested_is_replaced(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.engines.RESTED_S", 0.0)
    killed(engines)

    with engines.writing() as session:
        assert session.scalar(text("SELECT 1")) == 1


@on_postgresql
def test_one_that_died_a_moment_ago_fails_once(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.engines.RESTED_S", 60.0)
    killed(engines)

    with engines.writing() as session, pytest.raises(OperationalError):
        session.scalar(text("SELECT 1"))

    with engines.writing() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_many_writers_all_get_their_turn(engines: Engines) -> None:
    def raise_one(_: int) -> None:
        with engines.writing() as session:
            session.execute(
                text("UPDATE people SET failures = failures + 1 WHERE id = 'per_expert_1'")
            )
            session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(raise_one, range(64)))

    with engines.reading() as session:
        assert session.scalar(text("SELECT failures FROM people WHERE id = 'per_expert_1'")) == 64


def test_the_turnstile_lets_them_through_in_the_order_of_arrival() -> None:
    turnstile, through = Turnstile(), []
    turnstile.enter(patience_s=1)

    def enter(name: int) -> None:
        turnstile.enter(patience_s=10)
        through.append(name)
        turnstile.leave()

    threads = []
    for name in range(5):
        threads.append(threading.Thread(target=enter, args=(name,)))
        threads[-1].start()
        while len(turnstile._queue) <= name:
            pass
    turnstile.leave()
    for thread in threads:
        thread.join()

    assert through == [0, 1, 2, 3, 4]


def test_patience_ends_and_the_queue_goes_on() -> None:
    turnstile = Turnstile()
    turnstile.enter(patience_s=1)

    with pytest.raises(Busy):
        turnstile.enter(patience_s=0.01)

    turnstile.leave()
    turnstile.enter(patience_s=0.01)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_name_of_postgresql_means_psycopg_3(scheme: str) -> None:
    assert normal(f"{scheme}://host/name").drivername == "postgresql+psycopg"
    assert normal("sqlite:///x").drivername == "sqlite"


class Told(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("state", "tries"), [("40P01", 5), ("40001", 5), ("55P03", 1)])
def test_who_was_slower_tries_again_and_not_for_ever(state: str, tries: int) -> None:
    made: list[int] = []

    def attempt() -> None:
        made.append(1)
        raise OperationalError("", {}, Told(state))

    with pytest.raises(OperationalError):
        insist(attempt)

    assert len(made) == tries


def test_who_succeeds_is_not_asked_again() -> None:
    made: list[int] = []

    def attempt() -> int:
        made.append(1)
        if len(made) < 3:
            raise OperationalError("", {}, Told("40P01"))
        return len(made)

    assert insist(attempt) == 3


def test_whatever_is_committed_changes_the_version_and_nothing_else_does(engines: Engines) -> None:
    renamed = text("UPDATE organisations SET name_en = :name")
    other = Engines(str(engines.url.render_as_string(hide_password=False)))
    before = engines.version()
    with engines.reading() as reading:
        reading.scalar(text("SELECT count(*) FROM organisations"))
    assert engines.version() == before is not None

    seen: list[str | None] = [before]
    for name, writer in {"x": engines, "y": other, "z": engines}.items():
        with writer.writing() as writing:
            writing.execute(renamed, {"name": name})
            writing.commit()
        seen.append(engines.version())

    assert len(set(seen)) == len(seen)
    other.dispose()


@on_postgresql
def test_a_version_that_cannot_be_asked_for_is_none_and_comes_back(engines: Engines) -> None:
    before = engines.version()
    with engines.writing() as session:
        session.execute(text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ))  # fmt: skip
    assert engines.version() is None
    assert engines.version() not in {before, None}


def test_a_version_of_a_connection_that_is_gone_is_compared_with_none(engines: Engines) -> None:
    before = engines.version()
    engines.dispose()
    assert engines.version() != before
