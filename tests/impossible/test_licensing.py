"""What must be impossible in licensing: each is tried by the API, by a page, and by SQL."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import demonstration, timetable
from app.unit import Exchange
from kernel import journal
from kernel.actor import SYSTEM
from kernel.clock import local_date
from kernel.db import Base
from kernel.parties import people
from kernel.watch import Clock
from licensing import assessments, authorisations, consents, scenarios
from tests.app.pages.conftest import Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import CALENDAR, As, work_of
from tests.impossible.conftest import Ask, Refuses
from tests.licensing import desk


def _codes(answer: Any) -> set[str]:
    return {refusal["code"] for refusal in answer.json.get("refusals", [])}


def test_two_live_authorisations_for_one_scenario(
    as_: As, visit: Visit, town: Town, refuses: Refuses, ask: Ask
) -> None:
    case = town["scenario"]

    by_api = as_("per_agency_approver").post(f"/api/scenarios/{case}/close-publicity", json={})
    by_page = visit("per_agency_approver").post(f"/steps/scenario/{case}/close_publicity")

    assert by_api.status_code == by_page.status_code == 409
    columns = _columns("authorisations")
    others = ", ".join(name for name in columns if name not in {"id", "cert_no", "assessment_id"})
    refuses(
        f"INSERT INTO authorisations (id, cert_no, assessment_id, {others}) "
        f"SELECT 'aut_second', 'AU-2', 'asm_2', {others} FROM authorisations WHERE id = :id",
        id=town["authorisation"],
    )
    assert ask("SELECT count(*) FROM authorisations WHERE scenario_id = :id", id=case) == 1


def test_an_assessment_that_backs_two_authorisations(
    as_: As, town: Town, refuses: Refuses, ask: Ask
) -> None:
    columns = _columns("authorisations")
    others = ", ".join(name for name in columns if name not in {"id", "cert_no", "scenario_id"})

    by_api = as_("per_agency_secretary").post(
        "/api/assessments", json={"scenario_id": town["scenario"]}
    )

    assert by_api.status_code == 409
    refuses(
        f"INSERT INTO authorisations (id, cert_no, scenario_id, {others}) "
        f"SELECT 'aut_second', 'AU-2', 'scn_2', {others} FROM authorisations WHERE id = :id",
        id=town["authorisation"],
    )


@pytest.mark.parametrize(
    "wider",
    [
        {"purpose_code": "credit_risk_control", "scope": {}},
        {"scope": {"regions": ["000000"]}},
        {"scope": {"quotas": {"rows": 10**12}}},
        {"scope": {"output_forms": ["aggregate_report", "record_api"]}},
    ],
)
def test_widening_an_authorisation_or_changing_its_purpose(
    as_: As, town: Town, wider: dict[str, Any]
) -> None:
    where = f"/api/authorisations/{town['authorisation']}/amendments"

    by_api = as_("per_agency_approver").post(where, json=wider)

    assert by_api.status_code == 409
    assert "NEW_SCENARIO_REQUIRED" in _codes(by_api)


def test_changing_the_root_of_an_authorisation_or_a_version_of_it(
    town: Town, refuses: Refuses
) -> None:
    for column in ("purpose_code", "purpose_text", "scenario_id", "assessment_id", "grantee_id"):
        refuses(
            f"UPDATE authorisations SET {column} = 'x' WHERE id = :id", id=town["authorisation"]
        )
    of = "WHERE authorisation_id = :id"
    refuses(f"UPDATE authorisation_versions SET scope_hash = 'x' {of}", id=town["authorisation"])
    refuses(f"DELETE FROM authorisation_versions {of}", id=town["authorisation"])


def test_anything_that_refers_to_two_authorisations(
    as_: As, town: Town, ask: Ask, refuses: Refuses
) -> None:
    succession = {("authorisations", "supersedes_id"), ("scenarios", "renews_id")}
    for table in Base.metadata.tables.values():
        naming = [
            column.name
            for column in table.columns
            if "authorisation" in column.name
            or any(key.column.table.name == "authorisations" for key in column.foreign_keys)
        ]
        own = [name for name in naming if (table.name, name) not in succession]
        assert len([name for name in own if name.endswith("_id")]) <= 1, table.name

    by_api = as_("per_developer_editor").post(
        "/api/products",
        json={"authorisation_id": town["authorisation"], "authorisation_ids": ["aut_2"]},
    )

    assert by_api.status_code == 422
    refuses("UPDATE order_lines SET authorisation_id = 'aut_2' WHERE authorisation_id IS NOT NULL")


def test_an_operator_as_the_applicant(
    as_: As, visit: Visit, town: Town, refuses: Refuses, ask: Ask
) -> None:
    code = ask("SELECT directory_code FROM scenario_items LIMIT 1")
    said = desk.application(code)
    said |= {"period_from": "2026-08-01", "period_to": "2027-06-30"}

    by_api = as_("per_operator_editor").post("/api/scenarios", json=said)

    assert by_api.status_code in {403, 409, 422}, by_api.json
    refuses(
        "UPDATE scenarios SET applicant_id = operator_id, scenario_kind = 'development' "
        "WHERE id = :id",
        id=town["written"],
    )


def test_a_relative_of_the_operator_as_the_applicant(as_: As, visit: Visit, town: Town) -> None:
    tied = as_("per_exchange_compliance").post(
        "/api/organisations/org_developer/ties",
        json={"kind": "declared", "other_name": "演示·运营机构", "uscc": "91430000MAA0000211"},
    )
    assert tied.status_code == 201, tied.json

    by_api = as_("per_developer_editor").post(f"/api/scenarios/{town['written']}/submit", json={})
    by_page = visit("per_developer_editor").post(f"/steps/scenario/{town['written']}/submit")

    assert "OPERATOR_RELATED" in _codes(by_api)
    assert "OPERATOR_RELATED" in by_page.text


def test_one_person_twice_on_one_case(
    as_: As, visit: Visit, town: Town, refuses: Refuses, application: Exchange
) -> None:
    case = town["deciding"]
    with application.house.engines.writing() as session:
        membership = session.get(people.Membership, ("per_agency_officer", "org_agency"))
        assert membership is not None
        membership.duties = ["case_officer", "approver"]  # a second hat on the same head
        session.commit()
    reject = {"cause": "public_interest", "reason": "not now"}

    by_page = visit("per_agency_officer").post(f"/steps/scenario/{case}/authorise", **reject)

    assert by_page.status_code in {403, 409}
    assert "FOUR_EYES" in by_page.text
    with application.house.engines.writing() as session:
        work = work_of(session, "per_agency_officer", at=TODAY)
        held = journal.part(session, case, "per_agency_officer")
        assert held == "officer"
        assert work.actor.person == "per_agency_officer"
    refuses(
        "INSERT INTO hands (case_id, person_id, part, since) "
        "SELECT case_id, person_id, 'approver', since FROM hands WHERE case_id = :id",
        id=case,
    )
    refuses("UPDATE hands SET part = 'approver' WHERE case_id = :id", id=case)


def test_one_human_under_two_accounts(refuses: Refuses, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        session.execute(
            text("UPDATE people SET identity_hash = 'same' WHERE id = 'per_agency_officer'")
        )
        session.commit()

    refuses("UPDATE people SET identity_hash = 'same' WHERE id = 'per_agency_approver'")


def test_a_sheet_read_before_the_tally_or_changed_after(
    as_: As, visit: Visit, town: Town, refuses: Refuses, ask: Ask
) -> None:
    where = f"/api/assessments/{town['scoring']}/sheets"
    signed = ask(
        "SELECT person_id FROM score_sheets WHERE assessment_id = :id LIMIT 1", id=town["scoring"]
    )

    for reader in ("per_agency_secretary", "per_agency_approver", "per_hub_supervisor"):
        assert as_(reader).get(where).json["items"] == []
        assert "8,100" not in visit(reader).get(f"/assessments/{town['scoring']}").text
    assert len(as_(signed).get(where).json["items"]) == 1
    refuses("UPDATE score_sheets SET total = 0 WHERE assessment_id = :id", id=town["scoring"])
    refuses("DELETE FROM score_sheets WHERE assessment_id = :id", id=town["scoring"])


def test_a_decision_without_a_reason(as_: As, visit: Visit, town: Town, refuses: Refuses) -> None:
    case = town["deciding"]

    by_api = as_("per_agency_approver").post(f"/api/scenarios/{case}/reject", json={})
    by_page = visit("per_agency_approver").post(f"/steps/scenario/{case}/reject", reason=" ")

    assert (by_api.status_code, by_page.status_code) == (422, 409)
    refuses("UPDATE scenarios SET state = 'rejected' WHERE id = :id", id=case)
    refuses(
        "UPDATE authorisations SET state = 'suspended' WHERE id = :id", id=town["authorisation"]
    )


def test_a_permission_before_the_filing(
    as_: As, visit: Visit, town: Town, refuses: Refuses, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        code = desk.directory(session, title_zh="仅已签署的目录")
        made = desk.drafted(session, code, industry="A01")
        desk.go(session, made, *desk.TO_SIGNED)
        scenario = desk.applied(session, code, title="抢跑的场景")
        agreement_id, scenario_id = made.id, scenario.id
        session.commit()

    by_api = as_("per_developer_editor").post(f"/api/scenarios/{scenario_id}/submit", json={})
    by_page = visit("per_developer_editor").post(f"/steps/scenario/{scenario_id}/submit")

    assert by_api.status_code == by_page.status_code == 409
    assert _codes(by_api) & {"SCOPE_NOT_COVERED", "SELF_CHECK_FAILED"}
    refuses("UPDATE supply_agreements SET state = 'effective' WHERE id = :id", id=agreement_id)


def test_a_draw_that_does_not_come_out_again(as_: As, town: Town, application: Exchange) -> None:
    where = f"/api/assessments/{town['assessment']}/proof"
    assert as_("per_agency_secretary").get(where).json["holds"] is True

    with application.house.engines.writing() as session:
        session.execute(
            text("UPDATE assessments SET seed = 'another' WHERE id = :id"),
            {"id": town["assessment"]},
        )
        session.commit()

    assert as_("per_agency_secretary").get(where).json["holds"] is False


def test_a_clock_that_ends_on_a_day_off(application: Exchange, town: Town) -> None:
    with application.house.engines.reading() as session:
        clocks = list(session.query(Clock).filter(Clock.natural.is_(False)))

    assert len(clocks) > 20
    for clock in clocks:
        assert CALENDAR.is_workday(clock.due_on, provisional=True), clock.key
        assert clock.due_on >= clock.started_on


def test_a_silent_department_that_counts_as_agreeing(
    as_: As, visit: Visit, town: Town, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, TODAY + timedelta(days=60))
        session.commit()
        house = application.house.work(session, SYSTEM)
        scenarios.LIFE.take("grade_risk", scenarios.find(session, town["asked"]),
                            work_of(session, "per_agency_officer", at=house.now))  # fmt: skip
        timetable.take_overdue(house)
        session.commit()
    with application.house.engines.reading() as session:
        opinion = consents.find(session, town["opinion"])
        scenario = scenarios.find(session, town["asked"])
        assert local_date(TODAY) < local_date(application.house.now(session))
        assert opinion.state == consents.State.ASKED
        assert scenario.state == scenarios.State.DEPT_OPINION

    by_api = as_("per_agency_officer").post(f"/api/scenarios/{town['asked']}/opinions-in", json={})
    by_page = visit("per_agency_officer").post(f"/steps/scenario/{town['asked']}/opinions_in")

    assert by_api.status_code in {403, 404, 405}
    assert by_page.status_code in {403, 404}


def test_what_is_stored_of_a_conclusion_is_what_the_sheets_come_to(
    application: Exchange, town: Town
) -> None:
    with application.house.engines.reading() as session:
        stored = assessments.find(session, town["assessment"])
        again = assessments.recompute(session, town["assessment"])
        granted = authorisations.find(session, town["authorisation"])

    assert (again.result, again.mean) == (stored.result, stored.mean)
    assert granted.assessment_id == stored.id


def _columns(table: str) -> list[str]:
    return [column.name for column in Base.metadata.tables[table].columns]
