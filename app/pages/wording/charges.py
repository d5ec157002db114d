"""What the codes of metered use, bills, quotations and auctions are called on a page."""

from typing import Final

from kernel.words import Words
from marketplace.demands import wishes
from marketplace.plans import kinds

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "meter.open": ("计量中", "running", "good"),
    "meter.stopped": ("已停止", "stands", "bad"),
    "meter.closed": ("已关闭", "closed", "past"),
    "bill.to_issue": ("待出账", "to be issued", "past"),
    "bill.seller_confirm": ("待供方确认", "for the seller", "busy"),
    "bill.buyer_confirm": ("待需方确认", "for the buyer", "busy"),
    "bill.to_pay": ("待支付", "to be paid", "warn"),
    "bill.pay_confirming": ("待支付确认", "payment to be confirmed", "busy"),
    "bill.overdue": ("已逾期", "overdue", "bad"),
    "bill.settled": ("已结清", "settled", "good"),
    "bill.void": ("已作废", "void", "past"),
    "demand.draft": ("草稿", "draft", "past"),
    "demand.published": ("征集响应", "open for answers", "busy"),
    "demand.responding": ("征集响应", "open for answers", "busy"),
    "demand.selecting": ("遴选中", "being selected", "warn"),
    "demand.awarded": ("已选定", "awarded", "good"),
    "demand.contracted": ("已签约", "contracted", "good"),
    "demand.closed": ("已办结", "closed", "past"),
    "demand.expired": ("已失效", "expired", "past"),
    "demand.withdrawn": ("已撤回", "withdrawn", "past"),
    "demand_answer.submitted": ("已提交", "submitted", "busy"),
    "demand_answer.chosen": ("已选定", "chosen", "good"),
    "demand_answer.not_chosen": ("未选定", "not chosen", "past"),
    "demand_answer.withdrawn": ("已撤回", "withdrawn", "past"),
    "quotation.asked": ("待供方报价", "for the seller", "busy"),
    "quotation.offered": ("待需方答复", "for the buyer", "busy"),
    "quotation.agreed": ("已议定", "agreed", "good"),
    "quotation.declined": ("已终止", "ended", "past"),
    "quotation.lapsed": ("已失效", "lapsed", "past"),
    "lot.draft": ("草稿", "draft", "past"),
    "lot.scheduled": ("公告中", "announced", "busy"),
    "lot.open": ("竞价中", "open", "good"),
    "lot.awarded": ("待竞得人下单", "awarded", "warn"),
    "lot.ordered": ("待付款", "ordered", "busy"),
    "lot.sold": ("已成交", "sold", "good"),
    "lot.unsold": ("流拍", "unsold", "past"),
    "lot.forfeited": ("悔约", "forfeited", "bad"),
    "lot.cancelled": ("已撤销", "cancelled", "past"),
}

EVENTS: Final[dict[str, Words]] = {
    "meter.opened": Words("开通计量", "Meter opened"),
    "usage.reported": Words("上报用量", "Use reported"),
    "usage.hour_closed": Words("小时桶关闭", "Hour closed"),
    "wallet.low": Words("预存款不足提醒", "Wallet is low"),
    "wallet.return_asked": Words("申请退回预存款", "Asked for its money back"),
    "turnover.moved": Words("退回款不再计入交易额", "What was taken back counts no more"),
    "bill.made": Words("生成账单", "Bill made"),
    "bill.adjusted": Words("登记账单调整", "Adjustment written"),
    "sale.recognised": Words("计入交易额", "Volume counted"),
    "credit.granted": Words("核定后付费额度", "Credit granted"),
    "subscription.begun": Words("包期服务开始", "Subscription begun"),
    "subscription.ended": Words("包期服务提前终止", "Subscription ended early"),
    "price.agreed": Words("议定价格", "Price agreed"),
    "lot.entered": Words("报名并交保证金", "Entered, with a deposit"),
    "lot.bid": Words("出价", "Bid"),
    "lot.sealed_bid": Words("提交密封报价", "Sealed bid"),
    "lot.bid_opened": Words("开标", "Bid opened"),
}

TERMS: Final = {
    "measure": kinds.Measure,
    "auction_form": kinds.AuctionForm,
    "pay_mode": kinds.PayMode,
    "visibility": wishes.Visibility,
}

BILL_KINDS: Final[dict[str, Words]] = {
    "prepaid": Words("预存款月结", "month paid from the wallet"),
    "periodic": Words("周期账单", "periodic"),
    "milestone": Words("阶段账单", "milestone"),
    "final": Words("末期账单", "final"),
    "overage": Words("超额账单", "overage"),
}
LINE_KINDS: Final[dict[str, Words]] = {
    "use": Words("用量", "use"),
    "report": Words("分成", "share of revenue"),
    "milestone": Words("里程碑", "milestone"),
    "adjustment": Words("调整", "adjustment"),
}
UNITS: Final[dict[str, Words]] = {
    "call": Words("次", "calls"),
    "row": Words("条", "rows"),
    "byte": Words("字节", "bytes"),
    "fen": Words("分（报告基数）", "fen (reported base)"),
}
