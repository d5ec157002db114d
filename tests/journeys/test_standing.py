"""What becomes of an authorisation, over HTTP: broken promise, renewal, cascade, surrender."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import worker
from app.unit import Exchange
from licensing import authorisations, scenarios
from licensing.applications import commitments
from tests.conftest import As, work_of
from tests.delivery import parcels
from tests.licensing import desk, grants
from tests.licensing.standing import lives
from tests.licensing.upkeep.test_renewals import granted
from tests.marketplace import make

Client = Any


@pytest.fixture
def regulator(as_: As) -> Client:
    return as_("per_hub_supervisor")


def pass_days(client: Client, **days: int) -> None:
    answer = client.post("/api/demonstration/clock", json=days)
    assert answer.status_code == 200, answer.json


def state_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.json
    return str(answer.json["state"])


def refusal(answer: Any) -> str:
    return str(answer.json["refusals"][0]["code"])


def test_a_broken_promise_suspends_within_a_tick_and_revokes_after_ten_days(
    application: Exchange, as_: As, regulator: Client
) -> None:
    with application.house.engines.writing() as session:
        made = grants.issued(session)
        lives.promised(session)
        key = made.id
        session.commit()
    where = f"/api/authorisations/{key}"
    operator = as_("per_operator_signer")

    whole = operator.post(f"{where}/activate", json={})
    conditional = operator.post(f"{where}/activate-conditionally", json={})
    pass_days(regulator, working_days=8)  # the promise was due after seven
    suspended = regulator.get(where).json
    resumed = regulator.post(f"{where}/resume-conditionally", json={"reason": "please"})
    pass_days(regulator, working_days=11)
    revoked = regulator.get(where).json
    due = regulator.get("/api/destructions?state=due").json["items"]

    assert whole.json["refusals"][0]["code"] == "COMMITMENT_OUTSTANDING"
    assert conditional.json["state"] == "active_conditional"
    assert (suspended["state"], suspended["suspend_reason"]) == ("suspended", "overdue_commitment")
    assert "COMMITMENT_BROKEN" in [one["code"] for one in resumed.json["refusals"]]
    assert revoked["state"] == "revoked"
    assert [one["authorisation_id"] for one in due] == [key]
    grantee = as_("per_developer_signer")
    proof = {"method": "erased", "digest": lives.DIGEST}
    certified = grantee.post(f"/api/destructions/{due[0]['id']}/certify", json=proof)
    assert certified.json["state"] == "certified"


def test_the_last_promise_kept_gives_the_whole_right(application: Exchange, as_: As) -> None:
    with application.house.engines.writing() as session:
        key, promise = grants.issued(session).id, lives.promised(session).id
        session.commit()
    where = f"/api/authorisations/{key}"
    as_("per_operator_signer").post(f"{where}/activate-conditionally", json={})

    with application.house.engines.writing() as session:
        commitments.take(
            work_of(session, "per_developer_editor"), promise, "provide", digest=lives.DIGEST
        )
        work = application.house.work(session, work_of(session, "per_agency_officer").actor)
        commitments.take(work, promise, "confirm")
        session.commit()
    worker.drain(application.house)

    assert state_of(as_("per_operator_signer"), where) == "active"


def test_a_renewal_follows_on_the_day_after(
    application: Exchange, as_: As, regulator: Client
) -> None:
    with application.house.engines.writing() as session:
        code = desk.directory(session)
        desk.effective(session, code)
        draft = desk.applied(session, code, period_to=date(2026, 12, 20))
        key = granted(session, draft, "asm_first").id
        session.commit()
    where = f"/api/authorisations/{key}"
    grantee = as_("per_developer_editor")
    as_("per_operator_signer").post(f"{where}/activate", json={})
    wanted = {"report": lives.REPORT, "period_to": "2027-06-30"}

    early = grantee.post(f"{where}/renewals", json=wanted)
    pass_days(regulator, days=130)
    window = grantee.get(f"{where}/renewal").json
    drafted = grantee.post(f"{where}/renewals", json=wanted)
    again = grantee.post(f"{where}/renewals", json=wanted)
    decide(application, drafted.json["scenario_id"])
    (new,) = [one for one in regulator.get("/api/authorisations").json["items"] if one["id"] != key]
    pass_days(regulator, days=43)

    assert refusal(early) == "RENEWAL_NOT_OPEN"
    assert (window["opens"], window["closes"], window["barred_by"]) == (
        "2026-10-21", "2026-11-22", [],
    )  # fmt: skip
    assert refusal(again) == "RENEWAL_RUNNING"
    assert (new["supersedes_id"], new["valid_from"]) == (key, "2026-12-21")
    assert new["state"] == "issued"
    assert state_of(regulator, where) == "superseded"
    assert state_of(regulator, f"/api/authorisations/{new['id']}") == "active"


def decide(application: Exchange, scenario_id: str) -> None:
    """Issue what a scenario asks for, as if it had been assessed and announced."""
    with application.house.engines.writing() as session:
        now = application.house.now(session)
        granted(session, scenarios.find(session, scenario_id), "asm_second", now)
        session.commit()


def test_a_grade_that_rises_is_previewed_and_takes_down_right_and_product_at_once(
    application: Exchange, as_: As, regulator: Client
) -> None:
    with application.house.engines.writing() as session:
        version = parcels.published(session)
        directory_id = version.directory_id
        product = make.listed(session, make.public_content(session))
        key, product_id = product_right(session), product.id
        session.commit()
    change = {
        "directory_id": directory_id,
        "changes": [{"item_code": "RAIN", "grade": "G3"}],
        "reason": "shows single farms",
    }

    told = regulator.get(f"/api/impacts/directory/{grants.DIRECTORY}")
    calm = state_of(regulator, f"/api/authorisations/{key}")
    raised = as_("per_hub_officer").post("/api/regrades", json=change)
    hidden = state_of(as_("per_developer_editor"), f"/api/products/{product_id}")
    found = regulator.get(f"/api/authorisations/{key}").json
    regulator.post(f"/api/authorisations/{key}/resume", json={"reason": "assessed again"})
    worker.drain(application.house)

    assert told.status_code == 200, told.json
    assert [one["id"] for one in told.json["authorisations"]] == [key]
    assert (told.json["products"], told.json["orders"]) == (1, 0)
    assert calm == "active"
    assert raised.status_code == 201, raised.json
    assert hidden == "suspended"
    assert (found["state"], found["suspend_reason"]) == ("suspended", "grade_raised")
    assert state_of(as_("per_developer_editor"), f"/api/products/{product_id}") == "listed"


def product_right(session: Session) -> str:
    """Return the one authorisation that there is."""
    hub = work_of(session, "per_hub_officer")
    (found,) = authorisations.listed(hub, after=None, limit=2).items
    return found.id


def test_i_33_a_product_held_otherwise_does_not_come_back(
    application: Exchange, as_: As, regulator: Client
) -> None:
    with application.house.engines.writing() as session:
        product = make.listed(session, make.public_content(session))
        key, product_id = product_right(session), product.id
        session.commit()
    right, shelf_place = f"/api/authorisations/{key}", f"/api/products/{product_id}"
    stopped = {"cause": "court_order", "reason": "a judge said so"}

    regulator.post(f"{right}/suspend", json=stopped)
    at_once = state_of(regulator, shelf_place)
    as_("per_exchange_compliance").post(f"{shelf_place}/hold", json={"reason": "another matter"})
    regulator.post(f"{right}/resume", json={"reason": "lifted"})
    worker.drain(application.house)

    assert at_once == "suspended"
    assert state_of(regulator, shelf_place) == "suspended"


def test_nothing_is_surrendered_while_orders_are_open(application: Exchange, as_: As) -> None:
    with application.house.engines.writing() as session:
        product = make.listed(session, make.public_content(session))
        order = make.placed(session, product)
        key, order_id = product_right(session), order.id
        session.commit()
    grantee, where = as_("per_developer_signer"), f"/api/authorisations/{key}"

    refused = grantee.post(f"{where}/surrender", json={"reason": "no longer needed"})
    told = grantee.get(f"/api/impacts/authorisation/{key}").json
    as_("per_buyer_editor").post(f"/api/orders/{order_id}/cancel", json={"reason": "changed"})
    done = grantee.post(f"{where}/surrender", json={"reason": "no longer needed"})

    assert refused.status_code == 409
    assert refused.json["refusals"][0]["code"] == "OPEN_ORDERS"
    assert (told["orders"], told["buyers"]) == (1, ["org_buyer"])
    assert told["outstanding"]["minor"] > 0
    assert told["in_escrow"]["minor"] == 0
    assert done.json["state"] == "surrendered"


def test_a_directory_is_revoked_only_by_who_has_seen_what_falls(
    application: Exchange, as_: As
) -> None:
    with application.house.engines.writing() as session:
        version_id = parcels.published(session).id
        key = grants.active(session).id
        session.commit()
    department, where = as_("per_dept_approver"), f"/api/directory-versions/{version_id}"

    refused = department.post(f"{where}/revoke", json={"reason": "no longer kept"})
    told = department.get(f"/api/impacts/directory/{grants.DIRECTORY}").json
    confirmed = department.post(
        f"{where}/revoke", json={"reason": "no longer kept", "confirmed": True}
    )

    assert refused.json["refusals"][0]["code"] == "CASCADE_NOT_CONFIRMED"
    assert [one["id"] for one in told["authorisations"]] == [key]
    assert confirmed.json["state"] == "revoked"
    found = department.get(f"/api/authorisations/{key}").json
    assert found["suspend_reason"] == "directory_revoked"
