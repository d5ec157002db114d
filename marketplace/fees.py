"""On what ground a line costs what it costs: own data, or public data under its upper limit.

Source: price formation of authorised operation: use for public governance and welfare is
free, use by industry has a fee that never exceeds the upper limit (上限收费标准). The ground is
copied into the order line, where CHECKs of the database hold it (I-48).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.work import Work
from licensing import scenarios
from licensing.applications.vocabulary import PurposeClass
from licensing.authorisations import Authorisation
from licensing.pricing import caps, periods, revenues
from licensing.pricing.caps import FeeCap, Meter
from marketplace import prices
from marketplace.prices import Plan, PlanKind
from marketplace.versions import ProductVersion

_E6: Final = 1_000_000


class Ground(StrEnum):
    """Why a line may cost what it costs."""

    OWN = "own"  # no public data: the merchant's own price
    PUBLIC_INTEREST = "public_interest"  # governance and welfare: free
    INDUSTRY = "industry"  # authorised operation: at most the upper limit


@dataclass(frozen=True, slots=True)
class Basis:
    """What a line keeps of it. price_e6: of one unit, in 10⁻⁶ fen."""

    ground: Ground
    price_e6: int
    cap: FeeCap | None


def unit(plan: Plan) -> tuple[Meter, int]:
    """Return the unit that a plan charges, and its dearest price in 10⁻⁶ fen. Pure.

    Of several units to one price (a thousand rows, a package) the price of one, rounded
    up; of a share of revenue, the most that a cycle comes to.
    """
    if plan.kind in prices.METERED:
        dearest = max((tier.unit.e6 for tier in plan.tiers), default=0)
        if plan.kind is PlanKind.PACKAGE:
            dearest = 0 if plan.price is None else plan.price.minor * _E6
        elif plan.unit is not None:
            dearest = plan.unit.e6
        return Meter(plan.counts.value), -(-dearest // max(plan.per, plan.size, 1))
    price = plan.price or plan.reserve or plan.maximum
    price_e6 = 0 if price is None else price.minor * _E6
    if plan.period is not None:
        return Meter(plan.period.value), price_e6
    return Meter.PRODUCT, price_e6


def beyond(plan: Plan) -> tuple[Meter, int] | None:
    """Return the unit beyond a subscription's quota and its price in 10⁻⁶ fen, if there is one."""
    return None if plan.overage is None else (Meter(plan.counts.value), plan.overage.e6)


def basis(
    work: Work,
    version: ProductVersion,
    authorisation: Authorisation | None,
    on: date,
    plan: Plan | None = None,
) -> Basis:
    """Return the ground of a price on that day: of the version's, or of the one agreed.

    At most two SELECTs.
    """
    asked = plan or prices.parse(version.price_plan)
    return _basis(work, version, authorisation, on, unit(asked))


def _basis(
    work: Work,
    version: ProductVersion,
    authorisation: Authorisation | None,
    on: date,
    priced: tuple[Meter, int],
) -> Basis:
    meter, price_e6 = priced
    if authorisation is None:
        return Basis(Ground.OWN, price_e6, None)
    scenario = scenarios.find(work.session, authorisation.scenario_id)
    if scenario.purpose_class != PurposeClass.INDUSTRY_DEVELOPMENT:
        return Basis(Ground.PUBLIC_INTEREST, price_e6, None)
    cap = caps.in_force(
        work.session,
        operator_id=authorisation.operator_id,
        authorisation_id=authorisation.id,
        product_type=version.product_type,
        meter=meter,
        on=on,
    )
    return Basis(Ground.INDUSTRY, price_e6, cap)


def refusals(
    work: Work,
    version: ProductVersion,
    authorisation: Authorisation | None,
    agreed: Plan | None = None,
) -> list[Refusal]:
    """Return every reason why this price may not be charged today (I-48, I-49).

    Codes: PUBLIC_INTEREST_IS_FREE, FEE_CAP_MISSING, PRICE_ABOVE_CAP, MINIMUM_NOT_CAPPED,
    SHARE_NOT_CAPPED, REVENUE_CEILING_REACHED. At most six SELECTs.
    """
    today = local_date(work.now)
    plan = agreed or prices.parse(version.price_plan)
    if authorisation is None or plan.kind is PlanKind.FREE:
        return []
    priced = [unit(plan), *filter(None, [beyond(plan)])]
    bases = [_basis(work, version, authorisation, today, each) for each in priced]
    if bases[0].ground == Ground.PUBLIC_INTEREST:
        zh, en = "用于公共治理、公益事业的公共数据不收费", "public interest pays no fee"
        return [Refusal("PUBLIC_INTEREST_IS_FREE", zh, en)]
    above = [refusal for found in bases if found.price_e6 for refusal in _above(found)]
    return [*above, *_open_ended(plan), *_at_the_ceiling(work, authorisation.operator_id, today)]


def _above(found: Basis) -> list[Refusal]:
    if found.cap is None:
        zh = "该产品类型与计费单位尚无上限收费标准"
        en = "no upper limit has been fixed for this kind of product and unit"
        return [Refusal("FEE_CAP_MISSING", zh, en)]
    if found.price_e6 <= found.cap.cap_e6:
        return []
    return [
        Refusal(
            "PRICE_ABOVE_CAP",
            f"单价 {_yuan(found.price_e6)} 元超过上限 {_yuan(found.cap.cap_e6)} 元"
            f"（{found.cap.doc_no}），应不高于上限",
            f"{_yuan(found.price_e6)} yuan is above the upper limit of "
            f"{_yuan(found.cap.cap_e6)} ({found.cap.doc_no}); at most that passes",
        )
    ]


def _open_ended(plan: Plan) -> list[Refusal]:
    """Say what no upper limit could hold: a least charge, a share without a most."""
    said = []
    if plan.minimum is not None and plan.minimum.minor > 0:
        zh, en = "有上限的收费不得另设最低收费", "a capped fee has no minimum charge"
        said.append(Refusal("MINIMUM_NOT_CAPPED", zh, en))
    if plan.kind is PlanKind.REVENUE_SHARE and plan.maximum is None:
        zh, en = "公共数据的收益分成须设每期最高收费", "a share of revenue needs its most per cycle"
        said.append(Refusal("SHARE_NOT_CAPPED", zh, en))
    return said


def _at_the_ceiling(work: Work, operator_id: str, today: date) -> list[Refusal]:
    period = periods.in_force(work.session, operator_id, today)
    if period is None or not revenues.standing(work.session, period, work.rules).full:
        return []
    zh = "运营机构本期收入已达最高准许收入，暂停新的收费订单"
    en = "the operator has earned what it may in this period: no new paid orders"
    return [Refusal("REVENUE_CEILING_REACHED", zh, en)]


def _yuan(e6: int) -> str:
    whole, rest = divmod(e6, 100 * _E6)
    return f"{whole}.{rest:08}".rstrip("0").rstrip(".")
