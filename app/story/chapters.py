"""The story, in order: supply, scenario, assessment, trade, money, and the end of a right."""

from app.story import fees, market, money, oversight, panel, scenario, supply
from app.story.stage import Stage


def play(stage: Stage, *, reopen: bool) -> None:
    """Play every chapter; each leaves what the next one needs.

    reopen: the suspension is lifted at the end, so that there is something to look at.
    """
    directory = supply.directory(stage)
    supply.agreement(stage, directory)
    applied = scenario.application(stage, directory)
    panel.assess(stage, applied)
    authorisation = scenario.decision(stage, applied)
    fees.cap(stage)
    product = market.listing(stage, directory, applied, authorisation)
    order = market.order(stage, product)
    custody = money.pay_in(stage, order)
    delivery = market.delivery(stage, order)
    scenario.another_purpose(stage, authorisation)
    market.acceptance(stage, order)
    money.settle(stage, order)
    money.pay_out(stage, custody)
    oversight.rankings(stage)
    oversight.suspension(stage, authorisation, delivery)
    oversight.books(stage, order)
    if reopen:
        oversight.reopening(stage, authorisation, product)
