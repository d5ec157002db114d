import xml.etree.ElementTree as ET
from typing import Any

import pytest

from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.counting import selects
from tests.app.pages.town import Town
from tests.marketplace import make

pytestmark = ON_SQLITE

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def entries(browser: Browser, path: str, lang: str = "zh") -> list[Any]:
    answer = browser.get(path, lang)
    assert answer.status_code == 200
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    return list(ET.fromstring(answer.text).findall("a:entry", ATOM))  # noqa: S314 - our own


def test_what_is_made_known_stands_with_the_hash_of_its_record(visit: Visit, town: Town) -> None:
    page = visit().shows("/notices", "专板开设", "授权公示", town["certificate"], "气象专板")

    assert f'href="/certificates/{town["certificate"]}"' in page
    assert page.count("<tr ") > 3


def test_what_is_nobodys_business_is_no_notice(visit: Visit) -> None:
    page = visit().get("/notices").text

    assert "水稻灌溉调度" not in page  # an application that is still examined
    assert "refused" not in page


@pytest.mark.parametrize(
    ("name", "words"),
    [("notices", "专板开设"), ("register", "授权开通"), ("products", "新品挂牌")],
)
def test_each_feed_is_atom_with_ids_of_its_own(visit: Visit, name: str, words: str) -> None:
    found = entries(visit(), f"/feeds/{name}.atom")

    titles = [one.findtext("a:title", namespaces=ATOM) for one in found]
    ids = [one.findtext("a:id", namespaces=ATOM) for one in found]
    assert any(title.startswith(words) for title in titles)
    assert len(set(ids)) == len(ids) > 0


def test_a_feed_speaks_the_language_that_its_address_names(visit: Visit) -> None:
    (first, *_) = entries(visit(), "/feeds/products.atom?lang=en")

    assert "Newly listed" in str(first.findtext("a:title", namespaces=ATOM))
    assert visit().get("/feeds/anything.atom").status_code == 404


def test_a_feed_escapes_what_a_merchant_wrote(visit: Visit, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        make.listed(session, title_zh="a<b> & “c”]]>")
        session.commit()

    (first, *_) = entries(visit(), "/feeds/products.atom")

    assert str(first.findtext("a:title", namespaces=ATOM)).endswith("a<b> & “c”]]>")


def test_notices_cost_the_same_however_many_there_are(visit: Visit, application: Exchange) -> None:
    visitor = visit()
    selects(visitor, "/notices")
    before = selects(visitor, "/notices")
    with application.house.engines.writing() as session:
        for number in range(3):
            make.board(session, code=f"n{number}")
        session.commit()

    assert selects(visitor, "/notices") == before <= 12


def test_a_made_up_page_of_notices_is_refused(visit: Visit) -> None:
    assert visit().get("/notices?after=x").status_code == 422
