"""A settlement statement as a browser prints it: every line, the total, digest and address."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO

import pytest
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

from app import serve
from app.story import stage
from config.settings import Settings
from kernel.clock import Instant
from kernel.engines import Engines
from kernel.work import Work
from settlement.papers import papers, party_statements
from settlement.papers.papers import Paper
from tests import conftest
from tests.browser.test_story import ARGUMENTS
from tests.cast import PASSWORD
from tests.completeness import chromium
from tests.settlement.papers import test_party_statements as builders

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LINES = 90
"""More than one sheet of A4 holds."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str, Paper]]:
    """Serve a statement of many lines; return the port, its id and its paper."""
    folder = tmp_path_factory.mktemp("statement")
    url = f"sqlite:///{folder}/statement.db"
    conftest.furnish(url)
    engines = Engines(url)
    with engines.writing() as session:

        def work_as(person: str, at: Instant = builders.AUGUST) -> Work:
            return conftest.work_of(session, person, at=at)

        for number in range(LINES):
            on = date(2026, 7, 1) + timedelta(days=number % 31)
            builders.earned(work_as, 10_000 + number, on, f"orl_{number:03}")
        made = builders.issued(work_as)
        statement_id, paper = made.id, party_statements.paper(session, made)
        session.commit()
        session.refresh(paper)
        session.expunge(paper)
    engines.dispose()
    settings = Settings(
        database_url=url, key=bytes(range(32)).hex(), log_level="WARNING", worker=False,
        password_memory_kib=8, password_rounds=1,
    )  # fmt: skip
    port = serve.free_port("127.0.0.1", 0)
    with stage.served(settings, host="127.0.0.1", port=port):
        yield port, statement_id, paper


def test_the_printed_statement_has_all_that_its_paper_says(
    served: tuple[int, str, Paper],
) -> None:
    port, statement_id, paper = served
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}", locale="en-GB")
        page.goto("/sign-in")
        page.fill("#login", "per_developer_signer@test")
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit], main form button")
        page.goto(f"/statements/{statement_id}")
        printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
        browser.close()

    sheets = [re.sub(r"\s+", "", sheet.extract_text()) for sheet in printed.pages]
    text = "".join(sheets)
    amounts = [f"{line['amount'] // 100}.{line['amount'] % 100:02}" for line in paper.body["lines"]]
    assert len(amounts) == LINES
    assert [one for one in amounts if one not in text] == []
    closing = paper.body["closing"]
    assert f"{closing // 100:,}.{closing % 100:02}" in text
    assert paper.digest in text
    assert f"/papers?number={paper.number}" in text
    assert papers.Kind(paper.kind) is papers.Kind.STATEMENT
    assert 1 < len(sheets) < 6
    assert all(float(sheet.mediabox.width) < 600 for sheet in printed.pages)  # A4, upright
