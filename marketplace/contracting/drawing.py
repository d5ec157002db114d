"""Drawing up (成稿): from an order and what its seller says to the contract that both sign."""

from typing import Any, Final, Protocol, TypeVar

from kernel.clock import local_date
from kernel.errors import Invalid, Refusal, StepRefused
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import ask
from marketplace import contracts, lines, uses, versions
from marketplace.contracting import templates, wording
from marketplace.contracting.templates import Ownership, Template
from marketplace.contracts import Contract, Written
from marketplace.frameworks import called, frameworks
from marketplace.instalments import schedules
from marketplace.templates import texts

T = TypeVar("T", Template, Ownership)

ASKS: Final = (
    ask("template", "choice", Words("合同范本", "Kind of contract"), optional=True,
        choices=tuple(each.value for each in Template)),
    ask("result_ownership", "choice", Words("开发成果的归属", "Whose the result is"),
        optional=True, choices=tuple(each.value for each in Ownership)),
    ask("special_terms", "text", Words("特别约定", "Special terms"), optional=True, max=2000),
)  # fmt: skip
"""What a seller may say when it confirms an order."""


class Ordered(Protocol):
    """What is asked of an order here."""

    id: str
    code: str
    buyer_id: str
    seller_id: str
    use_scenario: dict[str, Any]
    pay_mode: str
    accept_days: int
    total: Money


def draw_up(order: Ordered, work: Work, data: dict[str, Any]) -> Contract:
    """Draw up the contract of an order. data: the answers to `ASKS`.

    Raises StepRefused for a template that does not fit the goods, Invalid when it is not
    said whose the result of a joint development is. Two SELECTs, and one a line by key.
    """
    goods = [
        (line, versions.find(work.session, line.product_version_id))
        for line in lines.of(work.session, order.id)
    ]
    kinds = [(version.product_type, line.delivery_mode) for line, version in goods]
    template, result = _chosen(templates.fitting(kinds), data)
    schedule = [schedules.said(part) for part in schedules.of_order(work.session, order.id)]
    variables = {
        "order_code": order.code,
        "drawn_on": local_date(work.now).isoformat(),
        "accept_days": str(order.accept_days),
        "redelivery_days": str(work.rules.number("clocks.order_delivery.limit_wd")),
        **texts.named(work.session, "seller", order.seller_id),
        **texts.named(work.session, "buyer", order.buyer_id),
        **wording.of_use(uses.from_json(order.use_scenario)),
        **wording.of_goods(goods),
        **wording.of_refund(work.rules),
        **wording.of_price(order.total, order.pay_mode, schedule),
        **wording.of_rest(data.get("special_terms") or "", result, _under(work, order.id)),
    }
    version = work.rules.number(f"trade.contracts.{template.value}")
    text = texts.written(template.value, version, variables)
    return contracts.draft(
        work,
        order_id=order.id,
        buyer_id=order.buyer_id,
        seller_id=order.seller_id,
        written=Written(template.value, version, variables, text),
    )


def _under(work: Work, order_id: str) -> Words | None:
    found = called.of_order(work.session, order_id)
    if found is None:
        return None
    code = frameworks.find(work.session, found.framework_id).code
    return Words(f"框架合同：本合同为 {code} 项下的订单", f"Order under framework contract {code}")


def _chosen(fitting: list[Template], data: dict[str, Any]) -> tuple[Template, Ownership | None]:
    """Return which template it is, and whose the result of a joint development is."""
    template = _one_of(Template, data.get("template") or fitting[0], "/template")
    owned = data.get("result_ownership")
    result = _one_of(Ownership, owned, "/result_ownership") if owned else None
    if template not in fitting:
        names = Words(
            "、".join(each.label.zh for each in fitting),
            ", ".join(each.label.en for each in fitting),
        )
        zh, en = f"所订产品适用的范本为{names.zh}", f"these goods are sold under: {names.en}"
        raise StepRefused.of((Refusal("TEMPLATE_DOES_NOT_FIT", zh, en),))
    if (template is Template.DATA_FUSION_DEVELOPMENT) != (result is not None):
        zh = "融合开发合同须约定成果归属；其他合同不填写"
        en = "joint development, and nothing else, says whose the result is"
        raise Invalid(zh, en, pointer="/result_ownership")
    return template, result


def _one_of(terms: type[T], code: str, pointer: str) -> T:
    try:
        return terms(code)
    except ValueError as error:
        raise Invalid("请从列表中选择", "choose one of the list", pointer=pointer) from error
