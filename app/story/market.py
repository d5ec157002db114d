"""Chapter four: a product on the meteorological board, an order, the data, its acceptance."""

from datetime import timedelta
from typing import Any

from app.story.stage import Stage
from app.story.supply import Directory

PRICE_FEN = 12_800_001
"""128,000.01 yuan: an amount that no share divides evenly."""

READ = {"since": "2016-06-01", "until": "2016-08-31", "stations": ["Dingling", "Huairou"],
        "limit": 500}  # fmt: skip


BOARD: Any = {
    "code": "meteo",
    "name_zh": "气象数据交易专板",
    "name_en": "Meteorological board",
    "industry": "M",
    "rules_zh": "气象部门供数，按场景放行；每个产品注明站点、时段与缺测率。",
    "rules_en": "Supplied by the weather department and released by scenario; every product "
    "names its stations, period and missing rate.",
}
"""What is said of the meteorological board."""

COMPLIANT = dict.fromkeys(("parties", "source", "content", "tradability"), "pass")
"""How the officer passes the four dimensions of compliance."""

STATED = {
    "source_statement": "数据来自公共数据授权，取得方式与范围以授权证书为准，未混入其他来源。",
    "compliance_statement": "产品内容与流通符合法律法规，不含个人信息，不损害国家与公共利益。",
}
"""What the merchant answers for."""

DICTIONARY = (
    ("station", "string", "站点 station"),
    ("date", "date", "统计期首日 first day of the period"),
    ("item", "string", "信息项：TEMP 气温（℃），RAIN 降水量（mm）"),
    ("count", "integer", "有效观测数 observations"),
    ("min", "decimal", "最小值 least"),
    ("mean", "decimal", "平均值 mean"),
    ("max", "decimal", "最大值 most"),
    ("sum", "decimal", "累计值 sum"),
)


def listing(
    stage: Stage, directory: Directory, scenario_id: str, authorisation: dict[str, Any]
) -> str:
    """List a product, reviewed by three different people; returns its id."""
    tell = stage.telling.step
    with tell("开设气象专板 · the meteorological board", "listing"):
        opened = stage.as_("listing").post("/api/boards", board(stage))
    with tell("数商填报产品 · the merchant describes a product", "merchant"):
        said = product(stage, directory, scenario_id, authorisation)
        made = stage.as_("merchant").post("/api/products", said)
        state(stage, made["id"])
        where = f"/api/products/{made['id']}"
        stage.as_("developer").post(f"{where}/submit")
    with tell("形式、合规、安全审查由三人完成 · reviewed by three people", "compliance"):
        stage.as_("listing").post(f"{where}/pass-formal")
        stage.as_("compliance").post(f"{where}/pass-compliance", COMPLIANT)
        stage.as_("security").post(f"{where}/pass-security")
    with tell("公示三个工作日后挂牌并入板 · listed after publicity, on the board", "listing"):
        stage.pass_working_days(4)
        stage.until("merchant", where, "listed")
        stage.as_("listing").post(f"/api/boards/{opened['id']}/products",
                                  {"product_id": made["id"]})  # fmt: skip
    return str(made["id"])


def state(stage: Stage, product_id: str) -> None:
    """State where the product's data comes from, and that it is lawful."""
    for kind, said in STATED.items():
        stage.as_("developer").post(
            "/api/materials/statements", {"kind": kind, "product_id": product_id, "said": said}
        )


def order(stage: Stage, product_id: str) -> dict[str, Any]:
    """Order, confirm, sign on both sides; returns the order awaiting payment."""
    tell, today = stage.telling.step, stage.today()
    with tell("保险公司下单，写明使用场景 · the insurer orders, naming its use", "buyer"):
        placed = stage.as_("buyer").post(
            "/api/orders",
            {
                "lines": [{"product_id": product_id, "quantity": 1}],
                "use_scenario": {
                    "field": "modern_agriculture",
                    "purpose_code": "weather_insurance",
                    "purpose_text": "种植险降水与低温指数的定价与理赔",
                    "region": "110000",
                    "period_from": today.isoformat(),
                    "period_to": (today + timedelta(days=180)).isoformat(),
                },
            },
        )
    where = f"/api/orders/{placed['id']}"
    with tell("数商确认，双方签署合同 · confirmed; both sign the contract", "merchant"):
        stage.as_("merchant").post(f"{where}/confirm")
        stage.as_("buyer").post(f"{where}/sign")
        stage.as_("merchant").post(f"{where}/sign")
        return stage.until("buyer", where, "awaiting_payment")  # type: ignore[no-any-return]  # JSON


def delivery(stage: Stage, order: dict[str, Any]) -> str:
    """Deliver within the scope, and refuse what is outside it; returns the task's id."""
    tell = stage.telling.step
    with tell("交付开通 · delivery provisioned", "merchant"):
        stage.until("buyer", f"/api/orders/{order['id']}", "in_delivery")
        (task,) = stage.as_("buyer").get("/api/deliveries", order_id=order["id"])["items"]
        where = f"/api/deliveries/{task['id']}"
        stage.as_("merchant").post(f"{where}/provision")
    with tell("精算师读取逐日统计，域内计算 · daily statistics, computed in-domain", "analyst"):
        read = stage.as_("analyst").post(f"{where}/reads", reading("weather_insurance"))
        if not read["rows"]:
            raise ValueError("nothing was delivered")
    with tell("换一个用途读取，被拒 · a read for another purpose is refused", "analyst"):
        stage.telling.refusals.append(
            stage.as_("analyst").refused(
                f"{where}/reads", reading("credit_risk_control"), "PURPOSE_MISMATCH"
            )
        )
    with tell("交付完成 · delivered", "merchant"):
        stage.as_("merchant").post(f"{where}/complete")
        stage.until("buyer", f"/api/orders/{order['id']}", "pending_acceptance")
    return str(task["id"])


def acceptance(stage: Stage, order: dict[str, Any]) -> None:
    """Accept: from now on the trade counts."""
    with stage.telling.step("验收 · accepted", "buyer"):
        stage.as_("buyer").post(f"/api/orders/{order['id']}/accept")


def reading(purpose: str) -> dict[str, Any]:
    """Return the body of one read for `purpose`."""
    return {
        "purpose_code": purpose,
        "items": ["TEMP", "RAIN"],
        "output_form": "aggregate_report",
        "region": "110000",
        **READ,
    }


def board(stage: Stage) -> dict[str, Any]:
    """Return what the meteorological board is opened with."""
    return {
        **BOARD,
        "sponsor_id": stage.firm("department"),
        "curator_id": stage.firm("exchange"),
    }


def product(
    stage: Stage, directory: Directory, scenario_id: str, authorisation: dict[str, Any]
) -> dict[str, Any]:
    """Return what the merchant says of its product, with a sample computed in-domain."""
    sample = stage.as_("merchant").post(
        "/api/samples",
        {
            "authorisation_id": authorisation["id"],
            "resource_id": directory.resource["id"],
            "items": ["TEMP", "RAIN"],
        },
    )
    return {
        "title_zh": "北京十二站逐日农业气象指数（2013.3—2017.2）",
        "title_en": "Daily agro-weather index of twelve Beijing stations, 2013–2017",
        "intro": "逐站逐日气温最低、平均、最高与降水累计，由逐小时观测在安全域内汇总而成，"
        "用于种植险的指数定价与理赔触发。",
        "product_type": "dataset",
        "industry": "M",
        "application_field": "modern_agriculture",
        "region_coverage": ["110000"],
        "update_frequency": "static",
        "temporal_from": "2013-03-01",
        "temporal_to": "2017-02-28",
        "grade": "G1",
        "pi_class": "none",
        "source_kind": "public_authorised",
        "authorisation_id": authorisation["id"],
        "scenario_id": scenario_id,
        "resource_id": directory.resource["id"],
        "items": [{"directory": directory.code, "item": item} for item in ("TEMP", "RAIN")],
        "output_form": "aggregate_report",
        "delivery_mode": "in_domain",
        "price_plan": {"kind": "one_off", "price": {"minor": PRICE_FEN, "currency": "CNY"}},
        "accept_days": 7,
        "dictionary": [
            {"name": name, "type": kind, "meaning": meaning} for name, kind, meaning in DICTIONARY
        ],
        "sample": sample["rows"],
    }
