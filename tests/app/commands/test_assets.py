"""`databourse assets charge`: what the timetable does by itself, by hand."""

from click.testing import CliRunner, Result

from app import cli, demonstration, timetable
from kernel.engines import Engines
from settlement.assets.cards import AssetCard
from tests.conftest import NOON, work_of
from tests.settlement.assets import town
from tests.settlement.assets.town import NEXT_YEAR


def run(url: str) -> Result:
    told = {
        "DATABASE_URL": url,
        "DATABOURSE_KEY": "00" * 32,
        "DATABOURSE_CLOCK": "adjustable",
    }
    return CliRunner().invoke(cli.main, ["assets", "charge"], env=told)


def recognised(engines: Engines) -> str:
    with engines.writing() as session:
        card = town.recognised(lambda person, at=NOON: work_of(session, person, at=at))
        demonstration.begin_at(session, NEXT_YEAR)
        session.commit()
        return card.id


def test_the_months_that_are_over_are_charged_once(engines: Engines, database_url: str) -> None:
    card_id = recognised(engines)

    first, again = run(database_url), run(database_url)

    assert (first.stdout, again.stdout) == ("1 cards\n", "0 cards\n"), first.output
    with engines.reading() as session:
        card = session.get_one(AssetCard, card_id)
        assert (card.amortised_through, card.amortised_fen) == ("2026-12", 60_000)


def test_the_timetable_charges_them_by_itself(engines: Engines) -> None:
    card_id = recognised(engines)

    with engines.writing() as session:
        timetable.TIMETABLE["charge the assets"].run(work_of(session, "system", at=NEXT_YEAR))
        session.commit()

    with engines.reading() as session:
        assert session.get_one(AssetCard, card_id).amortised_through == "2026-12"
