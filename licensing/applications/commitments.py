"""A promise to hand in later what a case was accepted without (告知承诺、容缺受理).

Source: administrative rules on commitment-based admission. Only what the rules let wait
may be promised, at most twenty working days ahead; whoever breaks a promise makes none
for twelve months. The clock of a promise breaks it by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, watch
from kernel.actor import Duty, Role, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import Invalid, NotFound, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing.applications import opinions

DIGEST_CHARACTERS: Final = 64


class State(StrEnum):
    """What has become of a promise."""

    PROMISED = "promised"
    PROVIDED = "provided"  # handed in, not yet looked at
    MET = "met"
    BROKEN = "broken"
    RELEASED = "released"  # the case ended before it fell due


_OPEN = text("state IN ('promised', 'provided')")
OUTSTANDING: Final = (State.PROMISED, State.PROVIDED)


class Commitment(Living, Base):
    """One material that is promised until a day.

    material: a key of the rules' [materials]. evidence_digest: hash of what was handed in.
    """

    __tablename__ = "commitments"
    __table_args__ = (
        Index(
            "uq_commitments_one_open",
            "scenario_id",
            "material",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(None, "scenario_id", "id"),
        Index(None, "applicant_id", "state", "id"),
        Index(None, "implementing_agency_id", "id"),
        CheckConstraint("promised_on < due_on", name="due_after_the_promise"),
        CheckConstraint("state <> 'met' OR evidence_digest IS NOT NULL", name="met_with_evidence"),
    )

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"))
    applicant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    material: Mapped[str]
    promised_on: Mapped[date]
    due_on: Mapped[date]
    evidence_digest: Mapped[str | None]
    ended_at: Mapped[Instant | None]

    @property
    def case_id(self) -> str:
        """The case whose parts its people have."""
        return self.scenario_id


def _keep_evidence(commitment: Commitment, _work: Work, data: dict[str, Any]) -> None:
    digest = str(data["digest"]).strip().lower()
    if len(digest) != DIGEST_CHARACTERS or not set(digest) <= set("0123456789abcdef"):
        raise Invalid("摘要须为 64 位十六进制", "a digest has 64 hex digits", pointer="/digest")
    commitment.evidence_digest = data["digest"] = digest
    _tell(commitment, _work, data)


def _tell(commitment: Commitment, _work: Work, data: dict[str, Any]) -> None:
    data["scenario_id"] = commitment.scenario_id
    data["material"] = commitment.material


def _end(commitment: Commitment, work: Work, data: dict[str, Any]) -> None:
    commitment.ended_at = work.now
    _tell(commitment, work, data)


applicant = its("applicant", "applicant_id", Duty.SUBMITTER, Duty.EDITOR)
officer = its("implementing agency", "implementing_agency_id", Duty.CASE_OFFICER)

# fmt: off
LIFE: Workflow[State, Commitment] = Workflow(
    "commitment", State, State.PROMISED,
    step("provide", {State.PROMISED}, State.PROVIDED, applicant,
         asks=(ask("digest", label=Words("材料摘要", "Digest of the material"), max=64),),
         then=(_keep_evidence,), hand="applicant", pauses=True,
         says="commitment.provided", label=Words("补交材料", "Hand it in")),
    step("confirm", {State.PROVIDED}, State.MET, officer,
         then=(_end,), hand="officer",
         says="commitment.met", label=Words("确认履行", "Confirm it is met")),
    step("return", {State.PROVIDED}, State.PROMISED, officer,
         asks=(REASON,), then=(_tell,), hand="officer",
         within="clocks.commitment", overdue="break", resumes=True,
         says="commitment.returned", label=Words("退回材料", "Return it")),
    step("break", {State.PROMISED}, State.BROKEN, system_only,
         then=(_end,),
         says="commitment.broken", label=Words("承诺逾期", "Break")),
    step("release", {State.PROMISED, State.PROVIDED}, State.RELEASED, system_only,
         then=(_end,),
         says="commitment.released", label=Words("解除承诺", "Release")),
)
# fmt: on


def make(
    work: Work,
    scenario_id: str,
    *,
    applicant_id: str,
    implementing_agency_id: str,
    promises: Mapping[str, date],
) -> list[Commitment]:
    """Write down what is promised with a case, material → day, each with its own clock.

    What is promised already stays as it was. The caller has checked that the rules let
    each wait, and until when.
    """
    kept = {one.material for one in outstanding(work.session, scenario_id)}
    made = []
    for material in sorted(promises.keys() - kept):
        one = Commitment(
            id=ids.new("cmt_", work.now),
            state=State.PROMISED,
            scenario_id=scenario_id,
            applicant_id=applicant_id,
            implementing_agency_id=implementing_agency_id,
            material=material,
            promised_on=local_date(work.now),
            due_on=promises[material],
        )
        work.session.add(one)
        _wind(work, one)
        work.record(
            "commitment.made",
            one.id,
            scenario_id=scenario_id,
            material=material,
            due_on=one.due_on,
        )
        made.append(one)
    return made


def outstanding(session: Session, scenario_id: str) -> list[Commitment]:
    """Return what of a case is promised and not yet confirmed, oldest first. One SELECT."""
    return [one for one in of(session, scenario_id) if one.state in OUTSTANDING]


def of(session: Session, scenario_id: str) -> list[Commitment]:
    """Return every promise of a case, oldest first, at most 100. One SELECT."""
    statement = (
        select(Commitment)
        .where(Commitment.scenario_id == scenario_id)
        .order_by(Commitment.id)
        .limit(100)
    )
    return list(session.scalars(statement))


def broken_since(session: Session, applicant_id: str, since: Instant) -> Commitment | None:
    """Return the last promise that the applicant has broken since then. One SELECT."""
    statement = (
        select(Commitment)
        .where(
            Commitment.applicant_id == applicant_id,
            Commitment.state == State.BROKEN,
            Commitment.ended_at >= since,
        )
        .order_by(Commitment.ended_at.desc(), Commitment.id.desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def release_for(work: Work, scenario_id: str) -> None:
    """Release, as the house, what is promised in a case that has ended."""
    for one in outstanding(work.session, scenario_id):
        LIFE.take("release", one, work.as_system())


def find(session: Session, commitment_id: str) -> Commitment:
    """Return the promise. Raises NotFound. One SELECT by primary key."""
    found = session.get(Commitment, commitment_id)
    if found is None:
        raise _missing(commitment_id)
    return found


def seen(work: Work, commitment_id: str) -> Commitment:
    """Return the promise to its applicant, its agency and overseers.

    Raises the NotFound of a promise that does not exist for anybody else.
    """
    found = find(work.session, commitment_id)
    parties = {found.applicant_id, found.implementing_agency_id}
    if work.actor.organisation in parties or opinions.oversees(work.actor):
        return found
    raise _missing(commitment_id)


def listed(
    work: Work,
    *,
    scenario_id: str | None = None,
    state: State | None = None,
    after: str | None = None,
    limit: int,
) -> Page[Commitment]:
    """Return one page of the promises that the actor may see, newest first. One SELECT."""
    ours = work.actor.organisation
    statement = select(Commitment)
    if not opinions.oversees(work.actor):
        statement = statement.where(
            (Commitment.applicant_id == ours) | (Commitment.implementing_agency_id == ours)
        )
    if scenario_id is not None:
        statement = statement.where(Commitment.scenario_id == scenario_id)
    if state is not None:
        statement = statement.where(Commitment.state == state)
    return keyset(work.session, statement, by=((Commitment.id, "desc"),), after=after, limit=limit)


def take(work: Work, commitment_id: str, name: str, **data: Any) -> Commitment:
    """Take one step of the promise's life, for those who may see it."""
    found = seen(work, commitment_id)
    LIFE.take(name, found, work, **data)
    return found


def recheck(work: Work, *, since: date, until: date, seed: str) -> list[str]:
    """Draw the cases with promises of these days that are looked at again; returns their ids.

    At least the share of the rules (抽查比例), and one; which ones follows from the seed
    alone, so that anybody can draw them again. The draw is recorded. One SELECT.
    """
    agency = Role.IMPLEMENTING_AGENCY in work.actor.roles
    if not agency or Duty.CASE_OFFICER not in work.actor.duties:
        zh, en = "抽查由实施机构经办人抽取", "rechecks are drawn by the agency's case officer"
        raise StepNotAllowed(zh, en)
    statement = (
        select(Commitment.scenario_id)
        .where(
            Commitment.implementing_agency_id == work.actor.organisation,
            Commitment.promised_on >= since,
            Commitment.promised_on <= until,
        )
        .distinct()
        .order_by(Commitment.scenario_id)
        .limit(10_000)
    )
    cases = list(work.session.scalars(statement))
    drawn = chosen(work, cases, seed)
    work.record(
        "commitment.recheck_drawn",
        work.actor.organisation,
        seed=seed,
        since=since,
        until=until,
        cases=len(cases),
        drawn=drawn,
    )
    return drawn


def chosen(work: Work, cases: Sequence[str], seed: str) -> list[str]:
    """Return the share of the cases that the seed picks, in the order in which it does."""
    share = work.rules.number("scenario.recheck_bp")
    count = -(-len(cases) * share // 10_000)
    order = sorted(cases, key=lambda each: work.crypto.digest(f"{seed}/{each}".encode()))
    return order[:count]


def _wind(work: Work, commitment: Commitment) -> None:
    owner = commitment.applicant_id
    clock = watch.start(work, commitment.id, LIFE.name, "clocks.commitment", "break", owner=owner)
    days = work.calendar.between(commitment.promised_on, commitment.due_on, provisional=True)
    clock.limit_days, clock.due_on = days, commitment.due_on


def _missing(commitment_id: str) -> NotFound:
    return NotFound("没有这项承诺", f"no commitment {commitment_id}")
