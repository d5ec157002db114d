"""Objections (异议) to a registration in publicity: anybody concerned says why it is wrong.

While one is open the publicity stands still; dismissed, it runs on with what was left;
upheld, the application goes back to its department. Source: 公共数据资源登记管理暂行办法:
an objection is answered within the rules' working days.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import registrations
from catalogue.beginnings import at_first
from catalogue.registrations import Registration
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import DomainError, Kind, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step


class State(StrEnum):
    """What has become of an objection."""

    RAISED = "raised"
    DISMISSED = "dismissed"
    UPHELD = "upheld"
    WITHDRAWN = "withdrawn"


_RAISED: Final = text("state = 'raised'")


class Objection(Living, Base):
    """One organisation's objection to one registration."""

    __tablename__ = "registration_objections"
    __table_args__ = (
        CheckConstraint("objector_id <> department_id", name="objector_is_another"),
        Index(None, "registration_id", "id"),
        Index(None, "objector_id", "id"),
        Index(None, "department_id", "id"),
        Index(
            "uq_registration_objections_one_open_per_objector",
            "registration_id",
            "objector_id",
            unique=True,
            sqlite_where=_RAISED,
            postgresql_where=_RAISED,
        ),
    )

    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    objector_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    grounds: Mapped[str]
    raised_at: Mapped[Instant]
    answered_at: Mapped[Instant | None]


class AlreadyObjected(DomainError):
    """An organisation has one open objection to a registration at most."""

    kind = Kind.CONFLICT
    code = "objection-exists"
    title = Words("已提出异议，正在复核", "Your objection is being looked at")


reviewer = any_of(Role.DATA_AUTHORITY, Duty.REVIEWER, Duty.APPROVER)
objector = its("objector", "objector_id")
overseers = (any_of(Role.DATA_AUTHORITY), system_only)


def _answered(objection: Objection, work: Work, _data: dict[str, Any]) -> None:
    objection.answered_at = work.now


# fmt: off
LIFE: Workflow[State, Objection] = Workflow(
    "objection", State, State.RAISED,
    step("raise",    {State.RAISED}, State.RAISED, at_first(objector), own_door=True,
         within="clocks.registration_objection",
         says="objection.raised", label=Words("提出异议", "Object")),
    step("dismiss",  {State.RAISED}, State.DISMISSED, reviewer, then=(_answered,),
         asks=(REASON,), says="objection.dismissed", label=Words("异议不成立", "Dismiss")),
    step("uphold",   {State.RAISED}, State.UPHELD, reviewer, then=(_answered,),
         asks=(REASON,), says="objection.upheld", label=Words("异议成立", "Uphold")),
    step("withdraw", {State.RAISED}, State.WITHDRAWN, objector, then=(_answered,),
         asks=(REASON,), says="objection.withdrawn", label=Words("撤回异议", "Withdraw")),
)
# fmt: on


def object_to(work: Work, *, registration_id: str, grounds: str) -> Objection:
    """Object to a registration in publicity, for the caller's organisation.

    The publicity stands still, and the clock of the answer starts. Raises NotFound,
    StepNotAllowed for its own department, NotActive, AlreadyObjected, StepRefused.
    """
    registration = registrations.seen(work, registration_id)
    ours = work.actor.organisation
    if ours == registration.department_id:
        raise StepNotAllowed(
            "申请部门不得对自己的登记提出异议",
            "a department does not object to its own registration",
        )
    organisations.require_active(work.session, ours)
    if _open(work.session, registration_id, ours):
        raise AlreadyObjected("已提出异议", "an objection of yours is open")
    registrations.take(work.as_system(), registration_id, "object")
    made = Objection(
        id=ids.new("obj_", work.now),
        state=State.RAISED,
        registration_id=registration_id,
        department_id=registration.department_id,
        objector_id=ours,
        grounds=grounds,
        raised_at=work.now,
    )
    work.session.add(made)
    LIFE.take("raise", made, work, registration=registration_id, grounds=grounds)
    return made


def take(work: Work, objection_id: str, name: str, **data: Any) -> Objection:
    """Take a step of an objection that the caller may see; its registration moves with it.

    Upheld: it goes back to its department. Otherwise its publicity runs on, once no
    objection is open. Raises what seen and LIFE raise.
    """
    objection = seen(work, objection_id)
    registration = registrations.find(work.session, objection.registration_id)
    if registration.state != registrations.State.OBJECTION_REVIEW:
        zh, en = "该登记已不在异议复核阶段", "the registration is no longer under objection"
        if name != "withdraw":
            raise StepRefused(zh, en, (Refusal("REGISTRATION_MOVED_ON", zh, en),))
        LIFE.take(name, objection, work, **data)
        return objection
    LIFE.take(name, objection, work, **data)
    _move(work, objection, registration)
    return objection


def find(session: Session, objection_id: str) -> Objection:
    """Return an objection. Raises NotFound. One SELECT by key."""
    found = session.get(Objection, objection_id)
    if found is None:
        raise NotFound("没有这条异议", f"no objection {objection_id}")
    return found


def seen(work: Work, objection_id: str) -> Objection:
    """Return an objection to who raised it, the department and the authority; else NotFound."""
    found = work.session.get(Objection, objection_id)
    if found is None or not _is_party(work.actor, found):
        raise NotFound("没有这条异议", f"no objection {objection_id}")
    return found


def listed(
    work: Work, *, registration_id: str | None = None, after: str | None, limit: int
) -> Page[Objection]:
    """Return one page of the objections that the caller may see, newest first. One SELECT."""
    ours = work.actor.organisation
    statement = select(Objection)
    if not any(who.matches(work.actor, None) for who in overseers):
        visible = or_(Objection.objector_id == ours, Objection.department_id == ours)
        statement = statement.where(visible)
    if registration_id is not None:
        statement = statement.where(Objection.registration_id == registration_id)
    return keyset(work.session, statement, by=((Objection.id, "desc"),), after=after, limit=limit)


def _move(work: Work, objection: Objection, registration: Registration) -> None:
    if objection.state == State.UPHELD:
        registrations.take(work.as_system(), registration.id, "uphold")
    elif not _open(work.session, registration.id):
        registrations.take(work.as_system(), registration.id, "dismiss")


def _open(session: Session, registration_id: str, objector_id: str | None = None) -> bool:
    statement = select(Objection.id).where(
        Objection.registration_id == registration_id, Objection.state == State.RAISED
    )
    if objector_id is not None:
        statement = statement.where(Objection.objector_id == objector_id)
    return session.scalars(statement.limit(1)).first() is not None


def _is_party(actor: Actor, objection: Objection) -> bool:
    own = actor.organisation in {objection.objector_id, objection.department_id}
    return own or any(who.matches(actor, objection) for who in overseers)
