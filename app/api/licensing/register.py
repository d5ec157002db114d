"""The public register (公示): agreements, revocations, yearly disclosures, for everybody."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields, validate

from app import doors, unit
from kernel.pages import Page
from kernel.parties import organisations
from licensing import disclosure
from licensing.agreed.operation_rows import OperationAgreement
from licensing.applications.blocks import ScenarioKind
from licensing.applications.supplies import SupplyAgreement
from licensing.disclosing import register
from licensing.disclosing.register import Entry, Wanted
from licensing.disclosure import Disclosure, Due
from licensing.standing.rows import State as Standing
from marketplace import offered

blueprint = doors.noun("register", "Public register · 授权运营公示")


class FiledOut(doors.Schema):
    """An agreement that was filed, as everybody may see it. grantor: agency or department."""

    code = fields.String()
    state = fields.String()
    grantor_id = fields.String()
    grantor = fields.List(fields.String())
    operator_id = fields.String()
    operator = fields.List(fields.String())
    mode = fields.String(allow_none=True)
    industry = fields.String(allow_none=True)
    edition = fields.Integer()
    term_from = fields.String()
    term_to = fields.String()
    effective_at = fields.String()


class RegisteredOut(doors.Schema):
    """A scenario that was authorised, as everybody may see it. items: how many, not which."""

    cert_no = fields.String()
    state = fields.String()
    scenario_code = fields.String()
    title = fields.String()
    scenario_kind = fields.String()
    grantee_id = fields.String()
    grantee = fields.List(fields.String())
    operator_id = fields.String()
    operator = fields.List(fields.String())
    purpose_code = fields.String()
    items = fields.Integer()
    valid_from = fields.String()
    valid_to = fields.String()


class DisclosureRowOut(doors.Schema):
    """A published disclosure in a list."""

    id = fields.String()
    organisation_id = fields.String()
    kind = fields.String()
    year = fields.Integer()
    number = fields.Integer()
    digest = fields.String()
    published_at = fields.String()


class DisclosureOut(DisclosureRowOut):
    """A published disclosure, whole. holds: it is still what was published."""

    body = fields.Dict()
    digest_alg = fields.String()
    alg = fields.String()
    key_id = fields.String()
    value = fields.String()
    holds = fields.Boolean()


class DueOut(doors.Schema):
    """What one party owes for a year, and how that stands."""

    organisation_id = fields.String()
    kind = fields.String()
    year = fields.Integer()
    due_on = fields.String()
    light = fields.String(allow_none=True)
    disclosure_id = fields.String(allow_none=True)
    agreements = fields.List(fields.String())


class DisclosureIn(doors.Body):
    """The year that is disclosed."""

    year = doors.whole(min=2000, max=2199)


class RegisterQuery(doors.PageQuery):
    """What is looked for: in numbers, titles, purposes and names of parties, either language."""

    q = doors.text(max=register.TEXT_MAX, required=False, load_default=None)


class FiledQuery(RegisterQuery):
    """Which agreements to list."""

    state = doors.choice(*register.FILED, required=False, load_default=None)


class RegisteredQuery(RegisterQuery):
    """Which authorisations to list. kind: what the scenario makes."""

    state = doors.choice(*Standing, required=False, load_default=None)
    kind = doors.choice(*ScenarioKind, required=False, load_default=None)


class DisclosureQuery(doors.PageQuery):
    """Which disclosures to list."""

    year = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(min=2000, max=2199)
    )


class DueQuery(doors.Body):
    """Of which year; the last one when it is not said."""

    year = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(min=2000, max=2199)
    )


def _filed(names: Mapping[str, Any]) -> Any:
    def shown(found: OperationAgreement | SupplyAgreement) -> Mapping[str, Any]:
        same = ("code", "grantor_id", "operator_id", "edition")
        return {
            **{name: getattr(found, name) for name in same},
            "state": str(found.state),
            "grantor": list(names[found.grantor_id]),
            "operator": list(names[found.operator_id]),
            "mode": getattr(found, "mode", None),
            "industry": getattr(found, "industry", None),
            "term_from": found.term_from.isoformat(),
            "term_to": found.term_to.isoformat(),
            "effective_at": doors.moment(found.effective_at),
        }

    return shown


def _agreements(kind: Any, query: dict[str, Any]) -> Any:
    session = unit.current().session
    page = register.filed(session, kind, _wanted(query), after=query["after"], limit=query["limit"])
    names = organisations.names(session, {one for each in page.items for one in each.parties})
    return doors.page(page, _filed(names))


def _authorised(reader: Callable[..., Page[Entry]], query: dict[str, Any]) -> Any:
    session = unit.current().session
    page = reader(session, _wanted(query), after=query["after"], limit=query["limit"])
    rights = [each.authorisation for each in page.items]
    firms = {one for each in rights for one in (each.grantee_id, each.operator_id)}
    return doors.page(page, _registered(organisations.names(session, firms)))


def _wanted(query: Mapping[str, Any]) -> Wanted:
    return Wanted(query["q"], query.get("state"), query.get("kind"))


def _registered(names: Mapping[str, Any]) -> Callable[[Entry], Mapping[str, Any]]:
    def shown(entry: Entry) -> Mapping[str, Any]:
        found = entry.authorisation
        same = ("cert_no", "grantee_id", "operator_id", "purpose_code")
        return {
            **{name: getattr(found, name) for name in same},
            "state": str(found.state),
            "scenario_code": entry.scenario_code,
            "title": entry.title,
            "scenario_kind": entry.kind,
            "grantee": list(names[found.grantee_id]),
            "operator": list(names[found.operator_id]),
            "items": entry.items,
            "valid_from": found.valid_from.isoformat(),
            "valid_to": found.valid_to.isoformat(),
        }

    return shown


def row(found: Disclosure) -> Mapping[str, Any]:
    """Return what DisclosureRowOut shows."""
    names = ("id", "organisation_id", "kind", "year", "number", "digest")
    shown = {name: getattr(found, name) for name in names}
    return {**shown, "published_at": doors.moment(found.published_at)}


def show(found: Disclosure) -> Mapping[str, Any]:
    """Return what DisclosureOut shows."""
    names = ("body", "digest_alg", "alg", "key_id", "value")
    told = {name: getattr(found, name) for name in names}
    return {**row(found), **told, "holds": disclosure.holds(unit.house().crypto, found)}


def due(found: Due) -> Mapping[str, Any]:
    """Return what DueOut shows."""
    return {
        "organisation_id": found.organisation_id,
        "kind": found.kind.value,
        "year": found.year,
        "due_on": found.due_on.isoformat(),
        "light": None if found.light is None else found.light.value,
        "disclosure_id": None if found.published is None else found.published.id,
        "agreements": list(found.agreements),
    }


@blueprint.get("/authorisations")
@doors.public
@blueprint.arguments(RegisteredQuery, location="query")
@blueprint.response(200, doors.page_of(RegisteredOut))
def authorisations(query: dict[str, Any]) -> Any:
    """List what was ever authorised with its scenario, newest first."""
    return _authorised(register.authorised, query)


@blueprint.get("/operation-agreements")
@doors.public
@blueprint.arguments(FiledQuery, location="query")
@blueprint.response(200, doors.page_of(FiledOut))
def operation_agreements(query: dict[str, Any]) -> Any:
    """List the operation agreements that were ever filed, newest first."""
    return _agreements(OperationAgreement, query)


@blueprint.get("/supply-agreements")
@doors.public
@blueprint.arguments(FiledQuery, location="query")
@blueprint.response(200, doors.page_of(FiledOut))
def supply_agreements(query: dict[str, Any]) -> Any:
    """List the supply agreements that were ever filed, newest first."""
    return _agreements(SupplyAgreement, query)


@blueprint.get("/revocations")
@doors.public
@blueprint.arguments(RegisterQuery, location="query")
@blueprint.response(200, doors.page_of(RegisteredOut))
def revocations(query: dict[str, Any]) -> Any:
    """List the authorisations that were revoked, newest first."""
    return _authorised(register.revoked, query)


@blueprint.get("/disclosures")
@doors.public
@blueprint.arguments(DisclosureQuery, location="query")
@blueprint.response(200, doors.page_of(DisclosureRowOut))
def disclosures(query: dict[str, Any]) -> Any:
    """List what was disclosed, newest first."""
    return doors.page(disclosure.listed(unit.current().session, **query), row)


@blueprint.get("/disclosures/<string:disclosure_id>")
@doors.public
@blueprint.response(200, DisclosureOut)
def one(disclosure_id: str) -> Any:
    """Show one disclosure, and whether it is still what was published."""
    return show(disclosure.find(unit.current().session, disclosure_id))


@blueprint.post("/disclosures")
@doors.members("write")
@blueprint.arguments(DisclosureIn)
@blueprint.response(201, DisclosureOut)
def publish(body: dict[str, Any]) -> Any:
    """Publish the disclosure of one's own agency or operator for a year that is over."""
    work = unit.current()
    products = offered.by_operator(work.session, work.actor.organisation)
    made = disclosure.publish(work, year=body["year"], products=products)
    return show(made)


@blueprint.get("/disclosures-due")
@doors.members()
@blueprint.arguments(DueQuery, location="query")
@blueprint.response(200, DueOut(many=True))
def disclosures_due(query: dict[str, Any]) -> Any:
    """List what is owed for a year, with the light of each."""
    return [due(each) for each in disclosure.owed(unit.current(), year=query["year"])]
