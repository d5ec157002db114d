"""A refused form comes again as it was filled, and says what is wrong in its own words."""

import re
from typing import Any

from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import Town

DRAWN = {
    "powers": ["list", "price"],
    "industries": "M",
    "commission": "lots",
    "valid_from": "2026-01-05",
    "valid_to": "2026-12-31",
    "agent_id": "演示·旁人公司",
}


def send(browser: Browser, to: str, at: str | None, **fields: Any) -> Any:
    """Send a form as a browser does, which says from which page it comes."""
    data = {"csrf_token": browser.csrf, "idempotency_key": "form-of-a-test-1", **fields}
    headers = {"Accept": "text/html"} | ({"Referer": f"http://localhost{at}"} if at else {})
    return browser.client.post(to, data=data, headers=headers)


@ON_SQLITE
def test_what_was_typed_and_ticked_stays_and_the_field_is_called_by_its_label(visit: Visit) -> None:
    seller = visit("per_developer_editor")

    answer = send(seller, "/mandates/new", "/mandates/new", **DRAWN)

    assert answer.status_code == 422
    assert '<a href="#commission">佣金（%）</a>：' in answer.text
    assert "/commission<" not in answer.text
    assert re.search('name="commission"[^>]*value="lots"', answer.text)
    assert re.search('class="form-control num is-invalid" id="commission"', answer.text)
    assert re.search('value="list" checked', answer.text)
    assert not re.search('value="contract" checked', answer.text)
    assert re.search('name="valid_to"[^>]*value="2026-12-31"', answer.text)
    assert 'value="form-of-a-test-1"' not in answer.text


@ON_SQLITE
def test_what_is_ticked_goes_by_the_legend_above_it(visit: Visit) -> None:
    seller = visit("per_developer_editor")
    again = {**DRAWN, "commission": "3", "powers": [], "form_page": "/mandates/new?x=1"}

    answer = send(seller, "/mandates/new", None, **again)

    assert "<b>授权事项</b>：" in answer.text or '">授权事项</a>：' in answer.text
    assert 'name="form_page" value="/mandates/new?x=1"' in answer.text
    assert 'value="3"' in answer.text


@ON_SQLITE
def test_what_looks_like_markup_stays_text(visit: Visit) -> None:
    seller = visit("per_developer_editor")
    typed = '"><script>alert(1)</script>&amp;'

    answer = send(seller, "/mandates/new", "/mandates/new", **{**DRAWN, "commission": typed})

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;" in answer.text


@ON_SQLITE
def test_a_form_whose_page_is_not_known_or_not_ours_is_told_on_a_page_of_its_own(
    visit: Visit,
) -> None:
    seller = visit("per_developer_editor")
    pages = (None, "/nowhere", "/desk", "/mandates/man_none", "/static/logo.svg")

    answers = [send(seller, "/mandates/new", at, **DRAWN) for at in pages]
    foreign = [
        send(seller, "/mandates/new", None, **DRAWN, form_page=page)
        for page in ("https://elsewhere.example/mandates/new", "mandates/new", "//x/mandates/new")
    ]

    for answer in (*answers, *foreign):
        assert answer.status_code == 422
        assert "lots" not in answer.text
        assert '<p class="eyebrow">422</p>' in answer.text


@ON_SQLITE
def test_a_refusal_is_told_on_the_page_of_the_button_and_a_stranger_learns_nothing(
    visit: Visit, town: Town
) -> None:
    seller, stranger = visit("per_developer_signer"), visit("per_other_editor")
    page = f"/orders/{town['placed']}"

    to = f"/steps/order/{town['placed']}/decline"
    stale = send(seller, to, page, version="0", next=page, reason="缺货")
    other = send(stranger, to, page, version="0", next=page, reason="缺货")

    assert stale.status_code == 412
    assert 'class="panel problem refused"' in stale.text
    assert "缺货" in stale.text
    assert not re.search('name="version" value="0"', stale.text)
    assert 'class="panel problem refused"' not in other.text


@ON_SQLITE
def test_machines_are_told_as_ever(visit: Visit) -> None:
    seller = visit("per_developer_editor")
    data = {"csrf_token": seller.csrf, "idempotency_key": "form-of-a-test-2", **DRAWN}
    where = {"Referer": "http://localhost/mandates/new"}

    plain = seller.client.post(
        "/mandates/new", data=data, headers={**where, "Accept": "application/json"}
    )
    part = seller.client.post(
        "/mandates/new", data=data, headers={**where, "Accept": "text/html", "HX-Request": "true"}
    )

    assert plain.mimetype == "application/problem+json"
    assert '<p class="eyebrow">422</p>' in part.text
