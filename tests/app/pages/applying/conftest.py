"""A smaller town for these pages: a directory, an agreement on it, and one draft."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from kernel import ids
from kernel.engines import Engines
from licensing.applications import drafting, sections
from tests import conftest, postgres
from tests.app.pages.town import TODAY
from tests.conftest import work_of
from tests.licensing import desk

PLACES: dict[str, dict[str, str]] = {}
"""What stands where, in the database of each dialect."""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it once; each test copies the file."""
    path = tmp_path_factory.mktemp("draft") / "draft.db"
    _built(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[tuple[str, str]]:
    """Build it once; each test's database is a copy."""
    name = f"databourse_draft_{ids.secret(6).lower().replace('-', '_')}"
    _built(postgres.create_database(postgres_server, name))
    yield postgres_server, name
    postgres.drop_database(postgres_server, name)


@pytest.fixture
def place(database_url: str) -> dict[str, str]:
    """Say what stands where."""
    return PLACES[database_url.partition(":")[0].partition("+")[0]]


def build(session: Session) -> dict[str, str]:
    """Build the directory, the agreement, a whole application, and an empty draft."""
    code = desk.directory(session)
    desk.effective(session, code)
    whole = desk.applied(session, code, title="果园霜冻预警")
    told = desk.applied(session, code, title="茶园采摘窗口", purpose_text="Tell when to pick tea")
    desk.walk(session, told, "submit", "supplement")
    draft = drafting.open_draft(
        work_of(session, "per_developer_editor"),
        title="露地蔬菜暴雨指数",
        operator_id="org_operator",
        implementing_agency_id="org_agency",
    )
    session.flush()  # a living record gets its first version from the database
    sections.hold(work_of(session, "per_agency_officer", at=TODAY), draft.id, 5)
    return {"code": code, "whole": whole.id, "told": told.id, "draft": draft.id}


def _built(url: str) -> None:
    conftest.furnish(url)
    opened = Engines(url)
    with opened.writing() as session:
        PLACES[opened.write.dialect.name] = build(session)
        session.commit()
    opened.dispose()
