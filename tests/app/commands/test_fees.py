"""`databourse fees`: memberships charged, notes drawn up, and who is late."""

from datetime import UTC, datetime

from click.testing import CliRunner, Result

from app import cli, demonstration
from kernel.engines import Engines
from settlement.dividing.fee_rules import Kind
from tests.conftest import NOON, work_of
from tests.settlement.fees import billing

LATE = datetime(2026, 8, 3, 4, tzinfo=UTC)


def run(url: str, *words: str) -> Result:
    told = {
        "DATABASE_URL": url,
        "DATABOURSE_KEY": "00" * 32,
        "DATABOURSE_CLOCK": "adjustable",
        "DATABOURSE_PASSWORD_MEMORY_KIB": "8",
        "DATABOURSE_PASSWORD_ROUNDS": "1",
    }
    return CliRunner().invoke(cli.main, ["fees", *words], env=told)


def prepared(engines: Engines) -> None:
    with engines.writing() as session:
        billing.rule(lambda person, at=NOON: work_of(session, person, at=at), Kind.MEMBERSHIP)
        demonstration.begin_at(session, NOON)
        session.commit()


def at(engines: Engines, moment: datetime) -> None:
    with engines.writing() as session:
        demonstration.begin_at(session, moment)
        session.commit()


def test_members_are_charged_and_asked_once(engines: Engines, database_url: str) -> None:
    prepared(engines)

    first, again = (run(database_url, "run") for _ in range(2))
    none = run(database_url, "late")

    assert first.exit_code == 0, first.output
    assert "FN-2026-000001" in first.stdout
    assert "org_developer CNY 106.00" in first.stdout
    assert again.stdout == none.stdout == "0 notes\n"
    at(engines, LATE)
    late = run(database_url, "late", "--days", "10")
    assert "org_developer CNY 106.00 19 d" in late.stdout


def test_an_officer_draws_up_notes_and_nobody_else(engines: Engines, database_url: str) -> None:
    with engines.writing() as session:
        billing.charged(lambda person: work_of(session, person))
        demonstration.begin_at(session, NOON)
        session.commit()

    refused = run(database_url, "run", "--as", "per_developer_editor@test")
    drawn = run(database_url, "run", "--as", "per_exchange_settler@test")

    assert refused.exit_code == 3, refused.output
    assert drawn.stdout.endswith("1 notes\n"), drawn.output
