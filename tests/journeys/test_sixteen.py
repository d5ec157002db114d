"""Sixteen scenarios in every state, played step by step, stopped in the midst and gone on with."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app import create_app, demonstration, founding, house, unit
from app.house import House
from app.story import cast, stage
from app.story.sixteen import plays, table
from app.story.sixteen.beats import SUBJECT, Beat, play, recalled, working_day
from app.story.sixteen.trades import script as trades
from app.unit import Exchange
from catalogue.directories import Directory
from config.settings import Settings
from kernel import clock, evidence, ids, journal, watch
from kernel.actor import SYSTEM
from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.work import Work
from licensing import authorisations, certificates, scenarios
from licensing.applications import commitments
from licensing.applications.cases import Scenario, State
from licensing.assessing import replays
from licensing.authorisations import Authorisation
from licensing.supervision import totals
from licensing.upkeep import renewals
from tests import postgres
from tests.conftest import CALENDAR

STOPPED_AFTER = 210
"""Beats before the play is stopped: in the midst of a panel."""

SELECTS_MAX = 40
FIELDS = {"medical_health", "transport", "commerce_circulation", "financial_services"}
BEGINS_BEFORE = timedelta(days=110)

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Played:
    """The demonstration when all is over. counts: beats of each start; said: to people."""

    application: Exchange
    counts: tuple[int, ...]
    said: list[str]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite"),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ],
)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('sixteen')}/sixteen.db"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"databourse_sixteen_{ids.secret(6).lower().replace('-', '_')}"
    yield postgres.create_database(server, name)
    postgres.drop_database(server, name)


@pytest.fixture(scope="module")
def played(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Play into a fresh database: once until it is stopped, then to the end, then again."""
    folder = tmp_path_factory.mktemp("house")
    settings = Settings(
        database_url=database,
        environment="test",
        clock="adjustable",
        data_dir=f"{folder}/domain",
        state_dir=f"{folder}/state",
        key=bytes(range(32)).hex(),
        password_memory_kib=8,
        password_rounds=1,
    )
    stage.furnish(settings, begins_before=BEGINS_BEFORE)
    made = create_app(settings)
    said: list[str] = []
    counts = (
        plays.go_on(made.house, say=said.append, at_most=STOPPED_AFTER),
        plays.go_on(made.house, say=said.append),
        plays.go_on(made.house, say=said.append),
    )
    now = clock.now()
    unit.committed(made.house, SYSTEM, lambda work: demonstration.begin_at(work.session, now))
    yield Played(made, counts, said)
    made.house.engines.dispose()


@pytest.fixture
def work(played: Played) -> Iterator[Work]:
    served = played.application.house
    with served.engines.reading() as session:
        yield served.work(session, SYSTEM)


def found(session: Session) -> list[Scenario]:
    return list(session.scalars(select(Scenario).order_by(Scenario.id)))


def test_a_play_that_was_stopped_goes_on_and_is_played_once(played: Played, work: Work) -> None:
    events = journal.history(work.session, SUBJECT, limit=2_000)
    named = [one.data["beat"] for one in events]

    assert played.counts[0] == STOPPED_AFTER
    assert played.counts[1:] == (len(plays.script()) - STOPPED_AFTER, 0)
    assert len(named) == len(set(named)) == len(plays.script())
    assert {one.kind for one in events} == {"demonstration.played"}
    assert [one.data for one in events if "refused" in one.data] == []


def test_every_state_is_there_and_every_field_has_four(work: Work) -> None:
    told = table.whole()["scenarios"]
    earlier = {one["title"] for one in told.values() if one.get("earlier")}
    cases = found(work.session)
    sixteen = [one for one in cases if one.title not in earlier]

    assert len(sixteen) == 16
    assert {one.state for one in cases} == set(State)
    assert Counter(one.application_field for one in sixteen) == dict.fromkeys(FIELDS, 4)
    assert Counter(one.state for one in sixteen) == dict.fromkeys(set(State) - {"authorised"}, 1)


def test_every_case_went_a_way_that_its_life_allows(work: Work) -> None:
    for case in found(work.session):
        state: Any = State.DRAFT
        for one in journal.history(work.session, case.id, limit=200):
            if "before" not in one.data:
                continue
            fitting = [
                row.name for row in scenarios.LIFE.steps.values()
                if row.event == one.kind and one.data["before"] in row.source
                and one.data["after"] == row.target
            ]  # fmt: skip
            assert fitting, (case.title, one.kind)
            assert one.data["before"] == state
            state = one.data["after"]
        assert state == case.state


def test_every_light_is_lit(work: Work) -> None:
    today = local_date(work.now)
    cases = found(work.session)

    page = scenarios.queue(work, limit=50)
    wholes = [totals.of(work.session, case.id) for case in cases if case.submitted_at]
    paused = [one for one in wholes if one and one.completed_on is None and watch.paused(one)]

    assert {one.light for one in page.items} == {Light.GREEN, Light.YELLOW, Light.RED}
    assert {watch.light(one, work.calendar, today) for one in paused} == {Light.GREY}


def test_rights_stand_in_every_way_and_verify(work: Work) -> None:
    rights = list(work.session.scalars(select(Authorisation).order_by(Authorisation.id)))
    by_state = {one.state: one for one in rights}

    (near,) = [one for one in rights if one.state == "active"]
    checked = [certificates.verify(work.session, work.crypto, one.cert_no) for one in rights]
    conditional = by_state[authorisations.State.ACTIVE_CONDITIONAL]
    promised = commitments.outstanding(work.session, conditional.scenario_id)

    assert set(by_state) == {"active", "active_conditional", "suspended", "revoked"}
    assert renewals.window(work, near).is_open(local_date(work.now))
    assert all(one.intact and one.signature_ok for one in checked)
    assert [one.material for one in promised] == ["mlps_certificate"]


def test_the_evidence_verifies_and_every_result_can_be_computed_again(
    played: Played, work: Work
) -> None:
    report = evidence.verify(work.session, played.application.house.crypto)

    assert report.ok, report.findings
    assert report.seals > 0
    assert list(replays.check(work.session)) == []


def test_directories_hold_named_and_graded_items(work: Work) -> None:
    departments = table.whole()["departments"]
    grades = {one["grade"] for key in departments for one in table.items(key)}

    assert work.session.scalar(select(func.count()).select_from(Directory)) == len(departments) == 4
    assert all(8 <= len(table.items(key)) <= 14 for key in departments)
    assert grades == {"G1", "G2", "G3"}


def signed_in(application: Exchange, login: str) -> Any:
    client = application.test_client()
    answer = client.post("/sign-in", data={"login": f"{login}@demo", "password": cast.PASSWORD})
    assert answer.status_code in (302, 303), answer.text
    return client


def selects(application: Exchange, client: Any, path: str) -> tuple[int, str]:
    """Return how many SELECTs a page costs, and its text."""
    told: list[str] = []
    engine = application.house.engines.read

    def note(*given: Any) -> None:
        told.extend([given[2]] if given[2].lstrip().startswith("SELECT") else [])

    client.set_cookie("of-its-own", "1")  # what somebody brings along is drawn for them
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = client.get(path)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, (path, answer.status_code)
    return len(told), answer.text


@pytest.mark.parametrize(("login", "path"), [
    ("officer", "/cases"), ("officer", "/desk"), ("regulator", "/cases"),
    ("regulator", "/supervision"), ("regulator", "/authorisations"), ("lubo", "/desk"),
    ("traffic.head", "/desk"), ("approver", "/desk"), ("expert11", "/desk"),
])  # fmt: skip
def test_pages_of_the_queue_cost_a_bounded_number_of_selects(
    played: Played, login: str, path: str
) -> None:
    client = signed_in(played.application, login)

    count, _ = selects(played.application, client, path)

    assert 0 < count <= SELECTS_MAX, count


def test_the_queue_shows_who_waits_and_the_register_who_may(played: Played, work: Work) -> None:
    officer = signed_in(played.application, "officer")
    waiting = scenarios.queue(work, limit=50).items
    granted = list(work.session.scalars(select(Authorisation.cert_no)))

    _, cases = selects(played.application, officer, "/cases")
    _, register = selects(played.application, played.application.test_client(), "/register")

    assert all(one.scenario.title in cases for one in waiting)
    assert len(granted) == 4
    assert all(cert_no in register for cert_no in granted)
    for one in waiting:
        assert officer.get(f"/cases/{one.scenario.id}").status_code == 200


@contextmanager
def furnished(folder: Path, *, begins_before: timedelta) -> Iterator[House]:
    """Open a demonstration with its cast and nothing else."""
    settings = Settings(
        database_url=f"sqlite:///{folder}/furnished.db",
        environment="test",
        clock="adjustable",
        data_dir=f"{folder}/domain",
        state_dir=f"{folder}/state",
        key=bytes(range(32)).hex(),
        password_memory_kib=8,
        password_rounds=1,
    )
    stage.furnish(settings, begins_before=begins_before)
    made = house.build(settings, {})
    yield made
    made.engines.dispose()


@pytest.fixture
def older(tmp_path: Path) -> Iterator[House]:
    """Give a demonstration of today."""
    with furnished(tmp_path, begins_before=timedelta(0)) as made:
        yield made


def test_what_is_refused_is_said_and_bars_what_follows(tmp_path: Path) -> None:
    said: list[str] = []
    department = table.whole()["departments"]["health"]

    with furnished(tmp_path, begins_before=BEGINS_BEFORE) as made:
        named = {"uscc": department["uscc"], "name_zh": "演示·先来的", "name_en": "Demo Earlier"}
        founding.add_organisation(made, **named, region="430000", roles=["supply_department"])
        counts = [plays.go_on(made, say=said.append, at_most=1) for _ in range(2)]
        begun = recalled(made)

    refused = [line.strip() for line in said if line.startswith("    ")]
    assert counts == [1, 1]
    assert begun == {"firm/health": "", "person/health": ""}
    assert [line.partition(":")[0] for line in refused] == list(begun)


def test_nothing_is_played_where_time_would_run_backwards(older: House) -> None:
    said: list[str] = []

    played = plays.go_on(older, say=said.append)

    assert played == 0
    assert [line for line in said if "reset" in line] == said != []
    assert recalled(older) == {}


def test_no_trades_are_played_into_a_demonstration_that_was_over_before_there_were_any() -> None:
    traded = {beat.key for beat in trades.beats()}
    sixteen = {beat.key: "" for beat in plays.script() if beat.key not in traded}
    begun = {**sixteen, next(iter(traded)): ""}

    assert {beat.key for beat in plays.wanted(sixteen)} == set(sixteen)
    assert {beat.key for beat in plays.wanted({})} == set(sixteen) | traded
    assert {beat.key for beat in plays.wanted(begun)} == set(sixteen) | traded


@pytest.mark.parametrize(("who", "word"), [("officer", "no scenario"), ("stranger", "stranger")])
def test_a_beat_that_is_refused_is_written_down_and_not_tried_again(
    older: House, who: str, word: str
) -> None:
    made: dict[str, str] = {}
    beat = Beat("case/accept", 0, who, lambda scene: scenarios.find(scene.work.session, "scn_").id)

    refused = play(older, beat, made, local_date(clock.now()))

    assert refused is not None
    assert refused.startswith("case/accept: ")
    assert word in refused
    assert recalled(older) == made == {"case/accept": ""}


def test_working_days_are_counted_back_from_the_last_one() -> None:
    sunday, friday = date(2026, 11, 22), date(2026, 11, 20)

    assert working_day(CALENDAR, sunday, 0) == friday
    assert CALENDAR.between(working_day(CALENDAR, sunday, 52), friday) == 52
