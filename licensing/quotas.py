"""A quota (配额): how much of a meter an authorisation may use up, counted atomically.

A meter is counted over the whole term ("rows"), or anew in every window: "calls/minute",
"calls/day", "rows/month", days and months in Asia/Shanghai. Source: invariant I-32, used ≤ limit
under any concurrency. The counting statement and the condition are one; nothing is read
first and written later.

No process holds a share of a quota in advance. What was counted would then be less than
what was promised away: `remaining` would be a guess, a narrowed limit (`fix`) and a
suspension would have to call every share back, and near the end of a quota a use would be
refused here of which another process still holds enough. Nor is the count what takes the
time: reading the right anew in the same transaction costs several times as much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, CursorResult, ForeignKey, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import SHANGHAI, Instant
from kernel.db import Base, Big
from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.words import Words
from kernel.work import Work

WHOLE: Final = 10_000
"""All of a limit, in basis points."""

WINDOWS: Final[Mapping[str, str]] = {
    "minute": "%Y-%m-%dT%H:%M",
    "day": "%Y-%m-%d",
    "month": "%Y-%m",
}
"""The windows that there are, and how each is named."""


class Quota(Base):
    """What one authorisation may use of one meter ("rows", "calls/day").

    used: over its whole term; of a meter that is counted in windows, see Window.
    """

    __tablename__ = "quotas"
    __table_args__ = (
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("used <= limit_count", name="used_within_limit"),
    )

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"), primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    limit: Mapped[int] = mapped_column("limit_count", Big)
    used: Mapped[int] = mapped_column(Big, default=0)


class Window(Base):
    """What was used of one meter in one window: "2026-07-01" of "calls/day"."""

    __tablename__ = "quota_windows"
    __table_args__ = (
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("used <= limit_count", name="used_within_limit"),
    )

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"), primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column("window_name", primary_key=True)
    limit: Mapped[int] = mapped_column("limit_count", Big)
    used: Mapped[int] = mapped_column(Big, default=0)


class Shortage(NamedTuple):
    """A meter of which more was asked than is left. whole: it is short even of all of it."""

    meter: str
    asked: int
    left: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a quota stands; in windows: the latest one that was begun."""

    meter: str
    limit: int
    used: int


class AlreadyUsed(DomainError):
    """A quota cannot be narrowed below what has been used of it."""

    kind = Kind.CONFLICT
    code = "quota-already-used"
    title = Words("已用量超过新限额", "More has been used than the new limit")


def base(meter: str) -> str:
    """Return what is counted: "calls" of "calls/day"."""
    return meter.partition("/")[0]


def fix(work: Work, authorisation_id: str, limits: Mapping[str, int]) -> None:
    """Set the limits of an authorisation, meter by meter; what was used stays used.

    A meter that was not limited before counts from now. Raises AlreadyUsed, naming
    every meter, and Invalid for a window that there is not. Two SELECTs, which on
    PostgreSQL lock the rows.
    """
    for meter in limits:
        _check(meter)
    rows, running = _locked(work, authorisation_id)
    used = {meter: running[meter].used if meter in running else rows[meter].used for meter in rows}
    refusals = tuple(
        Refusal(
            "QUOTA_ALREADY_USED",
            f"计量“{meter}”已用 {used[meter]}，新限额为 {limit}",
            f"{used[meter]} of {meter!r} are used, the new limit is {limit}",
        )
        for meter, limit in sorted(limits.items())
        if meter in rows and used[meter] > limit
    )
    if refusals:
        raise AlreadyUsed.of(refusals)
    for meter, limit in sorted(limits.items()):
        if meter in rows:
            rows[meter].limit = limit
        else:
            work.session.add(Quota(authorisation_id=authorisation_id, meter=meter, limit=limit))
        if meter in running:
            running[meter].limit = limit


def spend(
    session: Session,
    authorisation_id: str,
    quantity: Mapping[str, int],
    *,
    at: Instant,
    share_bp: int = WHOLE,
) -> tuple[Shortage, ...]:
    """Use up `quantity` (meter → amount) of all meters or of none; return those that refuse.

    A meter without a quota is not limited; one with several windows is counted in each. A
    negative amount gives back what was spent in the window of `at`. share_bp: the part of
    every limit that may be used. One UPDATE for each quota, in the order of their names, so
    that two spenders wait and never lock each other out; a window costs an INSERT more.
    """
    spent: list[tuple[str, int]] = []
    for meter in _limited(session, authorisation_id, quantity):
        amount = quantity[base(meter)]
        if not _add(session, authorisation_id, meter, amount, at, share_bp):
            for earlier, back in spent:
                _add(session, authorisation_id, earlier, -back, at, WHOLE)
            return exceeded(session, authorisation_id, quantity, at=at, share_bp=share_bp)
        spent.append((meter, amount))
    return ()


def exceeded(
    session: Session,
    authorisation_id: str,
    quantity: Mapping[str, int],
    *,
    at: Instant,
    share_bp: int = WHOLE,
) -> tuple[Shortage, ...]:
    """Return the meters of which `quantity` is more than what is left. Two SELECTs."""
    short = []
    for one in _standings(session, authorisation_id, at):
        asked = quantity.get(base(one.meter), 0)
        left = max(0, one.limit * share_bp // WHOLE - one.used)
        if asked > left:
            short.append(Shortage(one.meter, asked, left, asked > one.limit - one.used))
    return tuple(short)


def remaining(
    session: Session, authorisation_id: str, *, at: Instant | None = None
) -> dict[str, int]:
    """Return meter → what is left of it. Two SELECTs by key.

    at: the moment whose windows are meant; without it those begun last.
    """
    return {one.meter: one.limit - one.used for one in _standings(session, authorisation_id, at)}


def of(session: Session, authorisation_id: str) -> list[Standing]:
    """Return the quotas as they stand now, by meter. Two SELECTs by key."""
    return _standings(session, authorisation_id, None)


def _check(meter: str) -> None:
    _, parted, window = meter.partition("/")
    if parted and window not in WINDOWS:
        known = ", ".join(WINDOWS)
        raise Invalid("配额周期不正确", f"{meter!r}: a window is one of {known}", pointer="/quotas")


def _window(meter: str, at: Instant) -> str | None:
    _, parted, window = meter.partition("/")
    return at.astimezone(SHANGHAI).strftime(WINDOWS[window]) if parted else None


def _standings(session: Session, authorisation_id: str, at: Instant | None) -> list[Standing]:
    statement = (
        select(Quota.meter, Quota.limit, Quota.used)
        .where(Quota.authorisation_id == authorisation_id)
        .order_by(Quota.meter)
    )
    found = [Standing(*row) for row in session.execute(statement)]
    names = {one.meter: _window(one.meter, at) if at else None for one in found if "/" in one.meter}
    if not names:
        return found
    used = {
        meter: _used_in(session, authorisation_id, meter, name) for meter, name in names.items()
    }
    return [Standing(one.meter, one.limit, used.get(one.meter, one.used)) for one in found]


def _used_in(session: Session, authorisation_id: str, meter: str, window: str | None) -> int:
    statement = select(Window.used).where(
        Window.authorisation_id == authorisation_id, Window.meter == meter
    )
    if window is not None:
        statement = statement.where(Window.window == window)
    return session.scalar(statement.order_by(Window.window.desc()).limit(1)) or 0


def _locked(work: Work, authorisation_id: str) -> tuple[dict[str, Quota], dict[str, Window]]:
    statement = (
        select(Quota)
        .where(Quota.authorisation_id == authorisation_id)
        .order_by(Quota.meter)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rows = {quota.meter: quota for quota in work.session.scalars(statement)}
    running: dict[str, Window] = {}
    for meter in rows:
        if (window := _window(meter, work.now)) is not None:
            key = (authorisation_id, meter, window)
            found = work.session.get(Window, key, populate_existing=True, with_for_update=True)
            running |= {meter: found} if found is not None else {}
    return rows, running


def _limited(session: Session, authorisation_id: str, wanted: Mapping[str, int]) -> list[str]:
    statement = (
        select(Quota.meter).where(Quota.authorisation_id == authorisation_id).order_by(Quota.meter)
    )
    return [meter for meter in session.scalars(statement) if base(meter) in wanted]


def _add(
    session: Session, authorisation_id: str, meter: str, amount: int, at: Instant, share_bp: int
) -> bool:
    window = _window(meter, at)
    table: Any = Quota if window is None else Window
    this = [table.authorisation_id == authorisation_id, table.meter == meter]
    if window is not None:
        _begin(session, authorisation_id, meter, window)
        this.append(Window.window == window)
    statement = (
        update(table)
        .where(
            *this,
            (table.used + amount) * WHOLE <= table.limit * share_bp,
            table.used + amount >= 0,
        )
        .values(used=table.used + amount)
        .execution_options(synchronize_session=False)
    )
    result: CursorResult[Any] = session.execute(statement)  # type: ignore[assignment]  # an UPDATE gives a cursor
    return result.rowcount == 1


def _begin(session: Session, authorisation_id: str, meter: str, window: str) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    limit = select(Quota.limit).where(
        Quota.authorisation_id == authorisation_id, Quota.meter == meter
    )
    session.execute(
        insert(Window)
        .values(
            authorisation_id=authorisation_id,
            meter=meter,
            window=window,
            limit=limit.scalar_subquery(),
            used=0,
        )
        .on_conflict_do_nothing()
    )
