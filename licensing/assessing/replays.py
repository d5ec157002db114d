"""A replay (重演): every concluded assessment once more, from what was kept of it.

Under the rules that it was judged by, it must come to what is stored; under other rules it
shows which results a change of the rules would have changed. Nothing is written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import DomainError
from kernel.work import Rules
from licensing.assessing import lanes, members, panel, score_sheets, sheets
from licensing.assessing.rows import Assessment, State
from licensing.assessing.score_sheets import ScoreSheet

BATCH: Final = 200
"""Assessments that are read at a time."""

NO_QUORUM: Final = "no_quorum"
NOT_COMPARABLE: Final = "not_comparable"
"""The other rules weigh criteria that the panel has not scored."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What an assessment came to, and what it would come to.

    after: a result, NO_QUORUM or NOT_COMPARABLE. means: hundredths of a point.
    """

    assessment_id: str
    scenario_id: str
    before: str
    after: str
    mean_before: int
    mean_after: int | None

    @property
    def differs(self) -> bool:
        """Whether the result is another one; the mean alone does not count."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not come out as it is stored. code: RESULT_DIFFERS, DRAW_DIFFERS."""

    code: str
    at: str


def simulate(session: Session, rules: Rules) -> Iterator[Replay]:
    """Replay every concluded assessment under other rules, oldest first.

    Thresholds, weights, trimming and quorum are those of `rules`; the sheets are the same.
    Two SELECTs for each 200.
    """
    for found, kept in _concluded(session):
        after, mean = _under(rules, found, kept)
        yield Replay(found.id, found.scenario_id, str(found.result), after, found.mean or 0, mean)


def check(session: Session) -> list[Finding]:
    """Recompute every result from its sheets and every draw from its seed (I-39, I-40).

    Returns what differs from what is stored. Two SELECTs for each 200, and two for each
    panel.
    """
    findings = []
    for found, kept in _concluded(session):
        again = score_sheets.conclusion(kept, found.standard)
        stored = (found.result, found.mean, found.struck, found.coarsened or [])
        struck = sorted(list(item) for item in again.struck)
        coarsened = score_sheets.listed(again.coarsened)
        if (again.result.value, again.mean, struck, coarsened) != stored:
            findings.append(Finding("RESULT_DIFFERS", found.id))
        if not members.proof(session, found).holds:
            findings.append(Finding("DRAW_DIFFERS", found.id))
    return findings


def _concluded(session: Session) -> Iterator[tuple[Assessment, list[ScoreSheet]]]:
    after = ""
    while True:
        statement = (
            select(Assessment)
            .where(Assessment.state == State.CONCLUDED, Assessment.id > after)
            .order_by(Assessment.id)
            .limit(BATCH)
        )
        batch = session.scalars(statement).all()
        if not batch:
            return
        signed = score_sheets.of_all(session, [one.id for one in batch])
        yield from ((one, signed.get(one.id, [])) for one in batch)
        after = batch[-1].id


def _under(rules: Rules, found: Assessment, kept: Sequence[ScoreSheet]) -> tuple[str, int | None]:
    if panel.quorum(
        score_sheets.present(kept, members.candidates(found.pool)),
        size=found.size,
        must_cover=lanes.cover(found.lane),
        share_bp=rules.number("assessment.quorum_share_bp"),
        sheets_min=rules.number("assessment.sheets_min"),
    ):
        return NO_QUORUM, None
    try:
        again = score_sheets.conclusion(kept, _standard(rules, found))
    except DomainError:
        return NOT_COMPARABLE, None
    return again.result.value, again.mean


def _standard(rules: Rules, found: Assessment) -> dict[str, Any]:
    with_pi = sheets.PI_PROTECTION in found.standard["weights"]
    named = [(directory, item) for directory, item in found.standard.get("asked", ())]
    return score_sheets.standard(rules, with_pi=with_pi, asked=named)
