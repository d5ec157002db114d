"""Pages for everybody, given again as they were drawn: never to the wrong one, never too late."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import sleep
from typing import Any, NamedTuple

import pytest
from sqlalchemy import event, text

from app import demonstration, identity
from app.unit import Exchange
from config.settings import Settings
from kernel.engines import Engines
from tests import cast
from tests.conftest import NOON, Client, Serving

PAGE = "/register"
MORE = "/notices"


class Asked(NamedTuple):
    """A page as it came, and what the database was asked for it."""

    text: str
    statements: int
    headers: Any


Ask = Callable[..., Asked]


@pytest.fixture
def ask(application: Exchange) -> Iterator[Ask]:
    """Open a page as a reader that nobody knows, in a browser of its own if none is given."""
    heard: list[str] = []

    def hear(*told: Any) -> None:
        heard.append(told[2])

    def opened(path: str = PAGE, browser: Client | None = None, **headers: str) -> Asked:
        heard.clear()
        made = browser or application.test_client()
        answer = made.get(path, headers={"Accept": "text/html", **headers})
        return Asked(answer.text, len(heard), answer.headers)

    event.listen(application.house.engines.read, "before_cursor_execute", hear)
    yield opened
    event.remove(application.house.engines.read, "before_cursor_execute", hear)


def rename(engines: Engines, name: str) -> None:
    with engines.writing() as session:
        session.execute(text("UPDATE organisations SET name_en = :name"), {"name": name})
        session.commit()


def test_the_second_reader_costs_the_database_nothing(ask: Ask) -> None:
    first, second = ask(), ask()

    assert first.statements > 0
    assert second.statements == 0
    assert second.text == first.text
    for name in ("ETag", "Cache-Control", "Vary", "Content-Type", "Content-Security-Policy"):
        assert second.headers[name] == first.headers[name]
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert ask(PAGE, None, **{"If-None-Match": first.headers["ETag"]}).text == ""


def test_what_was_written_is_seen_by_the_next_reader_whoever_wrote_it(
    application: Exchange, database_url: str, ask: Ask
) -> None:
    ask()
    rename(application.house.engines, "x")
    assert ask().statements > 0

    another = Engines(database_url)
    rename(another, "y")
    another.dispose()
    assert ask().statements > 0
    assert ask().statements == 0


def test_a_page_is_of_one_language_and_one_look(application: Exchange, ask: Ask) -> None:
    looks = {
        "zh": ask(PAGE, None, **{"Accept-Language": "zh-CN,zh"}),
        "en": ask(PAGE, None, **{"Accept-Language": "en"}),
        "asked": ask(f"{PAGE}?lang=en"),
    }
    large = application.test_client()
    large.set_cookie("databourse_size", "large")
    looks["large"] = ask(PAGE, large)
    english = application.test_client()
    english.set_cookie("databourse_lang", "en")
    looks["cookie"] = ask(PAGE, english)

    assert all(each.statements for each in looks.values())
    assert '<html lang="zh-CN"' in looks["zh"].text
    for name in ("en", "asked", "cookie"):
        assert '<html lang="en"' in looks[name].text
    assert ask(PAGE, large).text == looks["large"].text != looks["zh"].text
    assert ask(PAGE, None, **{"Accept-Language": "zh-CN,zh"})[0] == looks["zh"].text


def test_whoever_is_signed_in_is_answered_alone(application: Exchange, ask: Ask) -> None:
    signed = application.test_client()
    given = {"login": "per_buyer_editor@test", "password": cast.PASSWORD, "next": PAGE}
    assert signed.post("/sign-in", data=given).status_code == 303

    assert "per_buyer_editor" in ask(PAGE, signed).text
    nobodys = ask()
    assert "per_buyer_editor" not in nobodys.text
    assert "per_buyer_editor" in ask(PAGE, signed).text
    assert ask(PAGE, signed).statements > 0


def test_a_session_that_is_none_and_a_token_are_looked_at(application: Exchange, ask: Ask) -> None:
    ask()
    stale = application.test_client()
    stale.set_cookie(identity.COOKIE, "nothing")
    assert ask(PAGE, stale).statements > 0
    refused = ask(PAGE, None, Authorization="Bearer nothing")
    assert refused.headers["Location"].startswith("/sign-in")


def test_a_page_is_not_kept_beyond_its_minute(application: Exchange, ask: Ask) -> None:
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOON + timedelta(seconds=58))
        session.commit()
    ask()
    sleep(2.1)  # time itself is what is looked at
    assert ask().statements > 0


def test_no_two_readers_are_given_a_form_with_the_same_key(application: Exchange) -> None:
    keys = re.compile(rb'name="idempotency_key" value="([^"]+)"')
    pages = [
        rule.rule
        for rule in application.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and not rule.rule.startswith("/api")
    ]
    for path in pages:
        seen = [set(keys.findall(application.test_client().get(path).data)) for _ in range(2)]
        assert not seen[0] & seen[1], path


def test_what_is_no_page_for_everybody_is_not_kept(application: Exchange, ask: Ask) -> None:
    for path in ("/products/prd_none", "/api/organisations/org_none", "/register?after=made-up"):
        ask(path)
        assert ask(path).statements > 0 or ask(path).text == ""
    other = ask(PAGE, None, Host="elsewhere.example")
    assert other.statements > 0


def test_a_process_keeps_no_more_than_it_is_let(
    database_url: str, serving: Serving, application: Exchange
) -> None:
    size = len(application.test_client().get(PAGE).data)
    for room, kept in ((0, False), (size * 20, True)):
        house = serving(Settings(
            database_url=database_url, environment="test", clock="adjustable",
            key=bytes(range(32)).hex(), kept_pages_bytes=room,
        ))  # fmt: skip
        heard: list[str] = []
        event.listen(
            house.house.engines.read,
            "before_cursor_execute",
            lambda *told, to=heard: to.append(told),
        )
        client = house.test_client()

        def asked(path: str, client: Client = client, heard: list[str] = heard) -> bool:
            heard.clear()
            assert client.get(path).status_code == 200
            return bool(heard)

        asked(PAGE)
        assert asked(PAGE) is not kept
        for number in range(30):
            asked(f"{PAGE}?unknown={number}")
        assert asked(PAGE)
        house.house.engines.dispose()
