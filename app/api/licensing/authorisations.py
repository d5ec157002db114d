"""The door of authorisations (授权): who may use what, for which one purpose, until when."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, problems, unit
from app.api.licensing import decisions as log
from app.doors import Schema
from kernel.work import Work
from licensing import authorisations, certificates, decisions, quotas, versions
from licensing.applications.cases import Scenario
from licensing.authorisations import Authorisation, State
from licensing.exposures import Environment, OutputForm, Transform
from licensing.upkeep import renewals

blueprint = doors.noun("authorisations", "Authorisations · 授权")


class AuthorisationQuery(doors.PageQuery):
    """Which authorisations to list."""

    state = doors.choice(*State, required=False, load_default=None)


class GrantedItemIn(doors.Body):
    """One item, and the weakest treatment that is to be allowed."""

    directory = doors.text(max=64)
    item = doors.text(max=64)
    transform = doors.choice(*Transform)


# "from" is a word of Python's own, so the schema is written as a table.
PeriodIn = doors.Body.from_dict(
    {"from": doors.text(min=10, max=10), "to": doors.text(min=10, max=10)}, name="PeriodIn"
)


class ScopeIn(doors.Body):
    """A scope; a part that is left out stays as it is."""

    purpose_code = doors.text(max=60, required=False)
    purpose_fingerprint = doors.text(max=64, required=False)
    items = doors.many(GrantedItemIn, at_most=500, required=False)
    row_filters = doors.texts(max=50, each=200, required=False)
    users = doors.texts(max=200, each=80, required=False)
    regions = doors.texts(max=100, each=6, required=False)
    period = doors.nested(PeriodIn, required=False)
    quotas = fields.Dict(doors.text(max=60), doors.whole(), required=False)
    output_forms = fields.List(doors.choice(*OutputForm), required=False)
    environments = fields.List(doors.choice(*Environment), required=False)


class NarrowingIn(doors.Body):
    """How an authorisation is to be narrowed. purpose_code: the purpose that is meant."""

    scope = doors.nested(ScopeIn)
    purpose_code = doors.text(max=60, required=False, load_default=None)


class RenewalIn(doors.Body):
    """What is asked for after the last day: until when, and what was used so far."""

    report = doors.text(max=4000)
    period_to = doors.day()
    scope = doors.nested(ScopeIn, required=False, load_default=None)


class IncreaseIn(doors.Body):
    """Higher quotas for the days that are left, and what was used so far."""

    report = doors.text(max=4000)
    limits = fields.Dict(doors.text(max=60), doors.whole(), required=True)


class SuccessionOut(Schema):
    """The scenario, still a draft, by which more of the same is asked for."""

    scenario_id = fields.String()
    code = fields.String()
    period_from = fields.String()
    period_to = fields.String()


class RenewalWindowOut(Schema):
    """When a renewal is applied for, and what bars it today."""

    opens = fields.Date()
    closes = fields.Date()
    barred_by = fields.List(fields.Nested(doors.RefusalOut))


class QuotaOut(Schema):
    """A quota, and what has been used of it."""

    meter = fields.String()
    limit = fields.Integer()
    used = fields.Integer()


class AuthorisationVersionOut(Schema):
    """One version: an immutable scope."""

    number = fields.Integer()
    scope = fields.Raw()
    scope_hash = fields.String()
    issued_at = fields.AwareDateTime(format="iso")


class AuthorisationVersionsOut(Schema):
    """All versions, newest first."""

    items = fields.List(fields.Nested(AuthorisationVersionOut))


class ImpactOut(Schema):
    """What a suspension or revocation would touch."""

    authorisation_id = fields.String()
    state = fields.String()
    grantee_id = fields.String()
    operator_id = fields.String()
    departments = fields.List(fields.String())
    items = fields.Integer()
    days_left = fields.Integer()
    quotas_left = fields.Dict(fields.String(), fields.Integer())


class AuthorisationOut(doors.LivingOut):
    """An authorisation; scope and quotas are those of the current version."""

    cert_no = fields.String()
    scenario_id = fields.String()
    assessment_id = fields.String()
    grantee_id = fields.String()
    operator_id = fields.String()
    implementing_agency_id = fields.String()
    departments = fields.List(fields.String())
    purpose_code = fields.String()
    purpose_text = fields.String()
    conditions = fields.List(fields.String())
    valid_from = fields.Date()
    valid_to = fields.Date()
    current_version = fields.Integer()
    suspend_reason = fields.String(allow_none=True)
    supersedes_id = fields.String(allow_none=True)
    scope = fields.Raw()
    quotas = fields.List(fields.Nested(QuotaOut))


_SHOWN = (
    "id", "version", "cert_no", "scenario_id", "assessment_id", "grantee_id", "operator_id",
    "implementing_agency_id", "departments", "purpose_code", "purpose_text", "conditions",
    "valid_from", "valid_to", "current_version", "suspend_reason", "supersedes_id",
)  # fmt: skip


def row(found: Authorisation) -> Mapping[str, Any]:
    """Return what AuthorisationOut shows in a list: all but actions, scope and quotas."""
    return {"state": str(found.state), **{name: getattr(found, name) for name in _SHOWN}}


def show(found: Authorisation, work: Work) -> Mapping[str, Any]:
    """Return what AuthorisationOut shows."""
    current = versions.find(work.session, found.id, found.current_version)
    return {
        **row(found),
        **doors.living(found, work, authorisations.LIFE),
        "scope": current.scope,
        "quotas": quotas.of(work.session, found.id),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(AuthorisationQuery, location="query")
@blueprint.response(200, doors.page_of(AuthorisationOut))
def listed(query: dict[str, Any]) -> Any:
    """List the authorisations that concern the caller, newest first."""
    return doors.page(authorisations.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, AuthorisationOut)
def one(subject_id: str) -> Any:
    """Show one authorisation."""
    work = unit.current()
    return doors.tagged(show(authorisations.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/versions")
@doors.members("read")
@blueprint.response(200, AuthorisationVersionsOut)
def version_list(subject_id: str) -> Any:
    """Show every version of one authorisation, newest first."""
    work = unit.current()
    found = authorisations.seen(work, subject_id)
    return {"items": versions.of(work.session, found.id)}


@blueprint.get("/<string:subject_id>/certificate")
@doors.members("read")
@blueprint.response(200)
def certificate(subject_id: str) -> Any:
    """Show the whole certificate of the current version, with its signature."""
    work = unit.current()
    found = authorisations.seen(work, subject_id)
    return certificates.written(certificates.current(work.session, found.cert_no))


@blueprint.get("/<string:subject_id>/impact")
@doors.members("read")
@blueprint.response(200, ImpactOut)
def impact(subject_id: str) -> Any:
    """Preview what a suspension or revocation would touch."""
    return authorisations.impact(unit.current(), subject_id)


@blueprint.get("/<string:subject_id>/decisions")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, log.DecisionPageOut)
def decided(query: dict[str, Any], subject_id: str) -> Any:
    """List what was decided on uses of one authorisation, newest first."""
    return doors.page(decisions.listed(unit.current(), subject_id, **query), log.row)


@blueprint.post("/<string:subject_id>/amendments")
@doors.versioned
@doors.members("write")
@blueprint.arguments(NarrowingIn)
@blueprint.response(201, AuthorisationOut)
def amend(body: dict[str, Any], subject_id: str) -> Any:
    """Narrow an authorisation; anything wider or other needs a new scenario."""
    work = unit.current()
    doors.matched(authorisations.seen(work, subject_id))
    authorisations.amend(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(authorisations.seen(work, subject_id), work)


@blueprint.get("/<string:subject_id>/renewal")
@doors.members("read")
@blueprint.response(200, RenewalWindowOut)
def renewal(subject_id: str) -> Any:
    """Tell when a renewal may be applied for, and what bars it today."""
    work = unit.current()
    found = authorisations.seen(work, subject_id)
    days, barred = renewals.window(work, found), renewals.barred(work, found)
    return {"opens": days.opens, "closes": days.closes, "barred_by": problems.refusals(barred)}


@blueprint.post("/<string:subject_id>/renewals")
@doors.members("write")
@blueprint.arguments(RenewalIn)
@blueprint.response(201, SuccessionOut)
def renew(body: dict[str, Any], subject_id: str) -> Any:
    """Draft the renewal of an authorisation, filled in from what it is now."""
    return _succession(renewals.renew(unit.current(), subject_id, **body))


@blueprint.post("/<string:subject_id>/increases")
@doors.members("write")
@blueprint.arguments(IncreaseIn)
@blueprint.response(201, SuccessionOut)
def increase(body: dict[str, Any], subject_id: str) -> Any:
    """Draft somewhat higher quotas for the days that are left of an authorisation."""
    return _succession(renewals.increase(unit.current(), subject_id, **body))


def _succession(made: Scenario) -> Mapping[str, Any]:
    days = made.scope["period"]
    named = {"scenario_id": made.id, "code": made.code}
    return {**named, "period_from": days["from"], "period_to": days["to"]}


doors.steps(blueprint, authorisations, AuthorisationOut, show)
