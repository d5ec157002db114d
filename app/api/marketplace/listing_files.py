"""The door of listing in bulk (批量上架): a file tried row by row, then submitted; pulled again."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import Response
from marshmallow import ValidationError, fields, validate

from app import doors, languages, unit
from kernel.actor import Actor
from kernel.work import Work
from marketplace.shelving import files, pulling, pushing
from marketplace.shelving.files import ListingFile
from marketplace.shelving.problems import Plan, Problem
from marketplace.shelving.pushing import Outcome
from marketplace.shelving.verdicts import Verdict

blueprint = doors.noun("listing-files", "Listing in bulk · 批量上架")

BASE64_MAX = 1_900_000
"""The most characters of a file in base 64."""

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "yaml": "application/yaml; charset=utf-8",
    "ttl": "text/turtle; charset=utf-8",
}


class ListingFileIn(doors.Body):
    """A file, in base 64; what it is, the end of its name tells."""

    name = doors.text(max=200)
    content_base64 = fields.String(
        required=True, validate=validate.Length(min=1, max=BASE64_MAX), load_only=True
    )


class PulledQuery(doors.Body):
    """As what one's own products are pulled."""

    format = doors.choice(*pulling.FORMATS, required=False, load_default="csv")


class RowProblemOut(doors.Schema):
    """What is wrong with a row: where, by which rule, and how to mend it."""

    column = fields.String()
    rule = fields.String()
    code = fields.String()
    detail = fields.String()
    fix = fields.String()


class RowOut(doors.Schema):
    """One row: what becomes of it, or became."""

    row = fields.Integer()
    code = fields.String()
    plan = fields.String()
    product_id = fields.String(allow_none=True)
    problems = fields.List(fields.Nested(RowProblemOut))


class ListingFileOut(doors.Schema):
    """A file. counts: plan → rows. rows: what each comes to, when one file is asked for."""

    id = fields.String()
    name = fields.String()
    digest = fields.String()
    handed_in_at = fields.String()
    size = fields.Integer()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    rows = fields.List(fields.Nested(RowOut))


def head(found: ListingFile) -> dict[str, Any]:
    """Return what a list shows of a file."""
    return {
        "id": found.id,
        "name": found.name,
        "digest": found.digest,
        "handed_in_at": doors.moment(found.handed_in_at),
        "size": found.rows,
    }


def show(found: ListingFile, rows: Sequence[Verdict | Outcome]) -> Mapping[str, Any]:
    """Return what ListingFileOut shows."""
    return {**head(found), "counts": counts(rows), "rows": [told(each) for each in rows]}


def counts(rows: Iterable[Verdict | Outcome]) -> dict[str, int]:
    """Return plan → rows, in the order of the plans."""
    plans = [each.plan for each in rows]
    return {plan.value: plans.count(plan) for plan in Plan if plan in plans}


def told(each: Verdict | Outcome) -> dict[str, Any]:
    """Return what RowOut shows, in the caller's language."""
    return {
        "row": each.number,
        "code": each.code,
        "plan": each.plan.value,
        "product_id": each.product_id,
        "problems": [problem(one) for one in each.problems],
    }


def problem(found: Problem) -> dict[str, str]:
    """Return what RowProblemOut shows, in the caller's language."""
    return {
        "column": found.column,
        "rule": found.rule,
        "code": found.code,
        "detail": languages.said(found.words),
        "fix": languages.said(found.fix),
    }


def submitted(actor: Actor, file_id: str) -> tuple[ListingFile, list[Outcome]]:
    """Submit a file, a few rows in each unit of work. Raises NotFound and what `tried` raises.

    What was written before a unit failed stays; the same file again does the rest.
    """
    found, verdicts = unit.reading(actor, lambda work: _tried(work, file_id))
    done: list[Outcome] = []
    for start in range(0, len(verdicts), pushing.BATCH):
        some = verdicts[start : start + pushing.BATCH]
        if all(each.plan in (Plan.BARRED, Plan.SAME) for each in some):
            done += pushing.passed_over(some)
        else:
            done += unit.writing(actor, partial(_pushed, some))
    return found, done


def _pushed(some: Sequence[Verdict], work: Work) -> list[Outcome]:
    return pushing.push(work, some)


def _tried(work: Work, file_id: str) -> tuple[ListingFile, list[Verdict]]:
    found = files.own(work, file_id)
    return found, files.tried(work, found)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(ListingFileOut))
def listed(query: dict[str, Any]) -> Any:
    """List one's own files, newest first."""
    return doors.page(files.listed(unit.current(), **query), head)


@blueprint.get("/pulled")
@doors.members("read")
@blueprint.arguments(PulledQuery, location="query")
@blueprint.response(200, content_type="text/csv")
def pulled(query: dict[str, Any]) -> Response:
    """Hand out one's own products as a file that can be pushed again."""
    kind = query["format"]
    content = pulling.pulled(unit.current(), kind)
    return doors.answer_text(content, KINDS[kind], name=f"products.{kind}")


@blueprint.get("/template")
@doors.public
@blueprint.response(200, content_type="text/csv")
def template() -> Response:
    """Hand out an empty sheet with its headings."""
    return doors.answer_text("\ufeff" + pulling.template(), KINDS["csv"], name="products.csv")


@blueprint.get("/<string:file_id>")
@doors.members("read")
@blueprint.response(200, ListingFileOut)
def one(file_id: str) -> Any:
    """Show what each row of a file comes to now; nothing is written."""
    return show(*_tried(unit.current(), file_id))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ListingFileIn)
@blueprint.response(201, ListingFileOut)
def hand_in(body: dict[str, Any]) -> Any:
    """Hand in a file and hear of every row; nothing is listed yet."""
    work = unit.current()
    try:
        content = base64.b64decode(body["content_base64"], validate=True)
    except ValueError as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error
    found = files.hand_in(work, body["name"], content)
    return show(found, files.tried(work, found))


@blueprint.post("/<string:file_id>/push")
@doors.members("write", alone=True)
@blueprint.response(200, ListingFileOut)
def push(file_id: str) -> Any:
    """Submit every row that is not barred; the same file again changes what differs only."""
    return show(*submitted(unit.admitted("write"), file_id))
