"""An expert (评估专家): who may be drawn onto a panel, and with whom they have ties.

Source: conflict of interest (利益冲突) is looked for in the 36 months before a draw:
employment, directorship, shares, advice or close relatives in a party of the case.
"""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Term
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import DomainError, Invalid, Kind, NotFound, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.parties import organisations, people, uscc
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing.assessing.panel import Speciality

POOL_MAX: Final = 2_000
"""The most experts from whom one panel is drawn."""


class State(StrEnum):
    """Whether an expert can be drawn."""

    ACTIVE = "active"
    RESTING = "resting"


class Tie(Term):
    """How an expert and an organisation are tied."""

    EMPLOYED = "employed", "任职", "employed by it"
    DIRECTOR = "director", "董事监事高管", "director of it"
    SHAREHOLDER = "shareholder", "持股1%以上", "shareholder of 1 % or more"
    ADVISER = "adviser", "有偿顾问", "paid adviser"
    RELATIVE = "relative", "近亲属任职", "close relative in it"
    CO_AUTHOR = "co_author", "参与编制", "took part in the application"
    COMPETITOR = "competitor", "竞争关系", "staff of a competitor"
    DECLARED = "declared", "其他自行申报", "declared for another reason"


class Expert(Living, Base):
    """One person in the pool.

    fields: of application in which a field expert is one. employer_uscc: None for one
    without an employer. outside: not of the implementing agency that enrolled them.
    """

    __tablename__ = "experts"
    __table_args__ = (
        UniqueConstraint("person_id"),
        CheckConstraint(
            "employer_uscc IS NULL OR length(employer_uscc) = 18", name="employer_has_a_code"
        ),
        Index(None, "state", "id"),
    )

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    specialities: Mapped[list[Any]]
    fields: Mapped[list[Any]]
    employer_name: Mapped[str]
    employer_uscc: Mapped[str | None]
    outside: Mapped[bool]
    enrolled_at: Mapped[Instant]

    def serves(self, field: str) -> frozenset[Speciality]:
        """Return what the expert can be on a panel of this field; maybe nothing."""
        able = frozenset(map(Speciality, self.specialities))
        return able if field in self.fields else able - {Speciality.FIELD}


class ExpertTie(Base):
    """A tie of an expert; until: its last day, None while it lasts."""

    __tablename__ = "expert_ties"
    __table_args__ = (Index(None, "organisation_id", "expert_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    expert_id: Mapped[str] = mapped_column(ForeignKey("experts.id"))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    until: Mapped[date | None]
    declared_at: Mapped[Instant]


class AlreadyEnrolled(DomainError):
    """A person is in the pool once."""

    kind = Kind.CONFLICT
    code = "expert-already-enrolled"
    title = Words("该人员已入库", "This person is in the pool already")


class Enrolment(TypedDict):
    """Who is taken into the pool."""

    person_id: str
    specialities: list[str]
    fields: list[str]
    employer_name: str
    employer_uscc: str | None
    outside: bool


secretary = any_of(Role.IMPLEMENTING_AGENCY, Duty.PANEL_SECRETARY)

# fmt: off
LIFE: Workflow[State, Expert] = Workflow(
    "expert", State, State.ACTIVE,
    step("rest",   {State.ACTIVE},  State.RESTING, secretary, asks=(REASON,),
         says="expert.rested",   label=Words("暂停入选", "Rest")),
    step("return", {State.RESTING}, State.ACTIVE,  secretary, asks=(REASON,),
         says="expert.returned", label=Words("恢复入选", "Return")),
)
# fmt: on


def enrol(work: Work, **given: Unpack[Enrolment]) -> Expert:
    """Take a person into the pool; for a panel secretary. Three SELECTs by key.

    Raises StepNotAllowed, Invalid for a speciality that is none, for a field expert
    without a field and for a bad employer's code, AlreadyEnrolled.
    """
    _for_a_secretary(work)
    person = people.find(work.session, given["person_id"])
    if by_person(work.session, person.id) is not None:
        raise AlreadyEnrolled(f"{person.name} 已在专家库中", f"{person.id} is in the pool")
    able = _specialities(given)
    code = given["employer_uscc"]
    made = Expert(
        id=ids.new("exp_", work.now),
        state=State.ACTIVE,
        person_id=person.id,
        agency_id=work.actor.organisation,
        name=person.name,
        specialities=able,
        fields=sorted(set(given["fields"])),
        employer_name=given["employer_name"],
        employer_uscc=None if code is None else uscc.check(code),
        outside=given["outside"],
        enrolled_at=work.now,
    )
    work.session.add(made)
    work.record("expert.enrolled", made.id, person=person.id, specialities=able)
    return made


def declare_tie(
    work: Work, expert_id: str, *, organisation_id: str, kind: str, until: date | None = None
) -> ExpertTie:
    """Write down a tie; for the expert or for a panel secretary.

    Raises StepNotAllowed, Invalid for a kind that is none, NotFound for the organisation.
    """
    expert = seen(work, expert_id)
    if expert.person_id != work.actor.person:
        _for_a_secretary(work)
    if kind not in set(Tie):
        raise Invalid("关系类型不正确", f"{kind!r} is no kind of tie", pointer="/kind")
    made = ExpertTie(
        id=ids.new("tie_", work.now),
        expert_id=expert.id,
        organisation_id=organisations.find(work.session, organisation_id).id,
        kind=kind,
        until=until,
        declared_at=work.now,
    )
    work.session.add(made)
    work.record("expert.tied", expert.id, organisation=organisation_id, tie=kind, until=until)
    return made


def take(work: Work, expert_id: str, step_name: str, **data: Any) -> Expert:
    """Take one step in an expert's life. Raises what `Workflow.take` raises."""
    expert = seen(work, expert_id)
    LIFE.take(step_name, expert, work, **data)
    return expert


def find(session: Session, expert_id: str) -> Expert:
    """Return the expert. Raises NotFound. One SELECT by primary key."""
    found = session.get(Expert, expert_id)
    if found is None:
        raise NotFound("没有这位专家", f"no expert {expert_id}")
    return found


def seen(work: Work, expert_id: str) -> Expert:
    """Return the expert to those who keep or oversee the pool, and to the expert."""
    found = find(work.session, expert_id)
    if found.person_id == work.actor.person or keeps(work.actor):
        return found
    raise NotFound("没有这位专家", f"no expert {expert_id}")


def by_person(session: Session, person_id: str) -> Expert | None:
    """Return the expert that a person is, if any. One SELECT on an index."""
    return session.scalars(select(Expert).where(Expert.person_id == person_id)).one_or_none()


def listed(work: Work, *, after: str | None, limit: int) -> Page[Expert]:
    """Return one page of the pool, newest first; to others only their own entry. One SELECT."""
    statement = select(Expert)
    if not keeps(work.actor):
        statement = statement.where(Expert.person_id == work.actor.person)
    return keyset(work.session, statement, by=((Expert.id, "desc"),), after=after, limit=limit)


def named(session: Session, expert_ids: Collection[str]) -> dict[str, Expert]:
    """Return id → expert, for one page of a list. One SELECT by key."""
    statement = select(Expert).where(Expert.id.in_(sorted(expert_ids)))
    return {one.id: one for one in session.scalars(statement)}


def pool(session: Session, field: str) -> list[Expert]:
    """Return the active experts who can serve on a panel of `field`, by id. One SELECT.

    Law, security and data technology are the same in every field; a field expert is one
    only in the own fields.
    """
    statement = (
        select(Expert).where(Expert.state == State.ACTIVE).order_by(Expert.id).limit(POOL_MAX)
    )
    return [expert for expert in session.scalars(statement) if expert.serves(field)]


def tied(session: Session, organisation_ids: Collection[str], *, since: date) -> set[str]:
    """Return the experts with a tie to one of these that lasted until `since`. One SELECT."""
    statement = select(ExpertTie.expert_id).where(
        ExpertTie.organisation_id.in_(sorted(organisation_ids)),
        ExpertTie.until.is_(None) | (ExpertTie.until >= since),
    )
    return set(session.scalars(statement))


def ties(session: Session, expert_id: str) -> list[ExpertTie]:
    """Return up to 200 ties of an expert, newest first. One SELECT."""
    statement = (
        select(ExpertTie)
        .where(ExpertTie.expert_id == expert_id)
        .order_by(ExpertTie.id.desc())
        .limit(200)
    )
    return list(session.scalars(statement))


def keeps(actor: Actor) -> bool:
    """Tell whether an actor may see the whole pool: the agency's officers, the authority."""
    if actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        return True
    officers = {Duty.PANEL_SECRETARY, Duty.APPROVER}
    return Role.IMPLEMENTING_AGENCY in actor.roles and bool(officers & actor.duties)


def _for_a_secretary(work: Work) -> None:
    if not secretary.matches(work.actor, None):
        raise StepNotAllowed("只有实施机构专家组秘书可以执行", "this is for a panel secretary")


def _specialities(given: Enrolment) -> list[str]:
    able = sorted(set(given["specialities"]))
    if not able or not set(able) <= set(Speciality):
        raise Invalid("专业类别不正确", "name one speciality at least", pointer="/specialities")
    if Speciality.FIELD in able and not given["fields"]:
        raise Invalid("行业专家须有领域", "a field expert has a field", pointer="/fields")
    return able
