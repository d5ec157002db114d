"""The wire: a token goes nowhere else, busy servers are asked again, downloads go on."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from databourse_client import wire as wires
from databourse_client.troubles import BadProfile, Damaged, NotThere, Refused, Unreachable
from databourse_client.wire import Wire
from tests.databourse_client.strange import Seen, say, serving

CONTENT = bytes(range(256)) * 4096
SHA = hashlib.sha256(CONTENT).hexdigest()


def ranged(seen: Seen, handler: Any, *, broken: int = 0, content: bytes = CONTENT) -> None:
    """Send what a range asks for; break off after `broken` bytes."""
    asked = re.fullmatch(r"bytes=(\d+)-", seen.headers.get("range", ""))
    begin = int(asked[1]) if asked else 0
    if begin >= len(content):
        say(handler, 416)
        return
    rest = content[begin:]
    handler.send_response(206 if asked else 200)
    handler.send_header("Content-Length", str(len(rest)))
    handler.end_headers()
    handler.wfile.write(rest[:broken] if broken else rest)
    handler.close_connection = True


@pytest.mark.parametrize("url", ["http://exchange.example", "ftp://127.0.0.1", "exchange", ""])
def test_a_token_does_not_travel_in_the_open(url: str) -> None:
    with pytest.raises(BadProfile):
        Wire(url, "secret")

    assert Wire("http://exchange.example", "secret", allow_http=True).url
    assert Wire("http://localhost:8000/", "secret").url == "http://localhost:8000"


def test_a_redirection_is_not_followed() -> None:
    with serving(lambda seen, handler: say(handler, 200, b"{}")) as elsewhere:

        def away(seen: Seen, handler: Any) -> None:
            say(handler, 302, Location=f"{elsewhere.url}/steal")

        with serving(away) as server, pytest.raises(Refused, match="HTTP 302"):
            Wire(server.url, "secret").get("/api/me")

    assert elsewhere.seen == []


def test_a_busy_exchange_is_asked_again_and_a_write_is_not() -> None:
    answers = {"GET": [503, 429, 200], "POST": [503]}

    def busy(seen: Seen, handler: Any) -> None:
        status = answers[seen.method].pop(0)
        say(handler, status, b'{"ok": true}', Retry_After="0")

    with serving(busy) as server:
        wire = Wire(server.url, "secret")
        told = wire.get("/api/me")
        with pytest.raises(Unreachable):
            wire.post("/api/orders")

    assert told == {"ok": True}
    assert [one.method for one in server.seen] == ["GET", "GET", "GET", "POST"]


def test_a_quota_that_is_used_up_is_told_at_once() -> None:
    body = b'{"title": "Used up", "refusals": [{"code": "QUOTA", "detail": "calls"}]}'

    with (
        serving(lambda seen, handler: say(handler, 429, body)) as server,
        pytest.raises(Refused, match="QUOTA: calls") as caught,
    ):
        Wire(server.url, "secret").get("/data/v1/dlv_1")

    assert caught.value.codes == ("QUOTA",)
    assert len(server.seen) == 1


def test_a_broken_download_goes_on_where_it_ended(tmp_path: Path) -> None:
    told: list[int] = []
    with serving(lambda seen, handler: ranged(seen, handler, broken=400_000)) as server:
        path = Wire(server.url, "secret").fetched(
            f"{server.url}/file", tmp_path / "file", sha256=SHA,
            progress=lambda _name, done, _size: told.append(done),
        )  # fmt: skip

    assert path.read_bytes() == CONTENT
    assert [one.headers.get("range") for one in server.seen] == [
        None, "bytes=400000-", "bytes=800000-",
    ]  # fmt: skip
    assert told == sorted(told)
    assert all("authorization" not in one.headers for one in server.seen)


def test_a_download_that_was_begun_yesterday_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    (tmp_path / "whole.part").write_bytes(CONTENT)

    with serving(ranged) as server:
        wire = Wire(server.url, None)
        path = wire.fetched(f"{server.url}/file", tmp_path / "file", sha256=SHA)
        whole = wire.fetched(f"{server.url}/file", tmp_path / "whole", sha256=SHA)

    assert path.read_bytes() == whole.read_bytes() == CONTENT
    assert server.seen[0].headers["range"] == "bytes=1000-"


def test_a_partial_file_of_something_else_is_taken_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"another" * 700)

    with serving(ranged) as server:
        path = Wire(server.url, None).fetched(f"{server.url}/file", tmp_path / "file", sha256=SHA)

    assert path.read_bytes() == CONTENT
    assert "range" not in server.seen[-1].headers


def test_what_is_not_what_was_promised_is_not_kept(tmp_path: Path) -> None:
    with serving(ranged) as server, pytest.raises(Damaged):
        Wire(server.url, None).fetched(f"{server.url}/f", tmp_path / "file", sha256="0" * 64)

    assert list(tmp_path.iterdir()) == []


def test_an_answer_is_read_up_to_a_size_and_must_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "ANSWER_MAX", 10)
    bodies = {"/large": b"1" * 11, "/odd": b"<html>"}

    with serving(lambda seen, handler: say(handler, 200, bodies[seen.path])) as server:
        wire = Wire(server.url, None)
        for path in bodies:
            with pytest.raises(Damaged):
                wire.get(path)


def test_a_no_without_a_problem_is_a_no_all_the_same() -> None:
    with serving(lambda seen, handler: say(handler, 404, b"<html>")) as server:
        with pytest.raises(NotThere, match="HTTP 404"):
            Wire(server.url, None).get("/x")
        gone = server.url
    with pytest.raises(Unreachable, match="does not answer"):
        Wire(gone, None).post("/x")


def test_an_address_that_is_no_web_address_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        Wire("http://127.0.0.1", None).fetched("file:///etc/passwd", tmp_path / "f", sha256=None)
