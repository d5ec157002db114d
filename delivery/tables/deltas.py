"""Tables as they lie on disk: one Delta table for each data set, one Delta version for each load.

What was delivered under one version stays readable under it (time travel), for each load
replaces the rows and never a file. Tables lie in `tables/<data set>` of the secure domain.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from arro3.io import read_parquet
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake

from delivery.intake import reading
from delivery.locations import logs

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

    cause: the upload; it is written into the table's log. Costs one pass over the rows. The
    memory it takes follows the width of the table more than its length (see decision 26). A
    load that is broken off leaves the table as it was.
    """
    read = read_parquet(rows)
    folder = folder_of(data_dir, dataset_id)
    folder.mkdir(parents=True, exist_ok=True)
    _keep_old_versions(folder)
    write_deltalake(
        str(folder),
        read,
        mode="overwrite",
        schema_mode="overwrite",
        target_file_size=TARGET_BYTES,
        writer_properties=WriterProperties(
            compression="SNAPPY", max_row_group_size=reading.group_rows(len(read.schema.names))
        ),
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


def forget(data_dir: Path, dataset_id: str, version: int, keep: Sequence[int]) -> int:
    """Remove the files of one version that no version of `keep` has; return their bytes.

    The table's log stays, and says what there was. A file that is gone already is no error.
    """
    folder = folder_of(data_dir, dataset_id)
    if not DeltaTable.is_deltatable(str(folder)):
        return 0
    needed = {name for number in keep for name in _files(folder, number)}
    freed = 0
    for name in sorted(_files(folder, version) - needed):
        path = folder / name
        freed += path.stat().st_size if path.exists() else 0
        path.unlink(missing_ok=True)
    return freed


def _files(folder: Path, version: int) -> set[str]:
    table = DeltaTable(str(folder), version=version)
    return {str(told["path"]) for told in logs.actions(table)}


def folder_of(data_dir: Path, dataset_id: str) -> Path:
    """Return where a table lies. dataset_id: of ours, never a caller's text."""
    return data_dir / "tables" / dataset_id
