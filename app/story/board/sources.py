"""The real files that the board's products are slices of, and what their columns mean.

Where each comes from, and under which licence, stands in data/README.md. Nothing is renamed
to another place, and nothing was filled in.
"""

from dataclasses import dataclass
from typing import Final

from config.settings import HOUSE
from delivery.quoting import literal

FOLDER: Final = HOUSE / "data"


@dataclass(frozen=True, slots=True)
class Source:
    """One file or two. rows: what is selected from; licence: as it is told to a buyer.

    columns: name → its meaning, in both languages. frequency: at which it was observed.
    """

    name: str
    rows: str
    licence: str
    columns: dict[str, str]
    regions: tuple[str, ...] = ()


def _csv(name: str, **more: str) -> str:
    path = literal(str(FOLDER / "meteorology" / f"{name}.csv.gz"))
    told = "".join(f", {key}={value}" for key, value in more.items())
    return f"SELECT * FROM read_csv({path}{told})"  # noqa: S608 - our own files


_JOINED: Final = (
    'SELECT station, time, air."PM2.5", air."PM10", air."SO2", air."NO2", air."CO", air."O3", '
    '"TEMP", "PRES", "DEWP", "RAIN", wd, "WSPM" '
    "FROM read_parquet({weather}) JOIN read_parquet({air}) AS air USING (station, time)"
)


def _beijing() -> str:
    weather = literal(str(FOLDER / "beijing_weather_hourly.parquet"))
    air = literal(str(FOLDER / "meteorology" / "beijing_air_hourly.parquet"))
    return _JOINED.format(weather=weather, air=air)


# fmt: off
BEIJING: Final = Source(
    "beijing", _beijing(),
    "UCI Machine Learning Repository 501（Chen S., 2019），CC BY 4.0",
    {
        "time": "观测时间（北京时间） hour of the observation, UTC+8",
        "PM2.5": "细颗粒物浓度 fine particles, µg/m³",
        "PM10": "可吸入颗粒物浓度 inhalable particles, µg/m³",
        "SO2": "二氧化硫浓度 sulphur dioxide, µg/m³",
        "NO2": "二氧化氮浓度 nitrogen dioxide, µg/m³",
        "CO": "一氧化碳浓度 carbon monoxide, µg/m³",
        "O3": "臭氧浓度 ozone, µg/m³",
        "TEMP": "气温 air temperature, °C",
        "PRES": "气压 air pressure, hPa",
        "DEWP": "露点温度 dew point, °C",
        "RAIN": "小时降水量 precipitation of the hour, mm",
        "wd": "风向（十六方位） wind direction, one of sixteen",
        "WSPM": "风速 wind speed, m/s",
    },
    ("110000",),
)
NEW_YORK: Final = Source(
    "new_york", _csv("nyc_airports_hourly_weather_2013", nullstr="'NA'",
                     types="{'time_hour': 'TIMESTAMP'}"),
    "nycflights13（观测来自 ASOS），CC0",
    {
        "origin": "机场代码 airport", "year": "年 year", "month": "月 month", "day": "日 day",
        "hour": "时 hour", "temp": "气温 temperature, °F", "dewp": "露点温度 dew point, °F",
        "humid": "相对湿度 relative humidity, %", "wind_dir": "风向 wind direction, °",
        "wind_speed": "风速 wind speed, mph", "wind_gust": "阵风 gust, mph",
        "precip": "降水量 precipitation, inch", "pressure": "海平面气压 pressure, mbar",
        "visib": "能见度 visibility, mile", "time_hour": "整点时间 hour, UTC",
    },
)
OTHERS: Final = (
    Source(
        "beijing_2010", _csv("beijing_pm25_met_2010_2014", nullstr="'NA'"),
        "UCI Machine Learning Repository 381（Chen S., 2017），CC BY 4.0",
        {
            "No": "序号 number of the row", "year": "年 year", "month": "月 month",
            "day": "日 day", "hour": "时 hour", "pm2.5": "细颗粒物浓度 fine particles, µg/m³",
            "DEWP": "露点温度 dew point, °C", "TEMP": "气温 temperature, °C",
            "PRES": "气压 pressure, hPa", "cbwd": "组合风向 combined wind direction",
            "Iws": "累计风速 cumulated wind speed, m/s", "Is": "累计降雪小时 hours of snow",
            "Ir": "累计降雨小时 hours of rain",
        },
        ("110000",),
    ),
    Source(
        "seattle", _csv("seattle_daily_weather_2012_2015"), "NOAA，公有领域 public domain",
        {
            "date": "日期 day", "precipitation": "降水量 precipitation, mm",
            "temp_max": "最高气温 highest temperature, °C",
            "temp_min": "最低气温 lowest temperature, °C", "wind": "平均风速 mean wind, m/s",
            "weather": "天气类型 kind of weather",
        },
    ),
    Source(
        "san_francisco", _csv("san_francisco_hourly_temp_2010"), "NOAA，公有领域 public domain",
        {"temp": "气温 temperature, °F", "date": "时间 hour"},
    ),
    Source(
        "newport", _csv("newport_sea_surface_temp_2016", types="{'time (UTC)': 'TIMESTAMP'}"),
        "NERACOOS，可自由使用与再分发 free to use and redistribute",
        {
            "time (UTC)": "观测时间（UTC） time of the observation",
            "temperature (celsius)": "海表温度 sea surface temperature, °C",
        },
    ),
    Source(
        "lincoln", _csv("lincoln_ne_daily_weather_2016"), "NOAA，公有领域 public domain",
        {
            "STATION": "站号 station", "NAME": "站名 name of the station", "DATE": "日期 day",
            "TMAX": "最高气温 highest temperature, °F",
            "TMIN": "最低气温 lowest temperature, °F",
        },
    ),
    Source(
        "stations", _csv("weather_stations_cn",
                         types="{'id': 'VARCHAR', 'wmo': 'VARCHAR', 'usaf': 'VARCHAR'}"),
        "Meteostat weather-stations，CC BY 4.0",
        {
            "id": "站点标识 identifier", "name_en": "英文站名 English name",
            "name_zh": "中文站名 Chinese name", "country": "国家 country",
            "region": "省级行政区 province", "wmo": "WMO 站号 WMO number",
            "icao": "ICAO 代码 ICAO code", "ghcn": "GHCN 编号 GHCN number",
            "usaf": "USAF 编号 USAF number", "lat": "纬度 latitude, °",
            "lon": "经度 longitude, °", "elev_m": "海拔 elevation, m", "tz": "时区 time zone",
        },
        ("100000",),
    ),
)
# fmt: on
"""The files of which one product each is made, in the order of their numbers."""
