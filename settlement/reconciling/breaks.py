"""A break (差异): something on which two sides do not agree, until it is explained and cleared.

The same break of two runs is one row, and its age in working days goes on. It is cleared by
itself when a later run does not find it any more, by a person when its cause is known; by
another person than who explained it when it is large.
"""

from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import system_only
from kernel.calendar import Calendar
from kernel.clock import local_date
from kernel.db import Base, Big, Living
from kernel.errors import NotFound, Refusal
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step
from settlement import access
from settlement.reconciling.facts import WAITING, Fact, Leg, Type

AGES: Final = (1, 5, 10)
"""Where the bands of age end, in working days: 0–1, 2–5, 6–10, more."""


class State(StrEnum):
    """Where a break stands."""

    OPEN = "open"
    EXPLAINED = "explained"
    CLEARED = "cleared"


class Break(Living, Base):
    """One break. left and right: our side and theirs, in minor units; None for nothing.

    day: to which it belongs. first_seen: when a run found it. owner: the person who looks
    into it. cause: why it is so. entry_id: the entry that put it right, if one was needed.
    """

    __tablename__ = "reconciliation_breaks"
    __table_args__ = (
        CheckConstraint("left_minor IS NOT NULL OR right_minor IS NOT NULL", name="says_something"),
        CheckConstraint(
            "state <> 'explained' OR (cause IS NOT NULL AND explained_by IS NOT NULL)",
            name="explained_by_somebody",
        ),
        Index(
            "uq_reconciliation_breaks_one_live_per_key",
            "leg",
            "key",
            unique=True,
            sqlite_where=text("state <> 'cleared'"),
            postgresql_where=text("state <> 'cleared'"),
        ),
        Index(None, "state", "day", "id"),
        Index(None, "key", "state"),
        Index(None, "run_id"),
    )

    leg: Mapped[str]
    type: Mapped[str]
    key: Mapped[str]
    currency: Mapped[str]
    left_minor: Mapped[int | None] = mapped_column(Big)
    right_minor: Mapped[int | None] = mapped_column(Big)
    day: Mapped[date]
    first_seen: Mapped[date]
    run_id: Mapped[str]
    owner: Mapped[str | None]
    cause: Mapped[str | None]
    explained_by: Mapped[str | None]
    entry_id: Mapped[int | None] = mapped_column(Big)

    @property
    def left(self) -> Money | None:
        """Our side."""
        return None if self.left_minor is None else Money(self.left_minor, self.currency)

    @property
    def right(self) -> Money | None:
        """Their side."""
        return None if self.right_minor is None else Money(self.right_minor, self.currency)

    @property
    def difference(self) -> Money:
        """Our side less theirs."""
        return Money((self.left_minor or 0) - (self.right_minor or 0), self.currency)

    @property
    def blocks(self) -> bool:
        """Whether its day cannot be closed because of it."""
        return self.state == State.OPEN and self.type not in WAITING


def _large_needs_another(it: Break, work: Work) -> Refusal | None:
    limit = work.rules.number("reconciliation.four_eyes_fen")
    if abs(it.difference.minor) <= limit or it.explained_by != work.actor.person:
        return None
    return Refusal(
        "FOUR_EYES",
        f"差额超过 {Money(limit)}，须由另一人确认",
        f"beyond {Money(limit)} another person must clear it",
    )


def _explain(it: Break, work: Work, data: dict[str, Any]) -> None:
    it.cause, it.explained_by = data["cause"], work.actor.person
    it.owner = it.owner or work.actor.person


def _clear(it: Break, _work: Work, data: dict[str, Any]) -> None:
    if data.get("entry"):
        it.entry_id = int(data["entry"])


# fmt: off
LIFE: Workflow[State, Break] = Workflow(
    "reconciliation_break", State, State.OPEN,
    step("explain", {State.OPEN, State.EXPLAINED}, State.EXPLAINED, access.settler,
         asks=(ask("cause", label=Words("原因与处理", "Cause, and what is done"), max=1000),),
         then=(_explain,),
         says="reconciliation_break.explained", label=Words("说明原因", "Explain")),
    step("clear",   {State.EXPLAINED}, State.CLEARED, access.settler,
         when=(_large_needs_another,), then=(_clear,),
         asks=(ask("entry", "number", label=Words("调整分录号", "Entry that put it right"),
                   optional=True, max=10**12),),
         says="reconciliation_break.cleared", label=Words("确认消除", "Clear")),
    step("vanish",  {State.OPEN, State.EXPLAINED}, State.CLEARED, system_only, own_door=True,
         says="reconciliation_break.vanished", label=Words("已一致", "Agrees now")),
)
# fmt: on


def keep(work: Work, run_id: str, first: date, facts: Iterable[Fact]) -> list[Break]:
    """Write down what a run over the days from `first` on found, and what is no more.

    What was left by days that are closed stays as it was explained; what came for them late
    and was not explained yet is looked at again. What a person has cleared of it is not found
    anew. Returns what is live now. Two SELECTs.
    """
    live = {(it.leg, it.key): it for it in _live(work.session)}
    told, found = list(facts), []
    cleared = spoken_for(work.session, [fact.key for fact in told if fact.type == Type.LATE])
    for fact in told:
        there = live.pop((fact.leg, fact.key), None)
        if there is None and fact.type == Type.LATE and fact.key in cleared:
            continue
        it = there or _made(work, fact)
        it.type, it.day, it.run_id = fact.type, fact.since, run_id
        it.currency = fact.difference.currency
        it.left_minor = None if fact.left is None else fact.left.minor
        it.right_minor = None if fact.right is None else fact.right.minor
        found.append(it)
    for gone in live.values():
        again = gone.state == State.OPEN and gone.type != Type.LATE
        if gone.day >= first or gone.type in _STANDING or again:
            LIFE.take("vanish", gone, work.as_system())
        else:
            found.append(gone)
    return found


def assign(work: Work, break_id: str, *, owner: str | None) -> Break:
    """Say who looks into a break: oneself, or nobody any more. Raises NotFound."""
    access.require(work, access.settler, "reconciliation_break.assign")
    it = seen(work, break_id)
    it.owner = owner
    work.record("reconciliation_break.assigned", it.id, owner=owner)
    return it


def age(it: Break, calendar: Calendar, today: date) -> int:
    """Return for how many working days a break has been there."""
    return calendar.between(it.day, today, provisional=True)


def unexplained(work: Work, until: date) -> list[Break]:
    """Return what keeps the day `until`, or an earlier one, open. Two SELECTs on an index.

    What was booked for a day that was closed may wait for `reconciliation.late_wd` working
    days for its explanation; from then on no day is closed without it.
    """
    days, today = work.rules.number("reconciliation.late_wd"), local_date(work.now)
    open_ = select(Break).where(Break.state == State.OPEN, Break.day <= until).limit(1_000)
    others = open_.where(Break.type.not_in([each.value for each in WAITING]))
    late = open_.where(Break.type == Type.LATE).order_by(Break.first_seen, Break.id)
    waited = [
        it
        for it in work.session.scalars(late)
        if work.calendar.between(it.first_seen, today, provisional=True) > days
    ]
    return [*work.session.scalars(others.order_by(Break.day, Break.id)), *waited]


def spoken_for(session: Session, keys: Collection[str]) -> set[str]:
    """Return those of the keys whose breaks somebody has explained or cleared. One SELECT."""
    statement = select(Break.key).where(Break.key.in_(sorted(keys)), Break.state != State.OPEN)
    return set(session.scalars(statement))


def find(session: Session, break_id: str) -> Break:
    """Return the break. Raises NotFound. One SELECT by key."""
    found = session.get(Break, break_id)
    if found is None:
        raise NotFound("没有这条差异", f"no break {break_id}")
    return found


def seen(work: Work, break_id: str) -> Break:
    """Return the break to overseers; to others it does not exist. Raises NotFound."""
    if not access.oversees(work.actor):
        raise NotFound("没有这条差异", f"no break {break_id}")
    return find(work.session, break_id)


def listed(
    work: Work,
    *,
    state: State | None = None,
    leg: Leg | None = None,
    owner: str | None = None,
    after: str | None,
    limit: int,
) -> Page[Break]:
    """Return breaks, the oldest first, to overseers; to others none. One SELECT on an index."""
    statement = select(Break)
    if not access.oversees(work.actor):
        statement = statement.where(Break.id == "")
    for column, wanted in ((Break.state, state), (Break.leg, leg), (Break.owner, owner)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    by = ((Break.day, "asc"), (Break.id, "asc"))
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def take(work: Work, break_id: str, name: str, **data: Any) -> Break:
    """Take one step in a break's life. Raises what `Workflow.take` raises."""
    it = seen(work, break_id)
    LIFE.take(name, it, work, **data)
    return it


_STANDING: Final = frozenset({Type.BALANCE, Type.GAP, Type.UNMATCHED_RECEIPT, Type.TIMING})
"""What every run looks at whole, also for days that are closed."""


def _live(session: Session) -> list[Break]:
    statement = select(Break).where(Break.state != State.CLEARED).order_by(Break.id)
    return list(session.scalars(statement.with_for_update()))


def _made(work: Work, fact: Fact) -> Break:
    made = Break(
        id=ids.new("rcb_", work.now),
        state=State.OPEN,
        leg=fact.leg,
        key=fact.key,
        first_seen=local_date(work.now),
    )
    work.session.add(made)
    work.record(
        "reconciliation_break.found",
        made.id,
        leg=fact.leg,
        type=fact.type,
        key=fact.key,
        difference=fact.difference,
    )
    return made
