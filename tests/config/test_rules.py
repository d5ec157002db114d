"""The rules of a jurisdiction are checked before anything runs by them."""

import ast

import pytest

from config import rules
from config.settings import HOUSE

TEXT = (rules.HERE / "hunan.toml").read_text("utf-8")
ASKED = {"number", "text", "table"}


def test_the_rules_that_we_ship_are_good() -> None:
    version, values = rules.load("hunan")

    assert version == values["version"]


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ('version = "2026.1"', "", "version"),
        ("[assessment]", "[assessment", "line"),
        ("formal_check = { limit_wd = 3 }", "formal_check = { limit_wd = 0 }", "formal_check"),
        ("formal_check = { limit_wd = 3 }", "formal_check = { days = 3 }", "formal_check"),
        ("rounds_max = 3", "rounds = 3", "rounds"),
        ('unique_scope = "department_industry"', 'unique_scope = "all"', "unique_scope"),
        ("transaction_bp = 300", "transaction_bp = 10001", "transaction_bp"),
        ("transaction_bp = 300", 'transaction_bp = "300"', "transaction_bp"),
        ("fiscal = 3000", "fiscal = 2999", "revenue.public"),
        ("legality = 20", "legality = 21", "weights"),
        ("panel_size = 5", "panel_size = 4", "panel_size"),
        ("panel_size = 5", "panel_size = 1", "panel_size"),
        ("mean_revise = 6000", "mean_revise = 7600", "mean_revise"),
        ("near_bp = 8000", "near_bp = 9600", "near_bp"),
        ("pass_bp = 8500", "pass_bp = 9600", "supervision"),
    ],
)
def test_bad_rules_are_refused_and_the_key_is_named(good: str, bad: str, told: str) -> None:
    assert good in TEXT

    with pytest.raises(rules.BadRules, match=told):
        rules.parse("bad", TEXT.replace(good, bad, 1))


def test_every_fault_is_told_at_once() -> None:
    twice = TEXT.replace("legality = 20", "legality = 21").replace("fiscal = 3000", "fiscal = 1")

    with pytest.raises(rules.BadRules) as refused:
        rules.parse("bad", twice)

    assert len(refused.value.faults) == 2


def test_every_rule_that_the_code_asks_for_by_name_is_there() -> None:
    _, values = rules.load("hunan")
    missing = set()
    for path in HOUSE.rglob("*.py"):
        if ".venv" in path.parts or "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            key = _key(node)
            if key is not None and not _holds(values, key):
                missing.add(f"{path.name}: {key}")
    assert not missing


def _key(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    asked = node.func.attr in ASKED and getattr(node.func.value, "attr", "") == "rules"
    first = node.args[0] if asked and node.args else None
    return str(first.value) if isinstance(first, ast.Constant) else None


def _holds(values: object, key: str) -> bool:
    for part in key.split("."):
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True
