"""Pages of a draft: opening it, its task list, its seven sections, the document, the history."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown
from app.pages.applying import answers
from catalogue import directories, registrations
from kernel.actor import Role
from kernel.clock import local_date
from kernel.errors import NotFound
from kernel.parties import organisations, people
from kernel.words import Words
from kernel.work import Work
from licensing import scenarios
from licensing.applications import (
    blocks,
    checks,
    commitments,
    drafting,
    estimates,
    likeness,
    sections,
)
from licensing.applications.blocks import SECTIONS, Block
from licensing.applications.cases import Scenario
from licensing.applications.checks import Check
from licensing.applications.drafts import Outcome
from licensing.applications.sections import Section, SectionChanged
from licensing.exposures import Transform

blueprint = Blueprint("applying", __name__)


@blueprint.get("/scenarios/new")
@doors.members("read")
def new() -> Any:
    """Show what a draft is opened with."""
    work = unit.current()
    return render_template(
        "applying/new.html",
        applies=applies(work),
        operator=Role.AUTHORISED_OPERATOR in work.actor.roles,
        operators=_firms(work, Role.AUTHORISED_OPERATOR),
        agencies=_firms(work, Role.IMPLEMENTING_AGENCY),
    )


@blueprint.post("/scenarios")
@doors.members("write")
def open_draft() -> Any:
    """Open a draft, and go on to its task list."""
    made = drafting.open_draft(
        unit.current(),
        title=forms.text("title", max=200),
        operator_id=forms.text("operator_id", max=40),
        implementing_agency_id=forms.text("implementing_agency_id", max=40),
        scenario_kind=forms.text("scenario_kind", max=40) or "development",
    )
    return redirect(f"/scenarios/{made.id}/application", 303)


@blueprint.get("/scenarios/<scenario_id>/application")
@doors.members("read")
def tasks(scenario_id: str) -> Any:
    """Show the seven sections and how far each is, the estimate, and the self-check."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    checked = checks.run(work, found)
    return render_template(
        "applying/tasks.html",
        **_head(work, found),
        tasks=_tasks(work, found, checked),
        record=shown.record(found, work, scenarios.LIFE),
        alike=likeness.of(work, found, limit=5),
        promises=commitments.of(work.session, found.id),
        checks=[_check(each) for each in checked],
        tally=_tally(checked),
        estimate=estimates.of(work, found),
    )


@blueprint.get("/scenarios/<scenario_id>/application/<int:number>")
@doors.members("read")
def section(scenario_id: str, number: int) -> Any:
    """Show one section to be written, with what the rules say of it beside it."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    if not drafting.writes(work, found):
        return redirect(f"/scenarios/{scenario_id}/application/preview", 303)
    return _section(work, found, sections.find(work.session, found.id, number))


@blueprint.post("/scenarios/<scenario_id>/application/<int:number>")
@doors.members("write")
def save(scenario_id: str, number: int) -> Any:
    """Keep a section as it is written; a browser that saves by itself gets the side alone."""
    work = unit.current()
    values = answers.sent(_block(number))
    seen = forms.number("revision")
    try:
        saved = drafting.save(work, scenario_id, number, values, revision=seen)
    except SectionChanged as clash:
        if "HX-Request" not in request.headers:
            raise
        told = [languages.said(Words(each.zh, each.en)) for each in clash.refusals]
        return render_template("applying/clash.html", told=told)
    if "HX-Request" in request.headers:
        found = scenarios.seen(work, scenario_id)
        live = _live(work, found, saved, checks.run(work, found))
        return render_template("applying/saved.html", **live)
    onward = forms.text("onward", max=10)
    where = f"/{number + 1}" if onward == "next" and number < len(SECTIONS) else ""
    where = f"/{number}" if onward == "stay" else where
    return redirect(f"/scenarios/{scenario_id}/application{where}", 303)


@blueprint.get("/scenarios/<scenario_id>/application/items")
@doors.members("read")
def picker(scenario_id: str) -> Any:
    """Show the catalogue, to pick items from; or the items of one directory."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    code = shown.asked("directory")
    page = directories.listed(
        work.session, text=shown.asked("q"), after=shown.after(), limit=shown.PAGE
    )
    return render_template(
        "applying/items.html",
        **_head(work, found),
        directories=[_directory(work, each) for each in page.items],
        directory=_chosen(work, code) if code else None,
        q=shown.asked("q") or "",
        next=page.next,
    )


@blueprint.post("/scenarios/<scenario_id>/application/items")
@doors.members("write")
def pick(scenario_id: str) -> Any:
    """Add picked items to section three; what is there already stays as it is."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    drafting.laid_out(work, found)
    present = list(sections.find(work.session, found.id, 3).written.get("items") or [])
    have = {(row.get("directory_code"), row.get("item_code")) for row in present}
    directory = forms.text("directory_code", max=40)
    added = [
        {
            "directory_code": directory,
            "item_code": code,
            "transform": forms.text("transform", max=40),
            "necessity_reason": "",
        }
        for code in forms.many("items")
        if (directory, code) not in have
    ]
    drafting.save(work, found.id, 3, {"items": [*present, *added]})
    return redirect(f"/scenarios/{scenario_id}/application/3", 303)


@blueprint.get("/scenarios/<scenario_id>/application/preview")
@doors.members("read")
def preview(scenario_id: str) -> Any:
    """Show the application as one document, to be read and printed."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    values = sections.values(sections.of(work.session, found.id))
    written = values or drafting.spoken(work, found)
    return render_template(
        "applying/preview.html",
        **_head(work, found),
        document=[
            {
                "number": block.number,
                "label": languages.said(block.label),
                "answers": answers.read_out(work, block, written),
            }
            for block in blocks.BLOCKS
        ],
    )


@blueprint.get("/scenarios/<scenario_id>/application/history")
@doors.members("read")
def history(scenario_id: str) -> Any:
    """Show who saved what when, to bring an earlier revision back."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    revisions = sections.history(work.session, found.id)
    return render_template(
        "applying/history.html",
        **_head(work, found),
        revisions=revisions,
        who=people.names(work.session, {each.saved_by for each in revisions}),
        labels={number: languages.said(block.label) for number, block in SECTIONS.items()},
        current={each.number: each.revision for each in sections.of(work.session, found.id)},
    )


@blueprint.post("/scenarios/<scenario_id>/application/<int:number>/restore")
@doors.members("write")
def restore(scenario_id: str, number: int) -> Any:
    """Write again what a section held in an earlier revision."""
    drafting.restore(unit.current(), scenario_id, number, forms.number("revision"))
    return redirect(f"/scenarios/{scenario_id}/application/{number}", 303)


@blueprint.post("/scenarios/<scenario_id>/application/<int:number>/hold")
@doors.members("write")
def hold(scenario_id: str, number: int) -> Any:
    """Keep a section to oneself for some minutes, or let it go."""
    work = unit.current()
    if forms.text("release") == "1":
        drafting.let_go(work, scenario_id, number)
    else:
        drafting.hold(work, scenario_id, number)
    return redirect(f"/scenarios/{scenario_id}/application/{number}", 303)


def applies(work: Work) -> bool:
    """Tell whether the reader may write an application."""
    duties = {duty.value for duty in work.actor.duties}
    roles = {Role.DEVELOPER, Role.AUTHORISED_OPERATOR}
    return bool(roles & work.actor.roles and duties & {"submitter", "editor"})


def _head(work: Work, found: Scenario) -> dict[str, Any]:
    return {"scenario": found, "writable": drafting.writes(work, found)}


def _block(number: int) -> Block:
    if number not in SECTIONS:
        raise NotFound("没有这一节", f"no section {number}")
    return SECTIONS[number]


def _section(work: Work, found: Scenario, written: Section) -> str:
    checked = checks.run(work, found)
    mine = [each for each in checked if each.section == written.number]
    held = sections.holder(work, found.id, written.number)
    ours = work.session.get(sections.Hold, (found.id, written.number))
    return render_template(
        "applying/section.html",
        **_head(work, found),
        label=languages.said(written.block.label),
        fields=answers.shown(work, written.block, written.written, mine),
        holder=people.names(work.session, {held.person}).get(held.person) if held else None,
        held=held,
        ours=ours if held is None and ours is not None and ours.until > work.now else None,
        alike=likeness.of(work, found, limit=3) if written.number == 2 else [],
        **_live(work, found, written, checked),
    )


def _live(work: Work, found: Scenario, written: Section, checked: list[Check]) -> dict[str, Any]:
    mine = [each for each in checked if each.section == written.number]
    return {
        "section": written,
        "checks": [_check(each) for each in mine if each.outcome != Outcome.PASS],
        "tally": _tally(checked),
        "estimate": estimates.of(work, found),
        "saver": people.names(work.session, {written.saved_by}).get(written.saved_by, ""),
    }


def _tasks(work: Work, found: Scenario, checked: list[Check]) -> list[dict[str, Any]]:
    written = {each.number: each for each in sections.of(work.session, found.id)}
    failing = {
        number: sum(each.section == number and each.outcome == Outcome.FAIL for each in checked)
        for number in SECTIONS
    }
    return [
        {
            "number": number,
            "label": languages.said(block.label),
            "state": sections.section_state(written[number], failing[number])
            if number in written
            else "complete",
            "failing": failing[number],
            "about": [languages.said(each.label) for each in block.fields[:4]],
        }
        for number, block in SECTIONS.items()
    ]


def _check(found: Check) -> dict[str, Any]:
    return {
        "code": found.code,
        "title": languages.said(found.title),
        "outcome": str(found.outcome),
        "says": languages.said(found.says),
        "passes": languages.said(found.passes),
        "section": found.section,
        "field": found.field.replace("/", "-"),
    }


def _tally(checked: list[Check]) -> dict[str, int]:
    return {str(each): sum(one.outcome == each for one in checked) for each in Outcome}


def _firms(work: Work, role: Role) -> list[tuple[str, str]]:
    found = organisations.with_role(work.session, role)
    return [(one.id, languages.said(Words(one.name_zh, one.name_en))) for one in found]


def _directory(work: Work, found: directories.Directory) -> dict[str, Any]:
    registered = registrations.in_force(work.session, found.id, local_date(work.now))
    return {
        "code": found.code,
        "title": languages.said(Words(found.title_zh, found.title_en)),
        "registered": registered is not None,
    }


def _chosen(work: Work, code: str) -> dict[str, Any]:
    found = directories.by_code(work.session, code)
    version = directories.published(work.session, found.id)
    listed = [
        {
            "code": each.code,
            "name": languages.said(Words(each.name_zh, each.name_en)),
            "grade": each.grade,
            "pi": each.pi_class,
        }
        for each in directories.items(work.session, version.id)
    ]
    transforms = [(each.value, languages.said(each.label)) for each in Transform]
    return {**_directory(work, found), "listed": listed, "transforms": transforms}
