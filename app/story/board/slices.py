"""The 834 slices: station by element, year and month, airport by month, and six of their own.

What a slice holds is one SELECT over its source, so that the same slice is cut every time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.story.board.sources import BEIJING, NEW_YORK, OTHERS, Source
from delivery.quoting import identifier, literal

STATIONS: Final = {
    "Aotizhongxin": "奥体中心", "Changping": "昌平", "Dingling": "定陵", "Dongsi": "东四",
    "Guanyuan": "官园", "Gucheng": "古城", "Huairou": "怀柔", "Nongzhanguan": "农展馆",
    "Shunyi": "顺义", "Tiantan": "天坛", "Wanliu": "万柳", "Wanshouxigong": "万寿西宫",
}  # fmt: skip
ELEMENTS: Final = {
    "TEMP": "气温", "PRES": "气压", "DEWP": "露点温度", "RAIN": "降水量", "wd": "风向",
    "WSPM": "风速", "PM2.5": "PM2.5", "PM10": "PM10", "SO2": "二氧化硫", "NO2": "二氧化氮",
    "CO": "一氧化碳", "O3": "臭氧",
}  # fmt: skip
YEARS: Final = {2013: "（3—12 月）", 2014: "", 2015: "", 2016: "", 2017: "（1—2 月）"}
AIRPORTS: Final = {"EWR": "纽瓦克", "JFK": "肯尼迪", "LGA": "拉瓜迪亚"}
WHOLE: Final = (
    ("北京 PM2.5 与气象逐小时 2010—2014", "Beijing PM2.5 and weather, hourly, 2010–2014"),
    ("西雅图逐日天气 2012—2015", "Seattle daily weather 2012–2015"),
    ("旧金山逐小时气温 2010", "San Francisco hourly temperature 2010"),
    ("缅因州纽波特海表温度 2016", "Newport (Maine) sea surface temperature 2016"),
    ("内布拉斯加州林肯逐日气温 2016", "Lincoln (Nebraska) daily temperature 2016"),
    ("中国气象站点目录（790 站，无观测值）", "Weather stations of China: 790, no observations"),
)
_FIRST, _LAST = (2013, 3), (2017, 2)
_WHOLE_TERM: Final = "2013.3—2017.2"
_NEAREST: Final = (
    "站名为空气质量监测站名，气象要素取自距其最近的国家气象站，缺测处如实留空，未作插补。"
)


@dataclass(frozen=True, slots=True)
class Slice:
    """One product to be. code: its merchant's own number; price_fen: 0 for nothing."""

    code: str
    zh: str
    en: str
    source: Source
    columns: tuple[str, ...]
    where: str
    price_fen: int
    note: str = ""

    @property
    def select(self) -> str:
        """The SELECT that cuts it out of a table of its source's name."""
        names = ", ".join(map(identifier, self.columns))
        wanted = f" WHERE {self.where}" if self.where else ""
        return f"SELECT {names} FROM {self.source.name}{wanted}"  # noqa: S608 - our own words

    def content(self, prefilled: Mapping[str, Any]) -> dict[str, Any]:
        """Return what its merchant says of it. prefilled: what its data set says itself."""
        plan: dict[str, Any] = {"kind": "free", "reason": "welfare"}
        if self.price_fen:
            price = {"minor": self.price_fen, "currency": "CNY"}
            plan = {"kind": "one_off", "price": price}
        return {
            **prefilled,
            "title_zh": self.zh,
            "title_en": self.en,
            "intro": f"{self.zh}，真实观测数据的一个切片。{self.note}"
            f"来源与许可：{self.source.licence}。",
            "product_type": "dataset",
            "industry": "M",
            "application_field": "meteorological_services",
            "region_coverage": list(self.source.regions),
            "update_frequency": "static",
            "source_kind": "open_data",
            "delivery_mode": "raw_file",
            "price_plan": plan,
            "accept_days": 7,
            "dictionary": [
                {**column, "meaning": self.source.columns[column["name"]]}
                for column in prefilled["dictionary"]
            ],
        }


def every() -> list[Slice]:
    """Return all slices, in the order of their numbers."""
    made = (*_beijing(), *_new_york(), *_others())
    return [Slice(f"MET{number:04}", *told) for number, told in enumerate(made, 1)]


def _beijing() -> Iterator[tuple[Any, ...]]:
    all_of_it = tuple(BEIJING.columns)
    for station, name in STATIONS.items():
        zh, en = f"北京{name}站", f"Beijing {station}, hourly"
        here = f"station = {literal(station)}"
        yield (f"{zh} 逐小时气象与空气质量全要素 {_WHOLE_TERM}",
               f"{en}, all elements, 2013-03 to 2017-02", BEIJING, all_of_it, here, 59_900,
               _NEAREST)  # fmt: skip
        for element, called in ELEMENTS.items():
            yield (f"{zh} 逐小时{called} {_WHOLE_TERM}", f"{en}, {element}, 2013-03 to 2017-02",
                   BEIJING, ("time", element), here, 9_900, _NEAREST)  # fmt: skip
        for year, part in YEARS.items():
            yield (f"{zh} 逐小时全要素 {year} 年{part}", f"{en}, {year}", BEIJING, all_of_it,
                   f"{here} AND year(time) = {year}", 19_900, _NEAREST)  # fmt: skip
        for year, month in _months():
            yield (f"{zh} 逐小时全要素 {year} 年 {month} 月", f"{en}, {year}-{month:02}", BEIJING,
                   all_of_it, f"{here} AND year(time) = {year} AND month(time) = {month}", 990,
                   _NEAREST)  # fmt: skip


def _new_york() -> Iterator[tuple[Any, ...]]:
    for airport, name in AIRPORTS.items():
        for month in range(1, 13):
            yield (f"纽约{name}机场 逐小时气象 2013 年 {month} 月",
                   f"{airport} hourly weather, 2013-{month:02}", NEW_YORK, tuple(NEW_YORK.columns),
                   f"origin = {literal(airport)} AND month = {month}", 0)  # fmt: skip


def _others() -> Iterator[tuple[Any, ...]]:
    for (zh, en), source in zip(WHOLE, OTHERS, strict=True):
        yield zh, en, source, tuple(source.columns), "", 0


def _months() -> Iterator[tuple[int, int]]:
    for place in range(_FIRST[0] * 12 + _FIRST[1] - 1, _LAST[0] * 12 + _LAST[1]):
        yield place // 12, place % 12 + 1
