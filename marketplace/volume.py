"""What counts as traded (交易额): its moves, its tallies, and what is told of them.

Source: the transaction amount is the accepted amount, tax included, on the day of
acceptance, less what is refunded, on the day of the refund; what is excluded is kept beside
it, so counted + excluded = all (I-63, I-67). Deals that were registered count apart.

Written by `counting.writing`, added up by `counting.tallies`, told by `counting.reading`; this
is the door for everybody else.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.money import Money
from marketplace.counting.moves import Cause, VolumeMove, VolumeWaiting
from marketplace.counting.reading import (
    Month,
    Ranking,
    Totals,
    began_on,
    by_board,
    latest,
    months,
    months_until,
    ranking,
    registered,
    totals,
)
from marketplace.counting.recomputing import differences
from marketplace.counting.tallies import VolumeTally, tally
from marketplace.counting.writing import (
    adjust,
    align,
    count,
    count_slices,
    exclude,
    exclusion,
    register,
    restore,
)
from settlement import turnover

__all__ = [
    "Cause",
    "Month",
    "Ranking",
    "Totals",
    "VolumeMove",
    "VolumeTally",
    "VolumeWaiting",
    "adjust",
    "align",
    "began_on",
    "by_board",
    "count",
    "count_slices",
    "differences",
    "exclude",
    "exclusion",
    "latest",
    "months",
    "months_until",
    "ranking",
    "register",
    "registered",
    "restore",
    "tally",
    "ties_out",
    "totals",
]


def ties_out(session: Session) -> bool:
    """Tell whether the moves add up to the volume in the books: counted, and set aside.

    Two SELECTs, each over a whole table: for an auditor, not for a page.
    """
    counted, excluded = session.execute(
        select(
            func.coalesce(func.sum(VolumeMove.counted), 0),
            func.coalesce(func.sum(VolumeMove.excluded), 0),
        )
    ).one()
    return turnover.sides(session) == (Money(int(counted)), Money(int(excluded)))
