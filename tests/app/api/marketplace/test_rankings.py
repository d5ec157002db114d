import pytest
from flask import Flask
from sqlalchemy.orm import Session

from marketplace.orders import Order
from tests.app.api import trade
from tests.conftest import As, Client
from tests.marketplace import make
from tests.marketplace.counting.watched import registered

DAYS = {"since": "2026-07-01", "until": "2026-07-31"}


@pytest.mark.parametrize(
    ("kind", "name_en"),
    [
        ("merchants", "Demo Sweetgum Technology"),
        ("products", "Daily rain index"),
        ("industries", "M"),
    ],
)
def test_rankings_are_public(client: Client, application: Flask, kind: str, name_en: str) -> None:
    trade.set_up(application, make.accepted)

    answer = client.get("/api/rankings", query_string={"kind": kind, **DAYS})

    assert answer.status_code == 200, answer.json
    assert [(place["rank"], place["name_en"]) for place in answer.json["places"]] == [(1, name_en)]
    assert answer.json["places"][0]["value"] == {"minor": 1_000_000, "currency": "CNY"}
    assert answer.json["since"] == "2026-07-01"


def test_totals_and_months_tell_the_same(client: Client, application: Flask) -> None:
    trade.set_up(application, make.accepted)

    totals = client.get("/api/rankings/totals", query_string=DAYS).json
    months = client.get("/api/rankings/months", query_string={"last": 2}).json["items"]

    assert totals["counted"]["minor"] == 1_000_000
    assert (totals["tx_count"], totals["free_count"]) == (1, 0)
    assert [(month["month"], month["amount"]["minor"]) for month in months] == [
        ("2026-06", 0),
        ("2026-07", 1_000_000),
    ]


def test_without_days_a_period_is_this_year_until_today(client: Client) -> None:
    answer = client.get("/api/rankings/totals").json

    assert (answer["since"], answer["until"]) == ("2026-01-01", "2026-07-01")


def test_an_unknown_kind_is_refused(client: Client) -> None:
    assert client.get("/api/rankings", query_string={"kind": "moods"}).status_code == 422


def test_volume_and_books_agree_for_who_oversees(as_: As, application: Flask) -> None:
    trade.set_up(application, make.accepted)

    seen = as_("per_exchange_auditor").get("/api/rankings/tie-out")
    refused = as_("per_buyer_editor").get("/api/rankings/tie-out")

    assert seen.json == {"ties_out": True}
    assert refused.status_code == 403


def dealt(session: Session) -> Order:
    registered(session)
    return make.placed(session)


def test_registered_deals_are_told_apart(client: Client, application: Flask) -> None:
    trade.set_up(application, dealt)

    totals = client.get("/api/rankings/totals", query_string=DAYS).json
    deals = client.get("/api/rankings/registered", query_string=DAYS).json["places"]
    ranking = client.get("/api/rankings", query_string={"kind": "merchants", **DAYS}).json

    assert (totals["counted"]["minor"], totals["registered"]["minor"]) == (0, 250_000)
    assert (totals["headline"]["minor"], totals["registered_count"]) == (250_000, 1)
    assert [(one["key"], one["value"]["minor"]) for one in deals] == [("org_developer", 250_000)]
    assert ranking["places"] == []


@pytest.mark.parametrize(
    ("kind", "name_en"),
    [
        ("merchants", "Demo Sweetgum Technology"),
        ("products", "Daily rain index"),
        ("fields", "meteorological_services"),
        ("regions", "430104"),
        ("boards", "unclassified"),
    ],
)
def test_a_league_names_its_places_in_a_named_period(
    client: Client, application: Flask, kind: str, name_en: str
) -> None:
    trade.set_up(application, make.accepted)

    told = client.get("/api/rankings/leagues", query_string={"kind": kind, "period": "Q2026-3"})

    assert told.status_code == 200, told.json
    assert (told.json["since"], told.json["until"]) == ("2026-07-01", "2026-09-30")
    assert told.json["provisional"] is True
    assert [(each["rank"], each["name_en"]) for each in told.json["places"]] == [(1, name_en)]
    assert told.json["total"]["minor"] == told.json["places"][0]["value"]["minor"] == 1_000_000
    assert (told.json["cr5_bp"], told.json["next"]) == (10_000, None)


def test_without_a_period_a_league_is_of_this_year_and_what_is_none_is_refused(
    client: Client,
) -> None:
    told = client.get("/api/rankings/leagues", query_string={"kind": "merchants"})
    refused = client.get("/api/rankings/leagues", query_string={"kind": "merchants", "period": "X"})

    assert (told.json["period"], told.json["places"]) == ("Y2026", [])
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == "/period"
