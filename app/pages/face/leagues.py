"""The rankings (榜单): a league of one kind in one period, and what stands around it."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from flask import Blueprint, render_template, request

from app import doors, languages, unit
from app.pages import shown, spreadsheets, vocabulary
from app.pages.face import tiles
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.money import Money, half_up
from kernel.words import Words
from kernel.work import Work
from marketplace import access, boards, products, volume
from marketplace.counting import concentration, leagues, reading, spans
from marketplace.counting.adding import Sums
from marketplace.counting.leagues import League, Place
from marketplace.counting.spans import Span
from marketplace.rankings import growth_bp
from marketplace.volume import Ranking

blueprint = Blueprint("leagues", __name__)

PLACES: Final = 20
SAVED_MAX: Final = 5_000
BESIDE: Final = 8
KINDS: Final[dict[Ranking, Words]] = {
    "merchants": Words("数商", "Merchants"),
    "products": Words("产品", "Products"),
    "industries": Words("行业", "Industries"),
    "fields": Words("应用领域", "Fields of use"),
    "regions": Words("地区", "Regions"),
    "boards": Words("专板", "Boards"),
}
PERIODS: Final = {
    "D": Words("日", "Day"),
    "W": Words("周", "Week"),
    "M": Words("月", "Month"),
    "Q": Words("季", "Quarter"),
    "Y": Words("年", "Year"),
    "T": Words("近 12 个月", "12 months"),
    "A": Words("累计", "All time"),
}
_SAID: Final[Mapping[str, Callable[[Span], tuple[str, str]]]] = {
    "D": lambda span: (
        f"{span.since.year} 年 {span.since.month} 月 {span.since.day} 日",
        span.since.isoformat(),
    ),
    "W": lambda span: (f"{span.code[1:5]} 年第 {int(span.code[6:])} 周", f"Week {span.code[1:]}"),
    "M": lambda span: (f"{span.since.year} 年 {span.since.month} 月", f"{span.since:%B %Y}"),
    "Q": lambda span: (
        f"{span.since.year} 年第{'一二三四'[int(span.code[-1]) - 1]}季度",
        f"Q{span.code[-1]} {span.since.year}",
    ),
    "Y": lambda span: (f"{span.since.year} 年", str(span.since.year)),
    "T": lambda span: (
        f"截至 {span.until.year} 年 {span.until.month} 月的 12 个月",
        f"12 months to {span.until:%B %Y}",
    ),
    "A": lambda _span: ("累计", "All time"),
}
HEADER: Final = tuple(
    Words(zh, en)
    for zh, en in (
        ("名次", "Rank"), ("变动", "Change"), ("编码", "Key"), ("名称", "Name"),
        ("成交额（分）", "Volume (fen)"), ("占比（万分之一）", "Share (bp)"),
        ("环比（万分之一）", "Growth (bp)"), ("同比（万分之一）", "On the year (bp)"),
        ("笔数", "Trades"), ("统计期", "Period"),
    )
)  # fmt: skip


@blueprint.get("/rankings")
@doors.public
def rankings() -> Any:
    """Show a league, or save it as a file. Some thirty SELECTs, however much was traded."""
    work = unit.current()
    kind: Ranking = next((each for each in KINDS if each == request.args.get("kind")), "merchants")
    today = local_date(work.now)
    span = span_of(request.args.get("period", "Y"), today)
    earlier, later = around(span, today)
    if (file := shown.asked("file", max=4)) in ("csv", "xlsx"):
        return _saved(work, kind, span, file)
    found = leagues.league(work.session, kind, span, after=shown.after(), limit=PLACES)
    deals = _deals(work, span) if kind == "merchants" else []
    return render_template(
        "face/rankings.html",
        kind=kind,
        kinds=tabs(span),
        periods=[(each, languages.said(words)) for each, words in PERIODS.items()],
        span=span,
        title=label(span),
        earlier=earlier,
        later=later,
        open=span.until >= today,
        cards=_cards(work, kind, span, found),
        places=_rows(work, kind, found),
        next=found.next,
        deals=deals,
        prefectures=_prefectures(work, span),
        beside=_beside(work, "industries" if kind != "industries" else "fields", span),
        ties_out=volume.ties_out(work.session) if access.oversees(work.actor) else None,
    )


def tabs(span: Span) -> list[tuple[str, str, str]]:
    """Return the kinds of ranking that there are: code, name, address."""
    told = [
        (each, languages.said(words), f"/rankings?kind={each}&period={span.code}")
        for each, words in KINDS.items()
    ]
    buyers, exchanges = Words("需方", "Buyers"), Words("交易机构", "Exchanges")
    return [
        *told,
        ("buyers", languages.said(buyers), f"/rankings/buyers?period={span.code}"),
        ("exchanges", languages.said(exchanges), "/rankings/exchanges"),
    ]


def label(span: Span) -> str:
    """Say a period as people do."""
    zh, en = _SAID[span.kind](span)
    return languages.said(Words(zh, en))


def span_of(asked: str, today: date) -> Span:
    """Return the period that is asked for: a code, or a kind of which today's is meant."""
    if asked in PERIODS:
        return spans.of(asked, today)
    try:
        return spans.parse(asked)
    except Invalid:
        return spans.of("Y", today)


Neighbour = dict[str, str] | None


def around(span: Span, today: date) -> tuple[Neighbour, Neighbour]:
    """Return the periods before and after a period: code and label; None where there is none."""
    return _neighbour(span.before(), today), _neighbour(_after(span, today), today)


def _after(span: Span, today: date) -> Span | None:
    """Return the period directly after, unless it has not begun."""
    if span.kind == spans.EVER or span.until >= today:
        return None
    if span.kind == "T":
        year, month = divmod(span.until.year * 12 + span.until.month, 12)
        return spans.parse(f"T{year:04}-{month + 1:02}")
    return spans.of(span.kind, span.until + reading.DAY)


def _neighbour(span: Span | None, today: date) -> dict[str, str] | None:
    if span is None or (span.since > today and span.kind != "T"):
        return None
    return {"code": span.code, "label": label(span)}


def _cards(work: Work, kind: Ranking, span: Span, found: League) -> dict[str, Any]:
    """Return the figures of the whole period. Four SELECTs."""
    now = _whole(work, span)
    before = span.before()
    earlier = _whole(work, before) if before else None
    return {
        "counted": Money(now.counted),
        "growth": growth_bp(now.counted, before=earlier.counted) if earlier else None,
        "trades": now.trades,
        "mean": Money(half_up(now.counted, now.trades)) if now.trades > 0 else None,
        "excluded": Money(now.excluded),
        "frees": now.frees,
        "registered": Money(now.registered),
        "deals": now.deals,
        "cr5": found.cr5_bp,
        "hhi": concentration.hhi(work.session, kind, span),
    }


def _whole(work: Work, span: Span) -> Sums:
    return reading.in_period(work.session, "all", span).get("", Sums())


def _rows(work: Work, kind: Ranking, found: League) -> list[dict[str, Any]]:
    names = _names(work, kind, [place.key for place in found.places])
    most = max((place.value_fen for place in found.places), default=0)
    return [
        {
            "rank": place.rank,
            "name": names.get(place.key) or "—",
            "href": f"/products/{place.key}" if kind == "products" and place.key else None,
            "value_fen": place.value_fen,
            "bar": max(0, place.value_fen) * 100 // most if most > 0 else 0,
            "share_bp": place.share_bp,
            "change": place.change,
            "growth_bp": place.growth_bp,
            "yoy_bp": place.yoy_bp,
            "count": place.count,
        }
        for place in found.places
    ]


def _names(work: Work, kind: Ranking, keys: list[str]) -> dict[str, str]:
    """Return key → name. One SELECT, or none."""
    unknown = {"": languages.said(Words("未归类", "unclassified"))}
    if kind == "merchants":
        return shown.names(work, keys)
    if kind == "products":
        titles = products.titles(work.session, [key for key in keys if key])
        return unknown | {key: languages.said(words) for key, words in titles.items()}
    if kind == "boards":
        told = boards.names(work.session, [key for key in keys if key])
        none = {"": languages.said(Words("未入专板", "on no board"))}
        return none | {key: languages.said(words) for key, (_, words) in told.items()}
    said = {
        "industries": vocabulary.industry,
        "fields": lambda key: vocabulary.term(key, "field"),
        "regions": vocabulary.region,
    }[kind]
    return unknown | {key: said(key) for key in keys if key}


def _deals(work: Work, span: Span) -> list[dict[str, Any]]:
    """Return who registered most deals made outside: always apart. Three SELECTs."""
    found = volume.registered(work.session, since=span.since, until=span.until, limit=PLACES)
    names = shown.names(work, [place.row.key for place in found])
    return [
        {
            "rank": place.rank,
            "name": names.get(place.row.key) or "—",
            "value_fen": place.row.value_fen,
            "count": place.row.count,
        }
        for place in found
    ]


def _prefectures(work: Work, span: Span) -> list[dict[str, Any]]:
    """Return the tiles of the province. Two SELECTs: a row for each county that traded."""
    found: dict[str, int] = {}
    for key, sums in reading.in_period(work.session, "regions", span).items():
        found[key[:4]] = found.get(key[:4], 0) + sums.counted
    grid = next(
        (grid for province, grid in tiles.PREFECTURES.items() if any(
            code.startswith(province) for code in found)), (),
    )  # fmt: skip
    most = max((found.get(code, 0) for _, _, code, _ in grid), default=0)
    told: list[list[dict[str, Any]]] = [[{}] * tiles.WIDTH for _ in {row for row, *_ in grid}]
    for row, column, code, words in grid:
        told[row - 1][column - 1] = {
            "name": languages.said(words),
            "fen": found.get(code, 0),
            "shade": tiles.shade(found.get(code, 0), most),
        }
    return [tile for line in told for tile in line]


def _beside(work: Work, kind: Ranking, span: Span) -> dict[str, Any]:
    """Return the largest of another kind in the same period, for the panel beside."""
    found = leagues.league(work.session, kind, span, after=None, limit=BESIDE)
    return {"title": languages.said(KINDS[kind]), "kind": kind, "rows": _rows(work, kind, found)}


def _saved(work: Work, kind: Ranking, span: Span, file: str) -> Any:
    found = leagues.league(work.session, kind, span, after=None, limit=SAVED_MAX)
    names = _names(work, kind, [place.key for place in found.places])
    header = [languages.said(words) for words in HEADER]
    rows = [_line(place, names, span) for place in found.places]
    return spreadsheets.answer(file, f"ranking-{kind}-{span.code}", header, rows)


def _line(place: Place, names: dict[str, str], span: Span) -> tuple[spreadsheets.Cell, ...]:
    return (
        place.rank, place.change, place.key, names.get(place.key), place.value_fen,
        place.share_bp, place.growth_bp, place.yoy_bp, place.count, span.code,
    )  # fmt: skip
