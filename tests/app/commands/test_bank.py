"""Bank statements at the console."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import cli
from kernel.engines import Engines
from kernel.money import Money
from settlement import payments
from settlement.bank import statements
from tests.conftest import work_of
from tests.settlement import money

OFFICER = "per_exchange_settler@test"
ENVIRONMENT = {"DATABOURSE_PASSWORD_MEMORY_KIB": "8", "DATABOURSE_PASSWORD_ROUNDS": "1"}


@pytest.fixture
def reference(engines: Engines) -> str:
    """Ask the insurer for the story's price."""
    with engines.writing() as session:
        made = payments.instruct(
            work_of(session, "system"), order_id="ord_1", payer_id="org_buyer", amount=money.STORY
        )
        said = made.reference
        session.commit()
    return said


def bank(engines: Engines, act: str, path: Path, *, login: str = OFFICER) -> Result:
    url = engines.url.render_as_string(hide_password=False)
    environment = {**ENVIRONMENT, "DATABASE_URL": url}
    return CliRunner().invoke(cli.main, ["bank", act, str(path), "--as", login], env=environment)


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "july.csv"
    path.write_bytes(text.encode("gb18030"))
    return path


def test_a_statement_is_tried_and_then_imported(
    engines: Engines, tmp_path: Path, reference: str
) -> None:
    movements = [
        ("T1", money.STORY.minor, money.BUYER_NAME, reference),
        ("T2", 500, "某人", "?"),
        ("T3", -300, "银行", "手续费"),
    ]
    path = file(tmp_path, money.csv_of(movements))

    tried = bank(engines, "preview", path)
    imported = bank(engines, "import", path)
    again = bank(engines, "import", path)

    assert tried.exit_code == 0, tried.output
    assert f"payment {reference}" in tried.output
    assert "NO_REFERENCE" in tried.output
    assert "fee 6603.psp_fee" in tried.output
    assert (imported.exit_code, again.exit_code) == (0, 3), imported.output
    assert "3 lines" in imported.output
    with engines.reading() as session:
        last = statements.last(session, money.CUSTODY)
        assert last is not None
        assert last.closing == Money(money.STORY.minor + 200)


def test_what_is_wrong_is_said_line_by_line(engines: Engines, tmp_path: Path) -> None:
    bad = money.csv_of([]) + "T1,2026-02-30,1.00,,a,1,x\r\n"

    told = bank(engines, "import", file(tmp_path, bad))

    assert told.exit_code == 3
    assert "DATE: line 7, booked_on: not a date: 2026-02-30" in told.output


@pytest.mark.parametrize("login", ["nobody@test", "per_buyer_editor@test"])
def test_only_a_settlement_officer_does_it(engines: Engines, tmp_path: Path, login: str) -> None:
    told = bank(engines, "import", file(tmp_path, money.csv_of([])), login=login)

    assert told.exit_code == 3
