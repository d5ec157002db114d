"""The decisive steps of the main job, clicked in a real browser; then every page, by axe.

The rest of the story goes over the API, as it does for programs. One test, in order:
each click needs what came before it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from app import serve
from app.story import cast, fees, market, money, panel, scenario, stage, supply
from app.story.stage import Stage
from app.story.telling import Telling
from config.settings import Settings
from tests.browser import windows

# What other modules look at pages with is spoken of as the story's.
from tests.browser.windows import ARGUMENTS as ARGUMENTS
from tests.browser.windows import SIZES as SIZES
from tests.browser.windows import TAGS as TAGS
from tests.browser.windows import WIDTHS as WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Serve a fresh database with its cast."""
    folder = tmp_path_factory.mktemp("browser")
    settings = Settings(
        database_url=f"sqlite:///{folder}/story.db",
        data_dir=f"{folder}/domain",
        clock="adjustable",
        log_level="WARNING",
        password_memory_kib=8,
        password_rounds=1,
    )
    players = stage.furnish(settings)
    port = serve.free_port("127.0.0.1", 0)
    with stage.served(settings, host="127.0.0.1", port=port):
        made = Stage("127.0.0.1", port, Telling(lambda _line: None), players)
        yield made
        made.leave()


def _open(browser: Browser, served: Stage, player: str | None, **options: Any) -> Page:
    page = windows.opened(browser, served.port, **options)
    return page if player is None else windows.sign_in(page, f"{player}@demo", cast.PASSWORD)


def _click(page: Page, path: str, label: str, **answers: str) -> None:
    """Press the button of a step, having answered what it asks, and expect no refusal."""
    page.goto(path)
    form = page.locator("form.action", has=page.get_by_role("button", name=label, exact=True))
    form = form.first
    for name, value in answers.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    form.get_by_role("button", name=label, exact=True).click()
    page.wait_for_load_state()
    expect(page.locator(".problem")).to_have_count(0)


def _by(browser: Browser, served: Stage, player: str, act: Callable[[Page], Any]) -> None:
    page = _open(browser, served, player)
    act(page)
    page.context.close()


def test_the_decisive_steps_are_clicked_and_every_page_is_accessible(
    browser: Browser, served: Stage
) -> None:
    directory = supply.directory(served)
    supply.agreement(served, directory)
    case = scenario.application(served, directory)
    panel.assess(served, case)

    _by(browser, served, "approver",
        lambda page: _click(page, f"/cases/{case}", "决定授权并公示"))  # fmt: skip
    served.pass_working_days(6)
    decided = served.until("developer", f"/api/scenarios/{case}", "authorised")
    right = decided["authorisation_id"]
    _by(browser, served, "operator",
        lambda page: _click(page, f"/authorisations/{right}", "开通"))  # fmt: skip
    authorisation = served.as_("developer").get(f"/api/authorisations/{right}")

    fees.cap(served)
    product = _listed(browser, served, directory, case, authorisation)
    order = market.order(served, product)
    money.pay_in(served, order)
    (payment,) = served.as_("buyer").get("/api/payments", order_id=order["id"])["items"]
    delivery = market.delivery(served, order)
    _by(browser, served, "buyer",
        lambda page: _click(page, f"/orders/{order['id']}", "验收"))  # fmt: skip
    money.settle(served, order)

    paths = {
        None: ["/", "/products", f"/products/{product}", "/rankings?kind=merchants", "/register",
               "/verify", f"/certificates/{authorisation['cert_no']}", "/boards", "/sign-in",
               "/register/operations", "/register/supplies", "/register/revocations",
               "/register/disclosures", "/fees"],
        "developer": [f"/scenarios/{case}", "/desk"],
        "approver": ["/cases", "/cases?red=1&q=none", f"/cases/{case}", f"/pleas/{case}"],
        "buyer": [f"/orders/{order['id']}", "/orders", f"/payments/{payment['id']}",
                  "/invoices", f"/receipts/{payment['id']}"],
        "operator": ["/frame/operations", "/frame/operations/new", "/frame/agreements/new"],
        "officer": ["/frame/plans/new"],
        "regulator": [f"/authorisations/{right}", f"/impacts/authorisation/{right}", "/desk",
                      "/supervision", "/supervision/units", "/supervision/violations",
                      "/authorisations", "/reviews", "/destructions", "/decisions",
                      "/breaker-alerts", "/fee-periods"],
    }  # fmt: skip
    _check_pages(browser, served, paths)

    answers = {"cause": "purpose_deviation", "reason": "抽查"}
    _by(browser, served, "regulator",
        lambda page: _click(page, f"/authorisations/{right}", "暂停", **answers))  # fmt: skip
    served.as_("analyst").refused(
        f"/api/deliveries/{delivery}/reads", market.reading("weather_insurance"), "AUTH_SUSPENDED"
    )


def _listed(
    browser: Browser, served: Stage, directory: Any, case: str, authorisation: dict[str, Any]
) -> str:
    board = served.as_("listing").post("/api/boards", market.board(served))
    said = market.product(served, directory, case, authorisation)
    made = served.as_("merchant").post("/api/products", said)
    market.state(served, made["id"])
    path = f"/products/{made['id']}"
    _by(browser, served, "developer", lambda page: _click(page, path, "提交审核"))
    _by(browser, served, "listing", lambda page: _click(page, path, "形式审查通过"))
    _by(
        browser,
        served,
        "compliance",
        lambda page: _click(page, path, "合规审查通过", **market.COMPLIANT),
    )
    _by(browser, served, "security", lambda page: _click(page, path, "安全与分级审查通过"))
    served.pass_working_days(4)
    served.until("merchant", f"/api{path}", "listed")
    served.as_("listing").post(f"/api/boards/{board['id']}/products", {"product_id": made["id"]})
    return str(made["id"])


def _check_pages(browser: Browser, served: Stage, paths: dict[str | None, list[str]]) -> None:
    """Run axe on every page, in both languages and widths; and find no sideways scroll."""
    axe, faults = Axe(), []
    for player, addresses in paths.items():
        for size in SIZES:
            page = _open(browser, served, player, size=size)
            for address in addresses:
                for language in ("zh", "en"):
                    joint = "&" if "?" in address else "?"
                    answer = page.goto(f"{address}{joint}lang={language}")
                    assert answer is not None
                    assert answer.status == 200, f"{address}: {answer.status}"
                    found = axe.run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
                    faults += [
                        f"{address} {size} {language}: {violation['id']} "
                        f"{violation['nodes'][0]['html'][:120]}"
                        for violation in found.response["violations"]
                    ]
                    content, window = page.evaluate(WIDTHS)
                    if content > window:
                        faults.append(f"{address} {size} {language}: {content} > {window} px")
            page.context.close()
    assert faults == []


def test_the_pages_work_without_javascript(browser: Browser, served: Stage) -> None:
    page = _open(browser, served, "buyer", java_script_enabled=False)

    for path in ("/", "/products?q=气象", "/rankings?kind=merchants", "/verify"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200
        assert page.locator("h1").count() == 1
