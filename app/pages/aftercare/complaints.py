"""Pages of complaints (投诉): make one, follow it, answer, decide, and what they add up to."""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown, spreadsheets, vocabulary
from app.pages.aftercare import pieces
from app.pages.choosing import chosen
from app.pages.supervision.words import STAGES
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from marketplace import products
from marketplace.aftercare import complaining, complaint_figures, complaints
from marketplace.aftercare.complaining import Grievance
from marketplace.aftercare.complaint_figures import Tally
from marketplace.aftercare.complaint_rows import OVER, About, Category, Complaint, State
from marketplace.seeking import orders as seeking

blueprint = Blueprint("complaint_pages", __name__)

FILE_MAX: Final = 1_000
CHOSEN_AS: Final = {About.PRODUCT: "listed", About.MERCHANT: "merchant", About.ORDER: "order"}
HEADER: Final = (
    Words("投诉编号", "Complaint"), Words("对象", "About"), Words("类别", "Category"),
    Words("被投诉方", "Respondent"), Words("状态", "State"), Words("结论", "Finding"),
    Words("满意度", "Satisfaction"), Words("提出时间", "Made"),
)  # fmt: skip


@blueprint.get("/complaints")
@doors.members("read")
def listed() -> Any:
    """Show the complaints that concern the reader; as a file if it is asked for."""
    work = unit.current()
    state, category = shown.asked("state", max=20), shown.asked("category", max=20)
    kind = shown.asked("file", max=4)
    question: dict[str, Any] = {
        "state": state if state in set(State) else None,
        "category": category if category in set(Category) else None,
        "open_only": shown.asked("open", max=1) == "1",
    }
    limit = FILE_MAX if kind in {"csv", "xlsx"} else shown.PAGE
    page = complaints.listed(work, **question, after=shown.after(), limit=limit)
    found = page.items
    firms = shown.names(work, [one.respondent_id for one in found])
    if kind in {"csv", "xlsx"}:
        header = [languages.said(words) for words in HEADER]
        name = f"complaints-{local_date(work.now)}"
        return spreadsheets.answer(kind, name, header, [_cells(one, firms) for one in found])
    rows = [shown.row(f"/complaints/{one.id}", one.code, "", one.state) for one in found]
    return render_template(
        "aftercare/complaints.html",
        complaints=list(zip(found, shown.lit(work, rows, [one.id for one in found]), strict=True)),
        firms=firms,
        ours=work.actor.organisation,
        asked=question,
        states=list(State),
        next=page.next,
        oversees=complaints.oversees(work),
    )


@blueprint.get("/complaints/new")
@doors.members("read")
def form() -> Any:
    """Show the form of a complaint: first what it is about, then what happened."""
    work = unit.current()
    about = shown.asked("about", max=20)
    about = about if about in set(About) else About.PRODUCT.value
    noun, subject = CHOSEN_AS.get(About(about)), shown.asked("subject", max=40)
    return render_template(
        "aftercare/complaint_form.html",
        about=about,
        abouts=list(About),
        subject=chosen.offered(work, noun, subject) if noun else None,
    )


@blueprint.post("/complaints/new")
@doors.members("write")
def file() -> Any:
    """Complain, with a first piece of evidence if there is one."""
    work = unit.current()
    about = About(forms.choice("about", set(About)))
    noun = CHOSEN_AS.get(about)
    grievance = Grievance(
        about=about,
        category=Category(forms.choice("category", set(Category))),
        said=forms.text("said"),
        hidden=forms.text("hidden", max=1) == "1",
    )
    if noun is not None:
        grievance = replace(grievance, subject_id=chosen.of(work, "subject_id", noun))
    made = complaining.file(work, grievance)
    if (paper := request.files.get("file")) and paper.filename:
        work.session.flush()  # the evidence looks the complaint up
        told = {**pieces.given(), "said": languages.said(Words("随投诉提交", "with the complaint"))}
        complaining.show_evidence(work, made.id, **told)
    return redirect(f"/complaints/{made.id}", 303)


@blueprint.get("/complaints/figures")
@doors.members("read")
def figures() -> Any:
    """Show what the complaints of a period add up to; as a file if it is asked for."""
    work = unit.current()
    found = complaint_figures.figures(work, since=_day("since"), until=_day("until"))
    firms = shown.names(work, [each.code for each in found.respondents])
    kind = shown.asked("file", max=4)
    if kind in {"csv", "xlsx"}:
        header = [languages.said(words) for words in _FIGURES]
        name = f"complaint-figures-{found.since}-{found.until}"
        cells = [_tallied(each, vocabulary.term(each.code, "complaint_category"))
                 for each in found.categories]  # fmt: skip
        cells += [_tallied(each, firms.get(each.code, "")) for each in found.respondents]
        return spreadsheets.answer(kind, name, header, cells)
    stages = {each.key: languages.said(STAGES[each.key]) for each in found.clocks}
    return render_template(
        "aftercare/complaint_figures.html", found=found, firms=firms, stages=stages
    )


@blueprint.get("/complaints/<complaint_id>")
@doors.members("read")
def one(complaint_id: str) -> Any:
    """Show a complaint: who says what, what shows it, how it ends, what may be done."""
    work = unit.current()
    found = complaints.seen(work, complaint_id)
    withheld = complaints.is_withheld(work, found)
    names = shown.names(work, [found.complainant_id, found.respondent_id])
    officiates = complaints.officer.matches(work.actor, found)
    open_still = found.state not in {State.RESOLVED, *OVER}
    handlers = people.names(work.session, {found.handler}) if found.handler else {}
    return render_template(
        "aftercare/complaint.html",
        complaint=found,
        subject=_subject(work, found, names),
        record=shown.record(found, work, complaints.LIFE),
        clock=shown.clock(work, found.id),
        complainant=None if withheld else names[found.complainant_id],
        respondent=names[found.respondent_id],
        handler=handlers.get(found.handler or "") if officiates else None,
        takes_over=officiates and found.accepted_at is not None and open_still
        and found.handler != work.actor.person,
        disputes="turn" in {offer.step for offer in complaints.LIFE.offers(found, work)
                            if not offer.barred_by},
        evidence=pieces.drawn(work, complaining.evidence(work, found)),
        shows=open_still and complaining.party.matches(work.actor, found),
        events=_unnamed(shown.timeline(work, found.id), names[found.complainant_id])
        if withheld else shown.timeline(work, found.id),
    )  # fmt: skip


@blueprint.post("/complaints/<complaint_id>/take-over")
@doors.members("write")
def take_over(complaint_id: str) -> Any:
    """Make it one's own case."""
    complaining.take_over(unit.current(), complaint_id)
    return redirect(f"/complaints/{complaint_id}", 303)


_FIGURES: Final = (
    Words("类别或机构", "Category or organisation"), Words("提出", "Made"),
    Words("未办结", "Open"), Words("不予受理", "Refused"), Words("已答复", "Answered"),
    Words("属实", "Upheld"), Words("评价", "Rated"), Words("满意", "Satisfied"),
)  # fmt: skip


def _tallied(each: Tally, name: str) -> list[Any]:
    return [name, each.filed, each.open, each.refused, each.decided, each.upheld, each.rated,
            each.satisfied]  # fmt: skip


def _cells(one: Complaint, firms: dict[str, str]) -> list[Any]:
    return [
        one.code, vocabulary.term(one.about, "complaint_about"),
        vocabulary.term(one.category, "complaint_category"), firms.get(one.respondent_id, ""),
        vocabulary.state(f"complaint.{one.state}"),
        vocabulary.term(one.finding, "complaint_finding"), one.level, local_date(one.filed_at),
    ]  # fmt: skip


def _subject(work: Work, found: Complaint, names: dict[str, str]) -> dict[str, str]:
    """Return what a complaint is about as people call it, and where it stands."""
    if found.about == About.PRODUCT:
        title = products.titles(work.session, [found.subject_id])[found.subject_id]
        return {"name": languages.said(title), "href": f"/products/{found.subject_id}"}
    if found.about == About.ORDER:
        code = seeking.codes(work.session, [found.subject_id])[found.subject_id]
        return {"name": code, "href": f"/orders/{found.subject_id}"}
    return {"name": names[found.respondent_id], "href": ""}


def _unnamed(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return what has happened without the names of those who are not to be known."""
    someone = languages.said(Words("投诉人", "the complainant"))
    return [
        {**event, "who": someone, "organisation": ""} if event["organisation"] == name else event
        for event in events
    ]


def _day(name: str) -> date | None:
    text = shown.asked(name, max=10)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("请填写日期", "a date is needed", pointer=f"/{name}") from error


pieces.mount(blueprint, "complaints", complaining.show_evidence, complaining.opened)
