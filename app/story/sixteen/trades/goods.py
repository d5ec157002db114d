"""The goods: one product for each way of charging, its listing, its order, its delivery."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from app.story import entry
from app.story.market import COMPLIANT
from app.story.sixteen.beats import Beat, Scene
from delivery import tasks
from kernel.clock import local_date
from marketplace import orders, products
from marketplace.listings import materials
from marketplace.listings.materials import Material, Paper
from marketplace.uses import Use
from marketplace.versions import Content

LISTED: Final = 50
"""On which day before the end the products are filled in; they are listed three days later."""

MERCHANT, SUBMITTER, BUYER = "merchant", "developer", "buyer"

REVIEWED: Final = (
    ("submit", SUBMITTER), ("pass_formal", "listing"), ("pass_compliance", "compliance"),
    ("pass_security", "security"),
)  # fmt: skip
"""The steps to the publicity, and by whom each is taken."""

STATED: Final = {
    "source_statement": "数据由本公司在自有业务中产生，未混入其他来源，加工过程留有记录。",
    "compliance_statement": "产品内容与流通符合法律法规，不含个人信息，不损害他人合法权益。",
}
"""What the merchant answers for."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One product as its merchant says it. product_type and plan: as the API takes them."""

    title_zh: str
    title_en: str
    intro: str
    product_type: str
    plan: Mapping[str, Any]


def yuan(amount: int) -> dict[str, Any]:
    """Return whole yuan as money is written."""
    return {"minor": amount * 100, "currency": "CNY"}


OFFERS: Final[Mapping[str, Offer]] = {
    "daily": Offer(
        "长沙逐日用电负荷指数", "Daily power load index of Changsha",
        "按行政区汇总的逐日用电负荷指数，不含任何用户信息，用于承保与损失评估的季节校正。",
        "dataset", {"kind": "one_off", "price": yuan(12_000)},
    ),
    "calls": Offer(
        "企业经营状态核验接口", "Company status check, by the call",
        "输入统一社会信用代码，返回登记状态与最近变更日期，按次计费，失败不收费。",
        "api", {"kind": "per_call", "unit": {"e6": 50_000_000, "currency": "CNY"}},
    ),
    "model": Offer(
        "种植险费率模型定制", "A tailored rating model for crop insurance",
        "按承保区域定制费率模型，分方案与交付两个里程碑付款，交付后提供一年参数更新。",
        "model",
        {"kind": "project", "price": yuan(60_000), "milestones": [
            {"share_bp": 4_000, "criterion": "方案经买方书面确认"},
            {"share_bp": 6_000, "criterion": "模型在买方环境中通过回测"},
        ]},
    ),
    "report": Offer(
        "县域农产品流通季报", "Quarterly report on farm produce by county",
        "汇总各县批发市场公开报价与流量的季度报告，价格随使用范围协商。",
        "report", {"kind": "negotiated"},
    ),
    "lot": Offer(
        "2026 年夏季干旱遥感专题集", "Drought images of one summer, a single lot",
        "同一批次仅出让一次的专题数据集，以公开竞价方式成交，含标注与质量说明。",
        "dataset",
        {"kind": "auction", "form": "english", "reserve": yuan(8_000), "step": yuan(500),
         "deposit_bp": 1_000},
    ),
    "tool": Offer(
        "模型训练算力时包", "Hours of compute for training models",
        "在可信域内训练模型的算力时包，适用算力券抵扣，用量逐次留痕。",
        "tool", {"kind": "one_off", "price": yuan(4_000)},
    ),
}  # fmt: skip


def listing(key: str) -> Iterator[Beat]:
    """Yield the listing of a product: filled in by one, submitted, reviewed by two others."""
    name = f"product/{key}"
    yield Beat(name, LISTED, MERCHANT, lambda scene: _fill_in(scene, key))
    for step, who in REVIEWED:
        answers = COMPLIANT if step == "pass_compliance" else {}
        yield Beat(f"{name}/{step}", LISTED, who, _product_step(name, step, answers))


def ordered(
    key: str, product: str, day: int, *, pay_mode: str = "prepaid", then: tuple[Beat, ...] = ()
) -> Iterator[Beat]:
    """Yield an order of one piece, confirmed and signed. then: what comes before the signing."""
    name = f"order/{key}"

    def place(scene: Scene) -> str:
        wanted: Any = [{"product_id": scene.made[f"product/{product}"], "quantity": 1}]
        return orders.place(scene.work, wanted=wanted, use=use(scene), pay_mode=pay_mode).id

    yield Beat(name, day, BUYER, place)
    yield Beat(f"{name}/confirm", day, MERCHANT, order_step(key, "confirm"))
    yield from then
    yield from signed(key, day)


def signed(key: str, day: int, buyer: str = BUYER) -> Iterator[Beat]:
    """Yield the signatures of both parties."""
    name = f"order/{key}"
    for who in (buyer, MERCHANT):
        yield Beat(f"{name}/sign/{who}", day, who,
                   lambda scene: orders.sign(scene.work, scene.made[name]).id)  # fmt: skip


def delivered(key: str, day: int, buyer: str = BUYER) -> Iterator[Beat]:
    """Yield the delivery of an order, and its acceptance on the working day after it."""

    def deliver(scene: Scene) -> None:
        for task in tasks.of_order(scene.work.session, scene.made[f"order/{key}"]):
            tasks.take(scene.work, task.id, "provision")
            tasks.take(scene.work, task.id, "complete")

    yield Beat(f"order/{key}/deliver", day, MERCHANT, deliver)
    yield Beat(f"order/{key}/accept", day - 1, buyer, order_step(key, "accept"))


def order_step(key: str, step: str) -> Callable[[Scene], str]:
    """Take a step of an order that asks nothing."""
    return lambda scene: orders.take(scene.work, scene.made[f"order/{key}"], step).id


def use(scene: Scene) -> Use:
    """Return what the buyers want the data for."""
    return Use(
        field="modern_agriculture",
        purpose_code="weather_insurance",
        purpose_text="种植险定价、承保与理赔核验",
        region="430100",
        period_from=scene.today,
        period_to=scene.today + timedelta(days=365),
    )


def _fill_in(scene: Scene, key: str) -> str:
    made = products.create(scene.work, **_content(OFFERS[key]))
    scene.work.session.flush()  # its documents name it by id alone
    for kind, said in STATED.items():
        materials.state(scene.work, Material(kind), said, product_id=made.id)
    paper = Paper("数据来源证明.pdf", entry.paper("Proof of source"), local_date(scene.work.now))
    materials.file(scene.work, Material.SOURCE_PROOF, paper, product_id=made.id)
    return made.id


def _content(offer: Offer) -> Content:
    return Content(
        title_zh=offer.title_zh,
        title_en=offer.title_en,
        intro=offer.intro,
        product_type=offer.product_type,
        industry="J",
        application_field="financial_services",
        region_coverage=["430100"],
        update_frequency="daily",
        temporal_from=date(2024, 1, 1),
        temporal_to=date(2025, 12, 31),
        grade="G1",
        pi_class="none",
        source_kind="self_produced",
        authorisation_id=None,
        scenario_id=None,
        resource_id=None,
        items=[],
        output_form=None,
        delivery_mode="in_domain",
        price_plan=dict(offer.plan),
        accept_days=7,
        dictionary=[
            {"name": "region", "type": "string", "meaning": "行政区划代码 region"},
            {"name": "day", "type": "date", "meaning": "统计日 day"},
            {"name": "value", "type": "decimal", "meaning": "指数值，基期为 100 index"},
        ],
        sample=[
            {"region": "430102", "day": "2025-07-01", "value": "104.2"},
            {"region": "430104", "day": "2025-07-01", "value": "98.7"},
        ],
        quality=None,
    )


def _product_step(name: str, step: str, answers: Mapping[str, str]) -> Callable[[Scene], str]:
    return lambda scene: products.take(scene.work, scene.made[name], step, **answers).id
