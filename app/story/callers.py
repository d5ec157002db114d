"""A caller over HTTP: one connection, one person's token, and what the exchange answered."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kernel import ids

TIMEOUT_S = 60


class Refused(AssertionError):
    """The exchange said no where the story needs a yes, or yes where it needs a no."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def codes(self) -> list[str]:
        """The codes of a no: its refusals', and the last part of its type."""
        named = [refusal["code"] for refusal in self.body.get("refusals", [])]
        return [*named, str(self.body.get("type", "")).rsplit("/", 1)[-1]]


class Caller:
    """One person at the front door."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        self._headers = {"Accept": "application/json", "Accept-Language": "zh"}

    def sign_in(self, login: str, password: str) -> None:
        """Sign in, issue a token for the days that the story takes, and use it from now on."""
        session = self.ask("POST", "/api/sessions", {"login": login, "password": password})
        cookie = session.headers["Set-Cookie"].split(";")[0]
        begun = self._headers
        self._headers = {**begun, "Cookie": cookie, "X-CSRF-Token": session.body["csrf_token"]}
        wanted = {"label": "story", "scopes": ["read", "write", "deliver"], "days": 300}
        token = self.ask("POST", "/api/tokens", wanted).body["secret"]
        self._headers = {**begun, "Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: str) -> Any:
        """Return what GET answers; raises Refused for a no."""
        return self.ask("GET", f"{path}?{urlencode(query)}" if query else path).body

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return what POST answers, under a fresh Idempotency-Key; raises Refused for a no."""
        return self.ask("POST", path, body or {}).body

    def refused(self, path: str, body: dict[str, Any], code: str) -> str:
        """Return `code`, which POST must be refused with; raises Refused otherwise."""
        answer = self._send("POST", path, body)
        if answer.status < 400 or code not in answer.codes:
            raise Refused(f"POST {path}: {code} expected, got {answer.status} {answer.body}")
        return code

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Return the answer to any request; raises Refused for a no."""
        answer = self._send(method, path, body)
        if answer.status >= 400:
            raise Refused(f"{method} {path}: {answer.status} {json.dumps(answer.body)}")
        return answer

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        headers = dict(self._headers)
        content = None
        if body is not None:
            headers["Idempotency-Key"] = ids.secret(12)
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False).encode()
        response = self._answered(method, path, content, headers)
        text = response.read().decode()
        is_json = "json" in response.headers.get("Content-Type", "")
        return Answer(
            response.status,
            json.loads(text) if is_json and text else {"text": text},
            dict(response.headers.items()),
        )

    def _answered(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        # A line that was idle may be dead. Asking again is safe: the key is the same.
        try:
            self._connection.request(method, path, content, headers)
            return self._connection.getresponse()
        except (BrokenPipeError, http.client.RemoteDisconnected):
            self._connection.close()
            self._connection.request(method, path, content, headers)
            return self._connection.getresponse()
