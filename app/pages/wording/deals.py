"""What the codes of orders and contracts are called on a page."""

from typing import Final

from kernel.words import Words
from marketplace.contracting.templates import Ownership, Template
from marketplace.ordering.rejections import Ground

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "fee_period.proposed": ("待核定", "to be approved", "busy"),
    "instalment.planned": ("未到期", "not due yet", "past"),
    "instalment.asked": ("待付款", "to be paid", "busy"),
    "instalment.overdue": ("逾期未付", "overdue", "bad"),
    "instalment.paid": ("已到账", "paid", "good"),
    "instalment.void": ("已作废", "void", "past"),
    "cancellation.asked": ("待对方答复", "to be answered", "busy"),
    "cancellation.agreed": ("已同意", "agreed", "good"),
    "cancellation.declined": ("未同意", "declined", "bad"),
    "cancellation.withdrawn": ("已撤回", "withdrawn", "past"),
    "cancellation.lapsed": ("逾期未答复", "not answered", "past"),
}

EVENTS: Final[dict[str, Words]] = {
    "order.instalments_planned": Words("拟定分期", "Instalments planned"),
    "delivery.stopped": Words("停止使用", "Use stopped"),
    "delivery.went_on": Words("恢复使用", "Use goes on"),
}

CAUSES: Final[dict[str, Words]] = {
    each.value: each.label for kind in (Template, Ownership, Ground) for each in kind
}
