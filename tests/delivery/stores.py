"""Builders of tables that merchants keep here, and of deliveries of them."""

from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy.orm import Session

from delivery import tasks
from delivery.intake import uploads
from delivery.intake.uploads import Upload
from delivery.tables import datasets, deltas
from delivery.tables.datasets import DatasetVersion
from delivery.tasks import DeliveryTask
from tests.conftest import NOON, work_of
from tests.delivery import parcels

READINGS = (
    "SELECT i AS id, '站' || (i % 7) AS station, i * 0.5 AS level, "
    "TIMESTAMP '2026-01-01' + i * INTERVAL 1 MINUTE AS seen_at, "
    "DATE '2026-01-01' + CAST(i // 1440 AS INTEGER) AS day FROM range({rows}) t(i)"
)
PEOPLE = (
    "SELECT i AS id, '138' || lpad(CAST(i AS VARCHAR), 8, '0') AS phone, i % 5 AS visits "
    "FROM range({rows}) t(i)"
)
SAMPLED = {
    "id": "2",
    "station": "站2",
    "level": "1.0",
    "seen_at": "2026-01-01 00:02:00",
    "day": "2026-01-01",
}
"""A row of the readings."""

PHONE = {"column": "phone", "kind": "mobile", "share_bp": 10_000, "headed": True}


def stored(
    session: Session,
    data_dir: Path,
    *,
    rows: int = 1000,
    made_by: str = READINGS,
    personal: tuple[dict[str, Any], ...] = (),
    measured: tuple[dict[str, Any], ...] = (),
    dataset_id: str = "dst_1",
    at: Any = NOON,
) -> DatasetVersion:
    """Load a table made by a SELECT as the next version of a data set."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = data_dir / "made.parquet"
    with duckdb.connect() as connection:
        made = made_by.format(rows=rows)
        connection.execute(f"COPY ({made}) TO '{file}' (ROW_GROUP_SIZE 20000)")
        columns = connection.execute(f"DESCRIBE FROM '{file}'").fetchall()
    work = work_of(session, "system", at=at)
    upload = _upload(session, dataset_id, file.stat().st_size)
    found = {
        "shape": {
            "format": "parquet",
            "rows": rows,
            "columns": [(name, kind.lower()) for name, kind, *_ in columns],
        },
        "profile": {
            "personal": list(personal),
            "columns": list(measured),
            "latest": {one["name"]: one["max"] for one in measured if one["type"] == "DATE"},
            "duplicates": 0,
            "gaps": [],
            "mixed": [],
        },
        "sample": [SAMPLED],
    }
    version = deltas.load(data_dir, dataset_id, file, cause=upload.id)
    file.unlink()
    loaded = datasets.load(work, upload, found, delta_version=version, sha256="0" * 64)
    session.flush()
    return loaded


def _upload(session: Session, dataset_id: str, size: int) -> Upload:
    number = session.query(Upload).count()
    made = Upload(
        id=f"upl_{dataset_id}_{number}",
        state=uploads.State.LOADED,
        organisation_id="org_developer",
        person_id="per_developer_signer",
        name="readings.parquet",
        title="水位",
        size_bytes=size,
        part_bytes=8 << 20,
        dataset_id=dataset_id,
        opened_at=NOON,
    )
    session.add(made)
    session.flush()
    return made


def delivered(
    session: Session, version: DatasetVersion | None, *, open_: bool = True, **changes: Any
) -> DeliveryTask:
    """Open the delivery of a version to its buyer, provisioned unless told otherwise."""
    given: dict[str, Any] = {
        "mode": "raw_file",
        "grade": "G1",
        "items": [],
        "output_form": None,
        "dataset_version_id": version.id if version else None,
        **changes,
    }
    task = tasks.open_for(
        work_of(session, "system"), order_id="ord_1", lines=[parcels.line(None, None, **given)]
    )[-1]
    session.flush()
    return parcels.provisioned(session, task) if open_ else task


def rows_of(path: Path) -> int:
    """Return how many rows a Parquet file has."""
    with duckdb.connect() as connection:
        return int(connection.execute(f"SELECT count(*) FROM '{path}'").fetchall()[0][0])
