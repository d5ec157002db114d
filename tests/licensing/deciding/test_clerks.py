from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from kernel.engines import Engines
from kernel.parties import credentials, organisations
from licensing import authorisations, decisions
from licensing.deciding import clauses, clerks
from licensing.deciding.clerks import Clerk
from licensing.decisions import Decision
from tests.conftest import NOON, work_of
from tests.licensing import grants
from tests.licensing.deciding import uses

NO_QUOTAS: dict[str, Any] = {"quotas": {}}


@pytest.fixture
def clerk(engines: Engines, tmp_path: Path) -> Clerk:
    # Its clock stands: after the first look at the journal it hears by the epoch alone.
    return Clerk(engines, tmp_path / "state", clock=lambda: 0.0)


@pytest.fixture
def key(engines: Engines, clerk: Clerk) -> str:
    return uses.granted(engines, **NO_QUOTAS)


def take(engines: Engines, key: str, step: str, person: str, **data: Any) -> None:
    with engines.writing() as session:
        authorisations.take(work_of(session, person), key, step, **data)
        session.commit()


def suspend(engines: Engines, key: str) -> None:
    cause = {"cause": "security_incident", "reason": "keys were found in the open"}
    take(engines, key, "suspend", "per_hub_supervisor", **cause)


def selects(engines: Engines) -> list[str]:
    seen: list[str] = []
    event.listen(
        engines.read, "before_cursor_execute", lambda _c, _u, statement, *_: seen.append(statement)
    )
    return seen


def drained(engines: Engines, clerk: Clerk) -> int:
    with engines.writing() as session:
        written = clerk.drain(work_of(session, "system"))
        session.commit()
        return written


def test_a_right_in_memory_costs_no_select(engines: Engines, clerk: Clerk, key: str) -> None:
    asked = uses.request(key)
    first = clerk.codes(asked, NOON)
    seen = selects(engines)

    again = clerk.codes(asked, NOON)
    denied = clerk.codes(uses.request(key, region="110000"), NOON)

    assert (first, again, denied) == ((), (), ("REGION_OUT_OF_SCOPE",))
    assert seen == []


def test_what_spends_a_quota_is_left_to_the_database(engines: Engines, clerk: Clerk) -> None:
    key = uses.granted(engines)

    assert clerk.codes(uses.request(key), NOON) is None
    assert clerk.codes(uses.request(key, quantity={"calls": 1}), NOON) == ()
    assert clerk.codes(uses.request("aut_nowhere"), NOON) is None


def test_i_29_the_same_request_denies_when_the_clock_has_moved(clerk: Clerk, key: str) -> None:
    asked = uses.request(key)

    assert clerk.codes(asked, NOON) == ()
    assert clerk.codes(asked, grants.later(364)) == ()
    assert clerk.codes(asked, grants.AFTER_THE_END) == ("AUTH_EXPIRED",)
    assert clerk.codes(asked, NOON) == ()


def test_i_33_a_suspension_bites_at_the_next_use(engines: Engines, clerk: Clerk, key: str) -> None:
    asked = uses.request(key)
    before = clerk.codes(asked, NOON)

    suspend(engines, key)
    during = clerk.codes(asked, NOON)
    take(engines, key, "resume", "per_hub_supervisor", reason="mended")

    assert (before, during) == ((), ("AUTH_SUSPENDED",))
    assert clerk.codes(asked, NOON) == ()


def test_only_what_has_changed_is_read_again(engines: Engines, clerk: Clerk, key: str) -> None:
    with engines.writing() as session:
        other = grants.active(
            session, given=grants.scope(**NO_QUOTAS), scenario_id="scn_2", assessment_id="asm_2"
        ).id
        session.commit()
    for one in (key, other):
        clerk.codes(uses.request(one), NOON)

    suspend(engines, other)
    seen = selects(engines)
    untouched = clerk.codes(uses.request(key), NOON)
    cost = len(seen)
    touched = clerk.codes(uses.request(other), NOON)

    assert (untouched, cost) == ((), 0)
    assert touched == ("AUTH_SUSPENDED",)
    assert len(seen) > 0


@pytest.mark.parametrize("organisation", ["org_buyer", "org_developer", "org_operator"])
def test_a_frozen_organisation_stops_at_the_next_use(
    engines: Engines, clerk: Clerk, key: str, organisation: str
) -> None:
    asked = uses.request(key)
    clerk.codes(asked, NOON)

    with engines.writing() as session:
        work = work_of(session, "per_hub_supervisor")
        organisations.take(work, organisation, "freeze", reason="an inquiry")
        session.commit()

    assert clerk.codes(asked, NOON) == ("ORG_RESTRICTED",)


def test_a_revoked_credential_is_no_credential(engines: Engines, clerk: Clerk, key: str) -> None:
    with engines.writing() as session:
        work = work_of(session, "per_buyer_editor")
        token = credentials.issue(work, label="reader", scopes=["deliver"], days=30)[0].id
        session.commit()
    asked = uses.request(key, credential=token)
    stolen = uses.request(key, credential=token, organisation_id="org_developer")

    before = clerk.codes(asked, NOON)
    others = clerk.codes(stolen, NOON)
    unknown = clerk.codes(uses.request(key, credential="tok_nowhere"), NOON)
    late = clerk.codes(asked, NOON + timedelta(days=31))
    with engines.writing() as session:
        credentials.revoke(work_of(session, "per_buyer_editor"), token)
        session.commit()

    assert before == ()
    assert others == unknown == late == ("CREDENTIAL_REVOKED",)
    assert clerk.codes(asked, NOON) == ("CREDENTIAL_REVOKED",)


def test_an_order_that_is_not_paid_denies(clerk: Clerk, key: str) -> None:
    asked = uses.request(key, order_paid=False)

    assert clerk.codes(asked, NOON) == ("ORDER_NOT_PAID",)
    assert clerk.codes(uses.request(key, order_paid=True), NOON) == ()


def test_i_33_what_one_process_suspends_the_next_call_of_another_refuses(
    engines: Engines, clerk: Clerk, key: str, database_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        others = [
            stack.enter_context(uses.neighbour(database_url, tmp_path / "state", key))
            for _ in range(3)
        ]
        before = {other.ask() for other in others}
        suspend(engines, key)
        during = {other.ask() for other in others}
        resume(engines, key)
        after = {other.ask() for other in others}

    assert (before, during, after) == ({"allow"}, {"AUTH_SUSPENDED"}, {"allow"})


def resume(engines: Engines, key: str) -> None:
    take(engines, key, "resume", "per_hub_supervisor", reason="mended")


def answered_after(others: list[uses.Neighbour], answer: str) -> float:
    """Return after how many seconds the last of them gave this answer; ten at most."""
    waiting, began = set(others), monotonic()
    while waiting and monotonic() < began + 10:
        waiting -= {other for other in waiting if other.ask() == answer}
        sleep(0.02)
    return monotonic() - began


def soonest(
    others: list[uses.Neighbour], fell: Callable[[], None], rose: Callable[[], None]
) -> float:
    """Return the least that it took of some times: others use the processors as well."""
    took = []
    for _ in range(3):
        fell()
        took.append(answered_after(others, "AUTH_SUSPENDED"))
        rose()
        answered_after(others, "allow")
    return min(took)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_i_33_another_host_refuses_within_a_second(
    engines: Engines, clerk: Clerk, key: str, database_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        others = [
            stack.enter_context(uses.neighbour(database_url, tmp_path / host, key))
            for host in ("another host", "a third host")
        ]
        before = {other.ask() for other in others}
        took = soonest(others, lambda: suspend(engines, key), lambda: resume(engines, key))

    assert before == {"allow"}
    assert took < 1.0


def test_i_33_what_a_killed_process_has_committed_is_known_within_a_second(
    engines: Engines, key: str, database_url: str, tmp_path: Path
) -> None:
    # What it commits, it commits without a word to anybody: as a process that dies then.
    dying = Engines(database_url)
    with uses.neighbour(database_url, tmp_path / "state", key) as other:
        before = other.ask()
        took = soonest([other], lambda: suspend(dying, key), lambda: resume(dying, key))
    dying.dispose()

    assert before == "allow"
    assert took < 1.0


def test_another_use_of_the_same_right_is_judged_by_itself(clerk: Clerk, key: str) -> None:
    asked, elsewhere = uses.request(key), uses.request(key, region="110000")

    for _ in range(2):
        assert clerk.codes(elsewhere, NOON) == ("REGION_OUT_OF_SCOPE",)
        assert clerk.codes(asked, NOON) == ()
        assert clerk.codes(uses.request(key, region="430200"), NOON) == ()


def test_what_has_changed_meanwhile_is_not_remembered(
    engines: Engines, clerk: Clerk, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = clauses.judged

    def slowly(*given: Any) -> tuple[str, ...]:
        found = judged(*given)
        clerk.forget([key])  # as another thread would, that has heard of a change
        return found

    with monkeypatch.context() as patched:
        patched.setattr(clauses, "judged", slowly)
        clerk.codes(uses.request(key), NOON)
    seen = selects(engines)
    again = clerk.codes(uses.request(key), NOON)

    assert again == ()
    assert len(seen) > 0


def test_an_answer_stands_in_the_log_and_becomes_one_row(
    engines: Engines, clerk: Clerk, key: str
) -> None:
    buyer: dict[str, Any] = {
        "person_id": "per_buyer_editor",
        "organisation_id": "org_buyer",
        "now": NOON,
    }
    allowed = clerk.answer(uses.request(key), **buyer)
    denied = clerk.answer(uses.request(key, purpose_code="other"), **buyer)

    assert allowed is not None
    assert denied is not None
    assert (drained(engines, clerk), drained(engines, clerk)) == (2, 0)
    assert clerk.spool.files() == []
    with engines.reading() as session:
        kept = session.get_one(Decision, denied.id)
        assert (kept.codes, kept.at, kept.version) == (["PURPOSE_MISMATCH"], NOON, 1)
        assert decisions.reasons(kept) == denied.refusals
        assert session.get_one(Decision, allowed.id).allowed
        assert allowed.obligations == ("log", "destroy", "report", "aggregate by day")


def test_what_is_left_is_told_also_when_nothing_is_spent(engines: Engines, clerk: Clerk) -> None:
    key = uses.granted(engines)
    found = clerk.answer(
        uses.request(key, quantity={}),
        person_id="per_buyer_editor",
        organisation_id="org_buyer",
        now=NOON,
    )

    assert found is not None
    assert found.remaining == {"rows": 1000}


def test_strangers_are_left_to_the_database(clerk: Clerk, key: str) -> None:
    def ask(organisation: str, **changes: Any) -> bool:
        asked = uses.request(key, **changes)
        found = clerk.answer(asked, person_id="per_x", organisation_id=organisation, now=NOON)
        return found is not None

    assert ask("org_operator")
    assert not ask("org_other")
    assert not ask("org_exchange", organisation_id="org_exchange")


def test_no_answer_is_missing_after_a_process_was_killed(
    engines: Engines, clerk: Clerk, key: str, database_url: str, tmp_path: Path
) -> None:
    with uses.neighbour(database_url, tmp_path / "state", key) as other:
        other.tell("use 100000")
        given = [other.says() for _ in range(300)]
        given += [said for said in other.kill() if len(said) == len(given[0])]

    written = drained(engines, clerk)

    with engines.reading() as session:
        kept = set(session.scalars(select(Decision.id)))
    assert len(given) >= 300
    assert set(given) <= kept
    assert written == len(kept)
    assert drained(engines, clerk) == 0
    assert clerk.spool.files() == []


def test_lines_of_a_live_process_become_rows_and_its_file_stays(
    engines: Engines, clerk: Clerk, key: str, database_url: str, tmp_path: Path
) -> None:
    with uses.neighbour(database_url, tmp_path / "state", key) as other:
        other.tell("use 3")
        given = {other.says() for _ in range(3)}
        written = drained(engines, clerk)
        again = drained(engines, clerk)
        files = clerk.spool.files()

    assert (written, again, len(files)) == (3, 0, 1)
    with engines.reading() as session:
        assert set(session.scalars(select(Decision.id))) == given


def test_a_full_memory_begins_anew(clerk: Clerk, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clerks, "GRANTS_MAX", 0)
    monkeypatch.setattr(clerks, "OTHERS_MAX", 0)

    assert clerk.codes(uses.request(key), NOON) == ()
    assert clerk.codes(uses.request(key, organisation_id="org_developer"), NOON) == ()


STATES = ("active", "suspended", "revoked", "expired", "issued")
CODES = {
    "purpose_code": st.sampled_from(["weather_insurance", "site_selection", "?"]),
    "items": st.lists(
        st.sampled_from([(grants.DIRECTORY, "RAIN"), (grants.DIRECTORY, "WSPM"), ("", "")]),
        max_size=3,
    ).map(tuple),
    "transform": st.sampled_from(["aggregated", "masked", "raw", "sideways"]),
    "output_form": st.sampled_from(["aggregate_report", "record_api", "raw_export", "song"]),
    "region": st.sampled_from(["430000", "430100", "110000", "000000", "4", "x"]),
    "environment": st.sampled_from(["tee", "api_gateway", "cellar"]),
    "organisation_id": st.sampled_from(["org_buyer", "org_developer", "org_exchange", "org_?"]),
    "order_paid": st.sampled_from([None, True, False]),
    "consent": st.sampled_from(["", "con_1"]),
    "credential": st.sampled_from(["", "tok_nowhere"]),
}


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    changes=st.fixed_dictionaries({}, optional=CODES),
    state=st.sampled_from(STATES),
    days=st.sampled_from([0, 1, 364, 366]),
)
def test_i_29_memory_and_tables_say_the_same(
    engines: Engines, clerk: Clerk, key: str, changes: Any, state: str, days: int
) -> None:
    now = NOON + timedelta(days=days)
    asked = uses.request(key, **changes)
    with engines.writing() as session:
        row = authorisations.find(session, key)
        row.state = state
        row.suspend_reason = "overuse" if state == "suspended" else None
        work_of(session, "system").record("authorisation.painted", key)
        session.commit()

    remembered = clerk.codes(asked, now)
    with engines.writing() as session:
        decided = decisions.decide(work_of(session, "per_buyer_editor", at=now), asked)

        assert remembered == tuple(decided.codes)


def test_a_batch_of_lines_is_no_longer_than_a_transaction(
    engines: Engines, clerk: Clerk, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clerks, "DRAINED_MAX", 2)
    for _ in range(5):
        clerk.answer(uses.request(key), person_id="per_x", organisation_id="org_operator", now=NOON)

    assert drained(engines, clerk) == 5
    with engines.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 5
