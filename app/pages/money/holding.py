"""Pages of what is set aside, and of what is adjusted by hand."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown, vocabulary
from app.pages.choosing import chosen
from app.pages.money import leads, shapes
from app.pages.money.shapes import cell, chooser, facts, field, said, table
from kernel.money import Money
from kernel.parties import people
from kernel.work import Work
from settlement import access
from settlement.dividing import frozen, hold_list
from settlement.dividing.frozen import Ground
from settlement.entries import AccountRef
from settlement.holding import holds
from settlement.refunding import adjustments
from settlement.refunding.adjustments import Kind

blueprint = Blueprint("hold_pages", __name__)

_HOLDS, _LIST, _ADJUSTED = "/settlement/holds", "/settlement/hold-list", "/settlement/adjustments"


@blueprint.get(_HOLDS)
@doors.members("read")
def all_holds() -> Any:
    """List what is set aside; settlement officers set money aside here."""
    work, kind = unit.current(), shapes.wanted_file()
    found, grounds = holds.listed(work, **shapes.asked_page(kind)), _grounds()
    rows = [
        [cell(grounds[one.ground], href=f"{_HOLDS}/{one.id}"), one.reference, one.amount,
         one.placed_at, cell("", tag=f"hold.{one.state}")]
        for one in found.items
    ]  # fmt: skip
    title = said("冻结", "Holds")
    columns = [said("依据", "Ground"), said("文号", "Reference"), "#" + said("金额", "Amount"),
               said("日期", "Since"), said("状态", "State")]  # fmt: skip
    drawn = table(title, columns, rows, empty=said("没有冻结", "Nothing is held"))
    if kind:
        return shapes.saved(kind, "holds", drawn)
    form = shapes.form("hold", said("冻结订单款项", "Hold money of an order"), _HOLDS, title, [
        chooser("order_id", said("订单", "Order"),
                chosen.offered(work, "order", shown.asked("order", max=40))),
        field("amount", said("金额（元，空为全部）", "Amount (yuan; empty: all)"), kind="money",
              needed=False),
        field("ground", said("依据", "Ground"), kind="choice", options=grounds),
        field("reference", said("文号", "Reference")),
    ])  # fmt: skip
    return render_template(
        "settlement/list.html",
        title=title,
        lead=said(
            "冻结的款项不结算、不付款；解除后回到原处。",
            "What is held is neither settled nor paid; once lifted it goes back to where it was.",
        ),
        filters=[(_LIST, said("暂缓名单（按主体）", "Hold list of parties"), False)],
        saves=_HOLDS,
        tables=[drawn],
        next=found.next,
        more=_HOLDS,
        forms=[form] if access.settler.matches(work.actor, None) else [],
    )


@blueprint.post(_HOLDS)
@doors.money
def place() -> Any:
    """Set money of an order aside: the amount given, or all there is."""
    work = unit.current()
    made = holds.place(
        work,
        order_id=chosen.of(work, "order_id", "order"),
        amount=forms.money("amount") if forms.text("amount", max=20) else None,
        ground=Ground(forms.choice("ground", [each.value for each in Ground])),
        reference=forms.text("reference", max=120),
    )
    return redirect(f"{_HOLDS}/{made.id}", 303)


@blueprint.get(f"{_HOLDS}/<hold_id>")
@doors.members("read")
def one_hold(hold_id: str) -> Any:
    """Show a hold: what was set aside from where, its steps."""
    work = unit.current()
    found = holds.seen(work, hold_id)
    pieces = frozen.of_hold(work.session, found.id)
    names = shown.names(work, [piece.owner for piece in pieces])
    rows = [
        [vocabulary.account(piece.account_code), names.get(piece.owner),
         Money(piece.amount_minor, piece.currency), Money(piece.left_minor, piece.currency)]
        for piece in pieces
    ]  # fmt: skip
    columns = [said("科目", "Account"), said("主体", "Party"), "#" + said("金额", "Amount"),
               "#" + said("仍冻结", "Still held")]  # fmt: skip
    nothing = said(
        "没有可冻结的款项；该订单仍不结算", "There was nothing; it is not settled all the same"
    )
    order = leads.to(found.order_id, leads.names(work, [], found.order_id))
    return render_template(
        "settlement/record.html",
        crumb=(_HOLDS, said("冻结", "Holds")),
        title=f"{_grounds()[found.ground]} · {found.reference}",
        under=cell(found.amount)["text"],
        tables=[table(said("出自", "Taken from"), columns, rows, empty=nothing)],
        facts=facts((said("订单", "Order"), order)),
        **shapes.record(work, found, holds.LIFE),
    )


@blueprint.get(_LIST)
@doors.members("read")
def held_parties() -> Any:
    """List the parties that are neither settled nor paid now, and who was."""
    work = unit.current()
    found = hold_list.listed(work, after=shown.after(), limit=shown.PAGE)
    names = shown.names(work, [one.party_id for one in found.items])
    rows = [
        [cell(names.get(one.party_id, one.party_id), href=f"{_LIST}/{one.id}"), one.reason,
         one.put_at, cell("", tag=f"hold_list.{one.state}")]
        for one in found.items
    ]  # fmt: skip
    title, put = said("暂缓名单", "Hold list"), said("列入", "Put on the list")
    columns = [said("主体", "Party"), said("理由", "Reason"), said("日期", "Since"),
               said("状态", "State")]  # fmt: skip
    form = shapes.form("put", put, _LIST, put, [
        chooser("party_id", said("主体", "Party"), chosen.offered(work, "party")),
        field("reason", said("理由", "Reason")),
    ])  # fmt: skip
    return render_template(
        "settlement/list.html",
        crumb=(_HOLDS, said("冻结", "Holds")),
        title=title,
        tables=[table(title, columns, rows, empty=said("名单为空", "Nobody is on the list"))],
        next=found.next,
        more=_LIST,
        forms=[form] if access.settler.matches(work.actor, None) else [],
    )


@blueprint.post(_LIST)
@doors.members("write")
def put() -> Any:
    """Put a party on the list."""
    work = unit.current()
    party_id, reason = chosen.of(work, "party_id", "party"), forms.text("reason", max=500)
    made = hold_list.put(work, party_id, reason=reason)
    return redirect(f"{_LIST}/{made.id}", 303)


@blueprint.get(f"{_LIST}/<entry_id>")
@doors.members("read")
def held_party(entry_id: str) -> Any:
    """Show one entry of the list, and its steps."""
    work = unit.current()
    found = hold_list.seen(work, entry_id)
    return render_template(
        "settlement/record.html",
        crumb=(_LIST, said("暂缓名单", "Hold list")),
        title=shown.names(work, [found.party_id]).get(found.party_id, found.party_id),
        facts=facts((said("理由", "Reason"), found.reason), (said("移出", "Off"), found.off_at)),
        **shapes.record(work, found, hold_list.LIFE),
    )


@blueprint.get(_ADJUSTED)
@doors.members("read")
def all_adjustments() -> Any:
    """List adjustments by hand and write-offs; settlement officers propose one here."""
    work, kind = unit.current(), shapes.wanted_file()
    found = adjustments.listed(work, **shapes.asked_page(kind))
    rows = [
        [cell(languages.said(Kind(one.kind).label), href=f"{_ADJUSTED}/{one.id}"),
         vocabulary.account(one.debit_code), vocabulary.account(one.credit_code), one.amount,
         cell("", tag=f"adjustment.{one.state}")]
        for one in found.items
    ]  # fmt: skip
    title = said("人工调整与核销", "Adjustments and write-offs")
    columns = [said("类别", "Kind"), said("借", "Debit"), said("贷", "Credit"),
               "#" + said("金额", "Amount"), said("状态", "State")]  # fmt: skip
    drawn = table(title, columns, rows, empty=said("没有人工调整", "No adjustment"))
    if kind:
        return shapes.saved(kind, "adjustments", drawn)
    return render_template(
        "settlement/list.html",
        title=title,
        lead=said(
            "制单与复核分离，须有理由和附件摘要；单列事项，随时可数。",
            "Made by one, checked by another, with a reason and a document; "
            "an event of its own, so that they can be counted.",
        ),
        saves=_ADJUSTED,
        tables=[drawn],
        next=found.next,
        more=_ADJUSTED,
        forms=[_proposal(work)] if access.settler.matches(work.actor, None) else [],
    )


@blueprint.post(_ADJUSTED)
@doors.money
def propose() -> Any:
    """Propose an adjustment, for another person to check and post."""
    kind, debit, credit = forms.choice("pair", _pairs()).split("/")
    work = unit.current()
    made = adjustments.propose(
        work,
        kind=Kind(kind),
        debit=AccountRef(debit, chosen.maybe(work, "debit_owner", "holder") or ""),
        credit=AccountRef(credit, chosen.maybe(work, "credit_owner", "holder") or ""),
        amount=forms.money("amount"),
        reason=forms.text("reason", max=500),
        document=forms.text("document", max=64),
    )
    return redirect(f"{_ADJUSTED}/{made.id}", 303)


@blueprint.get(f"{_ADJUSTED}/<adjustment_id>")
@doors.members("read")
def one_adjustment(adjustment_id: str) -> Any:
    """Show an adjustment, its ground and its steps."""
    work = unit.current()
    found = adjustments.seen(work, adjustment_id)
    debit = AccountRef(found.debit_code, found.debit_owner)
    credit = AccountRef(found.credit_code, found.credit_owner)
    known = leads.names(work, [debit, credit])
    who = people.names(work.session, [found.maker, found.checker or ""])
    return render_template(
        "settlement/record.html",
        crumb=(_ADJUSTED, said("人工调整与核销", "Adjustments")),
        title=languages.said(Kind(found.kind).label),
        under=cell(found.amount)["text"],
        facts=facts(
            (said("借", "Debit"), vocabulary.account(found.debit_code)),
            (said("借方主体", "Whose"), leads.owner(debit, known)),
            (said("贷", "Credit"), vocabulary.account(found.credit_code)),
            (said("贷方主体", "Whose"), leads.owner(credit, known)),
            (said("理由", "Reason"), found.reason),
            (said("附件摘要", "Document"), found.document),
            (said("制单", "Made by"), who.get(found.maker)),
            (said("复核", "Checked by"), who.get(found.checker or "")),
        ),
        **shapes.record(work, found, adjustments.LIFE),
    )


def _grounds() -> dict[str, str]:
    return {each.value: languages.said(each.label) for each in Ground}


def _pairs() -> dict[str, str]:
    return {
        f"{kind.value}/{debit}/{credit}": f"{languages.said(kind.label)} · "
        f"{vocabulary.account(debit)} → {vocabulary.account(credit)}"
        for kind in Kind
        for debit, credit in kind.pairs
    }


def _proposal(work: Work) -> shapes.Form:
    title = said("提出，待复核", "Propose for another to check")
    debit, credit = (
        said("借方账户所属", "Whose debit account"),
        said("贷方账户所属", "Whose credit account"),
    )
    own, holders = said("交易所本身", "the exchange itself"), chosen.offered(work, "holder")
    return shapes.form("adjust", title, _ADJUSTED, title, [
        field("pair", said("事项", "What"), kind="choice", options=_pairs()),
        field("amount", said("金额（元）", "Amount (yuan)"), kind="money"),
        chooser("debit_owner", debit, holders, needed=False, blank=own),
        chooser("credit_owner", credit, holders, needed=False, blank=own),
        field("reason", said("理由", "Reason")),
        field("document", said("附件 SHA-256", "Document (SHA-256)")),
    ])  # fmt: skip
