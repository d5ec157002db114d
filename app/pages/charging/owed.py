"""Pages of fee notes: what a member owes and how to pay it; for finance who owes, since when."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.api.dividing.fee_notes import NOTES_MAX
from app.pages import shown, spreadsheets
from app.pages.choosing import chosen
from app.pages.money import leads, shapes
from app.pages.money.shapes import cell, chooser, facts, said, table
from kernel.errors import Invalid
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.dividing import charges
from settlement.dividing.charges import FeeCharge
from settlement.dividing.fee_rules import Kind
from settlement.fees import credit_notes, fee_notes
from settlement.fees.fee_notes import FeeNote, State, Wanted
from settlement.payments import Payment

blueprint = Blueprint("owed_fees", __name__)

FILE_MAX: Final = 10_000
_BASE: Final = "/fee-notes"
_AGES: Final = (1, 30, 90)
"""Days late from which finance looks at notes apart."""

_HEADER: Final = (
    Words("通知编号", "number"),
    Words("付款方", "payer"),
    Words("状态", "state"),
    Words("开具日期", "drawn up"),
    Words("到期日", "due"),
    Words("逾期天数", "days late"),
    Words("金额（分）", "amount, fen"),
    Words("已贷项（分）", "credited, fen"),
    Words("已核销（分）", "written off, fen"),
    Words("已到账（分）", "paid, fen"),
)


@blueprint.get(_BASE)
@doors.members("read")
def listed() -> Any:
    """List fee notes: one's own, or everybody's for finance; a file with ?format=csv or xlsx."""
    work = unit.current()
    wanted = _wanted()
    if (kind := shown.asked("format")) in {"csv", "xlsx"}:
        return _file(work, wanted, kind)
    found = fee_notes.listed(work, wanted, after=shown.after(), limit=shown.PAGE)
    oversees, settles = access.oversees(work.actor), access.settler.matches(work.actor, None)
    title = said("服务费", "Fees for services")
    return render_template(
        "settlement/fee_notes.html",
        title=title,
        lead=said(
            "挂牌、凭证、会员、交付、经纪及场外备案的服务费，按通知付款。",
            "Fees for listings, certificates, membership, delivery, mediation and registered"
            " deals, paid by their notes.",
        ),
        filters=_filters(wanted),
        saved=_query(wanted),
        own=None if oversees else _own(work),
        tables=[_notes(work, found.items), *([] if oversees else [_loose(work)])],
        next=found.next,
        more=f"{_BASE}?{_query(wanted)}".rstrip("?"),
        forms=[_form(work)] if settles else [],
    )


@blueprint.post(_BASE)
@doors.money
def gather() -> Any:
    """Draw up the notes of what is on none yet, of one payer if one is named."""
    work = unit.current()
    payer_id = chosen.maybe(work, "payer_id", "party")
    fee_notes.gather(work, payer_id=payer_id, limit=NOTES_MAX)
    return redirect(_BASE, 303)


@blueprint.get(f"{_BASE}/<note_id>")
@doors.members("read")
def one(note_id: str) -> Any:
    """Show a note: its charges, how to pay it, what was credited, its steps."""
    work = unit.current()
    found = fee_notes.seen(work, note_id)
    asked = fee_notes.payments_of(work.session, [found]).get(found.id)
    return render_template(
        "settlement/fee_note.html",
        note=found,
        payment=asked,
        awaits=found.state in fee_notes.AWAITED,
        payee=work.rules.text("settlement.custody_account"),
        payee_name=work.rules.text("settlement.custody_name"),
        clock=shown.clock(work, found.id),
        crumb=(_BASE, said("服务费", "Fees for services")),
        title=said("服务费通知", "Fee note"),
        tables=[_charges(work, charges.of_note(work.session, found.id)), *_credits(work, found)],
        facts=_facts(work, found),
        **shapes.record(work, found, fee_notes.LIFE),
    )


def _wanted() -> Wanted:
    state, late_by = shown.asked("state"), shown.asked("late", max=5)
    if late_by is not None and not (late_by.isascii() and late_by.isdecimal()):
        raise Invalid("逾期天数须为整数", "days late is a whole number", pointer="/late")
    return Wanted(
        State(state) if state in set(State) else None,
        shown.asked("payer", max=40),
        None if late_by is None else int(late_by),
    )


def _query(wanted: Wanted) -> str:
    pairs = {"state": wanted.state, "payer": wanted.payer_id, "late": wanted.late_by}
    return urlencode({name: value for name, value in pairs.items() if value is not None})


def _filters(wanted: Wanted) -> list[Any]:
    ages = [
        (f"{_BASE}?late={days}", said(f"逾期 {days} 日以上", f"{days} days late or more"),
         wanted.late_by == days)
        for days in _AGES
    ]  # fmt: skip
    now = wanted.state.value if wanted.state else None
    every, *states = shapes.filters("fee_note", State, _BASE, now)
    nothing = wanted == Wanted()
    return [(every[0], every[1], nothing), *ages, *states[1:]]


def _own(work: Work) -> Money:
    return fee_notes.owing(work.session, work.actor.organisation)


def _notes(work: Work, found: list[FeeNote]) -> dict[str, Any]:
    names = shown.names(work, [one.payer_id for one in found])
    asked = fee_notes.payments_of(work.session, found)
    rows = [
        [cell(one.code, href=f"{_BASE}/{one.id}"), names.get(one.payer_id, one.payer_id),
         one.due_on, fee_notes.days_late(work, one) or None, one.owed, _paid(asked, one),
         cell("", tag=f"fee_note.{one.state}")]
        for one in found
    ]  # fmt: skip
    columns = [said("编号", "Number"), said("付款方", "Payer"), said("到期", "Due"),
               "#" + said("逾期（天）", "Days late"), "#" + said("应付", "Owed"),
               "#" + said("已到账", "Paid"), said("状态", "State")]  # fmt: skip
    return table(said("通知", "Notes"), columns, rows, empty=said("没有通知", "There is none"))


def _loose(work: Work) -> dict[str, Any]:
    nothing = said("没有待通知的费用", "Nothing waits for a note")
    return _charges(work, fee_notes.unnoted(work), said("尚未通知", "On no note yet"), nothing)


def _charges(
    work: Work, found: list[FeeCharge], title: str = "", empty: str = ""
) -> dict[str, Any]:
    named = {each for one in found for each in (one.order_id, one.subject.partition(":")[0])}
    known = leads.names(work, [], *named)
    rows = [
        [languages.said(Kind(one.kind).label), one.charged_on, _about(one, known), one.amount,
         one.tax, one.credited if one.credited_minor else None]
        for one in found
    ]  # fmt: skip
    columns = [said("费用", "Fee"), said("计费日", "Charged"), said("事由", "For"),
               "#" + said("金额（含税）", "Amount, with tax"), "#" + said("其中税额", "Tax in it"),
               "#" + said("已贷项", "Credited")]  # fmt: skip
    return table(title or said("明细", "Charges"), columns, rows, empty=empty)


_PLACES: Final = {
    Kind.TRANSACTION: "deals",
    Kind.LISTING: "products",
    Kind.CERTIFICATE: "products",
    Kind.REGISTRATION: "registrations",
}
"""Where what is charged for has its page."""


def _about(one: FeeCharge, known: Mapping[str, str]) -> object:
    if one.order_id:
        return cell(known.get(one.order_id, one.order_id[-8:]), href=f"/orders/{one.order_id}")
    subject, _, year = one.subject.partition(":")
    if one.kind == Kind.MEMBERSHIP:
        return year
    if one.kind not in _PLACES or subject.startswith("prv_"):
        return subject[-8:]
    return cell(
        f"{known.get(subject, subject[-8:])} {year}".strip(),
        href=f"/{_PLACES[Kind(one.kind)]}/{subject}",
    )


def _credits(work: Work, found: FeeNote) -> list[dict[str, Any]]:
    given = credit_notes.of_note(work.session, found.id)
    rows = [[one.number, one.given_at, one.amount, one.wallet, one.reason] for one in given]
    columns = [said("编号", "Number"), said("日期", "Given"), "#" + said("金额", "Amount"),
               "#" + said("转入预存款", "To prepaid money"), said("理由", "Reason")]  # fmt: skip
    return [table(said("贷项通知单", "Credit notes"), columns, rows, empty="")] if rows else []


def _facts(work: Work, found: FeeNote) -> list[tuple[str, Any]]:
    names = shown.names(work, [found.payer_id])
    late = fee_notes.days_late(work, found)
    return facts(
        (said("付款方", "Payer"), names.get(found.payer_id)),
        (said("开具", "Drawn up"), found.drawn_at),
        (said("到期日", "Due"), found.due_on),
        (said("逾期天数", "Days late"), late or None),
        (said("催缴次数", "Reminders"), found.reminders or None),
        (said("已贷项", "Credited"), found.credited if found.credited_minor else None),
        (said("已核销", "Written off"), found.lost if found.lost_minor else None),
    )


def _paid(asked: dict[str, Payment], found: FeeNote) -> Money:
    there = asked.get(found.id)
    return there.funded if there else Money(0, found.amount.currency)


def _form(work: Work) -> shapes.Form:
    title, draw = said("开具通知", "Draw up notes"), said("开具", "Draw up")
    payer, all_of_them = said("付款方", "Payer"), said("全部付款方", "everybody")
    parties = chosen.offered(work, "party")
    return shapes.form("draw", title, _BASE, draw, [
        chooser("payer_id", payer, parties, needed=False, blank=all_of_them),
    ])  # fmt: skip


def _file(work: Work, wanted: Wanted, kind: str) -> Any:
    rows: list[FeeNote] = []
    after: str | None = None
    while len(rows) < FILE_MAX:
        page = fee_notes.listed(work, wanted, after=after, limit=1_000)
        rows += page.items
        after = page.next
        if after is None:
            break
    names = shown.names(work, {one.payer_id for one in rows})
    asked = fee_notes.payments_of(work.session, rows)
    cells = (
        (one.code, names.get(one.payer_id, one.payer_id), one.state, one.drawn_at, one.due_on,
         fee_notes.days_late(work, one), one.amount.minor, one.credited_minor, one.lost_minor,
         _paid(asked, one).minor)
        for one in rows
    )  # fmt: skip
    return spreadsheets.answer(kind, "fee-notes", [languages.said(each) for each in _HEADER], cells)
