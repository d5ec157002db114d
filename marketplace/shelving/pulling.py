"""One's own products as a file that can be pushed again: CSV, YAML or Turtle."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Literal

import yaml
from sqlalchemy import select

from kernel.work import Work
from marketplace.products import Product, State
from marketplace.shelving import cells, graphs
from marketplace.versions import Content, ProductVersion, content

Format = Literal["csv", "yaml", "ttl"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "yaml", "ttl")
PULLED_MAX: Final = 5_000
"""Products of one file."""

_OVER: Final = frozenset({State.REJECTED, State.WITHDRAWN, State.DELISTED})
_BATCH: Final = 200
_JSON: Final = frozenset({"price_plan", "dictionary", "sample", "quality"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def pulled(work: Work, kind: Format) -> str:
    """Return the caller's products that are not over, by code, as a file of that kind.

    A product without a code of the merchant's own is known by the exchange's. One SELECT
    for each 200 products.
    """
    rows = [_row(product, version) for product, version in _own(work)]
    if kind == "yaml":
        return yaml.safe_dump({"products": rows}, allow_unicode=True, sort_keys=False)
    flat = [{name: _flat(name, value) for name, value in row.items()} for row in rows]
    return graphs.written(flat) if kind == "ttl" else _csv(flat)


def template() -> str:
    """Return an empty sheet: the headings in Chinese."""
    return _line(cells.COLUMNS.values())


def _own(work: Work) -> Iterator[tuple[Product, ProductVersion]]:
    after, told = "", 0
    while told < PULLED_MAX:
        statement = (
            select(Product, ProductVersion)
            .join(ProductVersion, ProductVersion.id == Product.current_version_id)
            .where(
                Product.owner_id == work.actor.organisation,
                Product.id > after,
                Product.state.not_in(_OVER),
            )
            .order_by(Product.id)
            .limit(_BATCH)
        )
        found = work.session.execute(statement).all()
        yield from found
        if len(found) < _BATCH:
            return
        after, told = found[-1][0].id, told + len(found)


def _row(product: Product, version: ProductVersion) -> dict[str, Any]:
    said: Content = content(version)
    row: dict[str, Any] = {"code": product.own_code or product.code}
    for column in cells.COLUMNS:
        value = said.get(column)
        if column != "code" and value not in (None, "", []):
            row[column] = value
    return row


def _flat(name: str, value: Any) -> str:
    if name in _JSON:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if name == "items":
        return ";".join(f"{each['directory']}/{each['item']}" for each in value)
    if isinstance(value, list):
        return ";".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _csv(rows: list[dict[str, str]]) -> str:
    lines = [_line(cells.COLUMNS)]
    lines += [_line(_safe(row.get(name, "")) for name in cells.COLUMNS) for row in rows]
    return "".join(lines)


def _line(values: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()


def _safe(cell: str) -> str:
    # A spreadsheet would run it; the blank before it is taken off when it is read again.
    return f" {cell}" if cell.startswith(_FORMULA) else cell
