"""Pages of the settlement desk: statements, batches, payouts, accounts, and whether it balances."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.settlement import outgoing_files
from app.pages import account, forms, shown
from app.pages.choosing import chosen
from app.pages.money import today
from kernel.errors import Invalid
from kernel.parties import people
from kernel.work import Work
from marketplace.seeking import orders
from settlement import access, accounts, batches, escrow, payouts, statements
from settlement.bank import intake, outgoing
from settlement.bank import statements as bank
from settlement.batches import Divided
from settlement.escrow import Payable

blueprint = Blueprint("exchange", __name__)


@blueprint.get("/settlement")
@doors.members("read")
def settlement() -> Any:
    """Show the desk of settlement: what came in, what is due, what goes out."""
    work = unit.current()
    access.require(work, access.overseer, "settlement.desk")
    custody = work.rules.text("settlement.custody_account")
    earned = payouts.earned(work)
    banked = accounts.listed(work, after=None, limit=shown.PAGE).items
    newest = bank.last(work.session, custody)
    trial = statements.trial_balance(work.session)
    settles = access.settler.matches(work.actor, None)
    return render_template(
        "settlement/settlement.html",
        custody=custody,
        today=today.shown(work, custody),
        statements=bank.listed(work, after=None, limit=shown.SHORT).items,
        standing=bank.standing(work.session, custody) if newest else None,
        notes={note.value: languages.said(note.label) for note in bank.Note},
        suspense=bank.unexplained(work, after=None, limit=shown.SHORT).items,
        batches=batches.listed(work, after=None, limit=shown.SHORT).items,
        earned=earned,
        payouts=[_payout(work, one) for one in _payouts(work)],
        accounts=[_account(work, one) for one in banked],
        trial=trial,
        settles=settles,
        payees=chosen.offered(work, "payee") if settles else None,
        names=shown.names(
            work, {one.party_id for one in earned} | {one.party_id for one in banked}
        ),
    )


@blueprint.post("/settlement/statements")
@doors.money
def import_statement() -> Any:
    """Take a statement of the supervised account, whole or not at all."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("请选择对账单文件", "choose a statement file", pointer="/file")
    account_number = forms.text("account", max=60)
    intake.import_statement(unit.current(), account=account_number, text=file.read())
    return redirect("/settlement", 303)


@blueprint.post("/settlement/batches")
@doors.money
def compute() -> Any:
    """Gather what fell due and divide it, for a checker."""
    made = batches.compute(unit.current())
    return redirect(f"/settlement/batches/{made.id}", 303)


@blueprint.get("/settlement/batches/<batch_id>")
@doors.members("read")
def batch(batch_id: str) -> Any:
    """Show a batch: how each line is divided, to the fen."""
    work = unit.current()
    found = batches.seen(work, batch_id)
    divided = batches.lines(work, found)
    owners = {part.owner for one in divided for part in one.parts}
    return render_template(
        "settlement/batch.html",
        batch=found,
        record=shown.record(found, work, batches.LIFE),
        lines=[_line(one) for one in divided],
        names=shown.names(work, owners),
        codes=orders.codes(work.session, [one.obligation.order_id for one in divided]),
        people=people.names(work.session, [found.maker, found.checker or ""]),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/settlement/payouts")
@doors.money
def request_payout() -> Any:
    """Ask for what a party has to get to be paid."""
    payable, _, party_id = forms.text("earned", max=80).partition("/")
    if payable not in list(Payable):
        raise Invalid("请选择应付款", "choose what is to be paid", pointer="/earned")
    payouts.request(unit.current(), payable=Payable(payable), party_id=party_id)
    return redirect("/settlement", 303)


@blueprint.post("/settlement/payout-files")
@doors.money
def send() -> Any:
    """Put every approved payout into a file for the bank, and hand it over."""
    made = outgoing.send(unit.current())
    return redirect(f"/settlement/payout-files/{made.id}", 303)


@blueprint.get("/settlement/payout-files/<file_id>")
@doors.members("read")
def payout_file(file_id: str) -> Any:
    """Hand the file over for saving."""
    return outgoing_files.handed(file_id)


@blueprint.post("/settlement/accounts")
@doors.money
def register_account() -> Any:
    """Register a bank account of a party, for another person to verify."""
    work = unit.current()
    accounts.register(
        work,
        party_id=chosen.of(work, "party_id", "payee"),
        account_name=forms.text("account_name", max=120),
        bank_name=forms.text("bank_name", max=120),
        number=forms.text("number", max=60),
    )
    return account.back()


def _payouts(work: Work) -> list[payouts.Payout]:
    return payouts.listed(work, after=None, limit=shown.PAGE).items


def _payout(work: Work, one: payouts.Payout) -> dict[str, Any]:
    return {
        "account_name": one.account_name,
        "account_masked": one.account_masked,
        "amount": one.amount,
        "reference": one.reference,
        "payable": one.payable,
        "paid_on": one.paid_on,
        "file_id": one.file_id,
        "record": shown.record(one, work, payouts.LIFE),
    }


def _account(work: Work, one: accounts.BankAccount) -> dict[str, Any]:
    return {
        "party_id": one.party_id,
        "account_name": one.account_name,
        "bank_name": one.bank_name,
        "number_masked": one.number_masked,
        "record": shown.record(one, work, accounts.LIFE),
    }


def _line(one: Divided) -> dict[str, Any]:
    public = one.obligation.kind == escrow.Kind.PUBLIC
    return {
        "order_id": one.obligation.order_id,
        "amount": one.obligation.amount,
        "public": public,
        "fee": one.fee,
        "entry_id": one.entry_id,
        "parts": [
            {"code": part.account_code, "owner": part.owner, "amount": part.amount}
            for part in one.parts
        ],
    }
