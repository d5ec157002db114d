"""The door of exclusions (剔除公示): what does not count, by reason, in bands, without names."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from app import doors, unit
from kernel.clock import local_date
from kernel.money import Money
from marketplace.counting import bands, reading, spans
from marketplace.counting.adding import Sums
from marketplace.integrity import exclusions, saying
from marketplace.integrity.exclusions import OfReason, Standing, Told

blueprint = doors.noun("exclusions", "Exclusions · 剔除公示")


class ExclusionQuery(doors.PageQuery):
    """In which period, as leagues have it (M2026-07, Q2026-3, Y2026, A …), and for what reason.

    Without a period: this year.
    """

    period = fields.String(load_default=None, validate=validate.Length(max=12))
    reason = doors.text(max=40, required=False, load_default=None)


class BandOut(doors.Schema):
    """A band of amounts, in fen: from low, this included, to high, this not; null: without end."""

    low = fields.Integer()
    high = fields.Integer(allow_none=True)


class ExclusionReasonOut(doors.Schema):
    """What one reason comes to. trades: those that stand aside by it now."""

    reason = fields.String()
    reason_zh = fields.String()
    reason_en = fields.String()
    registered = fields.Boolean()
    trades = fields.Integer()
    band = fields.Nested(BandOut)


class ExclusionOut(doors.Schema):
    """One trade that was set aside. band: null once it counts again. No party is named."""

    on = fields.Date()
    reason = fields.String()
    reason_zh = fields.String()
    reason_en = fields.String()
    registered = fields.Boolean()
    band = fields.Nested(BandOut, allow_none=True)
    standing = doors.choice(*sorted(Standing))


class ExclusionsOut(doors.Schema):
    """The exclusions of a period. counted + excluded = gross: all that was accepted in it.

    registered: deals made outside, apart, and of them too what counts and what does not.
    """

    period = fields.String()
    since = fields.Date()
    until = fields.Date()
    provisional = fields.Boolean()
    counted = fields.Nested(doors.MoneyBody)
    excluded = fields.Nested(doors.MoneyBody)
    gross = fields.Nested(doors.MoneyBody)
    registered = fields.Nested(doors.MoneyBody)
    registered_excluded = fields.Nested(doors.MoneyBody)
    reasons = fields.List(fields.Nested(ExclusionReasonOut))
    items = fields.List(fields.Nested(ExclusionOut))
    next = fields.String(allow_none=True)


@blueprint.get("")
@doors.public
@blueprint.arguments(ExclusionQuery, location="query")
@blueprint.response(200, ExclusionsOut)
def listed(query: dict[str, Any]) -> Any:
    """Tell what does not count in a period, and why: by reason, and one by one, the last first."""
    work = unit.current()
    today = local_date(work.now)
    span = spans.parse(query["period"]) if query["period"] else spans.of("Y", today)
    whole = reading.in_period(work.session, "all", span).get("", Sums())
    page = exclusions.listed(
        work.session, span, reason=query["reason"], after=query["after"], limit=query["limit"]
    )
    figures = {
        "counted": whole.counted,
        "excluded": whole.excluded,
        "gross": whole.counted + whole.excluded,
        "registered": whole.registered,
        "registered_excluded": whole.registered_excluded,
    }
    return {
        "period": span.code,
        "since": span.since,
        "until": span.until,
        "provisional": span.until >= today,
        **{name: doors.wire(Money(fen)) for name, fen in figures.items()},
        "reasons": [_reason(each) for each in exclusions.by_reason(work.session, span)],
        "items": [_item(each) for each in page.items],
        "next": page.next,
    }


def _named(code: str) -> Mapping[str, Any]:
    words = saying.reason(code)
    return {"reason": code, "reason_zh": words.zh, "reason_en": words.en}


def _reason(each: OfReason) -> Mapping[str, Any]:
    return {
        **_named(each.reason),
        "registered": each.registered,
        "trades": each.trades,
        "band": bands.of(each.amount.minor)._asdict(),
    }


def _item(each: Told) -> Mapping[str, Any]:
    back = each.standing == Standing.RETURNED
    return {
        **_named(each.reason),
        "on": each.on,
        "registered": each.registered,
        "band": None if back else bands.of(each.amount.minor)._asdict(),
        "standing": each.standing,
    }
