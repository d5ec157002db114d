"""Search, judge, try in three: over HTTP, with the buyer's client, and never past the limits."""

from typing import Any

import pytest
from click.testing import CliRunner

from app import demonstration, worker
from app.cli import main
from app.unit import Exchange
from databourse_client import Client as Reader
from databourse_client.troubles import Refused
from marketplace import volume
from marketplace.finding import sources
from marketplace.indexing.index import Kind
from tests.conftest import As, work_of
from tests.databourse_client.conftest import address, machine, reader
from tests.marketplace import make
from tests.marketplace.trying import test_trials

__all__ = ["address", "machine", "reader"]

QUOTA = {"calls": 2, "rows": 60, "days": 3}
NOW = make.days_later(1, make.AFTER_PUBLICITY)


@pytest.fixture
def product(application: Exchange) -> str:
    """Have a product of a table listed."""
    with application.house.engines.writing() as session:
        made = test_trials.tabled(session, application.house.data_dir)
        sources.rebuild(work_of(session, "system"), Kind.PRODUCT, after="", limit=10)
        demonstration.begin_at(session, NOW)
        session.commit()
        return str(made.id)


def sent(client: Any, path: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(f"/api{path}", json=body, headers={"Idempotency-Key": path})
    assert answer.status_code == status, answer.json
    return answer.json


def test_search_judge_try_in_three_and_order_in_one(
    application: Exchange, as_: As, reader: Reader, product: str
) -> None:
    seller, buyer = as_("per_developer_editor"), as_("per_buyer_editor")
    offer = sent(seller, "/trial-offers", 201, product_id=product, **QUOTA)
    worker.drain(application.house)

    (found,) = reader.search("降雨指数", kind="product")
    judged = reader.product(found["id"])
    trial = reader.try_out(found["id"], "核对站点覆盖")
    frame = reader.read(trial["task_id"], limit=50)
    with pytest.raises(Refused) as more:
        reader.read(trial["task_id"], limit=20)
    worker.drain(application.house)
    order = sent(buyer, f"/trials/{trial['id']}/order", 201)

    assert judged["sample"]
    assert len(frame) == 50
    assert "ALLOWANCE_USED_UP" in str(more.value.refusals)
    assert buyer.get(f"/api/trials/{trial['id']}").json["order_id"] == order["id"]
    assert buyer.get("/api/trials").json["items"][0]["until"] == trial["until"]
    assert seller.get("/api/trial-offers").json["items"][0]["id"] == offer["id"]
    assert reader.wire.get(f"/api/trial-offers/{offer['id']}")["calls"] == 2
    assert as_("per_other_editor").get(f"/api/trials/{trial['id']}").status_code == 404
    with application.house.engines.reading() as session:
        told = volume.totals(session, since=NOW.date(), until=NOW.date())
    assert (told.counted.minor, told.tx_count, told.free_count) == (0, 0, 0)


@pytest.mark.usefixtures("reader")
def test_a_trial_is_taken_in_one_command_and_once(
    application: Exchange, as_: As, product: str
) -> None:
    sent(as_("per_developer_editor"), "/trial-offers", 201, product_id=product, **QUOTA)

    told = CliRunner().invoke(main, ["data", "try", product, "--for", "核对"])
    again = CliRunner().invoke(main, ["data", "try", product, "--for", "核对", "--json"])
    trial = as_("per_buyer_editor").get("/api/trials").json["items"][0]
    ended = sent(as_("per_buyer_editor"), f"/trials/{trial['id']}/end")
    worker.drain(application.house)

    assert told.stdout.splitlines()[-1] == f"{trial['task_id']} until {trial['until']}"
    assert again.exit_code == 3
    assert "TRIED_ALREADY" in again.output
    assert ended["state"] == "ended"
