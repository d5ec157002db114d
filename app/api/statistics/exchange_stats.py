"""The door of what other exchanges publish (交易机构统计): entered by one, checked by another."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from kernel.clock import local_date
from kernel.work import Work
from marketplace.peers import stats
from marketplace.peers.stats import (
    URL_MAX,
    Caliber,
    Compared,
    Confidence,
    ExchangeStat,
    Figures,
    Measure,
    Registered,
    State,
)

blueprint = doors.noun("exchange-stats", "Figures of other exchanges · 交易机构统计")


class ExchangeStatIn(doors.Body):
    """A figure and its source. registered: whether registered deals are in it."""

    exchange = doors.text(max=80)
    as_of = doors.day()
    measure = doors.choice(*sorted(Measure))
    value_fen = doors.whole(min=1)
    registered = doors.choice(*sorted(Registered))
    source = doors.text(max=200)
    url = doors.text(max=URL_MAX, required=False, load_default=None, allow_none=True)
    confidence = doors.choice(*sorted(Confidence))


class ExchangeStatQuery(doors.PageQuery):
    """Where they stand."""

    state = doors.choice(*sorted(State), required=False, load_default=None)


class ExchangeComparisonQuery(doors.Body):
    """By what the exchanges are compared; of a year: this calendar year."""

    measure = doors.choice(*sorted(Measure), required=False, load_default="cumulative")


class ExchangeStatOut(doors.LivingOut):
    """A figure. entered_by and checked_by: persons, never the same."""

    exchange = fields.String()
    as_of = fields.String()
    measure = fields.String()
    value_fen = fields.Integer()
    registered = fields.String()
    source = fields.String()
    url = fields.String(allow_none=True)
    confidence = fields.String()
    entered_by = fields.String()
    checked_by = fields.String(allow_none=True)
    checked_at = fields.String(allow_none=True)


class ComparedExchangeOut(Schema):
    """An exchange among those of its caliber. exchange: null for this one, which is computed.

    rank: null where nobody can compare.
    """

    rank = fields.Integer(allow_none=True)
    exchange = fields.String(allow_none=True)
    value = fields.Nested(doors.MoneyBody)
    as_of = fields.String()
    source = fields.String(allow_none=True)
    url = fields.String(allow_none=True)
    confidence = fields.String(allow_none=True)


class ExchangeCaliberOut(Schema):
    """Exchanges that count alike. registered: yes, no or unknown."""

    registered = fields.String()
    rows = fields.List(fields.Nested(ComparedExchangeOut))


class ExchangeComparisonOut(Schema):
    """Our exchange among others, in one group for each caliber."""

    measure = fields.String()
    calibers = fields.List(fields.Nested(ExchangeCaliberOut))


def row(found: ExchangeStat) -> Mapping[str, Any]:
    """Return what ExchangeStatOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "exchange", "measure", "value_fen", "registered", "source",
             "url", "confidence", "entered_by", "checked_by")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "as_of": found.as_of.isoformat(),
        "checked_at": doors.moment(found.checked_at),
    }


def show(found: ExchangeStat, work: Work) -> Mapping[str, Any]:
    """Return what ExchangeStatOut shows."""
    return {**row(found), **doors.living(found, work, stats.LIFE)}


def _told(found: Compared) -> Mapping[str, Any]:
    stat = found.stat
    return {
        "rank": found.rank,
        "exchange": stat and stat.exchange,
        "value": {"minor": found.value_fen, "currency": "CNY"},
        "as_of": found.as_of.isoformat(),
        "source": stat and stat.source,
        "url": stat and stat.url,
        "confidence": stat and stat.confidence,
    }


def _group(found: Caliber) -> Mapping[str, Any]:
    return {"registered": found.registered.value, "rows": [_told(each) for each in found.rows]}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ExchangeStatQuery, location="query")
@blueprint.response(200, doors.page_of(ExchangeStatOut))
def listed(query: dict[str, Any]) -> Any:
    """List the figures, newest first; for who oversees the exchange."""
    return doors.page(stats.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ExchangeStatIn)
@blueprint.response(201, ExchangeStatOut)
def enter(body: dict[str, Any]) -> Any:
    """Enter a figure with its source, for another statistician to check."""
    work = unit.current()
    given = Figures(
        **{name: body[name] for name in ("exchange", "as_of", "value_fen", "source", "url")},
        measure=Measure(body["measure"]),
        registered=Registered(body["registered"]),
        confidence=Confidence(body["confidence"]),
    )
    return show(stats.enter(work, given), work)


@blueprint.get("/comparison")
@doors.public
@blueprint.arguments(ExchangeComparisonQuery, location="query")
@blueprint.response(200, ExchangeComparisonOut)
def comparison(query: dict[str, Any]) -> Any:
    """Rank this exchange among others, only within equal caliber."""
    work = unit.current()
    found = stats.compared(work.session, Measure(query["measure"]), today=local_date(work.now))
    return {"measure": query["measure"], "calibers": [_group(each) for each in found]}


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ExchangeStatOut)
def one(subject_id: str) -> Any:
    """Show one figure."""
    work = unit.current()
    return doors.tagged(show(stats.seen(work, subject_id), work))


doors.steps(blueprint, stats, ExchangeStatOut, show)
