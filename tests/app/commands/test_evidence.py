"""`databourse evidence`: a pack made in somebody's name, and verified without the exchange."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app import cli, demonstration
from kernel.engines import Engines
from licensing.papers import keys
from settlement.evidence import archive
from settlement.evidence.archive import Item
from tests.conftest import CRYPTO, work_of
from tests.settlement import money
from tests.settlement.assets.town import NEXT_YEAR


@pytest.fixture
def run(engines: Engines, database_url: str, tmp_path: Path) -> Any:
    """Let the insurer pay, and give the command of the exchange's own database."""
    with engines.writing() as session:
        money.paid(lambda person, at=money.DUE: work_of(session, person, at=at))
        demonstration.begin_at(session, NEXT_YEAR)
        session.commit()
    told = {
        "DATABASE_URL": database_url,
        "DATABOURSE_KEY": bytes(range(32)).hex(),
        "DATABOURSE_CLOCK": "adjustable",
    }
    (tmp_path / "jwks.json").write_text(json.dumps(keys.jwks(CRYPTO)))
    return lambda *words: CliRunner().invoke(cli.main, ["evidence", *map(str, words)], env=told)


def test_a_pack_is_made_and_verified_from_the_command_line(run: Any, tmp_path: Path) -> None:
    out, key_set = tmp_path / "pack.zip", tmp_path / "jwks.json"
    days = "2026-07-01..2026-07-31"

    made = run("pack", days, "--as", "per_buyer_editor@test", "--out", out)
    good = run("verify", out, "--keys", key_set)

    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("EP-2027-000001 ")
    assert archive.sha256(out.read_bytes()) in made.stdout
    assert (good.exit_code, good.stdout) == (0, "")
    assert "EP-2027-000001: " in good.stderr


def test_the_edited_file_is_named(run: Any, tmp_path: Path) -> None:
    out, key_set = tmp_path / "pack.zip", tmp_path / "jwks.json"
    run("pack", "2026-07-01..2026-07-31", "--as", "per_buyer_editor@test", "--out", out)
    found = archive.read(out.read_bytes())
    found["README.txt"] += b"."
    out.write_bytes(archive.written([Item(*each) for each in found.items()]))

    bad = run("verify", out, "--keys", key_set)
    told = run("verify", out, "--keys", key_set, "--json")

    assert (bad.exit_code, bad.stdout) == (4, "FILE_EDITED README.txt: the file was edited\n")
    assert told.exit_code == 4
    assert json.loads(told.stdout)["findings"] == [{"code": "FILE_EDITED", "at": "README.txt"}]


def test_what_cannot_be_asked_or_is_nobodys_business_is_told(run: Any, tmp_path: Path) -> None:
    out, wrong = tmp_path / "pack.zip", tmp_path / "wrong.json"
    wrong.write_text("{}")
    out.write_bytes(b"nothing")

    stranger = run("pack", "ord_none", "--as", "per_other_editor@test", "--out", out)
    nobody = run("pack", "ord_none", "--as", "nobody@test", "--out", out)
    unread = run("pack", "what", "--as", "per_buyer_editor@test", "--out", out)
    keyless = run("verify", out, "--keys", wrong)

    assert {each.exit_code for each in (stranger, nobody, unread)} == {3}
    assert (keyless.exit_code, "JWK" in keyless.stderr) == (2, True)
    assert out.read_bytes() == b"nothing"
