"""A settlement statement as a browser prints it: every line, the total, digest and address."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader
from sqlalchemy.orm import Session

from kernel.clock import Instant
from kernel.work import Work
from settlement.papers import papers, party_statements
from settlement.papers.papers import Paper
from tests import conftest
from tests.browser import windows
from tests.settlement.papers import test_party_statements as builders

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LINES = 90
"""More than one sheet of A4 holds."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, tuple[str, Paper]]]:
    """Serve a statement of many lines; return the port, its id and its paper."""
    folder = tmp_path_factory.mktemp("statement")
    with windows.serving(folder, _issued, worker=False) as statement:
        yield statement


def _issued(session: Session) -> tuple[str, Paper]:
    def work_as(person: str, at: Instant = builders.AUGUST) -> Work:
        return conftest.work_of(session, person, at=at)

    for number in range(LINES):
        on = date(2026, 7, 1) + timedelta(days=number % 31)
        builders.earned(work_as, 10_000 + number, on, f"orl_{number:03}")
    made = builders.issued(work_as)
    paper = party_statements.paper(session, made)
    session.flush()
    session.refresh(paper)
    session.expunge(paper)
    return made.id, paper


def test_the_printed_statement_has_all_that_its_paper_says(
    browser: Browser, served: tuple[int, tuple[str, Paper]]
) -> None:
    port, (statement_id, paper) = served
    page = windows.opened(browser, port, locale="en-GB")
    windows.sign_in(page, "per_developer_signer@test")
    page.goto(f"/statements/{statement_id}")
    printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))

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
