"""Atom feeds (RFC 4287): what is new, for readers that ask again and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, current_app, render_template

from app import languages
from app.sharing import profiles
from kernel.clock import Instant

MEDIA: Final = "application/atom+xml; charset=utf-8"
FRESH_S: Final = 300
"""How long a reader may keep a feed before it asks again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. id: never changes, unique in its feed. href: a path of this exchange."""

    id: str
    title: str
    href: str
    at: Instant


def answer(name: str, title: str, page: str, entries: Sequence[Entry]) -> Response:
    """Answer with a feed. page: the path of the page that shows the same to people."""
    base = profiles.base()
    written = render_template(
        "face/feed.xml",
        base=base,
        name=name,
        title=title,
        page=page,
        entries=entries,
        language=languages.current(),
        updated=max((one.at for one in entries), default=None),
    )
    response: Response = current_app.response_class(written, content_type=MEDIA)
    response.cache_control.public = True
    response.cache_control.max_age = FRESH_S
    return response
