"""Rows leave the disk after they were marked, and whatever breaks off is taken up again."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import demonstration, timetable
from app.house import House
from app.intake import pruning
from app.unit import Exchange
from delivery.tables import deltas, removals
from delivery.tables.datasets import DatasetVersion
from delivery.tables.removals import DatasetRemoval
from tests.conftest import NOON, As
from tests.delivery import stores
from tests.marketplace import make

LATER = make.days_later(181)


@pytest.fixture
def house(application: Exchange) -> House:
    return application.house


def loaded(house: House, dataset_id: str, rows: int, at: Any = NOON) -> str:
    with house.engines.writing() as session:
        version = stores.stored(session, house.data_dir, rows=rows, dataset_id=dataset_id, at=at)
        session.commit()
        return version.id


def at(house: House, moment: Any) -> None:
    with house.engines.writing() as session:
        demonstration.begin_at(session, moment)
        session.commit()


def counted(house: House, dataset_id: str, number: int) -> int:
    """Return how many rows there are to read of a Delta version."""
    table = deltas.opened(house.data_dir, dataset_id, number)
    return sum(stores.rows_of(Path(each)) for each in table.file_uris() if Path(each).exists())


def test_the_rows_of_one_version_go_and_those_of_the_next_stay(house: House) -> None:
    old = loaded(house, "dst_1", 100)
    new = loaded(house, "dst_1", 7, at=make.days_later(100))
    copy = house.data_dir / "scoped" / old / "digest"
    copy.mkdir(parents=True)
    at(house, LATER)

    assert [each.version_id for each in pruning.due(house)] == [old]
    done = pruning.prune(house)

    assert (done.versions, done.strays) == (1, 0)
    assert done.freed_bytes > 0
    assert (counted(house, "dst_1", 0), counted(house, "dst_1", 1)) == (0, 7)
    assert not copy.exists()
    assert pruning.prune(house) == pruning.Pruned(0, 0, 0)
    with house.engines.reading() as session:
        assert list(removals.removed(session, [old, new])) == [old]
        row = session.get_one(DatasetRemoval, old)
        assert (row.swept, row.freed_bytes) == (True, done.freed_bytes)
        assert session.get_one(DatasetVersion, old).row_count == 100


def test_what_was_marked_and_not_swept_is_swept_by_the_next_run(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    version_id = loaded(house, "dst_1", 100)
    at(house, LATER)

    def broken(*_: Any) -> int:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(deltas, "forget", broken)
        with pytest.raises(OSError, match="the disk is gone"):
            pruning.prune(house)
    between = counted(house, "dst_1", 0)
    with house.engines.reading() as session:
        marked = session.scalars(select(DatasetRemoval)).one()
        assert (marked.version_id, marked.swept) == (version_id, False)

    assert pruning.prune(house).versions == 1
    assert (between, counted(house, "dst_1", 0)) == (100, 0)


def test_a_version_whose_folder_was_lost_is_swept_as_well(house: House) -> None:
    loaded(house, "dst_1", 100)
    at(house, LATER)
    shutil.rmtree(deltas.folder_of(house.data_dir, "dst_1"))

    assert pruning.prune(house) == pruning.Pruned(1, 0, 0)


def test_a_table_that_never_became_a_data_set_goes_when_it_is_old(house: House) -> None:
    loaded(house, "dst_1", 5, at=LATER)
    tables = house.data_dir / "tables"
    for name, days in (("dst_old", 200), ("dst_young", 1), ("dst_1", 200)):
        folder = tables / name
        folder.mkdir(exist_ok=True)
        (folder / "part.parquet").write_bytes(b"12345")
        then = LATER.timestamp() - days * 86_400
        os.utime(folder, (then, then))
    at(house, LATER)

    done = pruning.prune(house)

    assert done == pruning.Pruned(0, 1, 5)
    assert sorted(each.name for each in tables.iterdir()) == ["dst_1", "dst_young"]


def test_a_house_without_tables_has_nothing_to_remove(house: House) -> None:
    assert pruning.prune(house) == pruning.Pruned(0, 0, 0)


def test_the_timetable_removes_what_is_unused(house: House) -> None:
    loaded(house, "dst_1", 5)
    at(house, LATER)
    outside = timetable.TIMETABLE["remove unused data"].outside

    assert outside is not None
    outside(house)

    assert counted(house, "dst_1", 0) == 0


def test_whoever_looks_is_told_that_the_rows_are_gone(house: House, as_: As) -> None:
    loaded(house, "dst_1", 5)
    merchant = as_("per_developer_editor")
    before = merchant.get("/api/datasets/dst_1").json["newest"]["removed_at"]
    at(house, LATER)
    pruning.prune(house)

    shown = merchant.get("/api/datasets/dst_1/versions/1").json
    listed = merchant.get("/api/datasets/dst_1/versions").json["items"]

    assert before is None
    assert shown["removed_at"] == listed[0]["removed_at"]
    assert shown["removed_at"].startswith(LATER.isoformat()[:19])
    assert shown["row_count"] == 5
