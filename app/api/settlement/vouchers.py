"""The doors of compute vouchers (算力券): batches, vouchers, and their use for orders."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from app import doors, unit
from app.doors import List
from kernel.work import Work
from marketplace.paying import vouchers as paying
from marketplace.versions import ProductType
from settlement.vouchers import batches, vouchers
from settlement.vouchers.batches import VoucherBatch
from settlement.vouchers.vouchers import Voucher

blueprint = doors.noun("vouchers", "Vouchers · 算力券")
batch_blueprint = doors.noun("voucher-batches", "Voucher batches · 算力券批次")

VOUCHERS_MAX = 200
"""The most vouchers that one receipt is counted for at once."""


class VoucherBatchIn(doors.Body):
    """What a sponsor gives. Empty lists are no limit; deduct_bp is below 10,000."""

    sponsor_id = doors.text(max=40)
    title_zh = doors.text(max=80)
    title_en = doors.text(max=160)
    doc_no = doors.text(max=120)
    budget = doors.amount()
    face = doors.amount()
    deduct_bp = doors.whole(min=1, max=9_999)
    order_max = doors.amount()
    year_max = doors.amount()
    roles: List = fields.List(
        doors.choice(*(role.value for role in batches.HOLDERS)), load_default=list
    )
    regions: List = fields.List(
        doors.text(max=6), load_default=list, validate=validate.Length(max=20)
    )
    product_types: List = fields.List(doors.choice(*ProductType), load_default=list)
    valid_from = doors.day()
    valid_to = doors.day()
    advanced = fields.Boolean(load_default=False)


class VoucherBatchQuery(doors.PageQuery):
    """Which batches: those in one state, or all that the caller may see."""

    state = doors.choice(*batches.State, required=False, load_default=None)


class VoucherStandingOut(doors.Schema):
    """What has become of a budget, from the books."""

    budget = fields.Nested(doors.MoneyBody)
    available = fields.Nested(doors.MoneyBody)
    redeemed = fields.Nested(doors.MoneyBody)
    owed = fields.Nested(doors.MoneyBody)


class VoucherBatchOut(doors.LivingOut):
    """A batch of vouchers. maker and checker: persons, never the same."""

    sponsor_id = fields.String()
    title_zh = fields.String()
    title_en = fields.String()
    doc_no = fields.String()
    budget = fields.Nested(doors.MoneyBody)
    face = fields.Nested(doors.MoneyBody)
    deduct_bp = fields.Integer()
    order_max = fields.Nested(doors.MoneyBody)
    year_max = fields.Nested(doors.MoneyBody)
    roles = fields.List(fields.String())
    regions = fields.List(fields.String())
    product_types = fields.List(fields.String())
    valid_from = fields.String()
    valid_to = fields.String()
    advanced = fields.Boolean()
    maker = fields.String()
    checker = fields.String(allow_none=True)
    standing = fields.Nested(VoucherStandingOut)


class VoucherIn(doors.Body):
    """Who is given a voucher."""

    holder_id = doors.text(max=40)


class VoucherQuery(doors.PageQuery):
    """Which vouchers: of one batch, in one state, or all that the caller may see."""

    batch_id = doors.text(max=40, required=False, load_default=None)
    state = doors.choice(*vouchers.State, required=False, load_default=None)


class VoucherOut(doors.LivingOut):
    """A voucher. used: what it pays of its order."""

    code = fields.String()
    batch_id = fields.String()
    holder_id = fields.String()
    face = fields.Nested(doors.MoneyBody)
    used = fields.Nested(doors.MoneyBody)
    valid_to = fields.String()
    order_id = fields.String(allow_none=True)
    evidence = fields.String(allow_none=True)
    redeemed_at = fields.String(allow_none=True)
    bank_line_id = fields.String(allow_none=True)


class UsableVoucherOut(doors.Schema):
    """A voucher that an order could take, and what it would pay."""

    voucher = fields.Nested(VoucherOut)
    pays = fields.Nested(doors.MoneyBody)


class UsableVouchersOut(doors.Schema):
    """The vouchers that an order could take."""

    items = fields.List(fields.Nested(UsableVoucherOut))


class VoucherUseIn(doors.Body):
    """Which voucher is used for the order."""

    voucher_id = doors.text(max=40)


class VoucherReleasedOut(doors.Schema):
    """The order that has no voucher any more."""

    order_id = fields.String()


class VoucherDeclineIn(doors.Body):
    """Why a use is not redeemed."""

    reason = doors.text(max=500)


class VoucherReimburseIn(doors.Body):
    """A receipt of the sponsor in suspense, and the vouchers that it pays for."""

    line_id = doors.text(max=40)
    voucher_ids: List = fields.List(
        doors.text(max=40), required=True, validate=validate.Length(min=1, max=VOUCHERS_MAX)
    )


class VoucherReimbursedOut(doors.Schema):
    """What was counted."""

    total = fields.Nested(doors.MoneyBody)


def batch_row(found: VoucherBatch, work: Work) -> Mapping[str, Any]:
    """Return what VoucherBatchOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "sponsor_id", "title_zh", "title_en", "doc_no", "deduct_bp",
             "roles", "regions", "product_types", "advanced", "maker", "checker")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        **{name: doors.wire(getattr(found, name)) for name in ("budget", "face")},
        **{name: doors.wire(getattr(found, name)) for name in ("order_max", "year_max")},
        "valid_from": found.valid_from.isoformat(),
        "valid_to": found.valid_to.isoformat(),
        "standing": {
            name: doors.wire(amount)
            for name, amount in batches.standing(work.session, found)._asdict().items()
        },
    }


def show_batch(found: VoucherBatch, work: Work) -> Mapping[str, Any]:
    """Return what VoucherBatchOut shows."""
    return {**batch_row(found, work), **doors.living(found, work, batches.LIFE)}


def row(found: Voucher) -> Mapping[str, Any]:
    """Return what VoucherOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "code", "batch_id", "holder_id", "order_id", "evidence",
             "bank_line_id")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "face": doors.wire(found.face),
        "used": doors.wire(found.used),
        "valid_to": found.valid_to.isoformat(),
        "redeemed_at": doors.moment(found.redeemed_at),
    }


def show(found: Voucher, work: Work) -> Mapping[str, Any]:
    """Return what VoucherOut shows."""
    return {**row(found), **doors.living(found, work, vouchers.LIFE)}


@batch_blueprint.get("")
@doors.members("read")
@batch_blueprint.arguments(VoucherBatchQuery, location="query")
@batch_blueprint.response(200, doors.page_of(VoucherBatchOut))
def batches_listed(query: dict[str, Any]) -> Any:
    """List the batches that the caller may see, newest first."""
    work = unit.current()
    return doors.page(batches.listed(work, **query), lambda found: batch_row(found, work))


@batch_blueprint.post("")
@doors.members("write")
@batch_blueprint.arguments(VoucherBatchIn)
@batch_blueprint.response(201, VoucherBatchOut)
def draft(body: dict[str, Any]) -> Any:
    """Prepare a batch; another settlement officer opens it."""
    work = unit.current()
    made = batches.draft(work, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show_batch(made, work)


@batch_blueprint.get("/<string:batch_id>")
@doors.members("read")
@batch_blueprint.response(200, VoucherBatchOut)
def batch(batch_id: str) -> Any:
    """Show a batch, what has become of its budget, and what may be done with it."""
    work = unit.current()
    return doors.tagged(show_batch(batches.seen(work, batch_id), work))


@batch_blueprint.post("/<string:batch_id>/vouchers")
@doors.money
@batch_blueprint.arguments(VoucherIn)
@batch_blueprint.response(201, VoucherOut)
def issue(body: dict[str, Any], batch_id: str) -> Any:
    """Give an organisation a voucher. Needs an Idempotency-Key."""
    work = unit.current()
    made = vouchers.issue(work, batch_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(made, work)


@batch_blueprint.post("/<string:batch_id>/reimbursements")
@doors.money
@batch_blueprint.arguments(VoucherReimburseIn)
@batch_blueprint.response(201, VoucherReimbursedOut)
def reimburse(body: dict[str, Any], batch_id: str) -> Any:
    """Count a receipt of the sponsor for redeemed vouchers. Needs an Idempotency-Key."""
    return {"total": doors.wire(vouchers.reimburse(unit.current(), batch_id, **body))}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(VoucherQuery, location="query")
@blueprint.response(200, doors.page_of(VoucherOut))
def listed(query: dict[str, Any]) -> Any:
    """List the vouchers that the caller holds, sponsors or oversees, newest first."""
    return doors.page(vouchers.listed(unit.current(), **query), row)


@blueprint.get("/<string:voucher_id>")
@doors.members("read")
@blueprint.response(200, VoucherOut)
def one(voucher_id: str) -> Any:
    """Show a voucher, and what may be done with it."""
    work = unit.current()
    return doors.tagged(show(vouchers.seen(work, voucher_id), work))


@blueprint.post("/<string:voucher_id>/decline")
@doors.money
@blueprint.arguments(VoucherDeclineIn)
@blueprint.response(200, VoucherOut)
def decline(body: dict[str, Any], voucher_id: str) -> Any:
    """Refuse to redeem a use: the buyer is asked to pay that part. Needs an Idempotency-Key."""
    work = unit.current()
    found = paying.decline(work, voucher_id, body["reason"])
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.get("/orders/<string:order_id>")
@doors.members("read")
@blueprint.response(200, UsableVouchersOut)
def usable(order_id: str) -> Any:
    """List which of the caller's vouchers its order could take, and what each would pay."""
    work = unit.current()
    found = paying.usable(work, paying.seen(work, order_id))
    return {
        "items": [{"voucher": show(one, work), "pays": doors.wire(pays)} for one, pays in found]
    }


@blueprint.post("/orders/<string:order_id>")
@doors.money
@blueprint.arguments(VoucherUseIn)
@blueprint.response(200, VoucherOut)
def use(body: dict[str, Any], order_id: str) -> Any:
    """Use a voucher for an order before it is paid. Needs an Idempotency-Key."""
    work = unit.current()
    found = paying.use(work, order_id, body["voucher_id"])
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.post("/orders/<string:order_id>/release")
@doors.members("write")
@blueprint.arguments(doors.Body)
@blueprint.response(200, VoucherReleasedOut)
def give_back(_body: dict[str, Any], order_id: str) -> Any:
    """Take the voucher off an order again, before it is paid."""
    return {"order_id": paying.give_back(unit.current(), order_id).id}


doors.steps(blueprint, vouchers, VoucherOut, show)
doors.steps(batch_blueprint, batches, VoucherBatchOut, show_batch)
