"""What the steps of an assessment change: panel, sheets, result, and the scenario behind it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from catalogue.grades import PiClass
from kernel.errors import Invalid
from kernel.work import Work
from licensing import authorisations, scenarios
from licensing.applications import items
from licensing.assessing import members, rows, score_sheets, sheet_drafts
from licensing.assessing.rows import Assessment
from licensing.assessing.score_sheets import Filled
from licensing.assessing.sheets import Conclusion, Result


def draw(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    """Reveal the seed and seat who it draws."""
    it.seed = work.crypto.open(bytes.fromhex(it.sealed_seed), it.id.encode()).decode()
    drawn = members.again(it)
    it.serving = [one.person_id for one in members.seat(work, it.id, it.pool, drawn)]
    data |= {"seed": it.seed, "members": list(drawn.members)}


def replace(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    """Give a member's seat to the next of the same lot; a sheet that was signed is void."""
    if score_sheets.by(work.session, it.id, data["expert_id"]) is not None:
        score_sheets.void(work, it.id, data["expert_id"], data["reason"])
    _unseat(it, work, data, data["expert_id"])


def _unseat(it: Assessment, work: Work, data: dict[str, Any], expert_id: str) -> None:
    leaving = members.holder(work.session, it.id, expert_id)
    removed = [*members.removed(work.session, it.id), expert_id]
    drawn = members.again(it, removed)
    leaving.left_round, leaving.reason = drawn.round, data["reason"]
    sheet_drafts.forget(work.session, it.id, leaving.person_id)
    # The seat must be free in the database before somebody else is put on it.
    work.session.flush()
    it.serving = [one.person_id for one in members.seat(work, it.id, it.pool, drawn)]
    data["members"] = list(drawn.members)


def redraw(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    """Give the seats of those without a sheet to the next of the same lot."""
    present = {row.expert_id for row in score_sheets.of(work.session, it.id)}
    absent = [
        one.expert_id
        for one in members.serving(work.session, it.id)
        if one.expert_id not in present
    ]
    for expert_id in absent:
        _unseat(it, work, data, expert_id)
        # The next replacement is numbered after this one.
        work.session.flush()
    data["replaced"] = absent


def declare(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    """Note that the acting member has no conflict of interest."""
    found = members.seat_of(work, it.id)
    found.declared_at = work.now
    data["expert_id"] = found.expert_id


def begin(it: Assessment, work: Work, _data: dict[str, Any]) -> None:
    """Fix the standard and begin, or go on with a panel that was drawn again."""
    house, scenario = work.as_system(), scenarios.find(work.session, it.scenario_id)
    if scenario.state == scenarios.State.ASSESSING:
        scenarios.take(house, scenario.id, "panel_redrawn")
        return
    asked = items.kept(items.of(work.session, it.scenario_id))
    with_pi = any(row.pi_class != PiClass.NONE for row in asked)
    named = [row.item for row in asked]
    it.standard = score_sheets.standard(work.rules, with_pi=with_pi, asked=named)
    scenarios.take(house, scenario.id, "begin_assessment", assessment_id=it.id)


def sign(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    """Sign the acting member's sheet."""
    given: Filled = data.pop("filled")
    weights, expert = it.standard["weights"], members.seat_of(work, it.id).expert_id
    asked = scenarios.find(work.session, it.scenario_id).asked.items
    sheet = score_sheets.filled(work, given, expert=expert, weights=weights, asked=asked)
    signed = score_sheets.sign(
        work,
        it.id,
        sheet,
        comments=given["comments"],
        weights=weights,
        superseding=data.get("reason"),
    )
    sheet_drafts.forget(work.session, it.id, work.actor.person)
    data |= {"expert_id": expert, "digest": signed.digest}


def conclude(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    """Keep what the sheets come to, and tell the scenario."""
    with work.session.no_autoflush:  # concluded and without a result, it must not reach the table
        keep(it, found := recompute(work.session, it.id))
    it.concluded_at, it.struck = work.now, sorted(list(item) for item in found.struck)
    it.coarsened = score_sheets.listed(found.coarsened)
    sheet_drafts.forget(work.session, it.id)
    data |= {"result": it.result, "mean": it.mean}
    name, answers = _verdict(it)
    scenarios.take(work.as_system(), it.scenario_id, name, **answers)


def keep(it: Assessment, found: Conclusion) -> None:
    """Keep what the sheets come to."""
    it.result, it.mean, it.conditions = found.result.value, found.mean, list(found.conditions)
    it.reasons = [{"code": one.code, "zh": one.zh, "en": one.en} for one in found.reasons]


def outcome(found: Conclusion) -> tuple[str, list[list[str]], list[list[str]]]:
    """Return what a conclusion means for its scenario: result, what is struck and coarsened."""
    struck = sorted(list(item) for item in found.struck)
    return found.result.value, struck, score_sheets.listed(found.coarsened)


def stored(it: Assessment) -> tuple[str, list[list[str]], list[list[str]]]:
    """Return what is stored of the same."""
    return str(it.result), it.struck, it.coarsened or []


def void_sheet(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    """Void the sheets of an expert. Raises Invalid for one who has none that count."""
    if data["expert_id"] not in {row.expert_id for row in score_sheets.of(work.session, it.id)}:
        en = "this expert has no sheet that counts"
        raise Invalid("该专家没有有效的评分表", en, pointer="/expert_id")
    score_sheets.void(work, it.id, data["expert_id"], data["reason"])
    leaving = members.holder(work.session, it.id, data["expert_id"])
    sheet_drafts.forget(work.session, it.id, leaving.person_id)


def release(it: Assessment, work: Work, data: dict[str, Any]) -> None:
    """Send the scenario back to the forming of a panel; suspend what was issued on it."""
    scenario, house = scenarios.find(work.session, it.scenario_id), work.as_system()
    data |= {"scenario_id": scenario.id, "authorisation_id": None}
    sheet_drafts.forget(work.session, it.id)
    built_on = scenarios.LIFE.steps["assessment_voided"].source
    if scenario.assessment_id != it.id or scenario.state not in built_on:
        return
    live = authorisations.live_of(work.session, scenario.id)
    if live is not None:
        data["authorisation_id"] = live.id
        if live.state != authorisations.State.SUSPENDED:
            told = {"cause": "coi_found", "reason": data["reason"]}
            authorisations.LIFE.take("suspend", live, house, **told)
    scenarios.take(house, scenario.id, "assessment_voided", reason=data["reason"])


def recompute(session: Session, assessment_id: str) -> Conclusion:
    """Return what the kept sheets come to by the kept standard; equals what is stored (I-39)."""
    found = rows.find(session, assessment_id)
    return score_sheets.conclusion(score_sheets.of(session, found.id), found.standard)


def _verdict(it: Assessment) -> tuple[str, Mapping[str, Any]]:
    match it.result:
        case Result.PASS:
            return "assessed_pass", {}
        case Result.CONDITIONAL_PASS:
            told = {"struck": it.struck, "conditions": it.conditions}
            return "assessed_conditional", {**told, "coarsened": it.coarsened or []}
        case Result.REVISE:
            return "assessed_revise", {}
    return "assessed_fail", {"reason": "；".join(one["zh"] for one in it.reasons)}
