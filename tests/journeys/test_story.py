"""The main job, end to end, over real HTTP, on both databases: the same to the last fen."""

import pytest

from app.story import player
from app.story.telling import Telling
from config.settings import Settings

SPLIT = {
    "2202.merchant": 6_208_001,
    "2202.operator": 2_483_200,
    "2241.fiscal": 3_724_800,
    "6001.commission": 362_264,
    "2221.vat": 21_736,
}
REFUSALS = [
    "SCOPE_NOT_COVERED",
    "LIVE_AGREEMENT_EXISTS",
    "PURPOSE_MISMATCH",
    "NEW_SCENARIO_REQUIRED",
    "FOUR_EYES",
    "AUTH_SUSPENDED",
]
STEPS = 58

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("postgres_server") if request.param == "postgresql" else None


def test_the_main_job_is_done_end_to_end(server: str | None) -> None:
    lines: list[str] = []
    settings = Settings(environment="test", password_memory_kib=8, password_rounds=1)

    told = player.play_fresh(settings, server, say=lines.append)

    assert told.ok, lines[-3:]
    assert told.summary()["ok"]
    assert len(told.steps) == STEPS
    assert told.split_fen == SPLIT
    assert sum(told.split_fen.values()) == 12_800_001
    assert told.refusals == REFUSALS
    assert told.ledger == {"trial_balance_fen": 0, "escrow_left_fen": 0}
    assert told.ranking == [{"rank": 1, "name": "演示·枫香科技", "fen": 12_800_001}]
    assert told.evidence == {"ok": True, "tampered_row_found": True}


def test_a_story_that_fails_says_where_and_is_not_ok() -> None:
    lines: list[str] = []
    told = Telling(lines.append)

    with pytest.raises(ValueError, match="broken"), told.step("fails", "nobody"):
        raise ValueError("broken")

    assert not told.ok
    assert told.steps[0]["ok"] is False
    assert "✗" in lines[0]
