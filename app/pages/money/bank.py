"""Pages of the bank desk: statements tried and imported, what waits in suspense, payment files."""

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.settlement import outgoing_files
from app.pages import forms, shown
from app.pages.choosing import chosen
from kernel.errors import Invalid
from kernel.money import Money
from kernel.parties import people
from kernel.work import Work
from marketplace.seeking import orders
from settlement import access, payments
from settlement.bank import clearings, intake, matching, outgoing, statements, worklist
from settlement.bank import virtual_accounts as virtual
from settlement.bank.clearings import Share
from settlement.bank.desk import Verdict
from settlement.bank.escrow_bank import AgreedNumbers
from settlement.bank.outgoing import Form
from settlement.bank.reading import profiles
from settlement.bank.statements import Note
from settlement.bank.worklist import Waiting

blueprint = Blueprint("bank_desk", __name__)

KEPT_MAX = 400_000
"""The largest file, in bytes, that a preview carries along, to be imported unchanged."""

FORMS = {"csv": "CSV", "xlsx": "XLSX", "camt.053": "CAMT.053", "mt940": "MT940"}


@blueprint.get("/settlement/bank")
@doors.members("read")
def desk() -> Any:
    """Show what waits, how old it is, the latest statements and payment files."""
    work = unit.current()
    found = worklist.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "settlement/bank.html",
        custody=work.rules.text("settlement.custody_account"),
        ages=worklist.ages(work),
        waiting=[_waiting(one) for one in found.items],
        next=found.next,
        statements=statements.listed(work, after=None, limit=shown.SHORT).items,
        files=[_file(work, one) for one in _files(work)],
        profiles=[(one.name, languages.said(one.words)) for one in profiles.listed(work.rules)],
        formats=FORMS,
        settles=access.settler.matches(work.actor, None),
        forms=list(Form),
    )


@blueprint.post("/settlement/bank/preview")
@doors.members("write")
def preview() -> Any:
    """Say what importing a file would book and match; nothing is kept."""
    content, profile = _content(), forms.text("profile", max=60)
    work, account = unit.current(), forms.text("account", max=60)
    told = intake.preview(work, account=account, text=content, profile=profile)
    return render_template(
        "settlement/preview.html",
        told=told,
        account=account,
        profile=profile,
        form=FORMS[told.read.form],
        verdicts=[_verdict(one) for one in told.verdicts],
        matched=sum(one.kind is not None for one in told.verdicts),
        content=base64.b64encode(content).decode() if len(content) <= KEPT_MAX else "",
    )


@blueprint.post("/settlement/bank/import")
@doors.money
def import_statement() -> Any:
    """Take a statement of the supervised account, whole or not at all."""
    intake.import_statement(
        unit.current(),
        account=forms.text("account", max=60),
        text=_content(),
        profile=forms.text("profile", max=60),
    )
    return redirect("/settlement/bank", 303)


@blueprint.get("/settlement/bank/lines/<line_id>")
@doors.members("read")
def line(line_id: str) -> Any:
    """Show one line: what the bank said, what it may be for, and what a person can say of it."""
    work = unit.current()
    found = worklist.one(work, line_id)
    proposed = found.proposed
    return render_template(
        "settlement/bank_line.html",
        one=_waiting(found),
        line=found.line,
        matches=_matches(work, line_id),
        proposed=proposed,
        record=shown.record(proposed, work, clearings.LIFE) if proposed else None,
        action=languages.said(clearings.Action(proposed.action).label) if proposed else "",
        people=people.names(work.session, [proposed.maker] if proposed else []),
        limit=Money(work.rules.number("settlement.clearing_limit_fen")),
        settles=access.settler.matches(work.actor, None),
        events=shown.timeline(work, line_id, proposed.id if proposed else None),
    )


@blueprint.post("/settlement/bank/lines/<line_id>/give")
@doors.money
def give(line_id: str) -> Any:
    """Divide a receipt over the payments that were ticked or named."""
    work = unit.current()
    named = dict.fromkeys([*forms.many("payment_id"), *forms.lines("others")])
    shares = [_share(work, *each.split(maxsplit=1)) for each in named]
    clearings.give(work, line_id, shares=shares, reason=_reason())
    return redirect(f"/settlement/bank/lines/{line_id}", 303)


@blueprint.post("/settlement/bank/lines/<line_id>/call-fee")
@doors.money
def call_fee(line_id: str) -> Any:
    """Say that a debit is the bank's fee."""
    clearings.call_fee(unit.current(), line_id, reason=_reason())
    return redirect(f"/settlement/bank/lines/{line_id}", 303)


@blueprint.post("/settlement/bank/lines/<line_id>/send-back")
@doors.money
def send_back(line_id: str) -> Any:
    """Give what is left of a receipt back to who sent it."""
    clearings.send_back(unit.current(), line_id, reason=_reason())
    return redirect(f"/settlement/bank/lines/{line_id}", 303)


@blueprint.post("/settlement/bank/files")
@doors.money
def send() -> Any:
    """Put every approved payout and bank refund into a file."""
    form = Form(forms.choice("form", list(Form)))
    made = outgoing.send(unit.current(), form=form)
    return redirect(f"/settlement/bank/files/{made.id}", 303)


@blueprint.get("/settlement/bank/files/<file_id>")
@doors.members("read")
def file(file_id: str) -> Any:
    """Show a file: its payments, and what the bank said."""
    work = unit.current()
    found = outgoing.seen(work, file_id)
    answers = outgoing.answers(work.session, found.id)
    reasons = {code: why for one in answers for code, why in one.rejected.items()}
    return render_template(
        "settlement/outgoing_file.html",
        file=_file(work, found),
        items=outgoing.items(work.session, found.id),
        answers=answers,
        reasons=reasons,
        made_by=people.names(work.session, [found.made_by]).get(found.made_by),
        settles=access.settler.matches(work.actor, None),
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/settlement/bank/files/<file_id>/content")
@doors.members("read")
def content(file_id: str) -> Any:
    """Hand a file over for saving."""
    return outgoing_files.handed(file_id)


@blueprint.post("/settlement/bank/answers")
@doors.money
def answer() -> Any:
    """Read what the bank answered to a file."""
    found = outgoing.read_answer(unit.current(), _content())
    return redirect(f"/settlement/bank/files/{found.id}", 303)


@blueprint.get("/settlement/bank/virtual-accounts")
@doors.members("read")
def virtual_accounts() -> Any:
    """List the virtual accounts that the caller may see, and open one."""
    work = unit.current()
    found = virtual.listed(work, after=shown.after(), limit=shown.PAGE)
    settles = access.settler.matches(work.actor, None)
    return render_template(
        "settlement/virtual_accounts.html",
        accounts=[
            {"one": one, "record": shown.record(one, work, virtual.LIFE)} for one in found.items
        ],
        next=found.next,
        names=shown.names(work, [one.payer_id for one in found.items]),
        orders=orders.codes(work.session, [one.order_id for one in found.items if one.order_id]),
        settles=settles,
        parties=chosen.offered(work, "party") if settles else None,
        choosable=chosen.offered(work, "order") if settles else None,
        oversees=access.oversees(work.actor),
    )


@blueprint.post("/settlement/bank/virtual-accounts")
@doors.members("write")
def open_virtual() -> Any:
    """Open a virtual account for a payer, or for one of its orders."""
    work = unit.current()
    virtual.open_for(
        work,
        AgreedNumbers.of(work.rules),
        payer_id=chosen.of(work, "payer_id", "party"),
        order_id=chosen.maybe(work, "order_id", "order") or "",
    )
    return redirect("/settlement/bank/virtual-accounts", 303)


def _content() -> bytes:
    """Return the file that was chosen, or the one that the preview carried along."""
    chosen = request.files.get("file")
    if chosen is not None and chosen.filename:
        content: bytes = chosen.read()
        return content
    try:
        kept = base64.b64decode(request.form.get("content", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("文件无法读取", "the file cannot be read", pointer="/file") from error
    if not kept:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    return kept


def _reason() -> str:
    found = forms.text("reason", max=500)
    if not found:
        raise Invalid("请填写理由", "a reason is needed", pointer="/reason")
    return found


def _share(work: Work, called: str, yuan: str = "") -> Share:
    """Return the share of a payment, which is named by its reference or its id."""
    found = payments.locked(work.session, [called.upper()]).get(called.upper())
    payment_id = found.id if found else called
    if not yuan:
        return Share(payment_id)
    whole, _, rest = yuan.replace(",", "").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(rest) <= 2 and (rest or "0").isdigit()):
        raise Invalid("金额无效", f"not an amount: {yuan}", pointer="/others")
    return Share(payment_id, Money(int(whole) * 100 + int(rest.ljust(2, "0"))))


def _files(work: Work) -> Iterable[outgoing.OutgoingFile]:
    return outgoing.listed(work, after=None, limit=shown.SHORT).items


def _file(work: Work, one: outgoing.OutgoingFile) -> dict[str, Any]:
    return {"one": one, "state": f"outgoing_file.{one.state}",
            "silent": outgoing.is_silent(work, one)}  # fmt: skip


def _waiting(one: Waiting) -> dict[str, Any]:
    return {
        "line": one.line,
        "left": one.left,
        "age_wd": one.age_wd,
        "proposed": one.proposed,
        "why": languages.said(Note(one.line.note).label) if one.line.note else "",
        "suggestions": [
            {
                "payment": each.payment,
                "amount": each.amount,
                "why": languages.said(matching.Rung(each.rung).label),
                "alien": each.alien,
            }
            for each in one.suggestions
        ],
    }


def _matches(work: Work, line_id: str) -> list[dict[str, Any]]:
    return [
        {
            "kind": languages.said(statements.Kind(each.kind).label),
            "amount": each.amount,
            "reason": each.reason,
            "target": each.payment_id or each.payout_id or each.target,
        }
        for each in statements.matches(work.session, [line_id]).get(line_id, [])
    ]


def _verdict(one: Verdict) -> dict[str, Any]:
    return {
        "line": one.line,
        "kind": languages.said(one.kind.label) if one.kind else "",
        "targets": [part.payment.reference for part in one.parts],
        "rung": languages.said(one.rung.label) if one.rung else "",
        "why": languages.said(one.note.label) if one.note else "",
    }
