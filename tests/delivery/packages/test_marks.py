"""Marks: the order of rows names the package, changes no value, and accuses nobody by chance."""

from pathlib import Path

import duckdb
import pytest

from delivery.packages import marks
from delivery.packages.marks import Match
from tests.conftest import CRYPTO

ROWS = "SELECT i AS id, 'n' || (i % 3) AS kind, i * 0.5 AS level FROM range({rows}) t(i)"
PACKAGES = [(f"pkg_{number}", marks.secrets(CRYPTO, f"pkg_{number}")[0]) for number in range(40)]


def copied(
    path: Path, *, rows: int = 4001, package: int = 7, then: str = "SELECT * FROM made"
) -> Path:
    """Write the copy of a package, changed by somebody's SELECT."""
    made = marks.marked(ROWS.format(rows=rows), ("id", "kind", "level"), "id", PACKAGES[package][1])
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE made AS {made}")
        connection.execute(f"COPY ({then}) TO '{path}'")
    return path


def named(path: Path) -> str | None:
    """Return the package that a file is traced to."""
    found, _ = marks.traced(path, {"id": PACKAGES})
    match = marks.named(found)
    return match.package_id if match else None


def test_no_value_is_changed_and_no_row_lost(tmp_path: Path) -> None:
    path = copied(tmp_path / "a.parquet")

    with duckdb.connect() as connection:
        same = connection.execute(
            f"SELECT count(*) FROM (({ROWS.format(rows=4001)}) EXCEPT ALL FROM '{path}')"
        ).fetchall()
        rows = connection.execute(f"SELECT count(*) FROM '{path}'").fetchall()

    assert (same, rows) == ([(0,)], [(4001,)])


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("a.parquet", "SELECT * FROM made"),
        ("a.csv", "SELECT * FROM made"),
        ("cut.csv", "SELECT id, kind FROM made LIMIT 900 OFFSET 333"),
        (
            "mixed.csv",
            "(FROM made LIMIT 2000) UNION ALL SELECT i + 9000, 'x', 0 FROM range(500) t(i)",
        ),
        ("thinned.csv", "SELECT * FROM made WHERE id % 10 <> 0"),
    ],
)
def test_a_leaked_copy_is_traced_to_its_package(tmp_path: Path, name: str, then: str) -> None:
    then = then if then.startswith("SELECT") else f"SELECT * FROM ({then})"

    assert named(copied(tmp_path / name, then=then)) == "pkg_7"


@pytest.mark.parametrize(
    "then",
    [
        "SELECT * FROM made ORDER BY id",
        "SELECT * FROM made ORDER BY hash(id)",
        "SELECT * FROM made LIMIT 20",
        "SELECT * FROM made LIMIT 1",
    ],
)
def test_what_bears_no_mark_accuses_nobody(tmp_path: Path, then: str) -> None:
    assert named(copied(tmp_path / "a.csv", then=then)) is None


def test_a_file_without_the_carrier_says_nothing(tmp_path: Path) -> None:
    path = copied(tmp_path / "a.csv", then="SELECT level FROM made")

    assert marks.traced(path, {"id": PACKAGES}) == ([], ["id"])


def test_what_is_no_table_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing else")

    with pytest.raises(ValueError, match="neither"):
        marks.traced(tmp_path / "a.parquet", {"id": PACKAGES})


def test_two_that_agree_alike_are_not_told_apart() -> None:
    first, second, other = Match("a", 100, 80), Match("b", 100, 79), Match("a", 100, 79)

    assert marks.named([first, second]) is None
    assert marks.named([first, other]) is first
    assert marks.named([]) is None
    assert Match("a", 0, 0).deviation == 0.0
