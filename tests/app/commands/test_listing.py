"""`databourse listing`: a file tried, pushed, and pulled again."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from app import cli
from kernel.engines import Engines
from tests.app.pages.conftest import ON_SQLITE
from tests.marketplace.shelving import sheet

MERCHANT = "per_developer_editor@test"


def run(url: str, *words: str, login: str = MERCHANT) -> Result:
    told = {
        "DATABASE_URL": url,
        "DATABOURSE_KEY": "00" * 32,
        "DATABOURSE_PASSWORD_MEMORY_KIB": "8",
        "DATABOURSE_PASSWORD_ROUNDS": "1",
    }
    return CliRunner().invoke(cli.main, ["listing", *words, "--as", login], env=told)


@ON_SQLITE
def test_a_file_is_tried_pushed_and_pulled(
    engines: Engines, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(sheet.written([sheet.row(1), sheet.row(2, price="面议")]))
    whole = tmp_path / "b.csv"
    whole.write_bytes(sheet.written([sheet.row(1)]))

    tried = run(database_url, "validate", str(path))
    dry = run(database_url, "push", str(whole), "--dry-run", "--json")
    pushed = run(database_url, "push", str(path), "--json")
    again = run(database_url, "push", str(whole))
    pulled = run(database_url, "pull", "--format", "yaml")
    stranger = run(database_url, "validate", str(path), login="per_buyer_editor@test")

    assert tried.exit_code == pushed.exit_code == stranger.exit_code == 3
    assert "3: MET0002 price_plan: L-01" in tried.stdout
    assert tried.stdout.endswith("1 new, 1 barred\n")
    assert (dry.exit_code, json.loads(dry.stdout)["counts"]) == (0, {"new": 1})
    told = json.loads(pushed.stdout)
    assert (told["ok"], told["counts"]) == (False, {"new": 1, "barred": 1})
    assert told["rows"][1]["problems"][0]["fix"]
    assert (again.exit_code, again.stdout) == (0, "1 same\n")
    assert "code: MET0001" in pulled.stdout
