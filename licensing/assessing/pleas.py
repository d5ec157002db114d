"""The rows of what is pleaded against a panel or a decision, and what they bar while open.

A challenge (回避申请) is the applicant's against one member of the panel; an objection
(异议) is anybody's against an announced decision. Their lives are in `challenges` and
`objections`.
"""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import Refusal
from kernel.work import Work
from licensing.applications import cases
from licensing.applications.cases import Scenario
from licensing.assessing.rows import Assessment


class State(StrEnum):
    """Where a plea stands."""

    FILED = "filed"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


_OPEN = text("state = 'filed'")


class Challenge(Living, Base):
    """The applicant's challenge of one member, and the secretary's answer."""

    __tablename__ = "challenges"
    __table_args__ = (
        Index(
            "uq_challenges_one_open_per_member",
            "assessment_id",
            "expert_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(None, "assessment_id", "id"),
        CheckConstraint("length(reason) > 0", name="reason_is_told"),
        CheckConstraint("(state = 'filed') = (answer IS NULL)", name="answer_has_reason"),
    )

    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessments.id"))
    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"))
    agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    applicant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    expert_id: Mapped[str] = mapped_column(ForeignKey("experts.id"))
    reason: Mapped[str]
    answer: Mapped[str | None]
    filed_at: Mapped[Instant]

    @property
    def case_id(self) -> str:
        """The case in which it is decided."""
        return self.scenario_id


class PublicityObjection(Living, Base):
    """Somebody's objection to an announced decision, and the agency's answer."""

    __tablename__ = "publicity_objections"
    __table_args__ = (
        Index(None, "scenario_id", "state", "id"),
        Index(None, "agency_id", "id"),
        Index(None, "filed_for", "id"),
        CheckConstraint("length(reason) > 0", name="reason_is_told"),
        CheckConstraint("(state = 'filed') = (answer IS NULL)", name="answer_has_reason"),
        CheckConstraint("(state = 'upheld') = (remedy IS NOT NULL)", name="upheld_has_remedy"),
    )

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"))
    agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    filed_for: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    filed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str]
    answer: Mapped[str | None]
    remedy: Mapped[str | None]
    filed_at: Mapped[Instant]

    @property
    def case_id(self) -> str:
        """The case in which it is decided."""
        return self.scenario_id


def challenges(session: Session, assessment_id: str) -> list[Challenge]:
    """Return the challenges of an assessment, oldest first, at most 200. One SELECT."""
    statement = (
        select(Challenge)
        .where(Challenge.assessment_id == assessment_id)
        .order_by(Challenge.id)
        .limit(200)
    )
    return list(session.scalars(statement))


def challenges_answered(it: Assessment, work: Work) -> Refusal | None:
    """Ask that no challenge of a member waits for an answer. One SELECT."""
    if all(one.state != State.FILED for one in challenges(work.session, it.id)):
        return None
    zh, en = "尚有回避申请未答复", "a challenge of a member has not been answered"
    return Refusal("CHALLENGE_OPEN", zh, en)


def objections_answered(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that no objection to the announcement waits for an answer. One SELECT."""
    statement = (
        select(PublicityObjection.id)
        .where(
            PublicityObjection.scenario_id == scenario.id, PublicityObjection.state == State.FILED
        )
        .limit(1)
    )
    if work.session.scalars(statement).first() is None:
        return None
    zh, en = "公示期内的异议尚未答复", "an objection has not been answered"
    return Refusal("OBJECTION_OPEN", zh, en)


def not_in_publicity(scenario: Scenario) -> Refusal | None:
    """Ask that the decision is being announced."""
    if scenario.state == cases.State.PUBLICITY:
        return None
    return Refusal("NOT_IN_PUBLICITY", "不在公示期内", "the decision is not being announced")


def objected(session: Session, scenario_id: str) -> bool:
    """Tell whether an objection sent the scenario back to its decision. One SELECT."""
    statement = (
        select(PublicityObjection.id)
        .where(
            PublicityObjection.scenario_id == scenario_id,
            PublicityObjection.state == State.UPHELD,
            PublicityObjection.remedy == "redecide",
        )
        .limit(1)
    )
    return session.scalars(statement).first() is not None
