"""PySpark reads the .share profile that every other client reads, until the right ends."""

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from app.unit import Exchange
from config.settings import HOUSE
from delivery import tasks
from tests.app.sharing.conftest import Shared, address, readings, shared
from tests.conftest import work_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["address", "shared"]

pytestmark = [pytest.mark.spark, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def spark() -> Iterator["SparkSession"]:
    """Start Spark on this machine, with a source that it knows by its name."""
    from pyspark.sql import SparkSession

    from databourse_client.spark import Share

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HOUSE), prepend=":")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
        session.dataSource.register(Share)
        yield session
        session.stop()


def test_a_share_is_a_table_of_spark_until_the_right_is_suspended(
    spark: "SparkSession", application: Exchange, shared: Shared
) -> None:
    profile, task_id = shared(readings())
    source = spark.read.format("databourse").option("profile", profile)

    table = source.load()
    kinds = {each.name: each.dataType.simpleString() for each in table.schema.fields}
    totals = table.groupBy("station").count().collect()
    first = table.orderBy("id").first()
    named = source.option("table", f"{task_id.lower()}.data.rows").load().count()
    with application.house.engines.writing() as session:
        work = work_of(session, "per_hub_supervisor")
        tasks.take(work, task_id, "suspend", reason="监管要求")
        session.commit()

    assert kinds["id"] == "bigint"
    assert sum(each["count"] for each in totals) == named == 1000
    assert first is not None
    assert (first["id"], first["seen_at"]) == (0, datetime(2026, 1, 1))  # noqa: DTZ001 - as it lies, without a zone
    with pytest.raises(Exception, match="NOT_OPEN"):
        source.load().count()


def test_whoever_names_no_profile_or_no_table_is_told(
    spark: "SparkSession", shared: Shared
) -> None:
    profile, _ = shared(readings())
    source = spark.read.format("databourse")

    with pytest.raises(Exception, match="name a profile"):
        source.load()
    with pytest.raises(Exception, match=r"share\.schema\.table"):
        source.option("profile", profile).option("table", "rows").load()
