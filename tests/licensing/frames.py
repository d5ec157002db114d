"""Builders of the frame: a plan, an operation agreement, what supply agreements need."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue import directories
from kernel.clock import Instant
from licensing import operations, plans, scope
from licensing.exposures import OutputForm
from licensing.frame.elements import Permission
from licensing.operations import OperationAgreement
from licensing.plans import ImplementationPlan
from tests.conftest import CRYPTO, NOON, work_of

DIGEST = "cd" * 32
TERM = {"term_from": date(2026, 1, 1), "term_to": date(2030, 12, 31)}
DECISION = {
    "meeting_no": "〔2026〕第7次",
    "meeting_date": date(2026, 6, 20),
    "resolution_digest": DIGEST,
    "legal_review_digest": DIGEST,
}
CHECKLIST = [{"permission": each.value, "applies": False} for each in Permission]
FORMS = [form.value for form in OutputForm if form != OutputForm.RAW_EXPORT]
ELEMENTS = {
    "fee_rules": "within the ceilings of the price authority",
    "cost_accounting_rules": "separate books",
    "data_security": "raw data stays in the domain",
    "pi_protection": "no personal information without consent",
    "asset_ownership": {"software": "operator", "hardware": "operator", "derived_data": "state"},
    "exit_handover": {"data_destruction": "within ten days", "keys": "handed over",
                      "records": "handed over", "transition_days": 60},
    "change_termination": "by both in writing",
    "breach": "damages",
    "dispute": "the court at the seat of the agency",
}  # fmt: skip
PLAN_STEPS = {
    "decide": "per_agency_approver",
    "approve": "per_hub_supervisor",
    "return": "per_hub_supervisor",
    "put_in_force": "per_agency_approver",
    "withdraw": "per_agency_approver",
}
OPERATION_STEPS = {
    "decide": "per_agency_approver",
    "negotiate": "per_agency_officer",
    "finalise": "per_operator_editor",
    "sign_first": "per_agency_approver",
    "sign_second": "per_operator_signer",
    "letter": "per_operator_signer",
    "file": "per_hub_officer",
    "agree": "per_agency_approver",
    "conclude": "per_operator_signer",
    "drop": "per_operator_signer",
    "suspend": "per_hub_supervisor",
    "resume": "per_hub_supervisor",
    "terminate": "per_operator_signer",
    "hand_over": "per_operator_signer",
    "close": "per_agency_approver",
    "abandon": "per_operator_signer",
    "expire": "system",
}
ANSWERS: dict[str, dict[str, Any]] = {
    "decide": DECISION,
    "letter": {"digest": DIGEST},
    "suspend": {"cause": "security_incident", "reason": "leak"},
    "resume": {"reason": "mended"},
    "terminate": {"cause": "mutual", "reason": "both want it"},
    "hand_over": {"destruction": DIGEST, "keys": DIGEST, "records": DIGEST},
    "abandon": {"reason": "no longer wanted"},
    "drop": {"reason": "no longer wanted"},
    "return": {"reason": "the security is not told"},
    "withdraw": {"reason": "no longer wanted"},
}
TO_EFFECT = ("decide", "negotiate", "finalise", "sign_first", "sign_second", "letter", "file")


def plan_terms(*codes: str, **changes: Any) -> Any:
    """Return an implementation plan for the directories."""
    return {
        "title": "Authorised operation of weather data",
        "modes": ["overall", "by_field"],
        "resource_scope": list(codes),
        **TERM,
        **{name: f"the {name.replace('_', ' ')} of the plan" for name in plans.TEXTS},
        "performance_indicators": ["ten products in the first year"],
        **changes,
    }


def plan(session: Session, *codes: str, **changes: Any) -> ImplementationPlan:
    """Draft a plan, by the agency."""
    made = plans.draft(work_of(session, "per_agency_officer"), **plan_terms(*codes, **changes))
    session.flush()  # a living record gets its first version from the database
    return made


def plan_goes(session: Session, made: ImplementationPlan, *path: str, at: Instant = NOON) -> None:
    """Take steps of a plan, each by its own person."""
    for name in path:
        plans.take(work_of(session, PLAN_STEPS[name], at=at), made.id, name,
                   **ANSWERS.get(name, {}))  # fmt: skip
        session.flush()


def planned(session: Session, *codes: str, **changes: Any) -> ImplementationPlan:
    """Put a plan in force."""
    made = plan(session, *codes, **changes)
    plan_goes(session, made, "decide", "approve", "put_in_force")
    return made


def operation_terms(plan_id: str, *named: dict[str, str], **changes: Any) -> Any:
    """Return an operation agreement on the items, as wide as one may be."""
    return {
        "implementing_agency_id": "org_agency",
        "operator_id": "org_operator",
        "plan_id": plan_id,
        "mode": "by_field",
        "items": list(named),
        "regions": ["000000"],
        "output_forms": FORMS,
        "environments": ["api_gateway"],
        "elements": ELEMENTS,
        **TERM,
        **changes,
    }


def item(code: str, name: str, transform: str = "raw") -> dict[str, str]:
    """Name one item."""
    return {"directory_code": code, "item_code": name, "transform": transform}


def whole(session: Session, code: str) -> list[dict[str, str]]:
    """Name every item of a directory."""
    version = directories.published(session, directories.by_code(session, code).id)
    return [item(code, each.code) for each in directories.items(session, version.id)]


def drafted(session: Session, *codes: str, **changes: Any) -> OperationAgreement:
    """Draft an operation agreement under a plan in force, by the agency's officer."""
    made_plan = planned(session, *codes)
    named = [each for code in codes for each in whole(session, code)]
    terms = operation_terms(made_plan.id, *named, **changes)
    made = operations.draft(work_of(session, "per_agency_officer"), **terms)
    session.flush()  # a living record gets its first version from the database
    return made


def go(session: Session, made: OperationAgreement, *path: str, at: Instant = NOON) -> None:
    """Take steps of an operation agreement, each by its own person."""
    for name in path:
        work = work_of(session, OPERATION_STEPS[name], at=at)
        operations.take(work, made.id, name, **ANSWERS.get(name, {}))
        session.flush()


def effective(session: Session, *codes: str, **changes: Any) -> OperationAgreement:
    """Bring an operation agreement into effect, step by step."""
    made = drafted(session, *codes, **changes)
    go(session, made, *TO_EFFECT)
    return made


def frame(session: Session, code: str) -> OperationAgreement:
    """Find the tests' operation agreement on a directory, or put it there, filed at once.

    It allows everything that may be allowed, so that a supply agreement can be anything.
    """
    found = session.scalars(
        select(OperationAgreement).where(OperationAgreement.code == f"OA-{code}")
    ).first()
    return found or put(session, code, [(code, each["item_code"]) for each in whole(session, code)])


def put(
    session: Session, code: str, items: Iterable[tuple[str, str]], **changes: Any
) -> OperationAgreement:
    """Put a plan and an operation agreement in effect for some items, without their steps."""
    made_plan = ImplementationPlan(
        id=f"pln_{code}", state="effective", code=f"PL-{code}", edition=1,
        implementing_agency_id="org_agency", title="Weather", modes=["by_field"],
        resource_scope=[code], elements={}, decision={}, text_digest=DIGEST,
        approved_by="per_hub_supervisor", drafted_at=NOON, effective_at=NOON, **TERM,
    )  # fmt: skip
    granted = _scope(items)
    made = OperationAgreement(
        **{
            "id": f"opa_{code}", "state": "effective", "code": f"OA-{code}",
            "implementing_agency_id": "org_agency", "operator_id": "org_operator",
            "plan_id": made_plan.id, "mode": "by_field", "scope": scope.to_json(granted),
            "scope_hash": scope.scope_hash(granted, CRYPTO.digest),
            "elements": {**ELEMENTS, "purposes": []}, "final_digest": DIGEST,
            "letter_digest": DIGEST, "drafted_at": NOON, "effective_at": NOON, "edition": 1,
            **TERM, **changes,
        }
    )  # fmt: skip
    session.add(made_plan)
    session.flush()  # the agreement refers to the plan by id alone
    session.add(made)
    session.flush()  # and the supply agreement to it
    return made


def _scope(items: Iterable[tuple[str, str]]) -> scope.Scope:
    return scope.Scope(
        None, None,
        items=dict.fromkeys(items, scope.Transform.RAW),
        row_filters=frozenset(),
        users=frozenset({scope.ANYONE}),
        regions=frozenset({scope.COUNTRY}),
        period=scope.Period(TERM["term_from"], TERM["term_to"]),
        quotas={},
        output_forms=frozenset(map(OutputForm, FORMS)),
        environments=frozenset({scope.Environment.API_GATEWAY}),
    )  # fmt: skip
