from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from delivery.intake import fence
from delivery.intake.formats import Unreadable
from tests.delivery import parcels
from tests.delivery.intake import files
from tests.delivery.intake.files import FENCE, STATIONS


def codes(path: Path, folder: Path, limits: fence.Fence = FENCE) -> list[str]:
    with pytest.raises(Unreadable) as told:
        fence.read(path, folder / "out", limits)
    return [problem.code for problem in told.value.problems]


def test_a_file_comes_back_as_a_table_with_profile_and_sample(tmp_path: Path) -> None:
    stages: list[str] = []

    found = fence.read(
        files.written(tmp_path, "a.csv", STATIONS), tmp_path / "out", FENCE, stages.append
    )

    assert stages == ["reading", "profiling"]
    assert found["shape"]["rows"] == found["profile"]["rows"] == len(found["sample"]) == 3
    assert (tmp_path / "out" / "table.parquet").is_file()


def test_a_bad_file_comes_back_as_its_problems(tmp_path: Path) -> None:
    bad = files.written(tmp_path, "a.csv", "a,b\n1\n")
    bare = files.written(tmp_path, "b.csv", "a,b\n")

    assert codes(bad, tmp_path) == ["ROW_MISSHAPEN"]
    assert codes(bare, tmp_path) == ["NO_ROWS"]


@pytest.mark.parametrize(
    "less", [{"wall_s": 0}, {"address_mb": 200}, {"cpu_s": 0}, {"file_bytes": 1000}]
)
def test_a_reading_that_goes_past_its_limits_is_ended_and_told(
    tmp_path: Path, less: dict[str, Any]
) -> None:
    real = parcels.DATA / parcels.WEATHER

    assert set(codes(real, tmp_path, replace(FENCE, **less))) <= {
        "FILE_TOO_DEMANDING", "FILE_DAMAGED",
    }  # fmt: skip
