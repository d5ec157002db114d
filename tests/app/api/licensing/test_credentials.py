import json
from datetime import datetime

import pytest

from app.unit import Exchange
from kernel.clock import Instant
from licensing.papers import checks, status_lists, tokens
from tests.conftest import As, Client
from tests.licensing import grants
from tests.licensing.papers import office


@pytest.fixture
def right(application: Exchange) -> str:
    with application.house.engines.writing() as session:
        made = grants.active(session).id
        session.commit()
    return made


def credential(as_: As, right: str) -> str:
    answer = as_("per_developer_signer").get(f"/api/credentials/{right}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("application/vc+jwt")
    return str(answer.text)


def lists(client: Client) -> list[str]:
    return [client.get(f"/api/status-lists/{purpose}/1").text for purpose in status_lists.Purpose]


def suspend(as_: As, right: str) -> None:
    answer = as_("per_hub_supervisor").post(
        f"/api/authorisations/{right}/suspend",
        json={"cause": "security_incident", "reason": "keys were found in the open"},
    )
    assert answer.status_code == 200, answer.json


def failed(client: Client, token: str) -> list[str]:
    answer = client.post("/api/credentials/verify", json={"credential": token})
    assert answer.status_code == 200, answer.json
    codes = [one["code"] for one in answer.json["checks"] if not one["ok"]]
    assert answer.json["ok"] == (not codes)
    return codes


def test_a_suspension_is_seen_in_the_list_and_offline_at_once(
    client: Client, as_: As, right: str
) -> None:
    token, keys = credential(as_, right), json.loads(client.get("/.well-known/jwks.json").text)
    moment = status_moment(lists(client)[0])
    before = checks.offline(token, keys, lists(client), moment)

    suspend(as_, right)
    after = checks.offline(token, keys, lists(client), moment)

    days = {"NOT_YET_VALID", "EXPIRED"}  # the clock of these tests is the machine's
    assert {one.code for one in before if not one.ok} <= days
    assert {one.code for one in after if not one.ok} - days == {"SUSPENDED"}


def test_whoever_has_a_credential_may_have_it_verified(client: Client, as_: As, right: str) -> None:
    token = credential(as_, right)

    before = failed(client, token)
    suspend(as_, right)
    after = failed(client, token)

    assert set(after) - set(before) == {"SUSPENDED"}
    assert failed(client, "no.token.here") == ["TOKEN_MALFORMED"]


def test_a_credential_is_its_parties_alone(client: Client, as_: As, right: str) -> None:
    stranger = as_("per_buyer_signer")

    assert client.get(f"/api/credentials/{right}").status_code == 401
    assert stranger.get(f"/api/credentials/{right}").status_code == 404
    assert stranger.get(f"/api/credentials/{right}/policy").status_code == 404


def test_connectors_get_the_policy_as_json_ld(client: Client, as_: As, right: str) -> None:
    answer = as_("per_developer_signer").get(f"/api/credentials/{right}/policy")

    written = json.loads(answer.text)
    assert answer.mimetype == "application/ld+json"
    assert written["@type"] == "Agreement"
    profile = client.get("/.well-known/odrl-profile")
    assert json.loads(profile.text)["@id"] == written["profile"]


def test_an_unchanged_list_is_not_sent_again(client: Client, as_: As, right: str) -> None:
    first = client.get("/api/status-lists/suspension/1")
    held = {"If-None-Match": first.headers["ETag"]}

    unchanged = client.get("/api/status-lists/suspension/1", headers=held)
    suspend(as_, right)
    changed = client.get("/api/status-lists/suspension/1", headers=held)

    assert first.headers["Cache-Control"] == "public, no-cache"
    assert (unchanged.status_code, changed.status_code) == (304, 200)


@pytest.mark.parametrize("path", ["suspension/2", "fun/1", f"revocation/{10**12}"])
def test_a_list_that_was_never_begun_is_not_found(client: Client, right: str, path: str) -> None:
    assert client.get(f"/api/status-lists/{path}").status_code == 404


def test_keys_and_issuer_are_open_to_everybody(client: Client, as_: As, right: str) -> None:
    keys = client.get("/.well-known/jwks.json")
    issuer = client.get("/.well-known/issuer.json")

    token = credential(as_, right)
    assert tokens.read(token, json.loads(keys.text)).payload["issuer"] == issuer.json["id"]
    assert issuer.json["id"] == "http://localhost/.well-known/issuer.json"
    assert keys.headers["Cache-Control"] == "public, max-age=60"
    assert set(json.loads(keys.text)["keys"][0]) == {"kty", "crv", "x", "kid", "alg", "use"}


def status_moment(token: str) -> Instant:
    """Return the moment from which a list holds."""
    return datetime.fromisoformat(office.said(token)["validFrom"])
