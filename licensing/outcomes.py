"""The rows of decisions: every answer as it was given, and each reason for a no by its code."""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Instant
from kernel.db import JSON_, Base, append_only


class Outcome(StrEnum):
    """What was decided."""

    ALLOW = "allow"
    DENY = "deny"


class Decision(Base):
    """One answer, kept as it was given. codes: every reason for a no, in their order.

    version: of the authorisation, None when there was none. credential: what the user
    showed ("tok_…"), None for none. subject: what the use was for ("dlv_…"). reasons: the
    codes with their words, as they were told; None in answers from before they were kept.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        CheckConstraint("outcome IN ('allow', 'deny')", name="outcome_known"),
        Index(None, "authorisation_id", "id"),
        Index("ix_decisions_authorisation_id_outcome", "authorisation_id", "outcome", "id"),
        Index(None, "organisation_id", "id"),
        Index("ix_decisions_organisation_id_outcome", "organisation_id", "outcome", "id"),
        Index(None, "outcome", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    authorisation_id: Mapped[str]
    version: Mapped[int | None]
    organisation_id: Mapped[str]
    person_id: Mapped[str]
    credential: Mapped[str | None]
    purpose_code: Mapped[str]
    items: Mapped[list[Any]]
    transform: Mapped[str]
    output_form: Mapped[str]
    region: Mapped[str]
    environment: Mapped[str]
    quantity: Mapped[dict[str, Any]]
    subject: Mapped[str]
    outcome: Mapped[str]
    codes: Mapped[list[Any]]
    reasons: Mapped[list[Any] | None] = mapped_column(JSON_)
    at: Mapped[Instant]

    @property
    def allowed(self) -> bool:
        """Whether the use may happen."""
        return self.outcome == Outcome.ALLOW


class Denial(Base):
    """One reason for one no, so that those of a kind are counted on an index."""

    __tablename__ = "decision_denials"
    __table_args__ = (
        Index(None, "authorisation_id", "code", "at"),
        Index(None, "code", "decision_id"),
    )

    # No foreign key: the two rows are added together, and neither is ever deleted.
    decision_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    authorisation_id: Mapped[str]
    at: Mapped[Instant]


append_only(Decision.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
append_only(Denial.__table__)  # type: ignore[arg-type]  # as above
