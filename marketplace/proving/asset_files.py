"""What a data asset puts into its evidence pack: the card, its right, product, money and use."""

from collections.abc import Iterator

from sqlalchemy import select

from catalogue.register import Registration
from kernel.clock import local_date
from kernel.errors import NotFound
from kernel.work import Work
from marketplace import products, versions
from marketplace.lines import OrderLine
from marketplace.orders import Order
from marketplace.proving import order_files, registered, revenues
from settlement.assets import cards, changes, months, movements, terms, valuations
from settlement.assets.cards import AssetCard
from settlement.evidence import books, files
from settlement.evidence.archive import Item
from settlement.evidence.packs import plain
from settlement.papers.invoice_rows import Invoice
from settlement.papers.papers import Paper

REPORT_MAX = 2**20
"""The most bytes of a valuation report that goes into a pack as a file; of others the digest."""

CONTRACTS_MAX = 50
"""The most contracts of one asset's product in a pack: the latest."""


def of(work: Work, card_id: str) -> Iterator[Item]:
    """Yield what there is about a data asset, to its owner and to overseers. Raises NotFound."""
    card = cards.seen(work, card_id)
    yield plain("asset/card.json", files.row(card))
    for version in terms.all_of(work.session, card.id):
        yield plain(f"asset/version-{version.number:03}.json", files.row(version))
    moved = [files.row(one) for one in movements.of_card(work.session, card.id)]
    yield plain("asset/movements.json", moved)
    proposed = changes.of_card(work.session, card.id)
    yield plain("asset/changes.json", [files.row(one) for one in proposed])
    yield from files.history(work, "asset", [card.id, *(one.id for one in proposed)])
    yield from _valued(work, card)
    if found := registered.of(work.session, card):
        yield plain("registrations.json", [_registered(*one) for one in found])
    said = cards.version(work.session, card)
    yield from order_files.authorised(
        work, [said.authorisation_id] if said.authorisation_id else []
    )
    if said.product_id:
        yield from _product(work, card, said.product_id)


def _valued(work: Work, card: AssetCard) -> Iterator[Item]:
    """Yield the valuation reports: what each says, and its file unless it is too large."""
    for one in valuations.of_card(work.session, card.id):
        yield plain(f"valuations/{one.id}.json", files.row(one))
        if one.size_bytes <= REPORT_MAX:
            ending = one.media_type.rpartition("/")[2]
            yield Item(f"valuations/{one.id}.{ending}", valuations.content(work, one.id)[1])


def _registered(directory: str, found: Registration) -> dict[str, str | None]:
    return {
        "directory": directory,
        "registration": found.id,
        "code": found.code,
        "valid_from": str(found.valid_from),
        "valid_to": str(found.valid_to),
    }


def _product(work: Work, card: AssetCard, product_id: str) -> Iterator[Item]:
    try:
        product = products.seen(work, product_id)
    except NotFound:
        return
    mine = card.owner_id == product.owner_id
    shown = versions.of(work.session, product.id) if mine else []
    yield plain("product/product.json", files.row(product))
    for version in shown:
        yield plain(f"product/version-{version.number:03}.json", files.row(version))
    yield from files.history(work, "product", [product.id])
    if not mine:
        return
    today = local_date(work.now)
    begun = months.of(card.recognised_on or today)
    brought = revenues.by_month(work.session, card, begun, months.of(today))
    yield plain("revenue.json", {"product": product.id, "fen_by_month": brought})
    yield from books.of(work, revenues.proven_by(work.session, card))
    yield from _sold(work, product.id)


def _sold(work: Work, product_id: str) -> Iterator[Item]:
    """Yield the contracts by which the product was sold, and the invoices of the orders."""
    ordered = select(OrderLine.order_id).where(OrderLine.product_id == product_id)
    statement = (
        select(Order)
        .where(Order.id.in_(ordered), Order.contract_id.is_not(None))
        .order_by(Order.id.desc())
        .limit(CONTRACTS_MAX)
    )
    found = list(work.session.scalars(statement))
    yield from order_files.contracts_of(work, [order.contract_id or "" for order in found])
    yield from files.invoices(work, Invoice.order_id.in_([order.id for order in found]))
    yield from files.papers(work, Paper.subject.in_([order.id for order in found]))
