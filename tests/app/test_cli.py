"""The command line, as an operator meets it: what is said, what is done, how it ends."""

import ast
import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from threading import Event as Signal
from threading import Timer
from time import monotonic
from types import ModuleType
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import text

import migrations
from app import cli, commands, house, serve
from app.story import stage, tampering
from app.story.callers import Caller
from app.unit import committed
from config.settings import HOUSE, Settings
from kernel import clock, evidence, ids
from kernel.actor import SYSTEM
from kernel.engines import Engines
from kernel.money import Money
from kernel.parties import organisations, people
from kernel.parties.organisations import State
from kernel.work import Work
from settlement import ledger
from settlement.ledger import Row
from tests import cast, postgres
from tests.conftest import PASSWORDS, work_of
from tests.licensing import hall
from tests.settlement.bookkeeping import CUSTODY, suspense

KEY = bytes(range(32)).hex()
CHEAP = {"DATABOURSE_PASSWORD_MEMORY_KIB": "8", "DATABOURSE_PASSWORD_ROUNDS": "1"}
NEWCOMER = {
    "--uscc": "91110108717743469K",
    "--name-zh": "演示·新机构",
    "--name-en": "Demo Newcomer",
    "--region": "430100",
    "--role": "merchant",
}
PERSON = {
    "--login": "New.Comer@demo",
    "--name": "演示·新人",
    "--organisation": "org_other",
    "--duty": "editor",
    "--password": cast.PASSWORD,
}
PATIENCE_S = 120

Databourse = Callable[..., Result]


@pytest.fixture
def databourse(database_url: str) -> Iterator[Databourse]:
    """Give the command line, over the test's database."""
    yield _over(database_url)
    structlog.reset_defaults()  # a command's log goes to a terminal that is gone now


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database in which there is nothing, not even a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/a folder/empty.db"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"databourse_empty_{ids.secret(6).lower().replace('-', '_')}"
    yield postgres.create_database(server, name)
    postgres.drop_database(server, name)


def _over(url: str, **environment: str) -> Databourse:
    told = {"DATABASE_URL": url, "DATABOURSE_KEY": KEY, **CHEAP, **environment}

    def run(*words: str, **more: Any) -> Result:
        return CliRunner().invoke(cli.main, words, env=told, **more)

    return run


def _words(options: dict[str, str], **changed: str) -> list[str]:
    given = {**options, **{f"--{name.replace('_', '-')}": it for name, it in changed.items()}}
    return [word for pair in given.items() for word in pair]


# --- what it says of itself -------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_says_what_it_is_for(name: str) -> None:
    runner = CliRunner()

    overview = runner.invoke(cli.main, ["--help"])
    alone = runner.invoke(cli.main, [name, "--help"])

    assert (overview.exit_code, alone.exit_code) == (0, 0)
    assert f"\n  {name} " in overview.stdout
    assert (cli.main.commands[name].help or "").split("\n")[0] in alone.stdout.replace("\n  ", " ")


def test_its_version_is_the_projects() -> None:
    told = CliRunner().invoke(cli.main, ["--version"])

    assert told.exit_code == 0
    assert told.stdout.strip().endswith(_version())


def _version() -> str:
    pyproject = (HOUSE / "pyproject.toml").read_text("utf-8")
    return pyproject.split('\nversion = "')[1].split('"')[0]


PARTS = [import_module(f"app.commands.{each.name}") for each in iter_modules(commands.__path__)]


@pytest.mark.parametrize("part", [cli, *PARTS], ids=lambda part: part.__name__)
def test_help_waits_for_no_database_and_no_computation(part: ModuleType) -> None:
    module = ast.parse(Path(str(part.__file__)).read_text("utf-8"))

    imported = {
        name
        for node in module.body
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom)
            else []
        )
    }  # fmt: skip

    ours = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    parts = {name for name in ours if name.split(".")[:2] == ["app", "commands"]}
    light = {"click", "config.settings", "databourse_client.commands"}
    assert ours - parts <= light, "import inside the command that needs it"


def test_the_buyers_commands_load_no_database_and_no_computation() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, databourse_client.commands; print(*sys.modules)"],
        cwd=HOUSE, env=stage.INHERITED, capture_output=True, text=True, timeout=PATIENCE_S,
        check=True,
    )  # fmt: skip

    heavy = {"sqlalchemy", "flask", "duckdb", "numpy", "pandas", "pyarrow", "deltalake"}
    assert heavy.isdisjoint(told.stdout.split())


def test_it_starts_as_a_module_too() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "app.cli", "--version"],
        cwd=HOUSE, env=stage.INHERITED, capture_output=True, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr
    assert _version() in told.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABOURSE_CLOCK", "sundial"),
        ("DATABOURSE_THREADS", "many"),
        ("DATABOURSE_WORKER", "yes"),
        ("DATABOURSE_KEY", "short"),
        ("DATABOURSE_ENVIRONMENT", "production"),
    ],
)
def test_a_bad_setting_is_named_and_nothing_is_done(tmp_path: Path, name: str, value: str) -> None:
    path = tmp_path / "never.db"

    told = CliRunner().invoke(
        cli.main, ["migrate"], env={"DATABASE_URL": f"sqlite:///{path}", name: value}
    )

    assert told.exit_code == 2
    assert name in told.stderr or value == "production" in told.stderr
    assert not path.exists()


def test_an_unknown_command_is_a_mistake_of_usage() -> None:
    assert CliRunner().invoke(cli.main, ["dance"]).exit_code == 2


# --- the database -----------------------------------------------------------------------


def test_migrate_brings_an_empty_database_to_the_newest_step_and_says_so(empty: str) -> None:
    first = _over(empty)("migrate")
    again = _over(empty)("migrate")

    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert first.stdout == again.stdout
    assert first.stdout.endswith(f": {migrations.head()}\n")
    opened = Engines(empty)
    assert migrations.current(opened.write) == migrations.head()
    opened.dispose()


def test_a_database_that_does_not_answer_is_told_in_one_line_without_its_password() -> None:
    told = _over("postgresql://user:secret-word@localhost:1/none")("migrate")

    assert told.exit_code == 1
    assert told.stdout == ""
    assert told.stderr.startswith("Error: postgresql+psycopg://user:***@localhost:1/none: ")
    assert "secret-word" not in told.stderr


def test_a_database_without_tables_is_told_in_one_line(empty: str) -> None:
    told = _over(empty)("verify")

    assert told.exit_code == 1
    assert "events" in told.stderr
    assert told.stderr.count("\n") == 1


# --- serving ----------------------------------------------------------------------------


def test_several_processes_need_a_postgresql(tmp_path: Path) -> None:
    told = _over(f"sqlite:///{tmp_path}/one.db")("serve", "--processes", "2")

    assert told.exit_code == 2
    assert "PostgreSQL" in told.stderr


def test_a_demonstration_is_not_played_with_real_money(tmp_path: Path) -> None:
    production = _over(
        f"sqlite:///{tmp_path}/real.db",
        DATABOURSE_ENVIRONMENT="production",
        DATABOURSE_BASE_URL="https://exchange.example",
    )

    told = production("run")

    assert told.exit_code == 2
    assert "migrate and serve" in told.stderr
    assert not (tmp_path / "real.db").exists()


@pytest.mark.slow
def test_serve_answers_until_it_is_told_to_stop(database_url: str) -> None:
    settings = Settings(database_url=database_url, key=KEY, threads=2)
    port = serve.free_port("127.0.0.1", 0)

    with (
        stage.served(settings, host="127.0.0.1", port=port) as (process, _),
        closing(Caller("127.0.0.1", port)) as caller,
    ):
        alive = caller.get("/healthz")

    assert alive == {"status": "ok"}
    assert process.returncode == 0


@pytest.mark.slow
def test_run_plays_the_story_once_and_serves_it_ever_after(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/demonstration.db"
    environment = {"DATABASE_URL": url, "DATABOURSE_DATA_DIR": f"{tmp_path}/domain",
                   "DATABOURSE_KEY": KEY, **CHEAP}  # fmt: skip

    first = _welcomed(environment)  # stopped when the sixteen have hardly begun
    again = _welcomed(environment, until="scenarios are there")
    at_last = _welcomed(environment)

    assert "playing the main job once" in first
    assert "✗" not in first
    assert "playing" not in again
    assert "sixteen" not in at_last
    assert "buyer@demo" in first
    assert "buyer@demo" in again
    assert [_over(url)(check).exit_code for check in ("verify", "fsck")] == [0, 0]


def _welcomed(environment: dict[str, str], *, until: str = "Ctrl-C") -> str:
    """Start the demonstration, wait for a line, look in, stop it; return what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "run", "--port", "0"],
        cwd=HOUSE, env={**stage.INHERITED, **environment}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    hung = Timer(4 * PATIENCE_S, process.kill)
    hung.start()
    for line in process.stdout:
        said += line
        if until in line:
            break
    hung.cancel()
    assert until in said, said
    address = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
    assert address, said
    with closing(Caller("127.0.0.1", int(address[1]))) as caller:
        assert caller.get("/readyz") == {"status": "ok"}
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=PATIENCE_S)[0]
    assert process.returncode == 0
    return said


@pytest.mark.slow
def test_the_story_can_end_with_one_object_for_programs(tmp_path: Path) -> None:
    told = _over(f"sqlite:///{tmp_path}/unused.db")("story", "--json")

    assert told.exit_code == 0, told.stderr[-2000:]
    assert told.stdout.count("\n") == 1
    assert json.loads(told.stdout)["ok"] is True
    assert not (tmp_path / "unused.db").exists()


# --- work -------------------------------------------------------------------------------


def test_work_once_does_what_is_due_and_ends(databourse: Databourse, engines: Engines) -> None:
    with engines.writing() as session:
        work_of(session, "system", at=clock.now()).record("person.locked", "per_other_editor")
        session.commit()

    told = databourse("work", "--once")

    assert told.exit_code == 0, told.output
    assert told.stdout.split()[1::2] == ["jobs,", "errands"]
    with engines.reading() as session:
        report = evidence.verify(session, house.build(_settings(engines), {}).crypto)
    assert (report.events > 0, report.unsealed, report.findings) == (True, 0, ())


@pytest.mark.slow
def test_work_goes_on_until_it_is_told_to_stop(database_url: str, engines: Engines) -> None:
    environment = {**stage.INHERITED, "DATABASE_URL": database_url, "DATABOURSE_KEY": KEY}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "work"],
        cwd=HOUSE, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        _until(lambda: _count(engines, "job_runs") > 0)
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE_S)

    assert process.returncode in {0, -signal.SIGTERM}
    assert "stumbled" not in said


def _until(done: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_S
    while not done():
        assert monotonic() < deadline, "it did not happen"
        Signal().wait(0.05)


def _count(engines: Engines, table: str) -> int:
    with engines.reading() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def _settings(engines: Engines) -> Settings:
    return Settings(database_url=engines.url.render_as_string(hide_password=False), key=KEY)


# --- verify and fsck --------------------------------------------------------------------


@pytest.fixture
def sealed(engines: Engines) -> Engines:
    """Let two events happen, and seal the first."""
    built = house.build(_settings(engines), {})
    for command in (_lock("per_1"), evidence.seal, _lock("per_2")):
        committed(built, SYSTEM, command)
    built.engines.dispose()
    return engines


def _lock(person: str) -> Callable[[Work], object]:
    return lambda work: work.record("person.locked", person)


def test_verify_says_that_the_evidence_holds(databourse: Databourse, sealed: Engines) -> None:
    told, as_json = databourse("verify"), databourse("verify", "--json")

    assert (told.exit_code, as_json.exit_code) == (0, 0), told.output
    assert told.stdout == "2 events, 1 seals, 1 unsealed\n"
    assert json.loads(as_json.stdout) == {
        "ok": True, "seals": 1, "events": 2, "unsealed": 1, "findings": []
    }  # fmt: skip


def test_verify_names_the_edited_event_and_ends_with_four(
    databourse: Databourse, sealed: Engines
) -> None:
    with sealed.write.begin() as connection:
        connection.execute(text(tampering.GUARDS[connection.dialect.name]))
        connection.execute(text("UPDATE events SET person = 'per_else' WHERE subject = 'per_1'"))

    told, as_json = databourse("verify"), databourse("verify", "--json")

    assert (told.exit_code, as_json.exit_code) == (4, 4)
    assert "EVENT_EDITED: event " in told.stdout
    found = json.loads(as_json.stdout)
    assert found["ok"] is False
    assert [finding["code"] for finding in found["findings"]] == ["EVENT_EDITED"]


@pytest.fixture
def booked(engines: Engines) -> Engines:
    """Let ten yuan arrive at the bank."""
    with engines.writing() as session:
        work = work_of(session, "system")
        rows = [Row(CUSTODY, suspense("bsl_1"), Money(1000))]
        ledger.post(work, "bank.received", "bsl_1", rows, effective_on=work.now.date())
        session.commit()
    return engines


def test_fsck_says_that_the_books_hold(databourse: Databourse, booked: Engines) -> None:
    told, as_json = databourse("fsck"), databourse("fsck", "--json")

    assert (told.exit_code, as_json.exit_code) == (0, 0), told.output
    assert told.stdout == ""
    assert told.stderr.endswith("things looked at: ok\n")
    found = json.loads(as_json.stdout)
    assert (found["ok"], found["full"], found["findings"]) == (True, False, [])
    looked_at = {one["code"]: one["checked"] for one in found["checks"]}
    assert looked_at["ENTRY_EDITED"] == 1
    assert "BLOCK_BROKEN" not in looked_at


def test_fsck_reads_the_past_again_when_it_is_asked_to(
    databourse: Databourse, booked: Engines
) -> None:
    told = databourse("fsck", "--full", "--json")

    assert told.exit_code == 0
    assert "BLOCK_BROKEN" in {one["code"] for one in json.loads(told.stdout)["checks"]}


def test_fsck_of_a_database_without_tables_ends_with_two(tmp_path: Path) -> None:
    told = _over(f"sqlite:///{tmp_path}/empty.db")("fsck")

    assert told.exit_code == 2
    assert "no such table" in told.stderr


def test_fsck_names_what_is_damaged_and_ends_with_one(
    databourse: Databourse, booked: Engines
) -> None:
    _make_it_ten_times_as_much(booked)

    told, as_json = databourse("fsck"), databourse("fsck", "--json")

    assert (told.exit_code, as_json.exit_code) == (1, 1)
    codes = {finding["code"] for finding in json.loads(as_json.stdout)["findings"]}
    assert {"ENTRY_EDITED", "BALANCE_DIFFERS"} <= codes
    assert codes == {line.split(":")[0] for line in told.stdout.splitlines()}


def _make_it_ten_times_as_much(engines: Engines) -> None:
    edit = "UPDATE ledger_postings SET amount = amount * 10"
    if not engines.sqlite:
        with engines.write.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(edit))
        return
    with closing(sqlite3.connect(str(engines.url.database), isolation_level=None)) as there:
        asked = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = there.execute(asked).fetchall()
        for name, _ in triggers:
            there.execute(f"DROP TRIGGER {name}")
        for statement in [edit, *(sql for _, sql in triggers)]:
            there.execute(statement)


# --- the first organisations and people -------------------------------------------------


def test_an_organisation_of_the_operator_is_active_at_once(
    databourse: Databourse, engines: Engines
) -> None:
    told = databourse("organisation", "add", *_words(NEWCOMER), "--role", "buyer")

    assert told.exit_code == 0, told.output
    with engines.reading() as session:
        made = organisations.find(session, told.stdout.strip())
        assert made.state == State.ACTIVE
        assert {str(role) for role in made.granted} == {"merchant", "buyer"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"uscc": "91110108717743469X"}, "mistyped"),
        ({"uscc": cast.ORGANISATIONS["org_buyer"][0]}, "entered before"),
        ({"region": "Hunan"}, "six digits"),
        ({"role": "wizard"}, "no role 'wizard'"),
        ({"role": "system"}, "no role 'system'"),
    ],
)
def test_an_organisation_that_cannot_be_is_refused_in_one_line(
    databourse: Databourse, engines: Engines, changed: dict[str, str], why: str
) -> None:
    before = _count(engines, "organisations"), _count(engines, "events")

    told = databourse("organisation", "add", *_words(NEWCOMER, **changed))

    assert told.exit_code == 3
    assert told.stdout == ""
    assert told.stderr.count("\n") == 1
    assert why in told.stderr
    assert (_count(engines, "organisations"), _count(engines, "events")) == before


def test_a_person_of_the_operator_may_act_at_once(databourse: Databourse, engines: Engines) -> None:
    told = databourse("person", "add", *_words(PERSON), "--duty", "signer")

    assert told.exit_code == 0, told.output
    with engines.reading() as session:
        made = people.by_login(session, "new.comer@demo")
        assert made is not None
        assert made.id == told.stdout.strip()
        assert PASSWORDS.matches(cast.PASSWORD, made.password_hash)
        actor = people.actor(session, made.id, "org_other")
        assert actor is not None
        assert {str(duty) for duty in actor.duties} == {"editor", "signer"}


def test_a_password_that_is_not_given_is_asked_for_twice(databourse: Databourse) -> None:
    unsaid = {name: it for name, it in PERSON.items() if name != "--password"}

    once = databourse("person", "add", *_words(unsaid), input=f"{cast.PASSWORD}\nelse\n")
    twice = databourse("person", "add", *_words(unsaid), input=f"{cast.PASSWORD}\n" * 2)

    assert once.exit_code == 1
    assert twice.exit_code == 0, twice.output
    assert cast.PASSWORD not in once.output + twice.output


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"organisation": "org_nobody"}, "no organisation org_nobody"),
        ({"duty": "jester"}, "no duty 'jester'"),
        ({"password": "short"}, "characters"),
        ({"login": "PER_other_EDITOR@test"}, "is taken"),
    ],
)
def test_a_person_who_cannot_be_is_refused_in_one_line(
    databourse: Databourse, engines: Engines, changed: dict[str, str], why: str
) -> None:
    before = _count(engines, "people"), _count(engines, "events")

    told = databourse("person", "add", *_words(PERSON, **changed))

    assert told.exit_code == 3
    assert told.stdout == ""
    assert told.stderr.count("\n") == 1
    assert why in told.stderr
    assert (_count(engines, "people"), _count(engines, "events")) == before


@pytest.mark.parametrize("left_out", [*NEWCOMER])
def test_what_is_left_out_is_named(databourse: Databourse, left_out: str) -> None:
    given = {name: it for name, it in NEWCOMER.items() if name != left_out}

    told = databourse("organisation", "add", *_words(given))

    assert told.exit_code == 2
    assert left_out in told.stderr


# --- rules ------------------------------------------------------------------------------


def test_rules_are_tried_on_what_has_been_concluded(
    databourse: Databourse, engines: Engines, tmp_path: Path
) -> None:
    written = (HOUSE / "config/rules/hunan.toml").read_text("utf-8")
    stricter, broken = tmp_path / "stricter.toml", tmp_path / "broken.toml"
    stricter.write_text(written.replace("mean_pass = 7500", "mean_pass = 8000"), "utf-8")
    broken.write_text("version =", "utf-8")
    with engines.writing() as session:
        made = hall.concluded(session)
        key, scenario_id = made.id, made.scenario_id
        session.commit()

    told = databourse("rules", "simulate", str(stricter))
    as_json = databourse("rules", "simulate", str(stricter), "--json")
    bad = databourse("rules", "simulate", str(broken))

    assert (told.exit_code, as_json.exit_code, bad.exit_code) == (0, 0, 2), told.output
    assert f"{key}: pass -> revise" in told.stdout
    assert json.loads(as_json.stdout)["replayed"] == 1
    assert json.loads(as_json.stdout)["differ"] == [{
        "assessment_id": key, "scenario_id": scenario_id, "before": "pass", "after": "revise",
        "mean_before": 7870, "mean_after": 7870,
    }]  # fmt: skip


def test_every_result_and_every_draw_is_recomputed(
    databourse: Databourse, engines: Engines
) -> None:
    with engines.writing() as session:
        key = hall.concluded(session).id
        session.commit()
    good = databourse("rules", "recompute")
    with engines.write.begin() as connection:
        connection.execute(text("UPDATE assessments SET mean = 9900"))

    bad, as_json = databourse("rules", "recompute"), databourse("rules", "recompute", "--json")

    assert (good.exit_code, good.stdout) == (0, "ok\n")
    assert (bad.exit_code, bad.stdout) == (4, f"RESULT_DIFFERS: {key}\n")
    assert json.loads(as_json.stdout)["findings"] == [{"code": "RESULT_DIFFERS", "at": key}]
