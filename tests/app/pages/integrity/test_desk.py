"""Pages of integrity: the reviewers' queue, the evidence in words, and what a seller is told."""

from typing import Any

import pytest

from app.pages.integrity import telling
from app.unit import Exchange
from marketplace.integrity import flags, saying
from marketplace.integrity.rules import Finding, Rule
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of

REVIEWER = "per_exchange_compliance"
RING = {
    "ring": [
        {"order_id": "a", "merchant_id": "m", "buyer_id": "b", "amount": 100},
        {"order_id": "b", "merchant_id": "b", "buyer_id": "m", "amount": 90},
    ],
    "spread_bp": 1_000,
}  # fmt: skip


def flag(application: Exchange, town: Town, rule: Rule = Rule.CIRCULAR, **evidence: Any) -> str:
    with application.house.engines.writing() as session:
        made = flags.raise_for(
            work_of(session, "system", at=TODAY),
            town["accepted"],
            Finding(rule, 9_000, evidence or RING, (town["accepted"],)),
        )
        assert made is not None
        session.commit()
        return made.id


@ON_SQLITE
def test_a_reviewer_finds_reads_and_clears_a_flag(
    visit: Visit, application: Exchange, town: Town
) -> None:
    made = flag(application, town)
    officer, seller = visit(REVIEWER), visit("per_developer_editor")
    address = f"/integrity/{made}"
    officer.shows("/desk", "待复核的可疑成交", "环形交易", "诚信复核")
    officer.shows("/integrity?state=open&rule=S1", "环形交易", "剩 5 日", "演示·枫香科技")
    page = officer.shows(address, "2 笔交易首尾相接", "10.00%", "10,000.00", "排除嫌疑")
    seller.shows("/desk", "未计入成交额的交易", "环形交易")
    seller.shows("/uncounted", "金额相近的交易", "待复核")
    seller.shows(f"/orders/{town['accepted']}", "未计入成交额", "正在复核")

    version = page.partition('/clear"')[2].partition('name="version" value="')[2]
    answer = officer.post(f"/steps/integrity_flag/{made}/clear", next=address, reason="合同属实",
                          version=version.partition('"')[0])  # fmt: skip

    assert answer.status_code == 303, answer.text
    officer.shows(address, "已排除", "合同属实", "排除嫌疑，恢复计入")
    seller.shows("/uncounted?state=cleared", "自 2026-07-20", "已排除")
    assert "未计入成交额" not in seller.get(f"/orders/{town['accepted']}").text


@ON_SQLITE
def test_what_a_hard_rule_found_says_so_and_is_saved_as_a_file(
    visit: Visit, application: Exchange, town: Town
) -> None:
    ties = [{"tie_id": "tie_1", "kind": "shareholder", "share_bp": 2_500}]
    made = flag(application, town, Rule.COMMON_CONTROL, ties=ties)
    supervisor, seller = visit("per_hub_supervisor"), visit("per_developer_editor")

    page = supervisor.shows(f"/integrity/{made}", "股东 25.00%", "受同一方控制", "系统")
    assert '<form class="action"' not in page
    for browser, path in ((supervisor, "/integrity"), (seller, "/uncounted")):
        text = browser.get(f"{path}?file=csv").data.decode("utf-8-sig")
        assert "H2" in text.splitlines()[1]
        assert browser.get(f"{path}?file=xlsx").status_code == 200


@ON_SQLITE
@pytest.mark.parametrize("person", ["per_developer_editor", "per_buyer_editor"])
def test_traders_do_not_read_the_evidence(
    visit: Visit, application: Exchange, town: Town, person: str
) -> None:
    made = flag(application, town)
    browser = visit(person)

    assert browser.get("/integrity").status_code == 403
    assert browser.get(f"/integrity/{made}").status_code == 404
    page = browser.get(f"/orders/{town['accepted']}").text
    assert ("未计入成交额" in page) == (person == "per_developer_editor")


@ON_SQLITE
def test_an_empty_queue_says_so(visit: Visit) -> None:
    visit(REVIEWER).shows("/integrity?open=1&sort=newest&merchant=org_x", "没有诚信标记")
    visit("per_developer_editor").shows("/uncounted", "没有被剔除的交易")


def test_every_rule_tells_its_evidence() -> None:
    assert set(telling.TOLD) == set(Rule) == set(saying.RULES)
