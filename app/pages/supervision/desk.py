"""The supervisor's desk: every clock with its light, every unit with its mark, violations."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown, spreadsheets, vocabulary
from app.pages.supervision.words import FAULTS, MARKS, PATHS, STAGES, WHICH
from app.pages.wording.roles import ROLES
from kernel.actor import Role
from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.pages import Page
from kernel.watch import Clock
from kernel.words import Words
from kernel.work import Work
from licensing.supervision import stages, totals, violations
from licensing.supervision.stages import Stage, Unit, Which
from licensing.supervision.violations import Fault, State, Violation

blueprint = Blueprint("supervision", __name__)

EXPORTED_MAX: Final = 5_000
"""Rows of one exported file; a narrower choice gives the others."""


@blueprint.get("/supervision")
@doors.members("read")
def clocks() -> Any:
    """Show the clocks that are asked for, the next due first, or save them as a file."""
    work, which = unit.current(), _which()
    owner = shown.asked("owner", max=60)
    if (kind := _file()) is not None:
        rows = _all(work, which, owner)
        names = _owners(work, [row.clock.owner for row in rows])
        return spreadsheets.answer(
            kind, f"clocks-{which}-{local_date(work.now)}", _header(), _lines(rows, names)
        )
    page = stages.listed(work, which=which, owner=owner, after=shown.after(), limit=shown.PAGE)
    names = _owners(work, [row.clock.owner for row in page.items])
    return render_template(
        "supervision/clocks.html",
        rows=[_row(row, names) for row in page.items],
        which=which,
        choices=[(one.value, languages.said(words)) for one, words in WHICH.items()],
        owner=owner,
        next=page.next,
        lights=[(light.value, vocabulary.LIGHTS[light], languages.said(light.label))
                for light in Light],
    )  # fmt: skip


@blueprint.get("/supervision/units")
@doors.members("read")
def units() -> Any:
    """Show what each unit did in time in a quarter, worst first, or save it as a file."""
    work = unit.current()
    asked = shown.asked("quarter", max=6)
    first, last = stages.quarter(stages.parse_quarter(asked) if asked else local_date(work.now))
    found = stages.units(work, first)
    names = _owners(work, [one.owner for one in found])
    quarter = f"{first.year}Q{(first.month + 2) // 3}"
    if (kind := _file()) is not None:
        header = [languages.said(words) for words in _UNIT_HEADER]
        return spreadsheets.answer(
            kind, f"units-{quarter}", header, [_unit_line(one, names) for one in found]
        )
    return render_template(
        "supervision/units.html",
        units=[_unit(one, names) for one in found],
        quarter=quarter,
        first=first,
        last=last,
    )


@blueprint.get("/supervision/violations")
@doors.members("read")
def faults() -> Any:
    """Show violations, newest first."""
    work = unit.current()
    state = shown.asked("state", max=20)
    page = violations.listed(
        work,
        state=State(state) if state in set(State) else None,
        after=shown.after(),
        limit=shown.PAGE,
    )
    names = _owners(work, [one.owner for one in page.items])
    return render_template(
        "supervision/violations.html",
        violations=[_violation(work, one, names) for one in page.items],
        next=page.next,
    )


@blueprint.post("/cases/<scenario_id>/extension")
@doors.members("write")
def extend(scenario_id: str) -> Any:
    """Extend the total time of a case, once."""
    totals.extend(unit.current(), scenario_id, reason=forms.text("reason", max=500))
    return redirect(f"/cases/{scenario_id}", 303)


def _which() -> Which:
    asked = shown.asked("which", max=20)
    return Which(asked) if asked in set(Which) else Which.RUNNING


def _file() -> str | None:
    asked = request.args.get("file")
    return asked if asked in {"csv", "xlsx"} else None


def _all(work: Work, which: Which, owner: str | None) -> list[Stage]:
    found: list[Stage] = []
    after: str | None = None
    while len(found) < EXPORTED_MAX:
        page: Page[Stage] = stages.listed(
            work, which=which, owner=owner, after=after, limit=min(500, EXPORTED_MAX - len(found))
        )
        found, after = [*found, *page.items], page.next
        if after is None:
            break
    return found


def _owners(work: Work, owners: Sequence[str | None]) -> dict[str, str]:
    plain = {one for one in owners if one and not one.startswith("role:")}
    roles = {one: _role(one) for one in owners if one and one.startswith("role:")}
    return {**shown.names(work, plain), **roles}


def _role(owner: str) -> str:
    return languages.said(ROLES[Role(owner.removeprefix("role:"))])


def _stage(clock: Clock) -> str:
    words = STAGES.get(clock.key)
    name = clock.key.removeprefix("clocks.").replace("_", " ")
    return languages.said(words or Words(name, name))


def _row(row: Stage, names: dict[str, str]) -> dict[str, Any]:
    clock = row.clock
    subject = clock.subject.removesuffix("/total")
    path = PATHS.get(subject[:4])
    return {
        "subject": subject,
        "href": f"{path}{subject}" if path else None,
        "stage": _stage(clock),
        "owner": names.get(clock.owner or "", clock.owner or "—"),
        "owner_id": clock.owner,
        "started_on": clock.started_on,
        "due_on": clock.due_on,
        "provisional": clock.provisional,
        "completed_on": clock.completed_on,
        "extension": clock.extension_days,
        "clock": shown.light(row.light, row.days_left),
    }


_HEADER: Final = (
    Words("事项", "Subject"), Words("环节", "Stage"), Words("责任单位", "Unit"),
    Words("起算日", "Started"), Words("时限（日）", "Limit (days)"),
    Words("延长（日）", "Extension (days)"), Words("到期日", "Due"), Words("暂定", "Provisional"),
    Words("办结日", "Done"), Words("灯", "Light"), Words("剩余日", "Days left"),
)  # fmt: skip
_UNIT_HEADER: Final = (
    Words("单位", "Unit"), Words("起算", "Started"), Words("按时", "On time"),
    Words("超期办结", "Late"), Words("在办", "Running"), Words("超期未结", "Overdue"),
    Words("按时率（%）", "On time (%)"), Words("考评", "Mark"),
)  # fmt: skip


def _header() -> list[str]:
    return [languages.said(words) for words in _HEADER]


def _lines(rows: Sequence[Stage], names: dict[str, str]) -> list[list[spreadsheets.Cell]]:
    yes = languages.said(Words("是", "yes"))
    return [
        [
            row.clock.subject, _stage(row.clock), names.get(row.clock.owner or "", row.clock.owner),
            row.clock.started_on, row.clock.limit_days, row.clock.extension_days,
            row.clock.due_on, yes if row.clock.provisional else "", row.clock.completed_on,
            languages.said(row.light.label), row.days_left,
        ]
        for row in rows
    ]  # fmt: skip


def _percent(bp: int | None) -> str:
    return "—" if bp is None else f"{bp // 100}.{bp % 100:02}"


def _unit(found: Unit, names: dict[str, str]) -> dict[str, Any]:
    words, tone = MARKS[found.mark] if found.mark else (Words("—", "—"), "past")
    return {
        "owner": names.get(found.owner, found.owner),
        "owner_id": found.owner,
        "started": found.started,
        "on_time": found.on_time,
        "late": found.late,
        "running": found.running,
        "overdue": found.overdue,
        "percent": _percent(found.on_time_bp),
        "sign": "" if found.on_time_bp is None else "%",
        "mark": languages.said(words),
        "tone": tone,
    }


def _unit_line(found: Unit, names: dict[str, str]) -> list[spreadsheets.Cell]:
    row = _unit(found, names)
    keys = ("owner", "started", "on_time", "late", "running", "overdue", "percent", "mark")
    return [row[key] for key in keys]


def _violation(work: Work, found: Violation, names: dict[str, str]) -> dict[str, Any]:
    path = PATHS.get(found.subject[:4])
    return {
        "id": found.id,
        "fault": languages.said(FAULTS[Fault(found.fault)]),
        "owner": names.get(found.owner, found.owner),
        "subject": found.subject,
        "href": f"{path}{found.subject}" if path else None,
        "raised_at": found.raised_at,
        "explanation": found.explanation,
        "ruling": found.ruling,
        "state": found.state,
        "record": shown.record(found, work, violations.LIFE),
    }
