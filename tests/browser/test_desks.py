"""The desks of licensing by keyboard and by hand: the queue, the case, the opinion, the sheet."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from app import demonstration
from licensing.applications import drafting
from licensing.applications.cases import Scenario
from tests.browser import windows
from tests.browser.windows import SIZES, TAGS, WIDTHS
from tests.conftest import NOON, work_of
from tests.licensing import desk, hall

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCORES = {
    "legality": "90", "necessity": "80", "security": "70", "feasibility": "60", "benefit": "85.5",
}  # fmt: skip


@dataclass(frozen=True)
class Desks:
    """Where it is served, and the cases: asked about, being scored, sent back once."""

    port: int
    asked: str
    scored: str
    revised: str
    assessment: str
    member: str
    opinion: str


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """Serve three cases: asked about, scored, and in its second round."""
    folder = tmp_path_factory.mktemp("desks")
    with windows.serving(folder, furnish, worker=False, clock="adjustable") as (port, built):
        yield replace(built, port=port)


def furnish(session: Session) -> Desks:
    """Build the cases."""
    demonstration.begin_at(session, NOON)
    code = desk.directory(session)
    desk.effective(session, code)
    hall.pool(session)
    asked = _applied(session, code, "水稻灌溉调度", "submit", *desk.TO_OPINIONS)
    revised = _revised(session, code)
    scored = _applied(session, code, "冷链运输温控风险", "submit", *desk.TO_PANEL)
    panel = hall.plan(session, scored)
    hall.go(session, panel, *hall.TO_SCORING)
    hall.score(session, panel, 8100)
    form = f"/cases/{asked.id}/opinions/{desk.opinion_of(session, asked).id}"
    return Desks(0, asked.id, scored.id, revised.id, panel.id, panel.serving[-1], form)


def _applied(session: Session, code: str, title: str, *path: str) -> Scenario:
    made = desk.applied(session, code, title=title)
    desk.walk(session, made, *path)
    return made


def _revised(session: Session, code: str) -> Scenario:
    made = _applied(session, code, "设施农业降水指数", "submit", *desk.TO_PANEL)
    panel = hall.plan(session, made)
    hall.go(session, panel, *hall.TO_SCORING)
    hall.score(session, panel, *[7000] * 5)
    hall.go(session, panel, "tally", "conclude")
    again = desk.application(
        code, title="设施农业降水指数", users_count=12, output_forms=["aggregate_report"],
        items=[desk.asked(code, "RAIN")],
    )  # fmt: skip
    drafting.amend_draft(work_of(session, "per_developer_editor"), made.id, **again)
    desk.walk(session, made, "resubmit_revised", *desk.TO_OPINIONS)
    return made


def opened(browser: Browser, desks: Desks, person: str, **options: Any) -> Page:
    """Open a window of its own, signed in."""
    return windows.sign_in(windows.opened(browser, desks.port, **options), f"{person}@test")


def test_the_queue_is_worked_through_by_keyboard(browser: Browser, desks: Desks) -> None:
    page = opened(browser, desks, "per_agency_officer")
    page.goto("/cases")
    focused = "() => document.activeElement.getAttribute('href')"
    links = page.locator("a[data-case]")
    listed = [link.get_attribute("href") for link in links.all()]

    page.keyboard.press("j")
    first = page.evaluate(focused)
    page.keyboard.press("j")
    second = page.evaluate(focused)
    page.keyboard.press("k")
    back = page.evaluate(focused)
    page.keyboard.press("?")
    expect(page.locator("#queue-keys p")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#queue-keys p")).to_be_hidden()
    page.locator("#queue-q").focus()
    page.keyboard.type("jk?")
    typed = page.locator("#queue-q").input_value()
    links.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{first}")

    assert [first, second] == listed[:2]
    assert back == first
    assert typed == "jk?"
    page.context.close()


def test_a_sheet_adds_up_while_it_is_written_and_its_draft_is_found_again(
    browser: Browser, desks: Desks
) -> None:
    page = opened(browser, desks, desks.member)
    page.goto(f"/assessments/{desks.assessment}")
    total = page.locator("#sheet-total")
    expect(total).to_have_text("—")

    for criterion, score in SCORES.items():
        page.fill(f"#score-{criterion}", score)
    expect(total).to_have_text("77.12")
    page.locator("[data-choose-all] input").check()
    assert page.locator("input[name=chosen]:checked").count() == 2
    with page.expect_response("**/draft") as saved:
        page.locator("#comment-benefit").fill("可复制到邻省")
        page.locator("#comment-benefit").blur()
    expect(page.locator("#draft-line")).to_contain_text("草稿已保存")
    page.reload()
    kept = {name: page.locator(f"#score-{name}").input_value() for name in SCORES}

    assert saved.value.status == 200
    assert kept == SCORES
    expect(total).to_have_text("77.12")
    expect(page.locator("#comment-benefit")).to_have_value("可复制到邻省")
    page.context.close()


def test_an_opinion_is_filled_in_for_many_items_without_javascript(
    browser: Browser, desks: Desks
) -> None:
    page = opened(browser, desks, "per_dept_approver", java_script_enabled=False)
    page.goto(f"/cases/{desks.asked}")

    page.locator("input[name=chosen]").first.check()
    page.fill("input[name=bulk_text]", "汇总即可满足用途")
    page.locator("button[value=disagree]").click()
    page.wait_for_load_state()

    assert "/opinions/" in page.url
    assert page.locator("select[name=verdict_0]").input_value() == "disagree"
    assert page.locator("input[name=text_0]").input_value() == "汇总即可满足用途"
    assert page.locator("select[name=verdict_1]").input_value() == "agree"
    page.context.close()


def test_the_desks_are_accessible_and_fit_a_phone(browser: Browser, desks: Desks) -> None:
    axe, faults = Axe(), []
    for size, language in zip(SIZES, ("zh", "en"), strict=True):
        for person, addresses in (
            ("per_agency_officer", [f"/cases/{desks.revised}", "/cases"]),
            ("per_dept_approver", [f"/cases/{desks.asked}", desks.opinion]),
            (desks.member, [f"/assessments/{desks.assessment}"]),
        ):
            page = opened(browser, desks, person, size=size)
            for address in addresses:
                answer = page.goto(f"{address}?lang={language}")
                assert answer is not None
                assert answer.status == 200, address
                faults += _faults(axe, page, f"{address} {size} {language}")
            page.context.close()

    assert faults == []


def _faults(axe: Axe, page: Page, at: str) -> list[str]:
    found = axe.run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    told = [
        f"{at}: {violation['id']} {violation['nodes'][0]['html'][:120]}"
        for violation in found.response["violations"]
    ]
    content, window = page.evaluate(WIDTHS)
    return [*told, f"{at}: {content} > {window} px"] if content > window else told
