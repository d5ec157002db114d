"""What the codes of orders and contracts are called on a page."""

from typing import Final

from kernel.words import Words
from marketplace.contracting.templates import Ownership, Template
from marketplace.ordering.rejections import Ground

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "fee_period.proposed": ("待核定", "to be approved", "busy"),
    "cancellation.asked": ("待对方答复", "to be answered", "busy"),
    "cancellation.agreed": ("已同意", "agreed", "good"),
    "cancellation.declined": ("未同意", "declined", "bad"),
    "cancellation.withdrawn": ("已撤回", "withdrawn", "past"),
    "cancellation.lapsed": ("逾期未答复", "not answered", "past"),
}

EVENTS: Final[dict[str, Words]] = {}

CAUSES: Final[dict[str, Words]] = {
    each.value: each.label for kind in (Template, Ownership, Ground) for each in kind
}
