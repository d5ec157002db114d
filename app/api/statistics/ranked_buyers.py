"""The door of the ranking of buyers (需方榜): named only who agreed to it."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from app import doors, unit
from app.api.integrity.exclusions import BandOut
from kernel.clock import local_date
from kernel.parties import organisations
from kernel.words import Words
from marketplace.counting import bands, naming, spans
from marketplace.counting.naming import BuyerPlace

blueprint = doors.noun("ranked-buyers", "Ranking of buyers · 需方榜")


class RankedBuyersQuery(doors.Body):
    """In which period, as of leagues; without it: this year."""

    period = fields.String(load_default=None, validate=validate.Length(max=12))
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=naming.BUYERS_MAX))


class RankedBuyerOut(Schema):
    """One place. Who did not agree to be named has rank, change and band; the rest is null."""

    rank = fields.Integer()
    change = fields.Integer(allow_none=True)
    key = fields.String(allow_none=True)
    name_zh = fields.String(allow_none=True)
    name_en = fields.String(allow_none=True)
    value = fields.Nested(doors.MoneyBody, allow_none=True)
    band = fields.Nested(BandOut)
    tx_count = fields.Integer(allow_none=True)
    share_bp = fields.Integer(allow_none=True)


class RankedBuyersOut(Schema):
    """The first places; none at all where there are fewer than three buyers."""

    period = fields.String()
    places = fields.List(fields.Nested(RankedBuyerOut))


class NamedIn(doors.Body):
    """Whether one's own organisation is to be named."""

    named = fields.Boolean(required=True)


class NamedOut(Schema):
    """Whether one's own organisation is named."""

    named = fields.Boolean()


def _told(found: BuyerPlace, names: Mapping[str, Words]) -> Mapping[str, Any]:
    place = found.place
    words = names.get(place.key)
    band = bands.of(place.value_fen)._asdict()
    told = {"rank": place.rank, "change": place.change, "band": band}
    if not found.is_named or words is None:
        return told | dict.fromkeys(("key", "name_zh", "name_en", "value", "tx_count", "share_bp"))
    return told | {
        "key": place.key,
        "name_zh": words.zh,
        "name_en": words.en,
        "value": {"minor": place.value_fen, "currency": "CNY"},
        "tx_count": place.count,
        "share_bp": place.share_bp,
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(RankedBuyersQuery, location="query")
@blueprint.response(200, RankedBuyersOut)
def ranking(query: dict[str, Any]) -> Any:
    """Rank buyers by what they bought in a period; who did not agree to it is not named."""
    work = unit.current()
    today = local_date(work.now)
    span = spans.parse(query["period"]) if query["period"] else spans.of("Y", today)
    found = naming.ranking(work.session, span, limit=query["limit"])
    named = [each.place.key for each in found if each.is_named]
    names = organisations.names(work.session, named)
    return {"period": span.code, "places": [_told(each, names) for each in found]}


@blueprint.get("/own")
@doors.members("read")
@blueprint.response(200, NamedOut)
def own() -> Any:
    """Tell whether one's own organisation is named."""
    work = unit.current()
    return {"named": bool(naming.agreed(work.session, [work.actor.organisation]))}


@blueprint.post("/own")
@doors.members("write")
@blueprint.arguments(NamedIn)
@blueprint.response(200, NamedOut)
def name(body: dict[str, Any]) -> Any:
    """Let one's own organisation be named from now on, or be masked again."""
    work = unit.current()
    (naming.agree if body["named"] else naming.take_back)(work)
    return body
