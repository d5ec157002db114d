"""The four model contracts (合同示范文本) of data circulation and trade, in wording of our own.

Each has a Chinese text, which governs, and an English reading copy; what is signed is both,
with a page break between them. Which version of a template new contracts are drawn up from
is configured; what was drawn up keeps its text. Source: the model contracts of the National
Data Administration for provision, entrusted processing, fusion development, intermediation.
"""

from collections.abc import Collection
from typing import Final

from catalogue.grades import Mode, Term
from marketplace.versions import ProductType


class Template(Term):
    """Of what nature a contract is."""

    DATA_PROVISION = "data_provision", "数据提供合同", "provision of data"
    DATA_ENTRUSTED_PROCESSING = (
        "data_entrusted_processing",
        "数据委托处理服务合同",
        "processing on behalf of another",
    )
    DATA_FUSION_DEVELOPMENT = "data_fusion_development", "数据融合开发合同", "joint development"
    DATA_INTERMEDIARY = "data_intermediary", "数据中介服务合同", "intermediary services"


class Ownership(Term):
    """Whose the result of a joint development is."""

    PROVIDER = "result_provider", "成果归数据提供方", "the provider's"
    DEVELOPER = "result_developer", "成果归融合开发方", "the developer's"
    SHARED = "result_shared", "成果由双方共有", "both parties'"


_SERVICES: Final = frozenset({ProductType.SERVICE, ProductType.TOOL, ProductType.APP})
_IN_DOMAIN: Final = frozenset({Mode.IN_DOMAIN, Mode.MODEL})


def fitting(goods: Collection[tuple[str, str]]) -> list[Template]:
    """Return the templates for an order of goods (product type, mode), the usual one first.

    A service is no provision of data; developed together is within the domain alone. Pure.
    """
    kinds = {ProductType(kind) for kind, _ in goods}
    modes = {Mode(mode) for _, mode in goods}
    served = kinds == {ProductType.SERVICE}
    found = [] if served else [Template.DATA_PROVISION]
    if kinds <= _SERVICES:
        found.append(Template.DATA_ENTRUSTED_PROCESSING)
    if served:
        found.append(Template.DATA_INTERMEDIARY)
    if modes <= _IN_DOMAIN:
        found.append(Template.DATA_FUSION_DEVELOPMENT)
    return found
