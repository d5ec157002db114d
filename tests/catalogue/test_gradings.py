"""The grade of a whole: its strictest item, raised by every rule that applies."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from catalogue import directories, gradings
from catalogue.contents import DataItem, DirectoryContent
from catalogue.grades import Grade, PiClass
from kernel import journal
from kernel.errors import Invalid
from tests.catalogue import shelf
from tests.conftest import RULES, work_of

PERSONAL: dict[str, Any] = {"grade": "G2", "pi_class": "ordinary"}


def _items(*marks: dict[str, Any]) -> list[DataItem]:
    return [
        DataItem(**{"grade": "G1", "pi_class": "none", "data_type": "string", **each})
        for each in marks
    ]


@pytest.mark.parametrize(
    ("items", "content", "expected"),
    [
        (({}, {"grade": "G3"}), {}, ("G3", "none", ())),
        ((PERSONAL,), {"persons_count": 1_000_000}, ("G2", "ordinary", ())),
        ((PERSONAL,), {"persons_count": 1_000_001}, ("G4", "ordinary", ("many_persons",))),
        (
            (PERSONAL,),
            {"persons_count": 10_000_001},
            ("IMPORTANT", "ordinary", ("many_persons", "very_many_persons")),
        ),
        ((PERSONAL,), {"spatial": ["430100"]}, ("G2", "ordinary", ())),
        ((PERSONAL,), {"spatial": ["430000"]}, ("G3", "ordinary", ("whole_province",))),
        (({},), {"spatial": ["430000"]}, ("G1", "none", ())),
        (
            ({**PERSONAL, "data_type": "geometry"},),
            {},
            ("G3", "ordinary", ("precise_location",)),
        ),
        (({"grade": "CORE"},), {"persons_count": 10_000_001}, ("CORE", "none", ())),
    ],
)
def test_a_whole_is_graded_by_its_gravest_part_and_then_by_rules(
    items: tuple[dict[str, Any], ...],
    content: dict[str, Any],
    expected: tuple[str, str, tuple[str, ...]],
) -> None:
    said = DirectoryContent(**{"spatial": [], **content})

    found = gradings.graded(_items(*items), said, RULES)

    assert (found.grade.value, found.pi_class.value, found.raised_by) == expected


def test_what_has_no_part_has_no_grade() -> None:
    with pytest.raises(Invalid):
        gradings.graded([], DirectoryContent(spatial=[]), RULES)


def test_the_grade_of_the_whole_is_kept_with_the_publication_and_never_changes(
    session: Session,
) -> None:
    version = shelf.published(session, persons_count=2_000_000)

    kept = gradings.of(session, version.id)

    assert kept is not None
    assert (kept.grade, kept.raised_by) == (Grade.G4, ["many_persons"])
    assert (kept.pi_class, kept.rule_version) == (PiClass.NONE, RULES.version)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text("UPDATE directory_gradings SET grade = 'G1'"))


def test_a_draft_has_no_grade_yet(session: Session) -> None:
    assert gradings.of(session, shelf.drafted(session).id) is None


@pytest.mark.parametrize(
    ("changes", "grades", "raised"),
    [
        ({"persons_count": 2_000_000}, ("G1", "G4"), True),
        ({"items": [{**shelf.ITEMS[0], "grade": "G2"}, *shelf.ITEMS[1:]]}, ("G1", "G2"), True),
        (
            {"items": [{**shelf.ITEMS[0], "pi_class": "ordinary"}, *shelf.ITEMS[1:]]},
            ("G1", "G1"),
            True,
        ),
        ({"items": [*shelf.ITEMS, {**shelf.ITEMS[0], "code": "X", "grade": "G3"}]},
         ("G1", "G3"), False),
    ],
)  # fmt: skip
def test_a_new_version_that_grades_otherwise_says_so(
    session: Session, changes: dict[str, Any], grades: tuple[str, str], raised: bool
) -> None:
    version = shelf.published(session)
    fields: Any = {**shelf.FIELDS, **changes}
    items = fields.pop("items", shelf.ITEMS)
    editor = work_of(session, "per_dept_editor")

    later = directories.revise(editor, version.directory_id, items=items, **fields)
    session.flush()
    shelf.go(session, later, "submit", "pass", "accept")

    told = _regraded(session, later.id)
    assert told is not None
    assert (told["before"], told["after"], told["raised"]) == (*grades, raised)
    assert told["directory_code"] == "CAT-430000-000001"


def test_a_new_version_that_grades_the_same_says_nothing(session: Session) -> None:
    version = shelf.published(session)
    editor = work_of(session, "per_dept_editor")

    later = directories.revise(editor, version.directory_id, items=shelf.ITEMS[:2], **shelf.FIELDS)
    session.flush()
    shelf.go(session, later, "submit", "pass", "accept")

    assert _regraded(session, later.id) is None


def _regraded(session: Session, version_id: str) -> dict[str, Any] | None:
    events = journal.history(session, version_id, limit=20)
    found = [event.data for event in events if event.kind == "directory.regraded"]
    return found[0] if found else None
