"""What stands in a case beside the application: rules, opinions, likeness, ties, advice."""

from collections import Counter
from typing import Any

from app import languages
from app.pages import shown
from app.pages.onboarding.parties import WORDS
from kernel import watch
from kernel.actor import Role
from kernel.clock import local_date
from kernel.parties import relations
from kernel.words import Words
from kernel.work import Work
from licensing import assessments, consents, scenarios
from licensing.applications import checks, commitments, items, likeness, opinions
from licensing.applications.blocks import Material
from licensing.applications.cases import Scenario
from licensing.applications.drafts import Outcome
from licensing.applications.items import ScenarioItem
from licensing.assessments import Assessment
from licensing.consents import Opinion
from licensing.pleading import recommendations
from licensing.supervision import stages, totals

SHAPES = {
    Outcome.FAIL: ("circle-x", "red", Words("不符合", "fails")),
    Outcome.WARN: ("circle-alert", "yellow", Words("请注意", "look at it")),
    Outcome.PASS: ("circle-check", "green", Words("符合", "holds")),
}
"""How the outcome of a rule is drawn: icon, colour, word."""


def ruled(work: Work, found: Scenario) -> dict[str, Any]:
    """Return what every rule says of the case, gravest first, and how many say what."""
    said = checks.run(work, found)
    counted = Counter(each.outcome for each in said)
    rows = [
        {
            "code": each.code,
            "title": languages.said(each.title),
            "outcome": each.outcome.value,
            "icon": SHAPES[each.outcome][0],
            "light": SHAPES[each.outcome][1],
            "word": languages.said(SHAPES[each.outcome][2]),
            "says": languages.said(each.says),
            "passes": languages.said(each.passes),
        }
        for outcome in SHAPES
        for each in said
        if each.outcome == outcome
    ]
    counts = [(icon, light, languages.said(word), counted[outcome])
              for outcome, (icon, light, word) in SHAPES.items()]  # fmt: skip
    return {"rows": rows, "counts": counts}


def by_item(
    work: Work, given: list[Opinion], seen: list[Assessment]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return item → what its department says to it, and what readable sheets say.

    strikes: how many strike it. coarser: treatment → how many find it enough.

    Sheets are those that the reader may see: before the tally nobody's but their own.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for rows in opinions.said(work.session, [one.id for one in given]).values():
        for row in rows:
            found[row.directory_code, row.item_code] = {
                "verdict": row.verdict, "cause": row.cause, "text": row.text,
                "advised": row.transform, "strikes": 0, "coarser": Counter(),
            }  # fmt: skip
    sheets = assessments.sheets(work, seen[0].id) if seen else []
    for sheet in sheets:
        for directory, item in sheet.struck:
            _of(found, directory, item)["strikes"] += 1
        for directory, item, how in sheet.coarsened or ():
            _of(found, directory, item)["coarser"][how] += 1
    return found


def _of(found: dict[tuple[str, str], dict[str, Any]], directory: str, item: str) -> dict[str, Any]:
    return found.setdefault((directory, item), {"strikes": 0, "coarser": Counter()})


def total(work: Work, found: Scenario) -> dict[str, Any] | None:
    """Return the light of the statutory total, and whether the reader may extend it."""
    clock = totals.of(work.session, found.id)
    if clock is None:
        return None
    stage = stages.seen_today(work, clock)
    return {
        **(shown.light(stage.light, stage.days_left) or {}),
        "due_on": clock.due_on,
        "paused": watch.paused(clock),
        "limit": clock.limit_days,
        "extension": clock.extension_days,
        "extendable": scenarios.approver.matches(work.actor, found)
        and clock.completed_on is None
        and not clock.extension_days,
    }


def alike(work: Work, found: Scenario) -> list[dict[str, Any]]:
    """Return the scenarios that are like this one, with what is the same."""
    near = likeness.of(work, found, limit=shown.SHORT)
    firms = shown.names(work, [one.applicant_id for one in near])
    return [
        {
            "id": one.scenario_id,
            "title": one.title,
            "code": one.code,
            "applicant": firms.get(one.applicant_id, ""),
            "ours": one.applicant_id == found.applicant_id,
            "state": one.state,
            "items": one.items_bp // 100,
            "purpose": one.purpose_bp // 100,
            "why": [languages.said(why.label) for why in one.why],
        }
        for one in near
    ]


def ties(work: Work, found: Scenario, departments: list[str]) -> list[dict[str, Any]] | None:
    """Return the ways from the applicant to its related parties; None to whom it is not told.

    Those who decide the case, and who may read the applicant's file. close: one of them is
    a party to this very case.
    """
    handles = found.implementing_agency_id == work.actor.organisation
    if not (handles or consents.oversees(work.actor)):
        return None
    near = {found.operator_id, found.implementing_agency_id, *departments}
    ways = relations.explained(work.session, found.applicant_id, on=local_date(work.now))
    firms = shown.names(work, [way.organisation_id for way in ways])
    return [
        {
            "name": firms.get(way.organisation_id, way.organisation_id),
            "close": way.organisation_id in near,
            "way": [(languages.said(WORDS[tie.kind]), tie.other_name) for tie in way.ties],
        }
        for way in ways[: shown.PAGE]
    ]


def advice(work: Work, found: Scenario, seen: list[Assessment]) -> Any:
    """Return what the assessment of this round recommends; None before it is concluded."""
    told = [one for one in seen if one.id == found.assessment_id and one.standard]
    agency = Role.IMPLEMENTING_AGENCY in work.actor.roles
    if not told or not (agency or consents.oversees(work.actor)):
        return None
    return recommendations.of(work, told[0].id)


def promises(work: Work, found: Scenario) -> list[dict[str, Any]]:
    """Return what the applicant has promised to hand in later."""
    return [
        {
            "material": languages.said(Material(one.material).label),
            "due_on": one.due_on,
            "record": shown.record(one, work, commitments.LIFE),
        }
        for one in commitments.of(work.session, found.id)
    ]


def item(row: ScenarioItem, said: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    """Return what opinions and sheets add to one row of the items."""
    told = said.get((row.directory_code, row.item_code), {})
    return {
        "verdict": told.get("verdict"),
        "remark": told.get("text"),
        "advised": told.get("advised"),
        "strikes": told.get("strikes", 0),
        "coarser": sorted(told.get("coarser", {}).items()),
    }


def kept(rows: list[ScenarioItem]) -> list[str]:
    """Return the departments whose items are still asked for."""
    return sorted(items.by_department(items.kept(rows)))
