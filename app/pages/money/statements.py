"""Settlement statements: the list, the paper itself, its files, and whether a paper is ours."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.licensing import credentials
from app.pages import forms, shown, spreadsheets, vocabulary
from app.pages.choosing import chosen
from app.pages.letters import codes
from app.pages.money import shapes
from app.pages.money.shapes import cell, said, table
from kernel.words import Words
from kernel.work import Work
from marketplace.seeking import orders
from settlement import access
from settlement.dividing.terms import Payable
from settlement.papers import papers, party_statements
from settlement.papers.party_statements import PartyStatement

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
    work, kind = unit.current(), shapes.wanted_file()
    found = party_statements.listed(work, **shapes.asked_page(kind))
    if kind:
        return shapes.saved(kind, "statements", _drawn(work, found.items))
    settles = access.settler.matches(work.actor, None)
    return render_template(
        "settlement/statements.html",
        statements=found.items,
        next=found.next,
        names=shown.names(work, [one.party_id for one in found.items]),
        settles=settles,
        payees=chosen.offered(work, "payee") if settles else None,
        payables=list(Payable),
    )


@blueprint.post("/statements")
@doors.members("write")
def issue() -> Any:
    """Issue a statement."""
    work = unit.current()
    made = party_statements.issue(
        work,
        party_id=chosen.of(work, "party_id", "payee"),
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
        return spreadsheets.answer(kind, paper.number, header, _lines(paper))
    return render_template(
        "settlement/statement.html",
        statement=found,
        paper=paper,
        holds=papers.holds(work, paper),
        codes=orders.codes(work.session, _orders(paper)),
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


def _drawn(work: Work, found: list[PartyStatement]) -> dict[str, Any]:
    """Return statements as the file of their list has them."""
    names = shown.names(work, [one.party_id for one in found])
    rows = [
        [one.first_on, one.last_on, one.issue, names.get(one.party_id, said("国库", "treasury")),
         vocabulary.account(Payable(one.payable).code), one.opening, one.closing, one.line_count,
         cell("", tag=f"party_statement.{one.state}")]
        for one in found
    ]  # fmt: skip
    columns = [said("起日", "From"), said("止日", "Until"), said("版次", "Issue"),
               said("主体", "Party"), said("科目", "Account"), "#" + said("期初", "Opening"),
               "#" + said("期末应付", "Left"), said("笔数", "Lines"),
               said("状态", "State")]  # fmt: skip
    return table(said("结算单", "Settlement statements"), columns, rows, empty="")


def _lines(paper: papers.Paper) -> list[list[Any]]:
    """Return the lines of a statement's file: of its paper, then how to verify it."""
    body, blank = paper.body, [""] * 7
    opening, closing = said("期初", "opening"), said("期末", "closing")
    rows: list[list[Any]] = [["", opening, "", "", "", "", "", "", body["opening"]]]
    rows += [
        [line["on"], said(line["says_zh"], line["says_en"]), line["about"], line["order"] or "",
         line.get("accepted_on", ""), line.get("gross", ""), line.get("fee", ""), line["amount"],
         line["balance"]]
        for line in body["lines"]
    ]  # fmt: skip
    return [
        *rows,
        ["", closing, *blank[1:], body["closing"]],
        ["", said("摘要", "digest"), paper.digest, *blank[1:]],
        ["", said("核验地址", "verify at"), _address(paper), *blank[1:]],
    ]


def _orders(paper: papers.Paper) -> set[str]:
    return {line["order"] for line in paper.body["lines"] if line["order"]}


def _address(paper: papers.Paper) -> str:
    return f"{credentials.address()}/papers?number={paper.number}&digest={paper.digest}"
