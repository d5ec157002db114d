from tests.app.api import till
from tests.conftest import As

BODY = {
    "party_id": "org_developer",
    "account_name": "演示·枫香科技",
    "bank_name": "演示银行",
    "number": "6217 0000 1234 5678",
}


def test_a_party_registers_its_account_and_another_verifies_it(as_: As) -> None:
    made = as_("per_developer_signer").post("/api/bank-accounts", json=BODY)

    verified = as_("per_exchange_checker").post(
        f"/api/bank-accounts/{made.json['id']}/verify", json={"evidence": "小额打款"}
    )

    assert (made.status_code, verified.status_code) == (201, 200), verified.json
    assert made.json["number_masked"] == "****5678"
    assert "number" not in made.json
    assert (made.json["verified_at"], verified.json["state"]) == (None, "verified")


def test_the_list_and_one_of_it_are_shown_to_its_party(as_: As) -> None:
    made = till.verified(as_, "org_developer", "演示·枫香科技")
    mine, other = as_("per_developer_editor"), as_("per_other_editor")

    (listed,) = mine.get("/api/bank-accounts").json["items"]
    one = mine.get(f"/api/bank-accounts/{made['id']}").json

    assert {**listed, "actions": []} == one
    assert other.get("/api/bank-accounts").json["items"] == []
    assert other.get(f"/api/bank-accounts/{made['id']}").status_code == 404
    assert other.get("/api/bank-accounts/acc_none").status_code == 404


def test_who_registered_it_is_told_why_he_cannot_verify(as_: As) -> None:
    settler = as_("per_exchange_settler")
    made = settler.post("/api/bank-accounts", json=BODY).json

    answer = settler.post(f"/api/bank-accounts/{made['id']}/verify", json={"evidence": "x"})

    assert answer.status_code == 409
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["FOUR_EYES"]
    barred = {action["step"]: action["barred_by"] for action in made["actions"]}
    assert [refusal["code"] for refusal in barred["verify"]] == ["FOUR_EYES"]


def test_a_foreign_name_and_an_unknown_field_are_refused_at_their_place(as_: As) -> None:
    signer = as_("per_developer_signer")

    named = signer.post("/api/bank-accounts", json={**BODY, "account_name": "别家"})
    unknown = signer.post("/api/bank-accounts", json={**BODY, "iban": "x"})

    assert (named.status_code, unknown.status_code) == (422, 422)
    assert named.json["errors"][0]["pointer"] == "/account_name"
    assert unknown.json["errors"][0]["pointer"] == "/iban"
