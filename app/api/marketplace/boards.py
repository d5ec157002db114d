"""The door of boards (专板): which there are, and what stands on them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from marketplace import admissions, boards
from marketplace.boards import Board, BoardProduct

blueprint = doors.noun("boards", "Boards · 专板")


class BoardIn(doors.Body):
    """A new board."""

    code = doors.text(max=40)
    name_zh = doors.text(max=120)
    name_en = doors.text(max=120)
    sponsor_id = doors.text(max=40)
    curator_id = doors.text(max=40)
    industry = doors.text(max=4)
    rules_zh = doors.text(max=4000)
    rules_en = doors.text(max=4000)


class BoardOut(Schema):
    """A board. products: how many that are listed stand on it."""

    id = fields.String()
    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    sponsor_id = fields.String()
    curator_id = fields.String()
    industry = fields.String()
    rules_zh = fields.String()
    rules_en = fields.String()
    opened_at = fields.String()
    products = fields.Integer()


class BoardAdmissionIn(doors.Body):
    """Which product is put on the board."""

    product_id = doors.text(max=40)


class DismissalIn(doors.Body):
    """Why a product leaves the board."""

    reason = doors.text(max=500)


class BoardAdmissionOut(Schema):
    """A product that stands on a board."""

    board_id = fields.String()
    product_id = fields.String()
    admitted_at = fields.String()


def show(found: Board, sizes: Mapping[str, int]) -> Mapping[str, Any]:
    """Return what BoardOut shows."""
    return {
        "id": found.id,
        "code": found.code,
        "name_zh": found.name_zh,
        "name_en": found.name_en,
        "sponsor_id": found.sponsor_id,
        "curator_id": found.curator_id,
        "industry": found.industry,
        "rules_zh": found.rules_zh,
        "rules_en": found.rules_en,
        "opened_at": doors.moment(found.opened_at),
        "products": sizes.get(found.id, 0),
    }


def admitted(found: BoardProduct) -> Mapping[str, Any]:
    """Return what BoardAdmissionOut shows."""
    return {
        "board_id": found.board_id,
        "product_id": found.product_id,
        "admitted_at": doors.moment(found.admitted_at),
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(BoardOut))
def listed(query: dict[str, Any]) -> Any:
    """List the boards, by code."""
    session = unit.current().session
    found = boards.listed(session, **query)
    sizes = admissions.sizes(session, [board.id for board in found.items])
    return doors.page(found, lambda board: show(board, sizes))


@blueprint.get("/<string:board_id>")
@doors.public
@blueprint.response(200, BoardOut)
def one(board_id: str) -> Any:
    """Show one board."""
    session = unit.current().session
    return show(boards.find(session, board_id), admissions.sizes(session, [board_id]))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(BoardIn)
@blueprint.response(201, BoardOut)
def create(body: dict[str, Any]) -> Any:
    """Open a board; for the exchange's listing officer."""
    return show(boards.create(unit.current(), **body), {})


@blueprint.post("/<string:board_id>/products")
@doors.members("write")
@blueprint.arguments(BoardAdmissionIn)
@blueprint.response(201, BoardAdmissionOut)
def admit(body: dict[str, Any], board_id: str) -> Any:
    """Put a listed product on the board; for its curator."""
    return admitted(admissions.admit(unit.current(), board_id, body["product_id"]))


@blueprint.post("/<string:board_id>/products/<string:product_id>/dismiss")
@doors.members("write")
@blueprint.arguments(DismissalIn)
@blueprint.response(204)
def dismiss(body: dict[str, Any], board_id: str, product_id: str) -> None:
    """Take a product off the board; for its curator."""
    admissions.dismiss(unit.current(), board_id, product_id, reason=body["reason"])
