"""One authorisation after another: more of the same, on days that never overlap (I-28, I-34).

What follows on an authorisation either renews it after its last day, unchanged or
narrower, or gives somewhat higher quotas for the days that are left of it. Anything
else is a new scenario.
"""

import dataclasses
from datetime import date, timedelta

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.orm import aliased

from kernel.errors import Refusal, StepRefused
from kernel.journal import Event
from kernel.work import Work
from licensing import scope as scopes
from licensing import versions
from licensing.applications import cases
from licensing.applications.cases import Scenario
from licensing.misfits import Misfit, Part
from licensing.scope import Period, Scope
from licensing.standing import rows
from licensing.standing.rows import Authorisation
from licensing.versions import NewScenarioRequired

DAY = timedelta(days=1)
_WHOLE_BP = 10_000
ACTIVATED = ("authorisation.activated", "authorisation.activated_conditionally")
_SAME = ("applicant_id", "operator_id", "application_field", "use_mode", "purpose_text")


def widening(work: Work, before: Authorisation, scenario_id: str, asked: Scope) -> list[Refusal]:
    """Return everything in which a scenario goes beyond what it is to follow on.

    Its days may be other days. Quotas may rise by the share of the rules, when its days
    are among those of the earlier one. Two SELECTs by key.
    """
    held = rows.scope_of(work.session, before)
    found = [each.refusal for each in _misfits(work, before, held, asked)]
    old = cases.find(work.session, before.scenario_id)
    new = cases.find(work.session, scenario_id)
    changed = [name for name in _SAME if getattr(old, name) != getattr(new, name)]
    if changed or asked.purpose_code != before.purpose_code:
        names = ", ".join(changed or ["purpose_code"])
        found.append(Refusal("PURPOSE", f"与原场景不同：{names}", f"not as it was: {names}"))
    return found


def follows_on(scenario: Scenario, work: Work) -> Refusal | None:
    """Bar a renewal that is not more of the same; the first reason, if there is one."""
    if scenario.renews_id is None:
        return None
    before = rows.find(work.session, scenario.renews_id)
    found = widening(work, before, scenario.id, scenario.asked)
    return versions.NEW_SCENARIO if found else None


def refuse_wider(work: Work, before: Authorisation, scenario_id: str, asked: Scope) -> None:
    """Raise NewScenarioRequired unless the scenario is more of the same (see `widening`)."""
    if found := widening(work, before, scenario_id, asked):
        whole = versions.NEW_SCENARIO
        raise NewScenarioRequired(whole.zh, whole.en, (whole, *found))


def handed_over(before: Authorisation, granted: Scope, today: date) -> tuple[Scope, date]:
    """Return what the later one grants, and the day on which the earlier one ends.

    A later one whose days begin after the earlier one's last changes nothing of it. One
    that is to begin while the earlier one runs begins tomorrow at the soonest, for what
    has been used has been used under the earlier one. Raises StepRefused when nothing
    would be left of either.
    """
    first, last = granted.period
    if first <= before.valid_to:
        first = max(first, today + DAY, before.valid_from + DAY)
    if first > last:
        zh, en = "接续授权没有剩余的有效期", "no day would be left for it"
        raise StepRefused(zh, en, (Refusal("NO_DAY_LEFT", zh, en),))
    later = dataclasses.replace(granted, period=Period(first, last))
    return later, min(before.valid_to, first - DAY)


def shortened(scope: Scope, until: date) -> Scope:
    """Return the scope with an earlier last day: narrower, so it needs no assessment."""
    return dataclasses.replace(scope, period=Period(scope.period.first, until))


def is_made_ready() -> ColumnElement[bool]:
    """Return the condition that its operator has made ready the authorisation, or its forerunner.

    What follows on another one runs in the environment that is there already.
    """
    before = aliased(Event)
    own = exists().where(
        Event.subject == Authorisation.id, Event.kind == "authorisation.provisioned"
    )
    inherited = exists().where(
        before.subject == Authorisation.supersedes_id, before.kind.in_(ACTIVATED)
    )
    return or_(own, inherited)


def _misfits(work: Work, before: Authorisation, held: Scope, asked: Scope) -> list[Misfit]:
    # Days are compared by themselves; the fingerprint holds the output forms, which may
    # become fewer, so the purpose is compared by what else is in it.
    alike = dataclasses.replace(
        asked,
        period=held.period,
        purpose_code=held.purpose_code,
        purpose_fingerprint=held.purpose_fingerprint,
    )
    found = list(scopes.fits(alike, held))
    within = before.valid_from <= asked.period.first and asked.period.last <= before.valid_to
    if not within:
        return found
    most = _WHOLE_BP + work.rules.number("standing.increase_bp_max")
    return [each for each in found if not _bearable(each, held, asked, most)]


def _bearable(found: Misfit, held: Scope, asked: Scope, most_bp: int) -> bool:
    if found.part != Part.QUOTA or found.at[0] not in asked.quotas:
        return False
    meter = found.at[0]
    return asked.quotas[meter] * _WHOLE_BP <= held.quotas[meter] * most_bp
