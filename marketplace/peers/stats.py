"""A figure that another exchange has published (交易机构统计), entered by hand with its source.

One person enters it, another compares it with the source. Source: the exchanges' own notices;
they count by calibers of their own, so a figure says whether registered deals are in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

from sqlalchemy import CheckConstraint, ColumnElement, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, Role, any_of
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, Refusal, StepRefused
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from marketplace import access
from marketplace.counting import reading, spans

SHOWN_MAX: Final = 500
"""Figures of one measure that are compared at most; there are some fifty exchanges."""
URL_MAX: Final = 500
_VALUE_MAX: Final = 10**17


class State(StrEnum):
    """Where a figure stands."""

    ENTERED = "entered"
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Measure(StrEnum):
    """What the figure measures: from the opening on, or of the calendar year of its day."""

    CUMULATIVE = "cumulative"
    YEAR = "year"


class Registered(StrEnum):
    """Whether deals made outside and registered are in it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How well the source stands: the exchange's own notice, the press, hearsay."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def _either(values: Any) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


_STANDING_ROW: Final = text("state IN ('entered', 'published')")


class ExchangeStat(Living, Base):
    """What an exchange had traded by a day, by its own account. value_fen: above 0.

    exchange: its full name. url: of the source, or None for what is on paper alone.
    """

    __tablename__ = "exchange_stats"
    __table_args__ = (
        CheckConstraint(f"state IN ({_either(State)})", name="state_is_known"),
        CheckConstraint(f"measure IN ({_either(Measure)})", name="measure_is_known"),
        CheckConstraint(f"registered IN ({_either(Registered)})", name="registered_is_known"),
        CheckConstraint(f"confidence IN ({_either(Confidence)})", name="confidence_is_known"),
        CheckConstraint("value_fen > 0", name="value_is_positive"),
        CheckConstraint("entered_by <> checked_by", name="checked_by_another"),
        CheckConstraint(
            "state NOT IN ('published', 'withdrawn') OR checked_by IS NOT NULL",
            name="published_when_checked",
        ),
        Index(
            "uq_exchange_stats_one_standing", "exchange", "measure", "registered", "as_of",
            unique=True, sqlite_where=_STANDING_ROW, postgresql_where=_STANDING_ROW,
        ),
        Index(None, "state", "id"),
        Index(None, "state", "measure", "as_of"),
    )  # fmt: skip

    exchange: Mapped[str]
    as_of: Mapped[date]
    measure: Mapped[str]
    value_fen: Mapped[int] = mapped_column(Big)
    registered: Mapped[str]
    source: Mapped[str]
    url: Mapped[str | None]
    confidence: Mapped[str]
    entered_by: Mapped[str]
    entered_at: Mapped[Instant]
    checked_by: Mapped[str | None]
    checked_at: Mapped[Instant | None]


statistician = any_of(Role.EXCHANGE_OPERATOR, Duty.STATISTICIAN)
checker = any_of(Role.EXCHANGE_OPERATOR, Duty.STATISTICIAN, Duty.COMPLIANCE_OFFICER)


def _check(found: ExchangeStat, work: Work, _data: dict[str, Any]) -> None:
    found.checked_by, found.checked_at = work.actor.person, work.now


def _is_another(found: ExchangeStat, work: Work) -> Refusal | None:
    if found.entered_by != work.actor.person:
        return None
    return Refusal("SAME_PERSON", "录入人不能核对自己的数据", "who entered it cannot check it")


# fmt: off
LIFE: Workflow[State, ExchangeStat] = Workflow(
    "exchange_stat", State, State.ENTERED,
    step("check",    {State.ENTERED}, State.PUBLISHED, checker, when=(_is_another,),
         then=(_check,),
         says="exchange_stat.published", label=Words("与来源相符，公布", "As the source says")),
    step("refuse",   {State.ENTERED}, State.REFUSED, checker, asks=(REASON,),
         says="exchange_stat.refused", label=Words("与来源不符，退回", "Not as it says")),
    step("withdraw", {State.PUBLISHED}, State.WITHDRAWN, checker, asks=(REASON,),
         says="exchange_stat.withdrawn", label=Words("撤下", "Withdraw")),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Figures:
    """What is entered, as in `ExchangeStat`."""

    exchange: str
    as_of: date
    measure: Measure
    value_fen: int
    registered: Registered
    source: str
    url: str | None
    confidence: Confidence


def enter(work: Work, given: Figures) -> ExchangeStat:
    """Enter a figure, for another person to check. One SELECT.

    Raises Invalid with a pointer, StepRefused where the same figure stands already.
    """
    access.require(work, statistician, None, "exchange_stat.enter")
    _is_sound(given, local_date(work.now))
    standing = select(ExchangeStat.id).where(
        ExchangeStat.exchange == given.exchange,
        ExchangeStat.measure == given.measure,
        ExchangeStat.registered == given.registered,
        ExchangeStat.as_of == given.as_of,
        ExchangeStat.state.in_((State.ENTERED, State.PUBLISHED)),
    )
    if work.session.scalars(standing).first() is not None:
        zh, en = "该机构这一口径、这一日的数据已经录入", "its figure of that day is there already"
        raise StepRefused(zh, en, (Refusal("ENTERED_ALREADY", zh, en),))
    made = ExchangeStat(
        id=ids.new("xst_", work.now),
        state=State.ENTERED,
        exchange=given.exchange,
        as_of=given.as_of,
        measure=given.measure,
        value_fen=given.value_fen,
        registered=given.registered,
        source=given.source,
        url=given.url,
        confidence=given.confidence,
        entered_by=work.actor.person,
        entered_at=work.now,
    )
    work.session.add(made)
    work.record("exchange_stat.entered", made.id, exchange=made.exchange, value_fen=made.value_fen)
    return made


def _is_sound(given: Figures, today: date) -> None:
    if not given.exchange or not given.source:
        pointer = "/source" if given.exchange else "/exchange"
        raise Invalid("须写明机构与来源", "name the exchange and the source", pointer=pointer)
    if given.as_of > today:
        raise Invalid("截止日在将来", "its day is yet to come", pointer="/as_of")
    if not 0 < given.value_fen <= _VALUE_MAX:
        raise Invalid("金额须为正数", "the amount is above 0", pointer="/value_fen")
    if given.url is not None and not given.url.startswith(("https://", "http://")):
        raise Invalid("网址须以 http 开头", "an address begins with http", pointer="/url")


_OURS: Final = access.overseen(
    ExchangeStat, LIFE, Words("没有这条交易机构数据", "no figure of an exchange")
)
find, seen, take = _OURS.find, _OURS.seen, _OURS.take
listed = _OURS.listed


@dataclass(frozen=True, slots=True)
class Compared:
    """One exchange among others of its caliber. rank: 1, 2, 2, 4; None: not comparable.

    stat: None for this exchange, whose figure is computed.
    """

    rank: int | None
    value_fen: int
    as_of: date
    stat: ExchangeStat | None


@dataclass(frozen=True, slots=True)
class Caliber:
    """Exchanges that count alike. registered: unknown holds those that nobody can compare."""

    registered: Registered
    rows: list[Compared]


def compared(session: Session, measure: Measure, *, today: date) -> list[Caliber]:
    """Return this exchange among others, in one group for each caliber, the largest first.

    Of each exchange its newest figure counts; of a year those of the calendar year of
    `today`. Three SELECTs: at most SHOWN_MAX figures, and this exchange's own tally.
    """
    statement = (
        select(ExchangeStat)
        .where(*_published(measure, today))
        .order_by(ExchangeStat.as_of.desc(), ExchangeStat.id.desc())
        .limit(SHOWN_MAX)
    )
    newest: dict[tuple[str, str], ExchangeStat] = {}
    for stat in session.scalars(statement):
        newest.setdefault((stat.exchange, stat.registered), stat)
    span = spans.of(spans.EVER if measure == Measure.CUMULATIVE else "Y", today)
    own = reading.in_period(session, "all", span).get("")
    counted, deals = (own.counted, own.registered) if own else (0, 0)
    ours = {Registered.YES: counted + deals, Registered.NO: counted}
    return [
        Caliber(caliber, list(_ranked(caliber, newest.values(), ours.get(caliber), today)))
        for caliber in Registered
    ]


def _published(measure: Measure, today: date) -> list[ColumnElement[bool]]:
    where = [ExchangeStat.state == State.PUBLISHED, ExchangeStat.measure == measure]
    if measure == Measure.YEAR:
        where.append(ExchangeStat.as_of >= date(today.year, 1, 1))
    return where


def _ranked(caliber: Registered, stats: Any, ours: int | None, today: date) -> Iterator[Compared]:
    rows = [(each.value_fen, each.as_of, each) for each in stats if each.registered == caliber]
    if ours is not None:
        rows.append((ours, today, None))
    rows.sort(key=lambda row: (-row[0], row[2].exchange if row[2] else ""))
    rank = 1
    for value, equals in groupby(rows, key=lambda row: row[0]):
        together = list(equals)
        for _, as_of, stat in together:
            place = None if caliber == Registered.UNKNOWN else rank
            yield Compared(place, value, as_of, stat)
        rank += len(together)
