import csv
import io
import re
from typing import Any

import openpyxl
import pytest

from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town
from tests.conftest import Client

pytestmark = ON_SQLITE

API = "/api/register"
LISTS = ("/register", "/register/revocations", "/register/operations", "/register/supplies")


def _cells(page: str) -> list[list[str]]:
    """Return the table of a page as text, header first."""
    table = page[page.index("<table") : page.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]


def _rows(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.mark.parametrize("path", LISTS)
def test_each_list_of_the_register_is_there_for_everybody(visit: Visit, path: str) -> None:
    page = visit().shows(path)

    assert page.count("<h1") == 1
    assert 'role="search"' in page


@pytest.mark.parametrize("path", ["/register", "/register/operations", "/register/supplies"])
def test_a_file_holds_exactly_what_the_page_shows(visit: Visit, path: str) -> None:
    visitor = visit()

    shown = _cells(visitor.get(path).text)
    written = _rows(visitor.get(f"{path}?file=csv"))
    book = openpyxl.load_workbook(io.BytesIO(visitor.get(f"{path}?file=xlsx").data))

    assert len(shown) > 1
    assert written == shown
    assert [[cell.value for cell in row] for row in book.active.iter_rows()] == shown  # type: ignore[union-attr]  # it has a sheet


def test_what_is_looked_for_is_found_and_kept_in_the_file_and_on_the_next_page(
    visit: Visit, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = visit()

    found = visitor.get("/register?q=农业&state=active&kind=development").text
    missed = visitor.get("/register?q=农业&state=revoked").text
    odd = visitor.get("/register?state=odd&kind=odd&file=odd").text
    monkeypatch.setattr("app.pages.frame.register.EXPORTED_MAX", 0)
    none = visitor.get("/register?file=csv")

    assert town["certificate"] in found
    assert "北京郊县农业气象保险" in found
    assert "&amp;state=active&amp;kind=development&amp;file=csv" in found
    assert "没有找到" in missed
    assert town["certificate"] in odd
    assert len(_rows(none)) == 1


def test_the_door_narrows_as_the_page_does(
    client: Client, application: Exchange, town: Town
) -> None:
    def numbers(query: str) -> list[str]:
        found = client.get(f"{API}/authorisations?{query}").json["items"]
        return [each["cert_no"] for each in found]

    (entry,) = client.get(f"{API}/authorisations").json["items"]

    assert entry["title"] == "北京郊县农业气象保险"
    assert entry["grantee"][0] == "演示·枫香科技"
    assert entry["items"] == 2
    assert numbers("q=SWEETgum&state=active&kind=development") == [town["certificate"]]
    assert numbers("q=nobody") == numbers("state=revoked") == numbers("kind=primary_product") == []
    assert client.get(f"{API}/revocations?q=SWEETgum").json["items"] == []
    assert len(client.get(f"{API}/supply-agreements?q=SA-43&state=effective").json["items"]) == 1
    assert client.get(f"{API}/supply-agreements?state=expired").json["items"] == []
    assert client.get(f"{API}/operation-agreements?state=draft").status_code == 422
