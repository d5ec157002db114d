"""The doors of the two rankings that stand apart: other exchanges, and buyers."""

from flask import Flask

from app.unit import Exchange
from tests.conftest import As, Client
from tests.marketplace.counting import test_naming

STAT = {
    "exchange": "南方数据交易所", "as_of": "2026-06-30", "measure": "cumulative",
    "value_fen": 5_000_000, "registered": "yes", "source": "半年通报", "confidence": "high",
}  # fmt: skip


def test_a_figure_is_entered_checked_and_compared(as_: As, client: Client) -> None:
    statistician, checker = as_("per_exchange_approver"), as_("per_exchange_compliance")

    made = statistician.post("/api/exchange-stats", json=STAT)
    assert made.status_code == 201, made.json
    again = statistician.post("/api/exchange-stats", json=STAT)
    own = statistician.post(f"/api/exchange-stats/{made.json['id']}/check")
    checked = checker.post(
        f"/api/exchange-stats/{made.json['id']}/check", headers={"If-Match": '"1"'}
    )
    listed = checker.get("/api/exchange-stats", query_string={"state": "published"})
    compared = client.get("/api/exchange-stats/comparison").json["calibers"]

    assert again.json["refusals"][0]["code"] == "ENTERED_ALREADY"
    assert own.json["refusals"][0]["code"] == "SAME_PERSON"
    assert checked.status_code == 200, checked.json
    assert [each["exchange"] for each in listed.json["items"]] == ["南方数据交易所"]
    told = {each["registered"]: each["rows"] for each in compared}
    assert [(row["rank"], row["exchange"]) for row in told["yes"]] == [
        (1, "南方数据交易所"),
        (2, None),
    ]
    assert client.get("/api/exchange-stats").status_code == 401
    assert as_("per_developer_editor").get("/api/exchange-stats").status_code == 403


def test_buyers_are_ranked_without_names_or_figures_until_they_agree(
    as_: As, client: Client, application: Flask
) -> None:
    assert isinstance(application, Exchange)
    with application.house.engines.writing() as session:
        test_naming.three(session)
        session.commit()
    query = {"period": "M2026-07"}

    hidden = client.get("/api/ranked-buyers", query_string=query)
    signer = as_("per_buyer_signer")
    assert signer.get("/api/ranked-buyers/own").json == {"named": False}
    assert signer.post("/api/ranked-buyers/own", json={"named": True}).json == {"named": True}
    named = client.get("/api/ranked-buyers", query_string=query).json["places"]
    assert signer.post("/api/ranked-buyers/own", json={"named": False}).json == {"named": False}

    assert "org_" not in hidden.text
    assert [place["rank"] for place in hidden.json["places"]] == [1, 2, 3]
    assert {place["value"] for place in hidden.json["places"]} == {None}
    assert {tuple(place["band"].values()) for place in hidden.json["places"]} == {(1_000_000, 0)}
    assert named[0]["key"] == "org_buyer"
    assert named[0]["value"]["minor"] == 500
    assert {place["key"] for place in named[1:]} == {None}
    assert (
        as_("per_developer_signer").post("/api/ranked-buyers/own", json={"named": True}).status_code
        == 403
    )
