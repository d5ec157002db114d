"""`databourse volume`: recomputed, tied to the books, and digested by round."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import update

from app import cli
from kernel.engines import Engines
from marketplace import lines
from marketplace.counting import tallies
from settlement import turnover
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting import watched

MONTH = f"M{make.AFTER_PUBLICITY:%Y-%m}"


def run(url: str, *words: str) -> Result:
    told = {"DATABASE_URL": url, "DATABOURSE_KEY": "00" * 32}
    return CliRunner().invoke(cli.main, ["volume", *words], env=told)


def traded(engines: Engines, *, tallied: bool) -> None:
    with engines.writing() as session:
        make.accepted(session)
        session.flush()
        if tallied:
            tallies.tally(work_of(session, "system"))
        session.commit()


def shown(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_tally_that_was_changed_by_hand_ends_with_four(
    engines: Engines, database_url: str
) -> None:
    traded(engines, tallied=True)
    before = run(database_url, "verify", "--json")
    with engines.writing() as session:
        own = (tallies.VolumeTally.kind == "all") & (tallies.VolumeTally.period == MONTH)
        session.execute(update(tallies.VolumeTally).where(own).values(counted=1))
        session.commit()

    after = run(database_url, "verify")

    assert (before.exit_code, after.exit_code) == (0, 4), before.output
    assert json.loads(before.stdout)["ok"] is True
    assert f"TALLY_DIFFERS all {MONTH} -" in after.stdout
    assert "the books tie: yes" in after.stdout


def test_the_digest_of_a_round_stays_what_it_was(engines: Engines, database_url: str) -> None:
    traded(engines, tallied=True)
    first = shown(run(database_url, "digest", MONTH))
    traded(engines, tallied=False)

    again, one = (
        run(database_url, "digest", MONTH, "--round", "1"),
        run(database_url, "digest", MONTH),
    )

    assert (first["round"], first["moves"], first["waiting"]) == (1, 1, 0)
    assert first["counted"] == 1_000_000
    assert shown(again) == shown(one) == first | {"waiting": 1}


def test_what_is_no_period_and_no_round_is_refused(database_url: str, engines: Engines) -> None:
    traded(engines, tallied=True)

    assert run(database_url, "digest", "M2026-13").exit_code == 3
    assert run(database_url, "digest", MONTH, "--round", "7").exit_code == 3
    assert run(database_url, "digest", MONTH, "--round", "-1").exit_code == 2


def test_a_snapshot_is_written_and_cut(engines: Engines, database_url: str, tmp_path: Path) -> None:
    traded(engines, tallied=True)
    folder, days = str(tmp_path / "history"), ("--from", "2026-01-01", "--to", "2026-12-31")

    first = shown(run(database_url, "snapshot", folder))
    again = shown(run(database_url, "snapshot", folder))
    told = run(database_url, "cut", folder, "--by", "merchants,months", *days)
    refused = run(database_url, "cut", folder, "--by", "nobody", *days)

    assert first == again == {"watermark": 1, "moves": 1, "files": 1}
    assert told.stdout.splitlines() == [
        "merchants,months,counted,trades",
        f"org_developer,{MONTH[1:]},1000000,1",
    ]
    assert (refused.exit_code, "no such dimension" in refused.output) == (3, True)


def test_what_stands_on_the_wrong_side_of_the_books_is_set_aside_once(
    engines: Engines, database_url: str
) -> None:
    with engines.writing() as session:
        work = watched.by(session)
        order = watched.accepted(session, make.paid(session, is_related_party=True))
        line_id = lines.of(session, order.id)[0].id
        turnover.align(work, line_id, counts=True, order_id=order.id)  # as it stood before
        session.commit()
    assert run(database_url, "verify").exit_code == 4

    first, second = run(database_url, "set-aside"), run(database_url, "set-aside", "--json")

    assert f"SET_ASIDE {line_id} CNY 10,000.00" in first.output
    assert "1 lines were set aside in the books, 1000000 fen" in first.output
    assert shown(second) == {"lines": 0, "fen": 0}
    assert run(database_url, "verify").exit_code == 0
