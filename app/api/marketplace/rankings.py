"""The door of rankings (排名) and volumes (交易额): what was traded, by whom, when."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from app import doors, unit
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.parties import organisations, regions
from kernel.words import Words
from kernel.work import Work
from marketplace import access, boards, products, volume
from marketplace.counting import concentration, leagues, spans
from marketplace.counting.leagues import Place
from marketplace.rankings import Ranked

blueprint = doors.noun("rankings", "Rankings · 交易额与排名")


class PeriodQuery(doors.Body):
    """From which day to which, both included; without them: this year until today."""

    since = doors.day(required=False, load_default=None)
    until = doors.day(required=False, load_default=None)


class RankingQuery(PeriodQuery):
    """Of what the ranking is, and how many places of it are shown."""

    kind = doors.choice("merchants", "products", "industries")
    limit = fields.Integer(load_default=10, validate=validate.Range(min=1, max=100))


class LeagueQuery(doors.PageQuery):
    """Of what, and in which period: D2026-07-13, W2026-29, M2026-07, Q2026-3, Y2026, T2026-07, A.

    T: the twelve months up to that one. A: all time. Without a period: this year.
    """

    kind = doors.choice("merchants", "products", "industries", "fields", "regions", "boards")
    period = fields.String(load_default=None, validate=validate.Length(max=12))


class RegisteredDealsQuery(PeriodQuery):
    """How many merchants are shown of those that registered deals."""

    limit = fields.Integer(load_default=10, validate=validate.Range(min=1, max=100))


class MonthsQuery(doors.Body):
    """How many months, the present one included."""

    last = fields.Integer(load_default=12, validate=validate.Range(min=1, max=60))


class PlaceOut(Schema):
    """One place. key: an organisation, a product or a section of GB/T 4754."""

    rank = fields.Integer()
    key = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    value = fields.Nested(doors.MoneyBody)
    tx_count = fields.Integer()
    share_bp = fields.Integer()
    change = fields.Integer(allow_none=True)
    growth_bp = fields.Integer(allow_none=True)


class LeaguePlaceOut(PlaceOut):
    """One place of a league. yoy_bp: growth on the same period a year earlier."""

    yoy_bp = fields.Integer(allow_none=True)


class LeagueOut(Schema):
    """A page of a league. provisional: its period is not over. total: of all places.

    cr5_bp: the share of the five largest; hhi: the Herfindahl–Hirschman index, 0–10,000, null
    of products. next: the cursor of the next page.
    """

    kind = fields.String()
    period = fields.String()
    since = fields.Date()
    until = fields.Date()
    provisional = fields.Boolean()
    total = fields.Nested(doors.MoneyBody)
    cr5_bp = fields.Integer(allow_none=True)
    hhi = fields.Integer(allow_none=True)
    places = fields.List(fields.Nested(LeaguePlaceOut))
    next = fields.String(allow_none=True)


class RankingOut(Schema):
    """A ranking by counted amount, with the days that it is of."""

    kind = fields.String()
    since = fields.Date()
    until = fields.Date()
    places = fields.List(fields.Nested(PlaceOut))


class RegisteredDealsOut(Schema):
    """Merchants by the deals that they made outside and registered, never part of a ranking."""

    since = fields.Date()
    until = fields.Date()
    places = fields.List(fields.Nested(PlaceOut))


class TotalsOut(Schema):
    """The figures of a period: what counts, and what the hard rules exclude.

    counted: on the exchange, less refunds. registered: direct deals, always apart. headline:
    both together, as the national statistics add them.
    """

    since = fields.Date()
    until = fields.Date()
    counted = fields.Nested(doors.MoneyBody)
    excluded = fields.Nested(doors.MoneyBody)
    tx_count = fields.Integer()
    free_count = fields.Integer()
    registered = fields.Nested(doors.MoneyBody)
    registered_excluded = fields.Nested(doors.MoneyBody)
    registered_count = fields.Integer()
    headline = fields.Nested(doors.MoneyBody)


class MonthOut(Schema):
    """The counted amount of one month, such as 2026-07; registered deals apart."""

    month = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    registered = fields.Nested(doors.MoneyBody)


class MonthsOut(Schema):
    """Months that follow each other, oldest first."""

    items = fields.List(fields.Nested(MonthOut))


class TieOut(Schema):
    """Whether the facts add up to the volume in the books."""

    ties_out = fields.Boolean()


Names = Callable[[Session, list[str]], Mapping[str, Words]]
_NAMES: Mapping[str, Names] = {
    "merchants": organisations.names,
    "products": products.titles,
    "industries": lambda _session, keys: {key: Words(key, key) for key in keys},
    "fields": lambda _session, keys: {key: Words(key, key) for key in keys},
    "regions": lambda _session, keys: {key: Words(regions.name(key), key) for key in keys},
    "boards": lambda session, keys: {
        key: words for key, (_, words) in boards.names(session, keys).items()
    },
}


def _period(query: dict[str, Any], work: Work) -> dict[str, date]:
    until = query["until"] or local_date(work.now)
    since = query["since"] or date(until.year, 1, 1)
    if since > until:
        raise Invalid("起始日晚于截止日", "it ends before it begins", pointer="/until")
    return {"since": since, "until": until}


def _place(found: Ranked, names: Mapping[str, Words]) -> dict[str, Any]:
    row = found.row
    place = Place(
        rank=found.rank, key=row.key, value_fen=row.value_fen, count=row.count,
        reached_at=row.reached_at, share_bp=found.share_bp, change=found.change,
        growth_bp=found.growth_bp, yoy_bp=None,
    )  # fmt: skip
    return _told(place, names[row.key])


def _told(place: Place, name: Words) -> dict[str, Any]:
    return {
        "rank": place.rank,
        "key": place.key,
        "name_zh": name.zh,
        "name_en": name.en,
        "value": {"minor": place.value_fen, "currency": "CNY"},
        "tx_count": place.count,
        "share_bp": place.share_bp,
        "change": place.change,
        "growth_bp": place.growth_bp,
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(RankingQuery, location="query")
@blueprint.response(200, RankingOut)
def ranking(query: dict[str, Any]) -> Any:
    """Rank merchants, products or industries by what was accepted in a period."""
    work = unit.current()
    kind, days = query["kind"], _period(query, work)
    found = volume.ranking(work.session, kind, **days, limit=query["limit"])
    names = _NAMES[kind](work.session, [place.row.key for place in found])
    return {"kind": kind, **days, "places": [_place(place, names) for place in found]}


@blueprint.get("/leagues")
@doors.public
@blueprint.arguments(LeagueQuery, location="query")
@blueprint.response(200, LeagueOut)
def league(query: dict[str, Any]) -> Any:
    """Return a page of a league in a named period, at the cost of its rows."""
    work = unit.current()
    today, kind = local_date(work.now), query["kind"]
    span = spans.parse(query["period"]) if query["period"] else spans.of("Y", today)
    found = leagues.league(work.session, kind, span, after=query["after"], limit=query["limit"])
    names = _NAMES[kind](work.session, [place.key for place in found.places if place.key])
    unknown = Words("未归类", "unclassified")
    return {
        "kind": kind,
        "period": span.code,
        "since": span.since,
        "until": span.until,
        "provisional": span.until >= today,
        "total": doors.wire(found.total),
        "cr5_bp": found.cr5_bp,
        "hhi": concentration.hhi(work.session, kind, span),
        "places": [
            _told(place, names.get(place.key, unknown)) | {"yoy_bp": place.yoy_bp}
            for place in found.places
        ],
        "next": found.next,
    }


@blueprint.get("/registered")
@doors.public
@blueprint.arguments(RegisteredDealsQuery, location="query")
@blueprint.response(200, RegisteredDealsOut)
def registered(query: dict[str, Any]) -> Any:
    """Rank merchants by the direct deals that they registered in a period."""
    work = unit.current()
    days = _period(query, work)
    found = volume.registered(work.session, **days, limit=query["limit"])
    names = organisations.names(work.session, [place.row.key for place in found])
    return {**days, "places": [_place(place, names) for place in found]}


@blueprint.get("/totals")
@doors.public
@blueprint.arguments(PeriodQuery, location="query")
@blueprint.response(200, TotalsOut)
def totals(query: dict[str, Any]) -> Any:
    """Tell what was traded in a period, counted and excluded apart."""
    work = unit.current()
    days = _period(query, work)
    found = volume.totals(work.session, **days)
    return {
        **days,
        "counted": doors.wire(found.counted),
        "excluded": doors.wire(found.excluded),
        "tx_count": found.tx_count,
        "free_count": found.free_count,
        "registered": doors.wire(found.registered),
        "registered_excluded": doors.wire(found.registered_excluded),
        "registered_count": found.registered_count,
        "headline": doors.wire(found.counted + found.registered),
    }


@blueprint.get("/months")
@doors.public
@blueprint.arguments(MonthsQuery, location="query")
@blueprint.response(200, MonthsOut)
def months(query: dict[str, Any]) -> Any:
    """Tell what was traded in each of the last months."""
    work = unit.current()
    found = volume.months(work.session, last=query["last"], today=local_date(work.now))
    return {
        "items": [
            {
                "month": each.month,
                "amount": doors.wire(each.amount),
                "registered": doors.wire(each.registered),
            }
            for each in found
        ]
    }


@blueprint.get("/tie-out")
@doors.members("read")
@blueprint.response(200, TieOut)
def tie_out() -> Any:
    """Tell whether volume and books agree; for who oversees the exchange."""
    work = unit.current()
    access.require(work, access.overseer, None, "rankings.tie_out")
    return {"ties_out": volume.ties_out(work.session)}
