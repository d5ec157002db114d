"""What a flag rests on, told in words: figures as people read them, rule by rule."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from app import languages
from kernel.words import Words
from marketplace.integrity.rules import Rule

TIES: Final[Mapping[str, Words]] = {
    "shareholder": Words("股东", "shareholder"),
    "controls": Words("控制", "control"),
    "same_controller": Words("同一实际控制人", "same controller"),
    "same_group": Words("同一集团", "same group"),
    "same_legal_representative": Words("同一法定代表人", "same legal representative"),
    "declared": Words("申报关联", "declared"),
}
_E6: Final = 1_000_000


def told(rule: str, evidence: Mapping[str, Any]) -> list[str]:
    """Return what the evidence of a flag says, in the reader's language; empty for none."""
    known = TOLD[Rule(rule)]
    try:
        return [languages.said(words) for words in known(evidence)]
    except KeyError:  # raised by hand, or by an earlier form of the rule
        return []


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02}"


def _percent(share_bp: int) -> str:
    return f"{share_bp / 100:.2f}%"


def _ties(it: Mapping[str, Any]) -> list[Words]:
    chain = []
    for link in it["ties"]:
        words, share = TIES[link["kind"]], link["share_bp"]
        more = f" {_percent(share)}" if share else ""
        chain.append(Words(words.zh + more, words.en + more))
    zh, en = " → ".join(one.zh for one in chain), " → ".join(one.en for one in chain)
    return [
        Words(
            f"成交当日，买方到卖方经 {len(chain)} 层关系相连：{zh}。",
            f"On the day of the trade {len(chain)} tie(s) led from buyer to seller: {en}.",
        )
    ]


def _refunded(it: Mapping[str, Any]) -> list[Words]:
    amount, back, share = _yuan(it["amount"]), _yuan(it["refunded"]), _percent(it["share_bp"])
    return [
        Words(
            f"成交 {amount} 元，其中 {back} 元（{share}）在规定日数内退回买方。",
            f"Of ¥{amount} traded, ¥{back} ({share}) went back to the buyer within the days set.",
        )
    ]


def _ring(it: Mapping[str, Any]) -> list[Words]:
    count, spread = len(it["ring"]), _percent(it["spread_bp"])
    return [
        Words(
            f"{count} 笔交易首尾相接：每一笔的买方都是下一笔的卖方，末笔的买方是首笔的卖方。",
            f"{count} trades close a ring: the buyer of each sells the next, and the last buyer "
            "is the first seller.",
        ),
        Words(f"各笔金额最多相差 {spread}。", f"Their amounts differ by {spread} at most."),
    ]


def _price(it: Mapping[str, Any]) -> list[Words]:
    paid, middle = it["price_e6"], it["median_e6"]
    zh, en = ("高出", "above") if paid > middle else ("低于", "below")
    times = f"{it['times_bp'] / 10_000:.1f}"
    return [
        Words(
            f"本单每单位 {_yuan(paid // _E6)} 元；同一产品另外 {it['trades']} 笔成交的中位数为 "
            f"{_yuan(middle // _E6)} 元，{zh}的倍数为 {times}。",
            f"A unit cost ¥{_yuan(paid // _E6)}; the median of the product's {it['trades']} other "
            f"trades is ¥{_yuan(middle // _E6)}: {times} times {en} it.",
        )
    ]


def _dependence(it: Mapping[str, Any]) -> list[Words]:
    part, whole, share = _yuan(it["amount"]), _yuan(it["sold"]), _percent(it["share_bp"])
    return [
        Words(
            f"卖方累计成交 {whole} 元，其中 {part} 元（{share}，{it['trades']} 笔）卖给同一买方。",
            f"Of ¥{whole} that the seller has sold, ¥{part} ({share}, {it['trades']} trades) went "
            "to this one buyer.",
        ),
        Words("交易时双方成立均不足规定月数。", "Both parties were younger than the months set."),
    ]


def _unused(it: Mapping[str, Any]) -> list[Words]:
    amount, count = _yuan(it["amount"]), len(it["deliveries"])
    return [
        Words(
            f"成交 {amount} 元；{count} 项交付到期时调用、取数与下载均为零。",
            f"¥{amount} was paid; of {count} deliveries nothing was called, read or fetched.",
        )
    ]


def _hands(it: Mapping[str, Any]) -> list[Words]:
    kinds = {"person": Words("同一人员", "the same person"), "key": Words("同一密钥", "one key"),
             "bank_account": Words("同一银行账户", "one bank account")}  # fmt: skip
    return [
        Words(f"{kinds[one['kind']].zh}：{one['id']}", f"{kinds[one['kind']].en}: {one['id']}")
        for one in it["shared"]
    ]


def _quarter(it: Mapping[str, Any]) -> list[Words]:
    part, year, share = _yuan(it["amount"]), _yuan(it["year"]), _percent(it["share_bp"])
    return [
        Words(
            f"十二个月成交 {year} 元，其中 {part} 元（{share}，{it['trades']} 笔）在季度最后几日。",
            f"Of ¥{year} in twelve months, ¥{part} ({share}, {it['trades']} trades) came in the "
            "last days of the quarter.",
        )
    ]


def _twins(it: Mapping[str, Any]) -> list[Words]:
    return [
        Words(
            f"与产品 {one['product_id']} 的内容摘要相同：{one['digest'][:16]}…",
            f"The digest is that of product {one['product_id']}: {one['digest'][:16]}…",
        )
        for one in it["twins"]
    ]


def _returned(it: Mapping[str, Any]) -> list[Words]:
    back, base, share = _yuan(it["returned"]), _yuan(it["proceeds"]), _percent(it["share_bp"])
    return [
        Words(
            f"经 {len(it['way'])} 个账户，{back} 元流回买方一侧，"
            f"相当于其先前货款 {base} 元的 {share}。",
            f"By {len(it['way'])} account(s) ¥{back} came back to the buyer's side: {share} of the "
            f"¥{base} it had paid before.",
        )
    ]


def _voucher(it: Mapping[str, Any]) -> list[Words]:
    paid = Words(
        f"算力券支付 {_yuan(it['voucher'])} 元。", f"A voucher paid ¥{_yuan(it['voucher'])}."
    )
    sponsor = Words("卖方与出资方为一家。", "The seller is of its sponsor's house.")
    cross = Words(
        f"卖方也在买方处用券 {len(it['crosswise'])} 笔。",
        f"The seller has used vouchers with the buyer as well: {len(it['crosswise'])} order(s).",
    )
    return [paid, *([sponsor] if it["sponsored"] else []), *([cross] if it["crosswise"] else [])]


TOLD: Final[Mapping[Rule, Callable[[Mapping[str, Any]], list[Words]]]] = {
    Rule.COMMON_CONTROL: _ties,
    Rule.DECLARED_RELATED: _ties,
    Rule.REFUNDED: _refunded,
    Rule.CIRCULAR: _ring,
    Rule.ABNORMAL_PRICE: _price,
    Rule.MUTUAL_DEPENDENCE: _dependence,
    Rule.UNUSED: _unused,
    Rule.SAME_HANDS: _hands,
    Rule.QUARTER_END: _quarter,
    Rule.SAME_CONTENT: _twins,
    Rule.MONEY_RETURNED: _returned,
    Rule.VOUCHER_SELF_DEAL: _voucher,
}
