"""Builders of prices: an approved fee period of the operator, and upper limits within it."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from licensing.pricing import caps, periods
from licensing.pricing.caps import FeeCap, Meter
from licensing.pricing.periods import FeePeriod
from tests.conftest import NOON, work_of

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
COSTS = {"data_processing": 700_000_000, "staff": 500_000_000}
FEN_E6 = 1_000_000


def proposed(session: Session, **changes: Any) -> FeePeriod:
    """Have the operator write down a period: 1.2 bn fen of costs at 5 %, and taxes."""
    said: dict[str, Any] = {
        "first_on": FIRST,
        "last_on": LAST,
        "costs": COSTS,
        "profit_rate_bp": 500,
        "taxes_fen": 72_000_000,
        **changes,
    }
    return periods.propose(work_of(session, "per_operator_signer"), **said)


def approved(session: Session, **changes: Any) -> FeePeriod:
    """Take a period through filing and approval."""
    made = proposed(session, **changes)
    periods.take(work_of(session, "per_operator_signer"), made.id, "file")
    return periods.take(
        work_of(session, "per_hub_supervisor"), made.id, "approve", doc_no="演示价〔2026〕1号"
    )


def cap(session: Session, period: FeePeriod, **changes: Any) -> FeeCap:
    """Fix one upper limit: a data set for at most 200,000 yuan."""
    said: dict[str, Any] = {
        "product_type": "dataset",
        "meter": "product",
        "cap_e6": 20_000_000 * FEN_E6,
        "valid_from": period.first_on,
        "valid_to": period.last_on,
        "doc_no": "演示价〔2026〕2号",
        **changes,
    }
    return caps.fix(work_of(session, "per_agency_approver", at=NOON), period.id, **said)


def everything_capped(session: Session) -> FeePeriod:
    """Cap every unit of data sets and APIs far above the prices of the tests; once."""
    held = periods.in_force(session, "org_operator", NOON.date())
    if held is not None:
        return held
    period = approved(session)
    for product_type in ("dataset", "api", "verification", "report"):
        for meter in Meter:
            cap(session, period, product_type=product_type, meter=meter)
    return period
