"""The door of requests for a board (入板申请): asked by merchants, answered by curators."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, languages, problems, unit
from app.api.licensing import clocks
from kernel import watch
from kernel.work import Work
from marketplace.boarding import requests
from marketplace.boarding.requests import Barred, BoardRequest, State

blueprint = doors.noun("board-requests", "Requests for a place on a board · 入板申请")


class BoardRequestIn(doors.Body):
    """For which board one asks, and for which of one's own products."""

    board_id = doors.text(max=40)
    product_ids = doors.texts(max=requests.TOGETHER_MAX, each=40)
    note = doors.text(max=500, min=0, required=False, load_default="")


class BoardRequestQuery(doors.PageQuery):
    """Of which board, and where they stand."""

    board_id = doors.text(max=40, required=False, load_default=None)
    state = doors.choice(*sorted(State), required=False, load_default=None)


class BoardAnswersIn(doors.Body):
    """One answer to many requests. reason: must be given where they are declined."""

    request_ids = doors.texts(max=requests.TOGETHER_MAX, each=40)
    step = doors.choice("admit", "decline")
    reason = doors.text(max=500, required=False, load_default=None)


class BoardRequestOut(doors.LivingOut):
    """A request, and the clock that runs on its answer."""

    board_id = fields.String()
    product_id = fields.String()
    merchant_id = fields.String()
    curator_id = fields.String()
    note = fields.String()
    asked_at = fields.String()
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


class BoardBarredOut(Schema):
    """A product or a request that was refused."""

    subject_id = fields.String()
    title = fields.String()
    refusals = fields.List(fields.Nested(doors.RefusalOut))


class BoardSittingOut(Schema):
    """What became of many at once. done: how many; barred: the others, with every reason."""

    done = fields.Integer()
    barred = fields.List(fields.Nested(BoardBarredOut))


def row(found: BoardRequest) -> Mapping[str, Any]:
    """Return what a list shows of a request."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "board_id": found.board_id,
        "product_id": found.product_id,
        "merchant_id": found.merchant_id,
        "curator_id": found.curator_id,
        "note": found.note,
        "asked_at": doors.moment(found.asked_at),
    }


def show(found: BoardRequest, work: Work) -> Mapping[str, Any]:
    """Return what BoardRequestOut shows."""
    clock = clocks.show(watch.running(work.session, found.id), work)
    return {**doors.living(found, work, requests.LIFE), **row(found), "clock": clock}


def sitting(asked: int, barred: list[Barred]) -> Mapping[str, Any]:
    """Return what BoardSittingOut shows."""
    told = [
        {
            "subject_id": each.subject_id,
            "title": languages.said(each.error.words),
            "refusals": problems.refusals(each.error.refusals),
        }
        for each in barred
    ]
    return {"done": asked - len(barred), "barred": told}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(BoardRequestQuery, location="query")
@blueprint.response(200, doors.page_of(BoardRequestOut))
def listed(query: dict[str, Any]) -> Any:
    """List the requests of one's own products, or of the boards that one keeps, oldest first."""
    return doors.page(requests.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, BoardRequestOut)
def one(subject_id: str) -> Any:
    """Show one request."""
    work = unit.current()
    return doors.tagged(show(requests.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(BoardRequestIn)
@blueprint.response(201, BoardSittingOut)
def file(body: dict[str, Any]) -> Any:
    """Ask for places for one's own listed products; each is judged by itself."""
    asked = body["product_ids"]
    barred = requests.file_all(unit.current(), body["board_id"], asked, note=body["note"])
    return sitting(len(asked), barred)


@blueprint.post("/answers")
@doors.members("write")
@blueprint.arguments(BoardAnswersIn)
@blueprint.response(200, BoardSittingOut)
def answer(body: dict[str, Any]) -> Any:
    """Let many in, or decline them for one reason; for the curator."""
    asked, said = body["request_ids"], {"reason": body["reason"]} if body["reason"] else {}
    return sitting(len(asked), requests.answer_all(unit.current(), asked, body["step"], **said))


doors.steps(blueprint, requests, BoardRequestOut, show)
