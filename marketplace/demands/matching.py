"""Who fits a demand (撮合): listed products scored from 0 to 100, the best of them kept.

The parts of the score are weighed by the rules: text, field, items, region, price and the
merchant's rating. Scored when a demand is published, and every night while it is open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base
from kernel.journal import Event
from kernel.money import half_up
from kernel.work import Work
from licensing import scope
from marketplace import prices
from marketplace.aftercare import ratings
from marketplace.aftercare.ratings import Level
from marketplace.demands import demands
from marketplace.demands.demands import Demand
from marketplace.indexing import index
from marketplace.indexing.index import Entry, Kind, SearchEntry
from marketplace.products import Product
from marketplace.versions import ProductVersion

KEPT: Final = 10
"""Products that are kept of each demand."""

CANDIDATES: Final = 200
"""Products that are scored: those whose texts share most with the demand."""

TERMS_MAX: Final = 60
PARTS: Final = ("text", "field", "items", "region", "price", "rating")
WHOLE: Final = 1000
"""A part is found in thousandths of its weight."""

_WORST: Final = 100 * Level.VERY_DISSATISFIED
_BEST: Final = 100 * Level.VERY_SATISFIED


class DemandMatch(Base):
    """One product that fits a demand. score: 0–100. parts: part → points."""

    __tablename__ = "demand_matches"
    __table_args__ = (
        CheckConstraint("score BETWEEN 0 AND 100", name="score_of_a_hundred"),
        Index(None, "product_id", "demand_id"),
    )

    demand_id: Mapped[str] = mapped_column(ForeignKey("demands.id"), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    score: Mapped[int]
    parts: Mapped[dict[str, Any]]
    matched_at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class Fit:
    """A product, its version and how well it fits."""

    product: Product
    version: ProductVersion
    match: DemandMatch


def score(
    demand: Demand,
    version: ProductVersion,
    weights: Mapping[str, int],
    wanted: Sequence[str] | None = None,
    *,
    rated: int | None = None,
) -> dict[str, int]:
    """Return part → points, of a hundred in all. Pure; one rounding for each part.

    weights: part → most points. What a demand leaves open counts as met; a price that is
    yet to be agreed, and a merchant whom nobody has rated, count half. wanted: the demand's
    terms, where they are known already. rated: the merchant's score in hundredths of a level.
    """
    found = {
        "text": _text(_terms(demand) if wanted is None else wanted, version),
        "field": WHOLE if version.application_field == demand.field else 0,
        "items": _items(demand, version),
        "region": _region(demand, version),
        "price": _price(demand, version),
        "rating": WHOLE // 2
        if rated is None
        else half_up(WHOLE * (rated - _WORST), _BEST - _WORST),
    }
    return {part: half_up(found[part] * weights[part], WHOLE) for part in PARTS}


def match(work: Work, demand: Demand) -> list[DemandMatch]:
    """Score the likeliest products for a demand and keep the best. Four SELECTs, two writes."""
    weights = {part: work.rules.number(f"demand.match.{part}") for part in PARTS}
    wanted = _terms(demand)
    candidates = _candidates(work.session, demand)
    rated = ratings.scores(work, {product.owner_id for product, _ in candidates})
    scored = [
        (product, parts, sum(parts.values()))
        for product, version in candidates
        for parts in (score(demand, version, weights, wanted, rated=rated.get(product.owner_id)),)
    ]
    scored.sort(key=lambda one: (-one[2], one[0].id))
    work.session.execute(delete(DemandMatch).where(DemandMatch.demand_id == demand.id))
    made = [
        DemandMatch(
            demand_id=demand.id,
            product_id=product.id,
            score=points,
            parts=parts,
            matched_at=work.now,
        )
        for product, parts, points in scored[:KEPT]
    ]
    work.session.add_all(made)
    return made


def published(work: Work, event: Event) -> None:
    """After "demand.published": the merchants whom it fits are looked for, and told."""
    demand = demands.find(work.session, event.subject)
    if demand.state not in demands.OPEN:
        return
    kept = match(work, demand)
    work.record("demand.matched", demand.id, products=[each.product_id for each in kept])


def match_open(work: Work, *, limit: int) -> int:
    """Score anew the open demands that were scored longest ago; return how many."""
    scored = (
        select(DemandMatch.demand_id, func.min(DemandMatch.matched_at).label("at"))
        .group_by(DemandMatch.demand_id)
        .subquery()
    )
    statement = (
        select(Demand)
        .outerjoin(scored, scored.c.demand_id == Demand.id)
        .where(Demand.state.in_(demands.OPEN))
        .order_by(scored.c.at.asc().nulls_first(), Demand.id)
        .limit(limit)
    )
    due = list(work.session.scalars(statement))
    for demand in due:
        match(work, demand)
    return len(due)


def of_demand(session: Session, demand_id: str) -> list[Fit]:
    """Return what fits a demand, best first, of what is still listed. One SELECT."""
    statement = (
        select(Product, ProductVersion, DemandMatch)
        .join(DemandMatch, DemandMatch.product_id == Product.id)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(DemandMatch.demand_id == demand_id, Product.state == "listed")
        .order_by(DemandMatch.score.desc(), Product.id)
    )
    return [Fit(product, version, kept) for product, version, kept in session.execute(statement)]


def best(session: Session, demand_id: str) -> int:
    """Return the best score of what fits a demand and is still listed; 0 for nothing."""
    statement = (
        select(func.max(DemandMatch.score))
        .join(Product, Product.id == DemandMatch.product_id)
        .where(DemandMatch.demand_id == demand_id, Product.state == "listed")
    )
    return int(session.execute(statement).scalar_one() or 0)


def of_merchant(
    session: Session, organisation_id: str, demand_ids: Sequence[str]
) -> dict[str, DemandMatch]:
    """Return demand → the best match among a merchant's products. One SELECT on indexes."""
    statement = (
        select(DemandMatch)
        .join(Product, Product.id == DemandMatch.product_id)
        .where(DemandMatch.demand_id.in_(demand_ids), Product.owner_id == organisation_id)
        .order_by(DemandMatch.score, DemandMatch.product_id)
    )
    return {each.demand_id: each for each in session.scalars(statement)}


def directories(session: Session, demand: Demand, *, limit: int) -> list[Entry]:
    """Return the directories whose texts share most with a demand: departments might supply.

    Two SELECTs on indexes.
    """
    ranked = index.sharing(_terms(demand), [Kind.DIRECTORY]).limit(limit)
    rows = sorted(session.execute(ranked), key=lambda row: (-row.terms, -row.weight, row.entry))
    by_number = index.entries(session, [row.entry for row in rows])
    return [by_number[row.entry] for row in rows]


def _candidates(session: Session, demand: Demand) -> list[tuple[Product, ProductVersion]]:
    ranked = index.sharing(_terms(demand), [Kind.PRODUCT]).limit(CANDIDATES).subquery()
    statement = (
        select(Product, ProductVersion)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .join(SearchEntry, SearchEntry.subject_id == Product.id)
        .join(ranked, ranked.c.entry == SearchEntry.number)
        .where(Product.owner_id != demand.buyer_id)
    )
    return [(product, version) for product, version in session.execute(statement)]


def _terms(demand: Demand) -> list[str]:
    names = " ".join(f"{one['name']} {one['meaning']}" for one in demand.items)
    return index.terms(f"{demand.title} {names} {demand.wanted}", singles=False)[:TERMS_MAX]


def _text(wanted: Sequence[str], version: ProductVersion) -> int:
    there = set(
        index.terms(
            " ".join((version.title_zh, version.title_en, version.intro, *_columns(version))),
            singles=True,
        )
    )
    return half_up(WHOLE * sum(term in there for term in wanted), len(wanted)) if wanted else 0


def _items(demand: Demand, version: ProductVersion) -> int:
    if not demand.items:
        return WHOLE
    there = set(index.terms(" ".join(_columns(version)), singles=True))
    met = sum(
        bool(terms) and set(terms) <= there
        for terms in (index.terms(str(one["name"]), singles=False) for one in demand.items)
    )
    return half_up(WHOLE * met, len(demand.items))


def _region(demand: Demand, version: ProductVersion) -> int:
    if not demand.regions:
        return WHOLE
    met = sum(
        any(scope.covers(outer, region) for outer in version.region_coverage)
        for region in demand.regions
    )
    return half_up(WHOLE * met, len(demand.regions))


def _price(demand: Demand, version: ProductVersion) -> int:
    if demand.budget_max is None:
        return WHOLE
    asked = prices.parse(version.price_plan).price
    if asked is None:
        return WHOLE // 2
    over = max(0, asked.minor - demand.budget_max)
    # Twice the budget is out of the question; in between it goes down evenly.
    return max(0, WHOLE - half_up(WHOLE * over, max(demand.budget_max, 1)))


def _columns(version: ProductVersion) -> list[str]:
    return [
        f"{column.get('name', '')} {column.get('meaning', '')}"
        for column in version.dictionary
        if isinstance(column, dict)
    ]
