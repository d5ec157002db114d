"""One step of many products at once: what one officer passes in one sitting.

Each product is judged by itself, with every rule and every pair of eyes that its step asks
for; what is refused is told, and the others are taken all the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import defer

from delivery.tables.datasets import DatasetVersion
from kernel.errors import DomainError, Invalid
from kernel.parties import organisations
from kernel.work import Work
from marketplace import products
from marketplace.products import Product
from marketplace.versions import ProductVersion

ROUND_MAX: Final = 100
"""Products of one sitting: others who write wait no longer than for these."""


@dataclass(frozen=True, slots=True)
class Barred:
    """A product whose step was not taken, and why."""

    product_id: str
    error: DomainError


def take(work: Work, product_ids: Sequence[str], step: str, **data: Any) -> list[Barred]:
    """Take a step of up to ROUND_MAX products; return those that were refused, in order.

    Raises Invalid for more. Cost: that of `ahead`, and of the step for each.
    """
    if len(product_ids) > ROUND_MAX:
        raise Invalid(
            f"一次至多 {ROUND_MAX} 个产品",
            f"at most {ROUND_MAX} products at once",
            pointer="/product_ids",
        )
    at_hand = ahead(work, product_ids)
    told = each(work, product_ids, lambda one: products.take(work, one, step, **data))
    del at_hand  # a session forgets what nobody holds, and would look it up for each again
    return [Barred(product_id, error) for product_id, error in told]


def ahead(work: Work, product_ids: Iterable[str]) -> list[object]:
    """Look up at once what a step of these products looks at by key.

    Products, versions, data sets and owners; they need no SELECT of their own while what is
    returned is held. One SELECT, and two for each owner.
    """
    found = work.session.execute(
        select(Product, ProductVersion, DatasetVersion)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .outerjoin(DatasetVersion, DatasetVersion.id == ProductVersion.dataset_version_id)
        .options(defer(DatasetVersion.profile))
        .where(Product.id.in_(sorted(set(product_ids))))
    ).all()
    owners = sorted({product.owner_id for product, *_ in found})
    return [*found, *(organisations.find(work.session, owner) for owner in owners)]


def each(
    work: Work, subjects: Sequence[str], command: Callable[[str], object]
) -> list[tuple[str, DomainError]]:
    """Run a command for each subject by itself; return those that it refused, and why.

    All behind one savepoint at first. Where one is refused, that is undone, and each is run
    behind a savepoint of its own, so that the others stand.
    """
    try:
        with work.session.begin_nested():
            for subject in subjects:
                command(subject)
    except DomainError:
        return _apart(work, subjects, command)
    return []


def _apart(
    work: Work, subjects: Sequence[str], command: Callable[[str], object]
) -> list[tuple[str, DomainError]]:
    refused = []
    for subject in subjects:
        try:
            with work.session.begin_nested():
                command(subject)
        except DomainError as error:
            refused.append((subject, error))
    return refused
