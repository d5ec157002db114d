"""What the codes of plans and agreements are called on a page."""

from typing import Final

from kernel.words import Words
from licensing.applications.blocks import ScenarioKind
from licensing.disclosing import disclosed
from licensing.frame import elements

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "approved_internally": ("内部已决策", "decided internally", "busy"),
    "negotiating": ("磋商中", "being negotiated", "busy"),
    "amending": ("变更中", "being amended", "warn"),
    "terminating": ("退出交接", "being handed over", "warn"),
    "implementation_plan.decided": ("已集体决策", "decided collectively", "busy"),
    "implementation_plan.approved": ("已批准", "approved", "good"),
    "implementation_plan.effective": ("实施中", "in force", "good"),
}

EVENTS: Final[dict[str, Words]] = {
    "plan.drafted": Words("编制实施方案", "Plan drafted"),
    "plan.changed": Words("修改实施方案", "Plan rewritten"),
    "operation_agreement.drafted": Words("起草授权运营协议", "Agreement drafted"),
    "operation_agreement.changed": Words("修改协议条款", "Terms rewritten"),
    "agreement.changed": Words("修改协议条款", "Terms rewritten"),
    "agreement.directory_suspended": Words("暂停一个目录", "One directory suspended"),
    "agreement.directory_resumed": Words("恢复一个目录", "One directory resumed"),
    "disclosure.published": Words("发布信息披露", "Disclosure published"),
}

CAUSES: Final[dict[str, Words]] = {
    each.value: each.label for each in (*elements.Cause, *elements.Ending)
}

TERMS: Final = {
    "authorisation_mode": elements.Mode,
    "supply_mode": elements.SupplyMode,
    "permission": elements.Permission,
    "discloser": disclosed.Kind,
    "scenario_kind": ScenarioKind,
}

PLAN: Final[dict[str, Words]] = {
    "necessity": Words("必要性", "Necessity"),
    "feasibility": Words("可行性", "Feasibility"),
    "operator_conditions": Words("运营机构条件", "Conditions for operators"),
    "exit_conditions": Words("退出条件", "Conditions of exit"),
    "product_catalogue_outline": Words("产品目录框架", "Outline of products"),
    "pricing_method": Words("定价方式", "Pricing"),
    "revenue_distribution": Words("收益分配", "Distribution of revenue"),
    "security": Words("安全保障", "Security"),
    "supervision": Words("监督管理", "Supervision"),
    "performance_indicators": Words("绩效指标", "Indicators"),
}

OPERATION: Final[dict[str, Words]] = {
    "product_list": Words("产品清单与技术标准", "Products and standards"),
    "fee_rules": Words("收费规则", "Fees"),
    "cost_accounting_rules": Words("单独核算", "Separate books"),
    "data_security": Words("数据安全", "Data security"),
    "pi_protection": Words("个人信息保护", "Personal information"),
    "asset_ownership": Words("资产权属", "Ownership of assets"),
    "performance_targets": Words("绩效目标", "Targets"),
    "change_termination": Words("变更与终止", "Change and termination"),
    "exit_handover": Words("退出交接", "Exit and handover"),
    "breach": Words("违约责任", "Breach"),
    "dispute": Words("争议解决", "Disputes"),
}

SUPPLY: Final[dict[str, Words]] = {
    "refresh": Words("更新频率", "Refresh"),
    "quality_sla": Words("质量承诺", "Quality"),
    "opinion_deadline_wd": Words("意见期限（工作日）", "Opinion due in (working days)"),
    "forbidden_uses": Words("禁止用途", "Forbidden uses"),
    "contact": Words("联系人", "Contact"),
}

PARTS: Final[dict[str, Words]] = {
    "software": Words("软件", "software"),
    "hardware": Words("硬件", "hardware"),
    "derived_data": Words("衍生数据", "derived data"),
    "data_destruction": Words("数据销毁", "destruction"),
    "keys": Words("密钥", "keys"),
    "records": Words("记录", "records"),
    "transition_days": Words("过渡期（日）", "transition in days"),
    "name": Words("名称", "name"),
    "standard": Words("标准", "standard"),
}
