import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.pages.face import rulebook
from app.unit import Exchange
from kernel.work import Rules
from tests.app.pages.conftest import ON_SQLITE, Visit

TEXTS = [
    (folder, name, version)
    for folder in (rulebook.RULES, rulebook.CONTRACTS)
    for name, versions in rulebook._held(folder)
    for version in versions
]


@ON_SQLITE
def test_the_rules_say_the_limits_that_are_enforced(visit: Visit, application: Exchange) -> None:
    days = application.house.rules.number("clocks.acceptance.limit_days")

    visit().shows("/rules/trading", f"需方在交付后 {days} 日内验收", "第九条")
    visit().shows("/rules", "交易规则", "数据交易框架合同", "clocks.formal_check", "2026.1")


@ON_SQLITE
@pytest.mark.parametrize(("folder", "name", "version"), TEXTS)
def test_every_text_is_whole_in_both_languages(
    visit: Visit, application: Exchange, folder: Path, name: str, version: int
) -> None:
    shown = [
        rulebook.edition(folder, name, version, language, application.house.rules)
        for language in ("zh", "en")
    ]

    assert all(one.title and len(one.lines) > 5 for one in shown)
    assert not any(re.search(r"[{}$]", line) for one in shown for line in one.lines)
    page = visit().shows(f"/rules/{name}?version={version}", shown[0].digest)
    assert page.count("<h1") == 1


@ON_SQLITE
@pytest.mark.parametrize("path", ["/rules/none", "/rules/trading?version=99", "/rules/..%2frules"])
def test_a_text_or_version_that_there_is_not_is_not_found(visit: Visit, path: str) -> None:
    assert visit().get(path).status_code == 404


def test_a_text_follows_the_rule_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "own.1.zh.txt").write_text(
        "章程\n第一条\n期限 {clocks.a.limit_wd} 日\n签署人 $seller_zh\n"
    )
    values: dict[str, Any] = {"clocks": {"a": {"limit_wd": 3}}}
    rules = Rules("1", values)

    first = rulebook.edition(tmp_path, "own", 1, "zh", rules)
    longer = rulebook.edition(
        tmp_path, "own", 1, "zh", replace(rules, values={"clocks": {"a": {"limit_wd": 9}}})
    )

    assert first.lines == ("第一条", "期限 3 日", "签署人 ＿＿＿＿")
    assert longer.digest != first.digest
    assert rulebook.changes(first.lines, longer.lines) == [("-", "期限 3 日"), ("+", "期限 9 日")]
    with pytest.raises(KeyError, match="limit_wd"):
        rulebook.edition(tmp_path, "own", 1, "zh", Rules("1", {}))
