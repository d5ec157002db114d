"""The door of flags: who looks, who decides, on which version, and once."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from kernel.parties.people import Membership
from marketplace.integrity import flags
from marketplace.integrity.rules import Finding, Rule
from tests.app.api import trade
from tests.conftest import As
from tests.marketplace import make
from tests.marketplace.counting import watched

DOOR = "/api/integrity-flags"
REVIEWER, SUPERVISOR = "per_exchange_compliance", "per_hub_supervisor"
DAYS = {"since": "2026-07-01", "until": "2026-07-31"}


def _flag(session: Session, rule: Rule = Rule.CIRCULAR) -> SimpleNamespace:
    order = watched.accepted(session, make.paid(session))
    made = flags.raise_for(
        watched.by(session), order.id, Finding(rule, 9_000, {"spread_bp": 1_000}, ())
    )
    assert made is not None
    session.flush()
    return SimpleNamespace(id=made.id, code=order.id)


def counted(as_: As) -> tuple[int, int]:
    told = as_("per_buyer_editor").get("/api/rankings/totals", query_string=DAYS).json
    return told["counted"]["minor"], told["excluded"]["minor"]


def test_a_flag_is_read_with_its_evidence_and_decided_once(as_: As, application: Flask) -> None:
    made = trade.set_up(application, _flag)
    reviewer = as_(REVIEWER)
    assert counted(as_) == (0, 1_000_000)

    seen = reviewer.get(f"{DOOR}/{made.id}")
    assert (seen.json["state"], seen.json["rule_en"]) == ("open", "ring of trades")
    assert seen.json["evidence"] == {"spread_bp": 1_000}
    (one,) = seen.json["trades"]
    assert (one["order_id"], one["amount"]["minor"]) == (made.code, 1_000_000)
    assert (one["counted"]["minor"], one["excluded"]["minor"]) == (0, 1_000_000)
    assert {each["step"] for each in seen.json["actions"]} == {"confirm", "clear"}

    tag, key = seen.headers["ETag"], {"Idempotency-Key": "clear-once"}
    stale = reviewer.post(f"{DOOR}/{made.id}/clear", json={"reason": "x"},
                          headers={"If-Match": '"99"'})  # fmt: skip
    silent = reviewer.post(f"{DOOR}/{made.id}/clear", json={})
    cleared = reviewer.post(f"{DOOR}/{made.id}/clear", json={"reason": "核对无误"},
                            headers={"If-Match": tag, **key})  # fmt: skip
    again = reviewer.post(f"{DOOR}/{made.id}/clear", json={"reason": "核对无误"},
                          headers={"If-Match": tag, **key})  # fmt: skip

    assert (stale.status_code, silent.status_code) == (412, 422)
    assert (cleared.status_code, again.status_code) == (200, 200)
    assert (cleared.json["state"], again.json) == ("cleared", cleared.json)
    assert counted(as_) == (1_000_000, 0)
    assert reviewer.post(f"{DOOR}/{made.id}/confirm", json={"reason": "x"}).status_code == 409


def test_a_finding_of_the_house_is_overturned_by_an_approver(as_: As, application: Flask) -> None:
    made = trade.set_up(application, lambda session: _flag(session, Rule.REFUNDED))

    refused = as_(REVIEWER).post(f"{DOOR}/{made.id}/overturn", json={"reason": "x"})
    done = as_("per_exchange_approver").post(f"{DOOR}/{made.id}/overturn", json={"reason": "误判"})

    assert (refused.status_code, done.status_code) == (403, 200)
    assert counted(as_) == (1_000_000, 0)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 1), ({"rule": "S1"}, 1), ({"rule": "S2"}, 0), ({"state": "open"}, 1),
        ({"state": "cleared"}, 0), ({"merchant_id": "org_developer"}, 1),
        ({"merchant_id": "org_buyer"}, 0), ({"overdue": "true"}, 0), ({"sort": "newest"}, 1),
    ],
)  # fmt: skip
def test_flags_are_listed_by_what_is_asked(
    as_: As, application: Flask, asked: dict[str, Any], found: int
) -> None:
    trade.set_up(application, _flag)

    for person in (REVIEWER, SUPERVISOR, "per_exchange_auditor"):
        told = as_(person).get(DOOR, query_string=asked)
        assert (told.status_code, len(told.json["items"])) == (200, found)


def test_what_is_late_is_listed_apart(as_: As, application: Any) -> None:
    made = trade.set_up(application, _flag)
    _days_pass(application, made.id)

    late = as_(REVIEWER).get(DOOR, query_string={"overdue": "true"}).json["items"]

    assert [one["id"] for one in late] == [made.id]


def _days_pass(application: Any, flag_id: str) -> None:
    from datetime import date

    from kernel import watch

    with application.house.engines.writing() as session:
        clock = watch.running(session, flag_id)
        assert clock is not None
        clock.due_on = date(2026, 6, 30)
        session.commit()


def test_a_page_is_bounded_and_an_unknown_question_refused(as_: As, application: Flask) -> None:
    trade.set_up(application, _flag)
    reviewer = as_(REVIEWER)

    assert reviewer.get(DOOR, query_string={"limit": 101}).status_code == 422
    assert reviewer.get(DOOR, query_string={"rule": "S99"}).status_code == 422
    assert reviewer.get(DOOR, query_string={"colour": "red"}).status_code == 422


@pytest.mark.parametrize("person", ["per_developer_editor", "per_buyer_editor", "per_other_editor"])
def test_to_traders_there_is_no_flag(as_: As, application: Flask, person: str) -> None:
    made = trade.set_up(application, _flag)
    theirs = as_(person)

    assert theirs.get(DOOR).status_code == 403
    assert theirs.get(f"{DOOR}/{made.id}").status_code == 404
    assert theirs.post(f"{DOOR}/{made.id}/clear", json={"reason": "x"}).status_code == 404


def test_the_supervisor_reads_and_does_not_decide(as_: As, application: Flask) -> None:
    made = trade.set_up(application, _flag)

    assert as_(SUPERVISOR).get(f"{DOOR}/{made.id}").json["actions"] == []
    refused = as_(SUPERVISOR).post(f"{DOOR}/{made.id}/clear", json={"reason": "x"})
    assert refused.status_code == 403


def test_who_belongs_to_a_side_does_not_decide(as_: As, application: Any) -> None:
    made = trade.set_up(application, _flag)
    with application.house.engines.writing() as session:
        session.add(Membership(person_id=REVIEWER, organisation_id="org_buyer", duties=["signer"]))
        session.commit()

    refused = as_(REVIEWER).post(f"{DOOR}/{made.id}/clear", json={"reason": "x"})

    assert refused.status_code in (403, 409)
    assert counted(as_) == (0, 1_000_000)
