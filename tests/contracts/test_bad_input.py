"""What must not come in does not come in: a clear no over HTTP, and not a row is written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select

from app.unit import Exchange
from kernel.db import Base
from kernel.engines import Engines
from kernel.money import Money
from settlement import payments
from tests.app.api.parties.test_organisations import ENTRY
from tests.conftest import As, Client, work_of

ORGANISATIONS, TOKENS, PAYOUTS = "/api/organisations", "/api/tokens", "/api/payouts"
RANKINGS = "/api/rankings"
REGISTRAR, SETTLER = "per_exchange_compliance", "per_exchange_settler"
TOKEN = {"label": "test", "scopes": ["read"], "days": 7}
PAYOUT = {"payable": "merchant", "party_id": "org_developer"}
KEY = {"Idempotency-Key": "key-1"}

NUL, HALF, BELL, DELETE = "\x00", "\ud800", "\x07", "\x7f"
HUGE = 10**400


@pytest.fixture
def engines(application: Exchange) -> Engines:
    """Give the served database."""
    return application.house.engines


@contextmanager
def nothing_written(engines: Engines) -> Iterator[None]:
    """Fail when any table has more or fewer rows afterwards."""
    before = _rows(engines)
    yield
    assert _rows(engines) == before


def _rows(engines: Engines) -> dict[str, int]:
    with engines.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if not table.name.startswith("test_")
        }


def told(answer: Any, path: str) -> tuple[int, str, list[str]]:
    """Return status, code and pointers of a no, and see that it is a clear one."""
    assert answer.content_type == "application/problem+json", answer.text
    body = answer.json
    assert body["status"] == answer.status_code
    assert body["instance"] == path
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert body["title"]
    assert "Traceback" not in answer.text
    errors = body.get("errors", [])
    assert all(error["detail"] for error in errors)
    return (
        answer.status_code,
        body["type"].removeprefix("/problems/"),
        [error["pointer"] for error in errors],
    )


def sent(client: Client, path: str, body: Any, **headers: str) -> tuple[int, str, list[str]]:
    """Send a body as JSON, whatever it holds, and return what was told."""
    text = json.dumps(body)
    return told(
        client.post(path, data=text, content_type="application/json", headers=headers), path
    )


INVALID_ORGANISATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": ({"colour": "red"}, "/colour"),
    "an unknown field with a name of pointers": ({"a/b~c": 1}, "/a~1b~0c"),
    "a number for a text": ({"name_en": 7}, "/name_en"),
    "a boolean for a text": ({"name_en": True}, "/name_en"),
    "nothing for a text": ({"name_en": None}, "/name_en"),
    "an empty text": ({"name_en": ""}, "/name_en"),
    "a list for a text": ({"name_en": ["a"]}, "/name_en"),
    "a text for a list": ({"roles": "merchant"}, "/roles"),
    "an object for a list": ({"roles": {"0": "merchant"}}, "/roles"),
    "an empty list": ({"roles": []}, "/roles"),
    "a list that is too long": ({"roles": ["merchant"] * 9}, "/roles"),
    "an unknown choice": ({"roles": ["merchant", "wizard"]}, "/roles/1"),
    "a role that is nobody's": ({"roles": ["system"]}, "/roles/0"),
    "a text that is too long": ({"name_zh": "长" * 121}, "/name_zh"),
    "NUL": ({"name_zh": f"a{NUL}b"}, "/name_zh"),
    "NUL, deep inside": ({"roles": ["merchant", f"x{NUL}"]}, "/roles/1"),
    "NUL, in a name": ({f"x{NUL}": 1}, ""),
    "half a character": ({"name_zh": HALF}, "/name_zh"),
    "half a character, in a name": ({HALF: 1}, ""),
    "a bell": ({"name_en": f"a{BELL}"}, "/name_en"),
    "a delete character": ({"name_en": f"a{DELETE}"}, "/name_en"),
    "a code with a mistyped character": ({"uscc": "91110108717743469X"}, "/uscc"),
    "a region of letters": ({"region": "hunan1"}, "/region"),
    "a region of full-width digits": ({"region": "４３０１００"}, "/region"),
    "a code that is none": ({"uscc": "1"}, "/uscc"),
    "a code with letters that are not in use": ({"uscc": "9111010871774346OI"}, "/uscc"),
}


def test_an_organisation_that_is_not_valid_is_pointed_at(as_: As, engines: Engines) -> None:
    registrar = as_(REGISTRAR)

    with nothing_written(engines):
        found = {
            name: sent(registrar, ORGANISATIONS, {**ENTRY, **change})
            for name, (change, _) in INVALID_ORGANISATIONS.items()
        }

    assert found == {
        name: (422, "invalid-input", [pointer])
        for name, (_, pointer) in INVALID_ORGANISATIONS.items()
    }


def test_every_field_that_is_missing_is_named(as_: As, engines: Engines) -> None:
    registrar = as_(REGISTRAR)

    with nothing_written(engines):
        status, code, pointers = sent(registrar, ORGANISATIONS, {})

    assert (status, code) == (422, "invalid-input")
    assert sorted(pointers) == sorted(f"/{name}" for name in ENTRY)


def test_a_body_that_is_no_object_is_refused(as_: As, engines: Engines) -> None:
    registrar = as_(REGISTRAR)

    with nothing_written(engines):
        found = [
            sent(registrar, ORGANISATIONS, body)
            for body in ([], [ENTRY], "text", 7, True, None, 1.5)
        ]

    assert {no[:2] for no in found} == {(422, "invalid-input")}


NO_NUMBERS: dict[str, Any] = {
    "a fraction": 1.5,
    "a float that is whole": 7.0,
    "a float beyond all bounds": 1e308,
    "a boolean": True,
    "a text": "7",
    "nothing": None,
    "a list": [7],
    "a negative number": -1,
    "zero": 0,
    "too much": 10_001,
    "a huge number": HUGE,
}


def test_only_a_whole_number_in_its_bounds_is_a_number(as_: As, engines: Engines) -> None:
    buyer = as_("per_buyer_editor")

    with nothing_written(engines):
        found = {
            name: sent(buyer, TOKENS, {**TOKEN, "days": value})
            for name, value in NO_NUMBERS.items()
        }

    assert found == dict.fromkeys(NO_NUMBERS, (422, "invalid-input", ["/days"]))


NO_MONEY: dict[str, tuple[Any, str]] = {
    "a float": ({"minor": 128.5, "currency": "CNY"}, "/amount/minor"),
    "a float that is whole": ({"minor": 128.0, "currency": "CNY"}, "/amount/minor"),
    "a boolean": ({"minor": True, "currency": "CNY"}, "/amount/minor"),
    "a text": ({"minor": "128", "currency": "CNY"}, "/amount/minor"),
    "a negative amount": ({"minor": -1, "currency": "CNY"}, "/amount/minor"),
    "more than there is": ({"minor": 10**15 + 1, "currency": "CNY"}, "/amount/minor"),
    "a huge amount": ({"minor": HUGE, "currency": "CNY"}, "/amount/minor"),
    "another currency": ({"minor": 1, "currency": "BTC"}, "/amount/currency"),
    "no currency": ({"minor": 1}, "/amount/currency"),
    "a bare number": (128, "/amount"),
    "a third field": ({"minor": 1, "currency": "CNY", "scale": 2}, "/amount/scale"),
}


def test_money_is_whole_fen_and_nothing_else(as_: As, engines: Engines) -> None:
    settler = as_(SETTLER)

    with nothing_written(engines):
        found = {
            name: sent(settler, PAYOUTS, {**PAYOUT, "amount": value}, **KEY)
            for name, (value, _) in NO_MONEY.items()
        }

    assert found == {
        name: (422, "invalid-input", [pointer]) for name, (_, pointer) in NO_MONEY.items()
    }


UNREADABLE: dict[str, bytes] = {
    "half an object": b'{"uscc": ',
    "no JSON at all": b"uscc=1",
    "bytes that are no UTF-8": b'{"uscc": "\xff"}',
    "another encoding": json.dumps(ENTRY).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a name twice": b'{"uscc": "1", "uscc": "2"}',
    "not a number": b'{"days": NaN}',
    "infinity": b'{"days": -Infinity}',
    "a number of five thousand digits": b'{"days": ' + b"9" * 5000 + b"}",
    "a hundred lists in each other": b'{"roles": ' + b"[" * 100 + b"]" * 100 + b"}",
    "a hundred thousand lists in each other": b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand objects in each other": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "two bodies": b"{}{}",
    "a comment": b"{} // done",
    "a raw control character": b'{"uscc": "\x01"}',
}


def test_a_body_that_cannot_be_read_in_one_way_only_is_refused(as_: As, engines: Engines) -> None:
    registrar = as_(REGISTRAR)

    with nothing_written(engines):
        found = {
            name: told(
                registrar.post(ORGANISATIONS, data=body, content_type="application/json"),
                ORGANISATIONS,
            )
            for name, body in UNREADABLE.items()
        }

    assert found == dict.fromkeys(UNREADABLE, (400, "unreadable-request", []))


def test_ten_megabytes_are_too_many(as_: As, engines: Engines) -> None:
    registrar = as_(REGISTRAR)

    with nothing_written(engines):
        found = sent(registrar, ORGANISATIONS, {**ENTRY, "name_zh": "x" * 10_000_000})

    assert found == (413, "request-entity-too-large", [])


OTHER_TYPES = (None, "text/plain", "text/json", "application/xml", "nonsense",
               "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
               "application/merge-patch+json")  # fmt: skip


def test_a_body_that_is_not_called_json_is_not_read(as_: As, engines: Engines) -> None:
    registrar, text = as_(REGISTRAR), json.dumps(ENTRY)

    with nothing_written(engines):
        found = {
            kind: told(registrar.post(ORGANISATIONS, data=text, content_type=kind), ORGANISATIONS)
            for kind in OTHER_TYPES
        }

    assert found == dict.fromkeys(OTHER_TYPES, (415, "unsupported-media-type", []))


# --- keys -------------------------------------------------------------------------------


def test_what_moves_money_needs_a_key(as_: As, engines: Engines) -> None:
    settler = as_(SETTLER)

    with nothing_written(engines):
        found = sent(settler, PAYOUTS, PAYOUT)

    assert found == (400, "idempotency-key-missing", [])


def test_a_key_is_good_for_one_request(as_: As, engines: Engines) -> None:
    registrar = as_(REGISTRAR)
    first = registrar.post(ORGANISATIONS, json=ENTRY, headers=KEY)

    with nothing_written(engines):
        found = sent(registrar, ORGANISATIONS, {**ENTRY, "name_en": "Another"}, **KEY)

    assert first.status_code == 201
    assert found == (422, "idempotency-key-reused", [])


def test_a_key_is_short_and_printable(as_: As, engines: Engines) -> None:
    registrar = as_(REGISTRAR)

    with nothing_written(engines):
        found = {
            sent(registrar, ORGANISATIONS, ENTRY, **{"Idempotency-Key": key})[:2]
            for key in ("x" * 201, "tab\there", "\x7f")
        }

    assert found == {(400, "idempotency-key-missing")}


# --- steps ------------------------------------------------------------------------------


def test_an_illegal_step_says_from_where_it_could_be_taken(as_: As, engines: Engines) -> None:
    path = f"{ORGANISATIONS}/org_buyer/approve"
    approver = as_("per_exchange_approver")

    with nothing_written(engines):
        answer = approver.post(path, json={})

    assert told(answer, path) == (409, "step-refused", [])
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["ILLEGAL_TRANSITION"]


def test_another_persons_step_is_refused(as_: As, engines: Engines) -> None:
    path = f"{ORGANISATIONS}/org_buyer/freeze"
    editor = as_("per_buyer_editor")

    with nothing_written(engines):
        found = sent(editor, path, {"reason": "mine"})

    assert found == (403, "step-not-allowed", [])


def test_a_step_that_asks_wants_its_answer(as_: As, engines: Engines) -> None:
    path = f"{ORGANISATIONS}/org_buyer/freeze"
    supervisor = as_("per_hub_supervisor")

    with nothing_written(engines):
        unsaid = sent(supervisor, path, {})
        blank = sent(supervisor, path, {"reason": ""})

    assert unsaid == blank == (422, "invalid-input", ["/reason"])


def test_a_step_that_there_is_not_is_nowhere(as_: As, engines: Engines) -> None:
    path = f"{ORGANISATIONS}/org_buyer/abolish"
    supervisor = as_("per_hub_supervisor")

    with nothing_written(engines):
        found = sent(supervisor, path, {})

    assert found == (404, "not-found", [])


STALE_TAGS = ('"9"', 'W/"1"', '""', '"a", "b"', "garbage")
PRESENT_TAGS = (None, '"1"', "*", '"9", "1"')


def test_a_version_that_is_not_the_present_one_is_stale(as_: As, engines: Engines) -> None:
    path = f"{ORGANISATIONS}/org_buyer/freeze"
    supervisor = as_("per_hub_supervisor")

    with nothing_written(engines):
        found = {
            tag: sent(supervisor, path, {"reason": "a test"}, **{"If-Match": tag})
            for tag in STALE_TAGS
        }

    assert found == dict.fromkeys(STALE_TAGS, (412, "stale-version", []))


def test_the_present_version_or_none_is_not(as_: As) -> None:
    supervisor = as_("per_hub_supervisor")
    others = ("org_buyer", "org_dept", "org_operator", "org_other")

    for tag, organisation in zip(PRESENT_TAGS, others, strict=True):
        seen = supervisor.get(f"{ORGANISATIONS}/{organisation}")
        answer = supervisor.post(
            f"{ORGANISATIONS}/{organisation}/freeze",
            json={"reason": "a test"},
            headers={"If-Match": tag} if tag else {},
        )

        assert seen.headers["ETag"] == '"1"'
        assert answer.status_code == 200, answer.json
        assert (answer.json["state"], answer.json["version"]) == ("frozen", 2)


# --- addresses --------------------------------------------------------------------------


def test_a_strangers_record_looks_like_none(as_: As, engines: Engines) -> None:
    with engines.writing() as session:
        work = work_of(session, "per_buyer_signer")
        theirs = payments.instruct(work, order_id="ord_1", payer_id="org_buyer", amount=Money(1)).id
        session.commit()
    token = as_("per_buyer_editor").post(TOKENS, json=TOKEN).json["id"]
    stranger, payer = as_("per_other_editor"), as_("per_buyer_editor")

    with nothing_written(engines):
        payment = [_no(stranger, "GET", "/api/payments/{}", it) for it in (theirs, "pay_0")]
        revoked = [_no(stranger, "POST", f"{TOKENS}/{{}}/revoke", it) for it in (token, "tok_0")]

    assert payer.get(f"/api/payments/{theirs}").status_code == 200
    for one, other in (payment, revoked):
        assert one == other
        assert one["status"] == 404


def _no(client: Client, method: str, path: str, record: str) -> dict[str, Any]:
    answer = client.open(path.format(record), method=method, headers={"Accept-Language": "en"})
    body: dict[str, Any] = json.loads(answer.text.replace(record, "…"))
    assert body.pop("instance") == path.format("…")
    assert body.pop("request_id")
    return body


STRANGE = ("org_%00", "%00", "org_%F0%9F%8D%81", "%ED%A0%80", "x" * 3000, "..%2f..%2fetc",
           "'%20OR%201=1--", "%25s", "%E2%80%AE")  # fmt: skip


def test_a_strange_address_leads_nowhere(as_: As, engines: Engines) -> None:
    buyer = as_("per_buyer_editor")

    with nothing_written(engines):
        answers = [
            answer
            for record in STRANGE
            for path in (f"{ORGANISATIONS}/{record}", f"{ORGANISATIONS}/{record}/freeze")
            for answer in (buyer.get(path), buyer.post(path, json={"reason": "a test"}))
        ]

    assert {answer.status_code for answer in answers} == {400, 404, 405}
    assert {answer.content_type for answer in answers} == {"application/problem+json"}


BAD_QUERIES = {
    "limit=0": "/limit",
    "limit=101": "/limit",
    "limit=-1": "/limit",
    "limit=1.5": "/limit",
    "limit=true": "/limit",
    "limit=": "/limit",
    f"limit={'9' * 300}": "/limit",
    "after=": "/after",
    "after=nonsense": "/after",
    "after=WyJcdWQ4MDAiXQ": "/after",
    f"after={'x' * 601}": "/after",
    "colour=red": "/colour",
}


def test_a_query_that_is_not_valid_is_pointed_at(client: Client) -> None:
    found = {
        query: told(client.get(f"{ORGANISATIONS}?{query}"), ORGANISATIONS) for query in BAD_QUERIES
    }

    assert found == {
        query: (422, "invalid-input", [pointer]) for query, pointer in BAD_QUERIES.items()
    }


BAD_PERIODS = {
    "since=2026-07-02&until=2026-07-01": "/until",
    "since=0001-01-01": "/since",
    "until=9999-12-31": "/until",
    "since=2026-02-30": "/since",
    "since=yesterday": "/since",
}


def test_a_period_that_is_none_is_pointed_at(client: Client) -> None:
    found = {
        query: told(client.get(f"{RANKINGS}?kind=merchants&{query}"), RANKINGS)
        for query in BAD_PERIODS
    }

    assert found == {
        query: (422, "invalid-input", [pointer]) for query, pointer in BAD_PERIODS.items()
    }


def test_nul_in_a_query_is_refused(client: Client) -> None:
    answer = client.get(f"{ORGANISATIONS}?after=%00")

    assert told(answer, ORGANISATIONS) == (400, "unreadable-request", [])


# --- who calls, and how -----------------------------------------------------------------


NO_TOKENS = ("Bearer nonsense", "Bearer ", "Bearer \x00", "Basic YTpi", "nonsense")


def test_who_shows_a_token_that_is_none_is_nobody(client: Client, engines: Engines) -> None:
    with nothing_written(engines):
        found = {
            shown: sent(client, ORGANISATIONS, ENTRY, Authorization=shown) for shown in NO_TOKENS
        }

    assert found == dict.fromkeys(NO_TOKENS, (401, "not-signed-in", []))


def test_a_wrong_password_does_not_say_what_was_wrong(client: Client, engines: Engines) -> None:
    with nothing_written(engines):
        answers = [
            client.post("/api/sessions", json={"login": login, "password": "wrong-horse-7"})
            for login in ("nobody", "per_buyer_editor@test", " PER_BUYER_EDITOR@test")
        ]

    for answer in answers:
        assert told(answer, "/api/sessions") == (401, "wrong-password", [])
    assert len({answer.json["detail"] for answer in answers}) == 1


def test_a_method_that_is_not_for_the_address_is_told_which_are(
    client: Client, engines: Engines
) -> None:
    with nothing_written(engines):
        answers = [
            client.open(ORGANISATIONS, method=method)
            for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW")
        ]

    for answer in answers:
        assert told(answer, ORGANISATIONS) == (405, "method-not-allowed", [])
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_head_answers_like_get_without_the_body(client: Client) -> None:
    got, headed = client.get(ORGANISATIONS), client.head(ORGANISATIONS)

    assert headed.status_code == got.status_code == 200
    assert headed.content_type == got.content_type
    assert headed.content_length == got.content_length
    assert headed.data == b""


def test_anybody_may_ask_which_methods_there_are(client: Client) -> None:
    answer = client.options(TOKENS)

    assert answer.status_code == 200
    assert "POST" in answer.headers["Allow"]


def test_the_api_speaks_json_whatever_is_preferred(client: Client) -> None:
    for accept in ("text/html", "application/xml", "*/*;q=0", "nonsense"):
        fine = client.get(ORGANISATIONS, headers={"Accept": accept})
        wrong = client.get(f"{ORGANISATIONS}?limit=0", headers={"Accept": accept})

        assert (fine.status_code, fine.content_type) == (200, "application/json")
        assert told(wrong, ORGANISATIONS)[0] == 422
