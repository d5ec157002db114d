"""Text search in Chinese and Latin script, the same on both databases, without extensions.

A text becomes terms: each Latin word or number, and each pair of neighbouring Chinese
characters (二元切分). A query finds what holds all of its terms.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, ForeignKey, Index, delete, exists
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from kernel.db import Base

QUERY_TERMS_MAX: Final = 12
"""How many terms of a query count; the rest of a longer one is not looked for."""

_RUNS: Final = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+")


class ProductTerm(Base):
    """One term that stands in the texts of a product's current version."""

    __tablename__ = "product_terms"
    __table_args__ = (Index(None, "product_id"),)

    term: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)


def terms(text: str, *, singles: bool) -> list[str]:
    """Return the terms of `text` in order, each once; width and case make no difference.

    singles: each Chinese character counts as a term as well, so that a query of one
    character finds something; an index needs them, a longer query does not.
    """
    found: dict[str, None] = {}
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run[0] <= "z":
            found[run] = None
            continue
        pairs = [run[place : place + 2] for place in range(len(run) - 1)]
        found.update(dict.fromkeys(pairs or [run]))
        if singles:
            found.update(dict.fromkeys(run))
    return list(found)


def index(session: Session, product_id: str, texts: Iterable[str]) -> None:
    """Let the product be found by `texts`, and by nothing else. One DELETE, one INSERT."""
    session.execute(delete(ProductTerm).where(ProductTerm.product_id == product_id))
    session.add_all(
        ProductTerm(term=term, product_id=product_id)
        for term in terms(" ".join(texts), singles=True)
    )


def holds(product_id: InstrumentedAttribute[str], text: str) -> list[ColumnElement[bool]]:
    """Return the conditions under which a product holds all terms of `text`; each on an index.

    None for a text without a single letter: it is no question.
    """
    return [
        exists().where(ProductTerm.term == term, ProductTerm.product_id == product_id)
        for term in terms(text, singles=False)[:QUERY_TERMS_MAX]
    ]
