"""Builders of complaints: made, taken up, answered, told their outcome."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.aftercare import complaining, complaints
from marketplace.aftercare.complaining import Grievance
from marketplace.aftercare.complaint_rows import About, Category, Complaint
from tests.conftest import work_of
from tests.marketplace import make

BUYER, SELLER, STRANGER = "per_buyer_editor", "per_developer_editor", "per_other_editor"
OFFICER = "per_exchange_compliance"
SUPERVISOR = "per_hub_supervisor"
NOW = make.AFTER_PUBLICITY


def made(session: Session, *, person: str = BUYER, **said: Any) -> Complaint:
    """Have somebody complain: of the developer, for other reasons, if not said otherwise."""
    told: dict[str, Any] = {"about": About.MERCHANT, "category": Category.OTHER,
                            "said": "宣传与实际不符", "subject_id": "org_developer",
                            **said}  # fmt: skip
    found = complaining.file(work_of(session, person, at=NOW), Grievance(**told))
    session.flush()
    return found


def take(session: Session, it: Complaint, step: str, person: str, **data: Any) -> Complaint:
    """Take one step of a complaint."""
    found = complaints.take(work_of(session, person, at=NOW), it.id, step, **data)
    session.flush()
    return found


def answered(session: Session, it: Complaint) -> Complaint:
    """Have it taken up, and answered."""
    take(session, it, "accept", OFFICER)
    return take(session, it, "answer", SELLER, answer="已更正")


def resolved(session: Session, it: Complaint, finding: str = "upheld") -> Complaint:
    """Have it handled up to its outcome."""
    answered(session, it)
    return take(session, it, "resolve", OFFICER, finding=finding, outcome="责令更正")
