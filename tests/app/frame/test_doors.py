"""The doors and pages of plans, agreements and the register, one after the other."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app import demonstration
from app.unit import Exchange
from licensing import agreements, operations
from tests.conftest import As, Client, work_of
from tests.licensing import desk, frames

DECISION = {**frames.DECISION, "meeting_date": "2026-06-20"}
TERM = {"term_from": "2026-01-01", "term_to": "2030-12-31"}
HTML = {"Accept": "text/html"}


@pytest.fixture
def code(application: Exchange) -> str:
    """Publish and register a directory of weather."""
    with application.house.engines.writing() as session:
        made = desk.directory(session)
        session.commit()
    return made


@pytest.fixture
def agreed(application: Exchange, code: str) -> dict[str, str]:
    """Bring an operation agreement and a supply agreement under it into effect."""
    with application.house.engines.writing() as session:
        above = frames.effective(session, code)
        below = desk.effective(session, code, operation_agreement_id=above.id)
        session.commit()
        return {"plan": above.plan_id, "operation": above.id, "supply": below.id, "code": code}


def stands_at(application: Exchange, year: int, month: int, day: int) -> None:
    """Move the clock of the served exchange."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, datetime(year, month, day, 4, tzinfo=UTC))
        session.commit()


def test_a_plan_is_drafted_changed_decided_approved_and_revised(as_: As, code: str) -> None:
    given = {**frames.plan_terms(code), **TERM}
    officer, approver = as_("per_agency_officer"), as_("per_agency_approver")

    made = officer.post("/api/plans", json=given)
    door = f"/api/plans/{made.json['id']}"
    answers = [
        officer.post(f"{door}/content", json={**given, "title": "Rain"}),
        approver.post(f"{door}/decide", json=DECISION),
        as_("per_hub_supervisor").post(f"{door}/approve", json={}),
        approver.post(f"{door}/put-in-force", json={}),
    ]
    second = officer.post(f"{door}/revisions", json=given)
    listed = as_("per_operator_editor").get("/api/plans?state=effective").json["items"]
    unknown = officer.post("/api/plans", json={**given, "exclusive": True})

    assert made.status_code == second.status_code == 201, made.json
    assert [each.status_code for each in answers] == [200] * 4, answers[-1].json
    assert second.json["edition"] == 2
    assert [each["title"] for each in listed] == ["Rain"]
    assert as_("per_operator_editor").get(door).json["decision"]["meeting_no"] == "〔2026〕第7次"
    assert unknown.status_code == 422
    assert as_("per_operator_editor").get(f"/api/plans/{second.json['id']}").status_code == 404


def test_an_operation_agreement_is_made_and_amended(
    as_: As, application: Exchange, code: str
) -> None:
    with application.house.engines.writing() as session:
        plan = frames.planned(session, code).id
        named = frames.whole(session, code)
        session.commit()
    given = {**frames.operation_terms(plan, *named), **TERM}
    terms = {key: value for key, value in given.items()
             if key not in ("implementing_agency_id", "operator_id", "plan_id")}  # fmt: skip
    officer, approver = as_("per_agency_officer"), as_("per_agency_approver")
    operator, hub = as_("per_operator_signer"), as_("per_hub_officer")

    made = officer.post("/api/operations", json=given)
    door = f"/api/operations/{made.json['id']}"
    answers = [
        officer.post(f"{door}/terms", json=terms),
        approver.post(f"{door}/decide", json=DECISION),
        officer.post(f"{door}/negotiate", json={}),
        officer.post(f"{door}/finalise", json={}),
        approver.post(f"{door}/sign-first", json={}),
        operator.post(f"{door}/sign-second", json={}),
        operator.post(f"{door}/letter", json={"digest": frames.DIGEST}),
        hub.post(f"{door}/file", json={}),
        operator.post(
            f"{door}/amendments", json={"reason": "more", "terms": {**terms, "mode": "overall"}}
        ),
        approver.post(f"{door}/agree", json={}),
        operator.post(f"{door}/conclude", json={}),
    ]
    exclusive = officer.post(
        "/api/operations", json={**given, "elements": {"exclusive": True}}
    )  # fmt: skip

    assert made.status_code == 201, made.json
    assert [each.status_code for each in answers] == [200] * 11, answers[-1].json
    assert (answers[-1].json["mode"], answers[-1].json["edition"]) == ("overall", 2)
    assert [each["number"] for each in operator.get(f"{door}/editions").json] == [2, 1]
    assert [each["code"] for each in hub.get("/api/operations").json["items"]] == [
        "OA-430000-2026-0001"
    ]
    assert operator.get(door).json["decision"]["resolution_digest"] == frames.DIGEST
    assert exclusive.status_code == 422
    assert as_("per_buyer_editor").get(door).status_code == 404


def test_a_supply_agreement_is_amended_and_one_directory_of_it_suspended(
    as_: As, agreed: dict[str, str]
) -> None:
    door = f"/api/agreements/{agreed['supply']}"
    operator, department = as_("per_operator_signer"), as_("per_dept_approver")
    given = desk.terms(agreed["code"], operation_agreement_id=agreed["operation"], refresh="daily")
    terms = {key: value for key, value in {**given, **TERM}.items()
             if key not in ("department_id", "operator_id", "industry")}  # fmt: skip
    told = {"directory_code": agreed["code"], "cause": "other", "reason": "x"}

    proposed = operator.post(f"{door}/amendments", json={"reason": "daily", "terms": terms})
    page = department.get(f"/agreements/{agreed['supply']}", headers=HTML)
    signed = [department.post(f"{door}/agree", json={}), operator.post(f"{door}/conclude", json={})]
    suspended = department.post(f"{door}/directory-suspensions", json=told)
    resumed = department.post(
        f"{door}/directory-resumptions", json={"directory_code": agreed["code"], "reason": "y"}
    )
    late = operator.post(f"{door}/terms", json=terms)

    assert proposed.json["state"] == "amending"
    assert "待签署的变更" in page.text or "A change to be signed" in page.text
    assert [each.status_code for each in signed] == [200, 200]
    assert list(suspended.json["suspended_directories"]) == [agreed["code"]]
    assert resumed.json["suspended_directories"] == {}
    assert [each["note"] for each in operator.get(f"{door}/editions").json] == ["daily", ""]
    assert late.status_code == 409


def test_everybody_reads_the_register(client: Client, agreed: dict[str, str]) -> None:
    above = client.get("/api/register/operation-agreements").json["items"]
    below = client.get("/api/register/supply-agreements").json["items"]

    assert [(each["mode"], each["industry"]) for each in above] == [("by_field", None)]
    assert [(each["mode"], each["industry"]) for each in below] == [(None, "M74")]
    assert below[0]["grantor"] == ["演示·省气象部门", "Demo Weather Department"]
    assert client.get("/api/register/revocations").json["items"] == []
    assert client.get("/api/register/disclosures").json["items"] == []
    for page in ("operations", "supplies", "revocations", "disclosures"):
        answer = client.get(f"/register/{page}", headers=HTML)
        assert answer.status_code == 200
        assert agreed["operation"] not in answer.text
    assert "SA-430000-2026-0001" in client.get("/register/supplies", headers=HTML).text


def test_i_50_a_light_is_red_until_the_disclosure_is_published(
    as_: As, client: Client, application: Exchange, agreed: dict[str, str]
) -> None:
    hub, agency = as_("per_hub_supervisor"), as_("per_agency_approver")
    stands_at(application, 2027, 4, 1)

    red = hub.get("/api/register/disclosures-due").json
    page = hub.get("/register/disclosures", headers=HTML).text
    made = agency.post("/api/register/disclosures", json={"year": 2026})
    early = agency.post("/api/register/disclosures", json={"year": 2027})
    done = {each["kind"]: each for each in hub.get("/api/register/disclosures-due").json}
    shown = client.get(f"/api/register/disclosures/{made.json['id']}").json

    assert [(each["light"], each["due_on"]) for each in red] == [("red", "2027-03-31")] * 2
    assert "light-red" in page
    assert made.status_code == 201, made.json
    assert early.status_code == 422
    assert done["implementing_agency"]["light"] == "done_red"
    assert done["implementing_agency"]["disclosure_id"] == made.json["id"]
    assert shown["holds"]
    assert shown["body"]["agreements"][0]["code"] == "OA-430000-2026-0001"
    told = client.get(f"/register/disclosures/{made.json['id']}", headers=HTML)
    assert "OA-430000-2026-0001" in told.text
    assert agreed["code"] in told.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_page_of_the_frame_is_shown_in_both_languages(
    as_: As, agreed: dict[str, str], lang: str
) -> None:
    readers = ("per_agency_approver", "per_operator_signer", "per_hub_supervisor",
               "per_dept_approver")  # fmt: skip
    pages = ("/frame/plans", "/frame/operations", "/frame/agreements",
             f"/plans/{agreed['plan']}", f"/operations/{agreed['operation']}",
             f"/agreements/{agreed['supply']}")  # fmt: skip

    for reader in readers:
        browser = as_(reader)
        browser.set_cookie("databourse_lang", lang)
        for page in pages:
            answer = browser.get(page, headers=HTML)
            assert answer.status_code == 200, (reader, page, answer.text[:500])
            assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in answer.text
    assert as_("per_buyer_editor").get(pages[-1], headers=HTML).status_code == 404


def test_a_draft_without_a_parent_says_so(
    as_: As, application: Exchange, agreed: dict[str, str]
) -> None:
    with application.house.engines.writing() as session:
        bare = desk.drafted(session, agreed["code"], operation_agreement_id=None)
        wide = desk.drafted(
            session, agreed["code"], operation_agreement_id=agreed["operation"],
            term_to=datetime(2031, 6, 30, tzinfo=UTC).date(),
        )  # fmt: skip
        session.commit()
        ids = bare.id, wide.id
    browser = as_("per_operator_editor")
    browser.set_cookie("databourse_lang", "en")

    none, beyond = (browser.get(f"/agreements/{each}", headers=HTML).text for each in ids)

    assert "no operation agreement is named" in none
    assert "is beyond the scope above" in beyond


def test_the_forms_of_the_pages_work_without_a_script(
    as_: As, application: Exchange, agreed: dict[str, str]
) -> None:
    with application.house.engines.writing() as session:
        waiting = desk.drafted(session, agreed["code"], industry="A01",
                               operation_agreement_id=agreed["operation"])  # fmt: skip
        desk.go(session, waiting, *desk.TO_SIGNED)
        above = frames.drafted(session, agreed["code"])
        frames.go(session, above, *frames.TO_EFFECT[:5])
        session.commit()
        supply, operation = waiting.id, above.id
    operator, department = as_("per_operator_signer"), as_("per_dept_approver")
    here = f"/agreements/{agreed['supply']}/directories"
    told = {"directory_code": agreed["code"], "cause": "other", "reason": "x"}

    answers: list[Any] = [
        operator.post(f"/agreements/{supply}/letter", data={"digest": desk.LETTER}),
        operator.post(f"/operations/{operation}/letter", data={"digest": desk.LETTER}),
        department.post(f"{here}/suspend", data=told),
    ]
    shown = department.get(f"/agreements/{agreed['supply']}", headers=HTML).text
    answers.append(department.post(f"{here}/resume", data=told))
    stands_at(application, 2027, 3, 2)
    offered = operator.get("/register/disclosures", headers=HTML).text
    answers.append(operator.post("/register/disclosures", data={"year": "2026"}))

    assert [each.status_code for each in answers] == [303] * 5, answers[-1].text
    assert "directories/resume" in shown
    assert 'action="/register/disclosures"' in offered
    with application.house.engines.writing() as session:
        work = work_of(session, "system")
        assert agreements.seen(work, supply).letter_digest == desk.LETTER
        assert operations.seen(work, operation).letter_digest == desk.LETTER
