"""The door of bank statements (银行对账单): importing one, and explaining what is left over."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app import doors, languages, unit
from kernel.money import Money
from settlement import bank_files
from settlement.bank import intake, statements
from settlement.bank.statements import BankLine, BankMatch, BankStatement, Note

TEXT_MAX = 2_000_000
"""The most characters of a statement."""

blueprint = doors.noun("bank-statements", "Bank statements · 银行对账单")


class StatementIn(doors.Body):
    """A statement of the supervised account: its CSV as text, or its bytes in base 64."""

    account = doors.text(max=60)
    text = fields.String(validate=validate.Length(min=1, max=TEXT_MAX))
    content_base64 = fields.String(validate=validate.Length(min=1, max=2 * TEXT_MAX))

    @validates_schema
    def _one_of_the_two(self, given: Mapping[str, Any], **_more: Any) -> None:
        if ("text" in given) == ("content_base64" in given):
            raise ValidationError("Give text or content_base64.", "text")


class MatchIn(doors.Body):
    """To which payment what is left of a receipt belongs, and why."""

    payment_id = doors.text(max=40)
    reason = doors.text(max=500)


class StatementOut(doors.Schema):
    """A statement that was imported."""

    id = fields.String()
    account = fields.String()
    number = fields.String()
    opening = fields.Nested(doors.MoneyBody)
    closing = fields.Nested(doors.MoneyBody)
    line_count = fields.Integer()
    digest = fields.String()
    imported_at = fields.String()


class BankLineOut(doors.Schema):
    """A movement; minor is negative when money went out. suspense: what is not matched yet."""

    id = fields.String()
    statement_id = fields.String()
    position = fields.Integer()
    bank_ref = fields.String()
    booked_on = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    counterparty_name = fields.String()
    counterparty_account = fields.String()
    text = fields.String()
    note = fields.String(allow_none=True)
    note_label = fields.String(allow_none=True)
    suspense = fields.Nested(doors.MoneyBody)


class BankMatchOut(doors.Schema):
    """What some of a receipt was found to be."""

    id = fields.String()
    line_id = fields.String()
    payment_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    reason = fields.String()


def show(found: BankStatement) -> Mapping[str, Any]:
    """Return what StatementOut shows."""
    return {
        "id": found.id,
        "account": found.account,
        "number": found.number,
        "opening": doors.wire(found.opening),
        "closing": doors.wire(found.closing),
        "line_count": found.line_count,
        "digest": found.digest,
        "imported_at": doors.moment(found.imported_at),
    }


def show_line(found: BankLine, left: Mapping[str, Money]) -> Mapping[str, Any]:
    """Return what BankLineOut shows. left: line → what of it is in suspense."""
    return {
        "id": found.id,
        "statement_id": found.statement_id,
        "position": found.position,
        "bank_ref": found.bank_ref,
        "booked_on": found.booked_on.isoformat(),
        "amount": doors.wire(found.amount),
        "counterparty_name": found.counterparty_name,
        "counterparty_account": found.counterparty_account,
        "text": found.text,
        "note": found.note,
        "note_label": languages.said(Note(found.note).label) if found.note else None,
        "suspense": doors.wire(left.get(found.id, Money(0))),
    }


def show_match(made: BankMatch) -> Mapping[str, Any]:
    """Return what BankMatchOut shows."""
    return {
        "id": made.id,
        "line_id": made.line_id,
        "payment_id": made.payment_id,
        "amount": doors.wire(made.amount),
        "reason": made.reason,
    }


@blueprint.post("")
@doors.money
@blueprint.arguments(StatementIn)
@blueprint.response(201, StatementOut)
def take_in(body: dict[str, Any]) -> Any:
    """Import a statement, whole or not at all; every receipt is booked, and matched if clear."""
    text = body.get("text")
    if text is None:
        text = bank_files.decoded(_bytes(body["content_base64"]))
    return show(intake.import_statement(unit.current(), account=body["account"], text=text))


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(StatementOut))
def listed(query: dict[str, Any]) -> Any:
    """List the statements, newest first, to who oversees the exchange."""
    return doors.page(statements.listed(unit.current(), **query), show)


@blueprint.get("/unexplained")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(BankLineOut))
def unexplained(query: dict[str, Any]) -> Any:
    """List receipts not wholly matched, and debits nobody knows, newest first."""
    work = unit.current()
    found = statements.unexplained(work, **query)
    left = statements.suspense(work.session, [line.id for line in found.items])
    return doors.page(found, lambda line: show_line(line, left))


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, StatementOut)
def one(subject_id: str) -> Any:
    """Show one statement to who oversees the exchange."""
    return show(statements.seen(unit.current(), subject_id))


@blueprint.get("/<string:subject_id>/lines")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(BankLineOut))
def lines(query: dict[str, Any], subject_id: str) -> Any:
    """List the lines of a statement, in the bank's order."""
    work = unit.current()
    found = statements.lines(work.session, statements.seen(work, subject_id), **query)
    left = statements.suspense(work.session, [line.id for line in found.items])
    return doors.page(found, lambda line: show_line(line, left))


@blueprint.post("/lines/<string:line_id>/match")
@doors.money
@blueprint.arguments(MatchIn)
@blueprint.response(201, BankMatchOut)
def match(body: dict[str, Any], line_id: str) -> Any:
    """Match what is left of a receipt to a payment, by a person who did not import it."""
    return show_match(intake.match(unit.current(), line_id, **body))


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error
