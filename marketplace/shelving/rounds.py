"""One step of many products at once: what one officer passes in one sitting.

Each product is judged by itself, with every rule and every pair of eyes that its step asks
for; what is refused is told, and the others are taken all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kernel.errors import DomainError, Invalid
from kernel.work import Work
from marketplace import products

ROUND_MAX: Final = 100
"""Products of one sitting: others who write wait no longer than for these."""


@dataclass(frozen=True, slots=True)
class Barred:
    """A product whose step was not taken, and why."""

    product_id: str
    error: DomainError


def take(work: Work, product_ids: Sequence[str], step: str, **data: Any) -> list[Barred]:
    """Take a step of up to ROUND_MAX products; return those that were refused, in order.

    Raises Invalid for more. Cost: that of the step, for each.
    """
    if len(product_ids) > ROUND_MAX:
        raise Invalid(
            f"一次至多 {ROUND_MAX} 个产品",
            f"at most {ROUND_MAX} products at once",
            pointer="/product_ids",
        )
    barred = []
    for product_id in product_ids:
        try:
            with work.session.begin_nested():
                products.take(work, product_id, step, **data)
        except DomainError as error:
            barred.append(Barred(product_id, error))
    return barred
