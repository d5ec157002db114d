"""Chapter two: an enterprise applies with a scenario; the decision; and what it does not allow."""

from datetime import timedelta
from typing import Any

from app.story.stage import Stage
from app.story.supply import Directory

REASON = "按日累计降水与气温确定保险触发条件与费率，缺此项无法定价"


def application(stage: Stage, directory: Directory) -> str:
    """Apply, be accepted, get the department's opinion and a risk grade; returns the id."""
    tell = stage.telling.step
    with tell("申请场景“农业气象保险” · apply: agricultural weather insurance", "developer"):
        drafted = stage.as_("developer").post("/api/scenarios", _application(stage, directory))
        where = f"/api/scenarios/{drafted['id']}"
        stage.as_("developer").post(f"{where}/submit")
    with tell("实施机构受理，征求部门意见 · accepted; opinions asked", "officer"):
        stage.pass_working_days(1)
        stage.as_("officer").post(f"{where}/accept")
        stage.as_("officer").post(f"{where}/request-opinions")
    with tell("系统提出、经办确认风险等级 · risk graded", "officer"):
        why = "首例此类场景，由五名专家评估 the first of its kind: five experts look at it"
        told = {"lane": "ordinary", "reason": why}
        stage.as_("officer").post(f"{where}/grade-risk", told)
    with tell("气象部门逐项同意 · the department agrees", "dept.head"):
        stage.pass_working_days(1)
        found = stage.as_("dept.head").get("/api/opinions", scenario_id=drafted["id"])
        stage.as_("dept.head").post(f"/api/opinions/{found['items'][0]['id']}/agree")
        stage.until("officer", where, "panel_forming")
    return str(drafted["id"])


def decision(stage: Stage, scenario_id: str) -> dict[str, Any]:
    """Decide, announce, and issue the authorisation with its certificate."""
    tell, where = stage.telling.step, f"/api/scenarios/{scenario_id}"
    with tell("另一人终审，决定授权并公示 · decided by another person, announced", "approver"):
        stage.as_("approver").post(f"{where}/authorise")
    with tell("公示五个工作日无异议，发证 · five working days later, the certificate", "approver"):
        stage.pass_working_days(6)
        decided = stage.until("developer", where, "authorised")
        path = f"/api/authorisations/{decided['authorisation_id']}"
        issued = stage.as_("developer").get(path)
        checked = stage.as_("buyer").get(f"/api/certificates/{issued['cert_no']}")
        if not (checked["intact"] and checked["signature_ok"]):
            raise ValueError(f"the certificate does not verify: {checked}")
    with tell("运营机构开通 · the operator provisions", "operator"):
        stage.as_("operator").post(f"{path}/activate")
        found: dict[str, Any] = stage.as_("developer").get(path)
    return found


def another_purpose(stage: Stage, authorisation: dict[str, Any]) -> None:
    """Ask the same authorisation to carry a second scenario: it does not."""
    with stage.telling.step("同一授权用于第二个场景，被拒 · a second scenario on it", "developer"):
        scope = {**authorisation["scope"], "purpose_code": "credit_risk_control"}
        code = stage.as_("developer").refused(
            f"/api/authorisations/{authorisation['id']}/amendments",
            {"scope": scope},
            "NEW_SCENARIO_REQUIRED",
        )
        stage.telling.refusals.append(code)


def _application(stage: Stage, directory: Directory) -> dict[str, Any]:
    today = stage.today()
    return {
        "operator_id": stage.firm("operator"),
        "implementing_agency_id": stage.firm("agency"),
        "title": "农业气象保险：降水与低温指数定价和理赔",
        "application_field": "modern_agriculture",
        "purpose_code": "weather_insurance",
        "purpose_text": "以逐日站点气象统计量为种植险提供指数定价与理赔触发依据",
        "purpose_class": "industry_development",
        "use_mode": "product_supply",
        "items": [
            {"directory_code": directory.code, "item_code": item, "transform": "aggregated",
             "necessity_reason": REASON}
            for item in ("station", "TEMP", "RAIN")
        ],
        "users": [stage.firm("insurer"), stage.firm("developer")],
        "users_count": 30,
        "regions": ["110000"],
        "period_from": today.isoformat(),
        "period_to": (today + timedelta(days=364)).isoformat(),
        "output_forms": ["aggregate_report"],
        "environments": ["trusted_domain_sandbox"],
        "quotas": {"rows": 100_000},
        **_SECURITY,
        **_BENEFIT,
    }  # fmt: skip


_SECURITY = {
    "contact_name": "枫香科技项目组",
    "contact_phone": "0731-00000000",
    "team_proof": "1a" * 32,
    "legal_basis": ["与投保人签订的保险合同", "气象法关于气象信息服务的规定"],
    "min_group_size": 30,
    "security_plan": "只在可信域沙箱内计算，逐次记录访问，结果经审核后出域",
    "mlps_level": 3,
    "mlps_certificate": "2b" * 32,
    "incident_contacts": [{"name": "值班员", "phone": "0731-00000000"}],
    "destruction_plan": "到期十日内覆写中间结果，并出具销毁证明",
}
_BENEFIT = {
    "benefit_social": "灾害发生后三日内按指数赔付，农户无须逐户查勘",
    "pricing_intent": "government_guided",
    "schedule": "两个月开发，十个月服务",
    "acceptance_indicators": "九成赔案三日内赔付",
    "declaration": True,
}
