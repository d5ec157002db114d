"""The metered interface over HTTP: pages, formats, receipts, quotas, keys, and every no."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import pytest
from openapi_spec_validator import validate

from app.unit import Exchange
from delivery import tasks
from delivery.metered import calls, signing
from delivery.passing import allowances
from delivery.recipients import credentials
from kernel.crypto import Signature, canonical
from tests.app.delivering import keys
from tests.conftest import CRYPTO, NOON, Client, work_of


@pytest.fixture
def door(application: Exchange) -> tuple[str, str]:
    """Open an interface on a thousand readings; give its address and a key."""
    task_id = keys.opened(application)
    _, secret = keys.issued(application, task_id)
    return f"/data/v1/{task_id}", secret


def ask(client: Client, door: tuple[str, str], what: str = "rows", **body: Any) -> Any:
    """Call the interface."""
    address, secret = door
    return client.post(f"{address}/{what}", json=body, headers=keys.bearing(secret))


def receipt(answer: Any) -> dict[str, Any]:
    """Return the receipt of an answer."""
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(answer.headers[RECEIPT]))
    return found


def codes(answer: Any) -> list[str]:
    """Return the codes of a problem's refusals."""
    return [refusal["code"] for refusal in answer.json["refusals"]]


RECEIPT = "Databourse-Receipt"


def test_pages_follow_each_other_without_a_gap(client: Client, door: tuple[str, str]) -> None:
    seen: list[int] = []
    after = None

    while True:
        page = ask(client, door, columns=["id"], limit=300, after=after)
        assert page.status_code == 200, page.json
        seen += [row["id"] for row in page.json["rows"]]
        after = page.json["next"]
        if after is None:
            break

    assert seen == list(range(1000))


@pytest.mark.parametrize("sort", ["level", "-level", "station", "-station", "day", "-seen_at"])
def test_sorted_pages_hold_every_row_once(client: Client, door: tuple[str, str], sort: str) -> None:
    seen: list[dict[str, Any]] = []
    after = None

    while True:
        page = ask(client, door, sort=sort, limit=170, after=after)
        seen += page.json["rows"]
        after = page.json["next"]
        if after is None:
            break

    column = sort.removeprefix("-")
    values = [float(row[column]) if column == "level" else row[column] for row in seen]
    assert values == sorted(values, reverse=sort.startswith("-"))
    assert sorted(row["id"] for row in seen) == list(range(1000))


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ([("id", "eq", "7")], [7]),
        ([("id", "ne", "0"), ("id", "lt", "3")], [1, 2]),
        ([("id", "ge", "998")], [998, 999]),
        ([("id", "gt", "998")], [999]),
        ([("level", "le", "0.5")], [0, 1]),
        ([("id", "in", "3", "5", "4000")], [3, 5]),
        ([("station", "starts_with", "站"), ("id", "lt", "2")], [0, 1]),
        ([("station", "contains", "3"), ("id", "lt", "11")], [3, 10]),
        ([("id", "is_null")], []),
        ([("id", "not_null"), ("seen_at", "lt", "2026-01-01T00:02:00")], [0, 1]),
    ],
)
def test_filters_keep_what_they_say(
    client: Client, door: tuple[str, str], filters: list[tuple[str, ...]], ids: list[int]
) -> None:
    told = [{"column": one[0], "op": one[1], "values": [*one[2:]]} for one in filters]

    answer = ask(client, door, filters=told)

    assert [row["id"] for row in answer.json["rows"]] == ids


def test_the_same_page_comes_in_three_formats(client: Client, door: tuple[str, str]) -> None:
    said: dict[str, Any] = {"columns": ["id", "day"], "limit": 3}

    plain = ask(client, door, **said)
    sheet = ask(client, door, **said, format="csv")
    stream = ask(client, door, **said, format="arrow")

    assert plain.json["rows"][2] == {"id": 2, "day": "2026-01-01"}
    assert sheet.text.splitlines() == [
        "id,day",
        "0,2026-01-01",
        "1,2026-01-01",
        "2,2026-01-01",
    ]
    table = pa.ipc.open_stream(stream.data).read_all()
    assert [row["id"] for row in table.to_pylist()] == [0, 1, 2]
    assert pa.types.is_date(table.schema.field("day").type)
    assert {each.headers["Databourse-Next"] for each in (sheet, stream)} == {plain.json["next"]}


def test_arrow_goes_on_where_the_page_before_ended(client: Client, door: tuple[str, str]) -> None:
    first = ask(client, door, format="arrow", sort="-level", limit=600)
    after = first.headers["Databourse-Next"]

    second = ask(client, door, format="arrow", sort="-level", limit=600, after=after)

    rows = [pa.ipc.open_stream(each.data).read_all().num_rows for each in (first, second)]
    assert rows == [600, 400]
    assert "Databourse-Next" not in second.headers


def test_a_receipt_is_signed_over_what_was_answered(client: Client, door: tuple[str, str]) -> None:
    answer = ask(client, door, limit=5, request_id="r-1")

    told = receipt(answer)
    signature = Signature(**told.pop("signature"))
    assert CRYPTO.verify(canonical(told), signature)
    assert told["digest"] == CRYPTO.digest(answer.data)
    assert (told["rows"], told["bytes"], told["request_id"]) == (5, len(answer.data), "r-1")
    assert told["price"] == {"basis": "included", "unit": "call", "units": 1, "amount_e6": 0}
    assert not CRYPTO.verify(canonical({**told, "rows": 4}), signature)


def test_i_55_a_request_is_billed_once(
    client: Client, door: tuple[str, str], application: Exchange
) -> None:
    first = ask(client, door, limit=5, request_id="r-1")
    again = ask(client, door, limit=5, request_id="r-1")
    other = ask(client, door, limit=6, request_id="r-1")

    assert first.data == again.data
    assert first.headers[RECEIPT] == again.headers[RECEIPT]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json["type"]) == (422, "/problems/request-id-reused")
    with application.house.engines.reading() as session:
        task = tasks.find(session, door[0].rpartition("/")[2])
        assert (task.reads, task.rows_delivered) == (1, 5)


def test_i_32_eight_at_once_never_spend_more_than_was_bought(application: Exchange) -> None:
    task_id = keys.opened(application, allowed={"calls": 10, "rows": 25})
    _, secret = keys.issued(application, task_id)

    def call(_: int) -> int:
        with application.test_client() as client:
            return int(ask(client, (f"/data/v1/{task_id}", secret), limit=3).status_code)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(24)))

    assert sorted(answers) == [200] * 8 + [403] * 16
    with application.house.engines.reading() as session:
        assert {each.meter: each.left for each in allowances.of(session, task_id)} == {
            "calls": 2,
            "rows": 1,
        }


def test_i_55_twins_are_billed_once(application: Exchange) -> None:
    task_id = keys.opened(application, allowed={"calls": 10})
    _, secret = keys.issued(application, task_id)

    def call(_: int) -> tuple[int, str]:
        with application.test_client() as client:
            answer = ask(client, (f"/data/v1/{task_id}", secret), limit=3, request_id="twin")
            return answer.status_code, answer.headers[RECEIPT]

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(call, range(8)))

    assert len(answers) == 1
    with application.house.engines.reading() as session:
        assert [each.left for each in allowances.of(session, task_id)] == [9]


def test_i_55_what_fails_costs_nothing_and_is_listed(
    client: Client, door: tuple[str, str], application: Exchange
) -> None:
    wrong = ask(client, door, filters=[{"column": "id", "op": "eq", "values": ["many"]}])
    unknown = ask(client, door, columns=["salary"])
    ask(client, door, limit=1)

    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert unknown.json["errors"][0]["pointer"] == "/columns/0"
    with application.house.engines.reading() as session:
        task_id = door[0].rpartition("/")[2]
        work = work_of(session, "per_buyer_editor")
        listed = calls.listed(work, task_id, after=None, limit=9).items
        assert [each.failure for each in listed] == [None, "invalid-input", "invalid-input"]
        assert tasks.find(session, task_id).reads == 1


def test_a_verification_says_yes_or_no_and_nothing_else(
    client: Client, application: Exchange
) -> None:
    task_id = keys.opened(application, mode="verification", grade="G4")
    _, secret = keys.issued(application, task_id)
    door = (f"/data/v1/{task_id}", secret)

    yes = ask(client, door, "verify", values={"id": "7", "station": "站0"})
    no = ask(client, door, "verify", values={"id": "7", "station": "站1"})
    rows = ask(client, door, "rows")

    assert (yes.json, no.json) == ({"found": True}, {"found": False})
    assert codes(rows) == ["ROWS_NOT_ORDERED"]


def test_only_what_was_ordered_is_open(client: Client, application: Exchange) -> None:
    items = [{"directory": "own", "item": "id"}, {"directory": "own", "item": "day"}]
    task_id = keys.opened(application, items=items)
    _, secret = keys.issued(application, task_id)
    door = (f"/data/v1/{task_id}", secret)

    open_to = ask(client, door, limit=1)
    closed = ask(client, door, columns=["level"])
    guessed = ask(client, door, "verify", values={"level": "0.5"})

    assert open_to.json["columns"] == ["id", "day"]
    assert (closed.status_code, guessed.status_code) == (422, 422)


def test_a_right_that_ends_stops_the_interface_at_the_next_call(
    client: Client, door: tuple[str, str], application: Exchange
) -> None:
    before = ask(client, door, limit=1, request_id="r-1")
    with application.house.engines.writing() as session:
        work = work_of(session, "system")
        tasks.take(work, door[0].rpartition("/")[2], "suspend", reason="authorisation suspended")
        session.commit()

    after = ask(client, door, limit=1)
    again = ask(client, door, limit=1, request_id="r-1")

    assert before.status_code == 200
    assert codes(after) == codes(again) == ["NOT_OPEN"]


def test_a_revoked_key_opens_nothing_and_a_rotated_one_overlaps(
    client: Client, application: Exchange
) -> None:
    task_id = keys.opened(application)
    made, old = keys.issued(application, task_id)
    door = f"/data/v1/{task_id}"
    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor")
        successor, new = credentials.rotate(work, made.id)
        session.commit()
        successor_id = successor.id

    both = [ask(client, (door, secret), limit=1).status_code for secret in (old, new)]
    with application.house.engines.writing() as session:
        credentials.revoke(work_of(session, "per_buyer_editor"), successor_id)
        session.commit()
    revoked = ask(client, (door, new), limit=1)

    assert both == [200, 200]
    assert (revoked.status_code, revoked.json["type"]) == (401, "/problems/credential-not-valid")


def test_a_key_opens_its_own_order_line_alone(client: Client, application: Exchange) -> None:
    task_id = keys.opened(application)
    _, secret = keys.issued(application, task_id)

    other = ask(client, ("/data/v1/dlv_other", secret))
    none = client.post(f"/data/v1/{task_id}/rows", json={})
    basic = client.post(
        f"/data/v1/{task_id}/rows", json={}, headers={"Authorization": "Basic eDp5"}
    )

    assert (other.status_code, none.status_code, basic.status_code) == (401, 401, 401)


def signed(key: str, digest: str, path: str, body: bytes, **changes: Any) -> dict[str, str]:
    """Return the header of a signed request, with what is changed."""
    said = {"ts": int(NOON.timestamp()), "nonce": "nonce-0001", **changes}
    made = signing.signature(
        digest, signing.Request("POST", path, body), ts=said["ts"], nonce=said["nonce"]
    )
    told = f"key={key}, ts={said['ts']}, nonce={said['nonce']}, signature={made}"
    return {"Authorization": f"{signing.SCHEME} {told}", "Content-Type": "application/json"}


def test_a_signed_request_shows_the_key_without_sending_it(
    client: Client, application: Exchange
) -> None:
    task_id = keys.opened(application)
    made, _ = keys.issued(application, task_id)
    path, body = f"/data/v1/{task_id}/rows", b'{"limit": 2, "request_id": "r-1"}'
    header = signed(made.id, made.secret_digest, path, body)

    answer = client.post(path, data=body, headers=header)
    replayed = client.post(path, data=body, headers=header)
    fresh = signed(made.id, made.secret_digest, path, body, nonce="nonce-0002")
    again = client.post(path, data=body, headers=fresh)
    listened = client.post(path, data=body, headers=fresh)

    assert len(answer.json["rows"]) == 2
    assert replayed.status_code == listened.status_code == 401
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "spoilt",
    [
        {"ts": int(NOON.timestamp()) - 400},
        {"ts": int(NOON.timestamp()) + 400},
        {"ts": -1},
        {"nonce": "short"},
    ],
)
def test_a_signature_that_is_old_or_odd_is_refused(
    client: Client, application: Exchange, spoilt: dict[str, Any]
) -> None:
    task_id = keys.opened(application)
    made, _ = keys.issued(application, task_id)
    path = f"/data/v1/{task_id}/rows"

    answer = client.post(
        path, data=b"{}", headers=signed(made.id, made.secret_digest, path, b"{}", **spoilt)
    )

    assert answer.status_code == 401


def test_a_signature_over_something_else_is_refused(client: Client, application: Exchange) -> None:
    task_id = keys.opened(application)
    made, _ = keys.issued(application, task_id)
    path = f"/data/v1/{task_id}/rows"
    header = signed(made.id, made.secret_digest, path, b"{}")

    other = client.post(path, data=b'{"limit": 1}', headers=header)
    forged = signed(made.id, "0" * 64, path, b"{}")
    guessed = client.post(path, data=b"{}", headers=forged)
    nobody = client.post(path, data=b"{}", headers=signed("rcd_none", "0" * 64, path, b"{}"))

    assert {each.status_code for each in (other, guessed, nobody)} == {401}


def test_the_interface_describes_itself(client: Client, door: tuple[str, str]) -> None:
    address, secret = door

    shown = client.get(address, headers=keys.bearing(secret))
    document = client.get(f"{address}/openapi.json", headers=keys.bearing(secret))

    assert shown.json["row_count"] == 1000
    validate(document.json)
    row = document.json["components"]["schemas"]["Row"]["properties"]
    assert [*row] == ["id", "station", "level", "seen_at", "day"]


def test_a_cursor_of_another_list_is_refused(client: Client, door: tuple[str, str]) -> None:
    first = ask(client, door, limit=2)

    other = ask(client, door, limit=2, sort="level", after=first.json["next"])
    torn = ask(client, door, limit=2, after="%%")

    assert {other.json["errors"][0]["pointer"], torn.json["errors"][0]["pointer"]} == {"/after"}
