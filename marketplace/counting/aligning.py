"""Books brought to what the moves say: volume that was set aside before the books knew of it.

Until the moves were kept, what did not count stood on 9002 all the same. An upgrade carries the
facts over and never writes to the ledger; this does, by entries of their own.
"""

from typing import NamedTuple

from sqlalchemy import select

from kernel.money import Money
from kernel.work import Work
from marketplace.counting import writing
from marketplace.counting.moves import VolumeMove
from settlement import turnover


class Moved(NamedTuple):
    """What one line's (or deal's) entry moved to the side of what is set aside."""

    owner: str
    amount: Money


def set_aside(work: Work, *, after: str = "", limit: int) -> tuple[list[Moved], str | None]:
    """Set aside in the books what does not count, of `limit` lines at most, by their ids.

    Returns what was moved, and behind which line to go on; None at the end. What is there
    already is left alone, so it may be run again. One SELECT, and some for each line.
    """
    excluded = (
        select(VolumeMove.subject_id, VolumeMove.order_id)
        .where(VolumeMove.subject_id > after, VolumeMove.excluded > 0)
        .distinct()
        .order_by(VolumeMove.subject_id)
        .limit(limit)
    )
    found = work.session.execute(excluded).all()
    done = []
    for owner, order_id in found:
        if writing.is_left_out(work, owner, order_id):
            amount = turnover.align(work, owner, counts=False, order_id=order_id)
            done += [Moved(owner, amount)] if amount.minor else []
    return done, found[-1][0] if len(found) == limit else None
