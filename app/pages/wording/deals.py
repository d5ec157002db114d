"""What the codes of orders and contracts are called on a page."""

from typing import Final

from kernel.words import Words
from marketplace.contracting.templates import Ownership, Template

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "fee_period.proposed": ("待核定", "to be approved", "busy"),
}

EVENTS: Final[dict[str, Words]] = {}

CAUSES: Final[dict[str, Words]] = {
    each.value: each.label for kind in (Template, Ownership) for each in kind
}
