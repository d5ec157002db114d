"""What stands in a contract, in words: goods, purpose, region, delivery, price. Never codes."""

from collections.abc import Sequence
from typing import Any, Final

from catalogue.grades import Mode
from delivery import ways
from kernel.money import Money
from kernel.parties import regions
from kernel.words import Words
from kernel.work import Rules
from licensing.applications.vocabulary import Purpose
from marketplace import prices
from marketplace.contracting.templates import Ownership
from marketplace.lines import OrderLine
from marketplace.plans import wording as plans
from marketplace.prices import PayMode
from marketplace.uses import Use
from marketplace.versions import Field, ProductType, ProductVersion
from settlement.papers.invoice_lines import in_capitals

_PAID: Final = {
    PayMode.PREPAID: Words(
        "乙方在合同签署之后、交付开始之前一次付清。", "Paid whole after signature, before delivery."
    ),
    PayMode.WALLET: Words(
        "按实际用量从乙方的预存款中扣付。", "Drawn by actual use from the prepaid wallet."
    ),
    PayMode.POSTPAID: Words(
        "按实际用量或者约定的节点出具账单，乙方在账单到期日前付清。",
        "Billed by actual use or milestone, and paid by the day the bill is due.",
    ),
}
_RESULT: Final = {
    Ownership.PROVIDER: Words(
        "融合开发的成果归甲方；乙方在约定的目的与期限内可以使用。",
        "The result is the provider's; the developer may use it for the purpose and time agreed.",
    ),
    Ownership.DEVELOPER: Words(
        "融合开发的成果归乙方；甲方不因投入数据而取得成果的权利。",
        "The result is the developer's; the provider has no right to it for the data it brought.",
    ),
    Ownership.SHARED: Words(
        "融合开发的成果由双方共有，份额相等；任何一方对外许可或者转让须经另一方书面同意。",
        "The result is both parties' in equal parts; neither licenses or sells it without the"
        " other's written consent.",
    ),
}
_WHOLE: Final = Words("不扣费用", "whole")
_NONE: Final = Words("无。", "None.")


def of_use(use: Use) -> dict[str, str]:
    """Return what a contract says of the use."""
    return {
        "purpose_text": one_line(use["purpose_text"]),
        **_both("field", Field(use["field"]).label),
        **_both("purpose", _purpose(use["purpose_code"])),
        "region_zh": regions.name(use["region"]),
        "region_en": f"{regions.name(use['region'])} ({use['region']})",
        "period_from": use["period_from"].isoformat(),
        "period_to": use["period_to"].isoformat(),
    }


def of_goods(found: Sequence[tuple[OrderLine, ProductVersion]]) -> dict[str, str]:
    """Return what a contract says of goods and their delivery."""
    zh, en = [], []
    for line, version in found:
        price = plans.line(prices.parse(line.price_plan))
        kind = ProductType(version.product_type).label
        mine = Words(one_line(version.title_zh), one_line(version.title_en))
        zh.append(f"（{line.position}）{mine.zh}（{kind.zh}，第 {version.number} 版）："
                  f"{price.zh}，数量 {line.quantity:,}，{line.amount}")  # fmt: skip
        en.append(f"({line.position}) {mine.en} ({kind.en}, version {version.number}): "
                  f"{price.en}, quantity {line.quantity:,}, {line.amount}")  # fmt: skip
    modes = sorted({Mode(line.delivery_mode) for line, _ in found})
    return {
        "lines_zh": "\n".join(zh),
        "lines_en": "\n".join(en),
        **of_delivery(modes),
    }


def of_price(total: Money, pay_mode: str, schedule: Sequence[Words]) -> dict[str, str]:
    """Return what a contract says of the price. schedule: its instalments, if there are any."""
    paid = _PAID[PayMode(pay_mode)]
    if schedule:
        paid = Words(
            "\n".join(["分期支付：", *(each.zh for each in schedule)]),
            "\n".join(["In instalments:", *(each.en for each in schedule)]),
        )
    if pay_mode != PayMode.PREPAID:
        return {**_both("payment", paid), **_both("total", _BY_USE)}
    written = f"{total}（{in_capitals(total)}）"
    return {**_both("payment", paid), "total_zh": written, "total_en": str(total)}


def of_refund(rules: Rules) -> dict[str, str]:
    """Return what a contract says of the cost of going back by bank, as text and as figures.

    The figures are what a cancellation goes by, whatever the rules say by then.
    """
    fen = rules.number("settling.refund_cost_fen")
    bp_max = rules.number("settling.refund_cost_bp_max")
    told = _WHOLE
    if fen and bp_max:
        said, share = Money(fen), f"{bp_max / 100:g}%"
        told = Words(
            f"每笔经银行退回的扣除银行费用 {said}，且不超过该笔的 {share}；"
            "原路经支付机构或者预存款退回的不扣",
            f"less the bank's cost of {said} for each transfer back by bank, never above {share} "
            "of it; nothing is taken off what goes back by its provider or into a wallet",
        )
    figures = {"refund_cost_fen": str(fen), "refund_cost_bp": str(bp_max)}
    return {**_both("refund_cost", told), **figures}


def of_rest(special: str, result: Ownership | None, under: Words | None) -> dict[str, str]:
    """Return special terms, whose the result is, and the framework under which it stands."""
    said = one_line(special)
    terms = Words(said, said) if said else _NONE
    owned = Words("", "") if result is None else _RESULT[result]
    basis = Words("", "") if under is None else Words(f"\n{under.zh}", f"\n{under.en}")
    return {
        "special": terms.zh,
        "special_en": terms.en,
        **_both("result", owned),
        **_both("basis", basis),
    }


def of_delivery(modes: Sequence[Mode]) -> dict[str, str]:
    """Return what a contract says of how goods are delivered."""
    return _both("delivery", _delivery(modes))


def one_line(said: str) -> str:
    """Return what a party wrote without line breaks: nobody writes an article of its own."""
    return " ".join(said.split())


_BY_USE: Final = Words("按实际用量计费", "charged by actual use")


def _purpose(code: str) -> Words:
    # Data of one's own may be for a purpose that no authorisation knows.
    known = {each.value: each.label for each in Purpose}
    return known.get(code, Purpose.OTHER.label)


def _delivery(modes: Sequence[Mode]) -> Words:
    zh, en = [], []
    for mode in modes:
        open_ways = [way.label for way in sorted(ways.of(mode))]
        zh.append(f"{mode.label.zh}（{'、'.join(way.zh for way in open_ways)}）")
        en.append(f"{mode.label.en} ({', '.join(way.en for way in open_ways)})")
    return Words(
        f"交付方式：{'；'.join(zh)}。甲方通过平台交付；全部标的可供乙方使用或者成果文件连同清单"
        "交付齐备，为交付完成。原始数据不出域的，只交付经审查的结果。",
        f"By {'; '.join(en)}, through the exchange. It is complete when all is there to be used,"
        " or the files are handed over with their list. Of data that stays within its domain"
        " only reviewed results are delivered.",
    )


def _both(name: str, said: Words) -> dict[str, Any]:
    return {f"{name}_zh": said.zh, f"{name}_en": said.en}
