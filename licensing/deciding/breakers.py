"""The circuit breaker (熔断): many denials of one kind on one authorisation are told at once.

Some denials within the window are an alert; more are a proposal to suspend, on which the
data authority decides: nobody is suspended by a count alone. Denials are counted on an
index, as many as are needed and no more. Source: monitoring of over-permission calls.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, Role, any_of, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing import authorisations
from licensing.outcomes import Decision, Denial
from licensing.standing.rows import AuthorisationParty

UNCOUNTED: Final = frozenset({"NO_AUTH"})
"""Denials that say nothing of the authorisation: a name that was guessed."""


class State(StrEnum):
    """Where an alert stands."""

    RAISED = "raised"
    PROPOSED = "proposed"
    SUSPENDED = "suspended"
    DISMISSED = "dismissed"


_LIVE: Final = text("state IN ('raised', 'proposed')")


class Alert(Living, Base):
    """Denials of one kind that came too often. denials: how many when it changed last."""

    __tablename__ = "breaker_alerts"
    __table_args__ = (
        CheckConstraint("denials > 0", name="denials_positive"),
        Index(
            "uq_breaker_alerts_one_live",
            "authorisation_id",
            "code",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(None, "state", "id"),
        Index(None, "authorisation_id", "id"),
    )

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"))
    code: Mapped[str]
    denials: Mapped[int]
    raised_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]


def _count(alert: Alert, _work: Work, data: dict[str, Any]) -> None:
    alert.denials = data["denials"]


def _suspend(alert: Alert, work: Work, data: dict[str, Any]) -> None:
    alert.closed_at = work.now
    authorisations.take(
        work, alert.authorisation_id, "suspend", cause="overuse", reason=data["reason"]
    )


def _close(alert: Alert, work: Work, _data: dict[str, Any]) -> None:
    alert.closed_at = work.now


regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)

# fmt: off
LIFE: Workflow[State, Alert] = Workflow(
    "breaker_alert", State, State.RAISED,
    step("propose", {State.RAISED}, State.PROPOSED, system_only, then=(_count,),
         says="breaker.proposed", label=Words("建议暂停", "Propose to suspend")),
    step("suspend", {State.RAISED, State.PROPOSED}, State.SUSPENDED, regulator,
         asks=(REASON,), then=(_suspend,),
         says="breaker.suspended", label=Words("暂停授权", "Suspend the authorisation")),
    step("dismiss", {State.RAISED, State.PROPOSED}, State.DISMISSED, regulator,
         asks=(REASON,), then=(_close,),
         says="breaker.dismissed", label=Words("排除", "Dismiss")),
)
# fmt: on


def watch(work: Work, decision: Decision) -> None:
    """Raise an alert, or propose a suspension, when a denial is one too many.

    For each reason at most three SELECTs on an index; a yes costs none.
    """
    for code in decision.codes:
        if code not in UNCOUNTED and decision.version is not None:
            _watch(work.as_system(), decision, code)


def find(session: Session, alert_id: str) -> Alert:
    """Return the alert. Raises NotFound. One SELECT by primary key."""
    found = session.get(Alert, alert_id)
    if found is None:
        raise _missing(alert_id)
    return found


def seen(work: Work, alert_id: str) -> Alert:
    """Return the alert to those who see its authorisation; else the same NotFound."""
    found = find(work.session, alert_id)
    try:
        authorisations.seen(work, found.authorisation_id)
    except NotFound as error:
        raise _missing(alert_id) from error
    return found


def take(work: Work, alert_id: str, name: str, **data: Any) -> Alert:
    """Take one step of an alert that the caller may see. Raises what LIFE raises."""
    found = seen(work, alert_id)
    LIFE.take(name, found, work, **data)
    return found


def listed(work: Work, *, state: str | None = None, after: str | None, limit: int) -> Page[Alert]:
    """Return one page of the alerts that the caller may see, newest first. One SELECT."""
    statement = select(Alert)
    if not authorisations.oversees(work.actor):
        statement = statement.join(
            AuthorisationParty, AuthorisationParty.authorisation_id == Alert.authorisation_id
        ).where(AuthorisationParty.organisation_id == work.actor.organisation)
    if state is not None:
        statement = statement.where(Alert.state == state)
    return keyset(work.session, statement, by=((Alert.id, "desc"),), after=after, limit=limit)


def _watch(work: Work, decision: Decision, code: str) -> None:
    alert_at = work.rules.number("decisions.breaker_alert")
    propose_at = work.rules.number("decisions.breaker_proposal")
    live = _live(work.session, decision.authorisation_id, code)
    if live is not None and live.state == State.PROPOSED:
        return
    count = _counted(work, decision, code, at_most=propose_at)
    if live is None and count >= alert_at:
        live = _raise(work, decision, code, count)
    if live is not None and count >= propose_at:
        # Others count to the same number now: the row is locked, and read again, by one of them.
        work.session.refresh(live, with_for_update=True)
        if live.state == State.RAISED:
            LIFE.take("propose", live, work, denials=count)


def _counted(work: Work, decision: Decision, code: str, *, at_most: int) -> int:
    window = timedelta(minutes=work.rules.number("decisions.breaker_window_minutes"))
    closed = select(func.max(Alert.closed_at)).where(
        Alert.authorisation_id == decision.authorisation_id, Alert.code == code
    )
    since = max(filter(None, (decision.at - window, work.session.scalar(closed))))
    some = (
        select(Denial.decision_id)
        .where(
            Denial.authorisation_id == decision.authorisation_id,
            Denial.code == code,
            Denial.at > since,
            Denial.at <= decision.at,
        )
        .limit(at_most)
    )
    return work.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _live(session: Session, authorisation_id: str, code: str) -> Alert | None:
    statement = select(Alert).where(
        Alert.authorisation_id == authorisation_id,
        Alert.code == code,
        Alert.state.in_([State.RAISED, State.PROPOSED]),
    )
    return session.scalars(statement).one_or_none()


def _raise(work: Work, decision: Decision, code: str, count: int) -> Alert | None:
    made = Alert(
        id=ids.new("alr_", work.now),
        state=State.RAISED,
        authorisation_id=decision.authorisation_id,
        code=code,
        denials=count,
        raised_at=work.now,
    )
    try:
        # Two may count to the same number in the same moment: the index lets one of them raise.
        with work.session.begin_nested():
            work.session.add(made)
            work.session.flush()
    except IntegrityError:
        return None
    named = {"authorisation_id": made.authorisation_id, "code": code, "denials": count}
    work.record("breaker.raised", made.id, **named)
    return made


def _missing(alert_id: str) -> NotFound:
    return NotFound("没有这条预警", f"no alert {alert_id}")
