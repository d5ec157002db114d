"""What was traded on boards month by month: the lines beside their names."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from marketplace.counting import reading


def of_boards(session: Session, months: Sequence[str]) -> dict[str, list[int]]:
    """Return board id → fen counted in each of `months`, of boards that traded in them.

    months: consecutive, oldest first: "2026-06", "2026-07". Less than nothing where refunds
    took more than was accepted. Two SELECTs: a tally for each board and month.
    """
    places = {month: place for place, month in enumerate(months)}
    found: dict[str, list[int]] = {}
    for (board, month), sums in reading.by_month(session, "boards", months).items():
        if board and sums.counted:
            found.setdefault(board, [0] * len(months))[places[month]] = sums.counted
    return found
