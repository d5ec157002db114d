"""The door of supply agreements (供数协议): drafting, signing, the letter, the filing."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from kernel.work import Work
from licensing import agreements, signatures
from licensing.agreements import State, SupplyAgreement
from licensing.applications.items import ITEMS_MAX
from licensing.signatures import Signature

blueprint = doors.noun("agreements", "Supply agreements · 供数协议")


class NamedItemIn(doors.Body):
    """One data item, with the weakest treatment that it may have."""

    directory_code = doors.text(max=40)
    item_code = doors.text(max=64)
    transform = doors.text(max=40)


class RevenueIn(doors.Body):
    """Shares in basis points; together 10,000."""

    fiscal = doors.whole(max=10_000)
    operator = doors.whole(max=10_000)
    merchant = doors.whole(max=10_000)


def quotas() -> fields.Dict:
    """Declare limits by meter: {"rows": 100000}."""
    return fields.Dict(
        keys=doors.text(max=60, required=False), values=doors.whole(required=False), required=False
    )


class AgreementIn(doors.Body):
    """The terms; what is left out limits nothing."""

    department_id = doors.text(max=40)
    operator_id = doors.text(max=40)
    industry = doors.text(max=5)
    items = doors.many(NamedItemIn, at_most=ITEMS_MAX)
    regions = doors.texts(max=50, each=6)
    output_forms = doors.texts(max=8, each=40)
    environments = doors.texts(max=5, each=40)
    users = doors.texts(max=200, each=80, required=False)
    quotas = quotas()
    row_filters = doors.texts(max=20, each=200, required=False)
    purpose_limits = doors.texts(max=40, each=60, required=False)
    term_from = doors.day()
    term_to = doors.day()
    revenue = doors.nested(RevenueIn, required=False, allow_none=True)


class LetterIn(doors.Body):
    """The confidentiality letter. digest: its SHA-256 or SM3, in hexadecimal digits."""

    digest = doors.text(max=64)


class SignatureOut(Schema):
    """One signature under an agreement."""

    organisation_id = fields.String()
    person_id = fields.String()
    at = fields.String()
    text_digest = fields.String()
    alg = fields.String()
    key_id = fields.String()
    value = fields.String()


class AgreementRowOut(Schema):
    """An agreement in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    code = fields.String()
    department_id = fields.String()
    operator_id = fields.String()
    industry = fields.String()
    term_from = fields.String()
    term_to = fields.String()
    drafted_at = fields.String()
    effective_at = fields.String(allow_none=True)


class AgreementOut(AgreementRowOut):
    """One agreement, with its scope, its signatures, and what the caller may do."""

    purpose_limits = fields.List(fields.String())
    scope = fields.Dict()
    scope_hash = fields.String()
    revenue = fields.Dict(allow_none=True)
    letter_digest = fields.String(allow_none=True)
    signatures = fields.List(fields.Nested(SignatureOut))
    actions = fields.List(fields.Nested(doors.ActionOut))


class AgreementQuery(doors.PageQuery):
    """Which agreements to list."""

    state = doors.choice(*State, required=False, load_default=None)


def row(found: SupplyAgreement) -> Mapping[str, Any]:
    """Return what AgreementRowOut shows."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "code": found.code,
        "department_id": found.department_id,
        "operator_id": found.operator_id,
        "industry": found.industry,
        "term_from": found.term_from.isoformat(),
        "term_to": found.term_to.isoformat(),
        "drafted_at": doors.moment(found.drafted_at),
        "effective_at": doors.moment(found.effective_at),
    }


def signed(signature: Signature) -> Mapping[str, Any]:
    """Return what SignatureOut shows."""
    names = ("organisation_id", "person_id", "text_digest", "alg", "key_id", "value")
    shown = {name: getattr(signature, name) for name in names}
    return {**shown, "at": doors.moment(signature.at)}


def show(found: SupplyAgreement, work: Work) -> Mapping[str, Any]:
    """Return what AgreementOut shows."""
    return {
        **row(found),
        **doors.living(found, work, agreements.LIFE),
        "purpose_limits": found.purpose_limits,
        "scope": found.scope,
        "scope_hash": found.scope_hash,
        "revenue": found.revenue,
        "letter_digest": found.letter_digest,
        "signatures": [signed(one) for one in signatures.of(work.session, found.id)],
    }


@blueprint.get("")
@doors.members()
@blueprint.arguments(AgreementQuery, location="query")
@blueprint.response(200, doors.page_of(AgreementRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the agreements that the caller may see, newest first."""
    return doors.page(agreements.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members()
@blueprint.response(200, AgreementOut)
def one(subject_id: str) -> Any:
    """Show one agreement."""
    work = unit.current()
    return doors.tagged(show(agreements.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(AgreementIn)
@blueprint.response(201, AgreementOut)
def draft(body: dict[str, Any]) -> Any:
    """Draft an agreement, as its department or its operator."""
    work = unit.current()
    made = agreements.draft(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/letter")
@doors.versioned
@doors.members("write")
@blueprint.arguments(LetterIn)
@blueprint.response(200, AgreementOut)
def letter(body: dict[str, Any], subject_id: str) -> Any:
    """Give the operator's confidentiality letter (保密承诺书), by its digest."""
    work = unit.current()
    doors.matched(agreements.seen(work, subject_id))
    given = agreements.give_letter(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(given, work)


doors.steps(blueprint, agreements, AgreementOut, show)
