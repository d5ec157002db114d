"""What codes are called on a page: states, events, industries, regions, units."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from flask import Flask

from app import languages
from app.lives import LIVES
from app.pages.wording import aftercare, assets, charges, deals, frame, keeping, listing, money
from app.pages.wording import catalogue as words
from catalogue import contents, grades
from kernel.deadlines import Light
from kernel.parties import regions
from kernel.words import Words
from licensing import exposures
from licensing.applications import blocks
from licensing.applications import vocabulary as applications
from licensing.assessing import experts, lanes, panel, sheets
from marketplace import prices, versions
from settlement import chart

# fmt: off
_BUSY, _GOOD, _WARN, _BAD, _PAST = "busy", "good", "warn", "bad", "past"

STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    **words.STATES, **money.STATES, **charges.STATES, **assets.STATES,
    **keeping.STATES, **deals.STATES, **aftercare.STATES,
    # Each code with its words in both languages, and how it looks.
    "draft": ("草稿", "draft", _PAST),
    "final": ("已定稿", "final", _BUSY),
    "formal_check": ("形式审查", "formal check", _BUSY),
    "supplementing": ("补正中", "being supplemented", _WARN),
    "accepted": ("已受理", "accepted", _GOOD),
    "dept_opinion": ("征求部门意见", "asking departments", _BUSY),
    "panel_forming": ("组建专家组", "forming the panel", _BUSY),
    "assessing": ("评估中", "under assessment", _BUSY),
    "awaiting_conditions": ("待接受条件", "conditions to accept", _WARN),
    "revising": ("修改中", "being revised", _WARN),
    "deciding": ("待决定", "to be decided", _BUSY),
    "publicity": ("公示中", "in publicity", _BUSY),
    "authorised": ("已授权", "authorised", _GOOD),
    "closed": ("已关闭", "closed", _PAST),
    "refused": ("不予受理", "refused", _BAD),
    "rejected": ("不予通过", "rejected", _BAD),
    "withdrawn": ("已撤回", "withdrawn", _PAST),
    "lapsed": ("已失效", "lapsed", _PAST),
    "asked": ("待答复", "asked", _BUSY),
    "raised": ("已提出", "raised", _BAD),
    "explained": ("已说明", "explained", _BUSY),
    "cleared": ("已撤销", "cleared", _PAST),
    "violation.upheld": ("已认定", "upheld", _BAD),
    "filed": ("已报送", "filed", _BUSY),
    "fee_period.approved": ("已核定", "approved", _GOOD),
    "agreed": ("同意", "agreed", _GOOD),
    "agreed_with_condition": ("附条件同意", "agreed with a condition", _GOOD),
    "disagreed": ("不同意", "disagreed", _BAD),
    "returned": ("已退回", "returned", _WARN),
    "half_signed": ("一方已签", "signed by one", _BUSY),
    "signed": ("双方已签", "signed by both", _GOOD),
    "effective": ("生效", "in effect", _GOOD),
    "terminated": ("已终止", "terminated", _PAST),
    "planned": ("已编组", "planned", _BUSY),
    "drawn": ("已抽取", "drawn", _BUSY),
    "ready": ("已就绪", "ready", _BUSY),
    "scoring": ("评分中", "scoring", _BUSY),
    "tallied": ("已汇总", "tallied", _BUSY),
    "concluded": ("已结论", "concluded", _GOOD),
    "void": ("作废", "void", _PAST),
    "serving": ("在组", "serving", _GOOD),
    "replaced": ("已更换", "replaced", _PAST),
    "issued": ("已签发", "issued", _BUSY),
    "active": ("有效", "active", _GOOD),
    "suspended": ("已暂停", "suspended", _WARN),
    "revoked": ("已撤销", "revoked", _BAD),
    "expired": ("已到期", "expired", _PAST),
    "surrendered": ("已交回", "surrendered", _PAST),
    "compliance_review": ("合规审查", "compliance review", _BUSY),
    "listed": ("已挂牌", "listed", _GOOD),
    "delisted": ("已摘牌", "delisted", _PAST),
    "submitted": ("待卖方确认", "to be confirmed", _BUSY),
    "contract_signing": ("签署合同", "contract to be signed", _BUSY),
    "awaiting_payment": ("待付款", "awaiting payment", _WARN),
    "in_delivery": ("交付中", "in delivery", _BUSY),
    "delivery_suspended": ("暂停交付", "delivery suspended", _WARN),
    "pending_acceptance": ("待验收", "to be accepted", _WARN),
    "redelivery": ("补充交付", "redelivery", _WARN),
    "disputed": ("争议中", "disputed", _BAD),
    "completed": ("已完成", "completed", _GOOD),
    "to_sign": ("待签署", "to be signed", _BUSY),
    "voided": ("作废", "void", _PAST),
    "not_started": ("未开通", "not started", _BUSY),
    "in_progress": ("已开通", "open", _GOOD),
    "delivered": ("已交付", "delivered", _GOOD),
    "awaiting": ("待付款", "awaited", _WARN),
    "part_funded": ("部分到账", "part has arrived", _WARN),
    "funded": ("足额到账", "all has arrived", _GOOD),
    "open": ("待结算", "to be settled", _BUSY),
    "settled": ("已结算", "settled", _GOOD),
    "computed": ("待复核", "to be checked", _BUSY),
    "posted": ("已入账", "posted", _GOOD),
    "discarded": ("作废", "discarded", _PAST),
    "requested": ("待复核", "to be approved", _BUSY),
    "approved": ("待发送", "to be sent", _BUSY),
    "sent": ("已发送银行", "sent to the bank", _BUSY),
    "paid": ("银行已付", "paid by the bank", _GOOD),
    "failed": ("付款失败", "failed", _BAD),
    "verified": ("已核验", "verified", _GOOD),
    "retired": ("已停用", "retired", _PAST),
    "restricted": ("受限", "restricted", _WARN),
    "frozen": ("已冻结", "frozen", _BAD),
    "final_review": ("待复审", "awaiting the final review", _BUSY),
    "exiting": ("退出中", "leaving", _WARN),
    "granted": ("已授予", "granted", _GOOD),
    "organisation.submitted": ("自动核查", "automatic checks", _BUSY),
    "organisation.under_review": ("待初审", "awaiting the first review", _BUSY),
    "organisation.rejected": ("不予入驻", "not admitted", _BAD),
    "role.requested": ("待授予", "to be granted", _BUSY),
    "bank_check.requested": ("待打款", "to be transferred", _BUSY),
    "bank_check.sent": ("已打款待回填", "transferred", _WARN),
    "bank_check.failed": ("验证失败", "failed", _BAD),
    "active_conditional": ("附承诺有效", "active on promise", _WARN),
    "due": ("待销毁", "due", _WARN),
    "overdue": ("逾期", "overdue", _BAD),
    "certified": ("已证明销毁", "certified", _GOOD),
    "audited": ("抽查合格", "audited", _GOOD),
    "review.open": ("待评估", "open", _BUSY),
    "rectifying": ("限期整改", "to be rectified", _WARN),
    "continued": ("继续授权", "goes on", _GOOD),
    "shrunk": ("已缩减", "shrunk", _PAST),
    "moot": ("授权已终止", "ended meanwhile", _PAST),
    "given": ("已提醒", "notice given", _WARN),
    "lifted": ("已撤回", "lifted", _PAST),
    "carried_out": ("已撤销授权", "carried out", _BAD),
    "promised": ("已承诺", "promised", _WARN),
    "provided": ("已补交", "handed in", _BUSY),
    "met": ("已履行", "met", _GOOD),
    "broken": ("已违反", "broken", _BAD),
    "released": ("已解除", "released", _PAST),
    "partly_agreed": ("逐项答复", "answered item by item", _GOOD),
    "upheld": ("成立", "upheld", _GOOD),
    "dismissed": ("不成立", "dismissed", _PAST),
    # What the same code means in one life cycle alone.
    "authorisation_review.open": ("评估中", "under review", _BUSY),
    "authorisation.superseded": ("已由新授权接续", "superseded", _PAST),
    "appeal.filed": ("待受理", "to be accepted", _BUSY),
    "appeal.accepted": ("已受理", "accepted", _BUSY),
    "order.accepted": ("已验收", "accepted", _GOOD),
    "delivery.accepted": ("已验收", "accepted", _GOOD),
    "breaker_alert.raised": ("预警", "alert", _WARN),
    "breaker_alert.proposed": ("建议暂停", "suspension proposed", _BAD),
    "breaker_alert.suspended": ("已暂停授权", "authorisation suspended", _PAST),
    "breaker_alert.dismissed": ("已排除", "dismissed", _PAST),
    "account.registered": ("待核验", "to be verified", _BUSY),
    **frame.STATES, **listing.STATES,
}

EVENTS: Final[Mapping[str, Words]] = {
    **words.EVENTS,
    **frame.EVENTS, **money.EVENTS, **charges.EVENTS, **assets.EVENTS, **keeping.EVENTS,
    **listing.EVENTS, **deals.EVENTS, **aftercare.EVENTS,
    "organisation.entered": Words("登记", "Entered"),
    "organisation.filed": Words("填写入驻档案", "File written"),
    "organisation.document_filed": Words("提交材料", "Document filed"),
    "organisation.document_read": Words("查阅材料", "Document read"),
    "organisation.document_erased": Words("材料到期销毁", "Document erased"),
    "organisation.credit_checked": Words("信用核查", "Credit registers looked up"),
    "organisation.promise_kept": Words("容缺材料已补齐", "Promised documents are there"),
    "tie.declared": Words("登记关联关系", "Tie declared"),
    "tie.ended": Words("终止关联关系", "Tie ended"),
    # What no step of a life cycle says.
    "directory.drafted": Words("编制目录", "Directory written"),
    "agreement.drafted": Words("起草供数协议", "Agreement drafted"),
    "scenario.drafted": Words("起草场景申请", "Application written"),
    "scenario.section_saved": Words("保存申请书一节", "Section saved"),
    "scenario.section_restored": Words("恢复申请书一节", "Section brought back"),
    "commitment.made": Words("作出容缺承诺", "Promise made"),
    "commitment.recheck_drawn": Words("抽取复查案件", "Rechecks drawn"),
    "scenario.amended": Words("修改场景申请", "Application changed"),
    "opinion.asked": Words("征求部门意见", "Department asked"),
    "scenario.claimed": Words("领办", "Case claimed"),
    "scenario.assigned": Words("指派承办人", "Case assigned"),
    "scenario.released": Words("退回待领", "Case released"),
    "assessment.planned": Words("编组并承诺随机种子", "Panel planned, seed committed to"),
    "challenge.filed": Words("申请专家回避", "Member challenged"),
    "publicity_objection.filed": Words("提出公示异议", "Objection filed"),
    "authorisation.issued": Words("签发授权", "Authorisation issued"),
    "authorisation.shortened": Words("由接续授权提前结束", "Ends sooner, another follows"),
    "authorisation.renewal_drafted": Words("申请续期", "Renewal applied for"),
    "authorisation.increase_drafted": Words("申请提高配额", "Higher quotas applied for"),
    "authorisation_review.opened": Words("启动年度评估", "Annual review opened"),
    "idle_notice.given": Words("闲置提醒", "Notice of idleness"),
    "destruction.opened": Words("要求销毁", "Destruction due"),
    "certificate.issued": Words("签发证书", "Certificate issued"),
    "product.created": Words("新建产品", "Product created"),
    "contract.drawn_up": Words("拟定合同", "Contract drawn up"),
    "payment.instructed": Words("发出付款指令", "Payment instructed"),
    "delivery.opened": Words("开立交付任务", "Delivery opened"),
    "breaker.raised": Words("熔断预警", "Denials came too often"),
    "delivery.read": Words("读取数据", "Data read"),
    "escrow.accepted": Words("价款计入应分账", "Price is due to be shared"),
    "order.settled": Words("价款分账完成", "Price has been shared"),
    "settlement.computed": Words("计算结算批次", "Batch computed"),
    "payout.requested": Words("申请付款", "Payout requested"),
}

INDUSTRIES: Final[Mapping[str, Words]] = {
    # Sections of GB/T 4754-2017.
    "A": Words("农、林、牧、渔业", "Agriculture, forestry, fishing"),
    "B": Words("采矿业", "Mining"),
    "C": Words("制造业", "Manufacturing"),
    "D": Words("电力、热力、燃气及水生产和供应业", "Power, heat, gas and water"),
    "E": Words("建筑业", "Construction"),
    "F": Words("批发和零售业", "Wholesale and retail"),
    "G": Words("交通运输、仓储和邮政业", "Transport, storage and post"),
    "H": Words("住宿和餐饮业", "Hotels and catering"),
    "I": Words("信息传输、软件和信息技术服务业", "Information and software"),
    "J": Words("金融业", "Finance"),
    "K": Words("房地产业", "Real estate"),
    "L": Words("租赁和商务服务业", "Leasing and business services"),
    "M": Words("科学研究和技术服务业", "Science and technical services"),
    "N": Words("水利、环境和公共设施管理业", "Water, environment, public facilities"),
    "O": Words("居民服务、修理和其他服务业", "Household and other services"),
    "P": Words("教育", "Education"),
    "Q": Words("卫生和社会工作", "Health and social work"),
    "R": Words("文化、体育和娱乐业", "Culture, sports, entertainment"),
    "S": Words("公共管理、社会保障和社会组织", "Public administration"),
    "T": Words("国际组织", "International organisations"),
}

TERMS: Final[Mapping[str, type[grades.Term]]] = {
    **frame.TERMS, **charges.TERMS, **listing.TERMS, **aftercare.TERMS,
    "field": applications.ApplicationField, "purpose": applications.Purpose,
    "purpose_class": applications.PurposeClass, "use_mode": applications.UseMode,
    "material": blocks.Material, "transform": exposures.Transform, "output": exposures.OutputForm,
    "environment": exposures.Environment, "risk": exposures.RiskGrade,
    "grade": grades.Grade, "pi": grades.PiClass, "origin": grades.Origin, "mode": grades.Mode,
    "share": contents.ShareType, "open": contents.OpenType,
    "share_mode": contents.ShareMode, "acquisition": contents.Acquisition,
    "operation": contents.OperationType,
    "directory_frequency": contents.Frequency, "format": contents.Format,
    "data_type": contents.DataType, "frequency": versions.Frequency,
    "product_type": versions.ProductType, "plan": prices.PlanKind, "period": prices.Period,
    "free": prices.FreeReason, "verdict": sheets.Verdict, "result": sheets.Result,
    "lane": lanes.Lane, "tie": experts.Tie, "speciality": panel.Speciality,
}

CAUSES: Final[Mapping[str, Words]] = {
    **words.CAUSES,
    **frame.CAUSES, **listing.CAUSES, **deals.CAUSES, **aftercare.CAUSES,
    "security_incident": Words("安全事件", "security incident"),
    "overuse": Words("超量使用", "overuse"),
    "purpose_deviation": Words("偏离用途", "deviation from the purpose"),
    "overdue_commitment": Words("承诺逾期", "overdue commitment"),
    "grade_raised": Words("数据级别提高", "grade of the data raised"),
    "registration_lapsed": Words("登记失效", "registration lapsed"),
    "agreement_suspended": Words("供数协议暂停", "agreement suspended"),
    "directory_suspended": Words("目录暂停", "directory suspended"),
    "directory_revoked": Words("目录撤销", "directory revoked"),
    "idle": Words("闲置未用", "not used"),
    "review_failed": Words("年度评估不合格", "failed the annual review"),
    "erased": Words("数据擦除", "erased"),
    "media_destroyed": Words("介质销毁", "media destroyed"),
    "never_received": Words("未取得数据（域内使用）", "never received, used inside the domain"),
    "carried_over": Words("由接续授权留存", "held on under the next authorisation"),
    "coi_found": Words("发现利益冲突", "conflict of interest found"),
    "payment_default": Words("拖欠款项", "payment default"),
    "court_order": Words("司法裁定", "court order"),
    "grantee_restricted": Words("被授权方受限", "grantee restricted"),
    "serious_breach": Words("严重违约", "serious breach"),
    "fraud_in_application": Words("申请造假", "fraud in the application"),
    "repeated_suspension": Words("多次被暂停", "repeated suspension"),
    "unlawful_use": Words("违法使用", "unlawful use"),
    "broken_commitment": Words("违反承诺", "broken commitment"),
    "cancelled_before_start": Words("生效前取消", "cancelled before the start"),
    "incomplete": Words("材料不全", "incomplete"),
    "not_competent": Words("不属本机构受理", "not this agency's"),
    "not_eligible": Words("主体不符合条件", "applicant not eligible"),
    "unlawful_purpose": Words("用途违法", "unlawful purpose"),
    "department_disagrees": Words("供数部门不同意", "a department disagrees"),
    "risk_unacceptable": Words("风险不可接受", "unacceptable risk"),
    "scope_not_covered": Words("超出供数范围", "scope not covered"),
    "assessment_failed": Words("评估未通过", "assessment failed"),
    "objection_upheld": Words("异议成立", "objection upheld"),
    "assessment_voided": Words("评估作废", "assessment voided"),
    "not_necessary": Words("并非必要", "not necessary"),
    "beyond_agreement": Words("超出供数协议", "beyond the agreement"),
    "too_sensitive": Words("过于敏感", "too sensitive"),
    "rights_of_others": Words("涉及他人权利", "rights of others"),
    "forbidden_by_law": Words("法律禁止", "forbidden by law"),
    "quality": Words("数据质量不足", "quality of the data"),
    "public_interest": Words("损害公共利益", "public interest"),
    "other": Words("其他", "other"),
}

METERS: Final[Mapping[str, Words]] = {
    "rows": Words("行数", "rows"), "calls": Words("次数", "calls"),
}

LIGHTS: Final[Mapping[Light, str]] = {
    Light.RED: "▲", Light.YELLOW: "◆", Light.GREEN: "●", Light.GREY: "‖",
    Light.DONE_GREEN: "✓", Light.DONE_RED: "✗",
}
# fmt: on


def init_app(app: Flask) -> None:
    """Give the templates their words for codes."""
    app.jinja_env.filters.update(
        term=term, terms=terms, state=state, tone=tone, event=event, industry=industry,
        region=region, cause=cause, meter=meter, account=account,
    )  # fmt: skip
    app.jinja_env.globals.update(choices=choices, industries=INDUSTRIES)


def term(code: str | None, kind: str) -> str:
    """Say a code of a closed list; a dash for none."""
    return languages.said(TERMS[kind](code).label) if code else "—"


def terms(codes: list[str], kind: str) -> str:
    """Say several codes, one after the other."""
    return _joined([term(code, kind) for code in codes])


def choices(kind: str) -> list[tuple[str, str]]:
    """Return every code of a closed list with its words, for a form."""
    return [(member.value, languages.said(member.label)) for member in TERMS[kind]]


def state(code: str) -> str:
    """Say a state: "accepted", or "order.accepted" where a life cycle means its own by it."""
    zh, en, _ = _state(code)
    return languages.said(Words(zh, en))


def tone(code: str) -> str:
    """Return how a state looks: good, busy, warn, bad or past."""
    return _state(code)[2]


def event(kind: str) -> str:
    """Say what happened, as the step is called by which it did."""
    words = EVENTS.get(kind) or _steps().get(kind) or Words(kind, kind)
    return languages.said(words)


def industry(code: str | None) -> str:
    """Say the section of GB/T 4754 in which a code lies."""
    words = INDUSTRIES.get((code or "")[:1])
    return languages.said(words) if words else code or "—"


def region(code: str) -> str:
    """Say a region of GB/T 2260: its name in Chinese, its code for readers of English."""
    if languages.current() == "en":
        return code
    return regions.name(code)


def cause(code: str | None) -> str:
    """Say why something was suspended, revoked, refused or rejected."""
    words = CAUSES.get(code or "")
    return languages.said(words) if words else code or "—"


def meter(name: str) -> str:
    """Say what a quota counts."""
    words = METERS.get(name)
    return languages.said(words) if words else name


def account(code: str) -> str:
    """Say what an account of the books is called."""
    return languages.said(chart.account(code).name)


def _state(code: str) -> tuple[str, str, str]:
    bare = code.rpartition(".")[2]
    return STATES.get(code) or STATES.get(bare) or (bare, bare.replace("_", " "), _PAST)


@cache
def _steps() -> dict[str, Words]:
    lives: list[Any] = [module.LIFE for module in LIVES.values()]
    rows = [row for life in lives for row in life.steps.values()]
    return {
        row.event: row.label for row in reversed(rows)
    }  # the first of its name is the usual one


def _joined(said: list[str]) -> str:
    return ("、" if languages.current() == "zh" else ", ").join(said) or "—"
