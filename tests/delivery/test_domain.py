"""The secure domain: opens one file, answers with aggregates, hides small groups."""

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from delivery import domain
from delivery.domain import By, Cut, NotMounted
from kernel.errors import Invalid

REAL = Path(__file__).parents[2] / "data"
WEATHER = "beijing_weather_hourly.parquet"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes a query's rows as a file of a domain of its own."""

    def written(query: str, *, location: str = "small.parquet", folder: str = "domain") -> Path:
        data_dir = tmp_path / folder
        data_dir.mkdir(exist_ok=True)
        path = str(data_dir / location).replace("'", "''")
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
        return data_dir

    return written


def hours(count: int, *, station: str = "A", day: str = "2020-01-01", value: str = "h") -> str:
    """Return a query of so many hourly observations on one day."""
    return (
        f"SELECT '{station}' AS station, TIMESTAMP '{day}' + to_hours(h::INT) AS time, "
        f"CAST({value} AS DOUBLE) AS temp, 'N' AS wind, 7 AS calm FROM range({count}) r(h)"
    )


def cut(*items: str, **changes: Any) -> Cut:
    """Return the question of the tests, with what is changed."""
    asked = {"since": date(2020, 1, 1), "until": date(2020, 12, 31), "limit": 100}
    return Cut(**{"items": items or ("temp",), **asked, **changes})


def test_a_profile_tells_rows_columns_and_what_is_missing(write: Write) -> None:
    data_dir = write(f"{hours(3)} UNION ALL SELECT 'B', NULL, NULL, 'S', 7")

    profile = domain.inspect(data_dir, "small.parquet")

    content = (data_dir / "small.parquet").read_bytes()
    assert profile == {
        "rows": 4,
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
        "columns": [
            {"name": "station", "type": "string", "missing_bp": 0},
            {"name": "time", "type": "datetime", "missing_bp": 2500},
            {"name": "temp", "type": "decimal", "missing_bp": 2500},
            {"name": "wind", "type": "string", "missing_bp": 0},
            {"name": "calm", "type": "integer", "missing_bp": 0},
        ],
    }


def test_a_file_without_rows_misses_nothing(write: Write) -> None:
    data_dir = write(hours(0))

    profile = domain.inspect(data_dir, "small.parquet")

    assert profile["rows"] == 0
    assert {column["missing_bp"] for column in profile["columns"]} == {0}


def test_a_type_that_is_no_measure_is_called_binary(write: Write) -> None:
    data_dir = write("SELECT [1, 2] AS list, 1.5::DECIMAL(9, 2) AS price")

    profile = domain.inspect(data_dir, "small.parquet")

    assert [column["type"] for column in profile["columns"]] == ["binary", "decimal"]


def test_the_real_weather_has_the_profile_that_its_papers_give() -> None:
    profile = domain.inspect(REAL, WEATHER)

    assert profile["rows"] == 420_768
    assert profile["bytes"] == 1_982_252
    assert [column["name"] for column in profile["columns"]] == [
        "station", "time", "TEMP", "PRES", "DEWP", "RAIN", "wd", "WSPM",
    ]  # fmt: skip
    assert all(column["missing_bp"] <= 43 for column in profile["columns"])


def test_real_weather_is_aggregated_by_station_and_day() -> None:
    asked = cut(
        "TEMP", "RAIN", since=date(2013, 7, 1), until=date(2013, 7, 1), stations=("Dongsi",)
    )

    found = domain.aggregate(REAL, WEATHER, asked, group_size_min=10)

    assert found.rows == [
        {
            "station": "Dongsi", "date": "2013-07-01", "item": "RAIN", "count": 24,
            "min": 0.0, "mean": 0.9, "max": 8.2, "sum": 21.7,
        },
        {
            "station": "Dongsi", "date": "2013-07-01", "item": "TEMP", "count": 24,
            "min": 23.0, "mean": 24.88, "max": 26.8, "sum": 597.1,
        },
    ]  # fmt: skip
    assert (found.suppressed, found.more) == (0, False)


def test_a_sample_of_real_weather_is_monthly_and_bounded() -> None:
    rows = domain.sample(REAL, WEATHER, items=["TEMP", "RAIN"], group_size_min=10)

    assert len(rows) == domain.SAMPLE_MAX
    assert {row["date"][-2:] for row in rows} == {"01"}
    assert rows[0]["count"] > 700


def test_small_groups_are_dropped_and_counted(write: Write) -> None:
    data_dir = write(
        " UNION ALL ".join([hours(10), hours(9, station="B"), hours(12, value="NULL", station="C")])
    )

    found = domain.aggregate(data_dir, "small.parquet", cut("temp"), group_size_min=10)

    assert [(row["station"], row["count"], row["mean"]) for row in found.rows] == [("A", 10, 4.5)]
    assert found.suppressed == 2


def test_numbers_that_are_none_are_not_observations(write: Write) -> None:
    nothing = hours(5, value="'NaN'::DOUBLE")
    data_dir = write(f"{hours(10)} UNION ALL {nothing}")

    found = domain.aggregate(data_dir, "small.parquet", cut("temp"), group_size_min=10)

    assert [(row["count"], row["max"]) for row in found.rows] == [(10, 9.0)]


def test_the_limit_says_that_there_is_more(write: Write) -> None:
    data_dir = write(f"{hours(20)} UNION ALL {hours(20, station='B')}")

    some = domain.aggregate(data_dir, "small.parquet", cut(limit=1), group_size_min=10)
    everything = domain.aggregate(data_dir, "small.parquet", cut(limit=2), group_size_min=10)

    assert [(len(found.rows), found.more) for found in (some, everything)] == [
        (1, True),
        (2, False),
    ]


def test_a_cut_has_its_stations_and_both_its_days(write: Write) -> None:
    days = [hours(24, day=f"2020-02-0{day}", station=name) for day in (1, 2, 3) for name in "AB"]
    data_dir = write(" UNION ALL ".join(days))
    asked = cut(since=date(2020, 2, 2), until=date(2020, 2, 3), stations=["B"])

    found = domain.aggregate(data_dir, "small.parquet", asked, group_size_min=10)

    assert [(row["station"], row["date"]) for row in found.rows] == [
        ("B", "2020-02-02"),
        ("B", "2020-02-03"),
    ]


@pytest.mark.parametrize(
    ("since", "until", "pointer"),
    [
        (date(2020, 1, 2), date(2020, 1, 31), "/since"),
        (date(2020, 1, 1), date(2020, 1, 30), "/until"),
    ],
)
def test_months_are_told_whole_or_not_at_all(
    write: Write, since: date, until: date, pointer: str
) -> None:
    data_dir = write(hours(24))

    with pytest.raises(Invalid) as wrong:
        domain.aggregate(
            data_dir,
            "small.parquet",
            cut(since=since, until=until, by=By.MONTH),
            group_size_min=10,
        )

    assert wrong.value.pointer == pointer


@pytest.mark.parametrize(
    "items",
    [
        ("wind",),  # is no number
        ("station",),
        ("gone",),
        ("TEMP",),  # not the file's own spelling
        ('temp" FROM x; --',),
        ("temp", "temp"),  # observations counted twice would fill a small group
    ],
)
def test_items_are_the_file_s_own_numbers_each_once(write: Write, items: tuple[str, ...]) -> None:
    data_dir = write(hours(24))

    with pytest.raises(Invalid) as wrong:
        domain.aggregate(data_dir, "small.parquet", cut(*items), group_size_min=10)

    assert wrong.value.pointer == "/items"


def test_names_and_values_with_quotes_are_only_names_and_values(write: Write) -> None:
    query = hours(24, station="O''Hare").replace("AS temp", 'AS "t""e\'m"')
    data_dir = write(query, folder="o'domain")
    asked = cut("t\"e'm", stations=["O'Hare"])

    found = domain.aggregate(data_dir, "small.parquet", asked, group_size_min=10)
    nothing = domain.aggregate(
        data_dir, "small.parquet", cut("t\"e'm", stations=["' OR 1=1"]), group_size_min=10
    )

    assert [(row["station"], row["item"]) for row in found.rows] == [("O'Hare", "t\"e'm")]
    assert nothing.rows == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1.5 AS temp",
        "SELECT 'A' AS station, 1.5 AS temp",
        "SELECT 'A' AS station, '2020' AS time, 1.5 AS temp",
    ],
)
def test_a_file_without_station_and_time_cannot_be_aggregated(write: Write, query: str) -> None:
    data_dir = write(query)

    with pytest.raises(Invalid, match="station and time"):
        domain.aggregate(data_dir, "small.parquet", cut("temp"), group_size_min=10)


def test_what_is_not_mounted_is_not_read(write: Write, tmp_path: Path) -> None:
    data_dir = write(hours(24), location="other.parquet")
    (data_dir / "broken.parquet").write_bytes(b"PAR1 no more")
    (data_dir / "link.parquet").symlink_to(data_dir / "other.parquet")
    (data_dir / "folder.parquet").mkdir()

    for location in ("gone", "broken", "link", "folder"):
        with pytest.raises(NotMounted):
            domain.aggregate(data_dir, f"{location}.parquet", cut("temp"), group_size_min=10)
        with pytest.raises(Invalid) as wrong:
            domain.inspect(data_dir, f"{location}.parquet")
        assert wrong.value.pointer == "/location"
    with pytest.raises(Invalid):
        domain.inspect(data_dir, "../domain/other.parquet")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM read_csv('/etc/hostname')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/out.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '8GB'",
        "SET enable_external_access = true",
        "RESET allowed_paths",
    ],
)
def test_the_room_is_locked_from_inside(write: Write, tmp_path: Path, statement: str) -> None:
    write(hours(24), location="other.parquet")
    data_dir = write(hours(24))
    told = statement.format(other=data_dir / "other.parquet", folder=tmp_path)

    with (
        pytest.raises(NotMounted) as refused,
        domain._mounted(data_dir, "small.parquet") as (connection, _path),
    ):
        connection.execute(told)

    assert isinstance(refused.value.__cause__, duckdb.Error)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["domain"]
