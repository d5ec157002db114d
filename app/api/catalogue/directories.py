"""The door of directories (目录): what has been published, and writing what is to be."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from app.api.catalogue import directory_versions
from app.api.catalogue.directory_versions import DirectoryVersionOut
from catalogue import directories, freshness, resources
from catalogue.contents import (
    Acquisition,
    DataType,
    Format,
    Frequency,
    OpenType,
    OperationType,
    ShareMode,
    ShareType,
)
from catalogue.directories import Directory
from catalogue.grades import Grade, PiClass

ITEMS_MAX = 500
"""The most data items that one directory may have."""

blueprint = doors.noun("directories", "Directories · 目录")


class DataItemIn(doors.Body):
    """One data item (信息项). code: the name of its column in every attached resource."""

    code = doors.text(max=64)
    name_zh = doors.text(max=120)
    name_en = doors.text(max=120)
    data_type = doors.choice(*DataType)
    unit = doors.text(min=0, max=40, required=False)
    grade = doors.choice(*Grade, required=False)
    pi_class = doors.choice(*PiClass, required=False)
    description = doors.text(min=0, max=500, required=False)


class DirectoryIn(doors.Body):
    """A directory, or its next version: the metadata and the data items."""

    title_zh = doors.text(max=200)
    title_en = doors.text(max=200)
    abstract = doors.text(max=2000)
    industry = doors.text(max=5)
    update_frequency = doors.choice(*Frequency)
    share_type = doors.choice(*ShareType)
    open_type = doors.choice(*OpenType)
    operation_type = doors.choice(*OperationType)
    legal_basis = doors.text(min=0, max=1000, required=False)
    format = doors.choice(*Format, required=False)
    spatial = doors.texts(max=100, each=6, required=False)
    keywords = doors.texts(max=20, each=40, required=False)
    temporal_from = doors.day(required=False, allow_none=True)
    temporal_to = doors.day(required=False, allow_none=True)
    share_mode = doors.choice(*ShareMode, required=False, allow_none=True)
    share_condition = doors.text(max=500, required=False, allow_none=True)
    open_condition = doors.text(max=500, required=False, allow_none=True)
    source_acquisition = doors.choice(*Acquisition, required=False, allow_none=True)
    persons_count = doors.whole(required=False, allow_none=True)
    items = doors.many(DataItemIn, at_most=ITEMS_MAX)


class DirectoryOut(directory_versions.TitledOut):
    """A directory as everybody may see it. current_version_id: None before publication."""

    id = fields.String()
    code = fields.String()
    department_id = fields.String()
    current_version_id = fields.String(allow_none=True)
    created_at = fields.String()


class AttachRateOut(Schema):
    """Directories with a resource, of those that are published. rate_bp: in basis points."""

    attached = fields.Integer()
    published = fields.Integer()
    rate_bp = fields.Integer()


class FreshnessOut(Schema):
    """How fresh the data are. light: None when nothing is attached, or nothing promised."""

    resources = fields.Integer()
    last_data_at = fields.String(allow_none=True)
    due_at = fields.String(allow_none=True)
    light = fields.String(allow_none=True)


class DirectoryQuery(doors.PageQuery):
    """Which directories to list. text: part of a title or of a code."""

    department_id = doors.text(max=40, required=False, load_default=None)
    text = doors.text(max=100, required=False, load_default=None)


def show(found: Directory) -> Mapping[str, Any]:
    """Return what DirectoryOut shows."""
    return {
        "id": found.id,
        "code": found.code,
        "department_id": found.department_id,
        "title_zh": found.title_zh,
        "title_en": found.title_en,
        "current_version_id": found.current_version_id,
        "created_at": doors.moment(found.created_at),
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(DirectoryQuery, location="query")
@blueprint.response(200, doors.page_of(DirectoryOut))
def listed(query: dict[str, Any]) -> Any:
    """List the directories that have been published, by code."""
    return doors.page(directories.listed(unit.current().session, **query), show)


@blueprint.get("/<string:subject_id>")
@doors.public
@blueprint.response(200, DirectoryOut)
def one(subject_id: str) -> Any:
    """Show one directory."""
    return show(directories.seen_directory(unit.current(), subject_id))


@blueprint.get("/attach-rate")
@doors.public
@blueprint.response(200, AttachRateOut)
def attach_rate() -> Any:
    """Count the published directories, and those with a resource; from the links, each time."""
    found = resources.attach_rate(unit.current().session)
    return {"attached": found.attached, "published": found.published, "rate_bp": found.rate_bp}


@blueprint.get("/<string:subject_id>/freshness")
@doors.public
@blueprint.response(200, FreshnessOut)
def freshness_of(subject_id: str) -> Any:
    """Say when the data of a directory last came, and whether that is as often as promised."""
    work = unit.current()
    directory = directories.seen_directory(work, subject_id)
    found = freshness.of(work, [directory.id])[directory.id]
    return {
        "resources": found.resources,
        "last_data_at": doors.moment(found.last_data_at),
        "due_at": doors.moment(found.due_at),
        "light": found.light and found.light.value,
    }


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(DirectoryIn)
@blueprint.response(201, DirectoryVersionOut)
def create(body: dict[str, Any]) -> Any:
    """Write the first version of a directory of the caller's department, as a draft."""
    work = unit.current()
    made = directories.create(work, **body)
    work.session.flush()  # the version is the database's first
    return directory_versions.show(made, work)


@blueprint.post("/<string:subject_id>/versions")
@doors.members("write")
@blueprint.arguments(DirectoryIn)
@blueprint.response(201, DirectoryVersionOut)
def revise(body: dict[str, Any], subject_id: str) -> Any:
    """Write the next version of a directory as a draft; an earlier draft gives way to it."""
    work = unit.current()
    made = directories.revise(work, subject_id, **body)
    work.session.flush()  # the version is the database's first
    return directory_versions.show(made, work)
