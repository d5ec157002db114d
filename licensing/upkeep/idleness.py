"""An unused right (闲置授权): noticed after six months without one use, then revoked.

Source: no use for six months → notice to the grantee; whoever still does not use it, or
say why, when the notice runs out loses it (cause `idle`).
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, watch
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, end_of_day, local_date
from kernel.db import Base, Living
from kernel.errors import NotFound, Refusal
from kernel.journal import Event
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing import authorisations
from licensing.applications.terms import months_after
from licensing.outcomes import Decision
from licensing.standing import rows
from licensing.standing.rows import RUNNING, Authorisation


class State(StrEnum):
    """Where a notice stands."""

    GIVEN = "given"
    LIFTED = "lifted"
    CARRIED_OUT = "carried_out"


_BEGINNINGS = (
    "authorisation.activated",
    "authorisation.activated_conditionally",
    "authorisation.resumed",
    "authorisation.resumed_conditionally",
)
_IS_GIVEN = text("state = 'given'")


class IdleNotice(Living, Base):
    """One notice that an authorisation has not been used since `idle_since`."""

    __tablename__ = "idle_notices"
    __table_args__ = (
        Index(
            "uq_idle_notices_one_given",
            "authorisation_id",
            unique=True,
            sqlite_where=_IS_GIVEN,
            postgresql_where=_IS_GIVEN,
        ),
        Index(None, "authorisation_id", "id"),
        Index(None, "grantee_id", "id"),
        Index(None, "implementing_agency_id", "id"),
    )

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"))
    grantee_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    idle_since: Mapped[Instant]
    given_at: Mapped[Instant]


def _still_idle(it: IdleNotice, work: Work) -> Refusal | None:
    if not _used(work.session, it.authorisation_id, it.idle_since):
        return None
    return Refusal("USED_AGAIN", "授权已重新使用", "it has been used again")


def _revoke(it: IdleNotice, work: Work, _data: dict[str, Any]) -> None:
    found = authorisations.find(work.session, it.authorisation_id)
    if found.state in rows.LIVE:
        reason = "闲置期满未使用 not used until the notice ran out"
        authorisations.LIFE.take("revoke", found, work.as_system(), cause="idle", reason=reason)


lifters = (
    its("implementing agency", "implementing_agency_id", Duty.APPROVER),
    any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR),
    system_only,
)

# fmt: off
LIFE: Workflow[State, IdleNotice] = Workflow(
    "idle_notice", State, State.GIVEN,
    step("lift", {State.GIVEN}, State.LIFTED, lifters, asks=(REASON,),
         says="idle_notice.lifted", label=Words("撤回闲置提醒", "Lift the notice")),
    step("carry_out", {State.GIVEN}, State.CARRIED_OUT, system_only,
         when=(_still_idle,), then=(_revoke,),
         says="idle_notice.carried_out", label=Words("闲置期满撤销", "Revoke what is idle")),
)
# fmt: on


def notice_due(work: Work, *, limit: int) -> list[IdleNotice]:
    """Give notice, as the house, of up to `limit` rights that nobody used for months.

    One that is used again has its notice lifted. One SELECT on indexes each.
    """
    _lift_used(work, limit)
    months = work.rules.number("standing.idle_months")
    since = end_of_day(months_after(local_date(work.now), -months))
    begun = (
        select(Event.sequence)
        .where(
            Event.subject == Authorisation.id,
            Event.kind.in_(_BEGINNINGS),
            Event.at > since,
        )
        .exists()
    )
    noticed = (
        select(IdleNotice.id)
        .where(IdleNotice.authorisation_id == Authorisation.id, IdleNotice.given_at > since)
        .exists()
    )
    statement = (
        select(Authorisation)
        .where(
            Authorisation.state.in_(RUNNING),
            Authorisation.issued_at <= since,
            ~begun,
            ~noticed,
            ~_use_of(Authorisation.id, since),
        )
        .order_by(Authorisation.valid_to, Authorisation.id)
        .limit(limit)
    )
    return [_give(work, found, since) for found in work.session.scalars(statement).all()]


def lift_for(work: Work, authorisation_id: str) -> None:
    """Lift, as the house, the notice of an authorisation that has ended in another way."""
    if (found := given(work.session, authorisation_id)) is not None:
        LIFE.take("lift", found, work.as_system(), reason="授权已终止 it has ended")


def take(work: Work, notice_id: str, name: str, **data: Any) -> IdleNotice:
    """Take one step of a notice's life, for those who may see it."""
    found = seen(work, notice_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, notice_id: str) -> IdleNotice:
    """Return the notice. Raises NotFound. One SELECT by primary key."""
    found = session.get(IdleNotice, notice_id)
    if found is None:
        raise _missing(notice_id)
    return found


def seen(work: Work, notice_id: str) -> IdleNotice:
    """Return the notice to its grantee, its agency and overseers; else the same NotFound."""
    found = find(work.session, notice_id)
    parties = {found.grantee_id, found.implementing_agency_id}
    if work.actor.organisation in parties or rows.oversees(work.actor):
        return found
    raise _missing(notice_id)


def listed(work: Work, *, after: str | None = None, limit: int) -> Page[IdleNotice]:
    """Return one page of the notices that the caller may see, newest first. One SELECT."""
    ours = work.actor.organisation
    statement = select(IdleNotice)
    if not rows.oversees(work.actor):
        statement = statement.where(
            (IdleNotice.grantee_id == ours) | (IdleNotice.implementing_agency_id == ours)
        )
    return keyset(work.session, statement, by=((IdleNotice.id, "desc"),), after=after, limit=limit)


def given(session: Session, authorisation_id: str) -> IdleNotice | None:
    """Return the notice that runs against an authorisation, None for none. One SELECT."""
    statement = select(IdleNotice).where(
        IdleNotice.authorisation_id == authorisation_id, IdleNotice.state == State.GIVEN
    )
    return session.scalars(statement).one_or_none()


def _lift_used(work: Work, limit: int) -> None:
    statement = (
        select(IdleNotice)
        .where(
            IdleNotice.state == State.GIVEN,
            _use_of(IdleNotice.authorisation_id, IdleNotice.idle_since),
        )
        .order_by(IdleNotice.id)
        .limit(limit)
    )
    for found in work.session.scalars(statement).all():
        LIFE.take("lift", found, work.as_system(), reason="重新使用 it is used again")


def _give(work: Work, found: Authorisation, since: Instant) -> IdleNotice:
    made = IdleNotice(
        id=ids.new("idl_", work.now),
        state=State.GIVEN,
        authorisation_id=found.id,
        grantee_id=found.grantee_id,
        implementing_agency_id=found.implementing_agency_id,
        idle_since=since,
        given_at=work.now,
    )
    work.session.add(made)
    owner = found.grantee_id
    watch.start(work, made.id, LIFE.name, "clocks.idle_notice", "carry_out", owner=owner)
    work.as_system().record("idle_notice.given", made.id, authorisation_id=found.id)
    return made


def _use_of(authorisation_id: Any, since: Any) -> ColumnElement[bool]:
    return (
        select(Decision.id)
        .where(
            Decision.authorisation_id == authorisation_id,
            Decision.outcome == "allow",
            Decision.at > since,
        )
        .exists()
    )


def _used(session: Session, authorisation_id: str, since: Instant) -> bool:
    return bool(session.scalar(select(_use_of(authorisation_id, since))))


def _missing(notice_id: str) -> NotFound:
    return NotFound("没有这份闲置提醒", f"no idle notice {notice_id}")
