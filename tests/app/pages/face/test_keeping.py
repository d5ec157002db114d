"""What a browser and a proxy may keep of public pages, and in which languages they are found."""

import pytest

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

pytestmark = ON_SQLITE

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["/", "/tour", "/register", "/notices", "/feeds/products.atom"])
def test_what_has_not_changed_is_not_sent_again(visit: Visit, path: str) -> None:
    visitor = visit()
    first = visitor.get(path)
    tag = first.headers["ETag"]

    again = visitor.client.get(path, headers={**HTML, "If-None-Match": tag})

    assert first.headers["Cache-Control"].startswith("public")
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert "Cookie" in again.headers["Vary"]
    assert again.headers["Content-Security-Policy"]


def test_another_language_has_another_tag(visit: Visit) -> None:
    visitor = visit()
    chinese, english = visitor.get("/tour", "zh"), visitor.get("/tour", "en")
    english_tag = english.headers["ETag"]

    answer = visitor.client.get("/tour?lang=zh", headers={**HTML, "If-None-Match": english_tag})

    assert chinese.headers["ETag"] != english_tag
    assert answer.status_code == 200


def test_who_is_signed_in_leaves_nothing_behind(visit: Visit) -> None:
    answer = visit("per_buyer_editor").get("/")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", ["/sign-in", "/desk", "/certificates/AU-0", "/notices?after=x"])
def test_what_is_not_a_public_page_is_kept_by_nobody(visit: Visit, path: str) -> None:
    answer = visit().get(path)

    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_a_page_names_itself_in_both_languages(visit: Visit, town: Town) -> None:
    page = visit().get("/register?q=气象&lang=en").text

    asked = "http://localhost/register?q=%E6%B0%94%E8%B1%A1"
    assert f'hreflang="zh-CN" href="{asked}&amp;lang=zh"' in page
    assert f'hreflang="en" href="{asked}&amp;lang=en"' in page
    assert f'hreflang="x-default" href="{asked}"' in page
    assert 'hreflang="x-default" href="http://localhost/tour"' in visit().get("/tour").text
    assert town["certificate"]


def test_a_desk_names_no_twin(visit: Visit) -> None:
    assert "hreflang" not in visit("per_buyer_editor").get("/desk").text
