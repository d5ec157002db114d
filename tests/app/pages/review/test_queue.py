import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

FARMS, ROADS = "设施农业降水指数", "高速公路团雾提示"


@contextmanager
def counting(application: Exchange) -> Iterator[list[str]]:
    """Note every SELECT that the house sends."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            sent.append(statement)

    engines = [application.house.engines.read, application.house.engines.write]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


@ON_SQLITE
def test_the_next_due_case_comes_first(visit: Visit) -> None:
    page = visit("per_agency_officer").shows("/cases", FARMS, ROADS)

    assert page.index(FARMS) < page.index(ROADS)


@ON_SQLITE
@pytest.mark.parametrize(
    ("narrowed", "there", "gone"),
    [
        ("step=formal_check", FARMS, ROADS),
        ("step=deciding", ROADS, FARMS),
        ("q=团雾", ROADS, FARMS),
        ("grade=G1&pi=no&red=1&field=modern_agriculture", FARMS, "没有待办场景"),
        ("grade=G3", "没有待办场景", FARMS),
        ("pi=yes", "没有待办场景", FARMS),
        ("q=100%25", "没有待办场景", FARMS),
        ("step=no_step&grade=G9&field=nothing&pi=maybe", FARMS, "没有待办场景"),
    ],
)
def test_the_queue_is_narrowed_by_what_the_address_says(
    visit: Visit, narrowed: str, there: str, gone: str
) -> None:
    page = visit("per_agency_officer").shows(f"/cases?{narrowed}", there)

    assert gone not in page


@ON_SQLITE
def test_a_file_holds_what_is_shown_and_no_more(visit: Visit) -> None:
    officer = visit("per_agency_officer")

    table = officer.get("/cases?step=deciding&file=csv")
    book = officer.get("/cases?step=deciding&file=xlsx")

    lines = table.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert ROADS in lines[1]
    assert "G1" in lines[1]
    assert zipfile.ZipFile(io.BytesIO(book.data)).testzip() is None


@ON_SQLITE
def test_strangers_have_an_empty_queue(visit: Visit) -> None:
    assert FARMS not in visit("per_other_editor").get("/cases").text


@ON_SQLITE
def test_a_page_costs_the_same_for_one_case_and_for_many(
    visit: Visit, application: Exchange
) -> None:
    officer = visit("per_agency_officer")

    with counting(application) as few:
        officer.get("/cases?step=deciding")
    with counting(application) as many:
        officer.get("/cases")

    assert len(few) == len(many)
    assert len(many) <= 16


@ON_SQLITE
def test_a_case_shows_rules_items_likeness_and_ties(visit: Visit, town: Town) -> None:
    visit("per_agency_approver").shows(
        f"/cases/{town['deciding']}",
        "规则核对", "R-31", "专家剔除", "相似场景", "申请方的关联方",
    )  # fmt: skip


@ON_SQLITE
def test_a_decided_case_shows_what_was_recommended(visit: Visit, town: Town) -> None:
    visit("per_agency_approver").shows(f"/cases/{town['scenario']}", "决定建议：", "影响预览")


@ON_SQLITE
def test_related_parties_are_told_to_those_who_decide_alone(visit: Visit, town: Town) -> None:
    page = visit("per_dept_approver").get(f"/cases/{town['asked']}")

    assert page.status_code == 200
    assert "申请方的关联方" not in page.text


@ON_SQLITE
def test_the_total_time_is_shown_and_extended_once(visit: Visit, town: Town) -> None:
    case, approver = town["written"], visit("per_agency_approver")
    sent = visit("per_developer_editor").post(f"/steps/scenario/{case}/submit")
    assert sent.status_code == 303, sent.text

    before = approver.shows(f"/cases/{case}", "总时限", "延长总时限")
    answer = approver.post(f"/cases/{case}/extension", reason="涉及多部门协调")
    after = approver.shows(f"/cases/{case}", "总时限")

    assert "延长总时限" in before
    assert answer.status_code == 303
    assert 'id="extension-reason"' not in after
