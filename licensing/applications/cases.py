"""The row of a scenario: what it holds, who may see it, and the lists it stands in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import watch
from kernel.clock import Instant, local_date
from kernel.db import JSON_, Base, Living
from kernel.deadlines import Light
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.work import Work
from licensing import scope
from licensing.applications import opinions
from licensing.applications.items import ScenarioItem
from licensing.scope import Scope


class State(StrEnum):
    """Where a scenario stands."""

    DRAFT = "draft"
    FORMAL_CHECK = "formal_check"
    SUPPLEMENTING = "supplementing"
    ACCEPTED = "accepted"
    DEPT_OPINION = "dept_opinion"
    PANEL_FORMING = "panel_forming"
    ASSESSING = "assessing"
    AWAITING_CONDITIONS = "awaiting_conditions"
    REVISING = "revising"
    DECIDING = "deciding"
    PUBLICITY = "publicity"
    AUTHORISED = "authorised"
    CLOSED = "closed"
    REFUSED = "refused"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


WRITABLE: Final = frozenset({State.DRAFT, State.SUPPLEMENTING, State.REVISING})
UNDECIDED: Final = frozenset(State) - {
    State.AUTHORISED, State.CLOSED, State.REFUSED, State.REJECTED, State.WITHDRAWN, State.LAPSED,
}  # fmt: skip
ANNOUNCED: Final = (State.PUBLICITY, State.AUTHORISED, State.CLOSED)
REFUSAL_CAUSES: Final = ("incomplete", "not_competent", "not_eligible", "unlawful_purpose", "other")
KINDS: Final = ("development", "primary_product")
"""What a scenario makes (场景类型): another use, or the operator's first product (初次加工)."""

LANES: Final = ("ordinary", "fast", "short")
"""How it is assessed: ordinary, simplified (简易程序), or for more of the same (短评估)."""

REJECTION_CAUSES: Final = (
    "department_disagrees", "risk_unacceptable", "scope_not_covered", "assessment_failed",
    "objection_upheld", "public_interest", "other",
)  # fmt: skip


class Scenario(Living, Base):
    """Who wants to use what for which one purpose.

    scope: canonical form of `licensing.scope`; the panel may have narrowed it. risk:
    {"impact", "likelihood", "grade"} once graded. conditions: of departments and panel.
    supplemented: the one notice to supplement (一次性告知) of this round has been given.
    notice: what that notice lists, {"missing", "reason"}. flaw: the first thing in its
    sections that cannot be meant, {"pointer", "zh", "en"}; None when all can.
    renews_id: the authorisation that it asks to renew.
    """

    __tablename__ = "scenarios"
    __table_args__ = (
        Index(None, "applicant_id", "id"),
        Index(None, "operator_id", "id"),
        Index(None, "implementing_agency_id", "state", "submitted_at", "id"),
        Index(None, "purpose_fingerprint"),
        Index(None, "purpose_code", "id"),
        CheckConstraint(
            "(scenario_kind = 'primary_product') = (applicant_id = operator_id)",
            name="no_redevelopment_by_operator",
        ),
        CheckConstraint(
            "scenario_kind IN ('development', 'primary_product')", name="scenario_kind_is_known"
        ),
        CheckConstraint("lane IN ('ordinary', 'fast', 'short')", name="lane_is_known"),
        CheckConstraint("round >= 1", name="round_from_one"),
        CheckConstraint(
            "state NOT IN ('refused', 'rejected') "
            "OR (decision_cause IS NOT NULL AND decision_reason IS NOT NULL)",
            name="refusal_has_reason",
        ),
        CheckConstraint(
            "state NOT IN ('authorised', 'closed') OR assessment_id IS NOT NULL",
            name="authorised_after_assessment",
        ),
    )

    code: Mapped[str] = mapped_column(unique=True)
    applicant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    operator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    scenario_kind: Mapped[str] = mapped_column(default="development")
    renews_id: Mapped[str | None]
    lane: Mapped[str] = mapped_column(default="ordinary")
    title: Mapped[str]
    application_field: Mapped[str]
    purpose_code: Mapped[str]
    purpose_text: Mapped[str]
    purpose_class: Mapped[str]
    use_mode: Mapped[str]
    purpose_fingerprint: Mapped[str]
    scope: Mapped[dict[str, Any]]
    scope_hash: Mapped[str]
    users_count: Mapped[int]
    fusion: Mapped[bool]
    round: Mapped[int]
    supplemented: Mapped[bool]
    risk: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    conditions: Mapped[list[Any]]
    flaw: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    notice: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    applied_at: Mapped[Instant]
    submitted_at: Mapped[Instant | None]
    assessment_id: Mapped[str | None]
    authorisation_id: Mapped[str | None]
    decision_cause: Mapped[str | None]
    decision_reason: Mapped[str | None]

    @property
    def asked(self) -> Scope:
        """The scope as a value."""
        return scope.from_json(self.scope)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A scenario in an officer's queue, with its light (电子监察).

    light, due_on, days_left: of the clock that runs on it; None when none does.
    days_left: negative when overdue.
    """

    scenario: Scenario
    light: Light | None
    due_on: date | None
    days_left: int | None


def find(session: Session, scenario_id: str) -> Scenario:
    """Return the scenario. Raises NotFound. One SELECT by primary key."""
    found = session.get(Scenario, scenario_id)
    if found is None:
        raise _missing(scenario_id)
    return found


def seen(work: Work, scenario_id: str) -> Scenario:
    """Return the scenario to its applicant, and once submitted to whom it concerns.

    Those are operator, implementing agency, the departments of its items, and overseers.
    Raises the NotFound of a scenario that does not exist for anybody else. Two SELECTs.
    """
    found, ours = find(work.session, scenario_id), work.actor.organisation
    concerned = ours in {found.operator_id, found.implementing_agency_id}
    if ours == found.applicant_id:
        return found
    if found.submitted_at is not None and (
        concerned or opinions.oversees(work.actor) or _supplies(work.session, scenario_id, ours)
    ):
        return found
    raise _missing(scenario_id)


def titles(session: Session, scenario_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return case → title and code, for one page of a list. One SELECT by key."""
    statement = select(Scenario.id, Scenario.title, Scenario.code).where(
        Scenario.id.in_(list(scenario_ids))
    )
    return {row.id: (row.title, row.code) for row in session.execute(statement)}


def listed(
    work: Work, *, state: State | None = None, after: str | None = None, limit: int
) -> Page[Scenario]:
    """Return one page of the scenarios that the actor may see, newest first. One SELECT."""
    ours = work.actor.organisation
    supplied = select(ScenarioItem.scenario_id).where(ScenarioItem.department_id == ours)
    concerns = or_(
        Scenario.operator_id == ours,
        Scenario.implementing_agency_id == ours,
        Scenario.id.in_(supplied),
    )
    submitted = Scenario.submitted_at.is_not(None)
    others = submitted if opinions.oversees(work.actor) else and_(submitted, concerns)
    statement = select(Scenario).where(or_(Scenario.applicant_id == ours, others))
    if state is not None:
        statement = statement.where(Scenario.state == state)
    return keyset(work.session, statement, by=((Scenario.id, "desc"),), after=after, limit=limit)


def queue(work: Work, *, after: str | None = None, limit: int) -> Page[Waiting]:
    """Return one page of what waits for a decision, longest submitted first, with lights.

    An agency sees its own cases, an overseer all, anybody else none. Two SELECTs.
    """
    statement = select(Scenario).where(
        Scenario.state.in_(UNDECIDED), Scenario.submitted_at.is_not(None)
    )
    if not opinions.oversees(work.actor):
        ours = Scenario.implementing_agency_id == work.actor.organisation
        statement = statement.where(ours)
    found = keyset(
        work.session,
        statement,
        by=((Scenario.submitted_at, "asc"), (Scenario.id, "asc")),
        after=after,
        limit=limit,
    )
    clocks = watch.all_running(work.session, [scenario.id for scenario in found.items])
    rows = [_waiting(work, scenario, clocks.get(scenario.id)) for scenario in found.items]
    return Page(rows, found.next)


def announced(session: Session, *, after: str | None = None, limit: int) -> Page[Scenario]:
    """Return one page of what the public is told of: announced and authorised, newest first."""
    statement = select(Scenario).where(Scenario.state.in_(ANNOUNCED))
    return keyset(session, statement, by=((Scenario.id, "desc"),), after=after, limit=limit)


def counts(session: Session) -> dict[str, int]:
    """Return state → how many scenarios stand in it, drafts left out. One SELECT."""
    statement = (
        select(Scenario.state, func.count())
        .where(Scenario.submitted_at.is_not(None))
        .group_by(Scenario.state)
    )
    return {str(state): count for state, count in session.execute(statement)}


def _waiting(work: Work, scenario: Scenario, clock: watch.Clock | None) -> Waiting:
    if clock is None:
        return Waiting(scenario, None, None, None)
    today = local_date(work.now)
    return Waiting(
        scenario,
        watch.light(clock, work.calendar, today),
        clock.due_on,
        watch.remaining(clock, work.calendar, today),
    )


def _supplies(session: Session, scenario_id: str, organisation_id: str) -> bool:
    statement = (
        select(ScenarioItem.item_code)
        .where(
            ScenarioItem.scenario_id == scenario_id,
            ScenarioItem.department_id == organisation_id,
        )
        .limit(1)
    )
    return session.scalars(statement).first() is not None


def _missing(scenario_id: str) -> NotFound:
    return NotFound("没有这个场景", f"no scenario {scenario_id}")
