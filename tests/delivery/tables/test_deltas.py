"""Versions of a kept table stay readable, whoever cleans up after how long."""

import os
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable, write_deltalake

from delivery.tables import deltas
from kernel import clock

DAY_S = 86_400


def rows(folder: Path, count: int) -> Path:
    """Return a file of so many rows."""
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM range({count}) t(i)) TO '{folder / 'r.parquet'}'")
    return folder / "r.parquet"


def aged(folder: Path, days: int) -> DeltaTable:
    """Let a table be so old, and do to it what any reader or writer may: clean up."""
    then = clock.now().timestamp() - days * DAY_S
    for path in folder.rglob("*"):
        os.utime(path, (then, then))
    table = DeltaTable(str(folder))
    table.create_checkpoint()
    table.cleanup_metadata()
    table.vacuum(dry_run=False)
    return table


@pytest.mark.parametrize("begun_without", [False, True])
def test_a_version_in_use_is_read_after_its_log_was_cleaned(
    tmp_path: Path, begun_without: bool
) -> None:
    folder = deltas.folder_of(tmp_path, "dst_1")
    if begun_without:  # as tables were begun before
        with duckdb.connect() as connection:
            write_deltalake(str(folder), connection.sql("FROM range(9) t(i)"))
    loaded = [
        deltas.load(tmp_path, "dst_1", rows(tmp_path, count), cause="upl") for count in (1, 2, 3)
    ]

    aged(folder, 400)

    assert [deltas.opened(tmp_path, "dst_1", number).count() for number in loaded] == [1, 2, 3]


def test_without_the_properties_the_log_of_an_old_version_would_be_gone(tmp_path: Path) -> None:
    for count in (1, 2):
        with duckdb.connect() as connection:
            made = connection.sql(f"FROM range({count}) t(i)")
            write_deltalake(str(tmp_path / "plain"), made, mode="overwrite")

    aged(tmp_path / "plain", 400)

    with pytest.raises(Exception, match="log segment"):
        DeltaTable(str(tmp_path / "plain"), version=0)
