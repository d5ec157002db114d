"""What the codes of disputes, ratings, complaints and destructions are called on a page."""

from typing import Final

from catalogue.grades import Term
from kernel.words import Words
from marketplace.aftercare.complaint_rows import About, Category, Finding
from marketplace.aftercare.dispute_rows import Ground, Remedy

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "trade_dispute.filed": ("待受理", "to be taken up", "warn"),
    "trade_dispute.answering": ("待答辩", "to be answered", "warn"),
    "trade_dispute.evidence": ("举证中", "evidence is taken", "busy"),
    "trade_dispute.mediation": ("调解中", "in mediation", "busy"),
    "trade_dispute.ruling": ("待裁决", "to be ruled", "busy"),
    "trade_dispute.confirming": ("裁决复核中", "ruling to be confirmed", "busy"),
    "trade_dispute.ruled": ("已裁决", "ruled", "warn"),
    "trade_dispute.appealed": ("申诉中", "under appeal", "warn"),
    "trade_dispute.stayed": ("已中止", "stayed for a court", "past"),
    "trade_dispute.executing": ("执行中", "being carried out", "busy"),
    "trade_dispute.closed": ("已终结", "closed", "good"),
    "trade_dispute.refused": ("不予受理", "refused", "past"),
    "trade_dispute.withdrawn": ("已撤回", "withdrawn", "past"),
    "complaint.filed": ("待受理", "to be taken up", "warn"),
    "complaint.answering": ("待答复", "to be answered", "warn"),
    "complaint.handling": ("办理中", "being looked into", "busy"),
    "complaint.rectifying": ("整改中", "being put right", "warn"),
    "complaint.escalated": ("已移交监管部门", "with the supervisor", "warn"),
    "complaint.resolved": ("已答复，待评价", "outcome told", "good"),
    "complaint.closed": ("已办结", "closed", "good"),
    "complaint.refused": ("不予受理", "refused", "past"),
    "complaint.withdrawn": ("已撤回", "withdrawn", "past"),
    "data_destruction.due": ("待销毁", "due", "warn"),
    "data_destruction.overdue": ("逾期未销毁", "overdue", "bad"),
    "data_destruction.certified": ("已证明销毁", "certified", "good"),
    "data_destruction.audited": ("已确认", "confirmed", "good"),
    "bad_review.received": ("待联系", "to be answered", "bad"),
    "bad_review.contacted": ("待核实", "to be verified", "warn"),
    "bad_review.rectifying": ("整改中", "being put right", "warn"),
    "bad_review.revisiting": ("待回访", "to be revisited", "busy"),
    "bad_review.closed": ("已办结", "closed", "good"),
    "exchange_stat.entered": ("待核对", "to be checked", "warn"),
    "exchange_stat.published": ("已公布", "published", "good"),
    "exchange_stat.refused": ("已退回", "refused", "past"),
    "exchange_stat.withdrawn": ("已撤下", "withdrawn", "past"),
    "integrity_flag.open": ("待复核，暂不计入", "to be reviewed, not counted", "warn"),
    "integrity_flag.confirmed": ("已认定，不计入", "confirmed, not counted", "bad"),
    "integrity_flag.cleared": ("已排除，计入", "cleared, counted", "good"),
    "volume_release.prepared": ("已编制，待复核", "prepared, to be checked", "warn"),
    "volume_release.checked": ("已复核，待发布", "checked, to be published", "busy"),
    "volume_release.published": ("已发布", "published", "good"),
    "volume_release.restated": ("已重述", "restated", "past"),
    "volume_release.withdrawn": ("已撤回", "withdrawn", "past"),
    "volume_release.rejected": ("已退回", "rejected", "bad"),
}

EVENTS: Final[dict[str, Words]] = {
    "integrity_flag.raised": Words("标记可疑，暂不计入", "Flagged, and set aside"),
    "integrity_flag.established": Words("按硬规则认定，不计入", "Found by a hard rule, set aside"),
    "integrity_flag.confirmed": Words("认定属实，不计入", "Confirmed, and stays out"),
    "integrity_flag.cleared": Words("排除嫌疑，恢复计入", "Cleared, and counts again"),
    "integrity_flag.overturned": Words("撤销认定，恢复计入", "Overturned, and counts again"),
    "trade_dispute.refund_barred": Words(
        "退款暂不能办理，款项继续冻结", "Refund barred, still held"
    ),
    "delivery.extended": Words("延长使用期", "Term of use lengthened"),
    "delivery.replaced": Words("更换为其他版本", "Replaced by another version"),
    "data_destruction.opened": Words("要求销毁数据", "Destruction asked for"),
    "complaint.assigned": Words("更换经办人", "Taken over by another officer"),
    "exchange_stat.entered": Words("录入交易机构数据", "Figure entered"),
    "named_buyer.agreed": Words("同意在榜单中具名", "Agreed to be named in rankings"),
    "named_buyer.taken_back": Words("撤回具名同意", "Naming in rankings taken back"),
    "rating.given": Words("评价", "Rated"),
    "rating.hidden": Words("隐藏评价内容", "Words of a rating hidden"),
    "bad_review.received": Words("收到差评", "Bad review received"),
    "volume_release.prepared": Words("编制发布", "Prepared"),
    "evidence.filed": Words("提交证据", "Evidence shown"),
    "evidence.read": Words("查阅证据文件", "File of evidence read"),
}

TERMS: Final[dict[str, type[Term]]] = {
    "dispute_ground": Ground,
    "remedy": Remedy,
    "complaint_about": About,
    "complaint_category": Category,
    "complaint_finding": Finding,
}

CAUSES: Final[dict[str, Words]] = {
    **{remedy.value: remedy.label for remedy in Remedy},
    **{finding.value: finding.label for finding in Finding},
    "period_over": Words("使用期满", "period of use over"),
    "delivery_ended": Words("交付终止或退款", "delivery ended or refunded"),
}
