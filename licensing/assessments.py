"""An assessment (评估): a panel drawn by lot scores one scenario, blind, and concludes.

Source: one scenario, one assessment (一场景一评估). The seed is committed to before the
draw and shown with it; sheets are blind until the tally; the result is nothing but what
the sheets come to. Where a quorum fails the panel is drawn again; where a conflict of
interest comes to light afterwards the sheet is void, and with it the assessment when the
result does not hold without it. The days it may take are counted by the scenario's clock.
"""

from dataclasses import dataclass
from typing import Any, Unpack

from sqlalchemy import select

from kernel import ids
from kernel.actor import Duty, Role, Who, any_of, its, system_only
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import scenarios, sittings
from licensing.applications import items
from licensing.assessing import guards, lanes, members, panel, pleas, rows, score_sheets
from licensing.assessing.rows import BLIND as BLIND
from licensing.assessing.rows import OPEN as OPEN
from licensing.assessing.rows import Assessment as Assessment
from licensing.assessing.rows import State as State
from licensing.assessing.rows import failed_since as failed_since
from licensing.assessing.rows import find as find
from licensing.assessing.score_sheets import Filled, ScoreSheet
from licensing.scenarios import Scenario

# The row of an assessment is spoken of as assessments.Assessment, assessments.find, …
from licensing.sittings import recompute as recompute


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many sheets count, of how many, and what is missing; nothing of what they say."""

    sheets: int
    size: int
    missing: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What the kept sheets come to. holds: it is what is stored."""

    result: str
    mean: int
    criterion_means: dict[str, int]
    holds: bool


secretary = its("implementing agency", "agency_id", Duty.PANEL_SECRETARY)
approver = its("implementing agency", "agency_id", Duty.APPROVER)
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)
member = Who("member of its panel", lambda actor, it: actor.person in it.serving)

_WHO_SITS = frozenset({State.DRAWN, State.READY, State.SCORING})

# fmt: off
LIFE: Workflow[State, Assessment] = Workflow(
    "assessment", State, State.PLANNED,
    step("draw",           {State.PLANNED}, State.DRAWN, secretary, hand="officer",
         then=(sittings.draw,), says="assessment.drawn", label=Words("抽取专家", "Draw the panel")),
    step("replace",        _WHO_SITS, State.DRAWN, (secretary, member), own_door=True,
         asks=(ask("expert_id"), REASON), then=(sittings.replace,),
         says="assessment.member_replaced", label=Words("更换专家", "Replace a member")),
    step("declare",        {State.DRAWN}, State.DRAWN, member, own_door=True, hand="expert",
         then=(sittings.declare,), says="assessment.no_conflict_declared",
         label=Words("声明无利益冲突", "Declare no conflict of interest")),
    step("clear",          {State.DRAWN}, State.READY, secretary, hand="officer",
         when=(guards.all_declared, pleas.challenges_answered),
         says="assessment.cleared", label=Words("确认专家组", "Confirm the panel")),
    step("open_documents", {State.READY}, State.SCORING, secretary, hand="officer",
         when=(guards.scope_unchanged,), then=(sittings.begin,),
         says="assessment.opened", label=Words("开放材料", "Open the documents")),
    step("submit_sheet",   {State.SCORING}, State.SCORING, member, own_door=True, hand="expert",
         when=(guards.not_signed,), then=(sittings.sign,),
         says="assessment.sheet_signed", label=Words("提交评分表", "Sign the sheet")),
    step("supersede_sheet", {State.SCORING, State.TALLIED}, State.SCORING, member, own_door=True,
         hand="expert", when=(guards.signed,), asks=(REASON,), then=(sittings.sign,),
         says="assessment.sheet_superseded", label=Words("更正评分表", "Supersede the sheet")),
    step("tally",          {State.SCORING}, State.TALLIED, secretary, hand="officer",
         when=(guards.all_in, pleas.challenges_answered),
         says="assessment.tallied", label=Words("汇总评分", "Tally")),
    step("redraw",         {State.TALLIED}, State.DRAWN, secretary, hand="officer",
         when=(guards.not_quorate,), asks=(REASON,), then=(sittings.redraw,),
         says="assessment.redrawn", label=Words("补抽专家", "Draw again for the absent")),
    step("void_sheet",     {State.TALLIED}, State.TALLIED, (secretary, approver, regulator),
         own_door=True, asks=(ask("expert_id"), REASON), then=(sittings.void_sheet,),
         says="assessment.sheet_voided", label=Words("评分表作废", "Void a sheet")),
    step("conclude",       {State.TALLIED}, State.CONCLUDED, secretary, hand="officer",
         when=(guards.quorate,), then=(sittings.conclude,),
         says="assessment.concluded", label=Words("形成结论", "Conclude")),
    step("void_counted_sheet", {State.CONCLUDED}, State.CONCLUDED,
         (secretary, approver, regulator), own_door=True, asks=(ask("expert_id"), REASON),
         then=(sittings.void_sheet,), says="assessment.counted_sheet_voided",
         label=Words("结论后评分表作废", "Void a sheet that counted")),
    step("void",           OPEN, State.VOID, approver, asks=(REASON,), then=(sittings.release,),
         says="assessment.voided", label=Words("评估作废", "Void")),
    step("annul",          {State.TALLIED, State.CONCLUDED}, State.VOID, system_only,
         asks=(REASON,), then=(sittings.release,),
         says="assessment.annulled", label=Words("评估作废，重新评估", "Annul")),
)
# fmt: on


def plan(work: Work, scenario_id: str, *, seed: str | None = None) -> Assessment:
    """Plan the assessment of a scenario: freeze the pool, commit to a seed, draw nothing yet.

    seed: a fresh secret unless given; the journal has its commitment before the draw.
    Experts of the round before keep their seats where they still may sit.
    For the panel secretary of the scenario's agency. Raises StepNotAllowed, StepRefused
    when the scenario does not wait for a panel.
    """
    scenario = scenarios.seen(work, scenario_id)
    _check_plan(work, scenario)
    assessment_id, secret = ids.new("asm_", work.now), seed or ids.secret()
    pool = members.frozen(work, scenario)
    size, kept = _seats(work, scenario, pool)
    made = Assessment(
        id=assessment_id,
        state=State.PLANNED,
        scenario_id=scenario.id,
        agency_id=scenario.implementing_agency_id,
        round=scenario.round,
        lane=scenario.lane,
        scope_hash=scenario.scope_hash,
        seed_commitment=panel.commit(secret),
        sealed_seed=work.crypto.seal(secret.encode(), assessment_id.encode()).hex(),
        pool=pool,
        pool_fingerprint=panel.fingerprint(members.candidates(pool)),
        size=size,
        kept=kept,
        serving=[],
        standard={},
        reasons=[],
        struck=[],
        conditions=[],
        planned_at=work.now,
    )
    work.session.add(made)
    told = {"commitment": made.seed_commitment, "pool": made.pool_fingerprint, "kept": kept}
    work.record("assessment.planned", made.id, scenario=scenario.id, **told)
    return made


def replace(work: Work, assessment_id: str, *, expert_id: str, reason: str) -> Assessment:
    """Replace a member by the next of the same lot; the record stays.

    For the secretary, and for a member who has a conflict of interest and says so. A sheet
    that the member has signed is void; who comes new declares before the documents open.
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


def supersede_sheet(
    work: Work, assessment_id: str, *, reason: str, **filled: Unpack[Filled]
) -> Assessment:
    """Sign another sheet in place of the member's own, before the conclusion; the old one stays."""
    found = seen(work, assessment_id)
    LIFE.take("supersede_sheet", found, work, reason=reason, filled=filled)
    return found


def void_sheet(work: Work, assessment_id: str, *, expert_id: str, reason: str) -> Assessment:
    """Void the sheet of a member whose conflict of interest has come to light.

    While the panel sits the member is replaced. Afterwards the result is computed anew:
    where the quorum breaks or the result flips, the assessment is void, the scenario waits
    for another panel, and an authorisation that was issued is suspended at once.
    """
    found = seen(work, assessment_id)
    if found.state in _WHO_SITS:
        return replace(work, assessment_id, expert_id=expert_id, reason=reason)
    concluded = found.state == State.CONCLUDED
    name = "void_counted_sheet" if concluded else "void_sheet"
    LIFE.take(name, found, work, expert_id=expert_id, reason=reason)
    if guards.quorate(found, work) is not None:
        return annul(work, found, reason)
    if concluded:
        again = recompute(work.session, found.id)
        if sittings.outcome(again) != sittings.stored(found):
            return annul(work, found, reason)
        sittings.keep(found, again)
    return found


def annul(work: Work, found: Assessment, reason: str) -> Assessment:
    """Void, as the house, an assessment that does not hold; its scenario is assessed anew."""
    LIFE.take("annul", found, work.as_system(), reason=reason)
    return found


def take(work: Work, assessment_id: str, step_name: str, **data: Any) -> Assessment:
    """Take one step in an assessment's life. Raises what `Workflow.take` raises."""
    found = seen(work, assessment_id)
    LIFE.take(step_name, found, work, **data)
    return found


def seen(work: Work, assessment_id: str) -> Assessment:
    """Return the assessment to its agency, its panel and the authority; else the same NotFound."""
    found = find(work.session, assessment_id)
    if member.matches(work.actor, found) or found.agency_id == rows.desk_of(work.actor):
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
        ours = Assessment.agency_id == rows.desk_of(work.actor)
        statement = statement.where(ours | Assessment.id.in_(mine))
    if scenario_id is not None:
        statement = statement.where(Assessment.scenario_id == scenario_id)
    return keyset(work.session, statement, by=((Assessment.id, "desc"),), after=after, limit=limit)


def sheets(work: Work, assessment_id: str) -> list[ScoreSheet]:
    """Return the sheets that count and that the caller may see.

    Before a tally with a quorum, and of an assessment voided before its conclusion, only
    their own (I-41).
    """
    found = seen(work, assessment_id)
    kept = score_sheets.of(work.session, found.id)
    if _shown(found, work):
        return kept
    return [row for row in kept if row.person_id == work.actor.person]


def recomputed(work: Work, assessment_id: str) -> Recomputed:
    """Return what the sheets of a concluded assessment come to, and whether that is stored.

    Raises NotFound while there is no result, and of one that no kept sheet is behind.
    """
    found = seen(work, assessment_id)
    if found.state != State.CONCLUDED or not found.standard:
        raise NotFound("评估尚无结论", "there is no conclusion yet")
    again = recompute(work.session, found.id)
    return Recomputed(
        again.result.value,
        again.mean,
        dict(again.criterion_means),
        (again.result.value, again.mean) == (found.result, found.mean),
    )


def quorum(work: Work, assessment_id: str) -> Quorum:
    """Tell, without a score, how many sheets count and what a quorum still lacks."""
    found = seen(work, assessment_id)
    missing = guards.quorum_lacks(found, work)
    return Quorum(len(score_sheets.of(work.session, found.id)), found.size, missing)


def redraw(work: Work, assessment_id: str) -> members.Proof:
    """Draw the panel again from what was revealed, and tell whether it is the one that serves.

    Raises StepRefused before the draw, when the seed is still a secret.
    """
    found = seen(work, assessment_id)
    if found.seed is None:
        refusal = Refusal("SEED_SECRET", "种子在抽取前保密", "the seed is secret before the draw")
        raise StepRefused(refusal.zh, refusal.en, (refusal,))
    return members.proof(work.session, found)


def _shown(found: Assessment, work: Work) -> bool:
    if found.state == State.TALLIED:
        return guards.quorate(found, work) is None
    return found.result is not None


def _check_plan(work: Work, scenario: Scenario) -> None:
    officer = its("implementing agency", "implementing_agency_id", Duty.PANEL_SECRETARY)
    if not officer.matches(work.actor, scenario):
        raise StepNotAllowed("只有实施机构专家组秘书可以执行", "this is for its panel secretary")
    if scenario.state != scenarios.State.PANEL_FORMING:
        zh, en = f"场景当前为 {scenario.state}", f"the scenario is {scenario.state}"
        raise StepRefused(zh, en, (Refusal("ILLEGAL_TRANSITION", zh, en),))


def _seats(work: Work, scenario: Scenario, pool: list[dict[str, Any]]) -> tuple[int, list[str]]:
    together = lanes.collective(scenario, items.of(work.session, scenario.id))
    size = lanes.size(work.rules, scenario.lane, collective=together)
    earlier = rows.before(work.session, scenario.id, scenario.round)
    if earlier is None:
        return size, []
    before = {one.expert_id for one in members.serving(work.session, earlier.id)}
    return size, members.keeping(pool, before, size=size, lane=scenario.lane)
