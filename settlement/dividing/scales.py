"""How much came before a line on the scale of its fee's steps: of its order, or of the year.

Lines follow each other as they were accepted, whatever was settled or refunded since: so the
fee of a line is the same in whichever batch it comes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from settlement.dividing.fee_rules import FeeRule, Scale
from settlement.dividing.obligations import Obligation

_AMOUNT = Obligation.__table__.c.amount_minor


def before(
    session: Session, found: Sequence[Obligation], rules: Mapping[str, FeeRule]
) -> dict[str, int]:
    """Return obligation → what was accepted before it on its scale, in fen.

    rules: obligation → the rule of its fee; without steps it is left out. At most one SELECT
    for the orders, and one for each year.
    """
    stepped = {one.id: rules[one.id].scale for one in found if one.id in rules}
    of_order = [one for one in found if stepped.get(one.id) == Scale.ORDER]
    of_year = [one for one in found if stepped.get(one.id) == Scale.YEAR]
    sums: dict[str, int] = {}
    if of_order:
        orders = Obligation.order_id.in_(sorted({one.order_id for one in of_order}))
        sums |= _running(session, of_order, Obligation.order_id, [orders])
    for year in sorted({one.accepted_on.year for one in of_year}):
        there = [one for one in of_year if one.accepted_on.year == year]
        sellers = Obligation.seller_id.in_(sorted({one.seller_id for one in there}))
        sums |= _running(session, there, Obligation.seller_id, [sellers, _within(year)])
    return sums


def of_year(session: Session, seller_id: str, on: date) -> int:
    """Return what was accepted of a seller in the calendar year of a day. One SELECT."""
    statement = select(func.coalesce(func.sum(_AMOUNT), 0)).where(
        Obligation.seller_id == seller_id, _within(on.year)
    )
    return int(session.scalars(statement).one())


def _running(
    session: Session,
    found: Sequence[Obligation],
    by: InstrumentedAttribute[str],
    where: Iterable[ColumnElement[bool]],
) -> dict[str, int]:
    last = max(one.id for one in found)
    reached = func.sum(_AMOUNT).over(partition_by=by, order_by=Obligation.id)
    running = (
        select(Obligation.id, (reached - _AMOUNT).label("minor"))
        .where(*where, Obligation.id <= last)
        .subquery()
    )
    statement = select(running).where(running.c.id.in_([one.id for one in found]))
    return {str(key): int(minor) for key, minor in session.execute(statement)}


def _within(year: int) -> ColumnElement[bool]:
    return Obligation.accepted_on.between(date(year, 1, 1), date(year, 12, 31))
