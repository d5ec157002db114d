"""`databourse bills run`: what the timetable does by itself, by hand."""

from click.testing import CliRunner

from app import cli, demonstration
from kernel.engines import Engines
from tests.settlement.metering import gauges


def test_a_month_is_billed_from_the_command_line_once(engines: Engines, database_url: str) -> None:
    with engines.writing() as session:
        gauges.meter(session)
        gauges.told(session, ("e1", 2))
        gauges.closed(session, gauges.AUGUST)
        demonstration.begin_at(session, gauges.AUGUST)
        session.commit()
    told = {
        "DATABASE_URL": database_url,
        "DATABOURSE_KEY": "00" * 32,
        "DATABOURSE_CLOCK": "adjustable",
    }

    first, again, wrong = (
        CliRunner().invoke(cli.main, ["bills", "run", *words], env=told)
        for words in ([], [], ["--period", "2026-13"])
    )

    assert first.stdout == "BL-2026-000001 OD-2026-000001 CNY 1.00\n1 bills\n"
    assert again.stdout == "0 bills\n"
    assert (wrong.exit_code, "no such period" in wrong.stderr) == (1, True)
