"""The vigil over those who are in: licences, promises and the yearly check, day by day."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import selectinload

from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.parties import admission, organisations
from kernel.parties.admission import Admission
from kernel.parties.organisations import Organisation, State
from kernel.watch import Clock
from kernel.work import Work


def watch_expiry(work: Work, *, limit: int) -> int:
    """Restrict whose licence or promise is over, and call up the yearly check; as the house.

    Returns how many were taken up, at most `limit` of each kind. Three SELECTs, and those of
    the guards for each.
    """
    house = work.as_system()
    today = local_date(work.now)
    return (
        _restrict_expired(house, today, limit)
        + _hold_to_promises(house, today, limit)
        + _call_up(house, today, limit)
    )


def light(work: Work, found: Admission) -> Light:
    """Return the colour of a licence: yellow when it ends within the rules' days, then red."""
    if found.licence_valid_to is None:
        return Light.GREEN
    left = (found.licence_valid_to - local_date(work.now)).days
    if left < 0:
        return Light.RED
    near = left <= work.rules.number("kyb.licence_warning_days")
    return Light.YELLOW if near else Light.GREEN


def due_on(work: Work, found: Admission) -> date | None:
    """Return the day on which the next yearly check falls due; None before the first."""
    if found.verified_on is None:
        return None
    return _months_after(found.verified_on, work.rules.number("kyb.reverification_months"))


def _restrict_expired(work: Work, today: date, limit: int) -> int:
    over = _active().where(Admission.licence_valid_to < today).order_by(
        Admission.licence_valid_to, Admission.organisation_id
    )  # fmt: skip
    found = list(work.session.scalars(over.limit(limit)))
    for organisation in found:
        organisations.LIFE.take("restrict", organisation, work, reason="证照已过期")
    return len(found)


def _hold_to_promises(work: Work, today: date, limit: int) -> int:
    broken = _active().where(Admission.committed_until < today).order_by(
        Admission.committed_until, Admission.organisation_id
    )  # fmt: skip
    found = list(work.session.scalars(broken.limit(limit)))
    for organisation in found:
        wanting = admission.is_documented(organisation, work)
        if wanting is not None:
            organisations.LIFE.take("restrict", organisation, work, reason=wanting.zh)
        else:
            admission.release(work, organisation.id)
    return len(found)


def _call_up(work: Work, today: date, limit: int) -> int:
    months = work.rules.number("kyb.reverification_months")
    runs = and_(Clock.subject == Organisation.id, Clock.completed_on.is_(None))
    due = (
        _active()
        .where(
            Admission.verified_on <= _months_after(today, -months),
            ~select(Clock.id).where(runs).exists(),
        )
        .order_by(Admission.verified_on, Admission.organisation_id)
    )
    found = list(work.session.scalars(due.limit(limit)))
    for organisation in found:
        organisations.LIFE.take("mark_due", organisation, work)
    return len(found)


def _active() -> Select[Any]:
    return (
        select(Organisation)
        .join(Admission, Admission.organisation_id == Organisation.id)
        .where(Organisation.state == State.ACTIVE)
        .options(selectinload(Organisation.roles))
    )


def _months_after(day: date, months: int) -> date:
    """Return the same day so many months on, or the last one of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(last, first + timedelta(days=day.day - 1))
