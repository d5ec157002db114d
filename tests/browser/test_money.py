"""Every page of money, filled by the trades of the demonstration: accessible, fit for a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from app import demonstration, house, serve, unit
from app.reactions import SUBSCRIBERS, WITNESSES
from app.story import cast, stage
from app.story.sixteen import plays
from app.story.sixteen.beats import Made, recalled
from app.story.sixteen.trades import script
from config.settings import Settings
from kernel import clock
from kernel.actor import SYSTEM
from tests.browser import seeing

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BEGINS_BEFORE = timedelta(days=110)

PAGES = {
    "finance": (
        "/desk", "/settlement", "/settlement/bank", "/settlement/bank/virtual-accounts",
        "/settlement/disputes/{dispute/open}", "/settlement/disputes/{dispute/lost}",
        "/settlement/refunds?order={order/tool}", "/orders", "/orders/{order/card/won}",
        "/settlement/bank/files/{file/1}", "/reconciliation", "/settlement/batches/{batch}",
        "/settlement/payouts", "/settlement/payouts/{payout}", "/settlement/refunds",
        "/settlement/refunds/{refund/asked}", "/settlement/disputes", "/settlement/holds",
        "/settlement/holds/{hold/lot}", "/settlement/hold-list", "/settlement/adjustments",
        "/settlement/adjustments/{adjustment}", "/settlement/rules",
        "/settlement/fee-rules/{fee-rule}", "/settlement/revenue-rules/{revenue-rule}",
        "/settlement/rails", "/settlement/ledger", "/settlement/ledger/2241.escrow",
        "/settlement/entries/1", "/orders/{order/daily}", "/statements", "/voucher-batches",
        "/voucher-batches/{vouchers}", "/deals", "/deals/{deal/2}", "/invoices",
    ),
    "merchant": (
        "/money", "/bills", "/usage", "/settlement/payouts", "/invoices", "/fee-notes", "/assets",
        "/assets/disclosures", "/evidence", "/evidence/verify",
    ),
    "buyer": (
        "/desk", "/money", "/bills", "/bills/{milestone/2}", "/wallet", "/vouchers",
        "/vouchers/{voucher/2}", "/quotations", "/quotations/{quotation/2}", "/auctions",
        "/auctions/{lot/2}", "/invoices", "/invoices/{invoice/price}",
    ),
}  # fmt: skip
"""Who sees which pages; in braces the beat that made what the page is about."""


@dataclass(frozen=True)
class Market:
    """Where it is served, and what the trades have made."""

    port: int
    made: Made


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Serve a demonstration in which the trades have been played, and nothing else."""
    folder = tmp_path_factory.mktemp("money")
    settings = Settings(
        database_url=f"sqlite:///{folder}/money.db",
        data_dir=f"{folder}/domain",
        key=bytes(range(32)).hex(),
        clock="adjustable",
        log_level="WARNING",
        password_memory_kib=8,
        password_rounds=1,
        worker=False,
    )
    stage.furnish(settings, begins_before=BEGINS_BEFORE)
    built = house.build(settings, SUBSCRIBERS, WITNESSES)
    played = sorted(script.beats(), key=lambda beat: -beat.day)
    plays.play_all(built, played, recalled(built), say=lambda line: None)
    now = clock.now()
    unit.committed(built, SYSTEM, lambda work: demonstration.begin_at(work.session, now))
    made = recalled(built)
    built.engines.dispose()
    port = serve.free_port("127.0.0.1", 0)
    with stage.served(settings, host="127.0.0.1", port=port):
        yield Market(port, made)


@pytest.fixture(scope="module")
def window(market: Market) -> Iterator[Page]:
    """Open a window."""
    with seeing.window(market.port) as opened:
        yield opened


def test_every_page_of_money_is_accessible_and_fits_a_phone(window: Page, market: Market) -> None:
    faults = []
    for person, pages in PAGES.items():
        seeing.sign_in(window, f"{person}@demo", cast.PASSWORD)
        faults += seeing.faults(window, [_address(market, path) for path in pages])

    assert faults == []


def _address(market: Market, path: str) -> str:
    beat = path.partition("{")[2].rstrip("}")
    return path.replace(f"{{{beat}}}", market.made[beat]) if beat else path
