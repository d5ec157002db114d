"""The door of data sets (数据集): tables a merchant keeps here, with their profiles."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from app import doors, unit
from delivery.tables import datasets, removals
from delivery.tables.datasets import Dataset, DatasetVersion
from delivery.tables.removals import DatasetHold
from kernel.clock import Instant
from kernel.work import Work

blueprint = doors.noun("datasets", "Data sets · 数据集")


class DatasetColumnOut(Schema):
    """A column and its type."""

    name = fields.String()
    type = fields.String()


class DatasetVersionRowOut(Schema):
    """A version of a data set, in a list. removed_at: since when its rows are kept no more."""

    number = fields.Integer()
    upload_id = fields.String(allow_none=True)
    format = fields.String()
    size_bytes = fields.Integer()
    sha256 = fields.String()
    row_count = fields.Integer()
    grade = fields.String()
    pi_class = fields.String()
    loaded_at = fields.String()
    removed_at = fields.String(allow_none=True)


class DatasetVersionOut(DatasetVersionRowOut):
    """A version with what was found in it. sample: rows, column → text, people masked."""

    dataset_id = fields.String()
    columns = fields.List(fields.Nested(DatasetColumnOut))
    profile = fields.Dict()
    sample = fields.List(fields.Dict())


class DatasetHoldOut(Schema):
    """A hold that keeps the rows of a data set. reason: told to those who may hold and release."""

    held_at = fields.String()
    reason = fields.String(allow_none=True)


class DatasetHoldIn(doors.Body):
    """Why the rows must stay: the proceeding, the audit or the inquiry."""

    reason = doors.text(max=removals.REASON_MAX)


class DatasetOut(Schema):
    """A data set and its newest version. hold: as long as its rows must stay."""

    id = fields.String()
    owner_id = fields.String()
    title = fields.String()
    made_at = fields.String()
    newest = fields.Nested(DatasetVersionRowOut)
    hold = fields.Nested(DatasetHoldOut, allow_none=True)


class DatasetColumnChangeOut(Schema):
    """A column that differs. before, after: its type; null where it is not there."""

    column = fields.String()
    before = fields.String(allow_none=True)
    after = fields.String(allow_none=True)


class DatasetChangesOut(Schema):
    """What differs between two versions."""

    columns = fields.List(fields.Nested(DatasetColumnChangeOut))


class DatasetChangesQuery(doors.Body):
    """Which two versions."""

    before = fields.Integer(required=True, validate=validate.Range(min=1, max=1_000_000))
    after = fields.Integer(required=True, validate=validate.Range(min=1, max=1_000_000))


def version_row(found: DatasetVersion, gone: Mapping[str, Instant]) -> Mapping[str, Any]:
    """Return what DatasetVersionRowOut shows. gone: see `removals.removed`."""
    return {
        "number": found.number,
        "upload_id": found.upload_id,
        "format": found.format,
        "size_bytes": found.size_bytes,
        "sha256": found.sha256,
        "row_count": found.row_count,
        "grade": found.grade,
        "pi_class": found.pi_class,
        "loaded_at": doors.moment(found.loaded_at),
        "removed_at": doors.moment(gone.get(found.id)),
    }


def hold_row(work: Work, hold: DatasetHold | None) -> Mapping[str, Any] | None:
    """Return what DatasetHoldOut shows; None for what is not held."""
    if hold is None:
        return None
    reason = hold.reason if removals.may_hold(work) else None
    return {"held_at": doors.moment(hold.held_at), "reason": reason}


def show(found: Dataset, work: Work) -> Mapping[str, Any]:
    """Return what DatasetOut shows of one data set. Three SELECTs by key."""
    newest = datasets.version(work.session, found.id)
    gone = removals.removed(work.session, [newest.id])
    hold = removals.held(work.session, [found.id]).get(found.id)
    return row(found, newest, gone, hold_row(work, hold))


def row(
    found: Dataset,
    newest: DatasetVersion,
    gone: Mapping[str, Instant],
    hold: Mapping[str, Any] | None,
) -> Mapping[str, Any]:
    """Return what DatasetOut shows."""
    return {
        "id": found.id,
        "owner_id": found.owner_id,
        "title": found.title,
        "made_at": doors.moment(found.made_at),
        "newest": version_row(newest, gone),
        "hold": hold,
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(DatasetOut))
def listed(query: dict[str, Any]) -> Any:
    """List the organisation's data sets, newest first; the exchange sees all."""
    work = unit.current()
    page = datasets.listed(work, **query)
    newest = datasets.newest(work.session, [each.id for each in page.items])
    gone = removals.removed(work.session, [each.id for each in newest.values()])
    held = removals.held(work.session, list(newest))
    return doors.page(
        page,
        lambda each: row(each, newest[each.id], gone, hold_row(work, held.get(each.id))),
    )


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, DatasetOut)
def one(subject_id: str) -> Any:
    """Show one data set."""
    work = unit.current()
    return show(datasets.seen(work, subject_id), work)


@blueprint.post("/<string:subject_id>/hold")
@doors.members("write")
@blueprint.arguments(DatasetHoldIn)
@blueprint.response(200, DatasetOut)
def hold(body: dict[str, Any], subject_id: str) -> Any:
    """Keep the rows of a data set until it is released, whatever the rules say."""
    work = unit.current()
    removals.hold(work, subject_id, body["reason"])
    work.session.flush()  # what is shown is looked up
    return show(datasets.seen(work, subject_id), work)


@blueprint.post("/<string:subject_id>/release")
@doors.members("write")
@blueprint.response(200, DatasetOut)
def release(subject_id: str) -> Any:
    """Let the rules hold for a data set again."""
    work = unit.current()
    removals.lift(work, subject_id)
    work.session.flush()  # what is shown is looked up
    return show(datasets.seen(work, subject_id), work)


@blueprint.get("/<string:subject_id>/versions")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(DatasetVersionRowOut))
def versions(query: dict[str, Any], subject_id: str) -> Any:
    """List the versions of a data set, newest first."""
    work = unit.current()
    found = datasets.seen(work, subject_id)
    page = datasets.versions(work, found.id, **query)
    gone = removals.removed(work.session, [each.id for each in page.items])
    return doors.page(page, lambda each: version_row(each, gone))


@blueprint.get("/<string:subject_id>/versions/<int:number>")
@doors.members("read")
@blueprint.response(200, DatasetVersionOut)
def version(subject_id: str, number: int) -> Any:
    """Show one version: its columns, profile and sample."""
    work = unit.current()
    found = datasets.version(work.session, datasets.seen(work, subject_id).id, number)
    return {
        **version_row(found, removals.removed(work.session, [found.id])),
        "dataset_id": found.dataset_id,
        "columns": found.columns,
        "profile": found.profile,
        "sample": found.sample,
    }


@blueprint.get("/<string:subject_id>/changes")
@doors.members("read")
@blueprint.arguments(DatasetChangesQuery, location="query")
@blueprint.response(200, DatasetChangesOut)
def changes(query: dict[str, Any], subject_id: str) -> Any:
    """Tell which columns differ between two versions."""
    work = unit.current()
    found = datasets.seen(work, subject_id)
    before, after = (
        datasets.version(work.session, found.id, query[name]) for name in ("before", "after")
    )
    return {"columns": datasets.changes(before, after)}
