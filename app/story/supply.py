"""Chapter one: a department publishes a directory, and signs one agreement for its industry."""

import hashlib
from dataclasses import dataclass
from typing import Any

from app.story.stage import Stage

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
OFFERED = ("station", "TEMP", "RAIN", "WSPM")


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
        asked = stage.as_("dept").post("/api/registrations", {"directory_id": made, "years": 3})
        stage.as_("hub").post(f"/api/registrations/{asked['id']}/accept")
        stage.pass_working_days(11)
        stage.until("dept", f"/api/registrations/{asked['id']}", "registered")
    return Directory(made, version["code"], resource)


def agreement(stage: Stage, directory: Directory) -> None:
    """Sign and file the one supply agreement of this department for its industry."""
    tell = stage.telling.step
    with tell("起草供数协议：一行业一部门一授权 · draft the supply agreement", "operator"):
        drafted = stage.as_("operator").post("/api/agreements", _terms(stage, directory))
        where = f"/api/agreements/{drafted['id']}"
        stage.as_("operator").post(f"{where}/finalise")
    with tell("双方签署，提交保密承诺 · both sign; the confidentiality letter", "dept.head"):
        stage.as_("dept.head").post(f"{where}/sign-first")
        stage.as_("operator").post(f"{where}/sign-second")
        digest = hashlib.sha256(LETTER.encode()).hexdigest()
        stage.as_("operator").post(f"{where}/letter", {"digest": digest})
    with tell("数据局备案生效 · filed, and in effect", "hub"):
        stage.as_("hub").post(f"{where}/file")
    with tell("同行业第二份协议被拒 · a second one for the industry is refused", "operator"):
        second = stage.as_("operator").post("/api/agreements", _terms(stage, directory))
        code = stage.as_("operator").refused(
            f"/api/agreements/{second['id']}/finalise", {}, "LIVE_AGREEMENT_EXISTS"
        )
        stage.telling.refusals.append(code)


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


def _terms(stage: Stage, directory: Directory) -> dict[str, Any]:
    today = stage.today()
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
        "term_from": today.isoformat(),
        "term_to": today.replace(year=today.year + 3, day=1).isoformat(),
    }
