"""The door of organisations (机构): who takes part; entering one and reviewing it."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from app import doors, unit
from kernel.actor import Role
from kernel.errors import StepNotAllowed
from kernel.parties import organisations, reach
from kernel.parties.organisations import Organisation
from kernel.work import Work

blueprint = doors.noun("organisations", "Organisations · 机构")


class OrganisationIn(doors.Body):
    """A new organisation, as a draft."""

    uscc = doors.text(max=40)
    name_zh = doors.text(max=120)
    name_en = doors.text(max=120)
    region = doors.text(min=6, max=6)
    roles = fields.List(
        doors.choice(*(role for role in Role if role != Role.SYSTEM)),
        required=True,
        validate=validate.Length(min=1, max=8),
    )


class OrganisationOut(doors.LivingOut):
    """An organisation as everybody may see it."""

    uscc = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    region = fields.String()
    roles = fields.List(fields.String())


def show(found: Organisation, work: Work) -> Mapping[str, Any]:
    """Return what OrganisationOut shows."""
    return {
        **doors.living(found, work, organisations.LIFE),
        "uscc": found.uscc,
        "name_zh": found.name_zh,
        "name_en": found.name_en,
        "region": found.region,
        "roles": sorted(found.wanted),
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(OrganisationOut))
def listed(query: dict[str, Any]) -> Any:
    """List organisations, newest first."""
    work = unit.current()
    found = organisations.entered(work.session, after=query["after"], limit=query["limit"])
    return doors.page(found, lambda item: show(item, work))


@blueprint.get("/<string:subject_id>")
@doors.public
@blueprint.response(200, OrganisationOut)
def one(subject_id: str) -> Any:
    """Show one organisation."""
    work = unit.current()
    return doors.tagged(show(organisations.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(OrganisationIn)
@blueprint.response(201, OrganisationOut)
def enter(body: dict[str, Any]) -> Any:
    """Enter an organisation as a draft; its file follows, and its approval is another person's."""
    work = unit.current()
    if not reach.registrar.matches(work.actor, None):
        raise StepNotAllowed("只有交易所合规岗可以登记机构", "this is for the exchange's registrar")
    made = organisations.enter(work, **{**body, "roles": [Role(role) for role in body["roles"]]})
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, organisations, OrganisationOut, show)
