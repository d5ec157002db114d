"""What is offered under an operator's authorisations: the list that its disclosure tells."""

from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from licensing.authorisations import Authorisation
from marketplace.products import Product, State
from marketplace.versions import ProductVersion

MOST: Final = 1_000
"""The most products that one list names."""


def by_operator(session: Session, operator_id: str) -> list[dict[str, Any]]:
    """Return the listed products of an operator, and those built on what it delivers.

    Each with its price plan: the fees that are really asked for. One SELECT.
    """
    statement = (
        select(Product.code, Product.owner_id, ProductVersion, Authorisation.cert_no)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .outerjoin(Authorisation, Authorisation.id == ProductVersion.authorisation_id)
        .where(
            Product.state == State.LISTED,
            or_(Product.owner_id == operator_id, Authorisation.operator_id == operator_id),
        )
        .order_by(Product.code)
        .limit(MOST)
    )
    return [
        {
            "code": row.code,
            "title": [row.ProductVersion.title_zh, row.ProductVersion.title_en],
            "product_type": row.ProductVersion.product_type,
            "price_plan": row.ProductVersion.price_plan,
            "cert_no": row.cert_no,
            "own": row.owner_id == operator_id,
        }
        for row in session.execute(statement)
    ]
