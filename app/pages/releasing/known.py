"""The releases of volume (交易额发布): what was made known, how it is computed, who signed it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import sqlglot
from flask import Blueprint, Response, redirect, render_template
from werkzeug.exceptions import NotFound

from app import doors, languages, unit
from app.api.releasing.volume_releases import definitions
from app.pages import forms, shown, spreadsheets, vocabulary
from app.pages.face.leagues import KINDS, label
from config.settings import HOUSE
from kernel.clock import local_date
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from marketplace import access
from marketplace.counting import spans
from marketplace.releasing import documents, preparing, releases
from marketplace.releasing.figures import definitions as defined
from marketplace.releasing.masking import BESIDE, DOMINATED, FEW
from marketplace.releasing.releases import VolumeRelease

blueprint = Blueprint("releases", __name__)

VERSIONS_MAX: Final = 50
"""So many releases of one period are named beside each other."""

VERIFIERS: Final = ("inclusion.py", "releases.py")
MASKED: Final = {
    FEW: Words("机构数不足，隐去", "hidden: too few organisations"),
    DOMINATED: Words("单一机构占比过高，隐去", "hidden: one makes up most of it"),
    BESIDE: Words("为防反推，一并隐去", "hidden beside another"),
}
HEADER: Final = tuple(
    Words(zh, en)
    for zh, en in (
        ("榜单", "League"), ("名次", "Rank"), ("编码", "Key"), ("名称", "Name"),
        ("成交额（分）", "Volume (fen)"), ("占比（万分之一）", "Share (bp)"), ("笔数", "Trades"),
        ("说明", "Remark"),
    )
)  # fmt: skip
FIGURES: Final = (
    ("on_exchange_fen", Words("场内成交额（分）", "On the exchange (fen)")),
    ("trades", Words("成交笔数", "Trades")),
    ("free_orders", Words("免费订单", "Free orders")),
    ("excluded_fen", Words("剔除金额（分）", "Left out (fen)")),
    ("registered_fen", Words("场外备案成交额（分）", "Registered deals (fen)")),
    ("registered_deals", Words("备案笔数", "Registered deals, number")),
    ("registered_excluded_fen", Words("备案剔除金额（分）", "Registered, left out (fen)")),
    ("headline_fen", Words("场内与备案合计（分）", "Both together (fen)")),
)


@blueprint.get("/releases")
@doors.public
def listed() -> str:
    """Show what was made known, newest first; to overseers, what is being made too."""
    work = unit.current()
    page = releases.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "releasing/releases.html",
        rows=[(one, label(one.span), one.told["figures"]) for one in page.items],
        next=page.next,
        prepares=releases.preparer.matches(work.actor, None),
        suggested=_suggested(work),
    )


@blueprint.post("/releases")
@doors.members("write")
def prepare() -> Any:
    """Prepare a release, for another person to check and publish."""
    made = preparing.prepare(
        unit.current(),
        forms.text("period", max=12),
        provisional=bool(forms.many("provisional")),
        reason=forms.text("reason", max=500) or None,
    )
    return redirect(f"/releases/{made.id}", 303)


@blueprint.get("/releases/<release_id>")
@doors.public
def one(release_id: str) -> Any:
    """Show a release as it is printed; its leagues as a file with ?file=csv or xlsx."""
    work = unit.current()
    found = releases.seen(work, release_id)
    told = found.told
    if (file := shown.asked("file", max=4)) in {"csv", "xlsx"}:
        header = [languages.said(words) for words in HEADER]
        return spreadsheets.answer(file, f"{found.period}-{found.id}", header, _cells(told))
    signed = [found.prepared_by, found.checked_by, found.published_by]
    return render_template(
        "releasing/release.html",
        release=found,
        title=label(found.span),
        told=told,
        figures=told["figures"],
        leagues=[_league(told, each) for each in told["leagues"]],
        versions=releases.known(work.session, found.period, limit=VERSIONS_MAX),
        who=people.names(work.session, [each for each in signed if each]),
        overseen=access.oversees(work.actor),
        record=shown.record(found, work, releases.LIFE),
        events=shown.timeline(work, found.id) if access.oversees(work.actor) else [],
    )


@blueprint.get("/method")
@doors.public
def method() -> str:
    """Show how this month would be computed now: every figure's statement, from the code."""
    work = unit.current()
    span = spans.of("M", local_date(work.now))
    told = [
        {"code": each.code, "title_zh": each.title.zh, "title_en": each.title.en, "sql": each.sql}
        for each in defined(span, 0)
    ]
    rule = documents.rule(work.rules)
    return _method(told, rule, documents.CODE, release=None, title=label(span))


@blueprint.get("/method/<release_id>")
@doors.public
def method_of(release_id: str) -> str:
    """Show how a release was computed."""
    found = releases.seen(unit.current(), release_id)
    title = label(found.span)
    return _method(
        definitions(found), found.disclosure, found.code_version, release=found, title=title
    )


@blueprint.get("/releases/verifier/<name>")
@doors.public
def verifier(name: str) -> Response:
    """Send the one file with which anybody verifies on a machine of their own."""
    if name not in VERIFIERS:
        raise NotFound
    path: Path = HOUSE / "databourse_client" / name
    return doors.answer_text(path.read_text(), "text/x-python; charset=utf-8", name=name)


def _method(
    told: list[dict[str, Any]], rule: Any, code: str, *, release: VolumeRelease | None, title: str
) -> str:
    return render_template(
        "releasing/method.html",
        definitions=[{**one, "sql": _laid_out(one["sql"])} for one in told],
        rule=rule,
        code=code,
        release=release,
        title=title,
        kinds={kind: languages.said(words) for kind, words in KINDS.items()},
        stale=code != documents.CODE,
    )


def _laid_out(sql: str) -> str:
    """Return the same statement, a line for each part."""
    return sqlglot.transpile(sql, read="postgres", write="postgres", pretty=True)[0]


def _suggested(work: Work) -> str:
    """Return the last month that is over, which is what is mostly prepared."""
    before = spans.of("M", local_date(work.now)).before()
    return before.code if before else ""


def _league(told: dict[str, Any], league: dict[str, Any]) -> dict[str, Any]:
    kind = league["kind"]
    return {
        "kind": kind,
        "title": languages.said(KINDS[kind]),
        "others": league["others"],
        "places": [
            {**place, "name": _name(told, kind, place), "remark": _remark(place)}
            for place in league["places"]
        ],
    }


def _name(told: dict[str, Any], kind: str, place: dict[str, Any]) -> str:
    if "masked" in place:
        return "—"
    key = place["key"]
    if not key:
        return languages.said(Words("未归类", "unclassified"))
    if (names := told["names"].get(kind, {}).get(key)) is not None:
        return languages.said(Words(*names))
    if kind == "industries":
        return vocabulary.industry(key)
    if kind == "fields":
        return vocabulary.term(key, "field")
    return vocabulary.region(key) if kind == "regions" else str(key)


def _remark(place: dict[str, Any]) -> str:
    return languages.said(MASKED[place["masked"]]) if "masked" in place else ""


def _cells(told: dict[str, Any]) -> Iterable[list[spreadsheets.Cell]]:
    headline = languages.said(Words("总量", "Headline"))
    for name, words in FIGURES:
        hidden = told["figures"][name] is None
        yield [
            headline, None, name, languages.said(words), told["figures"][name], None, None,
            languages.said(MASKED[FEW]) if hidden else "",
        ]  # fmt: skip
    for each in told["leagues"]:
        league = _league(told, each)
        for place in league["places"]:
            yield [
                league["title"], place["rank"], place.get("key"), place["name"],
                place.get("value_fen"), place.get("share_bp"), place.get("trades"),
                place["remark"],
            ]  # fmt: skip
        if (others := league["others"])["places"]:
            words = Words(f"其余 {others['places']} 家", f"{others['places']} others")
            yield [league["title"], None, None, languages.said(words), others["value_fen"], None,
                   others["trades"], ""]  # fmt: skip
