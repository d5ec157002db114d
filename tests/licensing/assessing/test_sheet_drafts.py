"""Drafts of score sheets: their member's alone, never counted, gone when they are signed."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import Invalid, StepNotAllowed, StepRefused
from licensing import assessments
from licensing.assessing import score_sheets, sheet_drafts
from licensing.assessing.sheet_drafts import SheetDraft
from licensing.assessments import Assessment
from tests.conftest import NOON, WorkAs, work_of
from tests.licensing import hall

WRITTEN = {"scores": {"legality": "7", "benefit": ""}, "verdict": "agree"}


def kept(session: Session, made: Assessment, person: str) -> SheetDraft | None:
    """Return a member's draft."""
    session.flush()
    session.expire_all()
    return sheet_drafts.own(work_of(session, person), made)


def test_a_draft_is_kept_as_it_is_typed_and_replaced_by_the_next(session: Session) -> None:
    made = hall.scoring(session)
    member = work_of(session, made.serving[0])

    sheet_drafts.save(member, made, {"scores": {"legality": "70"}, "more": "no field"})
    session.flush()
    sheet_drafts.save(member, made, WRITTEN)

    found = kept(session, made, made.serving[0])
    assert found is not None
    assert (found.written, found.saved_at) == (WRITTEN, NOON)


def test_a_draft_is_nobody_elses_and_counts_nowhere(session: Session) -> None:
    made = hall.scoring(session)
    sheet_drafts.save(work_of(session, made.serving[0]), made, WRITTEN)

    assert kept(session, made, made.serving[1]) is None
    assert kept(session, made, "per_agency_secretary") is None
    assert score_sheets.of(session, made.id) == []
    assert assessments.quorum(work_of(session, "per_agency_secretary"), made.id).sheets == 0
    kinds = [event.kind for event in journal.history(session, made.id, limit=50)]
    assert not [kind for kind in kinds if "draft" in kind]


def test_signing_takes_the_place_of_the_draft(session: Session) -> None:
    made = hall.scoring(session)
    first, second, *_ = made.serving
    for person in (first, second):
        sheet_drafts.save(work_of(session, person), made, WRITTEN)

    hall.sign(session, made, first, 8000)

    assert kept(session, made, first) is None
    assert kept(session, made, second) is not None


def test_a_correction_is_drafted_until_the_conclusion(session: Session) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES)
    hall.go(session, made, "tally")
    member = work_of(session, made.serving[0])

    sheet_drafts.save(member, made, {**WRITTEN, "reason": "a slip"})
    assert kept(session, made, made.serving[0]) is not None
    hall.go(session, made, "conclude")

    assert kept(session, made, made.serving[0]) is None
    with pytest.raises(StepRefused) as refused:
        sheet_drafts.save(member, made, WRITTEN)
    assert [one.code for one in refused.value.refusals] == ["NOT_SCORING"]


def test_who_has_signed_nothing_drafts_nothing_after_the_tally(session: Session) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES[: len(made.serving) - 1])
    hall.go(session, made, "tally", at=NOON + timedelta(days=30))

    with pytest.raises(StepRefused):
        sheet_drafts.save(work_of(session, made.serving[-1]), made, WRITTEN)


def test_a_draft_goes_with_the_seat(session: Session, work_as: WorkAs) -> None:
    made = hall.scoring(session)
    leaving, staying, *_ = made.serving
    for person in (leaving, staying):
        sheet_drafts.save(work_of(session, person), made, WRITTEN)

    assessments.replace(
        work_as("per_agency_secretary"), made.id,
        expert_id=hall.serving(session, made)[0], reason="a brother there",
    )  # fmt: skip

    assert kept(session, made, leaving) is None
    assert kept(session, made, staying) is not None


def test_a_void_sheet_takes_the_draft_of_its_correction_along(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES)
    hall.go(session, made, "tally")
    sheet_drafts.save(work_of(session, made.serving[0]), made, WRITTEN)

    assessments.void_sheet(
        work_as("per_agency_secretary"), made.id,
        expert_id=hall.serving(session, made)[0], reason="a brother there",
    )  # fmt: skip

    assert kept(session, made, made.serving[0]) is None


def test_all_drafts_go_with_a_void_panel(session: Session) -> None:
    made = hall.scoring(session)
    for person in made.serving:
        sheet_drafts.save(work_of(session, person), made, WRITTEN)

    hall.go(session, made, "void")

    assert [kept(session, made, person) for person in made.serving] == [None] * made.size


def test_a_draft_is_for_members_and_has_an_end(session: Session) -> None:
    made = hall.scoring(session)
    long = {"comments": {"legality": "x" * sheet_drafts.BYTES_MAX}}

    with pytest.raises(StepNotAllowed):
        sheet_drafts.save(work_of(session, "per_agency_secretary"), made, WRITTEN)
    with pytest.raises(Invalid):
        sheet_drafts.save(work_of(session, made.serving[0]), made, long)
