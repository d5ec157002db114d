"""The door of operation agreements (授权运营协议): drafting, signing, filing, changing."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.frame import agreed
from app.api.licensing import agreements
from app.api.licensing.agreements import BoundsIn
from kernel.work import Work
from licensing import operations
from licensing.applications import supplies
from licensing.frame.elements import Mode
from licensing.operations import OperationAgreement, State

blueprint = doors.noun("operations", "Operation agreements · 授权运营协议")

WORDS = 4_000


class OutlinedProductIn(doors.Body):
    """One product that the operator is to supply."""

    name = doors.text(max=200)
    standard = doors.text(max=400)


class OwnershipIn(doors.Body):
    """Who owns what has been built and derived."""

    software = doors.text(max=400)
    hardware = doors.text(max=400)
    derived_data = doors.text(max=400)


class ExitIn(doors.Body):
    """What is owed at the end. transition_days: natural days."""

    data_destruction = doors.text(max=1_000)
    keys = doors.text(max=1_000)
    records = doors.text(max=1_000)
    transition_days = doors.whole(max=366)


class ElementsIn(doors.Body):
    """The elements besides scope and term; all of them are there before the text is final."""

    product_list = doors.many(OutlinedProductIn, at_most=200, required=False)
    fee_rules = doors.text(max=WORDS, required=False)
    cost_accounting_rules = doors.text(max=WORDS, required=False)
    data_security = doors.text(max=WORDS, required=False)
    pi_protection = doors.text(max=WORDS, required=False)
    asset_ownership = doors.nested(OwnershipIn, required=False)
    performance_targets = doors.texts(max=50, each=400, required=False)
    change_termination = doors.text(max=WORDS, required=False)
    exit_handover = doors.nested(ExitIn, required=False)
    breach = doors.text(max=WORDS, required=False)
    dispute = doors.text(max=WORDS, required=False)


class OperationTermsIn(BoundsIn):
    """The terms of an operation agreement, as they will be."""

    mode = doors.choice(*Mode)
    purposes = doors.texts(max=40, each=60, required=False)
    elements = doors.nested(ElementsIn, required=False)


class OperationIn(OperationTermsIn):
    """An operation agreement as it is drafted."""

    implementing_agency_id = doors.text(max=40)
    operator_id = doors.text(max=40)
    plan_id = doors.text(max=40)


class OperationAmendmentIn(doors.Body):
    """Why, and all the terms as they will be."""

    reason = doors.text(max=500)
    terms = doors.nested(OperationTermsIn)


class OperationRowOut(doors.Schema):
    """An operation agreement in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    code = fields.String()
    implementing_agency_id = fields.String()
    operator_id = fields.String()
    plan_id = fields.String()
    mode = fields.String()
    edition = fields.Integer()
    term_from = fields.String()
    term_to = fields.String()
    drafted_at = fields.String()
    effective_at = fields.String(allow_none=True)


class OperationOut(OperationRowOut):
    """One operation agreement, with its scope, its signatures, and what the caller may do."""

    scope = fields.Dict()
    scope_hash = fields.String()
    elements = fields.Dict()
    revenue = fields.Dict(allow_none=True)
    decision = fields.Dict(allow_none=True)
    final_digest = fields.String(allow_none=True)
    proposal = fields.Dict(allow_none=True)
    letter_digest = fields.String(allow_none=True)
    handover = fields.Dict(allow_none=True)
    supply_agreements = fields.List(fields.Nested(agreements.AgreementRowOut))
    signatures = fields.List(fields.Nested(agreed.SignatureOut))
    actions = fields.List(fields.Nested(doors.ActionOut))


class OperationQuery(doors.PageQuery):
    """Which agreements to list."""

    state = doors.choice(*State, required=False, load_default=None)


def row(found: OperationAgreement) -> Mapping[str, Any]:
    """Return what OperationRowOut shows."""
    names = ("id", "version", "code", "implementing_agency_id", "operator_id", "plan_id", "mode",
             "edition")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "state": str(found.state),
        "term_from": found.term_from.isoformat(),
        "term_to": found.term_to.isoformat(),
        "drafted_at": doors.moment(found.drafted_at),
        "effective_at": doors.moment(found.effective_at),
    }


def show(found: OperationAgreement, work: Work) -> Mapping[str, Any]:
    """Return what OperationOut shows."""
    below = supplies.under(work.session, found.id)
    return {
        **row(found),
        **doors.living(found, work, operations.LIFE),
        **agreed.agreed(found, work),
        "supply_agreements": [agreements.row(each) for each in below],
    }


@blueprint.get("")
@doors.members()
@blueprint.arguments(OperationQuery, location="query")
@blueprint.response(200, doors.page_of(OperationRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the operation agreements that the caller may see, newest first."""
    return doors.page(operations.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members()
@blueprint.response(200, OperationOut)
def one(subject_id: str) -> Any:
    """Show one operation agreement."""
    work = unit.current()
    return doors.tagged(show(operations.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(OperationIn)
@blueprint.response(201, OperationOut)
def draft(body: dict[str, Any]) -> Any:
    """Draft an operation agreement, as its agency or its operator."""
    work = unit.current()
    return agreed.written(work, operations.draft(work, **body), show)


_FORMS = agreed.Forms(OperationTermsIn, OperationAmendmentIn, OperationOut, show)
agreed.doors_of(blueprint, operations, _FORMS)
doors.steps(blueprint, operations, OperationOut, show)
