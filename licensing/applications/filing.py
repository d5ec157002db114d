"""Handing an application in: what is checked, promised, told once, and given up."""

from datetime import date
from typing import Any, Final

from kernel import deadlines, watch
from kernel.errors import Refusal
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import ask
from licensing.applications import checks, commitments, drafts, sections
from licensing.applications.cases import Scenario

MISSING: Final = ask(
    "missing", "list", Words("缺少的全部材料", "Everything that is missing"), max=50
)


def self_checked(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that no rule of the self-check fails; every one that does is told."""
    failed = checks.failing(work, scenario)
    if not failed:
        return None
    zh = "；".join(f"[{each.code}] {each.says.zh}" for each in failed)
    en = "; ".join(f"[{each.code}] {each.says.en}" for each in failed)
    return Refusal("SELF_CHECK_FAILED", f"规则自检未通过：{zh}", f"the self-check fails: {en}")


def materials_complete(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that everything is there that may not be promised for later (I-44)."""
    absent = [
        material
        for material, there in drafts.materials(drafts.read(work, scenario)).items()
        if not there and not work.rules.table(f"materials.{material}")["deferrable"]
    ]
    if not absent:
        return None
    zh = "、".join(each.label.zh for each in absent)
    en = ", ".join(each.label.en for each in absent)
    return Refusal("MATERIAL_MISSING", f"缺少不可容缺的材料：{zh}", f"cannot be deferred: {en}")


def not_yet_extended(scenario: Scenario, work: Work) -> Refusal | None:
    """Ask that more time to supplement has not been asked for in this round."""
    clock = watch.running(work.session, scenario.id)
    if clock is None or clock.limit_days <= work.rules.number("clocks.supplement.limit_wd"):
        return None
    return Refusal("EXTENDED_ONCE", "补正期限只能延长一次", "more time is given once")


def submitted(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Note the day and what was said, and make promises into commitments with clocks."""
    scenario.submitted_at = work.now
    sections.mark(work.session, scenario.id, scenario.round)
    data["scope_hash"] = scenario.scope_hash
    promises: dict[str, date] = {
        material: due
        for material, due in drafts.promised(drafts.read(work, scenario)).items()
        if due is not None
    }
    commitments.make(
        work,
        scenario.id,
        applicant_id=scenario.applicant_id,
        implementing_agency_id=scenario.implementing_agency_id,
        promises=promises,
    )
    if promises:
        data["promised"] = sorted(promises)


def next_round(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Begin another round with what has been revised."""
    scenario.round += 1
    scenario.supplemented, scenario.risk, scenario.assessment_id = False, None, None
    scenario.notice = None
    data["round"] = scenario.round
    submitted(scenario, work, data)


def note_supplement(scenario: Scenario, _work: Work, data: dict[str, Any]) -> None:
    """Keep the one notice: everything that is missing, told at once (一次性告知)."""
    scenario.supplemented = True
    missing = [str(each).strip() for each in data["missing"] if str(each).strip()]
    scenario.notice = {"missing": missing, "reason": data["reason"]}


def extend(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    """Give the applicant the rules' further days, counted on from the first ones."""
    clock = watch.running(work.session, scenario.id)
    if clock is None:
        return
    clock.limit_days += work.rules.number("scenario.supplement_more_wd")
    reckoned = deadlines.due(watch.deadline(clock), work.calendar)
    if reckoned is not None:
        clock.due_on, clock.provisional = reckoned.date, reckoned.provisional
    data["due_on"] = clock.due_on


def release(scenario: Scenario, work: Work, _data: dict[str, Any]) -> None:
    """Ask nothing further of who promised something in a case that has ended."""
    commitments.release_for(work, scenario.id)
