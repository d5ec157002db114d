"""The door of a directory's versions (目录版本): their content, their review, their steps."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import contents, directories, gradings
from catalogue.contents import DataItem, DirectoryContent
from catalogue.directories import DirectoryVersion, State
from kernel.work import Work

blueprint = doors.noun(
    "directory_versions", "Directory versions · 目录版本", prefix="/api/directory-versions"
)

ITEM = (
    "code", "name_zh", "name_en", "data_type", "unit", "grade", "pi_class", "description",
)  # fmt: skip
CONTENT = (
    "title_zh", "title_en", "abstract", "industry", "update_frequency", "share_type",
    "open_type", "operation_type", "legal_basis", "format", "spatial", "keywords",
    "share_mode", "share_condition", "open_condition", "source_acquisition", "persons_count",
)  # fmt: skip


class TitledOut(Schema):
    """Whatever has a title in both languages."""

    title_zh = fields.String()
    title_en = fields.String()


class DataItemOut(Schema):
    """One data item."""

    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    data_type = fields.String()
    unit = fields.String()
    grade = fields.String()
    pi_class = fields.String()
    description = fields.String()


class DirectoryContentOut(TitledOut):
    """The metadata of one version."""

    abstract = fields.String()
    industry = fields.String()
    update_frequency = fields.String()
    share_type = fields.String()
    open_type = fields.String()
    operation_type = fields.String()
    legal_basis = fields.String()
    format = fields.String()
    spatial = fields.List(fields.String())
    keywords = fields.List(fields.String())
    temporal_from = fields.String(allow_none=True)
    temporal_to = fields.String(allow_none=True)
    share_mode = fields.String(allow_none=True)
    share_condition = fields.String(allow_none=True)
    open_condition = fields.String(allow_none=True)
    source_acquisition = fields.String(allow_none=True)
    persons_count = fields.Integer(allow_none=True)


class DirectoryVersionRowOut(Schema):
    """A version in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    directory_id = fields.String()
    code = fields.String()
    number = fields.Integer()
    department_id = fields.String()
    submitted_at = fields.String(allow_none=True)
    returned_at = fields.String(allow_none=True)
    published_at = fields.String(allow_none=True)


class DirectoryVersionOut(DirectoryVersionRowOut):
    """One version with all that it says. grade: of the whole, once it was published."""

    grade = fields.String(allow_none=True)
    raised_by = fields.List(fields.String())
    actions = fields.List(fields.Nested(doors.ActionOut))
    content = fields.Nested(DirectoryContentOut)
    items = fields.List(fields.Nested(DataItemOut))


class DirectoryVersionQuery(doors.PageQuery):
    """Which versions to list."""

    directory_id = doors.text(max=40, required=False, load_default=None)
    state = doors.choice(*State, required=False, load_default=None)


def row(found: DirectoryVersion) -> Mapping[str, Any]:
    """Return what DirectoryVersionRowOut shows."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "directory_id": found.directory_id,
        "code": found.directory.code,
        "number": found.number,
        "department_id": found.department_id,
        "submitted_at": doors.moment(found.submitted_at),
        "returned_at": doors.moment(found.returned_at),
        "published_at": doors.moment(found.published_at),
    }


def show(found: DirectoryVersion, work: Work) -> Mapping[str, Any]:
    """Return what DirectoryVersionOut shows."""
    graded = gradings.of(work.session, found.id)
    return {
        **row(found),
        **doors.living(found, work, directories.LIFE),
        "grade": graded and graded.grade,
        "raised_by": graded.raised_by if graded else [],
        "content": _content(contents.of(work.session, found.id)),
        "items": [_item(item) for item in directories.items(work.session, found.id)],
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(DirectoryVersionQuery, location="query")
@blueprint.response(200, doors.page_of(DirectoryVersionRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the versions that the caller may see, newest first."""
    return doors.page(directories.versions(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.public
@blueprint.response(200, DirectoryVersionOut)
def one(subject_id: str) -> Any:
    """Show one version with its metadata and its data items."""
    work = unit.current()
    return doors.tagged(show(directories.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/items.csv")
@doors.public
@blueprint.response(200, content_type="text/csv")
def items_csv(subject_id: str) -> Any:
    """Give the data items as a table: UTF-8 with a byte order mark, for spreadsheets."""
    work = unit.current()
    found = directories.seen(work, subject_id)
    text = contents.table(directories.items(work.session, found.id))
    name = f"{found.directory.code}-v{found.number}-items.csv"
    return doors.answer_text(text, "text/csv; charset=utf-8", name=name)


doors.steps(blueprint, directories, DirectoryVersionOut, show)


def _content(found: DirectoryContent) -> dict[str, Any]:
    return {
        **{name: getattr(found, name) for name in CONTENT},
        "temporal_from": found.temporal_from and found.temporal_from.isoformat(),
        "temporal_to": found.temporal_to and found.temporal_to.isoformat(),
    }


def _item(found: DataItem) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ITEM}
