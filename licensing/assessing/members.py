"""A member of a panel (专家组成员): who was drawn, who was replaced and why, and the proof.

The pool is frozen and the seed committed to before the draw, so that everybody can draw
again from what is shown afterwards and must come to the same people (I-40). Conflicts of
interest are looked for over the parties and everybody related to them; why somebody was
left out stands in the frozen pool beside the name.
"""

from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import journal
from kernel.clock import Instant, local_date
from kernel.db import Base
from kernel.errors import Invalid, StepNotAllowed
from kernel.parties import relations
from kernel.parties.organisations import Organisation
from kernel.work import Work
from licensing.applications.cases import Scenario
from licensing.assessing import experts, lanes, panel
from licensing.assessing.experts import Expert
from licensing.assessing.panel import Candidate, Draw, PanelNotPossible, Speciality
from licensing.assessing.rows import Assessment
from licensing.assessing.score_sheets import VoidedSheet

_SERVING: Final = text("left_round IS NULL")


class PanelMember(Base):
    """One seat's holder. joined_round, left_round: the draws that seated and replaced them.

    seated_at: when the panel was told. declared_at: when the member declared to have no
    conflict of interest. reason: why the member was replaced; None while serving.
    """

    __tablename__ = "panel_members"
    __table_args__ = (
        CheckConstraint("(left_round IS NULL) = (reason IS NULL)", name="replacement_has_reason"),
        Index(None, "person_id", "assessment_id"),
        Index(
            "uq_panel_members_one_serving_per_seat",
            "assessment_id",
            "position",
            unique=True,
            sqlite_where=_SERVING,
            postgresql_where=_SERVING,
        ),
    )

    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    expert_id: Mapped[str] = mapped_column(ForeignKey("experts.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    position: Mapped[int]
    joined_round: Mapped[int]
    left_round: Mapped[int | None]
    reason: Mapped[str | None]
    seated_at: Mapped[Instant]
    declared_at: Mapped[Instant | None]

    @property
    def standing(self) -> str:
        """Whether the member serves or was replaced."""
        return "serving" if self.left_round is None else "replaced"


@dataclass(frozen=True, slots=True)
class Proof:
    """What anybody needs to draw a panel again, and whether it comes out the same (I-40).

    commitment, pool: of the seed and the pool as they are shown. removed: in order.
    members: who serves, by seat.
    """

    seed: str
    commitment: str
    pool: str
    removed: tuple[str, ...]
    members: tuple[str, ...]
    holds: bool


def frozen(work: Work, scenario: Scenario) -> list[dict[str, Any]]:
    """Return the pool for a scenario as it stands now, as JSON to be kept.

    conflicted: whether any of `why` holds: "tied" within the rules' look-back to the
    applicant, the operator or anybody related to them, "employed" by one of them, "handled"
    the case (the one who plans included), "left" a panel of this case. About ten SELECTs.
    """
    session, today = work.session, local_date(work.now)
    parties: set[str] = set()
    for party in {scenario.applicant_id, scenario.operator_id}:
        parties |= relations.related(session, party, on=today)
    months = work.rules.number("conflict.look_back_months")
    tied = experts.tied(session, parties, since=_months_before(today, months))
    offices = (scenario.implementing_agency_id, scenario.operator_id)
    codes = _codes(session, {*parties, *offices})
    near = {codes[party] for party in parties}
    handled, left = _handled(work, scenario.id), _left(session, scenario.id)
    pool = []
    for one in experts.pool(session, scenario.application_field):
        why = {
            "tied": one.id in tied,
            "employed": one.employer_uscc in near,
            "handled": one.person_id in handled,
            "left": one.id in left,
        }
        pool.append(
            {
                "expert": one.id,
                "person": one.person_id,
                "specialities": sorted(one.serves(scenario.application_field)),
                "from_agency": _of_agency(one, codes[offices[0]]),
                "from_operator": one.employer_uscc == codes[offices[1]],
                "conflicted": any(why.values()),
                "why": [name for name, holds in why.items() if holds],
            }
        )
    return pool


def keeping(
    pool: Sequence[Mapping[str, Any]], before: Collection[str], *, size: int, lane: str
) -> list[str]:
    """Return who of an earlier round's experts keep their seats: those still eligible.

    Nobody, when with them no panel could be made at all.
    """
    eligible = [one["expert"] for one in pool if not (one["conflicted"] or one["from_operator"])]
    kept = [expert for expert in eligible if expert in before]
    if len(kept) > size:
        return []
    try:
        drawn(pool, "", size=size, lane=lane, kept=kept)
    except PanelNotPossible:
        return []
    return kept


def candidates(pool: Sequence[Mapping[str, Any]]) -> list[Candidate]:
    """Return a frozen pool as the draw takes it."""
    return [
        Candidate(
            expert=entry["expert"],
            specialities=frozenset(map(Speciality, entry["specialities"])),
            from_agency=entry["from_agency"],
            from_operator=entry["from_operator"],
        )
        for entry in pool
    ]


def drawn(
    pool: Sequence[Mapping[str, Any]],
    seed: str,
    *,
    size: int,
    lane: str,
    kept: Sequence[str] = (),
    removed: Sequence[str] = (),
) -> Draw:
    """Draw a panel from a frozen pool, replacing `removed` one after the other.

    kept: who keeps a seat from the round before. Pure: the same arguments, the same panel.
    Raises what `panel.draw` raises.
    """
    eligible, cover = candidates(pool), lanes.cover(lane)
    conflicted = {entry["expert"] for entry in pool if entry["conflicted"]}
    result = panel.draw(
        eligible, seed, size=size, must_cover=cover, conflicted=conflicted, already=kept
    )
    for expert in removed:
        result = panel.replace(
            result,
            expert,
            pool=eligible,
            seed=seed,
            must_cover=cover,
            conflicted=conflicted,
        )
    return result


def again(it: Assessment, removed: Sequence[str] = ()) -> Draw:
    """Draw the panel of an assessment from its revealed seed. Pure."""
    return drawn(it.pool, str(it.seed), size=it.size, lane=it.lane, kept=it.kept, removed=removed)


def seat(
    work: Work, assessment_id: str, pool: Sequence[Mapping[str, Any]], draw: Draw
) -> list[PanelMember]:
    """Seat those of a draw who have no seat yet; return everybody who serves, by seat."""
    persons = {entry["expert"]: entry["person"] for entry in pool}
    seated = {member.expert_id for member in of(work.session, assessment_id)}
    work.session.add_all(
        PanelMember(
            assessment_id=assessment_id,
            expert_id=expert,
            person_id=persons[expert],
            position=position,
            joined_round=draw.round,
            seated_at=work.now,
        )
        for position, expert in enumerate(draw.members, start=1)
        if expert not in seated
    )
    return serving(work.session, assessment_id)


def of(session: Session, assessment_id: str) -> list[PanelMember]:
    """Return everybody who was ever drawn, by seat and then in order. One SELECT by key."""
    statement = (
        select(PanelMember)
        .where(PanelMember.assessment_id == assessment_id)
        .order_by(PanelMember.position, PanelMember.joined_round)
    )
    return list(session.scalars(statement))


def serving(session: Session, assessment_id: str) -> list[PanelMember]:
    """Return the panel as it is, by seat. One SELECT by key."""
    return [member for member in of(session, assessment_id) if member.left_round is None]


def removed(session: Session, assessment_id: str) -> list[str]:
    """Return the experts who were replaced, in the order of their replacement. One SELECT."""
    statement = (
        select(PanelMember.expert_id)
        .where(PanelMember.assessment_id == assessment_id, PanelMember.left_round.is_not(None))
        .order_by(PanelMember.left_round)
    )
    return list(session.scalars(statement))


def holder(session: Session, assessment_id: str, expert_id: str) -> PanelMember:
    """Return the seat that an expert holds. Raises Invalid for one who is not on the panel."""
    for member in serving(session, assessment_id):
        if member.expert_id == expert_id:
            return member
    raise Invalid("该专家不在专家组内", "this expert is not on the panel", pointer="/expert_id")


def seat_of(work: Work, assessment_id: str) -> PanelMember:
    """Return the seat of the acting person. Raises StepNotAllowed for who has none."""
    for member in serving(work.session, assessment_id):
        if member.person_id == work.actor.person:
            return member
    raise StepNotAllowed("您不在专家组内", "you are not on the panel")


def proof(session: Session, it: Assessment) -> Proof:
    """Draw again from seed, pool and replacements, and compare with who serves.

    It must also be the seed that was committed to, and the pool that was frozen.
    """
    gone = removed(session, it.id)
    seated = tuple(one.expert_id for one in serving(session, it.id))
    try:
        repeated = again(it, gone)
    except (Invalid, PanelNotPossible):  # another lot: who was replaced is not in it
        commitment = panel.commit(str(it.seed))
        pool = panel.fingerprint(candidates(it.pool))
        return Proof(str(it.seed), commitment, pool, tuple(gone), seated, holds=False)
    stored = (it.seed_commitment, it.pool_fingerprint)
    holds = repeated.members == seated and (repeated.commitment, repeated.pool) == stored
    return Proof(str(it.seed), repeated.commitment, repeated.pool, tuple(gone), seated, holds)


def seats_of(person_id: str) -> Select[str]:
    """Return the query of the assessments on whose panels a person serves."""
    return select(PanelMember.assessment_id).where(
        PanelMember.person_id == person_id, PanelMember.left_round.is_(None)
    )


def _codes(session: Session, organisation_ids: set[str]) -> dict[str, str]:
    statement = select(Organisation.id, Organisation.uscc).where(
        Organisation.id.in_(sorted(organisation_ids))
    )
    return {row.id: row.uscc for row in session.execute(statement)}


def _handled(work: Work, scenario_id: str) -> set[str]:
    acted = {event.person for event in journal.history(work.session, scenario_id, limit=500)}
    parts = select(journal.Hand.person_id).where(
        journal.Hand.case_id == scenario_id, journal.Hand.part != "expert"
    )
    return {work.actor.person, *acted, *work.session.scalars(parts)}


def _left(session: Session, scenario_id: str) -> set[str]:
    earlier = select(Assessment.id).where(Assessment.scenario_id == scenario_id)
    gone = select(PanelMember.expert_id).where(
        PanelMember.assessment_id.in_(earlier), PanelMember.left_round.is_not(None)
    )
    void = select(VoidedSheet.expert_id).where(VoidedSheet.assessment_id.in_(earlier))
    return {*session.scalars(gone), *session.scalars(void)}


def _of_agency(expert: Expert, agency_uscc: str) -> bool:
    return not expert.outside or expert.employer_uscc == agency_uscc


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
