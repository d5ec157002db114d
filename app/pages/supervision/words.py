"""What supervision calls things: roles, stages, faults, marks."""

from typing import Final

from kernel.actor import Role
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
}
PATHS: Final = {
    "scn_": "/cases/", "opn_": "/opinions/", "aut_": "/authorisations/", "sup_": "/agreements/",
    "reg_": "/registrations/", "dvn_": "/directories/", "prd_": "/products/", "ord_": "/orders/",
}
ROLES: Final = {
    Role.DATA_AUTHORITY: Words("数据管理部门", "data authority"),
    Role.IMPLEMENTING_AGENCY: Words("实施机构", "implementing agency"),
    Role.SUPPLY_DEPARTMENT: Words("供数部门", "supplying department"),
    Role.AUTHORISED_OPERATOR: Words("授权运营机构", "authorised operator"),
    Role.DEVELOPER: Words("再开发主体", "developer"),
    Role.MERCHANT: Words("数商", "data merchant"),
    Role.BUYER: Words("数据需方", "buyer"),
    Role.PRICE_AUTHORITY: Words("价格主管部门", "price authority"),
    Role.EXCHANGE_OPERATOR: Words("数据交易所", "data exchange"),
    Role.SYSTEM: Words("系统", "the house"),
}
# fmt: on
