"""Pages of the disclosure tables: drawn for any days, saved, printed, signed off."""

from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.api.assets.asset_disclosures import headed, show_table
from app.api.licensing import credentials
from app.pages import forms, shown, spreadsheets
from app.pages.letters import codes
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work
from settlement.assets import cards, disclosures, tables
from settlement.assets.kinds import Kind
from settlement.assets.tables import Table
from settlement.papers import papers

blueprint = Blueprint("asset_tables", __name__)


@blueprint.get("/assets/disclosures")
@doors.members("read")
def listed() -> Any:
    """Draw both tables of the caller's organisation; as a file with ?file=csv or xlsx."""
    work = unit.current()
    period = _period(work)
    own, session = work.actor.organisation, work.session
    drawn = [tables.draw(session, own, kind, period) for kind in tables.DISCLOSED]
    if (kind := shown.asked("file")) in {"csv", "xlsx"}:
        return _file(kind, drawn)
    found = disclosures.listed(work, after=shown.after(), limit=shown.PAGE)
    lines = tables.balance_lines(session, own, period[1])
    return render_template(
        "assets/disclosures.html",
        period=period,
        tables=[{**show_table(table), "columns": headed(table)} for table in drawn],
        lines=[(languages.said(kind.label), lines[kind]) for kind in _ON_THE_SHEET],
        disclosures=found.items,
        next=found.next,
        names=shown.names(work, [own, *(one.owner_id for one in found.items)]),
        owner=own,
        keeps=cards.keeps(work),
    )


@blueprint.post("/assets/disclosures")
@doors.members("write")
def prepare() -> Any:
    """Prepare a disclosure for an accountant to sign off."""
    made = disclosures.prepare(unit.current(), forms.day("first_on"), forms.day("last_on"))
    return redirect(f"/assets/disclosures/{made.id}", 303)


@blueprint.get("/assets/disclosures/<disclosure_id>")
@doors.members("read")
def one(disclosure_id: str) -> Any:
    """Show a disclosure as it is printed; what is final with its seal."""
    work = unit.current()
    found = disclosures.seen(work, disclosure_id)
    drawn = [
        tables.draw(work.session, found.owner_id, kind, found.period) for kind in tables.DISCLOSED
    ]
    if (kind := shown.asked("file")) in {"csv", "xlsx"}:
        return _file(kind, drawn)
    paper = disclosures.paper(work.session, found)
    return render_template(
        "assets/disclosure.html",
        disclosure=found,
        tables=[show_table(table) for table in drawn],
        moved=[tables.plain(table) for table in drawn] != found.figures,
        names=shown.names(work, [found.owner_id]),
        record=shown.record(found, work, disclosures.LIFE),
        events=shown.timeline(work, found.id),
        **sealed(work, paper),
    )


def sealed(work: Work, paper: papers.Paper | None) -> dict[str, Any]:
    """Return what a template needs to show that a paper is ours."""
    if paper is None:
        return {"paper": None}
    verify = f"{credentials.address()}/papers?number={paper.number}&digest={paper.digest}"
    holds = papers.holds(work, paper)
    return {"paper": paper, "holds": holds, "verify": verify, "qr": codes.qr(verify)}


_ON_THE_SHEET = (Kind.INVENTORY, Kind.INTANGIBLE, Kind.DEVELOPMENT)


def _period(work: Work) -> tuple[date, date]:
    """Return the days that the address asks for; those of this year until today if none."""
    today = local_date(work.now)
    asked = shown.asked("first_on", max=10), shown.asked("last_on", max=10)
    try:
        first = date.fromisoformat(asked[0]) if asked[0] else date(today.year, 1, 1)
        last = date.fromisoformat(asked[1]) if asked[1] else today
    except ValueError as error:
        raise Invalid("请填写日期", "a date is needed", pointer="/first_on") from error
    disclosures.check_period(work, first, last)
    return first, last


def _file(kind: str, drawn: list[Table]) -> Any:
    rows: list[list[spreadsheets.Cell]] = []
    for table in drawn:
        rows.append([languages.said(table.kind.label), *headed(table)])
        rows += [[languages.said(row.label), *row.values] for row in table.rows]
    period = f"{drawn[0].first_on}..{drawn[0].last_on}"
    head = [f"{languages.said(_TITLE)} {period}", *([languages.said(_UNIT)] * 4)]
    return spreadsheets.answer(kind, f"data-resources-{period}", head, rows)


_TITLE = Words("数据资源披露表", "Disclosure of data resources")
_UNIT = Words("分", "fen")
