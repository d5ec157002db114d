"""The door of experts (评估专家): the pool from which panels are drawn."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.doors import Schema
from kernel.work import Work
from licensing.assessing import experts
from licensing.assessing.experts import Expert, ExpertTie, Tie
from licensing.assessing.panel import Speciality

blueprint = doors.noun("experts", "Experts · 评估专家")


class ExpertIn(doors.Body):
    """A person to be taken into the pool."""

    person_id = doors.text(max=40)
    specialities = fields.List(doors.choice(*Speciality), required=True)
    # A schema has an attribute `fields` already, so this one bears its name on the wire only.
    application_fields = doors.texts(max=20, each=60, data_key="fields", attribute="fields")
    employer_name = doors.text(max=120)
    employer_uscc = doors.text(max=40, required=False, load_default=None)
    outside = doors.flag()


class ExpertTieIn(doors.Body):
    """A tie between an expert and an organisation. until: its last day; none while it lasts."""

    organisation_id = doors.text(max=40)
    kind = doors.choice(*Tie)
    until = doors.day(required=False, load_default=None)


class ExpertTieOut(Schema):
    """A tie as it was declared."""

    id = fields.String()
    organisation_id = fields.String()
    kind = fields.String()
    until = fields.Date(allow_none=True)


class ExpertOut(doors.LivingOut):
    """An entry of the pool."""

    person_id = fields.String()
    name = fields.String()
    specialities = fields.List(fields.String())
    application_fields = fields.List(fields.String(), data_key="fields", attribute="fields")
    employer_name = fields.String()
    employer_uscc = fields.String(allow_none=True)
    outside = fields.Boolean()
    ties = fields.List(fields.Nested(ExpertTieOut))


def row(found: Expert) -> Mapping[str, Any]:
    """Return what ExpertOut shows in a list: all but actions and ties."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "person_id": found.person_id,
        "name": found.name,
        "specialities": found.specialities,
        "fields": found.fields,
        "employer_name": found.employer_name,
        "employer_uscc": found.employer_uscc,
        "outside": found.outside,
    }


def show(found: Expert, work: Work) -> Mapping[str, Any]:
    """Return what ExpertOut shows."""
    ties = experts.ties(work.session, found.id)
    return {**row(found), **doors.living(found, work, experts.LIFE), "ties": ties}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(ExpertOut))
def listed(query: dict[str, Any]) -> Any:
    """List the pool, newest first; an expert sees the own entry."""
    return doors.page(experts.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ExpertOut)
def one(subject_id: str) -> Any:
    """Show one expert with the ties."""
    work = unit.current()
    return doors.tagged(show(experts.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ExpertIn)
@blueprint.response(201, ExpertOut)
def enrol(body: dict[str, Any]) -> Any:
    """Take a person into the pool."""
    work = unit.current()
    made = experts.enrol(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/ties")
@doors.members("write")
@blueprint.arguments(ExpertTieIn)
@blueprint.response(201, ExpertTieOut)
def declare_tie(body: dict[str, Any], subject_id: str) -> ExpertTie:
    """Declare a tie, as the expert or as a panel secretary."""
    return experts.declare_tie(unit.current(), subject_id, **body)


doors.steps(blueprint, experts, ExpertOut, show)
