"""An assessment (评估): a panel drawn by lot scores one scenario, blind, and concludes.

Source: one scenario, one assessment (一场景一评估). The seed is committed to before the
draw and shown with it; sheets are blind until the tally; the result is nothing but what
the sheets come to. The days it may take are counted by the scenario's own clock.
"""

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import PiClass
from kernel import ids, watch
from kernel.actor import Actor, Duty, Role, Who, its
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import scenarios
from licensing.applications import items
from licensing.assessing import members, panel, score_sheets
from licensing.assessing.score_sheets import Filled, ScoreSheet
from licensing.assessing.sheets import Conclusion, Result
from licensing.exposures import RiskGrade
from licensing.scenarios import Scenario


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

    seed_commitment: hash of the seed. sealed_seed: the seed, encrypted until the draw;
    seed: the seed, from the draw on. pool: frozen at planning (`licensing.assessing.members`).
    serving: the persons on the panel, by seat. standard: by what the sheets are judged,
    fixed when the documents open. mean: hundredths of a point.
    """

    __tablename__ = "assessments"
    __table_args__ = (
        CheckConstraint(
            "(state = 'concluded') = (result IS NOT NULL)", name="concluded_has_result"
        ),
        CheckConstraint("(result IS NULL) = (mean IS NULL)", name="result_has_mean"),
        CheckConstraint("size >= 3 AND size % 2 = 1", name="panel_is_odd"),
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
    scope_hash: Mapped[str]
    seed_commitment: Mapped[str]
    sealed_seed: Mapped[str]
    seed: Mapped[str | None]
    pool: Mapped[list[Any]]
    pool_fingerprint: Mapped[str]
    size: Mapped[int]
    serving: Mapped[list[Any]]
    standard: Mapped[dict[str, Any]]
    result: Mapped[str | None]
    mean: Mapped[int | None]
    reasons: Mapped[list[Any]]
    struck: Mapped[list[Any]]
    conditions: Mapped[list[Any]]
    planned_at: Mapped[Instant]
    concluded_at: Mapped[Instant | None]


def _all_declared(it: Assessment, work: Work) -> Refusal | None:
    silent = sum(one.declared_at is None for one in members.serving(work.session, it.id))
    if not silent:
        return None
    zh, en = f"尚有 {silent} 名专家未声明无利益冲突", f"{silent} members have not declared yet"
    return Refusal("DECLARATION_MISSING", zh, en)


def _scope_unchanged(it: Assessment, work: Work) -> Refusal | None:
    if scenarios.find(work.session, it.scenario_id).scope_hash == it.scope_hash:
        return None
    return Refusal("SCOPE_CHANGED", "申请范围已有改动", "the scope has changed since the plan")


def _not_signed(it: Assessment, work: Work) -> Refusal | None:
    expert = members.seat_of(work, it.id).expert_id
    if score_sheets.by(work.session, it.id, expert) is None:
        return None
    return Refusal(
        "SHEET_SIGNED", "评分表已提交，不可更改", "the sheet is signed and stays as it is"
    )


def _all_in(it: Assessment, work: Work) -> Refusal | None:
    missing = it.size - len(score_sheets.of(work.session, it.id))
    clock = watch.running(work.session, it.scenario_id)
    if not missing or (clock is not None and clock.due_on < local_date(work.now)):
        return None
    zh, en = f"尚有 {missing} 份评分表未提交", f"{missing} sheets are missing, and there is time"
    return Refusal("SHEETS_MISSING", zh, en)


def _quorate(it: Assessment, work: Work) -> Refusal | None:
    found = panel.quorum(
        score_sheets.present(score_sheets.of(work.session, it.id), members.candidates(it.pool)),
        size=it.size,
        must_cover=panel.FULL,
        share_bp=work.rules.number("assessment.quorum_share_bp"),
        sheets_min=work.rules.number("assessment.sheets_min"),
    )
    return items.gathered(found)


def _draw(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    seed = work.crypto.open(bytes.fromhex(it.sealed_seed), it.id.encode()).decode()
    drawn = members.drawn(it.pool, seed, size=it.size)
    it.seed = seed
    it.serving = [one.person_id for one in members.seat(work, it.id, it.pool, drawn)]
    data |= {"seed": seed, "members": list(drawn.members)}


def _replace(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    leaving = members.holder(work.session, it.id, data["expert_id"])
    removed = [*members.removed(work.session, it.id), leaving.expert_id]
    drawn = members.drawn(it.pool, str(it.seed), size=it.size, removed=removed)
    leaving.left_round, leaving.reason = drawn.round, data["reason"]
    # The seat must be free in the database before somebody else is put on it.
    work.session.flush()
    it.serving = [one.person_id for one in members.seat(work, it.id, it.pool, drawn)]
    data["members"] = list(drawn.members)


def _declare(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    member = members.seat_of(work, it.id)
    member.declared_at = work.now
    data["expert_id"] = member.expert_id


def _begin(it: Assessment, work: Work, _data: dict[str, Any]) -> None:
    asked = items.of(work.session, it.scenario_id)
    with_pi = any(row.pi_class != PiClass.NONE for row in asked)
    it.standard = score_sheets.standard(work.rules, with_pi=with_pi)
    scenarios.take(work.as_system(), it.scenario_id, "begin_assessment", assessment_id=it.id)


def _sign(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    given: Filled = data.pop("filled")
    weights, expert = it.standard["weights"], members.seat_of(work, it.id).expert_id
    asked = {row.item for row in items.of(work.session, it.scenario_id)}
    sheet = score_sheets.filled(work, given, expert=expert, weights=weights, asked=asked)
    signed = score_sheets.sign(work, it.id, sheet, comments=given["comments"], weights=weights)
    data |= {"expert_id": expert, "digest": signed.digest}


def _conclude(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    with work.session.no_autoflush:  # concluded and without a result, it must not reach the table
        found = recompute(work.session, it.id)
    it.result, it.mean, it.concluded_at = found.result.value, found.mean, work.now
    it.reasons = [{"code": one.code, "zh": one.zh, "en": one.en} for one in found.reasons]
    it.struck = sorted(list(item) for item in found.struck)
    it.conditions = list(found.conditions)
    data |= {"result": it.result, "mean": it.mean}
    name, answers = _verdict(it)
    scenarios.take(work.as_system(), it.scenario_id, name, **answers)


def _release(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    if scenarios.find(work.session, it.scenario_id).assessment_id == it.id:
        why = data["reason"]
        scenarios.take(work.as_system(), it.scenario_id, "assessment_voided", reason=why)


secretary = its("implementing agency", "agency_id", Duty.PANEL_SECRETARY)
approver = its("implementing agency", "agency_id", Duty.APPROVER)
member = Who("member of its panel", lambda actor, it: actor.person in it.serving)

# fmt: off
LIFE: Workflow[State, Assessment] = Workflow(
    "assessment", State, State.PLANNED,
    step("draw",           {State.PLANNED}, State.DRAWN, secretary, then=(_draw,),
         says="assessment.drawn", label=Words("抽取专家", "Draw the panel")),
    step("replace",        {State.DRAWN}, State.DRAWN, (secretary, member), own_door=True,
         asks=(ask("expert_id"), REASON), then=(_replace,),
         says="assessment.member_replaced", label=Words("更换专家", "Replace a member")),
    step("declare",        {State.DRAWN}, State.DRAWN, member, own_door=True, then=(_declare,),
         says="assessment.no_conflict_declared",
         label=Words("声明无利益冲突", "Declare no conflict of interest")),
    step("clear",          {State.DRAWN}, State.READY, secretary, when=(_all_declared,),
         says="assessment.cleared", label=Words("确认专家组", "Confirm the panel")),
    step("open_documents", {State.READY}, State.SCORING, secretary, when=(_scope_unchanged,),
         then=(_begin,), says="assessment.opened", label=Words("开放材料", "Open the documents")),
    step("submit_sheet",   {State.SCORING}, State.SCORING, member, own_door=True,
         when=(_not_signed,), then=(_sign,),
         says="assessment.sheet_signed", label=Words("提交评分表", "Sign the sheet")),
    step("tally",          {State.SCORING}, State.TALLIED, secretary, when=(_all_in, _quorate),
         says="assessment.tallied", label=Words("汇总评分", "Tally")),
    step("conclude",       {State.TALLIED}, State.CONCLUDED, secretary, when=(_quorate,),
         then=(_conclude,), says="assessment.concluded", label=Words("形成结论", "Conclude")),
    step("void",           OPEN, State.VOID, approver, asks=(REASON,), then=(_release,),
         says="assessment.voided", label=Words("评估作废", "Void")),
)
# fmt: on


def plan(work: Work, scenario_id: str, *, seed: str | None = None) -> Assessment:
    """Plan the assessment of a scenario: freeze the pool, commit to a seed, draw nothing yet.

    seed: a fresh secret unless given; the journal has its commitment before the draw.
    For the panel secretary of the scenario's agency. Raises StepNotAllowed, StepRefused
    when the scenario does not wait for a panel.
    """
    scenario = scenarios.seen(work, scenario_id)
    _check_plan(work, scenario)
    assessment_id, secret = ids.new("asm_", work.now), seed or ids.secret()
    pool = members.frozen(work, scenario)
    made = Assessment(
        id=assessment_id,
        state=State.PLANNED,
        scenario_id=scenario.id,
        agency_id=scenario.implementing_agency_id,
        round=scenario.round,
        scope_hash=scenario.scope_hash,
        seed_commitment=panel.commit(secret),
        sealed_seed=work.crypto.seal(secret.encode(), assessment_id.encode()).hex(),
        pool=pool,
        pool_fingerprint=panel.fingerprint(members.candidates(pool)),
        size=_size(work, scenario),
        serving=[],
        standard={},
        reasons=[],
        struck=[],
        conditions=[],
        planned_at=work.now,
    )
    work.session.add(made)
    told = {"commitment": made.seed_commitment, "pool": made.pool_fingerprint}
    work.record("assessment.planned", made.id, scenario=scenario.id, **told)
    return made


def replace(work: Work, assessment_id: str, *, expert_id: str, reason: str) -> Assessment:
    """Replace a member by the next of the same lot; the record stays.

    For the secretary, and for a member who has a conflict of interest and says so.
    """
    found = seen(work, assessment_id)
    if member.matches(work.actor, found) and members.seat_of(work, found.id).expert_id != expert_id:
        raise StepNotAllowed("专家只能声明本人回避", "a member gives up their own seat only")
    LIFE.take("replace", found, work, expert_id=expert_id, reason=reason)
    return found


def declare(work: Work, assessment_id: str, *, conflicted: bool, reason: str = "") -> Assessment:
    """Declare, as a member of the panel, to have a conflict of interest, or none.

    Who has one is replaced at once. Raises StepRefused when a conflict has no reason.
    """
    found = seen(work, assessment_id)
    if conflicted and member.matches(work.actor, found):
        own = members.seat_of(work, found.id).expert_id
        return replace(work, assessment_id, expert_id=own, reason=reason)
    LIFE.take("declare", found, work)
    return found


def submit_sheet(work: Work, assessment_id: str, **filled: Unpack[Filled]) -> Assessment:
    """Sign the acting member's score sheet. Raises Invalid with a pointer, see `score_sheets`."""
    LIFE.take("submit_sheet", found := seen(work, assessment_id), work, filled=filled)
    return found


def take(work: Work, assessment_id: str, step_name: str, **data: Any) -> Assessment:
    """Take one step in an assessment's life. Raises what `Workflow.take` raises."""
    found = seen(work, assessment_id)
    LIFE.take(step_name, found, work, **data)
    return found


def find(session: Session, assessment_id: str) -> Assessment:
    """Return the assessment. Raises NotFound. One SELECT by primary key."""
    found = session.get(Assessment, assessment_id)
    if found is None:
        raise NotFound("没有这次评估", f"no assessment {assessment_id}")
    return found


def seen(work: Work, assessment_id: str) -> Assessment:
    """Return the assessment to its agency, its panel and the authority; else the same NotFound."""
    found = find(work.session, assessment_id)
    if member.matches(work.actor, found) or found.agency_id == _desk(work.actor):
        return found
    if work.actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        return found
    raise NotFound("没有这次评估", f"no assessment {assessment_id}")


def listed(
    work: Work, *, scenario_id: str | None = None, after: str | None, limit: int
) -> Page[Assessment]:
    """Return one page of the caller's assessments, newest first. One or two SELECTs."""
    statement = select(Assessment)
    if not work.actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        mine = members.seats_of(work.actor.person)
        ours = Assessment.agency_id == _desk(work.actor)
        statement = statement.where(ours | Assessment.id.in_(mine))
    if scenario_id is not None:
        statement = statement.where(Assessment.scenario_id == scenario_id)
    return keyset(work.session, statement, by=((Assessment.id, "desc"),), after=after, limit=limit)


def sheets(work: Work, assessment_id: str) -> list[ScoreSheet]:
    """Return the sheets that the caller may see: before the tally only their own (I-41)."""
    found = seen(work, assessment_id)
    rows = score_sheets.of(work.session, found.id)
    if found.state in BLIND or found.state == State.VOID:
        return [row for row in rows if row.person_id == work.actor.person]
    return rows


def recompute(session: Session, assessment_id: str) -> Conclusion:
    """Return what the kept sheets come to by the kept standard; equals what is stored (I-39)."""
    found = find(session, assessment_id)
    return score_sheets.conclusion(score_sheets.of(session, found.id), found.standard)


def redraw(work: Work, assessment_id: str) -> members.Proof:
    """Draw the panel again from what was revealed, and tell whether it is the one that serves.

    Raises StepRefused before the draw, when the seed is still a secret.
    """
    found = seen(work, assessment_id)
    if found.seed is None:
        refusal = Refusal("SEED_SECRET", "种子在抽取前保密", "the seed is secret before the draw")
        raise StepRefused(refusal.zh, refusal.en, (refusal,))
    again = members.proof(work.session, found.id, found.pool, seed=found.seed, size=found.size)
    stored = (found.seed_commitment, found.pool_fingerprint)
    return dataclasses.replace(
        again, holds=again.holds and (again.commitment, again.pool) == stored
    )


def _verdict(it: Assessment) -> tuple[str, Mapping[str, Any]]:
    match it.result:
        case Result.PASS:
            return "assessed_pass", {}
        case Result.CONDITIONAL_PASS:
            return "assessed_conditional", {"struck": it.struck, "conditions": it.conditions}
        case Result.REVISE:
            return "assessed_revise", {}
    return "assessed_fail", {"reason": "；".join(one["zh"] for one in it.reasons)}


def _check_plan(work: Work, scenario: Scenario) -> None:
    officer = its("implementing agency", "implementing_agency_id", Duty.PANEL_SECRETARY)
    if not officer.matches(work.actor, scenario):
        raise StepNotAllowed("只有实施机构专家组秘书可以执行", "this is for its panel secretary")
    if scenario.state != scenarios.State.PANEL_FORMING:
        zh, en = f"场景当前为 {scenario.state}", f"the scenario is {scenario.state}"
        raise StepRefused(zh, en, (Refusal("ILLEGAL_TRANSITION", zh, en),))


def _size(work: Work, scenario: Scenario) -> int:
    high = (scenario.risk or {}).get("grade") == RiskGrade.HIGH
    return work.rules.number("assessment.panel_size_high" if high else "assessment.panel_size")


def _desk(actor: Actor) -> str | None:
    """Return the agency at whose desk the actor sits; an expert as such sits at none."""
    return actor.organisation if actor.duties - {Duty.PANEL_EXPERT} else None
