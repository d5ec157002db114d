"""The money of the story's order over HTTP; what orders do upstairs is done here by hand."""

import itertools
from collections.abc import Callable
from typing import Any

from app.unit import Exchange
from kernel.work import Work
from settlement import escrow, payments
from tests.conftest import As, Client, work_of
from tests.settlement import money

_KEYS = itertools.count()


def keyed() -> dict[str, str]:
    """Return the headers of a request that moves money."""
    return {"Idempotency-Key": f"key-{next(_KEYS)}"}


def done(application: Exchange, command: Callable[[Work], Any], person: str = "system") -> Any:
    """Do something in the house, and commit it."""
    with application.house.engines.writing() as session:
        result = command(work_of(session, person))
        session.commit()
    return result


def asked(application: Exchange, as_: As, order_id: str = "ord_1") -> Any:
    """Ask the insurer for the story's price, and return the payment as the insurer sees it."""
    done(
        application,
        lambda work: payments.instruct(
            work, order_id=order_id, payer_id="org_buyer", amount=money.STORY
        ),
    )
    (payment,) = as_("per_buyer_editor").get(f"/api/payments?order_id={order_id}").json["items"]
    return payment


def statement(payment: Any, *, fen: int = money.STORY.minor) -> dict[str, str]:
    """Return the body that imports the statement with the insurer's transfer."""
    movement = ("T1", fen, money.BUYER_NAME, payment["reference"])
    return {"account": payment["account"], "text": money.csv_of([movement])}


def imported(client: Client, body: dict[str, str]) -> Any:
    """Import a statement."""
    answer = client.post("/api/bank-statements", json=body, headers=keyed())
    assert answer.status_code == 201, answer.json
    return answer.json


def accepted(application: Exchange, as_: As) -> None:
    """Let the story's price arrive and its line be accepted, and wait for the next day."""
    imported(as_("per_exchange_settler"), statement(asked(application, as_)))
    done(application, lambda work: escrow.accept(work, "ord_1", [money.line()]))
    tomorrow = as_("per_exchange_settler").post(
        "/api/demonstration/clock", json={"working_days": 7}
    )
    assert tomorrow.status_code == 200, tomorrow.json


def settled(application: Exchange, as_: As) -> Any:
    """Let the story's batch be computed and posted."""
    accepted(application, as_)
    made = as_("per_exchange_settler").post("/api/settlements", json={}).json
    posted = as_("per_exchange_checker").post(
        f"/api/settlements/{made['id']}/confirm", json={}, headers=keyed()
    )
    assert posted.status_code == 200, posted.json
    return posted.json


def verified(as_: As, party_id: str, name: str) -> Any:
    """Register a bank account and verify it."""
    body = {
        "party_id": party_id,
        "account_name": name,
        "bank_name": "演示银行",
        "number": "6217000012345678",
    }
    made = as_("per_exchange_settler").post("/api/bank-accounts", json=body).json
    answer = as_("per_exchange_checker").post(
        f"/api/bank-accounts/{made['id']}/verify", json={"evidence": "小额打款"}
    )
    assert answer.status_code == 200, answer.json
    return answer.json


def sent(as_: As, payable: str, party_id: str) -> Any:
    """Request a payout, approve it and send it; return it as it was requested."""
    made = as_("per_exchange_settler").post(
        "/api/payouts", json={"payable": payable, "party_id": party_id}, headers=keyed()
    )
    assert made.status_code == 201, made.json
    door = f"/api/payouts/{made.json['id']}/approve"
    approved = as_("per_exchange_checker").post(door, json={}, headers=keyed())
    assert approved.status_code == 200, approved.json
    file = as_("per_exchange_settler").post("/api/payouts/send", json={}, headers=keyed())
    assert file.status_code == 201, file.json
    return {**made.json, "file": file.json}
