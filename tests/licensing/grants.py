"""Builders of the right to use: a scope, an agreement behind it, an authorisation."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from kernel.work import Work
from licensing import agreements, authorisations
from licensing import scope as scopes
from licensing.agreements import SupplyAgreement
from licensing.authorisations import Authorisation
from licensing.operations import OperationAgreement
from licensing.scenarios import Scenario, State
from tests.conftest import work_of
from tests.licensing import frames

DIRECTORY = "CAT-430000-000001"
FIRST, LAST = date(2026, 7, 1), date(2027, 6, 30)
NEXT_DAY = datetime(2026, 7, 2, 4, tzinfo=UTC)
AFTER_THE_END = datetime(2027, 7, 1, 4, tzinfo=UTC)
ITEMS = [
    {"directory": DIRECTORY, "item": "RAIN", "transform": "aggregated"},
    {"directory": DIRECTORY, "item": "TEMP", "transform": "aggregated"},
]


def scope(**changes: Any) -> dict[str, Any]:
    """Return the scope of the tests as JSON: farm weather insurance, with what is changed."""
    return {
        "purpose_code": "weather_insurance",
        "purpose_fingerprint": "f" * 64,
        "items": ITEMS,
        "row_filters": [],
        "users": ["class:buyer", "org_developer"],
        "regions": ["430000"],
        "period": {"from": FIRST.isoformat(), "to": LAST.isoformat()},
        "quotas": {"rows": 1000},
        "output_forms": ["aggregate_report", "record_api"],
        "environments": ["trusted_domain_sandbox"],
        **changes,
    }


def agreement(
    session: Session,
    *,
    state: agreements.State = agreements.State.EFFECTIVE,
    code: str = "SA-430000-2026-0001",
    **changes: Any,
) -> SupplyAgreement:
    """Put a filed agreement behind the scope, and an operation agreement behind that."""
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    made = SupplyAgreement(
        id="sup_weather",
        state=state,
        code=code,
        department_id="org_dept",
        operator_id="org_operator",
        operation_agreement_id=_operation(session).id,
        industry="M74",
        unique_key=f"org_dept/M74/{code}",
        term_from=date(2026, 6, 1),
        term_to=date(2029, 5, 31),
        purpose_limits=[],
        scope=scope(
            **{
                "purpose_code": None,
                "purpose_fingerprint": None,
                "users": ["*"],
                "quotas": {},
                "period": {"from": "2026-06-01", "to": "2029-05-31"},
                **changes,
            }
        ),
        scope_hash="0" * 64,
        letter_digest="0" * 64,
        drafted_at=moment,
        effective_at=moment,
    )
    session.add(made)
    session.flush()
    return made


def supplied(session: Session, given: Mapping[str, Any]) -> None:
    """Put an agreement behind a scope, unless one is there that covers it."""
    covered = not agreements.uncovered(
        session, "org_operator", scopes.from_json(given), NEXT_DAY.date()
    )
    if not covered and session.get(SupplyAgreement, "sup_weather") is None:
        parts = ("items", "regions", "output_forms", "environments")
        agreement(session, code="SA-430000-2026-9001", **{part: given[part] for part in parts})


def issued(
    session: Session,
    *,
    given: Mapping[str, Any] | None = None,
    scenario_id: str = "scn_weather",
    assessment_id: str = "asm_weather",
    grantee_id: str = "org_developer",
) -> Authorisation:
    """Issue an authorisation, as the house does when a scenario's publicity ends."""
    scenario(session, scenario_id, grantee_id=grantee_id)
    supplied(session, given or scope())
    return authorisations.issue(
        work_of(session, "system"),
        scope=given or scope(),
        scenario_id=scenario_id,
        assessment_id=assessment_id,
        grantee_id=grantee_id,
        operator_id="org_operator",
        implementing_agency_id="org_agency",
        departments=["org_dept"],
        purpose_text="Farm insurance that pays by measured rain",
        conditions=["aggregate by day"],
    )


def scenario(
    session: Session,
    scenario_id: str = "scn_weather",
    *,
    grantee_id: str = "org_developer",
    purpose_class: str = "industry_development",
) -> Scenario:
    """Put behind an authorisation the scenario that was decided, unless it is there."""
    if (found := session.get(Scenario, scenario_id)) is not None:
        return found
    made = Scenario(
        id=scenario_id,
        state=State.PUBLICITY,
        code=f"SC-430000-2026-{scenario_id}",
        applicant_id=grantee_id,
        operator_id="org_operator",
        implementing_agency_id="org_agency",
        title="农业天气保险 farm weather insurance",
        application_field="modern_agriculture",
        purpose_code="weather_insurance",
        purpose_text="Farm insurance that pays by measured rain",
        purpose_class=purpose_class,
        scenario_kind="primary_product" if grantee_id == "org_operator" else "development",
        use_mode="product_supply",
        purpose_fingerprint="f" * 64,
        scope=scope(),
        scope_hash="0" * 64,
        users_count=20,
        fusion=False,
        round=1,
        supplemented=False,
        conditions=[],
        applied_at=NEXT_DAY,
        submitted_at=NEXT_DAY,
    )
    session.add(made)
    session.flush()
    return made


def active(session: Session, **changes: Any) -> Authorisation:
    """Issue an authorisation and have its operator activate it."""
    made = issued(session, **changes)
    authorisations.take(work_of(session, "per_operator_signer"), made.id, "activate")
    return made


def suspend(work: Work, made: Authorisation) -> None:
    """Suspend for a security incident."""
    authorisations.take(
        work, made.id, "suspend", cause="security_incident", reason="keys were found in the open"
    )


def later(days: int) -> datetime:
    """Return noon so many days after the tests' noon."""
    return NEXT_DAY + timedelta(days=days - 1)


def _operation(session: Session) -> OperationAgreement:
    found = session.get(OperationAgreement, f"opa_{DIRECTORY}")
    items = [(DIRECTORY, entry["item"]) for entry in ITEMS]
    return found or frames.put(session, DIRECTORY, items)
