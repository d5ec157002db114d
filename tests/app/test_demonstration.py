from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app import demonstration
from kernel import clock


@pytest.mark.parametrize("micros", [0, 1, 499_999, 500_001, 999_999])
def test_a_demonstration_never_begins_before_its_hour(
    session: Session, monkeypatch: pytest.MonkeyPatch, micros: int
) -> None:
    """An hour's lists and buckets hang on it: half a second early is the hour before."""
    begun = datetime(2026, 7, 1, 4, tzinfo=UTC)
    machine = datetime(2026, 11, 23, 0, 27, 55, micros, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: machine)

    demonstration.begin_at(session, begun)

    said = demonstration.now(session, adjustable=True)
    assert begun <= said < begun + timedelta(seconds=1)
