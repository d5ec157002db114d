"""The house rules that no linter knows. Each test prints what to do when it fails."""

import ast
import re
from itertools import product as every
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import DeclarativeBase
from werkzeug.routing import Rule

from app import create_app
from app.lives import LIVES
from app.reactions import EARLIER, REACTIONS
from config.settings import Settings
from kernel.db import Base, Living
from kernel.workflow import Workflow

HOUSE = Path(__file__).parents[1]
ROOMS = ("app", "marketplace", "delivery", "settlement", "licensing", "catalogue", "kernel",
         "config")  # fmt: skip
MODULES = sorted(path for room in ROOMS for path in (HOUSE / room).rglob("*.py"))
CLIENT = sorted((HOUSE / "databourse_client").glob("*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in (*MODULES, *CLIENT)}

LINES_IN_A_MODULE = 400
LINES_IN_A_FUNCTION = 40
MODULES_IN_A_FOLDER = 18


def _name(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def _who(text: str, *, within: str = "") -> set[str]:
    return {
        _name(path)
        for path in MODULES
        if _name(path).startswith(within) and text in path.read_text("utf-8")
    }


@pytest.mark.parametrize("path", [*MODULES, *CLIENT], ids=_name)
def test_a_module_is_read_in_one_sitting(path: Path) -> None:
    assert path.read_text("utf-8").count("\n") <= LINES_IN_A_MODULE, "split it by noun"
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LINES_IN_A_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("room", [*ROOMS, "databourse_client"])
def test_a_folder_is_taken_in_at_a_glance(room: str) -> None:
    for folder in [HOUSE / room, *(p for p in (HOUSE / room).rglob("*") if p.is_dir())]:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= MODULES_IN_A_FOLDER, f"{folder}: open a second folder"


def test_only_the_doors_read_the_environment() -> None:
    assert _who("os.environ") | _who("getenv") <= {"app/cli.py"}


def test_only_the_clock_is_asked_for_the_time() -> None:
    for banned in ("datetime.now(", "date.today(", "time.time(", "utcnow("):
        assert _who(banned) <= {"kernel/clock.py"}, "one action has one time: use work.now"


def test_nobody_commits_but_the_unit_of_work_and_the_worker() -> None:
    committers = _who(".commit()")
    assert {"app/unit.py", "app/worker.py"} <= committers
    reader = {"kernel/engines.py"}  # ends what only read, where nothing can have been written
    allowed = {"app/unit.py", "app/worker.py"} | reader
    assert committers <= allowed, "a command records, and never commits"


def test_sql_stops_at_the_rooms() -> None:
    askers = {
        _name(path)
        for path, tree in TREES.items()
        if _name(path).startswith("app/") and _calls(tree, "select", "insert", "update", "delete")
    }
    own = {"app/worker.py", "app/idempotency.py", "app/story/tampering.py"}
    assert askers <= own, "put the query into the noun's module"


def _calls(tree: ast.Module, *names: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
        for node in ast.walk(tree)
    )


def test_only_a_life_cycle_changes_a_state() -> None:
    painters = set()
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets):
                painters.add(_name(path))
    assert painters == {"kernel/workflow.py"}, "take the step, don't paint the state"


@pytest.fixture(scope="module")
def rules() -> list[tuple[Rule, Any]]:
    app = create_app(
        Settings(database_url="sqlite:////nowhere/house.db", key="00" * 32, clock="adjustable")
    )
    return [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]


def test_every_route_says_who_may_call_it(rules: list[tuple[Rule, Any]]) -> None:
    silent = [rule.rule for rule, view in rules
              if rule.endpoint != "static" and not hasattr(view, "policy")]  # fmt: skip
    assert silent == [], "write @doors.public, @doors.members or @doors.money on the view"


def test_no_route_changes_a_record_behind_its_life_cycle(rules: list[tuple[Rule, Any]]) -> None:
    for rule, _ in rules:
        assert not (rule.methods or set()) & {"PUT", "PATCH", "DELETE"}, rule


def test_no_write_is_open_to_everybody(rules: list[tuple[Rule, Any]]) -> None:
    opened = {rule.rule: view for rule, view in rules
              if "POST" in (rule.methods or set()) and view.policy.scope is None}  # fmt: skip
    reading = {
        "/verify",
        "/releases/verify",
        "/api/credentials/verify",
        "/evidence/verify",
        "/api/evidence-packs/verify",
    }  # what is handed in is read, and not kept
    signed = {"/api/webhooks/<string:provider>"}  # each notice is verified before it is kept
    shown = {
        "/delta-sharing/shares/<share>/schemas/<schema>/tables/<table>/query",
        "/data/v1/<string:task_id>/rows",
        "/data/v1/<string:task_id>/verify",
    }  # shows a token of its own, which is no person's
    assert set(opened) <= {"/api/sessions", "/sign-in", *reading, *signed, *shown}
    alone = (*reading, *signed, *shown)
    assert all(opened[path].policy.alone for path in alone), "no unit that writes"


def test_every_reaction_follows_an_event_that_is_written() -> None:
    written = {row.event for module in LIVES.values() for row in module.LIFE.steps.values()}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "record":
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    written.add(first.value)
    assert set(REACTIONS) <= written | EARLIER


def test_every_foreign_key_and_order_has_its_name() -> None:
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table}: {constraint}"


def test_no_relationship_loads_by_itself() -> None:
    for mapper in Base.registry.mappers:
        for relationship in mapper.relationships:
            assert relationship.lazy == "raise", f"{relationship}: say lazy='raise'"
            assert relationship.backref is None, f"{relationship}: no backref"


def test_nothing_speaks_of_a_machine() -> None:
    suspicious = re.compile(r"/(?:work|root|home)/[a-z]|https?://[^\s'\"]*(?:pypi|npmjs)")
    for pattern in ("**/*.py", "**/*.md", "**/*.toml", "**/*.cfg", "**/*.html", "Makefile"):
        for path in HOUSE.glob(pattern):
            parts = path.relative_to(HOUSE).parts
            if path != Path(__file__) and not any(part.startswith(".") for part in parts):
                assert not suspicious.search(path.read_text("utf-8")), path


# --- every life cycle, read off the tables themselves ------------------------------------

ALL = pytest.mark.parametrize("life", [module.LIFE for module in LIVES.values()],
                              ids=lambda life: life.name)  # fmt: skip
Life = Workflow[Any, Any]


@ALL
def test_every_state_can_be_reached(life: Life) -> None:
    for state in life.states:
        assert isinstance(life.path_to(state), list)


@ALL
def test_every_step_has_its_own_event_and_both_its_names(life: Life) -> None:
    events = [row.event for row in life.steps.values()]
    assert len(set(events)) == len(events)
    assert len({event.split(".")[0] for event in events}) == 1, "one noun speaks of itself"
    assert all(row.label.zh and row.label.en for row in life.steps.values())


@ALL
def test_every_clock_is_in_the_rules(life: Life) -> None:
    from tests.conftest import RULES

    for row in life.steps.values():
        if row.within:
            assert RULES.table(row.within)


@ALL
def test_a_step_is_refused_outside_its_source(life: Life) -> None:
    class Anything:
        id = "any"
        state: Any = None

    for state, name in every(life.states, life.steps):
        if state in life.steps[name].source:
            continue
        subject = Anything()
        subject.state = state
        refusals = life.refusals(name, subject, work=None)  # type: ignore[arg-type]  # not asked
        assert [refusal.code for refusal in refusals] == ["ILLEGAL_TRANSITION"]


@pytest.mark.parametrize("module", LIVES.values(), ids=lambda module: module.__name__)
def test_every_noun_answers_the_same_questions(module: Any) -> None:
    for name in ("LIFE", "find", "seen", "take"):
        assert hasattr(module, name), f"{module.__name__} has no {name}"


def test_every_living_table_has_its_life_cycle() -> None:
    living = {
        table
        for table in _tables(Base)
        if issubclass(table, Living) and not table.__module__.startswith("tests.")
    }
    known = {value for module in LIVES.values() for value in vars(module).values()
             if isinstance(value, type)}  # fmt: skip
    assert living - known == set(), "enter the noun in app/lives.py"


def _tables(parent: type[DeclarativeBase]) -> list[type[Any]]:
    return [table for child in parent.__subclasses__() for table in (child, *_tables(child))]
