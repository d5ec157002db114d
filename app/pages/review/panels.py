"""The panel of a case in short: conflicts of interest, the proof of the draw, the quorum."""

from collections import Counter
from typing import Any, Final

from app import languages
from kernel.words import Words
from kernel.work import Work
from licensing import assessments
from licensing.applications.cases import Scenario
from licensing.assessing import experts, members
from licensing.assessments import Assessment, State

WHY: Final = {
    "tied": Words("与当事方有关联", "tied to a party"),
    "employed": Words("受雇于当事方", "employed by a party"),
    "handled": Words("经办过本案", "handled the case"),
    "left": Words("曾离开本案专家组", "left a panel of this case"),
}
"""Why somebody in the pool may not sit."""


def summed(work: Work, found: Scenario, seen: list[Assessment]) -> dict[str, Any] | None:
    """Return the panel of this round in short; None when there is none to see.

    seen: the case's assessments that the reader may see. At most nine SELECTs.
    """
    live = [one for one in seen if one.state != State.VOID and one.round == found.round]
    if not live:
        return None
    it = live[0]
    seats = members.of(work.session, it.id)
    named = experts.named(work.session, [seat.expert_id for seat in seats])
    return {
        "id": it.id,
        "state": str(it.state),
        "seats": [
            {
                "position": seat.position,
                "name": named[seat.expert_id].name,
                "standing": seat.standing,
                "reason": seat.reason,
                "declared_at": seat.declared_at,
            }
            for seat in seats
        ],
        "undeclared": sum(seat.declared_at is None and seat.left_round is None for seat in seats),
        "pool": len(it.pool),
        "conflicts": conflicts(it),
        "proof": assessments.redraw(work, it.id) if it.seed else None,
        "commitment": it.seed_commitment,
        "quorum": assessments.quorum(work, it.id) if it.state in _COUNTED else None,
    }


def conflicts(it: Assessment) -> list[tuple[str, int]]:
    """Return why people of the pool may not sit, and how many each."""
    counted = Counter(why for one in it.pool if one["conflicted"] for why in one.get("why", ()))
    return [(languages.said(WHY[why]), counted[why]) for why in WHY if counted[why]]


_COUNTED: Final = (State.SCORING, State.TALLIED, State.CONCLUDED)
