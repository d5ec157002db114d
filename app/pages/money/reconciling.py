"""The desk of reconciling: what does not agree, who looks into it, which days are closed."""

from datetime import date, timedelta
from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown, spreadsheets, vocabulary
from app.pages.money import leads
from kernel.clock import local_date
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.reconciling import breaks, closings, facts, rows, runs
from settlement.reconciling.breaks import AGES, Break, State
from settlement.reconciling.facts import Leg

blueprint = Blueprint("reconciling", __name__)

EXPORTED_MAX: Final = 5_000
_HEADER: Final = (
    Words("编号", "id"),
    Words("比对", "sides"),
    Words("差异", "break"),
    Words("对象", "about"),
    Words("我方（分）", "ours, fen"),
    Words("对方（分）", "theirs, fen"),
    Words("差额（分）", "difference, fen"),
    Words("币种", "currency"),
    Words("所属日", "day"),
    Words("账龄（工作日）", "age, working days"),
    Words("状态", "state"),
    Words("负责人", "owner"),
    Words("原因", "cause"),
)


@blueprint.get("/reconciliation")
@doors.members("read")
def desk() -> Any:
    """Show what does not agree, and the days to be closed; or save the breaks as a file."""
    work = unit.current()
    access.require(work, access.overseer, "reconciliation.desk")
    state, leg = _chosen("state", State), _chosen("leg", Leg)
    owner = work.actor.person if shown.asked("mine") else None
    if (kind := shown.asked("file", max=4)) in ("csv", "xlsx"):
        found = breaks.listed(
            work, state=state, leg=leg, owner=owner, after=None, limit=EXPORTED_MAX
        )
        who = people.names(work.session, {it.owner for it in found.items if it.owner})
        lines = [_line(work, it, who) for it in found.items]
        header = [languages.said(words) for words in _HEADER]
        return spreadsheets.answer(kind, f"breaks-{local_date(work.now)}", header, lines)
    found = breaks.listed(
        work, state=state, leg=leg, owner=owner, after=shown.after(), limit=shown.PAGE
    )
    closed = rows.last(work.session)
    upcoming = (
        closed.day + timedelta(days=1) if closed else local_date(work.now) - timedelta(days=1)
    )
    return render_template(
        "settlement/reconciliation.html",
        breaks=_rows(work, found.items),
        next=found.next,
        state=state,
        leg=leg,
        mine=bool(owner),
        states=list(State),
        legs=[(each.value, languages.said(each.label)) for each in Leg],
        who=people.names(work.session, {it.owner for it in found.items if it.owner}),
        runs=runs.listed(work, after=None, limit=shown.SHORT).items,
        closed=closings.listed(work, after=None, limit=shown.SHORT).items,
        upcoming=upcoming,
        barred=closings.barred(work, upcoming),
        settles=access.settler.matches(work.actor, None),
        today=local_date(work.now),
    )


@blueprint.post("/reconciliation/runs")
@doors.members("write")
def run() -> Any:
    """Reconcile up to a day."""
    runs.run(unit.current(), forms.day("day"))
    return redirect("/reconciliation", 303)


@blueprint.post("/reconciliation/days")
@doors.members("write")
def close() -> Any:
    """Close a day for good."""
    closings.close(unit.current(), forms.day("day"))
    return redirect("/reconciliation", 303)


@blueprint.get("/reconciliation/breaks/<break_id>")
@doors.members("read")
def one(break_id: str) -> Any:
    """Show a break: both sides, its age, its owner, its steps."""
    work = unit.current()
    found = breaks.seen(work, break_id)
    return render_template(
        "settlement/break.html",
        it=_rows(work, [found])[0],
        record=shown.record(found, work, breaks.LIFE),
        who=people.names(
            work.session, {each for each in (found.owner, found.explained_by) if each}
        ),
        settles=access.settler.matches(work.actor, None),
        mine=found.owner == work.actor.person,
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/reconciliation/breaks/<break_id>/owner")
@doors.members("write")
def assign(break_id: str) -> Any:
    """Take a break on, or give it back."""
    work = unit.current()
    owner = work.actor.person if forms.choice("owner", ("me", "nobody")) == "me" else None
    breaks.assign(work, break_id, owner=owner)
    return redirect(f"/reconciliation/breaks/{break_id}", 303)


def _chosen(name: str, known: Any) -> Any:
    asked = shown.asked(name)
    return known(asked) if asked in {each.value for each in known} else None


def _rows(work: Work, found: list[Break]) -> list[dict[str, Any]]:
    known = leads.names(work, [], *(leads.named_by(it.key) for it in found))
    return [_row(work, it, known) for it in found]


def _row(work: Work, it: Break, known: dict[str, str]) -> dict[str, Any]:
    age = breaks.age(it, work.calendar, local_date(work.now))
    return {
        "it": it,
        "leg": languages.said(Leg(it.leg).label),
        "type": languages.said(facts.Type(it.type).label),
        "age": age,
        "band": sum(age > limit for limit in AGES),
        "about": leads.of_key(it.key, known),
    }


def _line(work: Work, it: Break, who: dict[str, str]) -> list[Any]:
    day: date = it.day
    return [it.id, languages.said(Leg(it.leg).label), languages.said(facts.Type(it.type).label),
            it.key, it.left_minor, it.right_minor, it.difference.minor, it.currency, day,
            breaks.age(it, work.calendar, local_date(work.now)),
            vocabulary.state(f"reconciliation_break.{it.state}"), who.get(it.owner or "", ""),
            it.cause or ""]  # fmt: skip
