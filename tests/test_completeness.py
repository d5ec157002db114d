"""A run that has to be complete fails for what it leaves out, and for nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.completeness import COMPLETE

HOUSE = Path(__file__).parents[1]
WATCHED = """
import pytest

BOTH = pytest.mark.parametrize("at", ["sqlite", pytest.param("pg", marks=pytest.mark.postgres)])

def test_that_runs(): pass
"""
ON_BOTH = {
    "bare": "@BOTH\ndef test_other(at): pass\n",
    "soak": "@pytest.mark.soak\n@BOTH\ndef test_other(at): pass\n",
    "spark": "@pytest.mark.spark\n@BOTH\ndef test_other(at): pass\n",
    "skipping": "@BOTH\ndef test_other(at): pytest.skip('not here')\n",
}
CHOICE = "not soak and not spark"


def run(folder: Path, kind: str, choice: str) -> subprocess.CompletedProcess[str]:
    """Run two tests, one of them on both databases, where the run has to be complete."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = soak\n spark\n postgres\n browser\n")
    (folder / "test_watched.py").write_text(WATCHED + ON_BOTH[kind])
    command = (sys.executable, "-m", "pytest", "-q", "-p", "tests.completeness", "-m", choice)
    # A given server stands for one that is installed: nothing here asks it anything.
    given = {COMPLETE: "1", "TEST_DATABASE_URL": "postgresql://", "PYTHONPATH": str(HOUSE)}
    return subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("kind", ["soak", "spark"])
def test_what_has_a_run_of_its_own_is_missed_by_no_other(tmp_path: Path, kind: str) -> None:
    done = run(tmp_path, kind, CHOICE)
    assert done.returncode == 0, done.stdout
    assert f"2 {kind} tests:" in done.stdout
    assert "did not run" not in done.stdout


@pytest.mark.parametrize(
    ("kind", "choice"), [("bare", f"{CHOICE} and not postgres"), ("skipping", CHOICE)]
)
def test_what_is_left_out_on_one_database_fails_the_run(
    tmp_path: Path, kind: str, choice: str
) -> None:
    done = run(tmp_path, kind, choice)
    assert done.returncode == 1, done.stdout
    assert f"{COMPLETE}=1, but these did not run: 1 postgres" in done.stdout


def test_a_run_of_everything_is_complete(tmp_path: Path) -> None:
    done = run(tmp_path, "bare", CHOICE)
    assert done.returncode == 0, done.stdout
    assert "left out" not in done.stdout
