"""Builders of files that list products."""

import csv
import io
from typing import Any

from sqlalchemy.orm import Session

from delivery.intake.uploads import Upload
from delivery.tables.datasets import Dataset, DatasetVersion
from tests.conftest import NOON

COLUMNS = ("station", "rain")


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a row that may be listed."""
    return {
        "code": f"MET{number:04}",
        "title_zh": f"站点 {number} 逐日降雨",
        "title_en": f"Daily rain at station {number}",
        "intro": "每日各站降雨汇总指数，用于农业气象保险的理赔参考与定价。",
        "product_type": "数据集",
        "industry": "M",
        "application_field": "meteorological_services",
        "region_coverage": "430000",
        "update_frequency": "每日",
        "temporal_from": "2013-03-01",
        "temporal_to": "2017-02-28",
        "grade": "G1",
        "price": "12,800.00",
        "dictionary": "station:string:站点;rain:decimal:降雨量 mm",
        "sample": '[{"station": "Dongsi", "rain": 3.5}]',
        **changes,
    }


def written(rows: list[dict[str, Any]], encoding: str = "utf-8-sig") -> bytes:
    """Return rows as CSV."""
    header = list(dict.fromkeys(name for each in rows for name in each))
    text = io.StringIO()
    writer = csv.DictWriter(text, header)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def dataset(
    session: Session, owner_id: str = "org_developer", number: int = 1, **changes: Any
) -> DatasetVersion:
    """Keep a version of a data set of rain, as the intake leaves it."""
    dataset_id = changes.pop("dataset_id", f"dst_{owner_id}")
    upload = Upload(
        id=f"upl_{dataset_id}_{number}",
        state="loaded",
        organisation_id=owner_id,
        dataset_id=dataset_id,
        title="各站降雨",
        name="rain.csv",
        size_bytes=100,
        person_id="per_developer_editor",
        part_bytes=100,
        opened_at=NOON,
    )
    session.add(upload)
    if session.get(Dataset, dataset_id) is None:
        session.add(Dataset(id=dataset_id, owner_id=owner_id, title="各站降雨", made_at=NOON))
    session.flush()  # the version names both by their ids alone
    said: dict[str, Any] = {
        "columns": [
            {"name": "station", "type": "VARCHAR"},
            {"name": "day", "type": "DATE"},
            {"name": "rain", "type": "DECIMAL(5,1)"},
        ],
        "grade": "G1",
        "pi_class": "none",
        "sample": [{"station": "Dongsi", "day": "2013-03-01", "rain": "3.5"}],
        "row_count": 200,
        **changes,
    }
    names = [each["name"] for each in said["columns"]]
    days = {"min": "2013-03-01", "max": "2017-02-28"}
    profile = {
        "rows": 200,
        "duplicates": 2,
        "columns": [
            {**each, "filled": 199, "distinct": 9, **(days if each["type"] == "DATE" else {})}
            for each in said["columns"]
        ],
        "gaps": [],
        "mixed": [[names[0], 6]],
        "latest": {},
        "personal": [],
    }
    made = DatasetVersion(
        id=f"dsv_{dataset_id}_{number}",
        dataset_id=dataset_id,
        number=number,
        delta_version=number - 1,
        upload_id=upload.id,
        format="csv",
        size_bytes=100,
        sha256="0" * 64,
        profile=changes.get("profile", profile),
        loaded_at=NOON,
        **{name: value for name, value in said.items() if name != "profile"},
    )
    session.add(made)
    session.flush()  # products name it by its id alone
    return made
