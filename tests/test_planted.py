"""The house rules bite: what they forbid is planted in a copy of the house, and must be found.

The tools are the real ones (`make check`, tests/test_house.py), run on the copy.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
COPIED = ("app", "marketplace", "delivery", "settlement", "licensing", "catalogue", "kernel",
          "databourse_client", "config", "pyproject.toml", "setup.cfg", "wsgi.py",
          "tests/__init__.py", "tests/conftest.py", "tests/cast.py", "tests/completeness.py",
          "tests/postgres.py", "tests/test_house.py")  # fmt: skip
NOT_COPIED = shutil.ignore_patterns("__pycache__", "static")
PATIENCE_S = 120

LINE = "This module was planted."
PLANTED = {
    "licensing/planted_import.py": "from marketplace import products\n\nABOVE = products\n",
    "kernel/planted_web.py": "import flask\n\nWEB = flask\n",
    "catalogue/planted_clock.py": "import datetime\n\nNOW = datetime.datetime.now()\n",
    "delivery/planted_setting.py": 'import os\n\nKEY = os.environ["KEY"]\n',
    "marketplace/planted_commit.py": (
        "def end(session: object) -> None:\n"
        '    """End it here."""\n'
        "    session.commit()  # type: ignore[attr-defined]  # planted\n"
    ),
    "settlement/planted_state.py": (
        "def paint(batch: object) -> None:\n"
        '    """Skip the life cycle."""\n'
        '    batch.state = "posted"  # type: ignore[attr-defined]  # planted\n'
    ),
    "app/planted_query.py": (
        "from sqlalchemy import select\n\n"
        "from kernel.parties.people import Person\n\n"
        "EVERYBODY = select(Person)\n"
    ),
}
LIFE = Path("kernel/parties/organisations.py")
NAMED, UNNAMED = 'says="organisation.approved"', 'says="approved"'


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the house, its rules and its tests of itself; nothing is planted yet."""
    house = tmp_path / "house"
    for name in COPIED:
        target = house / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (HOUSE / name).is_dir():
            shutil.copytree(HOUSE / name, target, ignore=NOT_COPIED)
        else:
            shutil.copy(HOUSE / name, target)
    return house


@pytest.fixture
def planted(copy: Path) -> Path:
    """Plant every fault in the copy."""
    for name, fault in PLANTED.items():
        (copy / name).write_text(f'"""{LINE}"""\n\n{fault}', "utf-8")
    life = copy / LIFE
    text = life.read_text("utf-8")
    assert text.count(NAMED) == 1
    life.write_text(text.replace(NAMED, UNNAMED), "utf-8")
    return copy


def test_the_linter_finds_a_second_clock_and_a_second_reader_of_the_environment(
    planted: Path,
) -> None:
    told = _run(planted, "-m", "ruff", "check", "--no-cache", "--output-format=json", ".")

    found = {
        (str(Path(one["filename"]).relative_to(planted.resolve())), one["code"])
        for one in json.loads(told.stdout)
    }
    assert told.returncode == 1
    assert ("catalogue/planted_clock.py", "TID251") in found
    assert ("delivery/planted_setting.py", "TID251") in found


def test_the_plan_of_imports_finds_who_walks_upstairs_and_who_brings_the_web_down(
    planted: Path,
) -> None:
    lint_imports = str(Path(sys.executable).with_name("lint-imports"))

    told = _run(planted, lint_imports, "--config", "setup.cfg", "--no-cache")

    assert told.returncode == 1
    assert "Imports go downstairs only BROKEN" in told.stdout
    assert "licensing.planted_import -> marketplace.products (l.3)" in told.stdout
    assert "Flask, Werkzeug, marshmallow and Jinja stop at app/ BROKEN" in told.stdout
    assert "kernel.planted_web -> flask (l.3)" in told.stdout


def test_the_house_tests_find_what_no_linter_knows(planted: Path) -> None:
    told = _run(
        planted, "-m", "pytest", "-q", "-vv", "-p", "no:cacheprovider", "tests/test_house.py"
    )

    failed = {
        line.split("::")[1].split(" - ")[0]
        for line in told.stdout.splitlines()
        if line.startswith("FAILED tests/test_house.py::")
    }
    assert told.returncode == 1, told.stdout
    assert {
        "test_only_the_clock_is_asked_for_the_time",
        "test_only_the_doors_read_the_environment",
        "test_nobody_commits_but_the_unit_of_work_and_the_worker",
        "test_only_a_life_cycle_changes_a_state",
        "test_sql_stops_at_the_rooms",
        "test_every_step_has_its_own_event_and_both_its_names[organisation]",
    } <= failed
    for name in ("catalogue/planted_clock.py", "delivery/planted_setting.py",
                 "marketplace/planted_commit.py", "settlement/planted_state.py",
                 "app/planted_query.py"):  # fmt: skip
        assert f"'{name}'" in told.stdout


def _run(house: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=house,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
