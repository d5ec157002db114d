"""Paying online over HTTP: begin, hand over to the provider, hear its notices, close."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app import create_app, worker
from app.rails import calls, told
from app.unit import Exchange
from config.settings import BadSetting, Settings
from settlement.rails import attempts, fake_rail, inbox, poller
from settlement.rails.fake_rail import SIGNATURE, FakeRail
from settlement.rails.port import Kind, NoAnswer, Phase
from settlement.rails.stripe_rail import StripeRail
from tests.app.api import till
from tests.conftest import As

FAKE = {"provider": "fake", "method": "card"}


@pytest.fixture
def application(application: Exchange) -> Exchange:
    """Serve with the provider that moves no money."""
    application.house = replace(application.house, rails={"fake": FakeRail()})
    return application


def fake(application: Exchange) -> FakeRail:
    found = application.house.rails["fake"]
    assert isinstance(found, FakeRail)
    return found


def begun(application: Exchange, as_: As, **body: Any) -> Any:
    payment = till.asked(application, as_)
    door = f"/api/payments/{payment['id']}/attempts"
    return as_("per_buyer_signer").post(door, json={**FAKE, **body}, headers=till.keyed())


def test_a_payment_is_collected_while_its_buyer_waits(application: Exchange, as_: As) -> None:
    answer = begun(application, as_)

    assert answer.status_code == 201, answer.json
    assert (answer.json["state"], answer.json["captured"]["minor"]) == ("captured", 12_800_001)
    assert answer.headers["Location"] == f"/api/attempts/{answer.json['id']}"
    payment = as_("per_buyer_editor").get(f"/api/payments/{answer.json['payment_id']}").json
    assert (payment["state"], payment["rails"], payment["purpose"]) == ("funded", ["fake"], "order")


def test_the_buyer_is_handed_over_to_the_providers_page(application: Exchange, as_: As) -> None:
    answer = begun(application, as_, method="alipay", return_url="https://x.invalid/")

    assert answer.json["state"] == "requires_action"
    assert answer.json["handover"]["redirect_url"].startswith("/pretend/fpi_")
    door = f"/api/attempts/{answer.json['id']}"
    assert as_("per_buyer_signer").get(door).json["handover"]
    assert as_("per_exchange_auditor").get(door).json["handover"] == {}, "it is the buyer's alone"
    assert as_("per_other_editor").get(door).status_code == 404


def test_one_key_begins_one_attempt_and_shows_it_as_it_stands_now(
    application: Exchange, as_: As
) -> None:
    payment = till.asked(application, as_)
    door, keyed = f"/api/payments/{payment['id']}/attempts", till.keyed()
    body = {**FAKE, "method": "alipay"}
    first = as_("per_buyer_signer").post(door, json=body, headers=keyed)
    rail = fake(application)
    rail.decide(first.json["object_id"], Phase.SUCCEEDED)
    calls.gateway_of(application.house).look("fake", Kind.PAYMENT, first.json["object_id"])

    again = as_("per_buyer_signer").post(door, json=body, headers=keyed)
    other = as_("per_buyer_signer").post(door, json=FAKE, headers=keyed)
    without = as_("per_buyer_signer").post(door, json=FAKE)

    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.json["id"], again.json["state"]) == (first.json["id"], "captured")
    assert (other.status_code, without.status_code) == (422, 400)


def test_a_second_try_while_one_is_under_way_is_refused(application: Exchange, as_: As) -> None:
    first = begun(application, as_, method="alipay")
    door = f"/api/payments/{first.json['payment_id']}/attempts"

    second = as_("per_buyer_signer").post(door, json=FAKE, headers=till.keyed())

    assert second.status_code == 409
    assert [one["code"] for one in second.json["refusals"]] == ["ATTEMPT_UNDER_WAY"]


def test_a_try_is_closed_to_pay_in_another_way(application: Exchange, as_: As) -> None:
    first = begun(application, as_, method="alipay").json
    door = f"/api/attempts/{first['id']}/closing"
    stranger = as_("per_exchange_settler").post(door, json={}, headers=till.keyed())

    closed = as_("per_buyer_signer").post(door, json={}, headers=till.keyed())
    worker.run_jobs(application.house)
    second = as_("per_buyer_signer").post(
        f"/api/payments/{first['payment_id']}/attempts", json=FAKE, headers=till.keyed()
    )

    assert stranger.status_code == 403
    assert closed.json["state"] == "cancelled"
    assert fake(application).fetch(Kind.PAYMENT, first["object_id"]).phase is Phase.CANCELLED
    assert second.json["state"] == "captured"
    listed = as_("per_buyer_editor").get(f"/api/payments/{first['payment_id']}/attempts").json
    assert [one["id"] for one in listed["items"]] == [second.json["id"], first["id"]]


def test_what_is_paid_twice_is_told_and_not_tried(application: Exchange, as_: As) -> None:
    first = begun(application, as_).json
    door = f"/api/payments/{first['payment_id']}/attempts"

    second = as_("per_buyer_signer").post(door, json=FAKE, headers=till.keyed())

    assert [one["code"] for one in second.json["refusals"]] == ["NOT_AWAITED"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"provider": "none"}, "/provider"), ({"method": "alipay", "manual": True}, "/manual"),
     ({"method": "cash"}, "/method")],
)  # fmt: skip
def test_a_way_that_there_is_not_is_refused(
    application: Exchange, as_: As, body: dict[str, Any], pointer: str
) -> None:
    answer = begun(application, as_, **body)

    assert answer.status_code == 422
    assert pointer in json.dumps(answer.json)


def test_only_the_payer_pays(application: Exchange, as_: As) -> None:
    payment = till.asked(application, as_)
    door = f"/api/payments/{payment['id']}/attempts"

    settler = as_("per_exchange_settler").post(door, json=FAKE, headers=till.keyed())
    stranger = as_("per_other_editor").post(door, json=FAKE, headers=till.keyed())

    assert (settler.status_code, stranger.status_code) == (403, 404)


def test_a_notice_is_kept_when_it_is_signed_and_worked_out_by_the_worker(
    application: Exchange, as_: As
) -> None:
    attempt = begun(application, as_, method="alipay").json
    rail = fake(application)
    rail.decide(attempt["object_id"], Phase.SUCCEEDED)
    body = rail.told[-1][1]
    client = application.test_client()

    first, again = (
        client.post("/api/webhooks/fake", data=body, headers={SIGNATURE: rail.sign(body)})
        for _ in range(2)
    )
    calls.run_inbox(application.house)

    assert (first.json, again.json) == (
        {"received": True, "new": True}, {"received": True, "new": False},
    )  # fmt: skip
    now = as_("per_buyer_editor").get(f"/api/attempts/{attempt['id']}").json
    assert now["state"] == "captured"


@pytest.mark.parametrize("provider", ["fake", "stripe"])
def test_a_notice_that_is_not_signed_is_refused_and_not_kept(
    application: Exchange, provider: str
) -> None:
    answer = application.test_client().post(f"/api/webhooks/{provider}", data=b"{}")

    assert answer.status_code == 400
    assert b"notice-refused" in answer.data
    with application.house.engines.reading() as session:
        assert session.query(inbox.Notice).all() == []


def test_the_worker_carries_out_what_a_request_could_not(application: Exchange, as_: As) -> None:
    fake(application).faults.append(fake_rail.LOST)
    attempt = begun(application, as_).json
    assert attempt["state"] == "unknown"

    as_("per_exchange_settler").post("/api/demonstration/clock", json={"working_days": 1})
    worker.run_jobs(application.house)

    now = as_("per_buyer_editor").get(f"/api/attempts/{attempt['id']}").json
    assert now["state"] == "captured"


def test_the_worker_closes_what_is_over_and_looks_at_the_providers(
    application: Exchange, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = begun(application, as_, method="alipay").json
    as_("per_exchange_settler").post("/api/demonstration/clock", json={"working_days": 1})

    worker.run_jobs(application.house)

    now = as_("per_buyer_editor").get(f"/api/attempts/{attempt['id']}").json
    assert now["state"] == "expired"
    monkeypatch.setattr(poller, "poll", _no_answer)
    assert calls.poll(application.house) == 0, "the next look asks again"


def _no_answer(*_args: object) -> int:
    raise NoAnswer("no-connection")


def test_the_terminal_tells_commands_notices_and_what_a_look_found(
    application: Exchange, as_: As
) -> None:
    begun(application, as_)

    (looked,) = told.LINES["poll"](application.house, open_only=False)
    (command,) = told.LINES["commands"](application.house, open_only=False)
    (notice,) = told.LINES["inbox"](application.house, open_only=False)

    assert looked == "1 new, 1 notices worked out, 0 commands run"
    assert json.loads(command)["state"] == "done"
    assert json.loads(notice)["handled"]
    assert list(told.LINES["commands"](application.house, open_only=True)) == []
    (kept,) = as_("per_exchange_auditor").get("/api/provider-notices").json["items"]
    assert (kept["came"], kept["stuck"], bool(kept["handled_at"])) == ("poll", False, True)


def test_money_that_is_reserved_is_taken_by_the_settlement_officer(
    application: Exchange, as_: As
) -> None:
    attempt = begun(application, as_, manual=True).json
    door = f"/api/attempts/{attempt['id']}/take-reserved"
    assert attempt["state"] == "authorised"

    buyer = as_("per_buyer_signer").post(door, json={}, headers=till.keyed())
    too_much = as_("per_exchange_settler").post(
        door, json={"amount": 12_800_002}, headers=till.keyed()
    )
    taken = as_("per_exchange_settler").post(door, json={}, headers=till.keyed())
    worker.run_jobs(application.house)

    assert (buyer.status_code, too_much.status_code, taken.status_code) == (403, 422, 200)
    with application.house.engines.reading() as session:
        assert attempts.find(session, attempt["id"]).state == attempts.State.CAPTURED


def test_without_rails_the_house_calls_nobody(application: Exchange) -> None:
    bare = replace(application.house, rails={})

    assert (calls.run_commands(bare), calls.run_inbox(bare), calls.poll(bare)) == (0, 0, 0)


SETTINGS = {"database_url": "sqlite:////nowhere/x.db", "key": "00" * 32}


@pytest.mark.parametrize(
    ("rails", "more"),
    [("stripe", {}), ("stripe", {"stripe_key": "sk_test_1"}), ("paypal", {}),
     ("fake", {"environment": "production", "base_url": "https://x.invalid"})],
)  # fmt: skip
def test_bad_settings_of_rails_are_told(rails: str, more: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match="RAILS"):
        Settings(rails=rails, **{**SETTINGS, **more}).check()


@pytest.fixture
def both(tmp_path: Any) -> Iterator[Exchange]:
    made = create_app(
        Settings(
            database_url=f"sqlite:///{tmp_path}/x.db", key="00" * 32, rails="fake,stripe",
            stripe_key="sk_test_1", stripe_endpoint_secret="whsec_1",
        )
    )  # fmt: skip
    yield made
    made.house.engines.dispose()


def test_the_house_has_the_rails_of_its_settings(both: Exchange) -> None:
    kinds = {name: type(port) for name, port in both.house.rails.items()}

    assert kinds == {"fake": FakeRail, "stripe": StripeRail}
