"""What the exchange makes known (公告): read off the journal, nothing of it written twice.

A notice is an event of a kind that is for everybody, told with the name of what it happened
to, and a link to where that stands now. It says nothing that this place doesn't say anyway.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import NotFound

from app import doors, languages, unit
from app.pages import shown
from app.pages.face import atom, leagues
from kernel import journal
from kernel.clock import Instant
from kernel.journal import Event
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from licensing.applications import cases
from licensing.disclosing import register
from marketplace import boards, products
from marketplace.releasing import releases

blueprint = Blueprint("notices", __name__)

FEED: Final = 30
"""Entries of one feed."""

REGISTER: Final = {
    "authorisation.issued": Words("发证", "Certificate issued"),
    "authorisation.activated": Words("授权开通", "Authorisation in force"),
    "authorisation.activated_conditionally": Words(
        "授权附承诺开通", "Authorisation in force, with promises"
    ),
    "authorisation.amended": Words("授权变更", "Authorisation amended"),
    "authorisation.suspended": Words("授权暂停", "Authorisation suspended"),
    "authorisation.promise_broken": Words(
        "承诺未履行，授权暂停", "Promise broken, authorisation suspended"
    ),
    "authorisation.resumed": Words("授权恢复", "Authorisation resumed"),
    "authorisation.resumed_conditionally": Words(
        "授权附承诺恢复", "Authorisation resumed, with promises"
    ),
    "authorisation.reinstated": Words("解除暂停", "Suspension lifted"),
    "authorisation.cancelled": Words("授权取消", "Authorisation cancelled"),
    "authorisation.revoked": Words("授权撤销", "Authorisation revoked"),
    "authorisation.lapsed": Words("授权失效", "Authorisation lapsed"),
    "authorisation.expired": Words("授权到期", "Authorisation expired"),
    "authorisation.surrendered": Words("授权交回", "Authorisation surrendered"),
}
RELEASES: Final = {"volume_release.published": Words("交易额发布", "Release of volume")}
PRODUCTS: Final = {"product.listed": Words("新品挂牌", "Newly listed")}
NOTICES: Final = {
    **{kind: words for kind, words in REGISTER.items() if kind != "authorisation.activated"},
    "scenario.announced": Words(
        "授权公示，听取异议", "Authorisation announced: objections are heard"
    ),
    "product.suspended": Words("产品暂停", "Product suspended"),
    "product.resumed": Words("产品恢复", "Product resumed"),
    "product.delisted": Words("产品下架", "Product delisted"),
    "product.force_delisted": Words("产品强制下架", "Product delisted by the exchange"),
    "board.opened": Words("专板开设", "Board opened"),
    **RELEASES,
}

Named = tuple[str, str]
"""What something is called, and where it stands."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A feed: its title, and the kinds of event that it is made of."""

    title: Words
    kinds: Mapping[str, Words]
    page: str


STREAMS: Final = {
    "notices": Stream(Words("公告", "Notices"), NOTICES, "/notices"),
    "register": Stream(Words("授权公示", "Authorisation register"), REGISTER, "/register"),
    "releases": Stream(Words("交易额发布", "Releases of volume"), RELEASES, "/releases"),
    "products": Stream(Words("新品挂牌", "New products"), PRODUCTS, "/products"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. number: of its event in the journal; digest: of that event."""

    number: int
    at: Instant
    kind: str
    title: str
    about: str
    href: str
    digest: str


@blueprint.get("/notices")
@doors.public
def notices() -> str:
    """Show what was made known, newest first. At most eight SELECTs."""
    page = listed(unit.current(), NOTICES, after=shown.after(), limit=shown.PAGE)
    return render_template("face/notices.html", notices=page.items, next=page.next, streams=STREAMS)


@blueprint.get("/feeds/<name>.atom")
@doors.public
def feed(name: str) -> Response:
    """Give the newest of a stream as an Atom feed, in the reader's language."""
    stream = STREAMS.get(name)
    if stream is None:
        raise NotFound
    page = listed(unit.current(), stream.kinds, after=None, limit=FEED)
    entries = [
        atom.Entry(str(one.number), f"{one.title} · {one.about}", one.href, one.at)
        for one in page.items
    ]
    return atom.answer(name, languages.said(stream.title), stream.page, entries)


def listed(
    work: Work, kinds: Mapping[str, Words], *, after: str | None, limit: int
) -> Page[Notice]:
    """Return one page of notices of these kinds. At most eight SELECTs, however many."""
    found = journal.latest(work.session, kinds, after=after, limit=limit)
    named = _named(work, found.items)
    told = [
        Notice(
            number=event.sequence,
            at=event.at,
            kind=event.kind,
            title=languages.said(kinds[event.kind]),
            about=about,
            href=href,
            digest=event.digest,
        )
        for event in found.items
        for about, href in [named[event.subject]]
    ]
    return Page(told, found.next)


def _named(work: Work, events: Sequence[Event]) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for noun, names in _NAMES.items():
        subjects = [one.subject for one in events if one.kind.startswith(f"{noun}.")]
        if subjects:
            found |= names(work, subjects)
    return found


def _rights(work: Work, subjects: Sequence[str]) -> dict[str, Named]:
    told = register.entries(work.session, subjects)
    return {
        key: (f"{one.title} {one.authorisation.cert_no}",
              f"/certificates/{one.authorisation.cert_no}")
        for key, one in told.items()
    }  # fmt: skip


def _scenarios(work: Work, subjects: Sequence[str]) -> dict[str, Named]:
    told = cases.titles(work.session, subjects)
    return {key: (f"{title} {code}", "/register") for key, (title, code) in told.items()}


def _products(work: Work, subjects: Sequence[str]) -> dict[str, Named]:
    told = products.titles(work.session, subjects)
    return {key: (languages.said(title), f"/products/{key}") for key, title in told.items()}


def _boards(work: Work, subjects: Sequence[str]) -> dict[str, Named]:
    told = boards.names(work.session, subjects)
    return {key: (languages.said(name), f"/boards/{code}") for key, (code, name) in told.items()}


def _volumes(work: Work, subjects: Sequence[str]) -> dict[str, Named]:
    told = releases.periods(work.session, subjects)
    return {key: (leagues.label(span), f"/releases/{key}") for key, span in told.items()}


_NAMES: Final[Mapping[str, Callable[[Work, Sequence[str]], dict[str, Named]]]] = {
    "authorisation": _rights,
    "scenario": _scenarios,
    "product": _products,
    "board": _boards,
    "volume_release": _volumes,
}
