"""Data sets at the console."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app import demonstration
from app.cli import main
from app.unit import Exchange
from tests.app.commands.test_listing import MERCHANT
from tests.delivery import stores
from tests.delivery.locations import places
from tests.marketplace import make

OFFICER = "per_exchange_compliance@test"


@pytest.fixture
def run(application: Exchange, tmp_path: Path) -> Any:
    """Give a caller of the command line, for the house of the test and a folder of its own."""
    settings = application.house.settings
    environment = {
        "DATABASE_URL": settings.database_url,
        "DATABOURSE_ENVIRONMENT": "test",
        "DATABOURSE_CLOCK": "adjustable",
        "DATABOURSE_KEY": settings.key,
        "DATABOURSE_PASSWORD_MEMORY_KIB": "8",
        "DATABOURSE_PASSWORD_ROUNDS": "1",
        "DATABOURSE_DATA_DIR": settings.data_dir,
        "DATABOURSE_STATE_DIR": settings.state_dir,
        "DATABOURSE_DATA_FOLDERS": f"lake={tmp_path / 'lake'}",
    }

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["data-set", *arguments], env=environment)

    return call


def test_a_table_is_mounted_refreshed_and_refused_at_the_console(run: Any, tmp_path: Path) -> None:
    places.delta(str(tmp_path / "lake" / "org_developer" / "river"), 5)

    roots = run("roots")
    made = run("mount", "lake", "river", "--title", "水位", "--as", MERCHANT)
    told = json.loads(made.output)
    again = run("refresh", told["id"], "--as", MERCHANT)
    lost = run("mount", "lake", "nowhere", "--title", "水位", "--as", MERCHANT)
    unknown = run("mount", "other", "river", "--title", "水位", "--as", MERCHANT)

    assert roots.output == f"lake\tfolder\t{tmp_path / 'lake'}\n"
    assert (made.exit_code, told["state"]) == (0, "live")
    assert again.exit_code == 0
    assert (lost.exit_code, json.loads(lost.output)["problems"][0]["code"]) == (3, "LOCATION_GONE")
    assert unknown.exit_code == 2


def test_unused_rows_are_told_of_held_released_and_removed_at_the_console(
    run: Any, application: Exchange
) -> None:
    house = application.house
    with house.engines.writing() as session:
        stores.stored(session, house.data_dir, rows=9)
        demonstration.begin_at(session, make.days_later(181))
        session.commit()

    dry = run("prune", "--dry-run")
    held = run("hold", "dst_1", "--reason", "仲裁取证", "--as", OFFICER)
    kept = run("prune", "--dry-run")
    stranger = run("release", "dst_1", "--as", MERCHANT)
    released = run("release", "dst_1", "--as", OFFICER)
    done = run("prune")
    after = run("prune", "--dry-run")

    assert dry.output.split("\t")[:4] == ["dst_1", "1", "org_developer", "9"]
    assert (held.exit_code, kept.output, stranger.exit_code) == (0, "", 3)
    assert (released.output, after.output) == (held.output, "")
    assert done.output.startswith("1 versions and 0 strays removed, ")
