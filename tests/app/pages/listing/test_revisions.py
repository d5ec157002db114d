"""A second version: written beside the first, looked at, submitted, reviewed, published."""

import re
from typing import Any

from app.unit import Exchange
from marketplace import products
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import Town

EDITOR = "per_developer_editor"
REVIEWS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("pass_formal", "per_exchange_listing", {}),
    ("pass_compliance", "per_exchange_compliance",
     dict.fromkeys(("parties", "source", "content", "tradability"), "pass")),
    ("pass_security", "per_exchange_security", {}),
)  # fmt: skip


def filled(page: str, **otherwise: str) -> dict[str, str]:
    """Return what the form holds, with some of it said otherwise."""
    form = page.split('<form method="post" action="/listing/')[1]
    held = dict(re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)">(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', options)
        held[name] = chosen[1] if chosen else ""
    intro = re.search(r'name="intro"[^>]*>([^<]*)<', form)
    held["intro"] = intro[1] if intro else ""
    for secret in ("csrf_token", "idempotency_key"):
        held.pop(secret, None)
    return {**held, **otherwise}


def revised(merchant: Browser, product: str, step: str, **otherwise: str) -> Any:
    where = f"/listing/{product}/revise"
    return merchant.post(where, step=step, **filled(merchant.get(where).text, **otherwise))


def test_a_dearer_version_is_seen_side_by_side_reviewed_and_published(
    visit: Visit, town: Town
) -> None:
    merchant, product = visit(EDITOR), town["product"]
    merchant.shows(f"/listing/{product}", "修订产品")

    tried = revised(merchant, product, "try", price="20,000.00")
    made = revised(merchant, product, "submit", price="20,000.00")
    where = str(made.location)
    page = merchant.get(where).text
    amendment = where.rpartition("/")[2]
    for step, officer, said in REVIEWS:
        answer = visit(officer).post(f"/steps/amendment/{amendment}/{step}", next=where, **said)
        assert answer.status_code == 303, answer.text

    assert tried.status_code == 200, tried.text
    for words in ("大版本：重新审查", "¥ 10,000.00", "¥ 20,000.00", "提交修订"):
        assert words in tried.text
    assert made.status_code == 303, made.text
    assert "留在旧版本" in page
    assert "形式审查" in page
    merchant.shows(where, "公示", "修订 2.0")
    assert "¥ 10,000.00" in visit().get(f"/products/{product}").text


@ON_SQLITE
def test_a_minor_version_with_other_meanings_shows_its_schema_diff(
    visit: Visit, town: Town
) -> None:
    merchant, product = visit(EDITOR), town["product"]
    page = merchant.get(f"/listing/{product}/revise").text
    (column, *_) = re.findall(r'name="meaning-([^"]+)"', page)

    tried = revised(merchant, product, "try", **{f"meaning-{column}": "换一种说法"})
    same = revised(merchant, product, "try")
    nothing = revised(merchant, product, "submit")

    assert "含义变更" in tried.text
    assert "<ins>" in tried.text
    assert "没有差异" in same.text
    assert 'value="submit"' not in same.text
    assert nothing.status_code == 422


@ON_SQLITE
def test_what_bars_a_revision_is_told_before_it_is_submitted(visit: Visit, town: Town) -> None:
    tried = revised(visit(EDITOR), town["product"], "try", intro="太短")

    assert "L-05" in tried.text
    assert 'value="submit"' not in tried.text


@ON_SQLITE
def test_nobody_revises_what_is_somebody_elses(
    visit: Visit, town: Town, application: Exchange
) -> None:
    other, product = visit("per_buyer_editor"), town["product"]

    assert other.get(f"/listing/{product}/revise").status_code == 404
    assert other.post(f"/listing/{product}/revise", step="submit").status_code == 404
    assert other.get("/amendments/amd_none").status_code == 404
    with application.house.engines.reading() as session:
        assert products.find(session, product).state == "listed"
