"""The door of boards (专板): which there are, and what stands on them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from marketplace import admissions, boards
from marketplace.boarding import figures, places
from marketplace.boarding.figures import BoardDeclaration
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


class BoardPinsIn(doors.Body):
    """What stands first on the board, in this order."""

    product_ids = doors.texts(max=places.PINNED_MAX, each=40)


class BoardDeclarationIn(doors.Body):
    """The volume that is stated of a board, of which day, and on what that rests."""

    size_bytes = doors.whole(min=1, max=figures.SIZE_MAX)
    as_of = doors.day()
    basis_zh = doors.text(max=1000)
    basis_en = doors.text(max=1000)


class BoardDeclarationOut(Schema):
    """What was stated; nothing of it was counted here."""

    organisation_id = fields.String()
    size_bytes = fields.Integer()
    as_of = fields.String()
    basis_zh = fields.String()
    basis_en = fields.String()


class BoardFiguresOut(Schema):
    """What is counted on a board, and beside it what is declared of it.

    rows, size_bytes: of the data sets behind `profiled` products, as they were read here.
    """

    products = fields.Integer()
    merchants = fields.Integer()
    profiled = fields.Integer()
    rows = fields.Integer()
    size_bytes = fields.Integer()
    declared = fields.Nested(BoardDeclarationOut, allow_none=True)


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


def stated(found: BoardDeclaration) -> Mapping[str, Any]:
    """Return what BoardDeclarationOut shows."""
    return {
        "organisation_id": found.organisation_id,
        "size_bytes": found.size_bytes,
        "as_of": found.as_of.isoformat(),
        "basis_zh": found.basis_zh,
        "basis_en": found.basis_en,
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


@blueprint.post("/<string:board_id>/pins")
@doors.members("write")
@blueprint.arguments(BoardPinsIn)
@blueprint.response(204)
def pin(body: dict[str, Any], board_id: str) -> None:
    """Let these products stand first, in this order, and no others; for the curator."""
    places.pin(unit.current(), board_id, body["product_ids"])


@blueprint.get("/<string:board_id>/figures")
@doors.public
@blueprint.response(200, BoardFiguresOut)
def figured(board_id: str) -> Any:
    """Show what is counted on a board, and what is declared of it."""
    session = unit.current().session
    boards.find(session, board_id)
    said = figures.declared(session, board_id)
    told = asdict(figures.counted(session, board_id))
    return {**told, "declared": None if said is None else stated(said)}


@blueprint.post("/<string:board_id>/declarations")
@doors.members("write")
@blueprint.arguments(BoardDeclarationIn)
@blueprint.response(201, BoardDeclarationOut)
def declare(body: dict[str, Any], board_id: str) -> Any:
    """State the volume behind a board; for its sponsor and its curator."""
    return stated(figures.declare(unit.current(), board_id, **body))
