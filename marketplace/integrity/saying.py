"""What the rules, and the reasons for which a trade does not count, are called (剔除原因)."""

from collections.abc import Mapping
from typing import Final

from kernel.words import Words
from marketplace.integrity.rules import Rule

RULES: Final[Mapping[Rule, Words]] = {
    Rule.COMMON_CONTROL: Words("同一控制", "common control"),
    Rule.DECLARED_RELATED: Words("申报关联", "declared relation"),
    Rule.REFUNDED: Words("成交后大额退回", "given back"),
    Rule.CIRCULAR: Words("环形交易", "ring of trades"),
    Rule.ABNORMAL_PRICE: Words("价格异常", "odd price"),
    Rule.MUTUAL_DEPENDENCE: Words("新主体单一买方", "one buyer, both new"),
}
"""How each rule is called."""

WHY: Final[Mapping[Rule, Words]] = {
    Rule.COMMON_CONTROL: Words(
        "买卖双方按登记信息受同一方控制",
        "buyer and seller are under one control, by what is registered",
    ),
    Rule.DECLARED_RELATED: Words(
        "买卖双方之间有申报的关联关系", "buyer and seller declared that they are related"
    ),
    Rule.REFUNDED: Words(
        "成交后不久大部分价款退回买方", "most of the price went back to the buyer soon after"
    ),
    Rule.CIRCULAR: Words(
        "金额相近的交易在短期内首尾相接成环",
        "trades of about the same amount led back to the seller within a short time",
    ),
    Rule.ABNORMAL_PRICE: Words(
        "单价与同一产品的其他成交相差悬殊",
        "the price is far from that of the product's other trades",
    ),
    Rule.MUTUAL_DEPENDENCE: Words(
        "成立不久的双方之间占去卖方几乎全部成交",
        "both parties are new, and nearly all that the seller sold went to this buyer",
    ),
}
"""Why a trade does not count, as both its parties may know it: nothing of anybody else."""

_AT_ACCEPTANCE: Final[Mapping[str, Words]] = {
    "self_trade": Words("自买自卖", "the same party on both sides"),
    "related_party": Words("下单时即为关联交易", "related parties, known when it was ordered"),
    "zero_price": Words("零价交易", "free of charge"),
}


def reason(code: str) -> Words:
    """Say why a trade does not count, by the code that stands with its volume."""
    known = _AT_ACCEPTANCE.get(code)
    return known or next((RULES[rule] for rule in Rule if rule.reason == code), Words(code, code))


def why(code: str) -> Words:
    """Say in a sentence why a trade does not count, by a rule or by the code of its acceptance."""
    known = next((rule for rule in Rule if code in (rule.value, rule.reason)), None)
    return WHY[known] if known else reason(code)
