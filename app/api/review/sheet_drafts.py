"""The door of a member's unfinished score sheet (评分草稿): the member's alone."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.licensing.assessments import CoarsenedItemIn, StruckItemIn
from app.doors import Schema
from kernel.errors import NotFound
from licensing import assessments
from licensing.assessing import sheet_drafts
from licensing.assessing.sheet_drafts import SheetDraft

blueprint = doors.noun("sheet-drafts", "Unfinished score sheets · 评分草稿")


class SheetDraftIn(doors.Body):
    """A sheet as far as it is written. scores: criterion → as it is typed, "78.5"."""

    scores = fields.Dict(doors.text(max=40), doors.text(max=10, min=0), load_default=dict)
    comments = fields.Dict(doors.text(max=40), doors.text(max=2000, min=0), load_default=dict)
    verdict = doors.text(max=40, min=0, required=False, load_default="")
    struck = doors.many(StruckItemIn, at_most=500, required=False, load_default=list)
    coarsened = doors.many(CoarsenedItemIn, at_most=500, required=False, load_default=list)
    conditions = doors.texts(max=20, each=500, required=False, load_default=list)
    vetoed = doors.texts(max=10, each=40, required=False, load_default=list)
    reason = doors.text(max=500, min=0, required=False, load_default="")


class SheetDraftOut(Schema):
    """The caller's own draft; written: nothing, and saved_at: none, before the first."""

    assessment_id = fields.String()
    written = fields.Dict()
    saved_at = fields.String(allow_none=True)


def show(assessment_id: str, found: SheetDraft | None) -> Mapping[str, Any]:
    """Return what SheetDraftOut shows."""
    return {
        "assessment_id": assessment_id,
        "written": found.written if found else {},
        "saved_at": doors.moment(found.saved_at) if found else None,
    }


@blueprint.get("/<string:assessment_id>")
@doors.members("read")
@blueprint.response(200, SheetDraftOut)
def one(assessment_id: str) -> Any:
    """Show the caller's own draft, to a member of the panel alone."""
    work = unit.current()
    found = assessments.seen(work, assessment_id)
    if not assessments.member.matches(work.actor, found):
        raise NotFound("没有这份草稿", f"no draft of {assessment_id}")
    return show(found.id, sheet_drafts.own(work, found))


@blueprint.post("/<string:assessment_id>")
@doors.members("write")
@blueprint.arguments(SheetDraftIn)
@blueprint.response(200, SheetDraftOut)
def save(body: dict[str, Any], assessment_id: str) -> Any:
    """Keep the caller's sheet as far as it is written, in place of what was kept before."""
    work = unit.current()
    found = assessments.seen(work, assessment_id)
    written = {
        **body,
        "struck": [[one["directory"], one["item"]] for one in body["struck"]],
        "coarsened": [
            [one["directory"], one["item"], one["transform"]] for one in body["coarsened"]
        ],
    }
    return show(found.id, sheet_drafts.save(work, found, written))
