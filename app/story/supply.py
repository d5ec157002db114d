"""Chapter one: a directory, the frame of its operation, one agreement for its industry."""

import hashlib
from dataclasses import dataclass
from typing import Any

from app.story.stage import Stage
from licensing.frame.elements import Permission

LETTER = "我公司承诺对依本协议获得的公共数据及其衍生结果严格保密，原始数据不出域。"
ITEMS: tuple[dict[str, Any], ...] = (
    {"code": "station", "name_zh": "站点", "name_en": "Station", "data_type": "string"},
    {"code": "TEMP", "name_zh": "气温", "name_en": "Air temperature", "data_type": "decimal",
     "unit": "℃"},
    {"code": "PRES", "name_zh": "气压", "name_en": "Pressure", "data_type": "decimal",
     "unit": "hPa"},
    {"code": "DEWP", "name_zh": "露点温度", "name_en": "Dew point", "data_type": "decimal",
     "unit": "℃"},
    {"code": "RAIN", "name_zh": "小时降水量", "name_en": "Hourly rainfall",
     "data_type": "decimal", "unit": "mm"},
    {"code": "WSPM", "name_zh": "平均风速", "name_en": "Wind speed", "data_type": "decimal",
     "unit": "m/s"},
)  # fmt: skip
FORM: dict[str, Any] = {
    "contact": "目录管理员",
    "phone": "0731-0000000",
    "storage": "省政务云安全域",
    "description": "十二个站点逐小时观测，含站点、气温、气压、露点、降水与风速。",
    "commitment": True,
}
PLAN: dict[str, Any] = {
    "modes": ["overall", "by_field"],
    "necessity": "农业保险、能源调度等领域对逐小时气象数据有持续需求，直接开放不能保障安全。",
    "feasibility": "数据已编目登记，可信域与出域审查已建成。",
    "operator_conditions": "具备安全可控的运营平台，三年内无严重违法失信记录。",
    "exit_conditions": "违约、期满或政策变化时退出，六十日内完成销毁与移交。",
    "product_catalogue_outline": "汇总报告、评分类产品，一场景一授权。",
    "pricing_method": "公共治理与公益事业免费；产业发展实行政府指导价。",
    "revenue_distribution": "财政、运营机构、数商按规则分成。",
    "security": "原始数据不出域，数据可用不可见，全程留痕。",
    "supervision": "电子监察、年度评估、信息披露。",
    "performance_indicators": ["首年上架产品不少于十个", "场景办结按时率百分之百"],
}
OFFERED = ("station", "TEMP", "RAIN", "WSPM")
BOUNDS = (
    "items", "regions", "output_forms", "environments", "term_from", "term_to",
    "operation_agreement_id", "external_permission_checklist",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Directory:
    """What the later chapters need to know of the directory."""

    id: str
    code: str
    resource: dict[str, Any]


def directory(stage: Stage) -> Directory:
    """Publish, attach the real data, register."""
    tell = stage.telling.step
    with tell("编目录：北京十二站逐小时气象观测，六个信息项 · draft a directory", "dept"):
        version = stage.as_("dept").post("/api/directories", _content())
    where = f"/api/directory-versions/{version['id']}"
    with tell("部门内提交并由另一人审核 · submit, checked by another", "dept.head"):
        stage.as_("dept").post(f"{where}/submit")
        stage.as_("dept.head").post(f"{where}/pass")
    with tell("数据局受理发布 · the authority accepts and publishes", "hub"):
        stage.as_("hub").post(f"{where}/accept")
    made = version["directory_id"]
    with tell("挂接资源：安全域内真实文件，逐列核验 · attach the real file", "dept"):
        system = stage.as_("dept").post(
            "/api/systems",
            {"name_zh": "地面观测数据库", "name_en": "Surface observation database"},
        )
        resource = stage.as_("dept").post(
            "/api/resources",
            {
                "directory_id": made,
                "system_id": system["id"],
                "name": "北京十二站逐小时气象 2013.3—2017.2",
                "location": "beijing_weather_hourly.parquet",
            },
        )
    with tell("申请公共数据资源登记，公示期满赋码 · register; a code after publicity", "hub"):
        asked = stage.as_("dept").post(
            "/api/registrations", {"directory_id": made, "years": 3, "form": FORM}
        )
        stage.as_("hub").post(f"/api/registrations/{asked['id']}/accept")
        stage.as_("hub").post(f"/api/registrations/{asked['id']}/pass")
        stage.pass_working_days(11)
        stage.until("dept", f"/api/registrations/{asked['id']}", "registered")
    return Directory(made, version["code"], resource)


def agreement(stage: Stage, directory: Directory) -> None:
    """Make the frame, then sign and file the one supply agreement of this department under it."""
    operation = _operation(stage, directory, _plan(stage, directory))
    terms = {**_terms(stage, directory), "operation_agreement_id": operation}
    where = _finalised(stage, terms)
    tell = stage.telling.step
    with tell("双方签署，提交保密承诺 · both sign; the confidentiality letter", "dept.head"):
        stage.as_("dept.head").post(f"{where}/sign-first")
        stage.as_("operator").post(f"{where}/sign-second")
        stage.as_("operator").post(f"{where}/letter", {"digest": digest(LETTER)})
    with tell("数据局备案生效 · filed, and in effect", "hub"):
        stage.as_("hub").post(f"{where}/file")
    with tell("同行业第二份协议被拒 · a second one for the industry is refused", "operator"):
        again = _negotiated(stage, terms)
        code = stage.as_("operator").refused(f"{again}/finalise", {}, "LIVE_AGREEMENT_EXISTS")
        stage.telling.refusals.append(code)


def _finalised(stage: Stage, terms: dict[str, Any]) -> str:
    """Bring a supply agreement to its final text; too wide a one is refused. Its address."""
    tell = stage.telling.step
    with tell("起草供数协议：一行业一部门一授权 · draft the supply agreement", "operator"):
        where = _negotiated(stage, {**terms, "regions": ["000000"]})
    with tell("超出授权运营协议的，不能定稿 · wider than its parent: refused", "operator"):
        code = stage.as_("operator").refused(f"{where}/finalise", {}, "SCOPE_NOT_COVERED")
        stage.telling.refusals.append(code)
    with tell("收窄到授权范围之内，定稿 · narrowed, then final", "operator"):
        stage.as_("operator").post(f"{where}/terms", {name: terms[name] for name in BOUNDS})
        stage.as_("operator").post(f"{where}/finalise")
    return where


def _negotiated(stage: Stage, terms: dict[str, Any]) -> str:
    drafted = stage.as_("operator").post("/api/agreements", terms)
    where = f"/api/agreements/{drafted['id']}"
    stage.as_("dept.head").post(f"{where}/decide", _decision(stage))
    stage.as_("operator").post(f"{where}/negotiate")
    return where


def _plan(stage: Stage, directory: Directory) -> str:
    """Decide on an implementation plan, have it approved, put it in force; return its id."""
    tell = stage.telling.step
    with tell("编制实施方案 · the agency drafts its implementation plan", "officer"):
        plan = stage.as_("officer").post("/api/plans", _plan_terms(stage, directory))
        where = f"/api/plans/{plan['id']}"
    with tell(
        "“三重一大”集体决策，合法性审查 · decided collectively, legally reviewed", "approver"
    ):
        stage.as_("approver").post(f"{where}/decide", _decision(stage))
    with tell("数据主管部门批准，方案实施 · the authority approves; in force", "regulator"):
        stage.as_("regulator").post(f"{where}/approve")
        stage.as_("approver").post(f"{where}/put-in-force")
    return str(plan["id"])


def _operation(stage: Stage, directory: Directory, plan_id: str) -> str:
    """Make the operation agreement between agency and operator; return its id."""
    tell = stage.telling.step
    with tell("起草授权运营协议：分领域授权 · draft the operation agreement", "officer"):
        terms = _operation_terms(stage, directory, plan_id)
        made = stage.as_("officer").post("/api/operations", terms)
        where = f"/api/operations/{made['id']}"
    with tell("集体决策、磋商、五要素定稿 · decided, negotiated, its elements fixed", "approver"):
        stage.as_("approver").post(f"{where}/decide", _decision(stage))
        stage.as_("officer").post(f"{where}/negotiate")
        stage.as_("officer").post(f"{where}/finalise")
    with tell("实施机构与运营机构签署，提交保密承诺 · both sign; the letter", "operator"):
        stage.as_("approver").post(f"{where}/sign-first")
        stage.as_("operator").post(f"{where}/sign-second")
        stage.as_("hub").refused(f"{where}/file", {}, "LETTER_MISSING")
        stage.as_("operator").post(f"{where}/letter", {"digest": digest(LETTER)})
    with tell("数据局备案，授权运营协议生效 · filed, and in effect", "hub"):
        stage.as_("hub").post(f"{where}/file")
    return str(made["id"])


def _content() -> dict[str, Any]:
    items = [{"unit": "", "grade": "G1", "pi_class": "none", "description": "", **item}
             for item in ITEMS]  # fmt: skip
    return {
        "title_zh": "北京十二站逐小时气象观测（2013.3—2017.2）",
        "title_en": "Hourly weather of twelve stations in Beijing, Mar 2013 – Feb 2017",
        "abstract": "北京十二个站点逐小时气温、气压、露点、降水与风速；UCI 501，CC BY 4.0。",
        "industry": "M74",
        "update_frequency": "static",
        "share_type": "conditional",
        "open_type": "conditional_open",
        "legal_basis": "",
        "spatial": ["110000"],
        "temporal_from": "2013-03-01",
        "temporal_to": "2017-02-28",
        "operation_type": "eligible",
        "keywords": ["气象", "逐小时", "降水", "气温"],
        "format": "database",
        "items": items,
    }


def digest(text: str) -> str:
    """Return what stands for a document of which only the digest is kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def _decision(stage: Stage) -> dict[str, Any]:
    return {
        "meeting_no": "演示〔2026〕第3次党组会",
        "meeting_date": stage.today().isoformat(),
        "resolution_digest": digest("同意"),
        "legal_review_digest": digest("经审查，内容合法。"),
    }


def _term(stage: Stage) -> dict[str, str]:
    today = stage.today()
    return {
        "term_from": today.isoformat(),
        "term_to": today.replace(year=today.year + 3, day=1).isoformat(),
    }


def _plan_terms(stage: Stage, directory: Directory) -> dict[str, Any]:
    return {
        **PLAN,
        "title": "省级气象公共数据授权运营实施方案（演示）",
        "resource_scope": [directory.code],
        **_term(stage),
    }


def elements(*products: str) -> dict[str, Any]:
    """Return the elements of an operation agreement that names these products."""
    words = ("fee_rules", "cost_accounting_rules", "data_security", "pi_protection",
             "change_termination", "breach", "dispute")  # fmt: skip
    told = (
        "执行政府指导价，不高于上限收费标准。", "单独核算授权运营收支。",
        "原始数据不出域；泄露两小时内报告。", "不含个人信息；派生结果不得识别个人。",
        "变更须双方重新签署。", "超范围使用的，暂停直至终止并赔偿。", "向实施机构所在地法院起诉。",
    )  # fmt: skip
    found: dict[str, Any] = dict(zip(words, told, strict=True))
    found["product_list"] = [
        {"name": name, "standard": "汇总粒度不低于十条记录"} for name in products
    ]
    found["asset_ownership"] = {
        "software": "归运营机构所有", "hardware": "归运营机构所有", "derived_data": "按协议约定",
    }  # fmt: skip
    found["exit_handover"] = {
        "data_destruction": "十个工作日内销毁并出具证明", "keys": "交还全部密钥",
        "records": "移交全部操作记录", "transition_days": 60,
    }  # fmt: skip
    return found


def _operation_terms(stage: Stage, directory: Directory, plan_id: str) -> dict[str, Any]:
    return {
        "implementing_agency_id": stage.firm("agency"),
        "operator_id": stage.firm("operator"),
        "plan_id": plan_id,
        "mode": "by_field",
        "items": [
            {"directory_code": directory.code, "item_code": item["code"], "transform": "masked"}
            for item in ITEMS
        ],
        "regions": ["110000", "430000"],
        "output_forms": ["aggregate_report", "score", "masked_record_api"],
        "environments": ["trusted_domain_sandbox"],
        "elements": elements("农业气象指数"),
        **_term(stage),
    }


def _terms(stage: Stage, directory: Directory) -> dict[str, Any]:
    return {
        "department_id": stage.firm("department"),
        "operator_id": stage.firm("operator"),
        "industry": "M74",
        "items": [
            {"directory_code": directory.code, "item_code": item, "transform": "aggregated"}
            for item in OFFERED
        ],
        "regions": ["110000", "430000"],
        "output_forms": ["aggregate_report", "score"],
        "environments": ["trusted_domain_sandbox"],
        "external_permission_checklist": [
            {"permission": each.value, "applies": False} for each in Permission
        ],
        **_term(stage),
    }
