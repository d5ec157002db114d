"""Products side by side (比选): two to four of them, row by row, and where they differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kernel.errors import Invalid, NotFound
from kernel.work import Work
from marketplace import products
from marketplace.products import Product
from marketplace.versions import ProductVersion

LEAST: Final = 2
MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Compared:
    """One row: what is compared, the value of each product, and whether they differ."""

    name: str
    values: tuple[Any, ...]
    differs: bool


def beside(work: Work, product_ids: Sequence[str]) -> list[tuple[Product, ProductVersion]]:
    """Return the products that the caller may see, each with its current version.

    Raises Invalid unless they are two to four different ones; NotFound. Two SELECTs each.
    """
    if not LEAST <= len(product_ids) <= MOST or len(set(product_ids)) != len(product_ids):
        raise Invalid(
            f"请选择 {LEAST} 至 {MOST} 个不同的产品",
            f"{LEAST} to {MOST} different products are compared",
            pointer="/product",
        )
    return [_open(work, product_id) for product_id in product_ids]


def rows(versions: Sequence[ProductVersion]) -> list[Compared]:
    """Return what is compared, row by row, in the order in which a buyer asks."""
    told = []
    for name, look in _ROWS.items():
        values = tuple(look(version) for version in versions)
        told.append(Compared(name, values, any(value != values[0] for value in values)))
    return told


def _open(work: Work, product_id: str) -> tuple[Product, ProductVersion]:
    product, version = products.show(work, product_id)
    # In publicity no more of a product is told than is announced.
    if product.state == products.State.PUBLICITY and not products.is_insider(work, product):
        raise NotFound("该产品尚在公示", "the product is still in publicity")
    return product, version


def _columns(version: ProductVersion) -> list[str]:
    return [str(column.get("name", "")) for column in version.dictionary]


def _field(name: str) -> Callable[[ProductVersion], Any]:
    return lambda version: getattr(version, name)


_ROWS: Final[Mapping[str, Callable[[ProductVersion], Any]]] = {
    "price_plan": _field("price_plan"),
    "product_type": _field("product_type"),
    "application_field": _field("application_field"),
    "industry": _field("industry"),
    "region_coverage": lambda version: sorted(version.region_coverage),
    "update_frequency": _field("update_frequency"),
    "temporal_from": _field("temporal_from"),
    "temporal_to": _field("temporal_to"),
    "grade": _field("grade"),
    "pi_class": _field("pi_class"),
    "source_kind": _field("source_kind"),
    "delivery_mode": _field("delivery_mode"),
    "accept_days": _field("accept_days"),
    "quality": _field("quality"),
    "columns": _columns,
}
