"""Pages of procurement packs: one click on the product, one on the order."""

from typing import Any

from flask import Blueprint

from app import doors, unit
from app.api.buying.procurement_packs import handed
from app.api.licensing import credentials
from marketplace.procuring import packs

blueprint = Blueprint("procuring", __name__)


@blueprint.get("/products/<product_id>/procurement-pack")
@doors.public
def of_product(product_id: str) -> Any:
    """Hand over all that is said of a product."""
    return handed(packs.of_product(unit.current(), product_id, credentials.address()))


@blueprint.get("/orders/<order_id>/procurement-pack")
@doors.members("read")
def of_order(order_id: str) -> Any:
    """Hand over all that there is about an order."""
    return handed(packs.of_order(unit.current(), order_id, credentials.address()))
