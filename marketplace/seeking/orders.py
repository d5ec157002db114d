"""Orders that a few letters may mean: of a number, of a party's name, of what was ordered."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from marketplace import access
from marketplace.lines import OrderLine
from marketplace.orders import DONE, Order
from marketplace.seeking import products
from marketplace.versions import ProductVersion

_FIRST: Final = 1

NAMED_MAX: Final = 20
"""How many parties, and how many products, of one name count."""


def sought(work: Work, text: str, *, limit: int) -> list[Order]:
    """Return orders that `text` may mean, newest first, of those that the caller may see.

    By their number from its beginning, their id, a party or a product. An empty text means
    all. Three SELECTs.
    """
    statement = select(Order)
    if not access.oversees(work.actor):
        own = work.actor.organisation
        statement = statement.where(or_(Order.buyer_id == own, Order.seller_id == own))
    if text:
        statement = statement.where(or_(*_meant(work, text)))
    return list(work.session.scalars(statement.order_by(Order.id.desc()).limit(limit)))


def titles(session: Session, order_ids: Iterable[str]) -> dict[str, Words]:
    """Return order id → the title of what stands first in it, as it was ordered. One SELECT."""
    statement = (
        select(OrderLine.order_id, ProductVersion.title_zh, ProductVersion.title_en)
        .join(ProductVersion, ProductVersion.id == OrderLine.product_version_id)
        .where(OrderLine.order_id.in_(set(order_ids)), OrderLine.position == _FIRST)
    )
    return {key: Words(zh, en) for key, zh, en in session.execute(statement)}


def codes(session: Session, order_ids: Iterable[str]) -> dict[str, str]:
    """Return order id → its number, of those there are. One SELECT by key; none for no ids."""
    wanted = set(order_ids)
    statement = select(Order.id, Order.code).where(Order.id.in_(wanted))
    return dict(session.execute(statement).all()) if wanted else {}


def running_on(session: Session, product_id: str, version_id: str) -> int:
    """Return how many orders of one version of a product are not over. One SELECT on an index."""
    statement = (
        select(func.count(Order.id.distinct()))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            OrderLine.product_id == product_id,
            OrderLine.product_version_id == version_id,
            Order.state.not_in(sorted(DONE)),
        )
    )
    return int(session.execute(statement).scalar_one())


def _meant(work: Work, text: str) -> list[ColumnElement[bool]]:
    found = [Order.id == text, Order.code.startswith(text.upper(), autoescape=True)]
    firms = [one.id for one in organisations.sought(work.session, text, limit=NAMED_MAX)]
    if firms:
        found += [Order.buyer_id.in_(firms), Order.seller_id.in_(firms)]
    if things := products.titled(work.session, text, limit=NAMED_MAX):
        ordered = select(OrderLine.order_id).where(OrderLine.product_id.in_(things))
        found.append(Order.id.in_(ordered))
    return found
