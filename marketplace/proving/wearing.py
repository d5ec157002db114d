"""Data assets that wear off: charged month by month, by what the books say they brought."""

from kernel.work import Work
from marketplace.proving import revenues
from settlement.assets import amortising
from settlement.assets.amortising import Charge
from settlement.assets.cards import AssetCard


def charge(work: Work, card_id: str, through: str) -> list[Charge]:
    """Charge the months of a card to `through` ("2026-09"). Raises as `amortising.run` does."""
    return amortising.run(work, card_id, through, _brought(work))


def charge_due(work: Work, *, limit: int) -> int:
    """Charge every card's months that are due, as the house; return how many cards that were."""
    return amortising.run_due(work, _brought(work), limit=limit)


def _brought(work: Work) -> amortising.Benefit:
    def benefit(card: AssetCard, first: str, last: str) -> dict[str, int]:
        return revenues.by_month(work.session, card, first, last)

    return benefit
