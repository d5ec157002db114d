"""What supervision calls things: stages, faults, marks."""

from typing import Final

from kernel.words import Words
from licensing.supervision.stages import Mark, Which
from licensing.supervision.violations import Fault

# fmt: off
WHICH: Final = {
    Which.RUNNING: Words("在计", "Running"), Which.OVERDUE: Words("已超期", "Overdue"),
    Which.PROVISIONAL: Words("暂定", "Provisional"), Which.DONE: Words("已办结", "Done"),
    Which.DONE_LATE: Words("超期办结", "Done late"),
}
MARKS: Final = {
    Mark.EXCELLENT: (Words("优秀", "excellent"), "good"),
    Mark.GOOD: (Words("良好", "good"), "good"),
    Mark.PASS: (Words("合格", "pass"), "warn"), Mark.FAIL: (Words("不合格", "fail"), "bad"),
}
FAULTS: Final = {
    Fault.STAGE_OVERDUE: Words("环节超期", "a stage overdue"),
    Fault.TOTAL_OVERDUE: Words("总时限超期", "the whole overdue"),
    Fault.CONFORMING_REFUSED: Words("应受理而不受理", "refused though complete"),
}
STAGES: Final = {
    "clocks.bill_seller": Words("供方确认账单", "seller confirms a bill"),
    "clocks.bill_buyer": Words("需方确认账单", "buyer confirms a bill"),
    "clocks.bill_payment": Words("支付账单", "payment of a bill"),
    "clocks.bill_payment_check": Words("核对账单收款", "receipt for a bill"),
    "clocks.fee_note": Words("支付服务费", "payment of a fee note"),
    "clocks.fee_note_reminder": Words("催缴服务费", "a fee note that is late"),
    "clocks.bill_default": Words("账单逾期", "a bill long overdue"),
    "clocks.award": Words("竞得人下单", "the winner's order"),
    "clocks.demand_award": Words("需求遴选", "selecting among the answers to a demand"),
    "clocks.quotation": Words("答复报价", "answer to a quotation"),
    "clocks.statement_confirmation": Words("确认结算单", "confirming a statement"),
    "clocks.scenario_total": Words("总时限", "the whole case"),
    "clocks.formal_check": Words("受理", "formal check"),
    "clocks.forwarding": Words("转办", "forwarding"),
    "clocks.supplement": Words("申请人补正", "applicant supplements"),
    "clocks.department_opinion": Words("部门意见", "department's opinion"),
    "clocks.panel_formation": Words("组建专家组", "forming the panel"),
    "clocks.assessment": Words("评估", "assessment"),
    "clocks.decision": Words("决定", "decision"),
    "clocks.conditions": Words("接受条件", "conditions to accept"),
    "clocks.publicity": Words("公示", "publicity"),
    "clocks.suspension": Words("暂停期", "suspension"),
    "clocks.agreement_filing": Words("协议备案", "filing of an agreement"),
    "clocks.revision": Words("申请人修改", "applicant revises"),
    "clocks.assessment_fast": Words("评估（简易）", "assessment, fast"),
    "clocks.assessment_short": Words("评估（书面）", "assessment, short"),
    "clocks.publicity_fast": Words("公示（简易）", "publicity, fast"),
    "clocks.publicity_short": Words("公示（书面）", "publicity, short"),
    "clocks.certificate": Words("发证", "certificate"),
    "clocks.challenge": Words("回避申请", "challenge"),
    "clocks.publicity_objection": Words("异议答复", "answer to an objection"),
    "clocks.appeal_acceptance": Words("申诉受理", "taking up an appeal"),
    "clocks.appeal": Words("申诉答复", "answer to an appeal"),
    "clocks.commitment": Words("容缺承诺", "promise"),
    "clocks.broken_commitment": Words("违诺处置", "broken promise"),
    "clocks.destruction": Words("数据销毁", "destruction"),
    "clocks.annual_review": Words("年度评估", "annual review"),
    "clocks.rectification": Words("整改", "rectification"),
    "clocks.idle_notice": Words("闲置催告", "idle notice"),
    "clocks.exit_handover": Words("退出交接", "exit handover"),
    "clocks.directory_review": Words("目录审核", "directory review"),
    "clocks.sharing_consent": Words("共享提供方同意", "provider's consent"),
    "clocks.registration_acceptance": Words("登记受理", "registration, acceptance"),
    "clocks.registration_review": Words("登记审核", "registration, review"),
    "clocks.registration_publicity": Words("登记公示", "registration, publicity"),
    "clocks.registration_objection": Words("登记异议", "registration, objection"),
    "clocks.registration_change": Words("变更登记", "change of a registration"),
    "clocks.source_conflict": Words("数源争议受理", "source conflict"),
    "clocks.source_mediation": Words("数源争议调解", "source mediation"),
    "clocks.error_report": Words("数据校核", "error report"),
    "clocks.regrade_approval": Words("降级审批", "approval of a lower grade"),
    "clocks.kyb_formal": Words("入驻受理", "admission, acceptance"),
    "clocks.kyb_review": Words("入驻审核", "admission, review"),
    "clocks.kyb_supplement": Words("入驻补正", "admission, supplement"),
    "clocks.reverification": Words("年度核验", "yearly verification"),
    "clocks.product_formal_check": Words("产品形式审查", "product, formal check"),
    "clocks.product_compliance_review": Words("产品合规审查", "product, compliance"),
    "clocks.product_publicity": Words("产品公示", "product, publicity"),
    "clocks.product_security_review": Words("产品安全与分级审查", "product, security"),
    "clocks.product_expert_review": Words("产品专家评审", "product, experts"),
    "clocks.product_delisting": Words("产品摘牌预告", "product, notice of delisting"),
    "clocks.amendment_check": Words("小版本核对", "minor version, check"),
    "clocks.amendment_formal_check": Words("大版本形式审查", "major version, formal check"),
    "clocks.amendment_compliance_review": Words("大版本合规审查", "major version, compliance"),
    "clocks.amendment_security_review": Words("大版本安全审查", "major version, security"),
    "clocks.amendment_expert_review": Words("大版本专家评审", "major version, experts"),
    "clocks.amendment_publicity": Words("大版本公示", "major version, publicity"),
    "clocks.board_admission": Words("专板入板审核", "board, admission"),
    "clocks.order_confirmation": Words("订单确认", "order, confirmation"),
    "clocks.order_signature": Words("合同签署", "contract, signature"),
    "clocks.order_payment": Words("付款", "payment"),
    "clocks.order_delivery": Words("交付", "delivery"),
    "clocks.acceptance": Words("验收", "acceptance"),
}
PATHS: Final = {
    "scn_": "/cases/", "opn_": "/opinions/", "aut_": "/authorisations/", "sup_": "/agreements/",
    "reg_": "/registrations/", "dvn_": "/directories/", "prd_": "/products/", "ord_": "/orders/",
}
# fmt: on
