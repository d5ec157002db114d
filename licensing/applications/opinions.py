"""The row of a department's opinion (供数部门意见), its life, and who may see it.

Source: the supplying department gives its opinion on every scenario, item by item and with
reasons. Silence is never consent (I-43): an opinion that is not given stays asked, and the
light of the scenario's clock turns red; no step is taken by that clock. Only where the
department itself has agreed beforehand, in its supply agreement, does the house answer for
it, naming the clause.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NotRequired, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Duty, Role, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Living, append_only
from kernel.errors import Invalid, NotFound
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Effect, Workflow, ask, step
from licensing.scope import Item, Transform


class State(StrEnum):
    """What the department has said."""

    ASKED = "asked"
    AGREED = "agreed"
    AGREED_WITH_CONDITION = "agreed_with_condition"
    PARTLY_AGREED = "partly_agreed"
    DISAGREED = "disagreed"


VERDICTS: Final = ("agree", "agree_with_condition", "disagree")
"""What may be said of one item."""

DISAGREEMENT_CAUSES: Final = (
    "not_necessary", "beyond_agreement", "too_sensitive", "rights_of_others",
    "forbidden_by_law", "quality", "other",
)  # fmt: skip
"""Why a department does not agree (不同意事由)."""


class Opinion(Living, Base):
    """What one department says to one round of a scenario.

    items: the department's items that the scenario asks for, as
    [{"directory_code", "item_code"}]. condition: what the department asks in return.
    clause: of the supply agreement by which the house has agreed for the department.
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
            "condition IS NULL OR state IN ('agreed_with_condition', 'partly_agreed')",
            name="condition_goes_with_agreement",
        ),
        CheckConstraint(
            "state <> 'agreed_with_condition' OR condition IS NOT NULL", name="condition_is_told"
        ),
        CheckConstraint(
            "state <> 'asked' OR (given_at IS NULL AND clause IS NULL)", name="silence_says_nothing"
        ),
    )

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"))
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    round: Mapped[int]
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    items: Mapped[list[Any]]
    condition: Mapped[str | None]
    reason: Mapped[str | None]
    clause: Mapped[str | None]
    asked_at: Mapped[Instant]
    given_at: Mapped[Instant | None]

    @property
    def case_id(self) -> str:
        """The case in which the department has its part."""
        return self.scenario_id


class OpinionItem(Base):
    """What a department says to one item; cause and text: why not, or on what condition.

    transform: the coarser treatment on which it agrees; None for the one asked for.
    """

    __tablename__ = "opinion_items"
    __table_args__ = (
        CheckConstraint(
            "verdict IN ('agree', 'agree_with_condition', 'disagree')", name="verdict_is_known"
        ),
        CheckConstraint(
            "verdict <> 'disagree' OR (cause IS NOT NULL AND text IS NOT NULL)",
            name="disagreement_has_reason",
        ),
        CheckConstraint(
            "verdict <> 'agree_with_condition' OR text IS NOT NULL", name="condition_is_told"
        ),
        CheckConstraint(
            "transform IS NULL OR verdict = 'agree_with_condition'",
            name="coarser_treatment_is_a_condition",
        ),
    )

    opinion_id: Mapped[str] = mapped_column(ForeignKey("opinions.id"), primary_key=True)
    directory_code: Mapped[str] = mapped_column(primary_key=True)
    item_code: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    cause: Mapped[str | None]
    text: Mapped[str | None]
    transform: Mapped[str | None]


append_only(OpinionItem.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class ItemAnswer(TypedDict):
    """What is said to one item; a no needs cause and text, a condition its text.

    transform: a coarser treatment, on condition of which the department agrees.
    """

    directory_code: str
    item_code: str
    verdict: str
    cause: NotRequired[str | None]
    text: NotRequired[str | None]
    transform: NotRequired[str | None]


def _all_the_same(verdict: str) -> Effect[Opinion]:
    def answer(opinion: Opinion, work: Work, data: dict[str, Any]) -> None:
        said = data.get("condition") or data.get("reason")
        _keep(opinion, work, [
            OpinionItem(opinion_id=opinion.id, verdict=verdict, cause=data.get("cause"),
                        text=None if verdict == "agree" else said, **item)
            for item in opinion.items
        ])  # fmt: skip
        opinion.condition, opinion.reason = data.get("condition"), data.get("reason")
        opinion.clause = data.get("clause")

    return answer


def _item_by_item(opinion: Opinion, work: Work, data: dict[str, Any]) -> None:
    rows: list[OpinionItem] = data.pop("rows")
    _keep(opinion, work, rows)
    opinion.condition = _joined(rows, "agree_with_condition")
    opinion.reason = _joined(rows, "disagree")
    data["disagreed"] = [
        {"directory_code": row.directory_code, "item_code": row.item_code, "cause": row.cause}
        for row in rows if row.verdict == "disagree"
    ]  # fmt: skip
    data["coarsened"] = [
        [row.directory_code, row.item_code, row.transform] for row in rows if row.transform
    ]


def _keep(opinion: Opinion, work: Work, rows: Iterable[OpinionItem]) -> None:
    opinion.given_at = work.now
    work.session.add_all(rows)


def _joined(rows: Iterable[OpinionItem], verdict: str) -> str | None:
    texts = dict.fromkeys(str(row.text) for row in rows if row.verdict == verdict)
    return "；".join(texts) or None


department = its("department", "department_id", Duty.CASE_OFFICER, Duty.APPROVER)

_CONDITION = ask("condition", label=Words("条件", "Condition"))
_CAUSE = ask("cause", "choice", Words("事由", "Cause"), choices=DISAGREEMENT_CAUSES)
_CLAUSE = ask("clause", label=Words("条款", "Clause"))

# fmt: off
LIFE: Workflow[State, Opinion] = Workflow(
    "opinion", State, State.ASKED,
    step("agree",                {State.ASKED}, State.AGREED, department, hand="department",
         then=(_all_the_same("agree"),), says="opinion.agreed", label=Words("同意", "Agree")),
    step("agree_with_condition", {State.ASKED}, State.AGREED_WITH_CONDITION, department,
         hand="department", then=(_all_the_same("agree_with_condition"),), asks=(_CONDITION,),
         says="opinion.agreed_with_condition",
         label=Words("附条件同意", "Agree with a condition")),
    step("answer_by_item",       {State.ASKED}, State.PARTLY_AGREED, department,
         hand="department", own_door=True, then=(_item_by_item,),
         says="opinion.answered_by_item", label=Words("逐项答复", "Answer item by item")),
    step("disagree",             {State.ASKED}, State.DISAGREED, department, hand="department",
         then=(_all_the_same("disagree"),), asks=(_CAUSE, REASON), says="opinion.disagreed",
         label=Words("不同意", "Disagree")),
    step("agree_beforehand",     {State.ASKED}, State.AGREED, system_only, asks=(_CLAUSE,),
         then=(_all_the_same("agree"),), says="opinion.agreed_beforehand",
         label=Words("按事先同意答复", "Agree by standing consent")),
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


def answers(
    opinion: Opinion, given: Sequence[ItemAnswer], treated: Mapping[Item, Transform]
) -> list[OpinionItem]:
    """Return what is said to each item of an opinion, as rows still to be kept.

    treated: how the items are asked for. Raises Invalid, with a pointer, unless every item
    is answered once, a no has cause and text, a condition has a text, and a treatment that
    is named is coarser than the one asked for.
    """
    asked = {(item["directory_code"], item["item_code"]) for item in opinion.items}
    said = [(one["directory_code"], one["item_code"]) for one in given]
    if set(said) != asked or len(said) != len(asked):
        raise Invalid("须逐项答复全部数据项", "answer each item once", pointer="/items")
    found = [_row(opinion, place, one) for place, one in enumerate(given)]
    for place, row in enumerate(found):
        if row.transform is not None:
            _check_coarser(row, treated[row.directory_code, row.item_code], place)
    return found


def _check_coarser(row: OpinionItem, asked: Transform, place: int) -> None:
    pointer = f"/items/{place}/transform"
    if row.verdict != "agree_with_condition":
        zh, en = "加严处理方式属于附条件同意", "a coarser treatment is a condition"
        raise Invalid(zh, en, pointer=pointer)
    if row.transform not in list(Transform) or Transform(row.transform) <= asked:
        zh, en = "须严于申请的处理方式", "it must be stricter than what is asked for"
        raise Invalid(zh, en, pointer=pointer)


def _row(opinion: Opinion, place: int, one: ItemAnswer) -> OpinionItem:
    verdict, cause = one["verdict"], one.get("cause") or None
    text = (one.get("text") or "").strip() or None
    if verdict not in VERDICTS:
        raise Invalid("意见不正确", f"{verdict!r} is no verdict", pointer=f"/items/{place}/verdict")
    if verdict != "agree" and text is None:
        raise Invalid("请写明理由或条件", "say why, or on what", pointer=f"/items/{place}/text")
    if (verdict == "disagree") != (cause in DISAGREEMENT_CAUSES):
        raise Invalid(
            "不同意须且仅须注明事由", "a no has a known cause", pointer=f"/items/{place}/cause"
        )
    return OpinionItem(
        opinion_id=opinion.id,
        directory_code=one["directory_code"],
        item_code=one["item_code"],
        verdict=verdict,
        cause=cause,
        text=text,
        transform=one.get("transform") or None,
    )


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


def said(session: Session, opinion_ids: Iterable[str]) -> dict[str, list[OpinionItem]]:
    """Return opinion → what it says to each item, for one page of opinions. One SELECT."""
    statement = (
        select(OpinionItem)
        .where(OpinionItem.opinion_id.in_(list(opinion_ids)))
        .order_by(OpinionItem.opinion_id, OpinionItem.directory_code, OpinionItem.item_code)
    )
    found: dict[str, list[OpinionItem]] = {}
    for row in session.scalars(statement):
        found.setdefault(row.opinion_id, []).append(row)
    return found


def refused(session: Session, scenario_id: str, round_number: int) -> list[OpinionItem]:
    """Return the items of one round to which a department said no, with why. One SELECT."""
    asked = _said_of(scenario_id, round_number).where(OpinionItem.verdict == "disagree")
    return list(session.scalars(asked))


def coarser(session: Session, scenario_id: str, round_number: int) -> dict[Item, Transform]:
    """Return the items of one round that a department wants treated coarser. One SELECT."""
    asked = _said_of(scenario_id, round_number).where(OpinionItem.transform.is_not(None))
    return {
        (row.directory_code, row.item_code): Transform(str(row.transform))
        for row in session.scalars(asked)
    }


def _said_of(scenario_id: str, round_number: int) -> Select[OpinionItem]:
    return (
        select(OpinionItem)
        .join(Opinion, Opinion.id == OpinionItem.opinion_id)
        .where(Opinion.scenario_id == scenario_id, Opinion.round == round_number)
        .order_by(OpinionItem.directory_code, OpinionItem.item_code)
    )


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
