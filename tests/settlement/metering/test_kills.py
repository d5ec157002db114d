"""kill -9 while use is told and hours are closed: nothing lost, nothing counted twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kernel.engines import Engines
from tests.settlement.bookkeeping import on_sqlite
from tests.settlement.metering import gauges

HOUSE = Path(__file__).parents[3]
POINTS = {
    "bucket_opened", "events_written", "bucket_filled", "hour_closed", "wallet_drawn",
    "before_commit", "after_commit",
}  # fmt: skip


def ordeal(engines: Engines, **asked: Any) -> dict[str, Any]:
    """Open three meters, kill who fills them often enough; tell what was wrong in the end."""
    with engines.writing() as session:
        gauges.filled(session, 10**12)
        for number in (1, 2, 3):
            gauges.meter(session, number=number, mode="wallet")
        session.commit()
    told = {"url": engines.url.render_as_string(hide_password=False), **asked}
    command = [sys.executable, "-m", "tests.settlement.metering.kill_meter", json.dumps(told)]
    ran = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    assert result["failures"] == 0, ran.stderr
    return result


@on_sqlite  # both databases, and longer, in tests/soak
@pytest.mark.slow
def test_use_that_was_acknowledged_is_counted_once_whoever_is_killed(engines: Engines) -> None:
    result = ordeal(engines, kills=12)

    assert result["wrong"] == []
    assert result["kills"] >= 12
    assert result["acknowledged"] > result["events"] > 0, "many were told more than once"
