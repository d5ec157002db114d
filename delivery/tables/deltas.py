"""Tables as they lie on disk: one Delta table for each data set, one Delta version for each load.

What was delivered under one version stays readable under it (time travel), for each load
replaces the rows and never a file. Tables lie in `tables/<data set>` of the secure domain.
"""

from pathlib import Path
from typing import Final

import duckdb
from deltalake import CommitProperties, DeltaTable, write_deltalake

from delivery.quoting import literal

KEPT: Final = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
"""Properties of every table: whoever cleans its log or its files leaves every version readable.

Without them a writer that makes a checkpoint removes the log of versions older than 30 days.
"""

TARGET_BYTES: Final = 256 << 20
"""Size at which the next file of a table begins: large enough to scan, small enough to send."""


def load(data_dir: Path, dataset_id: str, rows: Path, *, cause: str) -> int:
    """Make the rows of a Parquet file the table's next version; return its Delta version.

    cause: the upload; it is written into the table's log. Costs one pass over the rows, in
    bounded memory. A load that is broken off leaves the table as it was.
    """
    folder = folder_of(data_dir, dataset_id)
    folder.mkdir(parents=True, exist_ok=True)
    _keep_old_versions(folder)
    with duckdb.connect(":memory:") as connection:
        write_deltalake(
            str(folder),
            connection.sql(f"FROM read_parquet({literal(str(rows))})"),
            mode="overwrite",
            schema_mode="overwrite",
            target_file_size=TARGET_BYTES,
            configuration=KEPT,
            commit_properties=CommitProperties(custom_metadata={"upload": cause}),
        )
    return int(DeltaTable(str(folder)).version())


def _keep_old_versions(folder: Path) -> None:
    """Give a table that was begun without the properties above what it lacks."""
    if not DeltaTable.is_deltatable(str(folder)):
        return
    table = DeltaTable(str(folder))
    if not KEPT.items() <= table.metadata().configuration.items():
        table.alter.set_table_properties(dict(KEPT))


def opened(data_dir: Path, dataset_id: str, version: int) -> DeltaTable:
    """Return a table as it stood at a Delta version."""
    return DeltaTable(str(folder_of(data_dir, dataset_id)), version=version)


def folder_of(data_dir: Path, dataset_id: str) -> Path:
    """Return where a table lies. dataset_id: of ours, never a caller's text."""
    return data_dir / "tables" / dataset_id
