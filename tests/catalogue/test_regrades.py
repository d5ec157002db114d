"""Regradings: upwards at once, downwards with other eyes, and nothing published changes."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue import directories, gradings, regrades
from catalogue.directories import DirectoryVersion
from catalogue.grades import Grade
from catalogue.regrades import Regrade, State
from kernel import journal, watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of


def _codes(error: StepRefused) -> list[str]:
    return [refusal.code for refusal in error.refusals]


def _proposed(
    session: Session,
    version: DirectoryVersion,
    *changes: dict[str, str],
    person: str = "per_dept_editor",
) -> list[Regrade]:
    made = regrades.propose(
        work_of(session, person),
        directory_id=version.directory_id,
        changes=list(changes),
        reason="站点加密",
    )
    session.flush()  # a living record gets its first version from the database
    return made


def _grades(session: Session, directory_id: str) -> dict[str, tuple[str, str]]:
    current = directories.find_directory(session, directory_id).current_version_id
    items = directories.items(session, str(current))
    return {item.code: (item.grade, item.pi_class) for item in items}


def _told(session: Session, version_id: str | None) -> dict[str, Any]:
    events = journal.history(session, str(version_id), limit=20)
    return next(event.data for event in events if event.kind == "directory.regraded")


@pytest.mark.parametrize("person", ["per_dept_editor", "per_hub_officer"])
def test_upwards_holds_at_once_in_a_new_version(session: Session, person: str) -> None:
    version = shelf.published(session)

    (made,) = _proposed(session, version, {"item_code": "RAIN", "grade": "G3"}, person=person)

    anew = directories.find(session, str(made.made_version_id))
    whole = gradings.of(session, anew.id)
    assert made.state == State.APPLIED
    assert (version.state, anew.state, anew.number) == ("superseded", "published", 2)
    assert _grades(session, version.directory_id)["RAIN"] == ("G3", "none")
    assert [item.grade for item in directories.items(session, version.id)] == ["G1"] * 3
    assert whole is not None
    assert whole.grade == Grade.G3
    assert _told(session, anew.id) == {
        "directory_id": version.directory_id,
        "directory_code": "CAT-430000-000001",
        "before": "G1",
        "after": "G3",
        "raised": True,
        "items": [
            {
                "item_code": "RAIN",
                "grade_before": "G1",
                "grade_after": "G3",
                "pi_before": "none",
                "pi_after": "none",
            }
        ],
    }


def test_downwards_waits_for_another_person(session: Session, work_as: WorkAs) -> None:
    items = [{**item, "grade": "G3"} for item in shelf.ITEMS]
    version = shelf.published(session, items=items)

    (made,) = _proposed(
        session, version, {"item_code": "RAIN", "grade": "G1"}, person="per_dept_approver"
    )
    clock = watch.running(session, made.id)
    before = _grades(session, version.directory_id)["RAIN"]
    with pytest.raises(StepRefused) as refused:
        regrades.take(work_as("per_dept_approver"), made.id, "approve")
    regrades.take(work_as("per_hub_reviewer"), made.id, "approve")
    session.flush()

    assert clock is not None
    assert (clock.due_on, clock.overdue_step) == (date(2026, 7, 8), None)
    assert (before, _codes(refused.value)) == (("G3", "none"), ["FOUR_EYES"])
    assert _grades(session, version.directory_id)["RAIN"] == ("G1", "none")
    assert _told(session, made.made_version_id)["raised"] is False
    assert watch.running(session, made.id) is None


def test_what_rises_and_falls_does_the_one_now_and_the_other_later(
    session: Session, work_as: WorkAs
) -> None:
    items = [{**shelf.ITEMS[0], "grade": "G3"}, *shelf.ITEMS[1:]]
    version = shelf.published(session, items=items)

    raised, lowered = _proposed(
        session,
        version,
        {"item_code": "TEMP", "grade": "G2", "pi_class": "ordinary"},
        {"item_code": "RAIN", "grade": "G2"},
    )
    at_once = _grades(session, version.directory_id)
    regrades.take(work_as("per_dept_approver"), lowered.id, "approve")
    session.flush()

    assert (raised.state, lowered.state) == (State.APPLIED, State.APPLIED)
    assert (at_once["TEMP"], at_once["RAIN"]) == (("G3", "ordinary"), ("G2", "none"))
    assert _grades(session, version.directory_id)["TEMP"] == ("G2", "ordinary")


@pytest.mark.parametrize(
    ("name", "person", "state"),
    [
        ("decline", "per_hub_reviewer", State.DECLINED),
        ("withdraw", "per_dept_editor", State.WITHDRAWN),
    ],
)
def test_a_lowering_that_is_not_approved_changes_nothing(
    session: Session, name: str, person: str, state: State
) -> None:
    version = shelf.published(session, items=[{**shelf.ITEMS[0], "grade": "G3"}])
    (made,) = _proposed(session, version, {"item_code": "TEMP", "grade": "G1"})

    regrades.take(work_of(session, person), made.id, name, reason="风险未降")

    assert made.state == state
    assert _grades(session, version.directory_id)["TEMP"] == ("G3", "none")


def test_a_lowering_is_not_applied_at_once(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session, items=[{**shelf.ITEMS[0], "grade": "G3"}])
    (made,) = _proposed(session, version, {"item_code": "TEMP", "grade": "G1"})

    for name in ("apply_at_once", "put_forward"):
        with pytest.raises(StepNotAllowed):
            regrades.take(work_as("per_dept_editor"), made.id, name)
    assert [offer.step for offer in regrades.LIFE.offers(made, work_as("per_dept_editor"))] == [
        "withdraw"
    ]


def test_what_is_suspended_stays_so_when_it_is_graded_anew(session: Session) -> None:
    version = shelf.published(session)
    shelf.go(session, version, "suspend")

    (made,) = _proposed(session, version, {"item_code": "RAIN", "grade": "G3"})

    anew = directories.find(session, str(made.made_version_id))
    assert (anew.state, anew.suspended_by) == ("suspended", "org_hub")
    with pytest.raises(NotFound):
        directories.published(session, version.directory_id)
    shelf.go(session, anew, "resume")
    assert directories.published(session, version.directory_id) is anew


def test_an_item_that_has_gone_meanwhile_is_not_lowered(session: Session, work_as: WorkAs) -> None:
    items = [{**shelf.ITEMS[0], "grade": "G3"}, *shelf.ITEMS[1:]]
    version = shelf.published(session, items=items)
    (made,) = _proposed(session, version, {"item_code": "TEMP", "grade": "G1"})
    later = directories.revise(
        work_as("per_dept_editor"), version.directory_id, items=shelf.ITEMS[1:], **shelf.FIELDS
    )
    session.flush()
    shelf.go(session, later, "submit", "pass", "accept")

    with pytest.raises(StepRefused) as refused:
        regrades.take(work_as("per_hub_reviewer"), made.id, "approve")
    shelf.go(session, later, "revoke")
    with pytest.raises(StepRefused) as revoked:
        regrades.take(work_as("per_hub_reviewer"), made.id, "approve")

    assert _codes(refused.value) == ["ITEM_GONE"]
    assert _codes(revoked.value) == ["DIRECTORY_NOT_PUBLISHED"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ([{"item_code": "SNOW", "grade": "G2"}], "/changes/0/item_code"),
        ([{"item_code": "RAIN", "grade": "G2"}] * 2, "/changes/1/item_code"),
        ([{"item_code": "RAIN", "grade": "G9"}], "/changes/0/grade"),
        ([{"item_code": "RAIN", "grade": "G1"}], "/changes"),
    ],
)
def test_a_change_that_cannot_be_meant_is_pointed_at(
    session: Session, work_as: WorkAs, changes: list[dict[str, str]], pointer: str
) -> None:
    version = shelf.published(session)

    with pytest.raises(Invalid) as wrong:
        regrades.preview(
            work_as("per_dept_editor"), directory_id=version.directory_id, changes=changes
        )

    assert wrong.value.pointer == pointer


def test_a_preview_says_what_would_be_and_touches_nothing(
    session: Session, work_as: WorkAs
) -> None:
    items = [{**shelf.ITEMS[0], "grade": "G3"}, *shelf.ITEMS[1:]]
    version = shelf.published(session, items=items)

    found = regrades.preview(
        work_as("per_hub_officer"),
        directory_id=version.directory_id,
        changes=[{"item_code": "TEMP", "grade": "G1"}, {"item_code": "RAIN", "grade": "G2"}],
    )

    assert [change["item_code"] for change in found.rises] == ["RAIN"]
    assert [change["item_code"] for change in found.falls] == ["TEMP"]
    grades = [each.grade.value for each in (found.before, found.at_once, found.in_the_end)]
    assert grades == ["G3", "G3", "G2"]
    assert directories.find_directory(session, version.directory_id).current_version_id == (
        version.id
    )


def test_only_the_department_and_the_hub_grade_anew(session: Session, work_as: WorkAs) -> None:
    version, draft = shelf.published(session), shelf.drafted(session)
    change = [{"item_code": "RAIN", "grade": "G2"}]

    with pytest.raises(StepNotAllowed):
        regrades.propose(
            work_as("per_buyer_editor"),
            directory_id=version.directory_id,
            changes=change,
            reason="x",
        )
    for reason, directory_id in ((" ", version.directory_id), ("x", draft.directory_id)):
        with pytest.raises(Invalid):
            regrades.propose(
                work_as("per_dept_editor"),
                directory_id=directory_id,
                changes=change,
                reason=reason,
            )


def test_a_regrading_is_seen_by_its_department_and_the_authority(
    session: Session, work_as: WorkAs
) -> None:
    version = shelf.published(session)
    (made,) = _proposed(session, version, {"item_code": "RAIN", "grade": "G3"})

    def seen(person: str, **more: Any) -> list[Regrade]:
        return regrades.listed(work_as(person), **more, after=None, limit=5).items

    assert seen("per_dept_approver") == seen("per_hub_officer") == [made]
    assert seen("per_hub_officer", directory_id="dir_none") == []
    assert seen("per_hub_officer", state=State.PROPOSED) == seen("per_buyer_editor") == []
    assert regrades.find(session, made.id) is made
    for key in (made.id, "rgr_none"):
        with pytest.raises(NotFound):
            regrades.seen(work_as("per_buyer_editor"), key)
    with pytest.raises(NotFound):
        regrades.find(session, "rgr_none")
