import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.work import Work
from licensing import scenarios
from licensing.applications import blocks, drafting, sections
from licensing.applications.cases import Scenario
from licensing.applications.sections import Section, SectionChanged
from tests.conftest import NOON, WorkAs, work_of
from tests.licensing import desk


def opened(session: Session, **changes: Any) -> Scenario:
    given = {
        "title": "Rain index",
        "operator_id": "org_operator",
        "implementing_agency_id": "org_agency",
        **changes,
    }
    made = drafting.open_draft(work_of(session, "per_developer_editor"), **given)
    session.flush()
    return made


def colleague(session: Session) -> Work:
    work = work_of(session, "per_developer_editor")
    return dataclasses.replace(
        work, actor=dataclasses.replace(work.actor, person="per_developer_signer")
    )


def test_a_draft_opens_with_seven_sections(session: Session) -> None:
    made = opened(session)

    found = sections.of(session, made.id)

    assert [each.number for each in found] == [1, 2, 3, 4, 5, 6, 7]
    assert sections.values(found)["title"] == "Rain index"
    assert made.flaw is not None
    assert [sections.section_state(each, 0) for each in found[:3]] == [
        "started",
        "started",
        "untouched",
    ]
    assert sections.section_state(found[0], 2) == "problems"


def test_a_draft_needs_parties_that_may_have_it(session: Session) -> None:
    with pytest.raises(Invalid) as not_an_operator:
        opened(session, operator_id="org_buyer")
    with pytest.raises(StepNotAllowed):
        drafting.open_draft(
            work_of(session, "per_developer_signer"),
            title="Rain",
            operator_id="org_operator",
            implementing_agency_id="org_agency",
        )

    assert not_an_operator.value.pointer == "/operator_id"


def test_what_is_wrong_is_kept_as_it_is_written(session: Session) -> None:
    made = opened(session)
    work = work_of(session, "per_developer_editor")

    saved = drafting.save(work, made.id, 4, {"users_count": "about twenty", "period_to": "soon"})

    assert saved.written == {"users_count": "about twenty", "period_to": "soon"}
    assert saved.revision == 2
    assert made.flaw is not None


def test_what_can_be_meant_is_taken_over(session: Session) -> None:
    code = desk.directory(session)
    made = opened(session)
    work = work_of(session, "per_developer_editor")

    for number, values in blocks.divided(desk.application(code)).items():
        drafting.save(work, made.id, number, values)
    before = made.purpose_text
    drafting.save(work, made.id, 4, {"users_count": "x"})

    assert before == "Price frost and rain cover for farms"
    assert made.flaw == {
        "pointer": "/users_count",
        "zh": "请填写整数",
        "en": "a whole number is needed",
    }
    drafting.save(work, made.id, 4, {"users_count": "35"})
    mended: tuple[Any, int] = (made.flaw, made.users_count)
    assert mended == (None, 35)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"users": []}, "/users"),
        ({"purpose_text": " "}, "/purpose_text"),
        ({"period_to": "2027"}, "/period_to"),
        ({"quotas": [{"meter": "rows", "limit": "many"}]}, "/quotas/0/limit"),
        ({"items": [{"directory_code": "CAT"}]}, "/items/0/item_code"),
        ({"operator_id": "org_none"}, "/operator_id"),
    ],
)
def test_a_flaw_is_told_with_its_place(
    session: Session, changes: dict[str, Any], pointer: str
) -> None:
    made = desk.applied(session, desk.directory(session))
    (name,) = changes

    drafting.save(work_of(session, "per_developer_editor"), made.id, blocks.HOME[name], changes)

    assert made.flaw is not None
    assert made.flaw["pointer"] == pointer


def test_a_save_of_nothing_new_is_no_revision(session: Session) -> None:
    made = opened(session)
    work = work_of(session, "per_developer_editor")

    first = drafting.save(work, made.id, 2, {"title": "Frost"}).revision
    saved = drafting.save(work, made.id, 2, {"title": "Frost"})

    assert (first, saved.revision) == (2, 2)
    assert made.title == "Frost"
    assert len(sections.history(session, made.id)) == 8


@pytest.mark.parametrize(
    ("number", "values", "pointer"),
    [
        (1, {"title": "of another section"}, "/title"),
        (1, {"contact_name": ["a list"]}, "/contact_name"),
        (1, {"contact_name": "x" * 61}, "/contact_name"),
        (1, {"contact_name": "a\x00b"}, "/contact_name"),
        (1, {"team": [{"salary": "1"}]}, "/team/0"),
        (1, {"team": "nobody"}, "/team"),
        (4, {"users": ["x"] * 201}, "/users"),
        (4, {"users_count": 10**15}, "/users_count"),
        (3, {"items": [{"necessity_reason": "必" * 1000}] * 200}, "/values"),
    ],
)
def test_a_section_keeps_no_other_shapes(
    session: Session, number: int, values: dict[str, Any], pointer: str
) -> None:
    made = opened(session)

    with pytest.raises(Invalid) as invalid:
        drafting.save(work_of(session, "per_developer_editor"), made.id, number, values)

    assert invalid.value.pointer == pointer


def test_two_editors_of_one_field_are_told_of_each_other(session: Session) -> None:
    made = opened(session)
    seen = sections.find(session, made.id, 1).revision
    drafting.save(colleague(session), made.id, 1, {"contact_name": "Wang"}, revision=seen)

    with pytest.raises(SectionChanged) as clash:
        drafting.save(
            work_of(session, "per_developer_editor"),
            made.id,
            1,
            {"contact_name": "Lin", "contact_phone": "1"},
            revision=seen,
        )

    assert [(each.code, each.en) for each in clash.value.refusals] == [
        ("FIELD_CHANGED", "Contact is now “Wang”")
    ]


def test_two_editors_of_two_fields_both_keep_theirs(session: Session) -> None:
    made = opened(session)
    seen = sections.find(session, made.id, 1).revision
    drafting.save(colleague(session), made.id, 1, {"contact_name": "Wang"}, revision=seen)

    saved = drafting.save(
        work_of(session, "per_developer_editor"),
        made.id,
        1,
        {"contact_name": None, "contact_phone": "1"},
        revision=seen,
    )

    assert (saved.written["contact_name"], saved.written["contact_phone"]) == ("Wang", "1")


def test_only_so_many_revisions_are_kept(session: Session) -> None:
    made = opened(session)
    work = work_of(session, "per_developer_editor")

    for number in range(103):
        drafting.save(work, made.id, 2, {"title": f"Title {number}"})

    kept = [each.revision for each in sections.history(session, made.id, limit=200)
            if each.number == 2]  # fmt: skip
    assert (len(kept), max(kept), min(kept)) == (100, 104, 5)
    with pytest.raises(NotFound):
        drafting.restore(work, made.id, 2, 1)


def test_an_earlier_revision_is_written_again(session: Session) -> None:
    made = opened(session)
    work = work_of(session, "per_developer_editor")
    drafting.save(work, made.id, 2, {"title": "Frost", "beneficiaries": "farms"})

    restored = drafting.restore(work, made.id, 2, 1)

    assert (restored.written["title"], restored.written["beneficiaries"]) == ("Rain index", None)
    assert restored.revision == 3


def test_a_section_that_is_held_is_written_by_nobody_else(session: Session) -> None:
    made = opened(session)
    work = work_of(session, "per_developer_editor")
    drafting.hold(work, made.id, 1)
    session.flush()

    with pytest.raises(SectionChanged) as locked:
        drafting.save(colleague(session), made.id, 1, {"contact_name": "Wang"})
    with pytest.raises(SectionChanged):
        drafting.let_go(colleague(session), made.id, 1)
    later = dataclasses.replace(colleague(session), now=NOON + timedelta(minutes=6))
    drafting.save(later, made.id, 1, {"contact_name": "Wang"})
    drafting.hold(later, made.id, 1)
    session.flush()
    drafting.let_go(later, made.id, 1)
    session.flush()

    assert [each.code for each in locked.value.refusals] == ["SECTION_LOCKED"]
    assert sections.holder(work, made.id, 1) is None
    drafting.let_go(work, made.id, 1)


def test_only_its_writers_write_and_only_while_it_may_be_written(session: Session) -> None:
    made = desk.submitted(session)

    with pytest.raises(StepRefused):
        drafting.save(work_of(session, "per_developer_editor"), made.id, 1, {"contact_name": "L"})
    with pytest.raises(StepNotAllowed):
        drafting.save(work_of(session, "per_agency_officer"), made.id, 1, {"contact_name": "L"})


def test_a_case_older_than_its_sections_gets_them_from_what_it_says(session: Session) -> None:
    made = desk.applied(session, desk.directory(session))
    session.execute(delete(sections.Revision))
    session.execute(delete(Section))
    session.expire_all()

    drafting.save(work_of(session, "per_developer_editor"), made.id, 1, {"contact_name": "Lin"})

    values = sections.values(sections.of(session, made.id))
    assert values["purpose_text"] == made.purpose_text
    assert made.flaw is None


def test_a_section_that_is_none_is_not_found(session: Session, work_as: WorkAs) -> None:
    made = opened(session)

    with pytest.raises(NotFound):
        drafting.save(work_as("per_developer_editor"), made.id, 8, {})
    with pytest.raises(NotFound):
        scenarios.seen(work_as("per_other_editor"), made.id)


def test_a_long_value_is_told_in_short() -> None:
    assert len(sections.said("x" * 400)) == sections.SHOWN_MAX
    assert sections.said(["a", 1]) == '["a", 1]'
