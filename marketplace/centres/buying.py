"""The buyer's centre (买方中心): what to do next, what is being delivered, what was spent."""

from typing import NamedTuple

from sqlalchemy import select

from delivery import gate
from delivery.tasks import DeliveryTask
from kernel.actor import Role
from kernel.errors import StepNotAllowed
from kernel.money import Money
from kernel.work import Work
from marketplace.centres import moves, turnover
from marketplace.centres.turnover import Traded
from marketplace.demands import answers
from marketplace.demands.demands import OPEN, Demand
from marketplace.demands.demands import State as DemandState
from marketplace.orders import Order
from marketplace.volume import Month

SHORT = 8
"""The most rows of each part."""

_OPEN = sorted({*OPEN, DemandState.SELECTING, DemandState.AWARDED})


class Buying(NamedTuple):
    """What a buyer sees first. demands: each with how many answers it has."""

    orders: list[Order]
    deliveries: list[DeliveryTask]
    demands: list[tuple[Demand, int]]
    held: Money
    months: list[Month]
    most: list[Traded]


def today(work: Work) -> Buying:
    """Return what waits for the caller's organisation as a buyer, and what it spent.

    Seven SELECTs, whatever there is. Raises StepNotAllowed for who is no buyer.
    """
    if Role.BUYER not in work.actor.roles:
        raise StepNotAllowed("仅买方有买方中心", "only buyers have a buyer's centre")
    own, session = work.actor.organisation, work.session
    return Buying(
        orders=moves.bought(work, limit=SHORT),
        deliveries=_running(work),
        demands=_demands(work),
        held=moves.held(work, selling=False),
        months=turnover.bought_months(session, own, work.now),
        most=turnover.bought_products(session, own, work.now, limit=SHORT),
    )


def _running(work: Work) -> list[DeliveryTask]:
    statement = (
        select(DeliveryTask)
        .where(
            DeliveryTask.buyer_id == work.actor.organisation,
            DeliveryTask.state.in_(sorted(gate.READABLE)),
        )
        .order_by(DeliveryTask.id.desc())
        .limit(SHORT)
    )
    return list(work.session.scalars(statement))


def _demands(work: Work) -> list[tuple[Demand, int]]:
    statement = (
        select(Demand)
        .where(Demand.buyer_id == work.actor.organisation, Demand.state.in_(_OPEN))
        .order_by(Demand.id.desc())
        .limit(SHORT)
    )
    found = list(work.session.scalars(statement))
    counted = answers.counts(work.session, [one.id for one in found])
    return [(one, counted.get(one.id, 0)) for one in found]
