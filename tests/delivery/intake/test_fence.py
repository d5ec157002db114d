from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from delivery.intake import fence
from delivery.intake.formats import Unreadable
from tests.delivery import parcels
from tests.delivery.intake import files
from tests.delivery.intake.files import FENCE, STATIONS


def read(
    path: Path, target: Path, limits: fence.Fence, told: fence.Told = lambda _stage: None
) -> dict[str, Any]:
    with fence.Reader(limits) as reader:
        return reader.read(path, target, told)


def codes(path: Path, folder: Path, limits: fence.Fence = FENCE) -> list[str]:
    with pytest.raises(Unreadable) as told:
        read(path, folder / "out", limits)
    return [problem.code for problem in told.value.problems]


def test_a_file_comes_back_as_a_table_with_profile_and_sample(tmp_path: Path) -> None:
    stages: list[str] = []

    found = read(files.written(tmp_path, "a.csv", STATIONS), tmp_path / "out", FENCE, stages.append)

    assert stages == ["reading", "profiling"]
    assert found["shape"]["rows"] == found["profile"]["rows"] == len(found["sample"]) == 3
    assert (tmp_path / "out" / "table.parquet").is_file()


def test_a_bad_file_comes_back_as_its_problems(tmp_path: Path) -> None:
    bad = files.written(tmp_path, "a.csv", "a,b\n1\n")
    bare = files.written(tmp_path, "b.csv", "a,b\n")

    assert codes(bad, tmp_path) == ["ROW_MISSHAPEN"]
    assert codes(bare, tmp_path) == ["NO_ROWS"]


@pytest.mark.parametrize(
    "less", [{"wall_s": 0}, {"address_mb": 100}, {"cpu_s": 0}, {"file_bytes": 1000}]
)
def test_a_reading_that_goes_past_its_limits_is_ended_and_told(
    tmp_path: Path, less: dict[str, Any]
) -> None:
    real = parcels.DATA / parcels.WEATHER

    assert set(codes(real, tmp_path, replace(FENCE, **less))) <= {
        "FILE_TOO_DEMANDING", "FILE_DAMAGED",
    }  # fmt: skip


def test_one_reader_reads_many_files_and_a_bad_one_between_them(tmp_path: Path) -> None:
    good = files.written(tmp_path, "a.csv", STATIONS)
    bad = files.written(tmp_path, "b.csv", "a,b\n1\n")
    alone = read(good, tmp_path / "alone", FENCE)

    stages: list[str] = []

    with fence.Reader(FENCE) as reader:
        first = reader.read(good, tmp_path / "first", stages.append)
        with pytest.raises(Unreadable) as told:
            reader.read(bad, tmp_path / "second")
        third = reader.read(good, tmp_path / "third")

    assert first == third == alone
    assert stages == ["reading", "profiling"]
    assert [problem.code for problem in told.value.problems] == ["ROW_MISSHAPEN"]
    assert (tmp_path / "third" / "table.parquet").is_file()


@pytest.mark.parametrize("less", [{"wall_s": 0}, {"address_mb": 100}, {"file_bytes": 1000}])
def test_a_reader_is_fenced_as_well_and_goes_on_after_what_was_ended(
    tmp_path: Path, less: dict[str, Any]
) -> None:
    good = files.written(tmp_path, "a.csv", STATIONS)
    real = parcels.DATA / parcels.WEATHER
    codes = set()

    with fence.Reader(replace(FENCE, **less)) as reader:
        for _ in range(2):
            with pytest.raises(Unreadable) as told:
                reader.read(real, tmp_path / "out")
            codes |= {problem.code for problem in told.value.problems}

    assert codes <= {"FILE_TOO_DEMANDING", "FILE_DAMAGED"}
    with fence.Reader(FENCE) as reader:
        assert reader.read(good, tmp_path / "good")["shape"]["rows"] == 3


def test_a_reader_that_read_nothing_leaves_nothing() -> None:
    with fence.Reader(FENCE) as reader:
        assert reader._process is None
