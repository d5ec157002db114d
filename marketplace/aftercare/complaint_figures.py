"""What the complaints of a period add up to, for those who oversee the exchange."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from kernel.clock import end_of_day, local_date
from kernel.errors import Invalid
from kernel.watch import Clock
from kernel.work import Work
from marketplace import access
from marketplace.aftercare.complaint_rows import OVER, Complaint, Finding, State
from marketplace.aftercare.complaints import LIFE

DAYS_MAX: Final = 3_660
PERIOD_DAYS: Final = 365
RESPONDENTS_MAX: Final = 20
SATISFIED_FROM: Final = 3
"""From which level on who complained is satisfied."""

IN_TIME: Final = ("clocks.complaint_acceptance", "clocks.complaint_urgent",
                  "clocks.complaint_answer", "clocks.complaint_handling",
                  "clocks.complaint_rectification")  # fmt: skip
"""The clocks of which it is told how often they were kept."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the complaints of one kind come to. upheld: found to be right, in whole or in part."""

    code: str
    filed: int
    open: int
    refused: int
    decided: int
    upheld: int
    rated: int
    satisfied: int

    @property
    def upheld_bp(self) -> int | None:
        """The share of the upheld among those with a finding; None while there is none."""
        return self.upheld * 10_000 // self.decided if self.decided else None

    @property
    def satisfied_bp(self) -> int | None:
        """The share of the satisfied among those who rated; None while nobody has."""
        return self.satisfied * 10_000 // self.rated if self.rated else None


@dataclass(frozen=True, slots=True)
class Kept:
    """How often one clock was kept: those that ran, and those that ran over."""

    key: str
    ran: int
    late: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The complaints that were filed from `since` to `until`, both days included."""

    since: date
    until: date
    total: Tally
    categories: list[Tally]
    subjects: list[Tally]
    respondents: list[Tally]
    clocks: list[Kept]


def figures(work: Work, *, since: date | None = None, until: date | None = None) -> Figures:
    """Return the figures of a period, by default of the last year. Four SELECTs.

    Raises StepNotAllowed (overseers), Invalid for a period that ends before it begins.
    """
    access.require(work, access.overseer, None, "complaint.figures")
    last = until or local_date(work.now)
    first = since or last - timedelta(days=PERIOD_DAYS)
    if not 0 <= (last - first).days <= DAYS_MAX:
        zh, en = f"期间须为 0–{DAYS_MAX} 日", f"a period has 0 to {DAYS_MAX} days"
        raise Invalid(zh, en, pointer="/until")
    within = and_(
        Complaint.filed_at > end_of_day(first - timedelta(days=1)),
        Complaint.filed_at <= end_of_day(last),
    )
    categories = _by(work, Complaint.category, within)
    return Figures(
        since=first,
        until=last,
        total=_sum(categories),
        categories=categories,
        subjects=_by(work, Complaint.about, within),
        respondents=_by(work, Complaint.respondent_id, within)[:RESPONDENTS_MAX],
        clocks=_kept(work, within),
    )


def _by(work: Work, by: InstrumentedAttribute[str], within: ColumnElement[bool]) -> list[Tally]:
    """Return the tallies of every value of a column, the most complained of first."""
    right = Complaint.finding.in_((Finding.UPHELD.value, Finding.PARTLY.value))
    filed = func.count()
    statement = (
        select(
            by,
            filed,
            _count(Complaint.state.not_in(OVER)),
            _count(Complaint.state == State.REFUSED),
            func.count(Complaint.finding),
            _count(right),
            func.count(Complaint.level),
            _count(Complaint.level >= SATISFIED_FROM),
        )
        .where(within)
        .group_by(by)
        .order_by(filed.desc(), by)
        .limit(100)
    )
    return [Tally(*row) for row in work.session.execute(statement)]


def _kept(work: Work, within: ColumnElement[bool]) -> list[Kept]:
    today = local_date(work.now)
    late = or_(
        Clock.completed_on > Clock.due_on,
        and_(Clock.completed_on.is_(None), Clock.due_on < today),
    )
    statement = (
        select(Clock.key, func.count(), _count(late))
        .join(Complaint, Complaint.id == Clock.subject)
        .where(within, Clock.life == LIFE.name, Clock.key.in_(IN_TIME))
        .group_by(Clock.key)
    )
    found = {row[0]: Kept(*row) for row in work.session.execute(statement)}
    return [found.get(key, Kept(key, 0, 0)) for key in IN_TIME]


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


def _sum(found: list[Tally]) -> Tally:
    names = ("filed", "open", "refused", "decided", "upheld", "rated", "satisfied")
    return Tally("", *(sum(getattr(each, name) for each in found) for name in names))
