"""The row of an assessment, and what may be asked of it without its life."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Actor, Duty
from kernel.clock import SHANGHAI, Instant
from kernel.db import JSON_, Base, Living
from kernel.errors import NotFound
from licensing.applications.cases import Scenario


class State(StrEnum):
    """Where an assessment stands."""

    PLANNED = "planned"
    DRAWN = "drawn"
    READY = "ready"
    SCORING = "scoring"
    TALLIED = "tallied"
    CONCLUDED = "concluded"
    VOID = "void"


OPEN: Final = frozenset(State) - {State.CONCLUDED, State.VOID}
BLIND: Final = OPEN - {State.TALLIED}
"""The states in which nobody sees a sheet but who signed it."""

_NOT_VOID: Final = text("state <> 'void'")


class Assessment(Living, Base):
    """One assessment of one round of a scenario.

    lane: how it is assessed (`licensing.assessing.lanes`). seed_commitment: hash of the
    seed. sealed_seed: the seed, encrypted until the draw; seed: the seed, from the draw on.
    pool: frozen at planning (`licensing.assessing.members`). kept: experts of the round
    before who keep their seats. serving: the persons on the panel, by seat. standard: by
    what the sheets are judged, fixed when the documents open. mean: hundredths of a point.
    struck, coarsened: what more than half of the sheets strike, or would have coarser.
    """

    __tablename__ = "assessments"
    __table_args__ = (
        CheckConstraint("state <> 'concluded' OR result IS NOT NULL", name="concluded_has_result"),
        CheckConstraint(
            "result IS NULL OR state IN ('concluded', 'void')", name="result_once_concluded"
        ),
        CheckConstraint("(result IS NULL) = (mean IS NULL)", name="result_has_mean"),
        CheckConstraint("size >= 3 AND size % 2 = 1", name="panel_is_odd"),
        CheckConstraint("lane IN ('ordinary', 'fast', 'short')", name="lane_is_known"),
        Index(
            "uq_assessments_one_per_round",
            "scenario_id",
            "round",
            unique=True,
            sqlite_where=_NOT_VOID,
            postgresql_where=_NOT_VOID,
        ),
        Index(None, "agency_id", "id"),
    )

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"))
    agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    round: Mapped[int]
    lane: Mapped[str]
    scope_hash: Mapped[str]
    seed_commitment: Mapped[str]
    sealed_seed: Mapped[str]
    seed: Mapped[str | None]
    pool: Mapped[list[Any]]
    pool_fingerprint: Mapped[str]
    size: Mapped[int]
    kept: Mapped[list[Any]]
    serving: Mapped[list[Any]]
    standard: Mapped[dict[str, Any]]
    result: Mapped[str | None]
    mean: Mapped[int | None]
    reasons: Mapped[list[Any]]
    struck: Mapped[list[Any]]
    coarsened: Mapped[list[Any] | None] = mapped_column(JSON_)
    conditions: Mapped[list[Any]]
    planned_at: Mapped[Instant]
    concluded_at: Mapped[Instant | None]

    @property
    def case_id(self) -> str:
        """The case in which its people have their parts."""
        return self.scenario_id


def find(session: Session, assessment_id: str) -> Assessment:
    """Return the assessment. Raises NotFound. One SELECT by primary key."""
    found = session.get(Assessment, assessment_id)
    if found is None:
        raise NotFound("没有这次评估", f"no assessment {assessment_id}")
    return found


def before(session: Session, scenario_id: str, round_number: int) -> Assessment | None:
    """Return the concluded assessment of an earlier round, the last one, if any. One SELECT."""
    statement = (
        select(Assessment)
        .where(
            Assessment.scenario_id == scenario_id,
            Assessment.round < round_number,
            Assessment.state == State.CONCLUDED,
        )
        .order_by(Assessment.round.desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def failed_since(session: Session, fingerprint: str, since: date) -> bool:
    """Tell whether a scenario of this purpose has failed an assessment since that day.

    fingerprint: `Scenario.purpose_fingerprint`. since: a day in Shanghai, counted in.
    One SELECT.
    """
    begin = datetime.combine(since, time.min, SHANGHAI)
    statement = (
        select(Assessment.id)
        .join(Scenario, Scenario.id == Assessment.scenario_id)
        .where(
            Scenario.purpose_fingerprint == fingerprint,
            Assessment.state == State.CONCLUDED,
            Assessment.result == "fail",
            Assessment.concluded_at >= begin,
        )
        .limit(1)
    )
    return session.scalars(statement).first() is not None


def desk_of(actor: Actor) -> str | None:
    """Return the agency at whose desk the actor sits; an expert as such sits at none."""
    return actor.organisation if actor.duties - {Duty.PANEL_EXPERT} else None
