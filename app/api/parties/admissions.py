"""The door of admission (入驻): an organisation's file, documents, credit checks and people."""

import base64
from collections.abc import Container, Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from app import doors, problems, unit
from kernel.actor import Duty
from kernel.parties import (
    admission,
    checks,
    contents,
    documents,
    organisations,
    people,
    uscc,
    vigil,
)
from kernel.parties.admission import CAPABILITIES, Admission, MerchantType, TaxKind
from kernel.parties.checks import FLAGS
from kernel.parties.documents import Document
from kernel.work import Work

FILE_MAX = 2_000_000
"""Characters of a file in base 64; the rules bound its bytes, the settings the request."""

blueprint = doors.noun(
    "admissions", "Admission files of organisations · 入驻档案", prefix="/api/organisations"
)


class FlagsBody(doors.Body):
    """Whether it stands in each of the four credit registers."""

    dishonest_debtor = doors.flag()
    tax_violation = doors.flag()
    serious_dishonesty = doors.flag()
    abnormal_operation = doors.flag()


class AdmissionFileIn(doors.Body):
    """What an organisation says of itself; the identity number is hashed, never stored."""

    org_kind = doors.choice(*uscc.Kind)
    registered_capital_fen = doors.whole()
    established_on = doors.day()
    licence_valid_to = doors.day(required=False, load_default=None, allow_none=True)
    business_scope = doors.text(max=2_000)
    legal_rep_name = doors.text(max=60)
    legal_rep_id_number = doors.text(max=30, load_only=True)
    merchant_type = doors.choice(*MerchantType, required=False, load_default=None, allow_none=True)
    merchant_capabilities = fields.List(
        doors.choice(*CAPABILITIES), load_default=list, validate=validate.Length(max=7)
    )
    tax_kind = doors.choice(*TaxKind)
    credit_declared = doors.nested(FlagsBody)
    mlps_level = doors.whole(max=4)
    mlps_cert_no = doors.text(max=60, required=False, load_default=None, allow_none=True)
    mlps_valid_to = doors.day(required=False, load_default=None, allow_none=True)
    security_officer = doors.text(max=60)
    dpo = doors.text(max=60)
    group_code = doors.text(max=60, required=False, load_default=None, allow_none=True)
    committed_until = doors.day(required=False, load_default=None, allow_none=True)


class AdmissionFileOut(doors.Schema):
    """An admission file as its organisation and its reviewers see it."""

    organisation_id = fields.String()
    org_kind = fields.String()
    registered_capital_fen = fields.Integer()
    established_on = fields.Date()
    licence_valid_to = fields.Date(allow_none=True)
    licence_light = fields.String()
    business_scope = fields.String()
    legal_rep_name = fields.String()
    legal_rep_id_masked = fields.String()
    merchant_type = fields.String(allow_none=True)
    merchant_capabilities = fields.List(fields.String())
    tax_kind = fields.String()
    credit_declared = fields.Nested(FlagsBody)
    mlps_level = fields.Integer()
    mlps_cert_no = fields.String(allow_none=True)
    mlps_valid_to = fields.Date(allow_none=True)
    security_officer = fields.String()
    dpo = fields.String()
    group_code = fields.String(allow_none=True)
    committed_until = fields.Date(allow_none=True)
    verified_on = fields.Date(allow_none=True)
    due_on = fields.Date(allow_none=True)
    warnings = fields.List(fields.Nested(doors.RefusalOut))


class DocumentIn(doors.Body):
    """A document: a PDF, PNG or JPEG, which is kept sealed."""

    doc_type = doors.choice(*documents.TYPES)
    name = doors.text(max=200)
    content_base64 = doors.text(max=FILE_MAX)
    valid_to = doors.day(required=False, load_default=None, allow_none=True)


class DocumentOut(doors.Schema):
    """A document that is in force. kept: the file is there, and not its digest alone."""

    id = fields.String()
    doc_type = fields.String()
    name = fields.String()
    digest = fields.String()
    valid_to = fields.Date(allow_none=True)
    filed_at = fields.String()
    kept = fields.Boolean()


class DocumentContentOut(doors.Schema):
    """A document as it was shown, its digest checked."""

    name = fields.String()
    media_type = fields.String()
    digest = fields.String()
    content_base64 = fields.String()


class DocumentsOut(doors.Schema):
    """The documents in force, and the types that are wanting."""

    items = fields.List(fields.Nested(DocumentOut))
    key_wanting = fields.List(fields.String())
    deferrable_wanting = fields.List(fields.String())
    role_wanting = fields.List(fields.String())


class CreditCheckIn(FlagsBody):
    """What the four registers say, and where the reader can look again."""

    source = doors.text(max=500)


class CreditCheckOut(doors.Schema):
    """A look into the four registers."""

    id = fields.String()
    flagged = fields.List(fields.String())
    source = fields.String()
    checked_by = fields.String()
    checked_at = fields.String()


class PersonIn(doors.Body):
    """A person who will act for the organisation; the number is hashed, never stored."""

    login = doors.text(max=people.LOGIN_MAX)
    name = doors.text(max=60)
    password = doors.text(max=people.PASSWORD_MAX, load_only=True)
    identity_number = doors.text(max=30, load_only=True)
    duties = fields.List(
        doors.choice(*Duty), required=True, validate=validate.Length(min=1, max=len(Duty))
    )


class PersonOut(doors.Schema):
    """A person of an organisation."""

    id = fields.String()
    login = fields.String()
    name = fields.String()


@blueprint.get("/<string:organisation_id>/admission")
@doors.members("read")
@blueprint.response(200, AdmissionFileOut)
def one(organisation_id: str) -> Any:
    """Show the admission file to its organisation and those who decide on it."""
    work = unit.current()
    organisation = organisations.seen(work, organisation_id)
    found = admission.needed(work, organisation_id)
    return shown(organisation, found, work)


@blueprint.post("/<string:organisation_id>/admission")
@doors.members("write")
@blueprint.arguments(AdmissionFileIn)
@blueprint.response(200, AdmissionFileOut)
def file(body: dict[str, Any], organisation_id: str) -> Any:
    """Write the admission file, whole."""
    work = unit.current()
    found = admission.file(work, organisation_id, **body)
    return shown(organisations.seen(work, organisation_id), found, work)


@blueprint.get("/<string:organisation_id>/documents")
@doors.members("read")
@blueprint.response(200, DocumentsOut)
def listed(organisation_id: str) -> Any:
    """List the documents in force, and what is wanting."""
    work = unit.current()
    found = documents.shown(work, organisation_id)
    organisation = organisations.seen(work, organisation_id)
    wanting = documents.wanting(work, organisation_id, {str(role) for role in organisation.wanted})
    kept = contents.kept(work, organisation_id)
    return {
        "items": [_document(found[doc_type], kept) for doc_type in sorted(found)],
        "key_wanting": wanting.key,
        "deferrable_wanting": wanting.deferrable,
        "role_wanting": wanting.role,
    }


@blueprint.post("/<string:organisation_id>/documents")
@doors.members("write")
@blueprint.arguments(DocumentIn)
@blueprint.response(201, DocumentOut)
def file_document(body: dict[str, Any], organisation_id: str) -> Any:
    """File a document; the newest of its type is the one in force."""
    content = _bytes(body.pop("content_base64"))
    made = documents.file(unit.current(), organisation_id, content=content, **body)
    return _document(made, {made.id})


# Alone: an answer that is kept for its Idempotency-Key would be a copy outside the seal.
@blueprint.post("/<string:organisation_id>/documents/<string:document_id>/readings")
@doors.members("read", alone=True)
@blueprint.response(200, DocumentContentOut)
def read_document(organisation_id: str, document_id: str) -> Any:
    """Read a document; for its organisation and its reviewers, and on record."""
    actor = unit.admitted("read")
    found = unit.writing(actor, lambda work: documents.read(work, organisation_id, document_id))
    return {
        "name": found.name,
        "media_type": found.media_type,
        "digest": found.digest,
        "content_base64": base64.b64encode(found.content).decode(),
    }


@blueprint.post("/<string:organisation_id>/credit-checks")
@doors.members("write")
@blueprint.arguments(CreditCheckIn)
@blueprint.response(201, CreditCheckOut)
def check(body: dict[str, Any], organisation_id: str) -> Any:
    """Record what the four credit registers say."""
    flags = {name: body[name] for name in FLAGS}
    made = checks.record(unit.current(), organisation_id, flags=flags, source=body["source"])
    return {
        "id": made.id,
        "flagged": made.flagged,
        "source": made.source,
        "checked_by": made.checked_by,
        "checked_at": doors.moment(made.checked_at),
    }


@blueprint.post("/<string:organisation_id>/people")
@doors.members("write")
@blueprint.arguments(PersonIn)
@blueprint.response(201, PersonOut)
def admit(body: dict[str, Any], organisation_id: str) -> Any:
    """Enter a person who acts for the organisation; one human being is entered once."""
    who = {**body, "duties": [Duty(duty) for duty in body["duties"]]}
    made = people.admit(unit.current(), organisation_id, passwords=unit.house().passwords, **who)
    return {"id": made.id, "login": made.login, "name": made.name}


def shown(
    organisation: organisations.Organisation, found: Admission, work: Work
) -> Mapping[str, Any]:
    """Return what AdmissionFileOut shows."""
    plain = {name: getattr(found, name) for name in _AS_THEY_ARE}
    return {
        **plain,
        "licence_light": vigil.light(work, found),
        "due_on": vigil.due_on(work, found),
        "warnings": problems.refusals(admission.warnings(organisation, found)),
    }


_AS_THEY_ARE = tuple(
    name
    for name in AdmissionFileOut._declared_fields
    if name not in {"licence_light", "due_on", "warnings"}
)


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error


def _document(found: Document, kept: Container[str]) -> dict[str, Any]:
    return {
        "id": found.id,
        "doc_type": found.doc_type,
        "name": found.name,
        "digest": found.digest,
        "valid_to": found.valid_to,
        "filed_at": doors.moment(found.filed_at),
        "kept": found.id in kept,
    }
