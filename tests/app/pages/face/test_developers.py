import re

from app.unit import Exchange
from marketplace.telling import kinds
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.counting import selects

pytestmark = ON_SQLITE


def test_a_developer_is_told_of_every_noun_event_and_no(
    visit: Visit, application: Exchange
) -> None:
    page = visit().shows("/developers", "OpenAPI 3.1", "数据产品", "/api/products", "stale-version")

    tags = {tag["name"] for tag in application.extensions["openapi_document"]["tags"]}
    shown = set(re.findall(r'<span class="mono">/api/([a-z_-]+)</span>', page))
    assert shown <= tags
    assert len(shown) > 100
    assert all(f"<code>{code}</code>" in page for code in kinds.KINDS)


def test_every_no_is_explained_where_the_page_says(visit: Visit) -> None:
    visitor = visit()
    found = re.findall(r'href="(/problems/[^"]+)"', visitor.get("/developers").text)

    assert len(found) > 20
    assert visitor.get(found[0]).status_code == 200


def test_the_lines_name_a_product_that_is_there(visit: Visit) -> None:
    visitor = visit()
    named = re.search(r"read\(&#34;(prd_\w+)&#34;\)", visitor.get("/developers").text)

    assert named is not None
    assert visitor.get(f"/products/{named[1]}").status_code == 200
    assert visitor.client.get("/api/products?limit=3").status_code == 200


def test_the_page_costs_a_look_at_one_product(visit: Visit) -> None:
    visitor = visit()
    selects(visitor, "/developers")

    assert selects(visitor, "/developers") <= 4
