from typing import Any

import pytest

from app.unit import Exchange
from tests.conftest import As
from tests.licensing import desk, frames

DECISION = {**frames.DECISION, "meeting_date": "2026-06-20"}


@pytest.fixture
def terms(application: Exchange) -> dict[str, Any]:
    """Return the terms of an agreement on a registered directory, as they are sent."""
    with application.house.engines.writing() as session:
        code = desk.directory(session)
        parent = frames.frame(session, code).id
        session.commit()
    given: dict[str, Any] = desk.terms(code, operation_agreement_id=parent)
    return {**given, "term_from": "2026-01-01", "term_to": "2030-12-31"}


def test_an_agreement_is_drafted_signed_and_filed(as_: As, terms: dict[str, Any]) -> None:
    shares = {"fiscal": 3000, "operator": 2000, "merchant": 5000}
    made = as_("per_operator_editor").post(
        "/api/agreements", json={**terms, "revenue": shares, "quotas": {"rows": 9}}
    )
    door = f"/api/agreements/{made.json['id']}"

    answers = [
        as_("per_dept_approver").post(f"{door}/decide", json=DECISION),
        as_("per_operator_editor").post(f"{door}/negotiate", json={}),
        as_("per_operator_editor").post(f"{door}/finalise", json={}),
        as_("per_dept_approver").post(f"{door}/sign-first", json={}),
        as_("per_operator_signer").post(f"{door}/sign-second", json={}),
        as_("per_operator_signer").post(f"{door}/letter", json={"digest": desk.LETTER}),
        as_("per_hub_officer").post(f"{door}/file", json={}),
    ]
    shown = as_("per_agency_officer").get(door)

    assert made.status_code == 201, made.json
    assert made.json["revenue"] == shares
    assert [answer.status_code for answer in answers] == [200] * 7, answers[-1].json
    assert shown.json["state"] == "effective"
    assert shown.headers["ETag"] == f'"{shown.json["version"]}"'
    assert {one["organisation_id"] for one in shown.json["signatures"]} == {
        "org_dept",
        "org_operator",
    }
    assert shown.json["scope"]["quotas"] == {"rows": 9}


def test_filing_too_early_is_refused_with_its_reasons(as_: As, terms: dict[str, Any]) -> None:
    made = as_("per_operator_editor").post("/api/agreements", json=terms).json
    door = f"/api/agreements/{made['id']}"
    as_("per_dept_approver").post(f"{door}/decide", json=DECISION)
    as_("per_operator_editor").post(f"{door}/negotiate", json={})
    as_("per_operator_editor").post(f"{door}/finalise", json={})

    early = as_("per_hub_officer").post(f"{door}/file", json={})
    stranger = as_("per_agency_officer").post(f"{door}/file", json={})

    assert early.status_code == 409
    assert early.json["refusals"][0]["code"] == "ILLEGAL_TRANSITION"
    assert stranger.status_code == 403


def test_a_foreign_agreement_looks_like_none(as_: As, terms: dict[str, Any]) -> None:
    made = as_("per_operator_editor").post("/api/agreements", json=terms).json
    stranger = as_("per_buyer_editor")

    foreign = stranger.get(f"/api/agreements/{made['id']}")
    missing = stranger.get("/api/agreements/sup_none")
    step = stranger.post(
        f"/api/agreements/{made['id']}/terminate", json={"cause": "mutual", "reason": "no"}
    )

    assert (foreign.status_code, missing.status_code, step.status_code) == (404, 404, 404)
    assert foreign.json["title"] == missing.json["title"]
    assert stranger.get("/api/agreements").json["items"] == []


def test_agreements_are_listed_by_state(as_: As, terms: dict[str, Any]) -> None:
    made = as_("per_operator_editor").post("/api/agreements", json=terms).json
    party = as_("per_dept_editor")

    drafts = party.get("/api/agreements?state=draft").json
    live = party.get("/api/agreements?state=effective").json

    assert [row["id"] for row in drafts["items"]] == [made["id"]]
    assert "scope" not in drafts["items"][0]
    assert live == {"items": [], "next": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"exclusive": True},
        {"term_to": "soon"},
        {"quotas": {"rows": "many"}},
        {"revenue": {"fiscal": 10000}},
        {"output_forms": ["raw_export"]},
        {"items": [{"directory_code": "CAT-0", "item_code": "X", "transform": "raw"}]},
    ],
)
def test_terms_that_cannot_be_meant_are_refused(
    as_: As, terms: dict[str, Any], changes: dict[str, Any]
) -> None:
    answer = as_("per_operator_editor").post("/api/agreements", json={**terms, **changes})

    assert answer.status_code == 422, answer.json
    assert answer.json["errors"]


def test_a_letter_on_a_version_that_has_passed_is_stale(as_: As, terms: dict[str, Any]) -> None:
    made = as_("per_operator_editor").post("/api/agreements", json=terms).json

    answer = as_("per_operator_signer").post(
        f"/api/agreements/{made['id']}/letter",
        json={"digest": desk.LETTER},
        headers={"If-Match": '"9"'},
    )

    assert answer.status_code == 412
