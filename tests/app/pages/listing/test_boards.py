"""A board's pages: asked for by a merchant, answered at the curator's desk, seen by everybody."""

import re

from app.pages.listing.boards import sized
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

MERCHANT, CURATOR = "per_developer_editor", "per_exchange_listing"


def ticked(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


def code_of(page: str) -> str:
    found = re.search(r"DP-\d{6}", page)
    assert found is not None
    return found[0]


def off(visit: Visit) -> str:
    """Take the town's product off its board; return its code."""
    curator = visit(CURATOR)
    code = code_of(curator.get("/boards/METEO").text)
    assert curator.post(
        "/boards/METEO/dismissals", product=code, reason="重新申请"
    ).status_code == 303  # fmt: skip
    return code


def test_a_place_is_asked_for_answered_and_put_first(visit: Visit, town: Town) -> None:
    code = off(visit)
    merchant, curator = visit(MERCHANT), visit(CURATOR)
    form = merchant.get("/boards/METEO").text

    asked = merchant.post("/boards/METEO/requests", product=ticked(form, "product"), note="气象")
    waits = merchant.get(asked.location).text
    desk = curator.get("/boards/METEO/desk").text
    bare = curator.post("/boards/METEO/answers", request=ticked(desk, "request"), step="decline")
    let_in = curator.post("/boards/METEO/answers", request=ticked(desk, "request"), step="admit")
    pinned = curator.post("/boards/METEO/pins", codes=f"{code}\r\n")
    wrong = curator.post("/boards/METEO/pins", codes="DP-999999")
    public = visit().get("/boards/METEO").text

    assert "待答复" in waits
    assert "气象" in desk
    assert bare.status_code == 409
    assert (let_in.status_code, pinned.status_code, wrong.status_code) == (303, 303, 422)
    assert "专板推荐" in public
    assert public.count(code) == 2
    assert 'name="product"' not in public


@ON_SQLITE
def test_what_is_declared_is_told_apart_from_what_is_counted(visit: Visit, town: Town) -> None:
    curator = visit(CURATOR)

    declared = curator.post(
        "/boards/METEO/declarations", terabytes="2,150.4", as_of="2026-06-30",
        basis_zh="主办方按其统计口径申报", basis_en="stated by the sponsor",
    )  # fmt: skip
    page = visit().get("/boards/METEO").text

    assert declared.status_code == 303, declared.text
    assert "2,150.4 TB" in page
    assert "未经平台计量" in page
    assert "平台实测" in page


@ON_SQLITE
def test_the_desk_is_for_who_keeps_the_board(visit: Visit, town: Town) -> None:
    assert visit(MERCHANT).get("/boards/METEO/desk").status_code == 403
    assert "申报数据规模" in visit("per_dept_editor").get("/boards/METEO/desk").text


@ON_SQLITE
def test_nothing_ticked_and_no_reason_are_told(visit: Visit, town: Town) -> None:
    curator = visit(CURATOR)
    code = code_of(curator.get("/boards/METEO").text)

    nothing = curator.post("/boards/METEO/answers", step="admit")
    silent = curator.post("/boards/METEO/dismissals", product=code, reason="")

    assert (nothing.status_code, silent.status_code) == (422, 422)


def test_sizes_are_said_in_the_unit_that_suits_them() -> None:
    assert [sized(each) for each in (999, 1_500, 2_150_400_000_000_000, 3 * 10**9)] == [
        "999 B", "1.5 kB", "2,150.4 TB", "3.0 GB",
    ]  # fmt: skip
