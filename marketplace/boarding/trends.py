"""What was traded on boards month by month: the lines beside their names."""

from collections.abc import Sequence

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from marketplace.counting.facts import VolumeAdjustment, VolumeFact


def of_boards(session: Session, months: Sequence[str]) -> dict[str, list[int]]:
    """Return board id → fen counted in each of `months`, of boards that traded in them.

    months: consecutive, oldest first: "2026-06", "2026-07". Less than nothing where refunds
    took more than was accepted. One SELECT over these months on an index.
    """
    moved = union_all(*(
        select(table.board_id, table.accepted_month, table.amount).where(
            table.accepted_month >= months[0], table.counted.is_(True), table.board_id.is_not(None)
        )
        for table in (VolumeFact, VolumeAdjustment)
    )).subquery("moved")  # fmt: skip
    statement = select(moved.c.board_id, moved.c.accepted_month, func.sum(moved.c.amount))
    places = {month: place for place, month in enumerate(months)}
    found: dict[str, list[int]] = {}
    for board, month, amount in session.execute(
        statement.group_by(moved.c.board_id, moved.c.accepted_month)
    ):
        if month in places:
            found.setdefault(board, [0] * len(months))[places[month]] = int(amount)
    return found
