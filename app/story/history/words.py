"""The words of which the history's names are made: plants, trades, subjects. No firm is real."""

from dataclasses import dataclass
from typing import Final

from kernel.words import Words

CITIES: Final = (
    # division code, share of the firms in a thousand
    ("430100", 470), ("430200", 90), ("430300", 60), ("430400", 55), ("430500", 40),
    ("430600", 60), ("430700", 50), ("430800", 20), ("430900", 35), ("431000", 40),
    ("431100", 25), ("431200", 25), ("431300", 20), ("433100", 10),
)  # fmt: skip
"""The fourteen prefectures."""

PLANTS: Final = tuple(
    Words(*pair.split("="))
    for pair in (  # noqa: SIM905 - easier to read so
        "银杏=Ginkgo 杜仲=Duzhong 香樟=Camphor 木槿=Hibiscus 芙蓉=Furong 兰芷=Orchid "
        "菖蒲=Calamus 紫苏=Perilla 苍术=Atractylis 辛夷=Magnolia 石斛=Dendrobium 白芷=Angelica "
        "青蒿=Artemisia 油茶=Oiltea 黄精=Polygonatum 茯苓=Poria 百合=Lily 苎麻=Ramie "
        "楠竹=Bamboo 枇杷=Loquat 梧桐=Parasol 甘棠=Birchleaf 薜荔=Ficus 蕙草=Sweetgrass "
        "芦苇=Reed 紫薇=Myrtle 合欢=Mimosa 桂花=Osmanthus 栀子=Gardenia 葛根=Kudzu "
        "柑橘=Citrus 乌桕=Tallow 水杉=Metasequoia 玉竹=Solomon 半夏=Pinellia 连翘=Forsythia "
        "忍冬=Honeysuckle 沉香=Agarwood 荆芥=Catmint 茱萸=Cornel 决明=Cassia 泽兰=Eupatorium "
        "车前=Plantain 甘草=Licorice 当归=Danggui 远志=Polygala 丹参=Salvia 厚朴=Houpu "
        "白果=Silverapricot 山茶=Camellia 映山=Azalea 菱角=Caltrop 芡实=Foxnut 莼菜=Brasenia "
        "蒲公英=Dandelion 鸢尾=Iris 萱草=Daylily 蔷薇=Rose 海棠=Crabapple 凌霄=Trumpet"
    ).split()
)
SELLERS: Final = tuple(
    Words(*pair)
    for pair in (("数据", "Data"), ("科技", "Tech"), ("数服", "Services"), ("智算", "Compute"),
                 ("信息", "Info"), ("云链", "Chain"), ("数研", "Labs"), ("空间", "Spatial"))
)  # fmt: skip
BUYERS: Final = tuple(
    Words(*pair)
    for pair in (("银行", "Bank"), ("保险", "Insurance"), ("物流", "Logistics"),
                 ("制造", "Works"), ("医院", "Hospital"), ("农场", "Farms"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trade:
    """One line of business. industry: section of GB/T 4754; weight: of products; worth: of one."""

    industry: str
    field: str
    weight: int
    worth: float
    subjects: tuple[Words, ...]


def _said(text: str) -> tuple[Words, ...]:
    return tuple(Words(*pair.split("=")) for pair in text.split(" · "))


# fmt: off
TRADES: Final = (
    Trade("G", "transport", 13, 1.3, _said(
        "路段车流=Road traffic · 停车泊位=Parking · 货运轨迹=Freight routes"
        " · 公交客流=Bus riders")),
    Trade("J", "financial_services", 12, 1.9, _said(
        "企业经营指数=Business index · 产业链图谱=Supply chains · 抵押物估值=Collateral value")),
    Trade("Q", "medical_health", 9, 1.5, _said(
        "门急诊量=Outpatient visits · 药品流向=Drug flows · 慢病管理=Chronic care")),
    Trade("N", "green_low_carbon", 8, 1.2, _said(
        "碳排放因子=Emission factors · 水质监测=Water quality · 林地变化=Forest change")),
    Trade("C", "industrial_manufacturing", 15, 1.1, _said(
        "设备工况=Machine states · 零部件质检=Parts inspection · 工艺参数=Process settings")),
    Trade("D", "green_low_carbon", 9, 1.4, _said(
        "用电负荷=Power load · 充电桩运行=Charging piles · 光伏出力=Solar output")),
    Trade("A", "modern_agriculture", 8, 0.7, _said(
        "农产品行情=Farm prices · 土壤墒情=Soil moisture · 病虫害=Crop pests")),
    Trade("L", "commerce_circulation", 8, 0.9, _said(
        "商圈客流=Shopping streets · 门店选址=Store sites · 消费结构=Consumption")),
    Trade("R", "cultural_tourism", 5, 0.8, _said(
        "景区客流=Scenic visitors · 住宿预订=Hotel bookings")),
    Trade("S", "urban_governance", 7, 1.0, _said(
        "市政设施=City facilities · 社区服务=Community services · 管网运行=Pipe networks")),
    Trade("I", "sci_tech_innovation", 6, 2.2, _said(
        "训练语料=Training corpus · 图像标注=Labelled images · 语音样本=Speech samples")),
)
# fmt: on

KINDS: Final = (
    # code of the product type, words, weight, ln of an order's yuan, spread
    ("dataset", Words("数据集", "data set"), 38, 12.0, 1.0),
    ("api", Words("数据接口", "API"), 31, 10.6, 0.9),
    ("report", Words("分析报告", "report"), 13, 10.9, 0.8),
    ("service", Words("数据服务", "service"), 13, 12.4, 1.0),
    ("model", Words("模型", "model"), 5, 12.2, 0.9),
)
