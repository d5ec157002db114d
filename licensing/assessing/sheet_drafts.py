"""A score sheet that is still being written (评分草稿): its expert's alone, until it is signed.

Nobody else reads it and no tally knows it. It is kept as it is typed, so that nothing is
lost; signing takes its place, and it goes with its expert's seat, or with the panel.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import Invalid, Refusal, StepRefused
from kernel.work import Work
from licensing.assessing import members, score_sheets
from licensing.assessing.rows import Assessment, State

FIELDS: Final = (
    "scores", "comments", "verdict", "struck", "coarsened", "conditions", "vetoed", "reason",
)  # fmt: skip
"""What a draft may hold: the fields of a sheet, and the reason of a correction."""

BYTES_MAX: Final = 200_000
"""The most that one draft may hold, as JSON."""


class SheetDraft(Base):
    """What one member has written so far. written: field → value, as it was typed."""

    __tablename__ = "sheet_drafts"

    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    written: Mapped[dict[str, Any]]
    saved_at: Mapped[Instant]


def save(work: Work, it: Assessment, written: Mapping[str, Any]) -> SheetDraft:
    """Keep what the acting member has written, in place of what was kept before.

    Nothing of it is checked but its size: that is for the signing. Raises StepNotAllowed to
    who has no seat, StepRefused with NOT_SCORING when there is nothing left to sign.
    Not in the journal: a draft is no act.
    """
    seat = members.seat_of(work, it.id)
    signed = score_sheets.by(work.session, it.id, seat.expert_id) is not None
    if it.state != State.SCORING and not (it.state == State.TALLIED and signed):
        zh, en = "当前没有可填写的评分表", "there is no sheet to be written now"
        raise StepRefused(zh, en, (Refusal("NOT_SCORING", zh, en),))
    kept = {name: value for name, value in written.items() if name in FIELDS}
    if len(json.dumps(kept).encode()) > BYTES_MAX:
        raise Invalid("草稿内容过长", "the draft is too long", pointer="/comments")
    found = own(work, it)
    if found is None:
        found = SheetDraft(assessment_id=it.id, person_id=work.actor.person)
        work.session.add(found)
    found.written, found.saved_at = kept, work.now
    return found


def own(work: Work, it: Assessment) -> SheetDraft | None:
    """Return the acting person's own draft, if there is one. One SELECT by primary key."""
    return work.session.get(SheetDraft, (it.id, work.actor.person))


def forget(session: Session, assessment_id: str, person_id: str | None = None) -> None:
    """Let go of a member's draft, or of all drafts of a panel."""
    statement = delete(SheetDraft).where(SheetDraft.assessment_id == assessment_id)
    if person_id is not None:
        statement = statement.where(SheetDraft.person_id == person_id)
    session.execute(statement)
