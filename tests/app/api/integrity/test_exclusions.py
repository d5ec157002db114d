"""The door of exclusions: counted and excluded are the whole, and nobody is named."""

from types import SimpleNamespace

from flask import Flask
from sqlalchemy.orm import Session

from kernel.parties import relations
from kernel.parties.relations import Kind, Other
from marketplace.integrity import flags
from marketplace.integrity.rules import Finding, Rule
from tests import cast
from tests.app.api import trade
from tests.conftest import Client
from tests.marketplace import make
from tests.marketplace.counting import watched

DOOR = "/api/exclusions"


def _trades(session: Session) -> SimpleNamespace:
    """Let four trades be accepted: two count, one is under review, one was given back."""
    product = make.listed(session)
    orders = [watched.accepted(session, make.paid(session, product)) for _ in range(4)]
    house = watched.by(session)
    told = [(0, Rule.CIRCULAR), (1, Rule.REFUNDED), (1, Rule.ABNORMAL_PRICE)]
    for order, rule in ((orders[at], rule) for at, rule in told):
        assert flags.raise_for(house, order.id, Finding(rule, 9_000, {}, ())) is not None
    watched.registered(session)
    session.flush()
    return SimpleNamespace(id=orders[0].id, code=orders[1].id)


def test_what_counts_and_what_does_not_are_all_that_was_accepted(
    client: Client, application: Flask
) -> None:
    made = trade.set_up(application, _trades)

    told = client.get(DOOR, query_string={"period": "M2026-07"})

    fen = {name: told.json[name]["minor"] for name in ("counted", "excluded", "gross")}
    assert fen == {"counted": 2_000_000, "excluded": 2_000_000, "gross": 4_000_000}
    assert told.json["registered"]["minor"] == 250_000
    assert {(one["reason"], one["trades"]) for one in told.json["reasons"]} == {
        ("circular", 1), ("refunded", 1),
    }  # fmt: skip
    assert [(one["reason"], one["standing"]) for one in told.json["items"]] == [
        ("refunded", "confirmed"), ("circular", "review"),
    ]  # fmt: skip
    assert told.json["items"][0]["band"] == {"low": 1_000_000, "high": 10_000_000}
    for name in ("org_", "ord_", made.id, made.code, "Demo"):
        assert name not in told.text


def test_exclusions_are_paged_and_sifted(client: Client, application: Flask) -> None:
    trade.set_up(application, _trades)

    first = client.get(DOOR, query_string={"period": "A", "limit": 1}).json
    second = client.get(DOOR, query_string={"period": "A", "limit": 1, "after": first["next"]}).json
    rings = client.get(DOOR, query_string={"period": "A", "reason": "circular"}).json

    assert [page["items"][0]["reason"] for page in (first, second)] == ["refunded", "circular"]
    assert second["next"] is None
    assert [one["reason"] for one in rings["items"]] == ["circular"]
    assert client.get(DOOR, query_string={"after": "x"}).status_code == 422
    assert client.get(DOOR, query_string={"period": "M2026"}).status_code == 422


def _related(session: Session) -> SimpleNamespace:
    officer = watched.by(session, "per_exchange_compliance")
    other = Other(name="演示·保险公司", uscc=cast.ORGANISATIONS["org_buyer"][0])
    relations.declare(officer, "org_developer", Kind.SAME_GROUP, other)
    session.flush()
    order = watched.accepted(session, make.paid(session))
    deal = watched.registered(session, buyer_uscc=cast.ORGANISATIONS["org_buyer"][0])
    return SimpleNamespace(id=order.id, code=deal.id)


def test_what_never_counted_is_told_as_well_and_deals_apart(
    client: Client, application: Flask
) -> None:
    trade.set_up(application, _related)

    told = client.get(DOOR, query_string={"period": "A"}).json

    assert (told["counted"]["minor"], told["excluded"]["minor"]) == (0, 1_000_000)
    assert told["registered_excluded"]["minor"] == 250_000
    assert {(one["reason"], one["registered"], one["standing"]) for one in told["items"]} == {
        ("related_party", False, "known"), ("related_party", True, "known"),
    }  # fmt: skip
