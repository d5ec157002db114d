"""Freshness: the light of a directory is computed from its promise and its data."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from catalogue import directories, freshness, resources
from catalogue.contents import Frequency
from kernel.deadlines import Light
from kernel.errors import Invalid, StepNotAllowed
from tests.catalogue import shelf
from tests.conftest import NOON, RULES, WorkAs, work_of


@pytest.mark.parametrize("frequency", list(Frequency))
def test_every_frequency_promises_something_or_nothing(frequency: Frequency) -> None:
    due = freshness.due(frequency, NOON, RULES)

    assert (due is None) == (frequency in freshness.TIMELESS)
    assert due is None or due > NOON


@pytest.mark.parametrize(
    ("hours", "light"),
    [(3, Light.GREEN), (4, Light.YELLOW), (6, Light.YELLOW), (7, Light.RED)],
)
def test_an_hourly_promise_turns_yellow_and_then_red(hours: int, light: Light) -> None:
    # An hour, and two hours of grace.
    now = NOON + timedelta(hours=hours)

    assert freshness.light("hourly", NOON, now, RULES) == light


def test_what_promises_nothing_has_no_light() -> None:
    assert freshness.light("static", NOON, NOON + timedelta(days=9_000), RULES) is None


def test_a_refresh_starts_the_freshness_anew(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)
    made = shelf.attached(session, version.directory_id)
    later = NOON + timedelta(hours=7)
    bare = shelf.published(session)
    wanted = [version.directory_id, bare.directory_id]

    stale = freshness.of(work_as("per_hub_officer", at=later), wanted)
    profile = {**shelf.PROFILE, "rows": 420_800, "sha256": "1f" * 32}
    resources.refresh(work_as("per_dept_editor", at=later), made.id, profile=profile)
    session.flush()
    fresh = freshness.of(work_as("per_hub_officer", at=later), wanted)[version.directory_id]

    assert stale[version.directory_id].light == Light.RED
    assert (fresh.light, fresh.last_data_at) == (Light.GREEN, later)
    assert fresh.due_at == later + timedelta(hours=3)
    assert fresh.attached
    assert not stale[bare.directory_id].attached
    assert (made.row_count, made.sha256) == (420_800, "1f" * 32)


def test_only_its_engineers_refresh_a_resource(session: Session, work_as: WorkAs) -> None:
    made = shelf.attached(session, shelf.published(session).directory_id)

    assert resources.refreshable(work_as("per_dept_editor"), made.id) is made
    with pytest.raises(StepNotAllowed):
        resources.refreshable(work_as("per_hub_officer"), made.id)
    with pytest.raises(StepNotAllowed):
        resources.refresh(work_as("per_dept_approver"), made.id, profile=shelf.PROFILE)


def test_a_page_of_directories_is_lit_in_two_selects(session: Session) -> None:
    wanted = [shelf.published(session).directory_id for _ in range(4)]
    work = work_of(session, "per_hub_officer")
    session.flush()
    asked: list[str] = []

    @event.listens_for(session.connection(), "before_cursor_execute")
    def _count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    freshness.of(work, wanted)

    assert len(asked) == 2


def test_i_08_each_link_counts_and_a_detached_one_counts_no_more(
    session: Session, work_as: WorkAs
) -> None:
    first, second = shelf.published(session), shelf.published(session)
    made = shelf.attached(session, first.directory_id)
    shelf.attached(session, first.directory_id, location="more.parquet")

    both = resources.attach_rate(session)
    resources.take(work_as("per_dept_editor"), made.id, "detach", reason="moved")
    session.flush()
    one_left = resources.attach_rate(session)
    shelf.attached(session, second.directory_id)
    session.flush()
    shelf.go(session, first, "suspend")
    after = resources.attach_rate(session)

    assert (both, one_left) == ((1, 2), (1, 2))
    assert after == (1, 1)
    assert made.system_id
    assert directories.find_directory(session, made.directory_id).id == first.directory_id


def test_i_08_nothing_is_attached_to_what_is_revoked(session: Session) -> None:
    version = shelf.published(session)
    shelf.go(session, version, "revoke")

    with pytest.raises(Invalid) as wrong:
        shelf.attached(session, version.directory_id)

    assert wrong.value.pointer == "/directory_id"
