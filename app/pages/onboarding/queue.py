"""The page of those who admit: what waits for the first review, for the final one, for a cent."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from app.pages.wording.roles import GRANTED, ROLES
from kernel import watch
from kernel.actor import Role
from kernel.clock import local_date
from kernel.errors import Invalid, StepNotAllowed
from kernel.parties import bank_checks, organisations, reach, roles
from kernel.parties.organisations import Organisation, State
from kernel.words import Words
from kernel.work import Work

blueprint = Blueprint("admission_desk", __name__)

STAGES = (
    (State.UNDER_REVIEW, Words("待初审", "For the first review")),
    (State.FINAL_REVIEW, Words("待复审", "For the final review")),
    (State.SUPPLEMENTING, Words("补正中", "Being supplemented")),
    (State.EXITING, Words("申请退出", "Asking to leave")),
)


def role_name(role: str) -> str:
    """Return a role in the reader's language."""
    return languages.said(ROLES[Role(role)])


@blueprint.get("/admissions")
@doors.members("read")
def queue() -> Any:
    """Show what waits, each with its light; to anybody else their own organisation's page."""
    work = unit.current()
    teller = reach.teller.matches(work.actor, None)
    decides = reach.officiates(work.actor)
    if not (teller or decides):
        return redirect(f"/organisations/{work.actor.organisation}", 303)
    return render_template(
        "onboarding/queue.html",
        stages=[_stage(work, *stage) for stage in STAGES] if decides else [],
        asked=_asked(work) if decides else [],
        transfers=_transfers(work) if teller else None,
        registers=reach.registrar.matches(work.actor, None),
        roles=[(role.value, role_name(role)) for role in GRANTED],
    )


@blueprint.post("/admissions")
@doors.members("write")
def enter() -> Any:
    """Enter an organisation as a draft."""
    work = unit.current()
    if not reach.registrar.matches(work.actor, None):
        raise StepNotAllowed("只有交易所合规岗可以登记机构", "this is for the exchange's registrar")
    wanted = forms.many("roles")
    if not wanted or not set(wanted) <= set(GRANTED):
        raise Invalid("请选择角色", "choose a role", pointer="/roles")
    made = organisations.enter(
        work,
        uscc=forms.text("uscc", max=40),
        name_zh=forms.text("name_zh", max=120),
        name_en=forms.text("name_en", max=120),
        region=forms.text("region", max=6),
        roles=[Role(role) for role in wanted],
    )
    return redirect(f"/organisations/{made.id}", 303)


def _stage(work: Work, state: State, words: Words) -> dict[str, Any]:
    page = organisations.waiting(work, state=state, after=None, limit=shown.PAGE)
    return {"title": languages.said(words), "rows": _rows(work, page.items)}


def _rows(work: Work, found: Iterable[Organisation]) -> list[dict[str, Any]]:
    listed = list(found)
    clocks = watch.all_running(work.session, [one.id for one in listed])
    today = local_date(work.now)
    return [
        {
            "id": one.id,
            "name": languages.said(Words(one.name_zh, one.name_en)),
            "uscc": one.uscc,
            "roles": [role_name(role) for role in sorted(one.wanted)],
            "light": _light(work, clocks.get(one.id), today),
        }
        for one in listed
    ]


def _light(work: Work, clock: watch.Clock | None, today: Any) -> dict[str, Any] | None:
    if clock is None:
        return None
    shade = watch.light(clock, work.calendar, today)
    return shown.light(shade, watch.remaining(clock, work.calendar, today))


def _asked(work: Work) -> list[dict[str, Any]]:
    page = roles.requested(work, after=None, limit=shown.PAGE)
    names = shown.names(work, [one.organisation_id for one in page.items])
    return [
        {"id": one.organisation_id, "name": names[one.organisation_id], "role": role_name(one.role)}
        for one in page.items
    ]


def _transfers(work: Work) -> list[dict[str, Any]]:
    page = bank_checks.waiting(work, after=None, limit=shown.PAGE)
    return [
        {"id": one.organisation_id, "name": one.account_name, "number": one.number_masked}
        for one in page.items
    ]
