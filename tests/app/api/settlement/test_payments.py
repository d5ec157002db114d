from app.unit import Exchange
from tests.app.api import till
from tests.conftest import As, Client


def test_the_buyer_sees_what_to_pay_where_and_under_which_code(
    application: Exchange, as_: As
) -> None:
    payment = till.asked(application, as_)

    one = as_("per_buyer_editor").get(f"/api/payments/{payment['id']}")

    assert one.status_code == 200
    assert one.headers["ETag"] == '"1"'
    assert one.json == {**payment, "actions": []}
    assert payment["amount"] == payment["due"] == {"minor": 12_800_001, "currency": "CNY"}
    assert payment["account"] == "4300000000000001"
    assert payment["reference"].startswith("DX")


def test_others_cannot_tell_it_from_one_that_is_not_there(application: Exchange, as_: As) -> None:
    payment = till.asked(application, as_)
    other = as_("per_other_editor")

    hidden, missing = (other.get(f"/api/payments/{key}") for key in (payment["id"], "pay_none"))

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json["type"] == missing.json["type"]
    assert other.get("/api/payments").json["items"] == []


def test_strangers_must_say_who_they_are_and_bad_questions_are_refused(
    as_: As, client: Client
) -> None:
    assert client.get("/api/payments").status_code == 401
    assert as_("per_buyer_editor").get("/api/payments?limit=0").status_code == 422
