"""The books on a page: the trial balance, whose accounts there are, movements, one entry."""

from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import chrome, shown, spreadsheets, vocabulary
from app.pages.money import leads, shapes
from app.pages.money.shapes import Cell, cell, facts, said, table
from kernel.errors import NotFound
from kernel.money import Money
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from settlement import access, chart, rules, statements
from settlement.desks import holders
from settlement.entries import AccountRef, Entry
from settlement.statements import StatementLine, TrialRow

blueprint = Blueprint("books", __name__)

EXPORTED_MAX: Final = 5_000
_BASE: Final = "/settlement/ledger"
_BOOKS: Final = {
    "money": Words("表内", "the books"),
    "memo": Words("备查", "memoranda"),
}


@blueprint.get(_BASE)
@doors.members("read")
def trial() -> Any:
    """Show the trial balance, or save it as a file."""
    work = unit.current()
    access.require(work, access.overseer, "ledger.trial_balance")
    found = statements.trial_balance(work.session)
    if (kind := shown.asked("file", max=4)) in ("csv", "xlsx"):
        header = [said("账簿", "Book"), said("科目", "Account"), said("名称", "Name"),
                  said("币种", "Currency"), said("借方（分）", "Debit, fen"),
                  said("贷方（分）", "Credit, fen")]  # fmt: skip
        lines: list[list[Any]] = [
            [_book(row.book), row.code, vocabulary.account(row.code), row.currency, row.debit,
             row.credit]
            for row in found.rows
        ]  # fmt: skip
        return spreadsheets.answer(kind, "trial-balance", header, lines)
    title = said("总账与试算平衡", "Ledger and trial balance")
    return render_template(
        "settlement/list.html",
        crumb=("/settlement", said("结算", "Settlement")),
        title=title,
        lead=said(
            f"全部科目的借贷合计；借方减贷方差额 {shapes.yuan(found.difference)}。"
            "点科目看各主体，点主体看每笔，点分录看来源。",
            "What every account was debited and credited; the difference is "
            f"{shapes.yuan(found.difference)}. From an account to its owners, to each movement, "
            "to its source.",
        ),
        saves=_BASE,
        tables=[
            _trial(languages.said(words), [row for row in found.rows if row.book == book])
            for book, words in _BOOKS.items()
        ],
    )


@blueprint.get(f"{_BASE}/<code>")
@doors.members("read")
def account(code: str) -> Any:
    """Show whose accounts of the code there are; of one owner, its movements."""
    work = unit.current()
    access.require(work, access.overseer, "ledger.account")
    if code not in chart.CHART:
        raise NotFound("没有这个科目", f"no account {code}")
    owner = shown.asked("owner")
    if owner is None and chart.account(code).owner:
        return _owners(work, code)
    return _movements(work, AccountRef(code, owner or ""))


@blueprint.get("/settlement/entries/<int:entry_id>")
@doors.members("read")
def entry(entry_id: int) -> Any:
    """Show one entry: what it says, from where to where, and what it comes from."""
    work = unit.current()
    access.require(work, access.overseer, "ledger.entry")
    found = statements.entry(work.session, entry_id)
    return render_template(
        "settlement/list.html",
        crumb=(_BASE, said("总账", "Ledger")),
        title=f"{said('分录', 'Entry')} {found.id} · {_says(found.event)}",
        lead=said(
            "一笔分录一次入账，此后不可更改；更正只能另记。",
            "An entry is written once and never changed; a correction is another entry.",
        ),
        facts_title=said("要点", "Facts"),
        facts=_facts(work, found),
        tables=[_lines(work, found)],
    )


def _trial(title: str, rows: list[TrialRow]) -> dict[str, Any]:
    """Return the accounts of one book, and what they come to in each currency."""
    columns = [said("科目", "Account"), "#" + said("借方", "Debit"), "#" + said("贷方", "Credit"),
               said("方向", "Side"), "#" + said("余额", "Balance")]  # fmt: skip
    drawn = [
        [cell(f"{row.code.partition('.')[0]} {vocabulary.account(row.code)}",
              href=f"{_BASE}/{row.code}"),
         Money(row.debit, row.currency), Money(row.credit, row.currency), _side(row),
         Money(abs(row.debit - row.credit), row.currency)]
        for row in rows
    ]  # fmt: skip
    currencies = sorted({row.currency for row in rows})
    totals = [
        [said("合计", "Total"),
         Money(sum(row.debit for row in rows if row.currency == each), each),
         Money(sum(row.credit for row in rows if row.currency == each), each), "", ""]
        for each in currencies
    ]  # fmt: skip
    none = said("还没有记账", "Nothing is booked yet")
    return table(title, columns, drawn, empty=none, totals=totals)


def _side(row: TrialRow) -> str:
    if row.debit == row.credit:
        return said("平", "even")
    return said("借", "debit") if row.debit > row.credit else said("贷", "credit")


def _owners(work: Work, code: str) -> Any:
    page = holders.of_code(work, code, after=shown.after(), limit=shown.PAGE)
    known = leads.names(work, [one.ref for one in page.items])
    rows = [
        [cell(leads.owner(one.ref, known)["text"],
              href=f"{_BASE}/{code}?owner={quote(one.ref.owner)}"), one.balance]
        for one in page.items
    ]  # fmt: skip
    title = f"{code.partition('.')[0]} {vocabulary.account(code)}"
    columns = [said("主体", "Of"), "#" + said("余额", "Balance")]
    return render_template(
        "settlement/list.html",
        crumb=(_BASE, said("总账", "Ledger")),
        title=title,
        tables=[table(title, columns, rows, empty=said("没有发生额", "Nothing was moved"))],
        next=page.next,
        more=f"{_BASE}/{code}",
    )


def _movements(work: Work, ref: AccountRef) -> Any:
    here = f"{_BASE}/{ref.code}?owner={quote(ref.owner)}"
    if (kind := shown.asked("file", max=4)) in ("csv", "xlsx"):
        return _saved(work, ref, kind)
    page = statements.statement(work.session, ref, after=shown.after(), limit=shown.PAGE)
    sources = [line.source_id for line in page.items]
    known = leads.names(work, [ref, *(line.against for line in page.items)], *sources)
    rows = [
        [cell(f"{line.entry_id}", href=f"/settlement/entries/{line.entry_id}"),
         line.effective_on, _says(line.event), leads.to(line.source_id, known),
         _against(line, known), line.amount if line.side == "debit" else "",
         line.amount if line.side == "credit" else ""]
        for line in page.items
    ]  # fmt: skip
    columns = [said("分录", "Entry"), said("日期", "Day"), said("事项", "What"),
               said("来源", "Source"), said("对方科目", "Against"), "#" + said("借方", "Debit"),
               "#" + said("贷方", "Credit")]  # fmt: skip
    whose = leads.owner(ref, known)["text"]
    balance = shapes.yuan(statements.balance(work.session, ref).minor)
    return render_template(
        "settlement/list.html",
        crumb=(f"{_BASE}/{ref.code}" if ref.owner else _BASE, vocabulary.account(ref.code)),
        title=f"{vocabulary.account(ref.code)} · {whose}",
        lead=said(f"余额 {balance}", f"Balance {balance}"),
        saves=here,
        tables=[table(said("明细", "Movements"), columns, rows,
                      empty=said("没有发生额", "Nothing was moved"))],
        next=page.next,
        more=here,
    )  # fmt: skip


def way_of(work: Work, ref: AccountRef) -> dict[str, Any]:
    """Return the movements of one account as a table, for a page of what it stands for."""
    found = statements.statement(work.session, ref, limit=shown.PAGE).items
    sources = [line.source_id for line in found]
    known = leads.names(work, [line.against for line in found], *sources)
    rows = [
        [cell(f"{line.entry_id}", href=f"/settlement/entries/{line.entry_id}"),
         line.effective_on, _says(line.event), leads.to(line.source_id, known),
         _against(line, known), line.amount]
        for line in found
    ]  # fmt: skip
    columns = [said("分录", "Entry"), said("日期", "Day"), said("事项", "What"),
               said("来源", "Source"), said("对方科目", "Against"),
               "#" + said("金额", "Amount")]  # fmt: skip
    title = said("账簿与银行流水", "In the books and at the bank")
    return table(title, columns, rows, empty=said("尚未记账", "Nothing is booked yet"))


def _saved(work: Work, ref: AccountRef, kind: str) -> Any:
    found = statements.statement(work.session, ref, limit=EXPORTED_MAX).items
    header = [said("分录", "Entry"), said("日期", "Day"), said("事项", "What"),
              said("来源", "Source"), said("订单", "Order"), said("对方科目", "Against"),
              said("借方（分）", "Debit, fen"), said("贷方（分）", "Credit, fen")]  # fmt: skip
    lines: list[list[Any]] = [
        [line.entry_id, line.effective_on, _says(line.event), line.source_id,
         line.order_id or "", vocabulary.account(line.against.code),
         line.amount.minor if line.side == "debit" else "",
         line.amount.minor if line.side == "credit" else ""]
        for line in found
    ]  # fmt: skip
    return spreadsheets.answer(kind, f"account-{ref.code}", header, lines)


def _lines(work: Work, found: Entry) -> dict[str, Any]:
    known = leads.names(work, [ref for line in found.lines for ref in (line.debit, line.credit)])
    rows = [
        [_account(line.debit), leads.owner(line.debit, known), _account(line.credit),
         leads.owner(line.credit, known), Money(line.minor, line.currency)]
        for line in found.lines
    ]  # fmt: skip
    columns = [said("借", "Debit"), said("主体", "Of"), said("贷", "Credit"), said("主体", "Of"),
               "#" + said("金额", "Amount")]  # fmt: skip
    return table(said("借贷", "Debits and credits"), columns, rows, empty="")


def _facts(work: Work, found: Entry) -> list[Any]:
    who = people.names(work.session, [found.person])
    known = leads.names(work, [], found.source_id, found.order_id)
    back = found.reverses
    reversed_ = cell(str(back), href=f"/settlement/entries/{back}") if back else None
    return facts(
        (said("事项", "What"), _says(found.event)),
        (said("来源", "Source"), leads.to(found.source_id, known)),
        (said("订单", "Order"), leads.to(found.order_id, known) if found.order_id else None),
        (said("发生日", "Took effect"), found.effective_on),
        (said("记账时间", "Written"), found.recorded_at),
        (said("会计期间", "Period"), found.period_id),
        (said("经手人", "By"), who.get(found.person) or said("系统", "the house")),
        (said("冲销分录", "Reverses"), reversed_),
    )


def _against(line: StatementLine, known: dict[str, str]) -> str:
    whose = leads.owner(line.against, known)["text"]
    return f"{vocabulary.account(line.against.code)} · {whose}"


def _account(ref: AccountRef) -> Cell:
    where = f"?owner={quote(ref.owner)}" if ref.owner else ""
    return cell(vocabulary.account(ref.code), href=f"{_BASE}/{ref.code}{where}")


def _says(event: str) -> str:
    known = rules.RULES.get(event)
    return chrome.short(languages.said(known.says)) if known else event


def _book(code: str) -> str:
    return languages.said(_BOOKS.get(code, Words(code, code)))
