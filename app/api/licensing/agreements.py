"""The door of supply agreements (供数协议): drafting, signing, filing, changing, suspending."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from app.api.frame import agreed
from catalogue.grades import Grade
from kernel.work import Work
from licensing import agreements
from licensing.agreements import State, SupplyAgreement
from licensing.applications.items import ITEMS_MAX
from licensing.exposures import RiskGrade
from licensing.frame.elements import Cause, Permission, SupplyMode

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


class DirectoryTermsIn(doors.Body):
    """How grave the data of one directory may become and still be supplied."""

    directory_code = doors.text(max=40)
    max_grade = doors.choice(*Grade)
    pi_allowed = doors.flag()
    consent_refs = doors.texts(max=20, each=200, required=False)


class StandingRuleIn(doors.Body):
    """Scenarios that need no individual opinion of the department."""

    purpose_codes = doors.texts(max=40, each=60)
    risk_max = doors.choice(*RiskGrade)
    output_forms = doors.texts(max=8, each=40)


class PermissionIn(doors.Body):
    """Whether an outside right applies, and by what document it is cleared."""

    permission = doors.choice(*Permission)
    applies = doors.flag()
    reference = doors.text(max=400, required=False)


class BoundsIn(doors.Body):
    """Terms of either kind of agreement; what is left out limits nothing."""

    items = doors.many(NamedItemIn, at_most=ITEMS_MAX)
    regions = doors.texts(max=50, each=6)
    output_forms = doors.texts(max=8, each=40)
    environments = doors.texts(max=5, each=40)
    users = doors.texts(max=200, each=80, required=False)
    quotas = quotas()
    row_filters = doors.texts(max=20, each=200, required=False)
    term_from = doors.day()
    term_to = doors.day()
    revenue = doors.nested(RevenueIn, required=False, allow_none=True)


class TermsIn(BoundsIn):
    """The terms of a supply agreement, as they will be."""

    operation_agreement_id = doors.text(max=40, required=False, allow_none=True)
    purpose_limits = doors.texts(max=40, each=60, required=False)
    directories = doors.many(DirectoryTermsIn, at_most=200, required=False)
    supply_mode = doors.choice(*SupplyMode, required=False)
    refresh = doors.text(max=60, required=False)
    quality_sla = doors.text(max=400, required=False)
    opinion_deadline_wd = doors.whole(min=1, max=60, required=False)
    standing_consent_rules = doors.many(StandingRuleIn, at_most=20, required=False)
    external_permission_checklist = doors.many(
        PermissionIn, at_most=len(Permission), required=False
    )
    forbidden_uses = doors.texts(max=50, each=400, required=False)
    contact = doors.text(max=200, required=False)


class AgreementIn(TermsIn):
    """A supply agreement as it is drafted."""

    department_id = doors.text(max=40)
    operator_id = doors.text(max=40)
    industry = doors.text(max=5)


class AmendmentIn(doors.Body):
    """Why, and all the terms as they will be."""

    reason = doors.text(max=500)
    terms = doors.nested(TermsIn)


class DirectorySuspensionIn(doors.Body):
    """Which directory supplies nothing from now on, and why."""

    directory_code = doors.text(max=40)
    cause = doors.choice(*Cause)
    reason = doors.text(max=500)


class DirectoryResumptionIn(doors.Body):
    """Which directory supplies again, and why."""

    directory_code = doors.text(max=40)
    reason = doors.text(max=500)


class AgreementRowOut(Schema):
    """An agreement in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    code = fields.String()
    department_id = fields.String()
    operator_id = fields.String()
    industry = fields.String()
    operation_agreement_id = fields.String(allow_none=True)
    edition = fields.Integer()
    term_from = fields.String()
    term_to = fields.String()
    drafted_at = fields.String()
    effective_at = fields.String(allow_none=True)


class AgreementOut(AgreementRowOut):
    """One agreement, with its scope, its signatures, and what the caller may do."""

    purpose_limits = fields.List(fields.String())
    scope = fields.Dict()
    scope_hash = fields.String()
    elements = fields.Dict()
    revenue = fields.Dict(allow_none=True)
    decision = fields.Dict(allow_none=True)
    final_digest = fields.String(allow_none=True)
    proposal = fields.Dict(allow_none=True)
    letter_digest = fields.String(allow_none=True)
    handover = fields.Dict(allow_none=True)
    suspended_directories = fields.Dict()
    signatures = fields.List(fields.Nested(agreed.SignatureOut))
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
        "operation_agreement_id": found.operation_agreement_id,
        "edition": found.edition,
        "term_from": found.term_from.isoformat(),
        "term_to": found.term_to.isoformat(),
        "drafted_at": doors.moment(found.drafted_at),
        "effective_at": doors.moment(found.effective_at),
    }


def show(found: SupplyAgreement, work: Work) -> Mapping[str, Any]:
    """Return what AgreementOut shows."""
    return {
        **row(found),
        **doors.living(found, work, agreements.LIFE),
        **agreed.agreed(found, work),
        "purpose_limits": found.purpose_limits,
        "suspended_directories": found.suspended_directories,
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
    return agreed.written(work, agreements.draft(work, **body), show)


@blueprint.post("/<string:subject_id>/directory-suspensions")
@doors.versioned
@doors.members("write")
@blueprint.arguments(DirectorySuspensionIn)
@blueprint.response(200, AgreementOut)
def suspend_directory(body: dict[str, Any], subject_id: str) -> Any:
    """Stop the supply of one directory, as its department or the authority."""
    work = unit.current()
    doors.matched(agreements.seen(work, subject_id))
    return agreed.written(work, agreements.suspend_directory(work, subject_id, **body), show)


@blueprint.post("/<string:subject_id>/directory-resumptions")
@doors.versioned
@doors.members("write")
@blueprint.arguments(DirectoryResumptionIn)
@blueprint.response(200, AgreementOut)
def resume_directory(body: dict[str, Any], subject_id: str) -> Any:
    """Go on supplying one directory."""
    work = unit.current()
    doors.matched(agreements.seen(work, subject_id))
    return agreed.written(work, agreements.resume_directory(work, subject_id, **body), show)


agreed.doors_of(blueprint, agreements, agreed.Forms(TermsIn, AmendmentIn, AgreementOut, show))
doors.steps(blueprint, agreements, AgreementOut, show)
