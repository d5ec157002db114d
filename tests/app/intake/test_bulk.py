"""Many files by the batch: each its own upload, and a bad one harms none of the others."""

from pathlib import Path

from app.intake.bulk import File, Loader
from app.unit import Exchange
from delivery.intake import parts, uploads
from delivery.intake.uploads import Upload
from delivery.tables import datasets
from tests.conftest import actor_of, work_of
from tests.delivery.intake import files
from tests.delivery.intake.files import STATIONS

MERCHANT = "per_developer_editor"


def named(application: Exchange, names: list[str]) -> dict[str, Upload]:
    with application.house.engines.reading() as session:
        return {each.name: each for each in uploads.called(work_of(session, MERCHANT), names)}


def test_good_files_become_data_sets_and_a_bad_one_is_told_what_is_wrong(
    application: Exchange, tmp_path: Path
) -> None:
    wanted = [
        File(name, f"数据 {name}", files.written(tmp_path, name, text))
        for name, text in (("a.csv", STATIONS), ("b.csv", "a,b\n1\n"), ("c.csv", STATIONS))
    ]

    with Loader(application.house, actor_of(MERCHANT)) as loader:
        loader.end(loader.begin(wanted))

    found = named(application, ["a.csv", "b.csv", "c.csv", "d.csv"])
    assert {name: each.state for name, each in found.items()} == {
        "a.csv": "loaded", "b.csv": "refused", "c.csv": "loaded",
    }  # fmt: skip
    assert [each["code"] for each in found["b.csv"].problems or ()] == ["ROW_MISSHAPEN"]
    with application.house.engines.reading() as session:
        version = datasets.version(session, found["a.csv"].dataset_id)
        assert (version.row_count, len(version.sample)) == (3, 3)
    assert not parts.folder_of(application.house.data_dir, found["a.csv"].id).exists()


def test_a_stranger_does_not_see_the_uploads(application: Exchange, tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.csv", STATIONS)
    with Loader(application.house, actor_of(MERCHANT)) as loader:
        loader.end(loader.begin([File("a.csv", "数据", path)]))

    with application.house.engines.reading() as session:
        assert uploads.called(work_of(session, "per_buyer_editor"), ["a.csv"]) == []
