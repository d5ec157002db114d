"""Titles of public data, the same in every run: how many one likes, made of real words.

A title is a place, a subject, a thing and a year, as "长沙市岳麓区停车泊位点位信息（2021 年度）".
Words are drawn as they occur in catalogues: a few of them in every third title, most of them
seldom; so some pairs of characters find hundreds of thousands of titles, and some a handful.
"""

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from marketplace.indexing.index import Kind, Said

PLACES: Final = (
    "长沙市", "株洲市", "湘潭市", "衡阳市", "邵阳市", "岳阳市", "常德市", "张家界市", "益阳市",
    "郴州市", "永州市", "怀化市", "娄底市", "湘西土家族苗族自治州",
)  # fmt: skip
REGIONS: Final = tuple(f"43{number:02d}00" for number in (*range(1, 14), 31))
COUNTIES: Final = (
    "", "岳麓区", "芙蓉区", "天心区", "开福区", "雨花区", "望城区", "浏阳市", "宁乡市", "荷塘区",
    "芦淞区", "石峰区", "天元区", "渌口区", "醴陵市", "攸县", "茶陵县", "炎陵县", "雨湖区",
    "岳塘区", "湘乡市", "韶山市", "珠晖区", "雁峰区", "石鼓区", "蒸湘区", "南岳区", "耒阳市",
    "常宁市", "祁东县", "武陵区", "鼎城区", "津市市", "安乡县", "汉寿县", "桃源县", "临澧县",
    "石门县", "永定区", "慈利县",
)  # fmt: skip
SUBJECTS: Final = (
    ("企业登记", "company registration"), ("行政许可", "administrative permit"),
    ("社会保险", "social insurance"), ("不动产登记", "real estate registration"),
    ("公共交通", "public transport"), ("医疗卫生机构", "medical institutions"),
    ("环境空气质量", "ambient air quality"), ("气象观测", "weather observation"),
    ("停车泊位", "parking places"), ("水资源监测", "water monitoring"),
    ("农业生产", "agricultural production"), ("教育资源", "education resources"),
    ("建设用地", "building land"), ("住房公积金", "housing fund"),
    ("道路运输", "road transport"), ("食品经营", "food business"),
    ("药品零售", "pharmacies"), ("电力负荷", "electric load"),
    ("燃气管网", "gas network"), ("供水管网", "water network"),
    ("文化场馆", "cultural venues"), ("旅游景区", "tourist sites"),
    ("森林资源", "forest resources"), ("地质灾害点", "geological hazards"),
    ("安全生产执法", "safety enforcement"), ("消防设施", "fire facilities"),
    ("婚姻登记", "marriage registration"), ("殡葬服务", "funeral services"),
    ("残疾人服务", "services for disabled people"), ("养老机构", "care homes"),
    ("科技项目", "research projects"), ("专利授权", "granted patents"),
    ("信用评价", "credit rating"), ("招标投标", "tenders and bids"),
    ("政府采购", "public procurement"), ("财政预算", "public budget"),
    ("税收收入", "tax revenue"), ("进出口贸易", "foreign trade"),
    ("人口出生", "births"), ("就业失业", "employment"),
    ("内河航道", "inland waterways"), ("水库水位", "reservoir levels"),
    ("土壤墒情", "soil moisture"), ("病虫害监测", "pest monitoring"),
    ("烟草专卖", "tobacco sales"), ("邮政快递", "parcels"),
    ("古树名木", "ancient trees"), ("候鸟迁徙", "bird migration"),
)  # fmt: skip
THINGS: Final = (
    ("数据", "data"), ("信息", "information"), ("统计数据", "statistics"),
    ("基本信息", "basic records"), ("点位信息", "points"), ("行政处罚数据", "penalties"),
    ("逐小时数据", "hourly data"), ("实时数据", "live data"), ("年度报告", "annual report"),
    ("名录", "register"), ("质量评价", "quality assessment"), ("空间分布", "spatial distribution"),
    ("服务设施", "service facilities"), ("预警信号", "warnings"), ("指数", "index"),
    ("轨迹样本", "trajectory sample"),
)  # fmt: skip
KINDS: Final = (Kind.DIRECTORY, Kind.PRODUCT, Kind.ORGANISATION, Kind.DEMAND)
SHARES: Final = (600, 388, 2, 10)
"""In a thousand entries: mostly directories, as many products as can be, few others."""

WORDS: Final = {
    "two characters, common": ("数据", "信息", "气象", "行政"),
    "two characters, rare": ("候鸟", "航道", "烟草", "殡葬"),
    "three and more": ("不动产登记", "公共交通", "张家界市", "逐小时数据", "古树名木"),
    "words that meet": ("气象 数据 岳麓区", "停车 长沙 2021", "候鸟 轨迹", "数据 殡葬 韶山"),
    "Latin": ("hourly", "permit", "migration", "data"),
}
"""What is asked, kind of query → queries."""

SEED: Final = 20_260_701
OWNERS: Final = ("org_dept", "org_developer", "org_operator", "org_roads")
COMMON: Final = (
    ("industry", "ABCDEFGHIJKLMNOPQRS"),
    ("frequency", ("day", "week", "month", "year")),
    ("owner", OWNERS),
)
OF_PRODUCTS: Final = (
    ("grade", ("G1", "G2", "G3")),
    ("mode", ("raw_file", "record_api", "in_domain")),
    ("plan", ("fixed", "metered", "free")),
    ("type", ("data_set", "data_service", "data_report")),
)


def drawn(count: int, *, first: int = 1) -> Iterator[Said]:
    """Yield `count` titles from the `first` on; every third names another subject in its text."""
    chance = random.Random(SEED + first)  # noqa: S311 - the same texts in every run
    subjects, things, counties = map(_seldom, (len(SUBJECTS), len(THINGS), len(COUNTIES)))
    for number in range(first, first + count):
        (kind,) = chance.choices(KINDS, SHARES)
        place = chance.randrange(len(PLACES))
        subject, other = chance.choices(SUBJECTS, cum_weights=subjects, k=2)
        (thing,) = chance.choices(THINGS, cum_weights=things)
        (county,) = chance.choices(COUNTIES, cum_weights=counties)
        year = 2000 + chance.randrange(27)
        yield Said(
            kind=kind,
            subject_id=f"{kind}_{number}",
            owner_id=chance.choice(OWNERS),
            code=f"C{number:07d}",
            title_zh=f"{PLACES[place]}{county}{subject[0]}{thing[0]}（{year} 年度）",
            title_en=f"{subject[1]} {thing[1]} {year}",
            summary=f"可与{other[0]}关联" if number % 3 == 0 else "",
            shown=True,
            facets=_facets(kind, place, chance),
        )


def _seldom(count: int) -> list[float]:
    """Return running weights after Zipf: the n-th word is an n-th as frequent as the first."""
    return list(accumulate(1 / place for place in range(1, count + 1)))


def _facets(kind: Kind, place: int, chance: random.Random) -> frozenset[tuple[str, str]]:
    told = {("region", REGIONS[place])}
    if kind in (Kind.PRODUCT, Kind.DIRECTORY):
        told |= {(name, chance.choice(codes)) for name, codes in COMMON}
    if kind == Kind.PRODUCT:
        told |= {(name, chance.choice(codes)) for name, codes in OF_PRODUCTS}
    return frozenset(told)
