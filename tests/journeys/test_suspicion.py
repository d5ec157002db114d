"""From a trade to the ranking, out of it for a suspicion, and back: as everybody sees it."""

from typing import Any

from app.unit import Exchange
from kernel.parties import relations
from kernel.parties.relations import Kind, Other
from marketplace import orders
from marketplace.integrity import looking
from tests import cast
from tests.conftest import As, Client, work_of
from tests.marketplace import make
from tests.marketplace.counting import watched

MONTH = {"period": "M2026-07", "kind": "merchants"}
FULL, NONE = 1_000_000, 0


def _ranked(client: Client) -> int:
    """Return what the league of merchants tells of the one seller."""
    told = client.get("/api/rankings/leagues", query_string=MONTH).json
    return sum(place["value"]["minor"] for place in told["places"])


def _excluded(client: Client) -> list[tuple[str, str]]:
    told = client.get("/api/exclusions", query_string={"period": "M2026-07"}).json
    assert told["gross"]["minor"] == told["counted"]["minor"] + told["excluded"]["minor"]
    return [(one["reason"], one["standing"]) for one in told["items"]]


def _traded(application: Exchange) -> str:
    with application.house.engines.writing() as session:
        order = make.paid(session)
        session.commit()
        return order.id


def _accepted(application: Exchange, order_id: str) -> None:
    with application.house.engines.writing() as session:
        watched.accepted(session, orders.find(session, order_id))
        session.commit()


def _tied_and_looked_at(application: Exchange) -> None:
    """Let the supervisor's register say that both belong to one group, and the house look."""
    with application.house.engines.writing() as session:
        officer = watched.by(session, "per_exchange_compliance")
        other = Other(name="演示·保险公司", uscc=cast.ORGANISATIONS["org_buyer"][0])
        relations.declare(officer, "org_developer", Kind.SAME_GROUP, other,
                          since=watched.DAY.date())  # fmt: skip
        session.flush()
        looking.look(work_of(session, "system", at=make.days_later(1, watched.DAY)), limit=9)
        session.commit()


def _step(as_: As, person: str, flag: Any, step: str) -> Any:
    return as_(person).post(
        f"/api/integrity-flags/{flag['id']}/{step}",
        json={"reason": "集团已于交易前分立，附工商变更"},
        headers={"If-Match": f'"{flag["version"]}"', "Idempotency-Key": f"{step}-1"},
    )


def test_a_trade_counts_is_suspected_leaves_and_returns(
    application: Exchange, client: Client, as_: As
) -> None:
    order_id = _traded(application)
    assert _ranked(client) == NONE
    _accepted(application, order_id)
    assert (_ranked(client), _excluded(client)) == (FULL, [])  # at once, and counted

    _tied_and_looked_at(application)

    assert _ranked(client) == NONE
    assert _excluded(client) == [("common_control", "confirmed")]
    page = client.get("/rankings/exclusions?period=M2026-07", headers={"Accept": "text/html"}).text
    assert "同一控制" in page or "common control" in page
    assert "org_" not in page.partition('id="exclusions"')[2]
    (flag,) = as_("per_exchange_approver").get("/api/integrity-flags").json["items"]
    assert (flag["rule"], flag["order_id"]) == ("H2", order_id)
    assert as_("per_hub_supervisor").get(f"/api/integrity-flags/{flag['id']}").status_code == 200
    assert as_("per_developer_editor").get(f"/api/integrity-flags/{flag['id']}").status_code == 404
    assert _step(as_, "per_hub_supervisor", flag, "overturn").status_code == 403

    for _ in range(2):
        assert _step(as_, "per_exchange_approver", flag, "overturn").status_code == 200

    assert (_ranked(client), _excluded(client)) == (FULL, [("common_control", "returned")])
    assert as_("per_exchange_auditor").get("/api/rankings/tie-out").json == {"ties_out": True}
