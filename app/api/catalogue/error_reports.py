"""The door of error reports (数据校核): what a user finds wrong, and what the source answers."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import error_reports
from catalogue.error_reports import ErrorReport
from kernel.work import Work

blueprint = doors.noun("error_reports", "Error reports · 数据校核", prefix="/api/error-reports")


class ErrorReportIn(doors.Body):
    """What is wrong with one item of a published directory."""

    directory_id = doors.text(max=40)
    item_code = doors.text(max=64)
    finding = doors.text(max=1000)


class ErrorReportRowOut(Schema):
    """A report in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    directory_id = fields.String()
    item_code = fields.String()
    department_id = fields.String()
    reporter_id = fields.String()
    finding = fields.String()
    answer = fields.String(allow_none=True)
    reported_at = fields.String()
    answered_at = fields.String(allow_none=True)


class ErrorReportOut(ErrorReportRowOut):
    """One report, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


class ErrorReportQuery(doors.PageQuery):
    """Which reports to list."""

    directory_id = doors.text(max=40, required=False, load_default=None)


def row(found: ErrorReport) -> Mapping[str, Any]:
    """Return what ErrorReportRowOut shows."""
    names = ("id", "version", "directory_id", "item_code", "department_id", "reporter_id",
             "finding", "answer")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "state": str(found.state),
        "reported_at": doors.moment(found.reported_at),
        "answered_at": doors.moment(found.answered_at),
    }


def show(found: ErrorReport, work: Work) -> Mapping[str, Any]:
    """Return what ErrorReportOut shows."""
    return {**row(found), **doors.living(found, work, error_reports.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ErrorReportQuery, location="query")
@blueprint.response(200, doors.page_of(ErrorReportRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the reports that the caller made, answers or oversees, newest first."""
    return doors.page(error_reports.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ErrorReportOut)
def one(subject_id: str) -> Any:
    """Show one report."""
    work = unit.current()
    return doors.tagged(show(error_reports.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ErrorReportIn)
@blueprint.response(201, ErrorReportOut)
def report(body: dict[str, Any]) -> Any:
    """Report an error in an item of a published directory."""
    work = unit.current()
    made = error_reports.report(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, error_reports, ErrorReportOut, show)
