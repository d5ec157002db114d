"""Answers for everybody that are kept: drawn once, and given again while nothing has changed.

Kept is what any cache may keep, and no longer than it is true: while nobody has committed
anything to the database, and to the end of the minute in which it was drawn, for pages tell
days and minutes. So what is suspended is gone with the commit, whichever process wrote it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Final, TypeAlias

from cachetools import LRUCache
from flask import Response, g, request

from app import identity, languages
from app.answers import headers
from kernel.actor import NOBODY
from kernel.engines import Engines

CHOICES: Final = ("databourse_lang", "databourse_size", "databourse_contrast")
"""The cookies by which a page is another one; whoever sends any more is asked anew."""

LARGEST: Final = 8
"""What takes more than this part of the shelf is not put there."""

Asked: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and how long it is true. until: by the monotonic clock, in seconds."""

    version: str
    until: float
    body: bytes
    told: tuple[tuple[str, str], ...]
    tag: str

    def answer(self) -> Response:
        """Return it as an answer of its own, which may be changed."""
        made = Response(self.body, headers=list(self.told))
        made.set_etag(self.tag)
        return made


class Shelf:
    """The answers that a process keeps, the last used ones, in so many bytes."""

    def __init__(self, engines: Engines, size_bytes: int) -> None:
        self._engines = engines
        self._lock = Lock()
        self._largest = size_bytes // LARGEST
        self._kept: LRUCache[Asked, Kept] = LRUCache(max(1, size_bytes), getsizeof=_size)

    def answer(self, asked: Asked, draw: Callable[[], Response]) -> Response:
        """Return what is kept of it, else draw it and keep it. `draw` sets the request's unit.

        What is kept costs a question after the database's version, and no other.
        """
        version = self._engines.version()
        with self._lock:
            found = self._kept.get(asked)
        if found is not None and found.version == version and monotonic() < found.until:
            g.caller = identity.Caller(NOBODY)
            return found.answer()
        drawn = draw()
        # Nothing of the version's own time is missing: it was asked for before drawing began.
        if version is not None and not g.get("keep_not") and headers.is_for_everybody(drawn):
            self._keep(asked, drawn, version)
        return drawn

    def _keep(self, asked: Asked, drawn: Response, version: str) -> None:
        now = g.work.now
        rest = 60 - now.second - now.microsecond / 1_000_000
        tag = drawn.get_etag()[0] or headers.tag(drawn)
        drawn.set_etag(tag)
        made = Kept(version, monotonic() + rest, drawn.get_data(), tuple(drawn.headers), tag)
        if _size(made) <= self._largest:
            with self._lock:
                self._kept[asked] = made


def asked() -> Asked | None:
    """Return what an answer for everybody depends on; None when somebody in particular asks."""
    cookies = request.cookies
    if "Authorization" in request.headers or not cookies.keys() <= set(CHOICES):
        return None
    return (
        request.host_url,
        request.full_path,
        request.headers.get("Accept", ""),
        request.headers.get("HX-Request", ""),
        languages.current(),
        *(cookies.get(name, "") for name in CHOICES),
    )


def keep_not() -> None:
    """Say that what is being drawn is this reader's alone."""
    g.keep_not = True


def _size(kept: Kept) -> int:
    return len(kept.body) + 2_000  # about what is beside the body
