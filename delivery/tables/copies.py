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

from delivery.domain import NotMounted
from delivery.quoting import literal
from delivery.tables import deltas, snapshots
from delivery.tables.scopes import Scope
from delivery.tables.snapshots import Snapshot
from delivery.tables.sources import Source

MEMORY: Final = "512MB"

_making: Final = Lock()


def snapshot(source: Source, scope: Scope) -> Snapshot:
    """Return what of a version lies in a scope, with its files; makes the copy where it is needed.

    The first time it costs one pass over the rows, in bounded memory; afterwards nothing.
    Two who come at once make it once in a process, and in two processes the first counts.
    Raises NotMounted when rows that lie outside cannot be read.
    """
    if not scope.whole and not (folder := _folder(source, scope)).is_dir():
        with _making:
            if not folder.is_dir():
                _make(source, scope, folder)
    return there(source, scope)


def there(source: Source, scope: Scope) -> Snapshot:
    """Return what `snapshot` returns, within a unit of work: no store is asked there.

    Raises NotMounted for the copy of a table that lies outside, when it is not made.
    """
    if scope.whole:
        return source.snapshot()
    if not (folder := _folder(source, scope)).is_dir():
        if source.outside is None:
            return snapshot(source, scope)
        raise NotMounted("订购范围的副本尚未就绪，请重新查询", "it is not cut yet: query again")
    return snapshots.read(folder, 0)


def selection(source: Source, scope: Scope) -> str:
    """Return the SQL that selects what lies in a scope, for a connection it is attached to."""
    return f"SELECT {scope.selected()} FROM read_parquet({source.files()})"  # noqa: S608 - own files, names quoted


def _folder(source: Source, scope: Scope) -> Path:
    return source.data_dir / "scoped" / source.version_id / scope.digest


def _make(source: Source, scope: Scope, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=folder.parent, prefix="making-"))
    try:
        with duckdb.connect(":memory:", config={"memory_limit": MEMORY}) as connection:
            connection.execute(f"SET temp_directory = {literal(str(making / 'spill'))}")
            source.attach(connection)
            write_deltalake(
                str(making / "table"),
                connection.sql(selection(source, scope)),
                mode="error",
                target_file_size=deltas.TARGET_BYTES,
            )
        _moved(making / "table", folder)
    except duckdb.IOException as error:
        raise NotMounted("数据暂时无法读取", "the rows cannot be read where they lie") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _moved(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # Another process was faster: its copy says the same.
        if not folder.is_dir():
            raise
