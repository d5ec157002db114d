"""What forms ask for by name: for each noun, how it is looked for and what stands in the list."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from app import languages
from app.pages import chrome, shown
from kernel.actor import Role
from kernel.clock import local_date
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing import authorisations, operations
from marketplace import access, boards
from marketplace.seeking import orders, products
from settlement import access as settling
from settlement.assets import cards
from settlement.bank import statements
from settlement.deals import deals

BOARDS_MAX: Final = 100
OPERATORS_MAX: Final = 20


class Choice(NamedTuple):
    """One thing that can be chosen. number: what nothing else of its kind is called."""

    id: str
    name: str
    number: str
    note: str = ""

    @property
    def value(self) -> str:
        """What is read in the list, and sent when it was chosen there: it ends in the number."""
        return f"{self.name} · {self.number}" if self.name else self.number


Sought = Callable[[Work, str, int], list[Choice]]


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of thing. prefixes: of its ids. sought: those that a text may mean, at most so many.

    What is found is what the caller may see; the command that the choice goes to asks again.
    """

    words: Words
    prefixes: tuple[str, ...]
    sought: Sought


def _parties(work: Work, text: str, limit: int) -> list[Choice]:
    if not access.oversees(work.actor):
        return []
    return [
        Choice(one.id, languages.said(Words(one.name_zh, one.name_en)), one.uscc)
        for one in organisations.sought(work.session, text, limit=limit)
    ]


def _payees(work: Work, text: str, limit: int) -> list[Choice]:
    """Return organisations, and the treasury before them: it is one of those who are paid."""
    if not access.oversees(work.actor):
        return []
    owner = settling.treasury(work.rules)
    words, number = Words("财政（国库）", "treasury"), owner.partition(":")[2]
    treasury = Choice(owner, languages.said(words), number)
    return [*_holding([treasury], text), *_parties(work, text, limit)][:limit]


def _orders(work: Work, text: str, limit: int) -> list[Choice]:
    found = orders.sought(work, text, limit=limit)
    names = shown.names(work, [party for one in found for party in (one.buyer_id, one.seller_id)])
    titles = orders.titles(work.session, [one.id for one in found])
    own = work.actor.organisation
    other = [one.seller_id if one.buyer_id == own else one.buyer_id for one in found]
    return [
        Choice(
            one.id,
            f"{languages.said(titles[one.id])} · {names[party]}",
            one.code,
            chrome.money(one.total),
        )
        for one, party in zip(found, other, strict=True)
    ]


def _products(work: Work, text: str, limit: int) -> list[Choice]:
    return [
        Choice(one.id, languages.said(Words(one.current.title_zh, one.current.title_en)), one.code)
        for one in products.sought(work, text, limit=limit)
    ]


def _listed(work: Work, text: str, limit: int) -> list[Choice]:
    return [
        Choice(one.id, languages.said(Words(one.current.title_zh, one.current.title_en)), one.code)
        for one in products.on_sale(work.session, text, limit=limit)
    ]


def _merchants(work: Work, text: str, limit: int) -> list[Choice]:
    found = [
        Choice(one.id, languages.said(Words(one.name_zh, one.name_en)), one.uscc)
        for one in organisations.with_role(work.session, Role.MERCHANT)
    ]
    return _holding(found, text)[:limit]


def _authorisations(work: Work, text: str, limit: int) -> list[Choice]:
    found = authorisations.listed(work, text=text, after=None, limit=limit).items
    return [
        Choice(one.id, one.purpose_text[:40], one.cert_no, f"{one.valid_from} — {one.valid_to}")
        for one in found
    ]


def _boards(work: Work, text: str, limit: int) -> list[Choice]:
    found = [
        Choice(one.id, languages.said(Words(one.name_zh, one.name_en)), one.code)
        for one in boards.listed(work.session, after=None, limit=BOARDS_MAX).items
    ]
    return _holding(found, text)[:limit]


def _agreements(work: Work, text: str, limit: int) -> list[Choice]:
    today = local_date(work.now)
    operators = organisations.with_role(work.session, Role.AUTHORISED_OPERATOR)[:OPERATORS_MAX]
    found = [
        Choice(one.id, languages.said(Words(operator.name_zh, operator.name_en)), one.code)
        for operator in operators
        for one in operations.in_force(work.session, operator.id, today)
    ]
    return _holding(found, text)[:limit]


def _deals(work: Work, text: str, limit: int) -> list[Choice]:
    found = deals.listed(work, text=text, after=None, limit=limit).items
    return [Choice(one.id, one.title, one.contract_no, chrome.money(one.amount)) for one in found]


def _assets(work: Work, text: str, limit: int) -> list[Choice]:
    found = cards.listed(work, text=text, after=None, limit=limit).items
    return [Choice(one.id, one.name, one.code) for one in found]


def _receipts(work: Work, text: str, limit: int) -> list[Choice]:
    if not access.oversees(work.actor):
        return []
    found = [
        Choice(one.id, one.counterparty_name, one.bank_ref, chrome.money(one.amount))
        for one in statements.unexplained(work, after=None, limit=BOARDS_MAX).items
    ]
    return _holding(found, text)[:limit]


def _holding(found: Iterable[Choice], text: str) -> list[Choice]:
    """Return those in which the text stands: of what is few and was read whole."""
    wanted = text.casefold()
    return [one for one in found if any(wanted in place.casefold() for place in (*one, one.value))]


def _any_of(*each: Sought) -> Sought:
    def sought(work: Work, text: str, limit: int) -> list[Choice]:
        found = [one for search in each for one in search(work, text, limit)]
        return found[:limit]

    return sought


NOUNS: Final = {
    "party": Noun(Words("机构", "organisation"), ("org",), _parties),
    "payee": Noun(Words("收款主体", "payee"), ("org",), _payees),
    "order": Noun(Words("订单", "order"), ("ord",), _orders),
    "product": Noun(Words("产品", "product"), ("prd",), _products),
    "listed": Noun(Words("产品", "product"), ("prd",), _listed),
    "merchant": Noun(Words("数商", "merchant"), ("org",), _merchants),
    "authorisation": Noun(Words("授权", "authorisation"), ("aut",), _authorisations),
    "board": Noun(Words("专板", "board"), ("brd",), _boards),
    "deal": Noun(Words("场外备案", "registered deal"), ("dea",), _deals),
    "asset": Noun(Words("数据资产", "data asset"), ("ast",), _assets),
    "share": Noun(
        Words("产品、专板或授权运营协议", "product, board or operation agreement"),
        ("prd", "brd", "opa"),
        _any_of(_boards, _agreements, _products),
    ),
    "matter": Noun(
        Words("订单、备案或资产", "order, deal or asset"),
        ("ord", "dea", "ast"),
        _any_of(_orders, _deals, _assets),
    ),
    "holder": Noun(
        Words("机构或银行流水", "organisation or bank line"),
        ("org", "bsl"),
        _any_of(_receipts, _parties),
    ),
}
"""The name that a form uses for it → the noun."""
