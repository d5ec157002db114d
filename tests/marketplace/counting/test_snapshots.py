"""A snapshot holds all moves up to its watermark, grows by files, and adds up to the tallies."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from marketplace.counting import adding, reading, snapshots, spans, tallies
from marketplace.counting.snapshots import File
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.marketplace.counting.test_tallies import write

SINCE, UNTIL = date(2025, 12, 1), date(2026, 12, 31)


def round_of(session: Session, first: int, *, order_id: str) -> None:
    for number in range(first, first + 6):
        told: dict[str, Any] = {
            "day": number * 17 % 120, "merchant_id": f"org_{number % 2}",
            "product_id": f"prd_{number % 3}",
            "industry": "IM"[number % 2], "board_id": ["", "brd_a"][number % 2],
            "registered": number % 4 == 3, "counted": 100 + number, "excluded": number % 5,
            "opens": number % 32, "trades": 1 - number % 2, "frees": number % 2,
        }  # fmt: skip
        write(session, told, number, order_id)
    tallies.tally(work_of(session, "system"))


def traded(session: Session) -> str:
    order = make.accepted(session)
    watched.registered(session)
    session.flush()
    round_of(session, 0, order_id=order.id)
    return str(order.id)


def test_what_is_cut_equals_the_tallies_of_every_kind_and_month(
    session: Session, tmp_path: Path
) -> None:
    order = traded(session)
    snapshots.append(session, tmp_path)
    round_of(session, 6, order_id=order)
    made = snapshots.append(session, tmp_path)
    figures = list(adding.FIGURES)

    assert (made.watermark, made.moves, snapshots.check(tmp_path)) == (2, 14, [])
    assert len(list(tmp_path.rglob("*.parquet"))) == len(made.files)
    for kind in adding.KINDS:
        by = [] if kind == adding.WHOLE else [kind]
        for month in ("2025-12", "2026-01", "2026-03", "2026-07"):
            span = spans.parse(f"M{month}")
            cut = snapshots.cut(
                tmp_path, by=by, measures=figures, since=span.since, until=span.until
            )
            told = {(row[0] if by else ""): row[len(by) :] for row in cut if any(row[len(by) :])}
            kept = {
                key: tuple(getattr(sums, name) for name in figures)
                for key, sums in reading.in_period(session, kind, span).items()
            }
            assert told == {key: row for key, row in kept.items() if any(row)}, (kind, month)


def test_the_same_rounds_give_the_same_bytes_and_nothing_new_gives_nothing(
    session: Session, tmp_path: Path
) -> None:
    traded(session)

    one, other = (snapshots.append(session, tmp_path / name) for name in ("one", "other"))

    assert one == other == snapshots.append(session, tmp_path / "one")
    assert sum(each.rows for each in one.files) == one.moves == 8


def test_what_waits_is_not_in_it(session: Session, tmp_path: Path) -> None:
    make.accepted(session)
    session.flush()

    assert snapshots.append(session, tmp_path) == snapshots.Snapshot(0, 0, ())
    assert snapshots.cut(
        tmp_path, by=["merchants"], measures=["counted"], since=SINCE, until=UNTIL
    ) == []  # fmt: skip


def test_two_dimensions_cut_what_each_of_them_sums(session: Session, tmp_path: Path) -> None:
    traded(session)
    snapshots.append(session, tmp_path)

    both = snapshots.cut(
        tmp_path, by=["fields", "regions"], measures=["counted"], since=SINCE, until=UNTIL
    )
    whole = snapshots.cut(tmp_path, by=[], measures=["counted"], since=SINCE, until=UNTIL)

    assert sum(row[2] for row in both) == whole[0][0] > 0


@pytest.mark.parametrize(
    ("by", "measures"),
    [
        (["nobody"], ["counted"]),
        (["merchants"], ["counted; DROP TABLE moved"]),
        (["merchants", "merchants"], ["counted"]),
        (["products", "industries"], ["trades"]),
        (["merchants"], []),
    ],
)
def test_what_cannot_be_asked_is_refused(
    tmp_path: Path, by: list[str], measures: list[str]
) -> None:
    with pytest.raises(Invalid):
        snapshots.cut(tmp_path, by=by, measures=measures, since=SINCE, until=UNTIL)


def test_a_changed_file_is_found_and_not_added_up(session: Session, tmp_path: Path) -> None:
    traded(session)
    made = snapshots.append(session, tmp_path)
    first = made.files[0].path
    (tmp_path / first).write_bytes((tmp_path / first).read_bytes() + b"x")

    assert snapshots.check(tmp_path) == [first]
    with pytest.raises(Invalid, match="not what the manifest says"):
        snapshots.cut(tmp_path, by=[], measures=["counted"], since=SINCE, until=UNTIL)


def test_a_folder_of_another_exchange_is_refused(session: Session, tmp_path: Path) -> None:
    traded(session)
    (tmp_path / snapshots.MANIFEST).write_text(
        json.dumps({"watermark": 9, "moves": 0, "files": []}), "utf-8"
    )

    with pytest.raises(Invalid, match="ahead"):
        snapshots.append(session, tmp_path)


@pytest.mark.parametrize("told", ["[]", "{", '{"watermark": 1, "moves": 0, "files": [{}]}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, told: str) -> None:
    (tmp_path / snapshots.MANIFEST).write_text(told, "utf-8")

    with pytest.raises(Invalid):
        snapshots.held(tmp_path)


def test_a_manifest_leads_nowhere_else(tmp_path: Path) -> None:
    path = "year=2026/month=01/../../../../etc/passwd"
    made = snapshots.Snapshot(1, 1, (File(path, 1, 1, 1, ""),))
    (tmp_path / snapshots.MANIFEST).write_text(
        json.dumps({"watermark": 1, "moves": 1, "files": [vars_of(made.files[0])]}), "utf-8"
    )

    with pytest.raises(Invalid):
        snapshots.held(tmp_path)


def vars_of(file: File) -> dict[str, Any]:
    return {name: getattr(file, name) for name in ("path", "rows", "since", "until", "sha256")}
