"""The lines on the pages of products and deliveries, run as they stand there."""

import html
import io
import re
import shlex
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from app.unit import Exchange
from databourse_client import Client
from databourse_client.commands import data
from tests.app.delivering import keys
from tests.conftest import As
from tests.databourse_client.conftest import Bought
from tests.delivery import parcels
from tests.marketplace import make

_IMPORT = (
    "import databourse_client as d, importlib.metadata as m; "
    "told = m.distribution('databourse-client'); "
    "print(d.__file__, d.read.__name__, told.version, *(one.name for one in told.entry_points))"
)
HTML = {"Accept": "text/html", "Accept-Language": "en"}


def shown(client: Any, address: str, host: str) -> dict[str, str]:
    """Return the lines that a page offers to copy, by what they show."""
    page = client.get(address, headers=HTML, base_url=host)
    assert page.status_code == 200, page.text
    found = re.findall(r'<code id="code-(\w+)">(.*?)</code>', page.text, re.DOTALL)
    return {key: html.unescape(code) for key, code in found}


def run(code: str, result: str = "frame") -> Any:
    """Run two lines, and return what they leave."""
    assert len(code.splitlines()) == 2
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the official client's own
        exec(code, names)  # noqa: S102 - our own page's
    return names[result]


def test_the_lines_of_a_product_read_its_sample_and_what_was_bought(
    application: Exchange, bought: Bought, reader: Client, address: str, as_: As,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    task_id = bought()
    product = reader.delivery(task_id)["product_id"]
    monkeypatch.chdir(tmp_path)

    lines = shown(application.test_client(), f"/products/{product}", address)
    sample, frame = run(lines["sample"]), run(lines["bought"])
    done = CliRunner().invoke(data, shlex.split(lines["command"])[1:])

    assert sample.to_dict("records")[0]["station"] == "站2"
    assert len(frame) == 1000
    assert done.exit_code == 0, done.output
    assert len(pd.read_parquet(tmp_path / "data.parquet")) == 1000


@pytest.mark.usefixtures("working")
def test_the_lines_of_a_table_read_it_shared_and_packed_and_by_the_official_client(
    application: Exchange, bought: Bought, reader: Client, address: str, as_: As,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    task_id = bought()
    monkeypatch.chdir(tmp_path)

    lines = shown(as_("per_buyer_editor"), f"/deliveries/{task_id}", address)
    shared, packed = run(lines["share"]), run(lines["package"])
    kept = (reader.profile.folder / f"{task_id}.share").read_text()
    (tmp_path / "profile.share").write_text(kept)
    official = run(lines["official"])
    done = CliRunner().invoke(data, shlex.split(lines["command"])[1:])

    for frame in (shared, packed, official):
        assert sorted(frame["id"]) == list(range(1000))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "data.parquet").exists()


def test_the_lines_of_an_interface_read_it(
    application: Exchange, bought: Bought, reader: Client, address: str, as_: As,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    task_id = bought(mode="record_api", rows=1500)
    monkeypatch.chdir(tmp_path)

    lines = shown(as_("per_buyer_editor"), f"/deliveries/{task_id}", address)
    frame = run(lines["api"])
    done = CliRunner().invoke(data, shlex.split(lines["command"])[1:])

    assert len(frame) == 1000
    assert done.exit_code == 0, done.output


def test_the_lines_of_a_verification_ask_it(
    application: Exchange, reader: Client, address: str, as_: As
) -> None:
    task_id = keys.opened(application, mode="verification")

    lines = shown(as_("per_buyer_editor"), f"/deliveries/{task_id}", address)
    code = lines["verify"].replace("COLUMN", "station").replace("VALUE", "站3")

    assert run(code, "found") is True
    assert "command" not in lines


def test_the_lines_of_public_data_read_their_aggregates(
    application: Exchange, reader: Client, address: str, as_: As
) -> None:
    house = application.house
    mounted = replace(house.settings, data_dir=str(parcels.DATA))
    application.house = replace(house, settings=mounted)
    with house.engines.writing() as session:
        product = make.listed(session, temporal_from=date(2013, 7, 1))
        granted = parcels.authorised(session)
        made = parcels.opened(session, granted.id, product_version_id=product.current_version_id)
        task_id = parcels.provisioned(session, made).id
        session.commit()

    lines = shown(as_("per_buyer_editor"), f"/deliveries/{task_id}", address)
    frame = run(lines["aggregates"])

    assert set(frame["item"]) <= {"TEMP", "RAIN"}
    assert len(frame) > 0


def test_nobody_else_is_shown_lines_that_are_not_theirs(
    application: Exchange, bought: Bought, reader: Client, address: str, as_: As
) -> None:
    task_id = bought()

    assert shown(as_("per_developer_signer"), f"/deliveries/{task_id}", address) == {}


def test_the_exchange_hands_out_a_client_that_installs_and_imports(
    application: Exchange, address: str, tmp_path: Path
) -> None:
    client = application.test_client()

    led = client.get("/client")
    wheel = client.get(led.headers["Location"].removeprefix("http://localhost"))
    path = tmp_path / led.headers["Location"].rsplit("/", 1)[-1]
    path.write_bytes(wheel.data)
    again = client.get(f"/client/{path.name}")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "site")  # as an installer does
    imported = subprocess.run(
        [sys.executable, "-c", _IMPORT],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")},
        check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert wheel.data == again.data
    assert imported.stdout.split() == [
        str(tmp_path / "site" / "databourse_client" / "__init__.py"), "read",
        path.name.split("-")[1], "databourse-data",
    ]  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(wheel.data)) as archive:
        assert archive.testzip() is None
        told: Mapping[str, Any] = {one.filename: archive.read(one) for one in archive.infolist()}
    assert b"Requires-Dist: pandas" in next(
        said for name, said in told.items() if name.endswith("METADATA")
    )
