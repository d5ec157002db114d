"""Copies of tables, cut to what somebody has bought: made once for each version and scope.

A table of which everything was bought, unmasked, is served as it lies. Copies lie in
`scoped/<data set version>/<scope>` of the secure domain, and are made anew when removed.
"""

import shutil
import tempfile
from pathlib import Path
from threading import Lock
from typing import Final

import duckdb
from deltalake import write_deltalake

from delivery.quoting import literal
from delivery.tables import deltas, snapshots
from delivery.tables.datasets import DatasetVersion
from delivery.tables.scopes import Scope
from delivery.tables.snapshots import Snapshot

MEMORY: Final = "512MB"

_making: Final = Lock()


def snapshot(data_dir: Path, version: DatasetVersion, scope: Scope) -> Snapshot:
    """Return what of a version lies in a scope, with its files; makes the copy where it is needed.

    The first time it costs one pass over the rows, in bounded memory; afterwards nothing.
    Two who come at once make it once in a process, and in two processes the first counts.
    """
    if scope.whole:
        folder = deltas.folder_of(data_dir, version.dataset_id)
        return snapshots.read(folder, version.delta_version)
    folder = data_dir / "scoped" / version.id / scope.digest
    if not folder.is_dir():
        with _making:
            if not folder.is_dir():
                _make(data_dir, version, scope, folder)
    return snapshots.read(folder, 0)


def source(data_dir: Path, version: DatasetVersion) -> list[Path]:
    """Return the Parquet files in which a version lies, in order."""
    folder = deltas.folder_of(data_dir, version.dataset_id)
    return [piece.path for piece in snapshots.read(folder, version.delta_version).pieces]


def selection(data_dir: Path, version: DatasetVersion, scope: Scope) -> str:
    """Return the SQL that selects what lies in a scope, from the version's own files."""
    files = ", ".join(literal(str(path)) for path in source(data_dir, version))
    return f"SELECT {scope.selected()} FROM read_parquet([{files}])"  # noqa: S608 - own files, names quoted


def _make(data_dir: Path, version: DatasetVersion, scope: Scope, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=folder.parent, prefix="making-"))
    try:
        with duckdb.connect(":memory:", config={"memory_limit": MEMORY}) as connection:
            connection.execute(f"SET temp_directory = {literal(str(making / 'spill'))}")
            write_deltalake(
                str(making / "table"),
                connection.sql(selection(data_dir, version, scope)),
                mode="error",
                target_file_size=deltas.TARGET_BYTES,
            )
        _moved(making / "table", folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _moved(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # Another process was faster: its copy says the same.
        if not folder.is_dir():
            raise
