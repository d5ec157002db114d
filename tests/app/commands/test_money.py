"""Refunds and reconciling at the console."""

import csv
import io
import json

import pytest

from app import demonstration
from kernel.engines import Engines
from settlement.bank import clearings
from tests.app.commands import consoles
from tests.app.commands.consoles import Console
from tests.conftest import work_of
from tests.settlement import money
from tests.settlement.bank import banking

ONE, OTHER = "per_exchange_settler@test", "per_exchange_checker@test"
DAY = "2026-07-10"


@pytest.fixture
def console(engines: Engines) -> Console:
    """Import a receipt of a third party and send it back; then give the console."""
    with engines.writing() as session:

        def work_as(person: str, at: object = None) -> object:
            return work_of(session, person, at=at or money.DUE)  # type: ignore[arg-type]  # an instant

        banking.took(work_as, ("T1", 700, "演示·旁人公司", "?"), ("T2", -5, "某行", "?"))  # type: ignore[arg-type]  # of this session
        line = banking.line(session, "T1")
        clearings.send_back(work_as("per_exchange_checker"), line.id, reason="第三方付款")  # type: ignore[arg-type]  # as above
        demonstration.begin_at(session, money.DUE)
        session.commit()
    return consoles.at(engines)


def test_refunds_are_listed_shown_and_saved(console: Console) -> None:
    listed = console("refunds", "list")
    refund_id, reference, state, currency, amount, _ = listed.output.split()
    shown = json.loads(console("refunds", "show", refund_id).output)
    saved = list(csv.DictReader(io.StringIO(console("refunds", "export").output)))

    assert (currency, amount, state) == ("CNY", "7.00", shown["state"])
    assert (shown["id"], shown["reference"], shown["amount_fen"]) == (refund_id, reference, 700)
    assert [row["id"] for row in saved] == [refund_id]
    assert console("refunds", "list", "--state", state).output == listed.output
    assert console("refunds", "list", "--state", "failed").output == ""
    assert console("refunds", "list", "--state", "odd").exit_code == 2
    missing = console("refunds", "show", "rfd_none")
    assert (missing.exit_code, "no refund rfd_none" in missing.output) == (3, True)


def test_a_day_is_reconciled_by_one_officer_and_closed_by_another(console: Console) -> None:
    early = console("reconcile", "run", "2026-07-11", "--as", ONE)
    ran = console("reconcile", "run", "2026-07-09", "--as", ONE)
    mine = console("reconcile", "close", "2026-07-09", "--as", ONE)
    closed = console("reconcile", "close", "2026-07-09", "--as", OTHER)
    again = console("reconcile", "close", "2026-07-09", "--as", OTHER)

    assert (early.exit_code, "not come yet" in early.output) == (3, True)
    assert ": 2026-07-09 to 2026-07-09: 0 found, 0 blocking" in ran.output, ran.output
    assert (mine.exit_code, closed.exit_code, again.exit_code) == (3, 0, 3)
    assert "FOUR_EYES" in mine.output
    assert "2026-07-09 closed, 0 entries" in closed.output
    assert "DAY_CLOSED" in again.output


def test_breaks_are_listed_as_lines_or_objects(console: Console) -> None:
    console("reconcile", "run", DAY, "--as", ONE)

    lines = console("reconcile", "breaks").output.splitlines()
    told = [json.loads(line) for line in console("reconcile", "breaks", "--json").output.split("\n")
            if line]  # fmt: skip
    bank = console("reconcile", "breaks", "--leg", "bank", "--state", "open").output.splitlines()

    assert lines == bank
    assert {(one["leg"], one["type"], one["difference_fen"]) for one in told} == {
        ("bank", "missing_left", 5),
    }
    assert f"{told[0]['id']} bank missing_left {told[0]['key']} 5 CNY 0 wd open" in lines
    assert console("reconcile", "breaks", "--leg", "moon").exit_code == 2


def test_only_a_settlement_officer_reconciles(console: Console) -> None:
    for login in ("per_buyer_editor@test", "nobody@test"):
        assert console("reconcile", "run", DAY, "--as", login).exit_code == 3
