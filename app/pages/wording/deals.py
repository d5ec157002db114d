"""What the codes of orders and contracts are called on a page."""

from typing import Final

from kernel.words import Words
from marketplace.contracting.templates import Ownership, Template
from marketplace.ordering.rejections import Ground

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "fee_period.proposed": ("待核定", "to be approved", "busy"),
    "framework.to_sign": ("待签署", "to be signed", "busy"),
    "framework.half_signed": ("待对方签署", "signed by one", "busy"),
    "framework.signed": ("双方已签", "signed", "good"),
    "framework.terminated": ("已终止", "ended early", "past"),
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
    "subscription_term.running": ("服务中", "being served", "good"),
    "subscription_term.ending": ("即将到期", "about to end", "busy"),
    "subscription_term.renewing": ("续订中", "being renewed", "busy"),
    "subscription_term.grace": ("宽限期", "in grace", "busy"),
    "subscription_term.lapsed": ("已停用，待续订付款", "closed until paid", "bad"),
    "subscription_term.paused": ("已暂停", "paused", "past"),
    "subscription_term.renewed": ("已转入新期", "renewed", "past"),
    "subscription_term.ended": ("已终止", "ended", "past"),
    "trial.active": ("试用中", "under way", "busy"),
    "trial.ended": ("已结束", "over", "past"),
    "trial_offer.offered": ("提供中", "offered", "good"),
    "trial_offer.withdrawn": ("已停止", "offered no more", "past"),
}

EVENTS: Final[dict[str, Words]] = {
    "framework.offered": Words("拟定框架合同", "Framework contract drawn up"),
    "framework.called_off": Words("按框架下单", "Called off"),
    "framework.given_back": Words("恢复框架额度", "Amount given back"),
    "order.return_barred": Words("退款暂不能办理", "Refund barred"),
    "order.instalments_planned": Words("拟定分期", "Instalments planned"),
    "delivery.stopped": Words("停止使用", "Use stopped"),
    "term.arranged": Words("设定到期方式", "Arranged what follows"),
    "term.renewed_by": Words("已下续订订单", "Its renewal is ordered"),
    "term.not_renewed_alone": Words(
        "未能自动续订，待确认", "Not renewed by itself: to be confirmed"
    ),
    "delivery.prolonged": Words("顺延使用期限", "Use prolonged"),
    "trial.ordered": Words("试用转订购", "Ordered from a trial"),
    "delivery.went_on": Words("恢复使用", "Use goes on"),
}

CAUSES: Final[dict[str, Words]] = {
    each.value: each.label for kind in (Template, Ownership, Ground) for each in kind
}
