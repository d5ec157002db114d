"""Why an order stands still (暂停交付), and what of it stands with it: all of its deliveries.

Several things may hold an order up at once. Whatever resumes it asks for all of them, so that
the end of one does not lift the others. They take the order by its shape.
"""

from typing import Any, Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from delivery import tasks
from kernel.actor import SYSTEM, Role
from kernel.errors import Refusal
from kernel.journal import Event
from kernel.work import Work
from marketplace.instalments import schedules
from settlement.metering import bills
from settlement.refunding import refunds

_SUSPENDED: Final = "order.delivery_suspended"
_RESUMED: Final = "order.delivery_resumed"


class Ordered(Protocol):
    """What is asked of an order here."""

    id: str


def held(order: Ordered, work: Work) -> tuple[Refusal, ...]:
    """Guard: nothing holds the order up but, perhaps, what bars its lines. Some SELECTs."""
    session, found = work.session, []
    if schedules.overdue(session, order.id):
        zh, en = "有分期款逾期未付", "an instalment is overdue"
        found.append(Refusal("INSTALMENT_OVERDUE", zh, en))
    if bills.overdue(session, order.id):
        found.append(Refusal("BILL_OVERDUE", "有账单逾期未付", "a bill is overdue"))
    standing = refunds.standing(session, order.id)
    if standing.under_way.minor and not standing.left.minor:
        zh, en = "全部价款正在退回", "all of its price is on its way back"
        found.append(Refusal("ALL_GOES_BACK", zh, en))
    if Role.SYSTEM in work.actor.roles and _by_a_person(session, order.id):
        zh, en = "由监管人员暂停，须由其恢复", "a regulator suspended it, and must resume it"
        found.append(Refusal("SUSPENDED_BY_REGULATOR", zh, en))
    return tuple(found)


def stand_still(order: Ordered, work: Work, data: dict[str, Any]) -> None:
    """Effect: nothing of the order is delivered or used."""
    tasks.stop_for(work, order.id, reason=data["reason"])


def go_on(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: what stood with the order goes on, unless something still holds it up."""
    if not held(order, work):
        tasks.go_on_for(work, order.id)


def _by_a_person(session: Session, order_id: str) -> bool:
    """Tell whether somebody suspended the order since it was last resumed. Two SELECTs."""
    of_it = select(func.max(Event.sequence)).where(Event.subject == order_id)
    suspended = session.scalar(of_it.where(Event.kind == _SUSPENDED, Event.person != SYSTEM.person))
    resumed = session.scalar(of_it.where(Event.kind == _RESUMED))
    return suspended is not None and suspended > (resumed or 0)
