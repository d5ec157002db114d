"""Every clock of the rules has its name on the supervisor's page."""

from app.pages.supervision.words import STAGES
from tests.conftest import RULES


def test_every_clock_has_its_words() -> None:
    assert {f"clocks.{key}" for key in RULES.table("clocks")} == set(STAGES)
