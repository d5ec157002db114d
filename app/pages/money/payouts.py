"""Pages of payouts: what was paid and is to be paid, its attempts, what a party may expect."""

from typing import Any

from flask import Blueprint, render_template

from app import doors, unit
from app.pages import shown, vocabulary
from app.pages.money import books, shapes
from app.pages.money.shapes import cell, facts, said, table
from kernel.money import Money
from kernel.parties import people
from kernel.work import Work
from settlement import access, payouts
from settlement.dividing import reserves
from settlement.entries import AccountRef
from settlement.paying import attempts, earnings
from settlement.payouts import Payable, State

blueprint = Blueprint("payout_pages", __name__)

DAYS_MAX = 30
"""The most days on which something is expected that are shown."""

_BASE = "/settlement/payouts"


@blueprint.get(_BASE)
@doors.members("read")
def listed() -> Any:
    """List payouts; what the caller, or everybody, has to get, may expect, and owes."""
    work, state = unit.current(), shown.asked("state")
    kind = shapes.wanted_file()
    found = payouts.listed(
        work,
        state=State(state) if state in {each.value for each in State} else None,
        after=None if kind else shown.after(),
        limit=shapes.EXPORTED_MAX if kind else shown.PAGE,
    )
    rows = [
        [cell(one.reference, href=f"{_BASE}/{one.id}"), one.account_name, one.amount, one.paid_on,
         cell("", tag=f"payout.{one.state}")]
        for one in found.items
    ]  # fmt: skip
    columns = [said("编号", "Reference"), said("收款方", "To"), "#" + said("金额", "Amount"),
               said("付讫", "Paid on"), said("状态", "State")]  # fmt: skip
    title = said("付款", "Payouts")
    drawn = table(title, columns, rows, empty=said("还没有付款", "No payout yet"))
    if kind:
        return shapes.saved(kind, "payouts", drawn)
    return render_template(
        "settlement/list.html",
        title=title,
        lead=said(
            "交易所向数商、运营机构与财政付款：一人制单、另一人复核，随付款文件发往银行。",
            "What the exchange pays to merchants, operators and the treasury: made by one, "
            "approved by another, sent to the bank in a file.",
        ),
        saves=f"{_BASE}?state={state}" if state else _BASE,
        filters=shapes.filters("payout", State, _BASE, state),
        tables=[
            drawn,
            *_ahead(work),
        ],
        next=found.next,
        more=f"{_BASE}?state={state}" if state else _BASE,
    )


@blueprint.get(f"{_BASE}/<payout_id>")
@doors.members("read")
def one(payout_id: str) -> Any:
    """Show a payout: its account, its attempts, its steps."""
    work = unit.current()
    found = payouts.seen(work, payout_id)
    who = people.names(work.session, [found.maker, found.checker or ""])
    rows = [
        [str(each.number), each.reference, each.begun_at,
         cell("", tag=f"payout.{each.outcome}") if each.outcome else "—", each.reason]
        for each in attempts.of(work.session, found.id)
    ]  # fmt: skip
    columns = [said("次序", "Number"), said("编号", "Reference"), said("开始", "Begun"),
               said("结果", "Outcome"), said("原因", "Why")]  # fmt: skip
    payable = vocabulary.account(Payable(found.payable).code)
    return render_template(
        "settlement/record.html",
        crumb=(_BASE, said("付款", "Payouts")),
        title=found.reference,
        under=f"{cell(found.amount)['text']} · {found.account_name}",
        tables=[
            table(said("历次付款", "Attempts"), columns, rows, empty=said("无记录", "Not kept")),
            *(
                [books.way_of(work, AccountRef("2241.payout_transit", found.id))]
                if access.oversees(work.actor)
                else []
            ),
        ],
        facts=facts(
            (said("收款账户", "Account"), f"{found.account_name} {found.account_masked}"),
            (said("款项", "As"), payable),
            (said("经办", "Made by"), who.get(found.maker)),
            (said("复核", "Checked by"), who.get(found.checker or "")),
            (said("付讫", "Paid on"), found.paid_on),
        ),
        **shapes.record(work, found, payouts.LIFE),
    )


def _ahead(work: Work) -> list[dict[str, Any]]:
    """Return what is to be paid, what is settled when, what is owed, what is kept."""
    earned, owing = payouts.earned(work), earnings.owing(work)
    parties = {*(each.party_id for each in earned), *(each.party_id for each in owing)}
    names = shown.names(work, parties)
    amount, day, party = "#" + said("金额", "Amount"), said("日期", "Day"), said("主体", "Party")
    kept = reserves.of_party(work.session, work.actor.organisation, limit=DAYS_MAX)
    expected = earnings.expected(work, limit=DAYS_MAX)
    tables = [
        table(
            said("应得未付", "To be paid"),
            [party, said("款项", "As"), amount],
            [
                [names.get(each.party_id, each.party_id), vocabulary.account(each.payable.code),
                 each.amount]
                for each in earned
            ],
            empty=said("目前没有应付款", "Nothing is payable now"),
        ),
        table(
            said("预计结算日（扣费分账前）", "Settled on (before fees and shares)"),
            [day, amount],
            [[each.due_on, each.amount] for each in expected],
            empty=said("没有待结算的款项", "Nothing waits for settlement"),
        ),
        table(
            said("应收追偿（从之后的结算款中扣回）", "Owed (taken from what is settled next)"),
            [party, amount],
            [[names.get(each.party_id, each.party_id), each.amount] for each in owing],
            empty="",
        ),
        table(
            said("保证金释放日", "Reserves are released on"),
            [day, amount],
            [[each.release_on, Money(each.amount_minor, each.currency)] for each in kept],
            empty="",
        ),
    ]  # fmt: skip
    return [each for each in tables if each["rows"] or each["empty"]]
