"""The door of procurement packs (采购资料包): of a product before buying, of an order after."""

from flask import Response, current_app

from app import doors, unit
from app.api.licensing import credentials
from marketplace.procuring import packs
from marketplace.procuring.packs import Pack

blueprint = doors.noun("procurement-packs", "Procurement packs · 采购资料包")


def handed(pack: Pack) -> Response:
    """Answer with a pack's bytes, offered for saving."""
    response: Response = current_app.response_class(pack.content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{pack.name}"'
    return response


@blueprint.get("/products/<string:product_id>")
@doors.public
@blueprint.response(200, content_type="application/zip")
def of_product(product_id: str) -> Response:
    """Download all that is said of a product; the same bytes while nothing of it changes."""
    return handed(packs.of_product(unit.current(), product_id, credentials.address()))


@blueprint.get("/orders/<string:order_id>")
@doors.members("read")
@blueprint.response(200, content_type="application/zip")
def of_order(order_id: str) -> Response:
    """Download all that there is about an order, for its parties and for overseers."""
    return handed(packs.of_order(unit.current(), order_id, credentials.address()))
