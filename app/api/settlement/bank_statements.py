"""The door of bank statements (银行对账单): trying one, importing one, and what is left over."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app import doors, languages, unit
from app.api.settlement import clearings as clearing_door
from kernel.money import Money
from settlement.bank import clearings, intake, statements, worklist
from settlement.bank.clearings import Share
from settlement.bank.desk import Verdict
from settlement.bank.matching import Suggestion
from settlement.bank.statements import BankLine, BankStatement, Note
from settlement.bank.worklist import Age, Waiting

TEXT_MAX = 3_000_000
"""The most characters of a statement."""

blueprint = doors.noun("bank-statements", "Bank statements · 银行对账单")


class StatementIn(doors.Body):
    """A statement of the supervised account: CSV, MT940 or camt.053 as text, or any in base 64.

    profile: which bank's CSV or XLSX it is, where the titles of the columns do not tell.
    """

    account = doors.text(max=60)
    profile = doors.text(max=60, required=False)
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


class SuggestionOut(doors.Schema):
    """A payment that a receipt may be for. alien: the payer's name is another one."""

    payment_id = fields.String()
    reference = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    rung = fields.String()
    reason = fields.String()
    alien = fields.Boolean()


class WaitingLineOut(BankLineOut):
    """A line that waits: its age in working days, and what it may be for, the surest first."""

    left = fields.Nested(doors.MoneyBody)
    age_wd = fields.Integer()
    suggestions = fields.List(fields.Nested(SuggestionOut))
    proposed = fields.String(allow_none=True)


class SuspenseAgeOut(doors.Schema):
    """What waits since from_wd to to_wd working days."""

    from_wd = fields.Integer()
    to_wd = fields.Integer(allow_none=True)
    count = fields.Integer()
    total = fields.Nested(doors.MoneyBody)


class SuspenseAgesOut(doors.Schema):
    """What waits, by age."""

    items = fields.List(fields.Nested(SuspenseAgeOut))


class VerdictOut(doors.Schema):
    """What one line of a file would be booked as. target: the payments or what else it names."""

    row = fields.Integer()
    bank_ref = fields.String()
    booked_on = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    counterparty_name = fields.String()
    kind = fields.String(allow_none=True)
    target = fields.List(fields.String())
    rung = fields.String(allow_none=True)
    note = fields.String(allow_none=True)


class PreviewOut(doors.Schema):
    """What would be imported. Nothing has been."""

    account = fields.String()
    number = fields.String()
    form = fields.String()
    opening = fields.Nested(doors.MoneyBody)
    closing = fields.Nested(doors.MoneyBody)
    lines = fields.List(fields.Nested(VerdictOut))


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


def show_waiting(one: Waiting) -> Mapping[str, Any]:
    """Return what WaitingLineOut shows."""
    return {
        **show_line(one.line, {one.line.id: one.left} if one.line.amount.minor > 0 else {}),
        "left": doors.wire(one.left),
        "age_wd": one.age_wd,
        "suggestions": [_suggestion(each) for each in one.suggestions],
        "proposed": one.proposed.id if one.proposed else None,
    }


def show_verdict(one: Verdict) -> Mapping[str, Any]:
    """Return what VerdictOut shows."""
    return {
        "row": one.line.row,
        "bank_ref": one.line.bank_ref,
        "booked_on": one.line.booked_on.isoformat(),
        "amount": doors.wire(one.line.amount),
        "counterparty_name": one.line.counterparty_name,
        "kind": one.kind,
        "target": [part.payment.id for part in one.parts] or [one.target] * bool(one.target),
        "rung": one.rung,
        "note": one.note,
    }


@blueprint.post("")
@doors.money
@blueprint.arguments(StatementIn)
@blueprint.response(201, StatementOut)
def take_in(body: dict[str, Any]) -> Any:
    """Import a statement, whole or not at all; every receipt is booked, and matched if clear."""
    return show(intake.import_statement(unit.current(), **_given(body)))


@blueprint.post("/preview")
@doors.members("write")
@blueprint.arguments(StatementIn)
@blueprint.response(200, PreviewOut)
def preview(body: dict[str, Any]) -> Any:
    """Say what importing a statement would book and match; nothing is kept."""
    told = intake.preview(unit.current(), **_given(body))
    return {
        "account": told.read.account,
        "number": told.read.number,
        "form": told.read.form,
        "opening": doors.wire(told.read.opening),
        "closing": doors.wire(told.read.closing),
        "lines": [show_verdict(one) for one in told.verdicts],
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(StatementOut))
def listed(query: dict[str, Any]) -> Any:
    """List the statements, newest first, to who oversees the exchange."""
    return doors.page(statements.listed(unit.current(), **query), show)


@blueprint.get("/suspense")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(WaitingLineOut))
def suspense(query: dict[str, Any]) -> Any:
    """List what waits, newest first: its age, and what it may be for."""
    return doors.page(worklist.listed(unit.current(), **query), show_waiting)


@blueprint.get("/suspense/ages")
@doors.members("read")
@blueprint.response(200, SuspenseAgesOut)
def ages() -> Any:
    """Tell how much money waits in suspense, by age in working days."""
    return {"items": [_age(one) for one in worklist.ages(unit.current())]}


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
@blueprint.response(201, clearing_door.ClearingOut)
def match(body: dict[str, Any], line_id: str) -> Any:
    """Match what is left of a receipt to a payment, by a person who did not import it."""
    work = unit.current()
    share = Share(body["payment_id"])
    made = clearings.give(work, line_id, shares=[share], reason=body["reason"])
    work.session.flush()  # the version is the database's first
    return clearing_door.show(made, work)


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    encoded = body.get("content_base64")
    return {
        "account": body["account"],
        "profile": body.get("profile", ""),
        "text": body.get("text") if encoded is None else _bytes(encoded),
    }


def _suggestion(one: Suggestion) -> Mapping[str, Any]:
    return {
        "payment_id": one.payment.id,
        "reference": one.payment.reference,
        "amount": doors.wire(one.amount),
        "rung": one.rung,
        "reason": languages.said(one.rung.label),
        "alien": one.alien,
    }


def _age(one: Age) -> Mapping[str, Any]:
    return {
        "from_wd": one.from_wd,
        "to_wd": one.to_wd,
        "count": one.receipts,
        "total": doors.wire(one.total),
    }


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error
