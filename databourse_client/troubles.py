"""Every way in which a buyer's call can fail, each with the status a command ends with."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final


class Trouble(Exception):
    """Something that the caller can do something about, in one sentence."""

    status: ClassVar[int] = 1
    """The exit status of a command that ends so."""


class BadProfile(Trouble):
    """The profile names no exchange, cannot be read, or can be read by others."""

    status = 2


class NotInstalled(Trouble):
    """A library is missing that this way of reading needs."""

    status = 2


class Damaged(Trouble):
    """What came is not what was sent: a digest, a seal or a manifest does not hold."""

    status = 4


class Unreachable(Trouble):
    """The exchange does not answer, or answers that it cannot now."""

    status = 7


class Problem(Trouble):
    """The exchange says no (RFC 9457). codes: why, stable; pointers: the fields that are meant."""

    status = 3

    def __init__(self, http_status: int, told: Mapping[str, Any]) -> None:
        self.http_status = http_status
        self.title = str(told.get("title") or told.get("errorCode") or f"HTTP {http_status}")
        self.detail = str(told.get("detail") or told.get("message") or "")
        self.request_id = told.get("request_id")
        self.refusals = _rows(told.get("refusals"))
        self.errors = _rows(told.get("errors"))
        super().__init__(self._sentence())

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the reasons, the stable ones."""
        return tuple(str(one["code"]) for one in self.refusals if "code" in one)

    def _sentence(self) -> str:
        reasons = [
            f"{one.get('code') or one.get('pointer')}: {one.get('detail')}"
            + (f" -> {one['fix']}" if one.get("fix") else "")
            for one in (*self.refusals, *self.errors)
        ]
        head = self.title if not self.detail or reasons else f"{self.title}: {self.detail}"
        return "\n  ".join([head, *reasons])


class Refused(Problem):
    """A rule of the exchange is against it."""


class NotThere(Problem):
    """There is no such thing, or not for this caller."""

    status = 5


class NotSignedIn(Problem):
    """No token was shown, or one that is not valid any longer."""

    status = 6


_KINDS: Final[Mapping[int, type[Problem]]] = {401: NotSignedIn, 404: NotThere}


def problem(http_status: int, content: bytes) -> Trouble:
    """Return what an answer of 400 or more means."""
    if http_status >= 500:
        return Unreachable(f"the exchange answers {http_status}: {_told(content).get('title', '')}")
    return _KINDS.get(http_status, Refused)(http_status, _told(content))


def _told(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rows(found: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
