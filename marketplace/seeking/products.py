"""Products that a few letters may mean: of a number, or of a title in either language."""

from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from kernel.pages import holding
from kernel.work import Work
from marketplace import access
from marketplace.products import Product, State
from marketplace.versions import ProductVersion


def sought(work: Work, text: str, *, limit: int) -> list[Product]:
    """Return products that `text` may mean, newest first, of those that the caller may choose.

    Those are its own, or all for overseers. With their versions. Two SELECTs.
    """
    statement = _called(text)
    if not access.oversees(work.actor):
        statement = statement.where(Product.owner_id == work.actor.organisation)
    newest = statement.order_by(Product.id.desc()).limit(limit)
    return list(work.session.scalars(newest.options(selectinload(Product.current))))


def on_sale(session: Session, text: str, *, limit: int) -> list[Product]:
    """Return products of anybody that are listed and that `text` may mean, newest first.

    With their versions. Two SELECTs.
    """
    newest = _called(text).where(Product.state == State.LISTED).order_by(Product.id.desc())
    found = newest.limit(limit).options(selectinload(Product.current))
    return list(session.scalars(found))


def titled(session: Session, text: str, *, limit: int) -> list[str]:
    """Return the ids of products of anybody that `text` may mean, newest first. One SELECT."""
    newest = _called(text).order_by(Product.id.desc()).limit(limit)
    return [one.id for one in session.scalars(newest)]


def own_codes(work: Work, codes: Collection[str]) -> dict[str, Product]:
    """Return the caller's own products by its own numbers of them. One SELECT on an index."""
    statement = select(Product).where(
        Product.owner_id == work.actor.organisation, Product.own_code.in_(sorted(codes))
    )
    return {str(each.own_code): each for each in work.session.scalars(statement)}


def numbered(
    session: Session, owner_ids: Collection[str], codes: Collection[str]
) -> dict[str, str]:
    """Return own code → product, of these owners, as `own_codes`. One SELECT on an index."""
    statement = select(Product.own_code, Product.id).where(
        Product.owner_id.in_(sorted(owner_ids)), Product.own_code.in_(sorted(codes))
    )
    return {str(code): product_id for code, product_id in session.execute(statement)}


def _called(text: str) -> Select[Product]:
    statement = select(Product)
    if not text:
        return statement
    named = Product.id, Product.code, ProductVersion.title_zh, ProductVersion.title_en
    of_it = ProductVersion.id == Product.current_version_id
    return statement.join(ProductVersion, of_it).where(holding(named, text))
