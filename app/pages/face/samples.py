"""The files that the demonstration's samples come from, as data/README.md and NOTICE tell."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kernel.words import Words

FOLDER: Final = Path(__file__).resolve().parents[3] / "data"
_CC_BY: Final = "CC BY 4.0"
_PUBLIC: Final = "public domain"


@dataclass(frozen=True, slots=True)
class Sample:
    """One file, under its true name. path: in FOLDER."""

    path: str
    title: Words
    rows: int
    source: str
    licence: str


FILES: Final = {
    sample.path.rpartition("/")[2]: sample
    for sample in (
        Sample(
            "beijing_weather_hourly.parquet",
            Words("北京十二站逐小时气象", "Hourly weather, twelve sites of Beijing"),
            420_768, "Chen, S. (2019), UCI 501", _CC_BY,
        ),
        Sample(
            "meteorology/beijing_air_hourly.parquet",
            Words("北京十二站逐小时空气质量", "Hourly air quality, twelve sites of Beijing"),
            420_768, "Chen, S. (2019), UCI 501", _CC_BY,
        ),
        Sample(
            "meteorology/beijing_pm25_met_2010_2014.csv.gz",
            Words("北京 PM2.5 与气象", "PM2.5 and weather of one place in Beijing"),
            43_824, "Chen, S. (2017), UCI 381", _CC_BY,
        ),
        Sample(
            "meteorology/nyc_airports_hourly_weather_2013.csv.gz",
            Words("纽约三机场逐小时气象", "Hourly weather at EWR, JFK and LGA"),
            26_115, "nycflights13", "CC0",
        ),
        Sample(
            "meteorology/seattle_daily_weather_2012_2015.csv.gz",
            Words("西雅图逐日天气", "Daily weather of Seattle"), 1_461, "NOAA", _PUBLIC,
        ),
        Sample(
            "meteorology/san_francisco_hourly_temp_2010.csv.gz",
            Words("旧金山逐小时气温", "Hourly temperature of San Francisco"),
            8_759, "NOAA", _PUBLIC,
        ),
        Sample(
            "meteorology/newport_sea_surface_temp_2016.csv.gz",
            Words("纽波特海表温度", "Sea surface temperature at Newport, Maine"),
            19_226, "NERACOOS", "free to use and redistribute",
        ),
        Sample(
            "meteorology/lincoln_ne_daily_weather_2016.csv.gz",
            Words("林肯市逐日气温", "Daily temperature of Lincoln, Nebraska"),
            366, "NOAA", _PUBLIC,
        ),
        Sample(
            "meteorology/weather_stations_cn.csv.gz",
            Words("中国气象站名录（无观测）", "Stations of China, without observations"),
            790, "Meteostat weather-stations", _CC_BY,
        ),
    )
}  # fmt: skip
