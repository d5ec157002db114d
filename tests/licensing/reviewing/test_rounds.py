"""What a round changes against the one before."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kernel.work import Rules
from licensing import scenarios
from licensing.applications import drafting, sections
from licensing.applications.sections import Revision, Submitted
from licensing.reviewing import rounds
from licensing.reviewing.rounds import Kind
from tests.conftest import NOON, RULES, work_of
from tests.licensing import desk
from tests.licensing.reviewing import bench


def told(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the differences in short."""
    return [
        (one.field.name, one.kind.value, one.row, one.column.name if one.column else None,
         one.before, one.after)
        for one in rounds.compare(before, after)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"title": "a"}, {"title": "a"}, []),
        ({"title": "a"}, {"title": "b"}, [("title", "changed", "", None, "a", "b")]),
        ({"title": ""}, {"title": "b"}, [("title", "added", "", None, None, "b")]),
        ({"title": "a"}, {}, [("title", "removed", "", None, "a", None)]),
        ({"fusion": False}, {}, []),
        (
            {"regions": ["110000", "430000"]}, {"regions": ["430000", "120000"]},
            [("regions", "removed", "", None, ["110000"], None),
             ("regions", "added", "", None, None, ["120000"])],
        ),
        ({"regions": ["a", "b"]}, {"regions": ["b", "a"]}, []),
        (
            {"quotas": [{"meter": "rows", "limit": 5}, {"meter": "calls", "limit": 1}]},
            {"quotas": [{"meter": "rows", "limit": 9}, {"meter": "days", "limit": 2}]},
            [("quotas", "removed", "calls", None, {"meter": "calls", "limit": 1}, None),
             ("quotas", "changed", "rows", "limit", 5, 9),
             ("quotas", "added", "days", None, None, {"meter": "days", "limit": 2})],
        ),
        (
            {"items": [{"directory_code": "D", "item_code": "I", "transform": "masked"}]},
            {"items": [{"directory_code": "D", "item_code": "I", "transform": "aggregated",
                        "time_span": "2026"}]},
            [("items", "changed", "D/I", "transform", "masked", "aggregated"),
             ("items", "added", "D/I", "time_span", None, "2026")],
        ),
        (
            {"team": [{"name": "Lin", "role": "a"}, {"name": "Lin", "role": "b"}]},
            {"team": [{"name": "Lin", "role": "a"}]},
            [("team", "removed", "Lin", None, {"name": "Lin", "role": "b"}, None)],
        ),
        ({"team": [{"name": None}]}, {"team": [{"name": None}]}, []),
    ],
)  # fmt: skip
def test_differences_are_told_by_field_row_and_column(
    before: Mapping[str, Any], after: Mapping[str, Any], expected: Any
) -> None:
    assert told(before, after) == expected


def test_the_second_round_is_held_against_the_first(session: Session) -> None:
    made = bench.revised(
        session, users_count=12, items=bench.asked(bench.CODE, "RAIN"), regions=["110100"]
    )

    found = rounds.changed(session, made.id, made.round)

    assert made.round == 2
    assert found is not None
    kinds = {(one.field.name, one.row): one.kind for one in found}
    assert kinds[("items", "CAT-430000-000001/TEMP")] == Kind.REMOVED
    assert kinds[("users_count", "")] == Kind.CHANGED
    assert [one.kind for one in found if one.field.name == "regions"] == [
        Kind.REMOVED, Kind.ADDED,
    ]  # fmt: skip
    assert {one.field.name for one in found} == {"items", "users_count", "regions"}


def test_a_first_round_is_held_against_nothing(session: Session) -> None:
    made = bench.submitted(session)

    assert rounds.changed(session, made.id, made.round) is None


def test_a_supplement_replaces_what_its_round_was_submitted_with(session: Session) -> None:
    made = bench.submitted(session)
    desk.walk(session, made, "supplement")
    writer = work_of(session, "per_developer_editor")
    drafting.save(writer, made.id, 2, {"beneficiaries": "farmers"})
    session.flush()
    before = sections.submitted(session, made.id, 1)
    desk.walk(session, made, "resubmit")
    after = sections.submitted(session, made.id, 1)

    assert before is not None
    assert after is not None
    assert "beneficiaries" not in before
    assert after["beneficiaries"] == "farmers"
    assert len(session.scalars(select(Submitted)).all()) == 7


def test_a_round_that_was_not_noted_is_held_against_nothing(session: Session) -> None:
    made = bench.revised(session)
    session.execute(delete(Submitted).where(Submitted.round == 1))

    assert rounds.changed(session, made.id, 2) is None


def test_a_submitted_revision_is_never_forgotten(session: Session) -> None:
    made = bench.submitted(session)
    desk.walk(session, made, "supplement")
    few = {**RULES.values, "scenario": {**RULES.values["scenario"], "revisions_max": 2}}
    for number in range(5):
        writer = work_of(session, "per_developer_editor", at=NOON + timedelta(minutes=number))
        writer = replace(writer, rules=Rules("few", few))
        drafting.save(writer, made.id, 2, {"beneficiaries": f"farmers {number}"})
        session.flush()

    kept = session.scalars(
        select(Revision.revision).where(Revision.scenario_id == made.id, Revision.number == 2)
        .order_by(Revision.revision)
    ).all()  # fmt: skip
    assert list(kept) == [1, 5, 6]
    assert sections.submitted(session, made.id, 1) is not None


def test_a_case_that_begins_anew_on_appeal_is_held_against_itself(session: Session) -> None:
    made = bench.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS, "reject")
    scenarios.take(work_of(session, "system"), made.id, "recheck_on_appeal")
    session.flush()

    assert made.round == 2
    assert rounds.changed(session, made.id, 2) == []
