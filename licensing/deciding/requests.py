"""A request (使用请求): one intended use of data, as it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kernel.errors import Invalid
from licensing.scope import Item

Shape: TypeAlias = tuple[Any, ...]
"""What of a request its clauses look at, amounts and credential left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One intended use. Codes that nobody knows are no error here: they are denied.

    items: (directory code, item code) each. quantity: meter → amount that the use will
    take of it; meters without a quota are not limited. credential: id of the token that
    the user showed; empty for none. consent: the consent record that covers the persons
    concerned; empty for none. order_paid: whether the order that the use is for is paid;
    None for a use that is for no order. subject: what the use is for. personal: whether
    what the user showed has to be looked at as well. plain: whether its shape is all there
    is to look at, nothing shown and nothing to count.
    Raises Invalid for a negative amount.
    """

    authorisation_id: str
    organisation_id: str
    purpose_code: str
    items: tuple[Item, ...]
    transform: str
    output_form: str
    region: str
    environment: str
    quantity: Mapping[str, int] = field(default_factory=dict)
    subject: str = ""
    credential: str = ""
    consent: str = ""
    order_paid: bool | None = None
    shape: Shape = field(init=False, repr=False, compare=False)
    personal: bool = field(init=False, repr=False, compare=False)
    plain: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for amount in self.quantity.values():
            if type(amount) is not int or amount < 0:
                zh, en = "用量须为非负整数", "amounts are whole and not negative"
                raise Invalid(zh, en, pointer="/quantity")
        shape = (
            self.organisation_id,
            self.purpose_code,
            self.items,
            self.transform,
            self.output_form,
            self.region,
            self.environment,
            self.consent != "",
        )
        object.__setattr__(self, "shape", shape)
        shown = bool(self.credential) or self.order_paid is False
        object.__setattr__(self, "personal", shown)
        object.__setattr__(self, "plain", not shown and not self.quantity)
