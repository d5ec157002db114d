"""Bad input, the list of it: each is refused at the door, at its line and field, and books nothing.

What is good beside it is taken, so that nothing is refused for another reason.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.unit import Exchange
from kernel.db import Base
from settlement.rails.stripe_rail import TOLERANCE, StripeRail
from tests.app.api import till
from tests.conftest import NOON, As
from tests.settlement import money
from tests.settlement.money import BUYER_NAME, csv_of

SETTLER = "per_exchange_settler"
BOOKED = ("ledger_entries", "bank_statements", "bank_lines", "bank_matches", "clearings", "payouts",
          "provider_inbox")  # fmt: skip
SECRET = "whsec_ours"
SAID = ("T1", 123_456, BUYER_NAME, "?")


def _standing(application: Exchange) -> dict[str, Any]:
    with application.house.engines.reading() as session:
        counts = {
            name: session.scalar(select(func.count()).select_from(Base.metadata.tables[name]))
            for name in BOOKED
        }
        funded = session.scalar(text("SELECT COALESCE(SUM(funded_minor), 0) FROM payments"))
    return {**counts, "funded": int(funded or 0)}


@contextmanager
def nothing_booked(application: Exchange) -> Iterator[None]:
    """Hold that what is done here leaves no trace in books and bank."""
    before = _standing(application)
    yield
    assert _standing(application) == before


def sent(as_: As, content: str) -> Any:
    """Send a statement to the door."""
    body = {"account": money.CUSTODY, "text": content}
    return as_(SETTLER).post("/api/bank-statements", json=body, headers=till.keyed())


def refused(application: Exchange, as_: As, content: str) -> list[tuple[str, str]]:
    """Send a statement that is refused; return its reasons, code and text."""
    with nothing_booked(application):
        answer = sent(as_, content)
    assert answer.status_code == 422, answer.json
    return [(each["code"], each["detail"]) for each in answer.json["refusals"]]


def lines(*rows: str) -> str:
    """Return a good statement, then these rows: a refused row is the eighth line or later."""
    return csv_of([SAID]) + "".join(f"{row}\r\n" for row in rows)


# --- statements ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "code"),
    [("期初余额", "HEADS"), ("\r\nT2", "BALANCE"), (",演示·保险公司,622200", "COLUMNS")],
)
def test_half_a_statement_file(application: Exchange, as_: As, until: str, code: str) -> None:
    whole = csv_of([SAID, ("T2", 500, BUYER_NAME, "?")])

    told = refused(application, as_, whole[: whole.rindex(until)])

    assert [each for each, _ in told] == [code]


def test_a_wrong_opening_balance(application: Exchange, as_: As) -> None:
    assert sent(as_, csv_of([SAID])).status_code == 201

    ((code, told),) = refused(
        application, as_, csv_of([("T2", 1, "x", "?")], number="2", opening=123_455)
    )

    assert code == "STATEMENT_GAP"
    assert "1,234.56" in told
    assert "1,234.55" in told


def test_a_closing_balance_that_does_not_follow(application: Exchange, as_: As) -> None:
    ((code, told),) = refused(application, as_, lines().replace("期末余额,1234.56", "期末余额,1"))

    assert code == "BALANCE"
    assert "1,234.56" in told


@pytest.mark.parametrize("number", ["2026-001", "2026-001-again"])
def test_a_duplicate_statement(application: Exchange, as_: As, number: str) -> None:
    assert sent(as_, csv_of([SAID])).status_code == 201

    with nothing_booked(application):
        answer = sent(as_, csv_of([SAID], number=number))

    assert answer.status_code == (409 if number == "2026-001" else 422), answer.json
    if number == "2026-001":
        assert answer.json["type"] == "/problems/statement-already-imported"
    else:
        codes = {each["code"] for each in answer.json["refusals"]}
        assert {"DUPLICATE_BANK_REF", "STATEMENT_GAP"} <= codes


def test_equal_lines_twice_with_one_bank_reference(application: Exchange, as_: As) -> None:
    ((code, told),) = refused(application, as_, csv_of([SAID, SAID]))

    assert code == "DUPLICATE_BANK_REF"
    assert "第 8 行" in told


def test_equal_lines_twice_with_references_of_their_own_are_two_receipts(
    application: Exchange, as_: As
) -> None:
    answer = sent(as_, csv_of([SAID, ("T2", *SAID[1:])]))

    assert (answer.status_code, answer.json["line_count"]) == (201, 2)
    assert answer.json["closing"]["minor"] == 246_912


def test_amounts_with_thousands_separators(application: Exchange, as_: As) -> None:
    wrong = refused(
        application, as_, lines('T2,2026-07-01,"1,00",,a,1,x', 'T3,2026-07-01,"12,34.5",,a,1,x')
    )
    right = sent(as_, lines().replace('"1234.56"', '"1,234.56"'))

    assert [code for code, _ in wrong] == ["AMOUNT", "AMOUNT"]
    assert "第 8 行“收入金额”" in wrong[0][1]
    assert "第 9 行“收入金额”" in wrong[1][1]
    assert (right.status_code, right.json["closing"]["minor"]) == (201, 123_456)


def test_amounts_with_three_decimals(application: Exchange, as_: As) -> None:
    ((code, told),) = refused(application, as_, lines("T2,2026-07-01,1.005,,a,1,x"))

    assert code == "AMOUNT"
    assert "第 8 行“收入金额”" in told


def test_a_negative_amount_in_a_column_of_receipts(application: Exchange, as_: As) -> None:
    ((code, told),) = refused(application, as_, lines("T2,2026-07-01,-1.00,,a,1,x"))

    assert code == "AMOUNT"
    assert "第 8 行" in told


def test_an_unknown_currency_of_a_statement(application: Exchange, as_: As) -> None:
    ((code, told),) = refused(application, as_, lines().replace("币种,CNY", "币种,XYZ"))

    assert code == "CURRENCY"
    assert "XYZ" in told


def test_everything_that_is_wrong_is_told_at_once(application: Exchange, as_: As) -> None:
    told = refused(
        application,
        as_,
        lines("T2,2026-02-30,1.00,,a,1,x", "T3,2026-07-01,1.005,,a,1,x", "T4,2026-07-01,,,a,1,x"),
    )

    assert [code for code, _ in told] == ["DATE", "AMOUNT", "AMOUNT"]
    for place, (_, words) in enumerate(told, 8):
        assert f"第 {place} 行" in words


# --- amounts in JSON ------------------------------------------------------------------------


@pytest.mark.parametrize("minor", [-1, 1.5, 100.0, "100", True, None])
def test_a_negative_or_fractional_fen(application: Exchange, as_: As, minor: object) -> None:
    amount = {"minor": minor, "currency": "CNY"}
    body = {"payable": "merchant", "party_id": "org_developer", "amount": amount}

    with nothing_booked(application):
        answer = as_(SETTLER).post("/api/payouts", json=body, headers=till.keyed())

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json["errors"]] == ["/amount/minor"]


def test_an_unknown_currency_of_an_amount(application: Exchange, as_: As) -> None:
    amount = {"minor": 100, "currency": "XYZ"}
    body = {"payable": "merchant", "party_id": "org_developer", "amount": amount}

    with nothing_booked(application):
        answer = as_(SETTLER).post("/api/payouts", json=body, headers=till.keyed())

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json["errors"]] == ["/amount/currency"]


# --- notices of providers -------------------------------------------------------------------


@pytest.fixture
def stripe(application: Exchange) -> Exchange:
    """Serve with Stripe's adapter; nothing is called there."""
    rail = StripeRail("sk_test_1", SECRET, base_url="http://127.0.0.1:9", timeout_s=1)
    application.house = replace(application.house, rails={"stripe": rail})
    return application


def notified(served: Exchange, *, secret: str = SECRET, ahead: timedelta = timedelta()) -> Any:
    """Let a provider notify, signed with a secret, at a time."""
    told = {
        "id": "evt_1",
        "object": "event",
        "type": "account.updated",
        "livemode": False,
        "created": int(NOON.timestamp()),
        "data": {"object": {"object": "account"}},
    }
    body = json.dumps(told)
    at = int((NOON + ahead).timestamp())
    mark = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={at},v1={mark}"}
    return served.test_client().post("/api/webhooks/stripe", data=body, headers=headers)


def test_a_webhook_signed_for_another_endpoint(stripe: Exchange) -> None:
    with nothing_booked(stripe):
        answer = notified(stripe, secret="whsec_theirs")

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/notice-refused")
    assert notified(stripe).status_code == 200


@pytest.mark.parametrize("sign", [1, -1])
def test_a_webhook_dated_in_the_future_or_long_ago(stripe: Exchange, sign: int) -> None:
    with nothing_booked(stripe):
        answer = notified(stripe, ahead=sign * (TOLERANCE + timedelta(minutes=1)))

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/notice-refused")


def test_a_webhook_that_was_kept_before(stripe: Exchange) -> None:
    assert notified(stripe).json == {"received": True, "new": True}

    with nothing_booked(stripe):
        again = notified(stripe)

    assert again.json == {"received": True, "new": False}


# --- keys and accounts ----------------------------------------------------------------------


def test_a_replayed_key_with_another_body(application: Exchange, as_: As) -> None:
    headers = till.keyed()
    body = {"account": money.CUSTODY, "text": csv_of([SAID])}
    first = as_(SETTLER).post("/api/bank-statements", json=body, headers=headers)

    with nothing_booked(application):
        other = {**body, "text": csv_of([("T2", 1, "x", "?")], number="2", opening=123_456)}
        answer = as_(SETTLER).post("/api/bank-statements", json=other, headers=headers)
        again = as_(SETTLER).post("/api/bank-statements", json=body, headers=headers)

    assert (first.status_code, answer.status_code) == (201, 422)
    assert answer.json["type"] == "/problems/idempotency-key-reused"
    assert again.json == first.json


def test_a_payout_to_an_account_that_nobody_verified(application: Exchange, as_: As) -> None:
    till.settled(application, as_)
    account = {"party_id": "org_developer", "account_name": "演示·枫香科技",
               "bank_name": "演示银行", "number": "6217000012345678"}  # fmt: skip
    made = as_(SETTLER).post("/api/bank-accounts", json=account).json
    body = {"payable": "merchant", "party_id": "org_developer"}

    with nothing_booked(application):
        answer = as_(SETTLER).post("/api/payouts", json=body, headers=till.keyed())

    assert made["state"] == "registered", made
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/no-verified-account")
