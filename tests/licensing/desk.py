"""Builders of agreements and scenarios: each goes as far along its life as a test asks."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from catalogue import directories
from kernel import watch
from kernel.clock import Instant
from licensing import agreements, consents, scenarios
from licensing.agreements import SupplyAgreement
from licensing.applications.cases import Scenario
from licensing.assessing.rows import Assessment
from licensing.consents import Opinion
from tests.catalogue import shelf
from tests.conftest import NOON, work_of
from tests.licensing import frames

LETTER = "ab" * 32
REASON = "predicts the loss of a harvest by frost"

AGREEMENT_STEPS = {
    "decide": "per_dept_approver",
    "negotiate": "per_operator_editor",
    "finalise": "per_operator_editor",
    "sign_first": "per_dept_approver",
    "sign_second": "per_operator_signer",
    "letter": "per_operator_signer",
    "file": "per_hub_officer",
    "suspend": "per_hub_supervisor",
    "resume": "per_hub_supervisor",
    "agree": "per_dept_approver",
    "conclude": "per_operator_signer",
    "drop": "per_operator_signer",
    "terminate": "per_operator_signer",
    "hand_over": "per_operator_signer",
    "close": "per_dept_approver",
    "abandon": "per_operator_signer",
    "expire": "system",
}
TO_FINAL = ("decide", "negotiate", "finalise")
TO_SIGNED = (*TO_FINAL, "sign_first", "sign_second")
TO_EFFECT = (*TO_SIGNED, "letter", "file")
SCENARIO_STEPS = {
    "submit": "per_developer_editor",
    "supplement": "per_agency_officer",
    "resubmit": "per_developer_editor",
    "accept": "per_agency_officer",
    "refuse": "per_agency_officer",
    "request_opinions": "per_agency_officer",
    "authorise": "per_agency_approver",
    "reject": "per_agency_approver",
    "accept_conditions": "per_developer_signer",
    "resubmit_revised": "per_developer_editor",
    "withdraw": "per_developer_editor",
}
AGREEMENT_ANSWERS: dict[str, dict[str, Any]] = {**frames.ANSWERS, "letter": {"digest": LETTER}}
ANSWERS: dict[str, dict[str, Any]] = {
    "supplement": {"reason": "the region is missing", "missing": ["the region"]},
    "refuse": {"cause": "incomplete", "reason": "no region"},
    "uphold_objection": {"reason": "a neighbour is right"},
    "reject": {"cause": "public_interest", "reason": "not now"},
    "begin_assessment": {"assessment_id": "asm_1"},
    "assessment_voided": {"reason": "a conflict was found"},
    "assessed_fail": {"reason": "mean 41.00"},
}


def days_later(days: int, at: Instant = NOON) -> datetime:
    return at + timedelta(days=days)


def directory(session: Session, **changes: Any) -> str:
    """Publish and register a directory of weather; return its code."""
    version = shelf.published(session, **changes)
    shelf.registered(session, version.directory_id)
    return directories.find_directory(session, version.directory_id).code


def terms(code: str, **changes: Any) -> Any:
    """Return the terms of an agreement on the directory."""
    return {
        "department_id": "org_dept",
        "operator_id": "org_operator",
        "industry": "M74",
        "items": [
            {"directory_code": code, "item_code": item, "transform": "aggregated"}
            for item in ("TEMP", "RAIN")
        ],
        "regions": ["430000", "110000"],
        "output_forms": ["aggregate_report", "score"],
        "environments": ["trusted_domain_sandbox"],
        "term_from": date(2026, 1, 1),
        "term_to": date(2030, 12, 31),
        "external_permission_checklist": frames.CHECKLIST,
        **changes,
    }


def drafted(session: Session, code: str, **changes: Any) -> SupplyAgreement:
    """Draft an agreement, by its operator, under an operation agreement that allows it all."""
    if "operation_agreement_id" not in changes:
        changes["operation_agreement_id"] = frames.frame(session, code).id
    made = agreements.draft(work_of(session, "per_operator_editor"), **terms(code, **changes))
    session.flush()  # a living record gets its first version from the database
    return made


def go(session: Session, made: SupplyAgreement, *path: str, at: Instant = NOON) -> None:
    """Take steps of an agreement, each by its own person."""
    for name in path:
        work = work_of(session, AGREEMENT_STEPS[name], at=at)
        agreements.take(work, made.id, name, **AGREEMENT_ANSWERS.get(name, {}))
        session.flush()


def effective(session: Session, code: str, **changes: Any) -> SupplyAgreement:
    """Bring an agreement into effect."""
    made = drafted(session, code, **changes)
    go(session, made, *TO_EFFECT)
    return made


def application(code: str, **changes: Any) -> Any:
    """Return an application for agricultural weather insurance."""
    return {
        "operator_id": "org_operator",
        "implementing_agency_id": "org_agency",
        "title": "Agricultural weather insurance",
        "application_field": "modern_agriculture",
        "purpose_code": "weather_insurance",
        "purpose_text": "Price frost and rain cover for farms",
        "purpose_class": "industry_development",
        "use_mode": "product_supply",
        "items": [asked(code, "TEMP"), asked(code, "RAIN")],
        "users": ["org_buyer"],
        "users_count": 20,
        "regions": ["110000"],
        "period_from": date(2026, 7, 1),
        "period_to": date(2027, 6, 30),
        "output_forms": ["aggregate_report"],
        "environments": ["trusted_domain_sandbox"],
        "quotas": {"rows": 100_000},
        **beyond_scope(),
        **changes,
    }


def beyond_scope() -> dict[str, Any]:
    """Return what an application says beyond the scope, with nothing left to promise."""
    return {
        "contact_name": "Lin",
        "contact_phone": "0731-00000000",
        "team": [{"name": "Lin", "role": "actuary", "qualification": "ten years"}],
        "team_proof": "1a" * 32,
        "legal_basis": ["contract with the insured"],
        "min_group_size": 30,
        "security_plan": "Processed in the sandbox alone; every read is logged",
        "mlps_level": 3,
        "mlps_certificate": "2b" * 32,
        "incident_contacts": [{"name": "Lin", "phone": "0731-00000000"}],
        "destruction_plan": "Everything is overwritten within ten days of the end",
        "benefit_social": "Farms are paid when the frost comes",
        "pricing_intent": "government_guided",
        "schedule": "Two months to build, ten to serve",
        "acceptance_indicators": "Nine of ten claims are paid within three days",
        "declaration": True,
    }


def asked(code: str, item: str, **changes: Any) -> dict[str, Any]:
    """Return one item of an application."""
    return {
        "directory_code": code,
        "item_code": item,
        "transform": "aggregated",
        "necessity_reason": REASON,
        **changes,
    }


def applied(session: Session, code: str, **changes: Any) -> Scenario:
    """Write an application, by the developer."""
    made = scenarios.apply(work_of(session, "per_developer_editor"), **application(code, **changes))
    session.flush()  # a living record gets its first version from the database
    return made


def walk(session: Session, made: Scenario, *path: str, at: Instant = NOON) -> None:
    """Take steps of a scenario, each by its own person; "agree" is the department's."""
    for name in path:
        if name == "agree":
            consents.take(
                work_of(session, "per_dept_approver", at=at), opinion_of(session, made).id, name
            )
        elif name == "grade_risk":
            told = {"lane": "ordinary", "reason": "five experts look at it"}
            scenarios.grade_risk(work_of(session, "per_agency_officer", at=at), made.id, **told)
        else:
            if name == "begin_assessment":
                assessed(session, made)
            work = work_of(session, SCENARIO_STEPS.get(name, "system"), at=at)
            scenarios.take(work, made.id, name, **ANSWERS.get(name, {}))
        session.flush()


def assessed(session: Session, made: Scenario) -> None:
    """Put an assessment that passed behind the scenario, without its panel and sheets."""
    if session.get(Assessment, "asm_1") is not None:
        return
    session.add(
        Assessment(
            id="asm_1",
            state="concluded",
            scenario_id=made.id,
            agency_id=made.implementing_agency_id,
            round=made.round,
            lane=made.lane,
            scope_hash=made.scope_hash,
            seed_commitment="0" * 64,
            sealed_seed="",
            pool=[],
            pool_fingerprint="0" * 64,
            size=5,
            kept=[],
            serving=[],
            standard={},
            result="pass",
            mean=8000,
            reasons=[],
            struck=[],
            conditions=[],
            planned_at=NOON,
            concluded_at=NOON,
        )
    )
    session.flush()  # the scenario refers to it by its id alone


def opinion_of(session: Session, made: Scenario) -> Opinion:
    """Return the one opinion on the present round."""
    (found,) = consents.of(session, made.id, made.round)
    return found


def submitted(session: Session, **changes: Any) -> Scenario:
    """Submit a scenario under an agreement in effect."""
    code = directory(session)
    effective(session, code)
    made = applied(session, code, **changes)
    walk(session, made, "submit")
    return made


TO_OPINIONS = ("accept", "request_opinions")
TO_PANEL = (*TO_OPINIONS, "grade_risk", "agree")
TO_ASSESSMENT = (*TO_PANEL, "begin_assessment")
TO_DECISION = (*TO_ASSESSMENT, "assessed_pass")


def clock_key(session: Session, subject: str) -> str | None:
    """Return the key of the clock that runs on a subject."""
    clock = watch.running(session, subject)
    return None if clock is None else clock.key
