"""A town in every database of these tests, and people who come to it with a browser."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app import demonstration
from app.unit import Exchange
from config.settings import Settings
from kernel import ids
from kernel.engines import Engines
from tests import cast, conftest, postgres
from tests.app.pages import town as builders
from tests.app.pages.town import TODAY, Town

TOWNS: dict[str, Town] = {}
"""What stands where, in the database of each dialect."""

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For pages that only show: what they ask is tested on both databases in the rooms below."""

FORBIDDEN = re.compile(
    r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE
)
"""What the content security policy would not run, and no page may hold."""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the town once; each test copies the file."""
    path = tmp_path_factory.mktemp("town") / "town.db"
    _built(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[tuple[str, str]]:
    """Build the town once; each test's database is a copy."""
    name = f"databourse_town_{ids.secret(6).lower().replace('-', '_')}"
    _built(postgres.create_database(postgres_server, name))
    yield postgres_server, name
    postgres.drop_database(postgres_server, name)


@pytest.fixture
def application(database_url: str, tmp_path: Path, serving: conftest.Serving) -> Iterator[Exchange]:
    """Serve the town; its clock begins at TODAY."""
    made = serving(
        Settings(
            database_url=database_url,
            environment="test",
            clock="adjustable",
            key=bytes(range(32)).hex(),
            data_dir=str(builders.DATA),
            password_memory_kib=8,
            password_rounds=1,
            threads=4,
            state_dir=str(tmp_path / "state"),
        )
    )
    with made.house.engines.writing() as session:
        demonstration.begin_at(session, TODAY)
        session.commit()
    yield made
    made.house.engines.dispose()


@pytest.fixture
def town(database_url: str) -> Town:
    """Say what stands where."""
    return TOWNS[database_url.partition(":")[0].partition("+")[0]]


@dataclass
class Browser:
    """A person with a browser that runs no script."""

    client: Any
    csrf: str = ""

    def get(self, path: str, lang: str = "zh") -> Any:
        """Open a page, which must hold nothing that the policy forbids."""
        self.client.set_cookie("databourse_lang", lang)
        answer = self.client.get(path, headers={"Accept": "text/html"})
        if answer.mimetype == "text/html":
            assert not FORBIDDEN.search(answer.text), FORBIDDEN.search(answer.text)
        return answer

    def shows(self, path: str, *words: str) -> str:
        """Open a page in both languages; it is there, and the Chinese one says `words`."""
        english, chinese = self.get(path, "en"), self.get(path, "zh")
        assert (english.status_code, chinese.status_code) == (200, 200), path
        assert 'lang="en"' in english.text
        for word in words:
            assert word in chinese.text, f"{path} does not say {word}"
        return str(chinese.text)

    def post(self, path: str, **fields: Any) -> Any:
        """Send a form as the page would have written it."""
        data = {"csrf_token": self.csrf, "idempotency_key": ids.secret(12), **fields}
        return self.client.post(path, data=data, headers={"Accept": "text/html"})


Visit = Callable[..., Browser]


@pytest.fixture
def visit(application: Exchange) -> Visit:
    """Give a browser to one of the cast, signed in by the form; to nobody in particular without."""

    def opened(person: str | None = None) -> Browser:
        browser = Browser(application.test_client())
        if person is None:
            return browser
        answer = browser.client.post(
            "/sign-in",
            data={"login": f"{person}@test", "password": cast.PASSWORD, "next": "/desk"},
        )
        assert answer.status_code == 303, answer.text
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/desk").text)
        assert token is not None
        browser.csrf = token[1]
        return browser

    return opened


def _built(url: str) -> None:
    conftest.furnish(url)
    opened = conftest.warm(Engines(url))
    with opened.writing() as session:
        TOWNS[opened.write.dialect.name] = builders.build(session)
        session.commit()
    opened.dispose()
