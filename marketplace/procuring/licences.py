"""On which terms goods are licensed: in plain words, and the contract that will be drawn up."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from catalogue.grades import Mode
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from marketplace import prices
from marketplace.contracting import templates, wording
from marketplace.plans import wording as plans
from marketplace.procuring.sheets import Section
from marketplace.products import Product
from marketplace.templates import texts
from marketplace.versions import ProductType, ProductVersion
from settlement.evidence.archive import Item

_BLANK: Final = "________"
_MAY: Final = (
    Words("用于订单写明的用途与场景", "use it for the purpose and scenario that the order names"),
    Words("在订单的区域与期限内使用", "use it within the region and period of the order"),
    Words("引用汇总结论并注明来源", "quote aggregate findings, naming the source"),
)
_MAY_NOT: Final = (
    Words("转售、转授权", "resell it or pass it on"),
    Words("用于其他用途", "use it for another purpose"),
    Words("拼接以识别个人", "combine it to identify people"),
)


def sections(version: ProductVersion) -> list[Section]:
    """Return what a buyer may, may not and must. Pure."""
    days = version.accept_days
    must = (
        Words("先签合同，再付款至监管账户", "sign first, then pay into escrow"),
        Words(f"在 {days} 日内验收，逾期视为验收",
              f"inspect within {days} days; silence then accepts"),
        Words("到期销毁，接受用量监测", "destroy it at the end; uses are metered"),
    )  # fmt: skip
    return [
        Section(Words("可以", "You may"), _MAY),
        Section(Words("不可以", "You may not"), _MAY_NOT),
        Section(Words("必须", "You must"), must),
    ]


def template(work: Work, product: Product, version: ProductVersion, folder: str) -> Iterator[Item]:
    """Yield the contract that will usually be drawn up, with blanks for what is not known yet."""
    kind, mode = ProductType(version.product_type), Mode(version.delivery_mode)
    chosen = templates.fitting([(kind, mode)])[0]
    firm = organisations.find(work.session, product.owner_id)
    price = plans.line(prices.parse(version.price_plan))
    titles = Words(wording.one_line(version.title_zh), wording.one_line(version.title_en))
    known = {
        "accept_days": str(version.accept_days),
        "redelivery_days": str(work.rules.number("clocks.order_delivery.limit_wd")),
        "seller_zh": firm.name_zh,
        "seller_en": firm.name_en,
        "seller_uscc": firm.uscc,
        "lines_zh": f"（1）{titles.zh}（{kind.label.zh}，第 {version.number} 版）：{price.zh}",
        "lines_en": f"(1) {titles.en} ({kind.label.en}, version {version.number}): {price.en}",
        **wording.of_delivery([mode]),
        **wording.of_refund(work.rules),
    }
    blanks = dict.fromkeys(("basis_zh", "basis_en", "result_zh", "result_en"), "")
    variables: defaultdict[str, str] = defaultdict(lambda: _BLANK, {**blanks, **known})
    number = work.rules.number(f"trade.contracts.{chosen.value}")
    pair = texts.read_apart(texts.written(chosen.value, number, variables))
    for language, text in zip(("zh", "en"), pair, strict=True):
        yield Item(f"{folder}{language}/7-contract-template.txt", text.encode())
