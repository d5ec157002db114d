"""kill -9 between any two steps, under a provider that misbehaves: nothing twice, nothing lost."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.settlement.bookkeeping import on_sqlite

HOUSE = Path(__file__).parents[3]
POINTS = {
    "after_claim", "after_call", "before_commit", "after_commit", "inbox_before_commit",
    "hook_after_insert",
}  # fmt: skip
FAULTS = {
    "500_before": 0.05, "500_after": 0.05, "cut_before": 0.05, "cut_after": 0.15,
    "slow_after": 0.05, "busy": 0.05, "declined": 0.1, "hook_lost": 0.3, "hook_twice": 0.2,
    "hook_delay_s": 1.0,
}  # fmt: skip


def ordeal(url: str, **asked: Any) -> dict[str, Any]:
    """Kill a till until it has been killed often enough; tell what was wrong in the end."""
    told = {
        "url": url, "seed": 1, "kills": 30, "orders": 20, "dies": 0.05, "polls": 0.3,
        "patience_s": 60, "faults": FAULTS, **asked,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.settlement.rails.kill_till", json.dumps(told)]
    ran = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    return result


@on_sqlite  # both databases, and longer, in tests/soak
@pytest.mark.slow
def test_a_till_that_is_killed_takes_each_payment_once(database_url: str) -> None:
    result = ordeal(database_url)

    assert result["wrong"] == []
    assert result["kills"] >= 30
    assert set(result["points"]) & POINTS
    assert result["failures"] == 0, "a till ends by being killed, or because all is settled"
