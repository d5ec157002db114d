"""The door of outgoing files (付款文件): payouts and refunds for the bank, and its answers."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from marshmallow import fields, validate

from app import doors, unit
from kernel.work import Work
from settlement.bank import outgoing
from settlement.bank.outgoing import Form, OutgoingFile, OutgoingItem

TEXT_MAX = 2_000_000
"""The most characters of an answer."""

blueprint = doors.noun("outgoing-files", "Payment files for the bank · 付款文件")


class OutgoingIn(doors.Body):
    """How the file is to be written."""

    form = doors.choice(*Form)


class AnswerIn(doors.Body):
    """What the bank answered: a pain.002, or a pacs.004 of payments that come back."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=TEXT_MAX))


class OutgoingFileOut(doors.LivingOut):
    """A file for the bank; its bytes are at /api/outgoing-files/<id>/content."""

    form = fields.String()
    item_count = fields.Integer()
    total = fields.Nested(doors.MoneyBody)
    digest = fields.String()
    execute_on = fields.String()
    made_at = fields.String()
    answered_at = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    silent = fields.Boolean()


class OutgoingItemOut(doors.Schema):
    """One payment of a file."""

    position = fields.Integer()
    kind = fields.String()
    subject_id = fields.String()
    reference = fields.String()
    account_name = fields.String()
    bank_name = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class OutgoingItemsOut(doors.Schema):
    """The payments of a file, in order."""

    items = fields.List(fields.Nested(OutgoingItemOut))


class ReturnsOut(doors.Schema):
    """How many of the payments that come back are ours."""

    ours = fields.Integer()


def show(found: OutgoingFile, work: Work) -> Mapping[str, Any]:
    """Return what OutgoingFileOut shows."""
    return {
        **doors.living(found, work, outgoing.LIFE),
        "form": found.form,
        "item_count": found.item_count,
        "total": doors.wire(found.total),
        "digest": found.digest,
        "execute_on": found.execute_on.isoformat(),
        "made_at": doors.moment(found.made_at),
        "answered_at": doors.moment(found.answered_at),
        "reason": found.reason,
        "silent": outgoing.is_silent(work, found),
    }


def show_item(item: OutgoingItem) -> Mapping[str, Any]:
    """Return what OutgoingItemOut shows."""
    return {
        "position": item.position,
        "kind": item.kind,
        "subject_id": item.subject_id,
        "reference": item.reference,
        "account_name": item.account_name,
        "bank_name": item.bank_name,
        "amount": doors.wire(item.amount),
    }


@blueprint.post("")
@doors.money
@blueprint.arguments(OutgoingIn)
@blueprint.response(201, OutgoingFileOut)
def send(body: dict[str, Any]) -> Any:
    """Put every approved payout and bank refund into a file for the bank."""
    work = unit.current()
    made = outgoing.send(work, form=Form(body["form"]))
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/answers")
@doors.money
@blueprint.arguments(AnswerIn)
@blueprint.response(200, OutgoingFileOut)
def answer(body: dict[str, Any]) -> Any:
    """Read a pain.002 of the bank: what it rejects fails with the bank's reason."""
    work = unit.current()
    found = outgoing.read_answer(work, body["text"].encode())
    work.session.flush()  # the version is the one that will be stored
    return show(found, work)


@blueprint.post("/returns")
@doors.money
@blueprint.arguments(AnswerIn)
@blueprint.response(200, ReturnsOut)
def returns(body: dict[str, Any]) -> Any:
    """Read a pacs.004: the reasons of payments that come back; the statement moves the money."""
    return {"ours": outgoing.read_returns(unit.current(), body["text"].encode())}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(OutgoingFileOut))
def listed(query: dict[str, Any]) -> Any:
    """List the files, newest first, to who oversees the exchange."""
    work = unit.current()
    return doors.page(outgoing.listed(work, **query), lambda one: show(one, work))


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, OutgoingFileOut)
def one(subject_id: str) -> Any:
    """Show one file and what the bank said of it."""
    work = unit.current()
    return doors.tagged(show(outgoing.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/items")
@doors.members("read")
@blueprint.response(200, OutgoingItemsOut)
def items(subject_id: str) -> Any:
    """List the payments of a file, in order."""
    work = unit.current()
    found = outgoing.seen(work, subject_id)
    return {"items": [show_item(item) for item in outgoing.items(work.session, found.id)]}


@blueprint.get("/<string:subject_id>/content")
@doors.members("read")
@blueprint.response(200, content_type="application/octet-stream")
def content(subject_id: str) -> Response:
    """Download the bytes of a file, with whole account numbers, as a settlement officer."""
    return handed(subject_id)


def handed(file_id: str) -> Response:
    """Return a file as the bank takes it, named after what it is."""
    work = unit.current()
    drawn = outgoing.content(work, file_id).decode()
    is_csv = outgoing.form_of(work.session, file_id) is Form.CSV
    kind, ending = ("text/csv", "csv") if is_csv else ("application/xml", "xml")
    return doors.answer_text(drawn, f"{kind}; charset=utf-8", name=f"{file_id}.{ending}")
