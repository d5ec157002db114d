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
    Rule.UNUSED: Words("付费未使用", "paid and never used"),
    Rule.SAME_HANDS: Words("双方共用人员或账户", "the same hands on both sides"),
    Rule.QUARTER_END: Words("季末集中成交", "rush at the end of a quarter"),
    Rule.MUTUAL_DEPENDENCE: Words("新主体单一买方", "one buyer, both new"),
    Rule.SAME_CONTENT: Words("内容重复销售", "the same content, sold again"),
    Rule.MONEY_RETURNED: Words("资金回流", "money that returns"),
    Rule.VOUCHER_SELF_DEAL: Words("算力券自用套取", "voucher cashed in its own house"),
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
    Rule.UNUSED: Words(
        "付费的包期或接口到期前没有任何成功调用与下载",
        "nothing of what was paid for was called or fetched by the end of its time",
    ),
    Rule.SAME_HANDS: Words(
        "买卖双方有相同的人员、银行账户或密钥",
        "buyer and seller have a person, a bank account or a key in common",
    ),
    Rule.QUARTER_END: Words(
        "卖方全年成交过多集中在季度最后几日",
        "too much of the seller's year was sold in the last days of a quarter",
    ),
    Rule.SAME_CONTENT: Words(
        "交付内容与关联卖方已售产品完全相同",
        "the content is, to the byte, what a related seller sold as another product",
    ),
    Rule.MONEY_RETURNED: Words(
        "买方的付款来自其先前供方的账户",
        "the order was paid for from the account of a seller that the buyer had paid",
    ),
    Rule.VOUCHER_SELF_DEAL: Words(
        "算力券由其出资方一家兑付，或双方互相套用",
        "the voucher paid its own sponsor's house, or two firms cashed theirs with each other",
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
