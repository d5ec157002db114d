"""The door of metered use (用量): meters, what connectors report, hour by hour."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from app.problems import refusals
from kernel.work import Work
from settlement.metering import hours, meters, usage
from settlement.metering.meters import Meter
from settlement.metering.usage import Answer, Told, UsageEvent, Wanted

blueprint = doors.noun("usage", "Metered use · 计量用量")


class UseEventBody(doors.Body):
    """One use. units: calls, rows or bytes; failure: why it failed, then it costs nothing."""

    event_id = doors.text(max=100)
    order_line_id = doors.text(max=40)
    occurred_at = fields.AwareDateTime(required=True, format="iso")
    units = doors.whole(max=usage.UNITS_MAX)
    failure = doors.text(max=200, min=0, required=False, load_default="")


class UsageIn(doors.Body):
    """A report of one connector, of at most 1,000 events."""

    source = doors.text(max=60)
    events = doors.many(UseEventBody, at_most=usage.BATCH_MAX)


class UseAnswerOut(doors.Schema):
    """What became of one event: counted, seen_before, or refused and why."""

    event_id = fields.String()
    outcome = fields.String()
    late_of = fields.String(allow_none=True)
    reason = fields.Nested(doors.RefusalOut, allow_none=True)


class UsageAnswersOut(doors.Schema):
    """The answers, in the order of the events."""

    answers = fields.List(fields.Nested(UseAnswerOut))


class UsageQuery(doors.PageQuery):
    """Which events: of a meter, of days (both included), failed or not."""

    meter_id = doors.text(max=40, required=False, load_default=None)
    since = doors.day(required=False, load_default=None)
    until = doors.day(required=False, load_default=None)
    failed = fields.Boolean(load_default=None)


class UsageEventOut(doors.Schema):
    """One use. late_of: the closed hour in which it happened."""

    source = fields.String()
    event_id = fields.String()
    meter_id = fields.String()
    occurred_at = fields.String()
    units = fields.Integer()
    failure = fields.String(allow_none=True)
    late_of = fields.String(allow_none=True)
    received_at = fields.String()


class MeterQuery(doors.PageQuery):
    """Which meters: those of one order, or all that the caller may see."""

    order_id = doors.text(max=40, required=False, load_default=None)


class MeterOut(doors.LivingOut):
    """A meter. refused: why it admits no use now; unit: of what units are counted."""

    order_id = fields.String()
    order_line_id = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    title = fields.String()
    mode = fields.String()
    basis = fields.String()
    unit = fields.String()
    began_on = fields.String()
    ended_on = fields.String(allow_none=True)
    stopped_for = fields.String(allow_none=True)
    refused = fields.List(fields.Nested(doors.RefusalOut))


def meter_row(found: Meter) -> Mapping[str, Any]:
    """Return what MeterOut shows in a list."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "order_id": found.order_id,
        "order_line_id": found.order_line_id,
        "buyer_id": found.buyer_id,
        "seller_id": found.seller_id,
        "title": languages.said(found.title),
        "mode": found.mode,
        "basis": found.basis,
        "unit": found.unit,
        "began_on": found.began_on.isoformat(),
        "ended_on": found.ended_on.isoformat() if found.ended_on else None,
        "stopped_for": found.stopped_for,
    }


def meter_show(found: Meter, work: Work) -> Mapping[str, Any]:
    """Return what MeterOut shows."""
    reason = hours.refusal(work, found)
    told = refusals((reason,) if reason else ())
    return {**meter_row(found), **doors.living(found, work, meters.LIFE), "refused": told}


def event_row(found: UsageEvent) -> Mapping[str, Any]:
    """Return what UsageEventOut shows."""
    return {
        "source": found.source,
        "event_id": found.event_id,
        "meter_id": found.meter_id,
        "occurred_at": doors.moment(found.occurred_at),
        "units": found.units,
        "failure": found.failure,
        "late_of": doors.moment(found.late_of),
        "received_at": doors.moment(found.received_at),
    }


def _answer(found: Answer) -> Mapping[str, Any]:
    return {
        "event_id": found.event_id,
        "outcome": found.outcome.value,
        "late_of": doors.moment(found.late_of),
        "reason": refusals((found.reason,))[0] if found.reason else None,
    }


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(UsageIn)
@blueprint.response(200, UsageAnswersOut)
def report(body: dict[str, Any]) -> Any:
    """Report use; each event is counted once, however often it is told."""
    told = [Told(**event) for event in body["events"]]
    found = usage.report(unit.current(), source=body["source"], told=told)
    return {"answers": [_answer(each) for each in found]}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(UsageQuery, location="query")
@blueprint.response(200, doors.page_of(UsageEventOut))
def listed(query: dict[str, Any]) -> Any:
    """List the uses that the caller may see, latest first."""
    page = {name: query.pop(name) for name in ("after", "limit")}
    return doors.page(usage.listed(unit.current(), Wanted(**query), **page), event_row)


@blueprint.get("/meters")
@doors.members("read")
@blueprint.arguments(MeterQuery, location="query")
@blueprint.response(200, doors.page_of(MeterOut))
def all_meters(query: dict[str, Any]) -> Any:
    """List the meters that the caller may see, newest first."""
    return doors.page(meters.listed(unit.current(), **query), meter_row)


@blueprint.get("/meters/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, MeterOut)
def one_meter(subject_id: str) -> Any:
    """Show a meter, and whether it admits use now."""
    work = unit.current()
    return doors.tagged(meter_show(meters.seen(work, subject_id), work))
