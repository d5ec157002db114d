"""Every page of money, filled by the trades of the demonstration: accessible, and fit for a phone.

One browser window, into which one person after the other signs in; it changes its size and its
language. What axe needs stands in the window from its beginning, so no page waits for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from app import demonstration, house, serve, unit
from app.reactions import SUBSCRIBERS, WITNESSES
from app.story import cast, stage
from app.story.sixteen import plays
from app.story.sixteen.beats import Made, recalled
from app.story.sixteen.trades import script
from config.settings import Settings
from kernel import clock
from kernel.actor import SYSTEM
from tests.browser.test_story import ARGUMENTS, SIZES, TAGS, WIDTHS
from tests.completeness import chromium

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BEGINS_BEFORE = timedelta(days=110)

OPTIONS: Final = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
EXAMINED: Final = """options => axe.run(document, options).then(
    told => told.violations.map(one => [one.id, one.nodes[0].html.slice(0, 120)]))"""

LOOKS = ((("desk", "zh"), ("phone", "en")), (("desk", "en"), ("phone", "zh")))
"""In which sizes and languages a page is seen; every second one the other way round."""

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
    """Open a window whose every page can be examined."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        context = opened.new_context(base_url=f"http://127.0.0.1:{market.port}", locale="zh-CN")
        context.add_init_script(Axe().axe_script)
        yield context.new_page()
        opened.close()


def test_every_page_of_money_is_accessible_and_fits_a_phone(window: Page, market: Market) -> None:
    faults = []
    for person, pages in PAGES.items():
        _sign_in(window, person)
        for place, path in enumerate(pages):
            for size, language in LOOKS[place % 2]:
                width, height = SIZES[size]
                window.set_viewport_size({"width": width, "height": height})
                faults += _faults(window, _address(market, path, language))

    assert faults == []


def _address(market: Market, path: str, language: str) -> str:
    beat = path.partition("{")[2].rstrip("}")
    address = path.replace(f"{{{beat}}}", market.made[beat]) if beat else path
    return f"{address}{'&' if '?' in address else '?'}lang={language}"


def _faults(window: Page, address: str) -> list[str]:
    answer = window.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    at = f"{address} {window.viewport_size}"
    told = [f"{at}: {rule} {place}" for rule, place in window.evaluate(EXAMINED, OPTIONS)]
    content, width = window.evaluate(WIDTHS)
    return [*told, f"{at}: {content} > {width} px"] if content > width else told


def _sign_in(window: Page, person: str) -> None:
    window.context.clear_cookies()
    window.goto("/sign-in")
    window.fill("#login", f"{person}@demo")
    window.fill("#password", cast.PASSWORD)
    window.click("main button.btn-primary")
    window.wait_for_url("**/desk")
