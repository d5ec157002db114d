"""Webhooks against real receivers on the loopback: prompt, slow, failing, redirecting, huge."""

import re
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Semaphore
from time import sleep
from typing import Any

import pytest
from sqlalchemy import update

import databourse_client
from app import demonstration, worker
from app.telling import posting, sending
from app.unit import Exchange
from kernel.actor import SYSTEM
from kernel.journal import history
from marketplace.telling import addresses, notices
from marketplace.telling.notices import Claimed, Notice
from tests.conftest import As
from tests.databourse_client.strange import Seen, say, serving
from tests.marketplace import make

DOOR = "/api/webhook-endpoints"
HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
def inside(application: Exchange) -> Exchange:
    """Let this house post to the loopback."""
    settings = replace(application.house.settings, webhook_private=True)
    application.house = replace(application.house, settings=settings)
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, make.AFTER_PUBLICITY + timedelta(days=8))
        session.commit()
    return application


def claimed(url: str) -> Claimed:
    """Return a notice to post."""
    return Claimed("whn_1", url, {"Content-Type": "application/json"}, b"{}")


def added(client: Any, url: str, *kinds: str) -> dict[str, Any]:
    """Add an endpoint; return it with its secret."""
    answer = client.post(DOOR, json={"url": url, "kinds": list(kinds or ["order.paid"])})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def of(client: Any, endpoint_id: str) -> list[dict[str, Any]]:
    """Return the notices of an endpoint, newest first."""
    found: list[dict[str, Any]] = client.get(f"{DOOR}/notices?endpoint_id={endpoint_id}").json[
        "items"
    ]
    return found


def test_an_order_that_is_paid_is_told_signed_and_written_down(inside: Exchange, as_: As) -> None:
    buyer = as_("per_buyer_editor")
    with serving(lambda seen, handler: say(handler, 204)) as server:
        endpoint = added(buyer, f"{server.url}/in?team=a")
        with inside.house.engines.writing() as session:
            order = make.paid(session)
            order_id = order.id
            session.commit()
        # What the builders record has no errands of the house: the reaction is asked as it asks.
        with inside.house.engines.writing() as session:
            work = inside.house.work(session, SYSTEM)
            for event in history(session, order_id, limit=100):
                if event.kind == "order.paid":
                    notices.tell(work, event)
            session.commit()
        tried = sending.send_waiting(inside.house)

    (seen,) = server.seen
    now_s = int(seen.headers["webhook-timestamp"])
    said = databourse_client.verify(seen.body, seen.headers, endpoint["secret"], now_s=now_s)
    (notice,) = of(buyer, endpoint["id"])

    assert tried == 1
    assert (seen.method, seen.path) == ("POST", "/in?team=a")
    assert said["data"] == {"order_id": order_id}
    assert (notice["status"], notice["error"], notice["attempts"]) == (204, None, 1)
    assert notice["arrived_at"] is not None
    assert "secret" not in buyer.get(DOOR).json["items"][0]


def test_an_event_of_a_request_reaches_the_receiver_by_the_worker(
    inside: Exchange, as_: As
) -> None:
    seller = as_("per_developer_editor")
    with serving(lambda seen, handler: say(handler, 200)) as server:
        endpoint = added(seller, server.url, "order.placed")
        with inside.house.engines.writing() as session:
            product = make.listed(session).id
            session.commit()
        wish = {"lines": [{"product_id": product, "quantity": 1}],
                "use_scenario": {**make.use(), "period_from": "2026-07-25",
                                 "period_to": "2026-12-31"},
                "is_related_party": False}  # fmt: skip
        placed = as_("per_buyer_editor").post(
            "/api/orders", json=wish, headers={"Idempotency-Key": "k1"}
        )
        assert placed.status_code == 201, placed.text
        worker.drain(inside.house)
        sending.send_waiting(inside.house)

    assert [one["kind"] for one in of(seller, endpoint["id"])] == ["order.placed"]
    assert placed.json["id"].encode() in server.seen[0].body


def drip(handler: Any) -> None:
    """Answer letter by letter, for minutes."""
    for letter in b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" * 100:
        handler.wfile.write(bytes([letter]))
        handler.wfile.flush()
        sleep(0.05)


def huge(handler: Any) -> None:
    """Answer with what has no end."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**12))
    handler.end_headers()
    for _ in range(64):
        handler.wfile.write(b"x" * 1_000_000)


def broken(handler: Any) -> None:
    """Answer with what is no HTTP."""
    handler.wfile.write(b"no HTTP at all\r\n\r\n")
    handler.close_connection = True


ODD: dict[str, Callable[[Any], None]] = {
    "/redirect": lambda handler: say(handler, 302, Location="/elsewhere"),
    "/huge": huge,
    "/drip": drip,
    "/broken": broken,
    "/silent": lambda handler: sleep(1.5),
    "/failing": lambda handler: say(handler, 500),
}


def test_each_kind_of_bad_receiver_is_told_apart_and_keeps_nobody_waiting() -> None:
    with serving(lambda seen, handler: ODD[seen.path](handler)) as server:
        found = {
            path: posting.post(claimed(server.url + path), private=True, wall_s=0.8) for path in ODD
        }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    found["/closed"] = posting.post(claimed(closed), private=True)
    found["/unknown"] = posting.post(claimed("https://no-such-name.invalid/"), private=False)

    assert {path: (one.status, one.error) for path, one in found.items()} == {
        "/redirect": (302, "REDIRECTED"),
        "/huge": (200, None),
        "/drip": (None, "TOO_SLOW"),
        "/broken": (None, "NO_ANSWER"),
        "/silent": (None, "TOO_SLOW"),
        "/failing": (500, "NOT_TAKEN"),
        "/closed": (None, "NO_ANSWER"),
        "/unknown": (None, "NAME_UNKNOWN"),
    }
    assert all(one.took_ms < 1500 for one in found.values())
    assert "/elsewhere" not in {one.path for one in server.seen}


def test_a_name_that_leads_inside_is_refused_when_it_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def resolved(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("93.184.216.34", port)), (2, 1, 6, "", ("10.0.0.7", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    outcome = posting.post(claimed("https://hooks.example/"), private=False)

    assert (outcome.status, outcome.error) == (None, "ADDRESS_REFUSED")
    assert asked == ["hooks.example"]
    assert posting.post(claimed("http://127.0.0.1/"), private=False).error == "ADDRESS_REFUSED"
    assert not addresses.is_open("::ffff:127.0.0.1")


def test_a_receiver_without_a_valid_certificate_gets_nothing() -> None:
    with serving(lambda seen, handler: say(handler, 200)) as server:
        address = server.url.replace("http://", "https://")
        outcome = posting.post(claimed(address), private=True)

    assert outcome.error == "CERTIFICATE"
    assert server.seen == []


def test_a_slow_receiver_keeps_the_others_not_waiting(inside: Exchange, as_: As) -> None:
    buyer, quick, waited = as_("per_buyer_editor"), Semaphore(0), []

    def slow(seen: Seen, handler: Any) -> None:
        # Each slow one answers once a quick one was told: in a row that would never be.
        if seen.path == "/slow":
            waited.append(quick.acquire(timeout=5))
        else:
            quick.release()
        say(handler, 200)

    with serving(slow) as server:
        for path in ("/slow", "/slow", "/fast", "/fast"):
            endpoint = added(buyer, server.url + path)
            assert buyer.post(f"{DOOR}/{endpoint['id']}/ping").status_code == 201
        assert sending.send_waiting(inside.house) == 4

    assert waited == [True, True]
    assert len(server.seen) == 4


def test_the_page_adds_tries_and_replays(inside: Exchange, as_: As) -> None:
    buyer = as_("per_buyer_editor")

    empty = buyer.get("/webhooks", headers=HTML)
    answers = [500, 200, 200]
    with serving(lambda seen, handler: say(handler, answers.pop(0))) as server:
        made = buyer.post("/webhooks", data={"url": server.url, "kinds": ["order.paid"]})
        page = f"/webhooks/{buyer.get(DOOR).json['items'][0]['id']}"
        buyer.post(f"{page}/ping")
        sending.send_waiting(inside.house)
        failed = buyer.get(page, headers=HTML).text
        with inside.house.engines.writing() as session:
            session.execute(update(Notice).values(due_at=None, given_up_at=make.AFTER_PUBLICITY))
            session.commit()
        missed = buyer.get(f"{page}?missed=1", headers=HTML).text
        buyer.post(f"{page}/replay", data={"days": "7"})
        sending.send_waiting(inside.house)
        arrived = buyer.get(page, headers=HTML).text
        buyer.post(f"/webhooks/notices/{of(buyer, page.rsplit('/', 1)[-1])[0]['id']}/replay")
        sending.send_waiting(inside.house)

    assert "No endpoint yet" in empty.text
    assert "whsec_" in made.text
    assert "the receiver did not take it" in failed
    assert "given up" in missed
    assert "arrived" in arrived
    assert len(server.seen) == 3
    assert len({one.headers["webhook-id"] for one in server.seen}) == 1


def test_the_page_changes_and_switches(inside: Exchange, as_: As) -> None:
    buyer = as_("per_buyer_editor")
    endpoint = added(buyer, "https://hooks.example/a")
    page = f"/webhooks/{endpoint['id']}"

    wrong = buyer.post("/webhooks", data={"url": "ftp://x", "kinds": "order.paid"})
    rotated = buyer.post(f"{page}/rotate").text
    buyer.post(f"{page}/change", data={"url": "https://hooks.example/b", "kinds": "bill.issued"})
    buyer.post(f"{page}/switch", data={"on": "0"})
    off = buyer.get(page, headers=HTML).text
    buyer.post(f"{page}/switch", data={"on": "1"})
    on = buyer.get("/webhooks", headers=HTML).text

    assert endpoint["secret"] not in rotated
    assert "whsec_" in rotated
    assert wrong.status_code == 422
    assert "switched off by hand" in off
    assert "https://hooks.example/b" in off
    assert "The former secret signs as well until" in off
    assert "switched off" not in on
    assert as_("per_other_editor").get(page).status_code == 404
    assert as_("per_buyer_signer").get("/webhooks").status_code == 403


def test_the_door_keeps_changes_switches_and_replays(inside: Exchange, as_: As) -> None:
    buyer = as_("per_buyer_editor")
    endpoint = added(buyer, "https://hooks.example/", "order.paid", "order.paid")
    door = f"{DOOR}/{endpoint['id']}"

    kinds = buyer.get(f"{DOOR}/kinds").json["items"]
    changed = buyer.post(
        f"{door}/change", json={"url": "https://hooks.example/b", "kinds": ["bill.issued"]}
    )
    rotated = buyer.post(f"{door}/rotate")
    off = buyer.post(f"{door}/switch", json={"on": False})
    barred = buyer.post(f"{door}/ping")
    on = buyer.post(f"{door}/switch", json={"on": True})
    stretch = {"since": "2026-07-01T00:00:00+08:00", "until": "2026-12-01T00:00:00+08:00"}
    none = buyer.post(f"{door}/replay", json=stretch)
    buyer.get(f"{DOOR}/notices")
    ping = buyer.post(f"{door}/ping")
    again = buyer.post(f"{DOOR}/notices/{ping.json['id']}/replay")
    foreign = as_("per_other_editor").post(f"{door}/rotate")

    assert {"kind": "order.paid", "label": "订单已付款"} in kinds
    assert changed.json["kinds"] == ["bill.issued"]
    assert rotated.json["secret"] != endpoint["secret"]
    assert off.json["off_because"] == "BY_HAND"
    assert [one["code"] for one in barred.json["refusals"]] == ["ENDPOINT_OFF"]
    assert on.json["off_at"] is None
    assert none.json == {"notices": 0}
    assert again.json["event_id"] == ping.json["event_id"]
    assert foreign.status_code == 404


def test_a_token_is_made_on_its_page_shown_once_and_revoked(application: Exchange, as_: As) -> None:
    buyer = as_("per_buyer_editor")

    made = buyer.post("/tokens", data={"label": "笔记本", "days": "30", "scopes": ["read"]})
    secret = re.search(r"<code>(dbx_[\w-]+)</code>", made.text)
    assert secret, made.text
    nobody = application.test_client()
    shown = {"Authorization": f"Bearer {secret[1]}"}
    me: Any = nobody.get("/api/me", headers=shown)
    page = buyer.get("/tokens", headers=HTML).text
    token_id = buyer.get("/api/tokens").json["items"][0]["id"]
    buyer.post(f"/tokens/{token_id}/revoke")

    assert me.json["scopes"] == ["read"]
    assert "笔记本" in page
    assert secret[1] not in page
    assert nobody.get("/api/me", headers=shown).status_code == 401
