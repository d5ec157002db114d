"""Settlement statements: the list, the paper itself, its files, and whether a paper is ours."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.licensing import credentials
from app.pages import forms, shown, spreadsheets
from app.pages.letters import codes
from app.pages.money.shapes import said
from kernel.words import Words
from settlement import access
from settlement.dividing.terms import Payable
from settlement.papers import papers, party_statements

blueprint = Blueprint("statements", __name__)

_HEADER: Final = (
    Words("日期", "day"),
    Words("事项", "what"),
    Words("对象", "about"),
    Words("订单", "order"),
    Words("验收日", "accepted on"),
    Words("交易额（分）", "gross, fen"),
    Words("服务费（分，含税）", "fee, fen, tax included"),
    Words("金额（分）", "amount, fen"),
    Words("余额（分）", "balance, fen"),
)


@blueprint.get("/statements")
@doors.members("read")
def listed() -> Any:
    """List the statements that the caller may see, and offer settlement officers a new one."""
    work = unit.current()
    found = party_statements.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "settlement/statements.html",
        statements=found.items,
        next=found.next,
        names=shown.names(work, [one.party_id for one in found.items]),
        settles=access.settler.matches(work.actor, None),
        payables=list(Payable),
    )


@blueprint.post("/statements")
@doors.members("write")
def issue() -> Any:
    """Issue a statement."""
    made = party_statements.issue(
        unit.current(),
        party_id=forms.text("party_id", max=40),
        payable=Payable(forms.choice("payable", [each.value for each in Payable])),
        first_on=forms.day("first_on"),
        last_on=forms.day("last_on"),
    )
    return redirect(f"/statements/{made.id}", 303)


@blueprint.get("/statements/<statement_id>")
@doors.members("read")
def one(statement_id: str) -> Any:
    """Show a statement as the paper that it is, or save its lines as a file."""
    work = unit.current()
    found = party_statements.seen(work, statement_id)
    paper = party_statements.paper(work.session, found)
    if (kind := request.args.get("file")) in {"csv", "xlsx"}:
        header = [languages.said(words) for words in _HEADER]
        return spreadsheets.answer(kind, paper.number, header, _lines(paper.body))
    return render_template(
        "settlement/statement.html",
        statement=found,
        paper=paper,
        holds=papers.holds(work, paper),
        record=shown.record(found, work, party_statements.LIFE),
        clock=shown.clock(work, found.id),
        names=shown.names(work, [found.party_id]),
        verify=_address(paper),
        qr=codes.qr(_address(paper)),
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/papers")
@doors.public
def verify() -> Any:
    """Tell anybody whether a paper is ours and unchanged."""
    number, digest = shown.asked("number", max=40), shown.asked("digest", max=128)
    asked = bool(number and digest)
    found = papers.known(unit.current(), number or "", digest or "") if asked else None
    return render_template(
        "settlement/papers.html",
        number=number,
        digest=digest,
        asked=asked,
        paper=found,
        kind=papers.Kind(found.kind).label if found else None,
    )


def _lines(body: dict[str, Any]) -> list[list[Any]]:
    opening, closing = said("期初", "opening"), said("期末", "closing")
    rows: list[list[Any]] = [["", opening, "", "", "", "", "", "", body["opening"]]]
    rows += [
        [line["on"], said(line["says_zh"], line["says_en"]), line["about"], line["order"] or "",
         line.get("accepted_on", ""), line.get("gross", ""), line.get("fee", ""), line["amount"],
         line["balance"]]
        for line in body["lines"]
    ]  # fmt: skip
    return [*rows, ["", closing, "", "", "", "", "", "", body["closing"]]]


def _address(paper: papers.Paper) -> str:
    return f"{credentials.address()}/papers?number={paper.number}&digest={paper.digest}"
