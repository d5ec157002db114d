"""`databourse data`: from login to a file, as JSON and for people, and every way it ends."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.unit import Exchange
from databourse_client import Client
from tests.databourse_client.conftest import Bought, token


def told_by(result: Result) -> Any:
    """Return the JSON that a command ends with; the server of this process logs before it."""
    return json.loads(result.stdout.splitlines()[-1])


def run(*words: str) -> Result:
    """Run a command as the machine's owner."""
    return CliRunner().invoke(main, ["data", *words])


def test_bought_data_come_to_a_file_in_one_command(
    application: Exchange, bought: Bought, reader: Client, tmp_path: Path
) -> None:
    task_id = bought()
    parquet, sheet, lines = (tmp_path / f"x.{kind}" for kind in ("parquet", "csv", "jsonl"))

    listed = run("list")
    told = told_by(run("list", "--json"))
    read = run("read", task_id, "--out", str(parquet))
    run("read", task_id, "--columns", "id,level", "--limit", "5", "--out", str(sheet))
    more = run("read", task_id, "--limit", "3", "--out", str(lines), "--json")
    shown = run("read", task_id, "--limit", "3")
    records = told_by(run("read", task_id, "--limit", "2", "--json"))
    odd = run("read", task_id, "--out", str(tmp_path / "x.doc"))

    assert task_id in listed.stdout
    assert "in_progress" in listed.stdout
    assert told["items"][0]["product_id"].startswith("prd_")
    assert read.exit_code == 0, read.output
    assert "1000 rows" in read.stderr
    assert len(pd.read_parquet(parquet)) == 1000
    assert pd.read_csv(sheet).columns.tolist() == ["id", "level"]
    assert told_by(more) == {
        "rows": 3, "columns": ["id", "station", "level", "seen_at", "day"], "file": str(lines),
    }  # fmt: skip
    assert len(lines.read_text().splitlines()) == 3
    assert "站2" in shown.stdout
    assert records["records"][1]["id"] == 1
    assert odd.exit_code == 2


@pytest.mark.usefixtures("working", "reader")
def test_a_package_is_downloaded_in_one_command(bought: Bought, tmp_path: Path) -> None:
    task_id = bought()

    done = run("download", task_id, "--to", str(tmp_path / "to"), "--json")

    assert done.exit_code == 0, done.output
    path = Path(told_by(done)["file"])
    assert path.parent == tmp_path / "to"
    assert len(pd.read_parquet(path)) == 1000


def test_who_logs_in_needs_no_variables(
    application: Exchange, bought: Bought, machine: dict[str, str], address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    task_id = bought()
    monkeypatch.delenv("DATABOURSE_URL")
    monkeypatch.delenv("DATABOURSE_TOKEN")

    before = run("list")
    wrong = run("login", address, "--token", "dbx_wrong")
    done = run("login", address, "--token", token(application, "per_buyer_editor"))
    after = run("list")

    assert (before.exit_code, wrong.exit_code) == (2, 6)
    assert "DATABOURSE_URL" in before.stderr
    assert done.exit_code == 0, done.output
    assert "org_buyer" in done.stdout
    assert task_id in after.stdout


def test_every_end_has_its_status(
    application: Exchange, bought: Bought, machine: dict[str, str], reader: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    task_id = bought(mode="record_api")

    refused = run("read", task_id, "--json")
    absent = run("read", "dlv_none")
    usage = run("read", task_id, "--limit", "some")
    sample = run("sample", reader.delivery(task_id)["product_id"], "--json")
    found = run("search", "气象")
    monkeypatch.setenv("DATABOURSE_TOKEN", "dbx_wrong")
    unknown = run("list", "--json")
    monkeypatch.setenv("DATABOURSE_URL", "https://127.0.0.1:9")
    silent = run("search", "气象")

    assert [one.exit_code for one in (refused, absent, usage, unknown, silent)] == [3, 5, 2, 6, 7]
    assert told_by(refused)["ok"] is False
    assert "limit='all'" in refused.stderr
    assert told_by(unknown)["status"] == 6
    assert told_by(sample)["rows"] == 1
    assert found.exit_code == 0


@pytest.mark.usefixtures("working", "reader")
def test_a_procurement_pack_is_saved_and_checked_in_one_command(
    reader: Client, bought: Bought, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = reader.delivery(bought())
    product, order = delivery["product_id"], delivery["order_id"]

    one = run("pack", product, "--to", str(tmp_path / "new"))
    other = told_by(run("pack", order, "--to", str(tmp_path), "--json"))
    strange = run("pack", "prd_none", "--to", str(tmp_path))
    whole = Path(other["file"]).read_bytes()
    answers = iter([whole.replace(b"Daily rain", b"Daily gold"), b"PK none"])
    monkeypatch.setattr(
        "databourse_client.wire.Wire.asked", lambda *_: SimpleNamespace(content=next(answers))
    )
    edited, torn = (run("pack", order, "--to", str(tmp_path)) for _ in range(2))

    assert one.output.strip().endswith(f"procurement-{product}.zip")
    assert other["size_bytes"] == len(whole) > 10_000
    assert (strange.exit_code, edited.exit_code, torn.exit_code) == (5, 4, 4)
