"""From a trade to a release that outsiders recompute, to a refund, to a restatement."""

import dataclasses
import json
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

import databourse_client
from app import demonstration
from app.unit import Exchange
from marketplace import orders, volume
from marketplace.counting import tallies
from tests.app.api import trade
from tests.conftest import As, Client, work_of
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.marketplace.releasing.make import ANYBODY, LATER, MONTH
from tests.settlement import money

DOOR = "/api/volume-releases"
STATISTICIAN, APPROVER, MERCHANT = (
    "per_exchange_settler", "per_exchange_approver", "per_developer_editor",
)  # fmt: skip
SCRIPTS = Path(databourse_client.__file__).parent


@pytest.fixture
def exchange(application: Exchange) -> Exchange:
    """Serve a town of two traders, under rules that would hide neither, a month later."""
    application.house = dataclasses.replace(application.house, rules=ANYBODY)
    return application


def traded(session: Session) -> SimpleNamespace:
    """Let the insurer accept twice, and the month end."""
    money.verified(lambda person: work_of(session, person), "org_buyer", "演示·保险公司")
    order = watched.accepted(session, make.paid(session))
    watched.accepted(session, make.paid(session))
    session.flush()
    tallies.tally(work_of(session, "system"))
    demonstration.begin_at(session, LATER)
    return SimpleNamespace(id=order.id, code=order.id)


def run(script: str, *files: Path | str) -> tuple[int, str]:
    """Run one of the outsiders' files, as they would: alone, without anything of ours."""
    asked = [sys.executable, "-I", str(SCRIPTS / script), *map(str, files)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def made_known(as_: As, **body: Any) -> dict[str, Any]:
    """Prepare a release, and have another person check and publish it."""
    made = as_(STATISTICIAN).post(DOOR, json={"period": MONTH.code, **body})
    assert made.status_code == 201, made.json
    for step in ("check", "publish"):
        own = as_(STATISTICIAN).post(f"{DOOR}/{made.json['id']}/{step}", json={})
        assert own.status_code == 403
        done = as_(APPROVER).post(f"{DOOR}/{made.json['id']}/{step}", json={})
        assert done.status_code == 200, done.json
    found: dict[str, Any] = as_(APPROVER).get(f"{DOOR}/{made.json['id']}").json
    return found


def test_what_was_traded_is_published_checked_by_others_refunded_and_restated(
    exchange: Exchange, as_: As, client: Client, tmp_path: Path
) -> None:
    order = trade.set_up(exchange, traded)
    first = made_known(as_)
    assert first["figures"]["on_exchange_fen"] == 2_000_000

    release = recomputed(client, first, tmp_path)
    proven(client, as_, first["id"], release)

    # A refund in the month after leaves the published one as it was.
    trade.set_up(exchange, lambda session: refunded(session, order.id))
    after = as_(APPROVER).get(f"{DOOR}/{first['id']}").json
    assert (after["hash"], after["state"]) == (first["hash"], "published")

    # What is found out about the month itself is stated anew, with its reason.
    trade.set_up(exchange, lambda session: set_aside(session, order.id))
    silent = as_(STATISTICIAN).post(DOOR, json={"period": MONTH.code})
    assert silent.status_code == 409
    assert [one["code"] for one in silent.json["refusals"]] == ["REASON_NEEDED"]
    second = made_known(as_, reason="循环交易查实，予以剔除")
    assert second["restates_id"] == first["id"]
    assert second["figures"]["on_exchange_fen"] == 1_300_000
    kept = as_(APPROVER).get(f"{DOOR}/{first['id']}").json
    assert (kept["state"], kept["hash"]) == ("restated", first["hash"])
    page = client.get(f"/releases/{second['id']}").text
    assert "循环交易查实" in page
    assert f'href="/releases/{first["id"]}"' in page
    shown(client, as_, first["id"])


def recomputed(client: Client, known: dict[str, Any], folder: Path) -> Path:
    """Compute a release again outside, with its two files and nothing of the exchange."""
    document = client.get(f"{DOOR}/{known['id']}/document")
    lines = client.get(f"{DOOR}/{known['id']}/input")
    assert "immutable" in document.headers["Cache-Control"]
    assert document.headers["ETag"] == f'"{known["hash"]}"'
    tag = {"If-None-Match": document.headers["ETag"]}
    assert client.get(f"{DOOR}/{known['id']}/document", headers=tag).status_code == 304
    release, held = folder / "release.json", folder / "input.txt"
    release.write_bytes(document.data)
    held.write_bytes(lines.data)
    status, told = run("releases.py", release, held, known["hash"])
    assert (status, json.loads(told)["root"]) == (0, known["root"])
    return release


def proven(client: Client, as_: As, release_id: str, release: Path) -> None:
    """Hand a merchant its own proofs, and nobody else; verify them, and one that was changed."""
    proofs = as_(MERCHANT).get(f"{DOOR}/{release_id}/proofs")
    assert (proofs.json["up"], len(proofs.json["lines"])) == (2_000_000, 2)
    assert as_("per_other_editor").get(f"{DOOR}/{release_id}/proofs").status_code == 404
    assert client.get(f"{DOOR}/{release_id}/proofs").status_code == 401
    changed = json.loads(proofs.data)
    changed["lines"][0]["parts"][0]["up"] += 1
    changed["up"] += 1
    forged = json.dumps(changed).encode()
    proof = release.with_name("proof.json")
    for content, status, said in ((proofs.data, 0, "核验通过"), (forged, 4, "核验不通过")):
        proof.write_bytes(content)
        assert run("inclusion.py", proof, release)[0] == status
        assert said in brought(client, content)
    assert "核验不通过" in brought(client, b"[]")


def shown(client: Client, as_: As, release_id: str) -> None:
    """Look at every page of a release, as everybody and as who makes it."""
    for path in (
        "/releases", f"/releases/{release_id}", f"/releases/{release_id}?file=csv",
        f"/releases/{release_id}?file=xlsx", "/method", f"/method/{release_id}",
        "/releases/verify", "/releases/verifier/inclusion.py", "/feeds/releases.atom",
    ):  # fmt: skip
        assert client.get(path).status_code == 200, path
    assert "GROUP BY" in client.get(f"/method/{release_id}").text
    assert client.get("/releases/verifier/wire.py").status_code == 404
    assert client.get("/releases/rel_none").status_code == 404
    assert "编制一份发布" in as_(STATISTICIAN).get("/releases").text
    assert "编制一份发布" not in client.get("/releases").text
    own = as_(MERCHANT).get(f"/releases/{release_id}/proofs?file=json")
    assert own.json["up"] == 2_000_000
    assert as_(MERCHANT).get(f"/releases/{release_id}/proofs").status_code == 200
    assert as_("per_buyer_editor").get(f"/releases/{release_id}/proofs").status_code == 404


def brought(client: Client, content: bytes) -> str:
    """Bring a proof to the public page; return what it says."""
    form = client.get("/releases/verify").text
    token = form.split('name="csrf_token" value="')
    sent = {"file": (BytesIO(content), "proof.json")}
    more = {"csrf_token": token[1].split('"')[0]} if len(token) > 1 else {}
    answer = client.post("/releases/verify", data=sent | more, content_type="multipart/form-data")
    assert answer.status_code == 200
    text: str = answer.text
    return text


def refunded(session: Session, order_id: str) -> SimpleNamespace:
    """Give some of it back a month later."""
    order = orders.find(session, order_id)
    watched.arrived(session, watched.asked(session, order, 300_000, at=LATER), at=LATER)
    tallies.tally(work_of(session, "system"))
    return SimpleNamespace(id=order_id, code=order_id)


def set_aside(session: Session, order_id: str) -> SimpleNamespace:
    """Set the rest aside on a day of the month itself."""
    work = watched.by(session, at=make.AFTER_PUBLICITY + timedelta(days=1))
    volume.exclude(work, order_id, source_id="flg_1", reason="circular")
    session.flush()
    tallies.tally(work_of(session, "system"))
    return SimpleNamespace(id=order_id, code=order_id)
