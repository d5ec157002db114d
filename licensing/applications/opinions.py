"""The row of a department's opinion (供数部门意见), its life, and who may see it.

Source: the supplying department gives its opinion on every scenario, with reasons.
Silence is never consent (I-43): an opinion that is not given stays asked, and the light
of the scenario's clock turns red.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Duty, Role, its
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step


class State(StrEnum):
    """What the department has said."""

    ASKED = "asked"
    AGREED = "agreed"
    AGREED_WITH_CONDITION = "agreed_with_condition"
    DISAGREED = "disagreed"


class Opinion(Living, Base):
    """What one department says to one round of a scenario.

    items: the department's items that the scenario asks for, as
    [{"directory_code", "item_code"}]. condition: what the department asks in return.
    """

    __tablename__ = "opinions"
    __table_args__ = (
        UniqueConstraint("scenario_id", "round", "department_id"),
        Index(None, "department_id", "state", "id"),
        Index(None, "implementing_agency_id", "id"),
        CheckConstraint(
            "state <> 'disagreed' OR reason IS NOT NULL", name="disagreement_has_reason"
        ),
        CheckConstraint(
            "(state = 'agreed_with_condition') = (condition IS NOT NULL)",
            name="condition_is_told",
        ),
    )

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"))
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    round: Mapped[int]
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    items: Mapped[list[Any]]
    condition: Mapped[str | None]
    reason: Mapped[str | None]
    asked_at: Mapped[Instant]
    given_at: Mapped[Instant | None]


def _answer(opinion: Opinion, work: Work, data: dict[str, Any]) -> None:
    opinion.given_at = work.now
    opinion.condition = data.get("condition")
    opinion.reason = data.get("reason")


department = its("department", "department_id", Duty.CASE_OFFICER, Duty.APPROVER)

# fmt: off
LIFE: Workflow[State, Opinion] = Workflow(
    "opinion", State, State.ASKED,
    step("agree",                {State.ASKED}, State.AGREED, department,
         then=(_answer,), says="opinion.agreed", label=Words("同意", "Agree")),
    step("agree_with_condition", {State.ASKED}, State.AGREED_WITH_CONDITION, department,
         then=(_answer,), asks=(ask("condition", label=Words("条件", "Condition")),),
         says="opinion.agreed_with_condition",
         label=Words("附条件同意", "Agree with a condition")),
    step("disagree",             {State.ASKED}, State.DISAGREED, department,
         then=(_answer,), asks=(REASON,), says="opinion.disagreed",
         label=Words("不同意", "Disagree")),
)
# fmt: on


def open_for(
    work: Work,
    scenario_id: str,
    *,
    implementing_agency_id: str,
    round_number: int,
    departments: Mapping[str, Sequence[Mapping[str, str]]],
) -> list[Opinion]:
    """Ask every department for its opinion on its items, as {department: items}."""
    made = [
        Opinion(
            id=ids.new("opn_", work.now),
            state=State.ASKED,
            scenario_id=scenario_id,
            implementing_agency_id=implementing_agency_id,
            round=round_number,
            department_id=department_id,
            items=[dict(item) for item in items],
            asked_at=work.now,
        )
        for department_id, items in sorted(departments.items())
    ]
    work.session.add_all(made)
    for opinion in made:
        work.record(
            "opinion.asked", opinion.id, scenario=scenario_id, department=opinion.department_id
        )
    return made


def find(session: Session, opinion_id: str) -> Opinion:
    """Return the opinion. Raises NotFound. One SELECT by primary key."""
    found = session.get(Opinion, opinion_id)
    if found is None:
        raise _missing(opinion_id)
    return found


def seen(work: Work, opinion_id: str) -> Opinion:
    """Return the opinion to its department, to the agency that asks, and to overseers.

    Raises the NotFound of an opinion that does not exist for anybody else.
    """
    found = find(work.session, opinion_id)
    parties = {found.department_id, found.implementing_agency_id}
    if work.actor.organisation in parties or oversees(work.actor):
        return found
    raise _missing(opinion_id)


def of(session: Session, scenario_id: str, round_number: int) -> list[Opinion]:
    """Return the opinions on one round of a scenario, by department, at most 200. One SELECT."""
    statement = (
        select(Opinion)
        .where(Opinion.scenario_id == scenario_id, Opinion.round == round_number)
        .order_by(Opinion.department_id)
        .limit(200)
    )
    return list(session.scalars(statement))


def conditions(opinions: Iterable[Opinion]) -> list[str]:
    """Return the conditions under which the departments agree."""
    return [opinion.condition for opinion in opinions if opinion.condition]


def listed(
    work: Work,
    *,
    state: State | None = None,
    scenario_id: str | None = None,
    after: str | None = None,
    limit: int,
) -> Page[Opinion]:
    """Return one page of the opinions that the actor may see, newest first. One SELECT."""
    ours = work.actor.organisation
    statement = select(Opinion)
    if not oversees(work.actor):
        visible = or_(Opinion.department_id == ours, Opinion.implementing_agency_id == ours)
        statement = statement.where(visible)
    if state is not None:
        statement = statement.where(Opinion.state == state)
    if scenario_id is not None:
        statement = statement.where(Opinion.scenario_id == scenario_id)
    return keyset(work.session, statement, by=((Opinion.id, "desc"),), after=after, limit=limit)


def oversees(actor: Actor) -> bool:
    """Tell whether an actor may read every case: authority, auditor of the exchange, house.

    Who only runs the machines sees none.
    """
    authority = Role.DATA_AUTHORITY in actor.roles and actor.duties != {Duty.PLATFORM_ADMIN}
    audits = Role.EXCHANGE_OPERATOR in actor.roles and Duty.AUDITOR in actor.duties
    return authority or audits or Role.SYSTEM in actor.roles


def _missing(opinion_id: str) -> NotFound:
    return NotFound("没有这条意见", f"no opinion {opinion_id}")
