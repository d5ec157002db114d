"""The merchant's centre (数商中心): what to do next, what was sold, what each listing lacks."""

from typing import NamedTuple

from sqlalchemy import func, select

from kernel.actor import Role
from kernel.errors import StepNotAllowed
from kernel.money import Money
from kernel.work import Work
from marketplace.bargaining import quotations
from marketplace.bargaining.quotations import Quotation
from marketplace.centres import moves, turnover, worth
from marketplace.centres.turnover import Traded
from marketplace.centres.worth import Fix
from marketplace.demands.demands import OPEN, Demand
from marketplace.demands.matching import DemandMatch
from marketplace.orders import Order
from marketplace.products import Product, State
from marketplace.versions import ProductVersion
from marketplace.volume import Month

SHORT = 8
"""The most rows of each part."""

LISTINGS = 100
"""The listings whose descriptions are looked at: the newest ones."""


class Wished(NamedTuple):
    """An open demand that a product of the merchant fits, and by how many points."""

    demand: Demand
    product_id: str
    score: int


class Selling(NamedTuple):
    """What a merchant sees first. products: how many there are in each state."""

    products: dict[str, int]
    orders: list[Order]
    quotations: list[Quotation]
    wished: list[Wished]
    fixes: list[tuple[ProductVersion, Fix]]
    points: int | None
    held: Money
    months: list[Month]
    best: list[Traded]


def today(work: Work) -> Selling:
    """Return what waits for the caller's organisation as a merchant, and how it sells.

    points: what its listings' descriptions are worth on average, None without a listing.
    Nine SELECTs, whatever there is. Raises StepNotAllowed for who is no merchant.
    """
    if Role.MERCHANT not in work.actor.roles:
        raise StepNotAllowed("仅数商有数商中心", "only merchants have a merchant's centre")
    own, session = work.actor.organisation, work.session
    listings = _listings(work)
    told = [worth.points(version) for version in listings]
    return Selling(
        products=_states(work),
        orders=moves.sold(work, limit=SHORT),
        quotations=_asked(work),
        wished=_wished(work),
        fixes=worth.best(listings, limit=SHORT),
        points=sum(told) // len(told) if told else None,
        held=moves.held(work, selling=True),
        months=turnover.sold_months(session, own, work.now),
        best=turnover.sold_products(session, own, work.now, limit=SHORT),
    )


def _states(work: Work) -> dict[str, int]:
    statement = (
        select(Product.state, func.count())
        .where(Product.owner_id == work.actor.organisation)
        .group_by(Product.state)
        .order_by(Product.state)
    )
    return {str(state): number for state, number in work.session.execute(statement)}


def _listings(work: Work) -> list[ProductVersion]:
    statement = (
        select(ProductVersion)
        .join(Product, Product.current_version_id == ProductVersion.id)
        .where(Product.owner_id == work.actor.organisation, Product.state == State.LISTED)
        .order_by(Product.id.desc())
        .limit(LISTINGS)
    )
    return list(work.session.scalars(statement))


def _asked(work: Work) -> list[Quotation]:
    statement = (
        select(Quotation)
        .where(
            Quotation.seller_id == work.actor.organisation,
            Quotation.state == quotations.State.ASKED,
        )
        .order_by(Quotation.id)
        .limit(SHORT)
    )
    return list(work.session.scalars(statement))


def _wished(work: Work) -> list[Wished]:
    statement = (
        select(Demand, DemandMatch.product_id, DemandMatch.score)
        .join(DemandMatch, DemandMatch.demand_id == Demand.id)
        .join(Product, Product.id == DemandMatch.product_id)
        .where(
            Product.owner_id == work.actor.organisation,
            Product.state == State.LISTED,
            Demand.state.in_(sorted(OPEN)),
        )
        .order_by(DemandMatch.score.desc(), Demand.id, DemandMatch.product_id)
        .limit(SHORT * SHORT)
    )
    found: dict[str, Wished] = {}
    for demand, product_id, score in work.session.execute(statement):
        found.setdefault(demand.id, Wished(demand, product_id, score))
    return list(found.values())[:SHORT]
