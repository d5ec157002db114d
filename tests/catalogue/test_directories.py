"""Directories: what is published never changes, and two pairs of eyes have seen it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from catalogue import contents, directories, regrades
from catalogue.contents import DataItem, DirectoryContent
from catalogue.directories import DirectoryVersion, State
from kernel import journal
from kernel.actor import Duty
from kernel.engines import Engines
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.parties import organisations
from kernel.parties.organisations import NotActive
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of


def _codes(error: StepRefused) -> list[str]:
    return [refusal.code for refusal in error.refusals]


def test_a_directory_gets_the_next_code_of_its_region(session: Session) -> None:
    first = shelf.drafted(session)
    second = shelf.drafted(session)

    assert first.directory.code == "CAT-430000-000001"
    assert second.directory.code == "CAT-430000-000002"
    assert first.state == State.DRAFT
    assert [item.position for item in directories.items(session, first.id)] == [1, 2, 3]


def test_a_directory_is_published_after_the_department_and_the_hub_have_looked(
    session: Session,
) -> None:
    version = shelf.drafted(session)

    shelf.go(session, version, "submit", "pass", "accept")

    assert version.state == State.PUBLISHED
    assert version.submitted_at is not None
    assert version.published_at is not None
    assert directories.published(session, version.directory_id) is version
    assert directories.by_code(session, "CAT-430000-000001").current_version_id == version.id
    kinds = [event.kind for event in journal.history(session, version.id, limit=10)]
    assert kinds == [
        "directory.drafted",
        "directory.submitted",
        "directory.passed",
        "directory.published",
    ]


def test_who_submitted_may_not_pass(session: Session, work_as: WorkAs) -> None:
    version = shelf.drafted(session)
    work = work_as("per_dept_editor")
    both = replace(work, actor=replace(work.actor, duties=frozenset({Duty.EDITOR, Duty.APPROVER})))
    directories.take(both, version.id, "submit")

    with pytest.raises(StepRefused) as refused:
        directories.take(both, version.id, "pass")
    directories.take(work_as("per_dept_approver"), version.id, "pass")

    assert _codes(refused.value) == ["FOUR_EYES"]
    assert version.state == State.HUB_REVIEW


def test_a_directory_without_items_is_not_submitted(session: Session) -> None:
    version = shelf.drafted(session, items=[])

    with pytest.raises(StepRefused) as refused:
        shelf.go(session, version, "submit")

    assert _codes(refused.value) == ["NO_ITEMS"]


@pytest.mark.parametrize("withheld", [{"share_type": "not_shared"}, {"open_type": "not_open"}])
def test_i_07_what_is_withheld_is_withheld_on_a_legal_basis(
    session: Session, withheld: dict[str, Any]
) -> None:
    based = shelf.drafted(session, **withheld, legal_basis="气象法第二十九条")

    for basis in ("", "  "):
        with pytest.raises(Invalid) as wrong:
            shelf.drafted(session, **withheld, legal_basis=basis)
        assert wrong.value.pointer == "/legal_basis"
    shelf.go(session, based, "submit")

    assert based.state == State.DEPT_REVIEW


def test_i_07_the_database_knows_of_no_withholding_without_a_basis(session: Session) -> None:
    version = shelf.drafted(session)
    content = contents.of(session, version.id)
    names = DirectoryContent.__table__.columns.keys()
    said = {name: getattr(content, name) for name in names if name != "version_id"}
    session.add(
        DirectoryVersion(
            id="dvn_second",
            state=State.SUPERSEDED,
            directory_id=version.directory_id,
            department_id="org_dept",
            number=2,
        )
    )
    session.flush()

    session.add(DirectoryContent(version_id="dvn_second", **{**said, "share_type": "not_shared"}))

    with pytest.raises(IntegrityError, match="withheld_on_a_legal_basis"):
        session.flush()


def test_each_reviewer_returns_what_is_on_their_own_desk(session: Session) -> None:
    version = shelf.drafted(session)
    shelf.go(session, version, "submit")

    with pytest.raises(StepNotAllowed):
        shelf.go(session, version, "return")
    directories.take(work_of(session, "per_dept_approver"), version.id, "return", reason="no units")
    shelf.go(session, version, "submit", "pass", "return")

    assert version.state == State.DRAFT
    assert version.returned_at is not None


def test_a_new_version_takes_the_place_of_the_published_one(session: Session) -> None:
    first = shelf.published(session)
    second = _revised(session, first.directory_id, title_zh="新名", title_en="New name")
    assert directories.published(session, first.directory_id) is first

    shelf.go(session, second, "submit", "pass", "accept")

    assert first.state == State.SUPERSEDED
    assert second.number == 2
    assert directories.published(session, first.directory_id) is second
    assert directories.find_directory(session, first.directory_id).title_en == "New name"


def test_a_new_version_takes_the_place_of_a_revoked_one_too(session: Session) -> None:
    first = shelf.published(session)
    shelf.go(session, first, "revoke")

    shelf.go(session, _revised(session, first.directory_id), "submit", "pass", "accept")

    assert first.state == State.REVOKED


def test_a_draft_gives_way_to_the_next_draft(session: Session) -> None:
    first = shelf.drafted(session)

    second = _revised(session, first.directory_id)

    assert first.state == State.SUPERSEDED
    assert second.state == State.DRAFT


def test_a_version_under_review_does_not_give_way(session: Session) -> None:
    first = shelf.drafted(session)
    shelf.go(session, first, "submit")

    with pytest.raises(StepRefused) as refused:
        _revised(session, first.directory_id)

    assert _codes(refused.value) == ["UNDER_REVIEW"]


def test_only_the_department_writes_its_directories(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)
    fields: Any = shelf.FIELDS

    for person in ("per_dept_approver", "per_operator_editor"):
        with pytest.raises(StepNotAllowed):
            directories.create(work_as(person), items=[], **fields)
        with pytest.raises(StepNotAllowed):
            directories.revise(work_as(person), version.directory_id, items=[], **fields)


def test_a_department_that_is_not_active_writes_nothing(session: Session) -> None:
    organisations.find(session, "org_dept").state = organisations.State.FROZEN

    with pytest.raises(NotActive):
        shelf.drafted(session)


def test_whoever_suspended_a_directory_may_resume_it(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)
    answers = {"reason": "wrong units"}
    shelf.go(session, version, "suspend")

    with pytest.raises(StepNotAllowed):
        directories.take(work_as("per_dept_approver"), version.id, "resume", **answers)
    with pytest.raises(NotFound):
        directories.published(session, version.directory_id)
    shelf.go(session, version, "resume")
    directories.take(work_as("per_dept_approver"), version.id, "suspend", **answers)
    directories.take(work_as("per_dept_approver"), version.id, "resume", **answers)

    assert version.state == State.PUBLISHED


def test_before_publication_only_department_and_authority_see_a_directory(
    session: Session, work_as: WorkAs
) -> None:
    version = shelf.drafted(session)
    unseen = []

    for look in (
        lambda: directories.seen(work_as("per_buyer_editor"), version.id),
        lambda: directories.seen(work_as("per_buyer_editor"), "dvn_none"),
        lambda: directories.seen_directory(work_as("per_buyer_editor"), version.directory_id),
        lambda: directories.seen_directory(work_as("per_buyer_editor"), "dir_none"),
    ):
        with pytest.raises(NotFound) as missed:
            look()
        unseen.append(missed.value.zh)

    assert unseen[0] == unseen[1]
    assert unseen[2] == unseen[3]
    for person in ("per_dept_approver", "per_hub_officer", "system"):
        assert directories.seen(work_as(person), version.id) is version
        directory = directories.seen_directory(work_as(person), version.directory_id)
        assert directory is version.directory


def test_a_published_directory_is_everybody_s_to_see(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)

    seen = directories.seen(work_as("per_buyer_editor"), version.id)

    assert seen.content.title_en == "Hourly weather of twelve Beijing stations"
    assert directories.seen_directory(work_as("per_buyer_editor"), version.directory_id).code


def test_what_is_not_there_is_not_found(session: Session) -> None:
    for look in (
        lambda: directories.find(session, "dvn_none"),
        lambda: directories.find_directory(session, "dir_none"),
        lambda: directories.by_code(session, "CAT-430000-999999"),
        lambda: directories.published(session, "dir_none"),
    ):
        with pytest.raises(NotFound):
            look()


def test_the_list_shows_what_was_published_and_finds_parts_of_titles(session: Session) -> None:
    rain = shelf.published(session, title_zh="降水", title_en="Rain 100%")
    wind = shelf.published(session, title_zh="风", title_en="Wind")
    shelf.drafted(session, title_zh="草稿", title_en="Draft")

    everything = directories.listed(session, after=None, limit=1)
    rest = directories.listed(session, after=everything.next, limit=1)
    found = directories.listed(session, text="rain 100%", after=None, limit=10)
    own = directories.listed(session, department_id="org_dept", text="风", after=None, limit=10)
    other = directories.listed(session, department_id="org_hub", after=None, limit=10)

    assert [row.id for row in everything.items + rest.items] == [
        rain.directory_id,
        wind.directory_id,
    ]
    assert rest.next is None
    assert [row.id for row in found.items] == [rain.directory_id]
    assert [row.id for row in own.items] == [wind.directory_id]
    assert other.items == []


def test_each_sees_the_versions_that_concern_them(session: Session, work_as: WorkAs) -> None:
    published = shelf.published(session)
    draft = shelf.drafted(session)

    def seen(person: str, **narrower: Any) -> set[str]:
        page = directories.versions(work_as(person), **narrower, after=None, limit=10)
        return {version.id for version in page.items}

    assert seen("per_buyer_editor") == {published.id}
    assert seen("per_dept_editor") == seen("per_hub_officer") == {published.id, draft.id}
    assert seen("per_hub_officer", state=State.DRAFT) == {draft.id}
    assert seen("per_hub_officer", directory_id=published.directory_id) == {published.id}


def test_the_content_of_a_version_never_changes(engines: Engines) -> None:
    with engines.writing() as session:
        shelf.published(session)
        session.commit()

    for statement in (
        "UPDATE directory_contents SET title_zh = '别名'",
        "DELETE FROM directory_contents",
        "UPDATE data_items SET grade = 'G4'",
        "DELETE FROM data_items",
    ):
        with engines.writing() as session, pytest.raises(DBAPIError, match="append-only"):
            session.execute(text(statement))


def test_i_09_no_item_joins_a_version_once_it_is_under_review(session: Session) -> None:
    draft, standing = shelf.drafted(session), shelf.published(session)
    reviewed, gone = shelf.drafted(session), shelf.published(session)
    shelf.go(session, reviewed, "submit")
    shelf.go(session, gone, "revoke")

    for version in (standing, reviewed, gone):
        late = insert(DataItem).values(_late_values(version.id))
        with pytest.raises(DBAPIError, match="the version is complete"), session.begin_nested():
            session.execute(late)
    session.execute(insert(DataItem).values(_late_values(draft.id)))

    assert len(directories.items(session, draft.id)) == len(shelf.ITEMS) + 1
    assert len(directories.items(session, standing.id)) == len(shelf.ITEMS)


@pytest.mark.parametrize("change", ["number = 9", "published_at = NULL"])
def test_i_09_a_version_keeps_its_number_and_the_moment_of_its_publication(
    engines: Engines, change: str
) -> None:
    with engines.writing() as session:
        shelf.published(session)
        session.commit()

    with engines.writing() as session, pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(f"UPDATE directory_versions SET {change}"))


def test_a_draft_that_a_regrading_has_overtaken_is_written_anew(
    session: Session, work_as: WorkAs
) -> None:
    version = shelf.published(session)
    draft = _revised(session, version.directory_id)
    regrades.propose(
        work_as("per_dept_editor"),
        directory_id=version.directory_id,
        changes=[{"item_code": "RAIN", "grade": "G3"}],
        reason="精度提高",
    )
    session.flush()

    with pytest.raises(StepRefused) as refused:
        shelf.go(session, draft, "submit")
    anew = _revised(session, version.directory_id)
    shelf.go(session, anew, "submit", "pass", "accept")

    assert _codes(refused.value) == ["OVERTAKEN"]
    assert (draft.state, anew.state, anew.number) == (State.SUPERSEDED, State.PUBLISHED, 4)


def test_a_directory_s_life_is_told_with_its_code(session: Session) -> None:
    version = shelf.published(session)
    code = directories.find_directory(session, version.directory_id).code

    shelf.go(session, version, "suspend", "resume")
    directories.take(
        work_of(session, "per_dept_approver"), version.id, "revoke", reason="合并", confirmed=True
    )
    session.flush()

    told = {event.kind: event.data for event in journal.history(session, version.id, limit=20)}
    for kind in ("directory.suspended", "directory.resumed", "directory.revoked"):
        assert told[kind]["directory_code"] == code
    assert told["directory.revoked"]["confirmed"] is True


def test_a_revocation_that_nobody_confirmed_says_so(session: Session) -> None:
    version = shelf.published(session)

    shelf.go(session, version, "revoke")

    last = journal.history(session, version.id, limit=1)[-1]
    assert (last.kind, last.data["confirmed"]) == ("directory.revoked", False)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"industry": "Z"}, "/industry"),
        ({"share_type": "perhaps"}, "/share_type"),
        ({"share_mode": "post"}, "/share_mode"),
        ({"source_acquisition": "found"}, "/source_acquisition"),
        ({"spatial": ["110000", "北京"]}, "/spatial/1"),
        (
            {"temporal_from": date(2017, 3, 1), "temporal_to": date(2013, 3, 1)},
            "/temporal_to",
        ),
        ({"items": [shelf.ITEMS[0], shelf.ITEMS[0]]}, "/items/1/code"),
        ({"items": [{**shelf.ITEMS[0], "code": "1st"}]}, "/items/0/code"),
        ({"items": [{**shelf.ITEMS[0], "grade": "G9"}]}, "/items/0/grade"),
        ({"items": [{**shelf.ITEMS[0], "data_type": "text"}]}, "/items/0/data_type"),
        ({"items": [{**shelf.ITEMS[0], "pi_class": "some"}]}, "/items/0/pi_class"),
    ],
)
def test_a_field_that_cannot_be_meant_is_named(
    session: Session, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as wrong:
        shelf.drafted(session, **changes)

    assert wrong.value.pointer == pointer


def test_the_metadata_is_kept_as_it_was_given(session: Session) -> None:
    version = shelf.drafted(
        session,
        spatial=["110000"],
        keywords=["气象"],
        temporal_from=date(2013, 3, 1),
        temporal_to=date(2017, 2, 28),
        format="interface",
        share_mode="query",
        share_condition="履行职责所需",
        source_acquisition="original",
        persons_count=12,
    )

    content = contents.of(session, version.id)

    assert content.spatial == ["110000"]
    assert content.keywords == ["气象"]
    assert content.format == contents.Format.INTERFACE
    assert content.temporal_to == date(2017, 2, 28)
    assert not content.withholds
    assert (content.share_mode, content.share_condition) == ("query", "履行职责所需")
    assert (content.source_acquisition, content.persons_count) == ("original", 12)


def test_the_items_are_given_as_a_table_without_formulas(session: Session) -> None:
    item = {**shelf.ITEMS[0], "name_zh": "=1+1", "description": "气温"}
    version = shelf.drafted(session, items=[item])

    lines = contents.table(directories.items(session, version.id)).split("\r\n")

    assert (
        lines[0] == "\ufeffposition,code,name_zh,name_en,data_type,unit,grade,pi_class,description"
    )
    assert lines[1:] == ["1,TEMP,'=1+1,Temperature,decimal,°C,G1,none,气温", ""]


def _late_values(version_id: str) -> dict[str, Any]:
    return {
        "id": f"itm_late_{version_id}",
        "version_id": version_id,
        "position": 99,
        "code": "LATE",
        "name_zh": "迟",
        "name_en": "late",
        "data_type": "string",
        "unit": "",
        "grade": "G1",
        "pi_class": "none",
        "description": "",
    }


def _revised(session: Session, directory_id: str, **changes: Any) -> directories.DirectoryVersion:
    fields: Any = {**shelf.FIELDS, **changes}
    made = directories.revise(
        work_of(session, "per_dept_editor"), directory_id, items=shelf.ITEMS, **fields
    )
    session.flush()  # a living record gets its first version from the database
    return made
