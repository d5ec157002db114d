"""Rows that nobody may read any more: no product shows them, no order has bought them.

What is asked of a version of a data set: it was loaded long ago; no product that is under
review or on the market names it, nor one of which anything was said lately; nothing of it was
ever ordered, so that no delivery, no dispute and no proof of destruction is about it; its data
set is not held. Long ago, lately: `intake.unused_d` days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Select, exists, or_, select

from delivery.tables import removals
from delivery.tables.datasets import Dataset, DatasetVersion
from delivery.tables.removals import DatasetHold, DatasetRemoval
from delivery.tasks import DeliveryTask
from kernel.journal import Event
from kernel.work import Work
from marketplace.lines import OrderLine
from marketplace.listings.rows import Product, State
from marketplace.versions import ProductVersion

AT_REST: Final = (State.DELISTED, State.DRAFT, State.REJECTED, State.WITHDRAWN)
"""Where a product shows its data to nobody, and nobody looks at it."""


@dataclass(frozen=True, slots=True)
class Unused:
    """A version that nobody may read any more. size_bytes: of the file that it came as."""

    version_id: str
    dataset_id: str
    number: int
    title: str
    owner_id: str
    rows: int
    size_bytes: int


def listed(work: Work, *, limit: int) -> list[Unused]:
    """Return what would be removed now, oldest first. One SELECT."""
    found = work.session.execute(
        select(DatasetVersion, Dataset)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .where(*_unused(work))
        .order_by(DatasetVersion.id)
        .limit(limit)
    )
    return [
        Unused(
            version.id, dataset.id, version.number, dataset.title, dataset.owner_id,
            version.row_count, version.size_bytes,
        )
        for version, dataset in found
    ]  # fmt: skip


def remove(work: Work, version_ids: Sequence[str]) -> int:
    """Mark the rows of these versions as removed, of those that are unused still.

    Two SELECTs: the versions are locked first, and asked again after that, for a product may
    have been made of one meanwhile.
    """
    work.session.execute(_locked(version_ids))
    still = work.session.scalars(
        select(DatasetVersion)
        .where(DatasetVersion.id.in_(version_ids), *_unused(work))
        .order_by(DatasetVersion.id)
    ).all()
    for version in still:
        removals.remove(work, version)
    return len(still)


def _locked(version_ids: Sequence[str]) -> Select[Any]:
    return (
        select(DatasetVersion.id)
        .where(DatasetVersion.id.in_(version_ids))
        .order_by(DatasetVersion.id)
        .with_for_update()
    )


def _unused(work: Work) -> tuple[Any, ...]:
    before = work.now - timedelta(days=work.rules.number("intake.unused_d"))
    named = (
        select(Product.id)
        .join(ProductVersion, ProductVersion.product_id == Product.id)
        .where(
            ProductVersion.dataset_version_id == DatasetVersion.id,
            or_(
                Product.state.not_in(AT_REST),
                exists().where(Event.subject == Product.id, Event.at >= before),
                exists().where(OrderLine.product_version_id == ProductVersion.id),
            ),
        )
    )
    return (
        # What lies outside is not ours to remove.
        DatasetVersion.upload_id.is_not(None),
        DatasetVersion.loaded_at < before,
        ~named.exists(),
        ~exists().where(DeliveryTask.dataset_version_id == DatasetVersion.id),
        ~exists().where(DatasetRemoval.version_id == DatasetVersion.id),
        ~exists().where(
            DatasetHold.dataset_id == DatasetVersion.dataset_id, DatasetHold.lifted_at.is_(None)
        ),
    )
