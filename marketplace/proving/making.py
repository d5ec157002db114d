"""An evidence pack is asked for: what it is about says what goes into it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.parties import organisations
from kernel.work import Work
from marketplace import orders
from marketplace.proving import asset_files, order_files
from settlement.assets import cards
from settlement.deals import deals
from settlement.evidence import files, packs
from settlement.evidence.archive import Item
from settlement.evidence.packs import About, EvidencePack, Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for. subject: the id of order, deal or asset; of a period its days."""

    about: About
    subject: str = ""
    first_on: date | None = None
    last_on: date | None = None


def make(work: Work, asked: Asked, address: str) -> EvidencePack:
    """Make a pack of what the caller may see of a matter. Raises NotFound, Invalid, PackTooLarge.

    address: where this exchange is found, without a closing slash.
    """
    subject, title, items = _MATTERS[asked.about](work, asked)
    return packs.issue(work, Matter(asked.about, subject, title, address), items)


_PREFIXES: Final = {"ord": About.ORDER, "dea": About.DEAL, "ast": About.ASSET}


def read(text: str) -> Asked:
    """Read what is asked for: an id, or two days as 2026-07-01..2026-07-31. Raises Invalid."""
    first, dots, last = text.partition("..")
    if dots:
        try:
            days = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError as error:
            told = "日期应为 2026-07-01..2026-07-31", "days are written 2026-07-01..2026-07-31"
            raise Invalid(*told, pointer="/last_on") from error
        return Asked(about=About.PERIOD, first_on=days[0], last_on=days[1])
    about = _PREFIXES.get(text.partition("_")[0])
    if about is None:
        told = "不是订单、备案或资产的编号", "not the id of an order, a deal or an asset"
        raise Invalid(*told, pointer="/subject")
    return Asked(about=about, subject=text)


def _order(work: Work, asked: Asked) -> tuple[str, str, Iterator[Item]]:
    order = orders.seen(work, asked.subject)
    return order.id, order.code, order_files.of(work, order.id)


def _deal(work: Work, asked: Asked) -> tuple[str, str, Iterator[Item]]:
    deal = deals.seen(work, asked.subject)
    return deal.id, deal.title, files.of_deal(work, deal.id)


def _asset(work: Work, asked: Asked) -> tuple[str, str, Iterator[Item]]:
    card = cards.seen(work, asked.subject)
    return card.id, f"{card.code} {card.name}", asset_files.of(work, card.id)


def _period(work: Work, asked: Asked) -> tuple[str, str, Iterator[Item]]:
    first, last = asked.first_on, asked.last_on
    if first is None or last is None or not first <= last <= local_date(work.now):
        told = "须有先后有序、不晚于今日的起止日", "two days in order are needed, by today"
        raise Invalid(*told, pointer="/last_on")
    own = organisations.find(work.session, work.actor.organisation)
    title = f"{own.name_zh} {first} — {last}"
    return own.id, title, files.of_period(work, first, last)


_MATTERS = {
    About.ORDER: _order,
    About.DEAL: _deal,
    About.ASSET: _asset,
    About.PERIOD: _period,
}
