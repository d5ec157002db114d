"""Compute vouchers: batches for the exchange and sponsors, the wallet of vouchers for holders."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown
from app.pages.choosing import chosen
from app.pages.money import shapes
from app.pages.money.shapes import cell, said, table
from app.pages.wording.roles import ROLES
from kernel.work import Work
from marketplace.paying import vouchers as paying
from marketplace.versions import ProductType
from settlement import access
from settlement.bank import statements as bank
from settlement.vouchers import batches, vouchers
from settlement.vouchers.batches import VoucherBatch
from settlement.vouchers.vouchers import State, Voucher

blueprint = Blueprint("voucher_pages", __name__)

_TICKED = ("roles", "product_types")


@blueprint.get("/vouchers")
@doors.members("read")
def listed() -> Any:
    """List the vouchers that the caller holds, sponsors or oversees."""
    work = unit.current()
    state, kind = shown.asked("state"), shapes.wanted_file()
    found = vouchers.listed(
        work,
        state=State(state) if state in {each.value for each in State} else None,
        **shapes.asked_page(kind),
    )
    if kind:
        return shapes.saved(kind, "vouchers", _drawn(work, found.items))
    return render_template(
        "settlement/vouchers.html",
        vouchers=found.items,
        next=found.next,
        state=state,
        states=list(State),
        batches=batches.by_id(work.session, [one.batch_id for one in found.items]),
        names=shown.names(work, [one.holder_id for one in found.items]),
        settles=access.settler.matches(work.actor, None),
        more=f"/vouchers?state={state}" if state else "/vouchers",
        saves=f"/vouchers?state={state}" if state else "/vouchers",
    )


def _drawn(work: Work, found: list[Voucher]) -> dict[str, Any]:
    """Return vouchers as their file has them."""
    of = batches.by_id(work.session, [one.batch_id for one in found])
    names = shown.names(work, [one.holder_id for one in found])
    rows = [
        [one.code, said(of[one.batch_id].title_zh, of[one.batch_id].title_en),
         names.get(one.holder_id), one.face, one.used if one.order_id else None, one.valid_to,
         one.order_id, cell("", tag=f"voucher.{one.state}")]
        for one in found
    ]  # fmt: skip
    columns = [said("券号", "Number"), said("批次", "Batch"), said("持券方", "Holder"),
               "#" + said("面值", "Value"), "#" + said("抵扣", "Pays"),
               said("有效期至", "Until"), said("订单", "Order"),
               said("状态", "State")]  # fmt: skip
    return table(said("算力券", "Vouchers"), columns, rows, empty="")


@blueprint.get("/vouchers/<voucher_id>")
@doors.members("read")
def one(voucher_id: str) -> Any:
    """Show a voucher: its terms, where it is used, its steps."""
    work = unit.current()
    found = vouchers.seen(work, voucher_id)
    batch = batches.find(work.session, found.batch_id)
    return render_template(
        "settlement/voucher.html",
        voucher=found,
        batch=batch,
        record=shown.record(found, work, vouchers.LIFE),
        names=shown.names(work, [found.holder_id, batch.sponsor_id]),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/vouchers/<voucher_id>/decline")
@doors.money
def decline(voucher_id: str) -> Any:
    """Refuse to redeem a use, with the reason."""
    paying.decline(unit.current(), voucher_id, forms.text("reason", max=500))
    return redirect(f"/vouchers/{voucher_id}", 303)


@blueprint.post("/orders/<order_id>/voucher")
@doors.money
def use(order_id: str) -> Any:
    """Use a voucher for an order, or take it off again when none is chosen."""
    work = unit.current()
    if chosen := forms.text("voucher_id", max=40):
        paying.use(work, order_id, chosen)
    else:
        paying.give_back(work, order_id)
    return redirect(f"/orders/{order_id}", 303)


@blueprint.get("/voucher-batches")
@doors.members("read")
def all_batches() -> Any:
    """List the batches, and offer settlement officers a new one."""
    work, kind = unit.current(), shapes.wanted_file()
    found = batches.listed(work, **shapes.asked_page(kind))
    if kind:
        return shapes.saved(kind, "voucher-batches", _drawn_batches(work, found.items))
    settles = access.settler.matches(work.actor, None)
    return render_template(
        "settlement/voucher_batches.html",
        batches=[(one, batches.standing(work.session, one)) for one in found.items],
        next=found.next,
        names=shown.names(work, [one.sponsor_id for one in found.items]),
        settles=settles,
        parties=chosen.offered(work, "party") if settles else None,
        roles=_roles(),
        types=list(ProductType),
    )


def _drawn_batches(work: Work, found: list[VoucherBatch]) -> dict[str, Any]:
    """Return batches as their file has them, each with what became of its budget."""
    names = shown.names(work, [one.sponsor_id for one in found])
    rows = [
        [said(one.title_zh, one.title_en), names.get(one.sponsor_id), one.doc_no, told.budget,
         told.available, told.redeemed, told.owed, one.valid_from, one.valid_to,
         cell("", tag=f"voucher_batch.{one.state}")]
        for one in found
        for told in [batches.standing(work.session, one)]
    ]  # fmt: skip
    columns = [said("批次", "Batch"), said("资助方", "Sponsor"), said("文号", "Decision"),
               "#" + said("预算", "Budget"), "#" + said("可发", "Left"),
               "#" + said("已核销", "Redeemed"), "#" + said("待兑付", "Owed"),
               said("起日", "From"), said("止日", "Until"), said("状态", "State")]  # fmt: skip
    return table(said("算力券批次", "Voucher batches"), columns, rows, empty="")


@blueprint.post("/voucher-batches")
@doors.members("write")
def draft() -> Any:
    """Prepare a batch."""
    amounts = {name: forms.money(name) for name in ("budget", "face", "order_max", "year_max")}
    ticked: dict[str, Any] = {name: forms.many(name) for name in _TICKED}
    work = unit.current()
    made = batches.draft(
        work,
        sponsor_id=chosen.of(work, "sponsor_id", "party"),
        title_zh=forms.text("title_zh", max=80),
        title_en=forms.text("title_en", max=160),
        doc_no=forms.text("doc_no", max=120),
        deduct_bp=forms.decimal("deduct", places=2),
        regions=forms.lines("regions"),
        valid_from=forms.day("valid_from"),
        valid_to=forms.day("valid_to"),
        advanced="advanced" in request.form,
        **amounts,
        **ticked,
    )
    return redirect(f"/voucher-batches/{made.id}", 303)


@blueprint.get("/voucher-batches/<batch_id>")
@doors.members("read")
def batch(batch_id: str) -> Any:
    """Show a batch: terms, budget, its vouchers, and what the sponsor has yet to pay."""
    work = unit.current()
    found = batches.seen(work, batch_id)
    listed_ = vouchers.listed(work, batch_id=found.id, after=shown.after(), limit=shown.PAGE)
    settles = access.settler.matches(work.actor, None)
    return render_template(
        "settlement/voucher_batch.html",
        batch=found,
        standing=batches.standing(work.session, found),
        vouchers=listed_.items,
        next=listed_.next,
        names=shown.names(work, [found.sponsor_id, *(one.holder_id for one in listed_.items)]),
        record=shown.record(found, work, batches.LIFE),
        events=shown.timeline(work, found.id),
        settles=settles,
        parties=chosen.offered(work, "party") if settles else None,
        owed=_owed(work, found) if settles else [],
        receipts=bank.unexplained(work, after=None, limit=shown.PAGE).items if settles else [],
        roles=_roles(),
    )


@blueprint.post("/voucher-batches/<batch_id>/vouchers")
@doors.money
def issue(batch_id: str) -> Any:
    """Give an organisation a voucher."""
    work = unit.current()
    vouchers.issue(work, batch_id, holder_id=chosen.of(work, "holder_id", "party"))
    return redirect(f"/voucher-batches/{batch_id}", 303)


@blueprint.post("/voucher-batches/<batch_id>/reimbursements")
@doors.money
def reimburse(batch_id: str) -> Any:
    """Count a receipt for the vouchers that were ticked."""
    vouchers.reimburse(
        unit.current(),
        batch_id,
        line_id=forms.text("line_id", max=40),
        voucher_ids=forms.many("voucher_ids"),
    )
    return redirect(f"/voucher-batches/{batch_id}", 303)


def _roles() -> dict[str, str]:
    return {role.value: languages.said(ROLES[role]) for role in batches.HOLDERS}


def _owed(work: Work, found: VoucherBatch) -> list[Voucher]:
    redeemed = vouchers.listed(
        work, batch_id=found.id, state=State.REDEEMED, after=None, limit=shown.PAGE
    )
    return redeemed.items
