"""Conflicts of sources (数源争议): a second department claims what has its source already.

The hub mediates and decides which of the two is the authoritative source; the other is
linked to it. Source: one source per number (一数一源).
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import sources
from catalogue.sources import Claim
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step

STANDING: Final = "standing"
RIVAL: Final = "rival"


class State(StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    MEDIATING = "mediating"
    DECIDED = "decided"


_UNDECIDED: Final = text("state <> 'decided'")


class SourceConflict(Living, Base):
    """Two claims to be the one source. winner: "standing" or "rival", once decided."""

    __tablename__ = "source_conflicts"
    __table_args__ = (
        CheckConstraint("standing_claim_id <> rival_claim_id", name="two_claims"),
        CheckConstraint("(state = 'decided') = (winner IS NOT NULL)", name="decided_for_one"),
        Index(
            "uq_source_conflicts_one_open_per_rival",
            "rival_claim_id",
            unique=True,
            sqlite_where=_UNDECIDED,
            postgresql_where=_UNDECIDED,
        ),
        Index(None, "standing_department_id", "id"),
        Index(None, "rival_department_id", "id"),
    )

    master_item_id: Mapped[str] = mapped_column(ForeignKey("master_items.id"))
    standing_claim_id: Mapped[str] = mapped_column(ForeignKey("source_claims.id"))
    rival_claim_id: Mapped[str] = mapped_column(ForeignKey("source_claims.id"))
    standing_department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    rival_department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    winner: Mapped[str | None]
    opened_at: Mapped[Instant]


mediator = any_of(Role.DATA_AUTHORITY, Duty.CASE_OFFICER, Duty.REVIEWER)
judge = any_of(Role.DATA_AUTHORITY, Duty.REVIEWER, Duty.APPROVER)
overseers = (any_of(Role.DATA_AUTHORITY), system_only)


def _decide(conflict: SourceConflict, work: Work, data: dict[str, Any]) -> None:
    conflict.winner = data["winner"]
    rival, house = sources.find(work.session, conflict.rival_claim_id), work.as_system()
    if conflict.winner == STANDING:
        sources.LIFE.take("lose", rival, house)
        return
    standing = sources.find(work.session, conflict.standing_claim_id)
    if standing.state == sources.State.CONFIRMED:
        sources.LIFE.take("give_way", standing, house)
        # One authoritative source a level: the old one must leave the index before the new comes.
        work.session.flush()
    sources.LIFE.take("win", rival, house)


# fmt: off
LIFE: Workflow[State, SourceConflict] = Workflow(
    "source_conflict", State, State.OPEN,
    step("open",    {State.OPEN}, State.OPEN, system_only, own_door=True,
         within="clocks.source_conflict",
         says="source_conflict.opened", label=Words("发生争议", "Open")),
    step("mediate", {State.OPEN}, State.MEDIATING, mediator, within="clocks.source_mediation",
         says="source_conflict.mediated", label=Words("启动协调", "Mediate")),
    step("decide",  {State.MEDIATING}, State.DECIDED, judge, then=(_decide,),
         asks=(ask("winner", "choice", Words("裁定", "Decision"), choices=(STANDING, RIVAL)),
               REASON),
         says="source_conflict.decided", label=Words("作出裁定", "Decide")),
)
# fmt: on


def claim(
    work: Work, *, master_item_code: str, directory_id: str, item_code: str, grounds: str
) -> tuple[Claim, SourceConflict | None]:
    """Claim a source as `sources.claim` does; a second claim of a level opens a conflict.

    Raises what `sources.claim` raises.
    """
    made = sources.claim(
        work,
        master_item_code=master_item_code,
        directory_id=directory_id,
        item_code=item_code,
        grounds=grounds,
    )
    standing = sources.authoritative(work.session, made.master_item_id, made.level, made.region)
    if standing is None:
        return made, None
    sources.LIFE.take("contest", made, work.as_system())
    work.session.flush()  # the conflict refers to the claim by id alone
    opened = SourceConflict(
        id=ids.new("scf_", work.now),
        state=State.OPEN,
        master_item_id=made.master_item_id,
        standing_claim_id=standing.id,
        rival_claim_id=made.id,
        standing_department_id=standing.department_id,
        rival_department_id=made.department_id,
        opened_at=work.now,
    )
    work.session.add(opened)
    LIFE.take("open", opened, work.as_system(), standing=standing.id, rival=made.id)
    return made, opened


def take(work: Work, conflict_id: str, name: str, **data: Any) -> SourceConflict:
    """Take a step of a conflict that the caller may see. Raises what seen and LIFE raise."""
    conflict = seen(work, conflict_id)
    LIFE.take(name, conflict, work, **data)
    return conflict


def find(session: Session, conflict_id: str) -> SourceConflict:
    """Return a conflict. Raises NotFound. One SELECT by key."""
    found = session.get(SourceConflict, conflict_id)
    if found is None:
        raise NotFound("没有这个数源争议", f"no conflict {conflict_id}")
    return found


def seen(work: Work, conflict_id: str) -> SourceConflict:
    """Return a conflict to its two departments and the authority. Raises NotFound to others."""
    found = work.session.get(SourceConflict, conflict_id)
    if found is None or not _is_party(work.actor, found):
        raise NotFound("没有这个数源争议", f"no conflict {conflict_id}")
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[SourceConflict]:
    """Return one page of the conflicts that the caller may see, newest first. One SELECT."""
    statement = select(SourceConflict)
    ours = work.actor.organisation
    if not any(who.matches(work.actor, None) for who in overseers):
        statement = statement.where(
            or_(
                SourceConflict.standing_department_id == ours,
                SourceConflict.rival_department_id == ours,
            )
        )
    return keyset(
        work.session, statement, by=((SourceConflict.id, "desc"),), after=after, limit=limit
    )


def _is_party(actor: Actor, conflict: SourceConflict) -> bool:
    own = actor.organisation in {conflict.standing_department_id, conflict.rival_department_id}
    return own or any(who.matches(actor, conflict) for who in overseers)
