"""The door of decisions (决策): may this use happen now, and what was answered before.

Asking is a write that costs no transaction where it can be answered from memory: the view
opens its own units of work, and the answer stands in the log before it is sent.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from marshmallow import fields

from app import doors, languages, unit
from app.doors import Body, Schema
from kernel.actor import Actor
from licensing import decisions
from licensing.deciding.answers import Answer
from licensing.decisions import Decision, Request

blueprint = doors.noun("decisions", "Decisions · 使用决策")

ITEMS_MAX: Final = 500
BATCH_MAX: Final = 1_000
FORWARDED: Final = "deliver"
"""The scope that a connector's token needs: it asks for uses, and looks at nothing else."""


class UsedItemIn(Body):
    """One data item that is to be used."""

    directory = doors.text(max=60)
    item = doors.text(max=60)


class UseIn(Body):
    """One intended use. organisation_id: whose; quantity: meter → amount."""

    authorisation_id = doors.text(max=60)
    organisation_id = doors.text(max=60)
    purpose_code = doors.text(max=60)
    items = doors.many(UsedItemIn, at_most=ITEMS_MAX)
    transform = doors.text(max=40)
    output_form = doors.text(max=40)
    region = doors.text(max=6)
    environment = doors.text(max=40)
    quantity = fields.Dict(
        keys=doors.text(max=40, required=False),
        values=doors.whole(required=False),
        load_default=dict,
    )
    subject = doors.text(max=60, min=0, required=False)
    credential = doors.text(max=60, min=0, required=False)
    consent = doors.text(max=60, min=0, required=False)


class UsesIn(Body):
    """Up to a thousand intended uses, each decided by itself."""

    uses = doors.many(UseIn, at_most=BATCH_MAX)


class AnswerOut(Schema):
    """What was decided. remaining: meter → what is left; obligations: what a yes binds to."""

    id = fields.String()
    outcome = fields.String()
    authorisation_id = fields.String()
    version = fields.Integer(allow_none=True)
    refusals = fields.List(fields.Nested(doors.RefusalOut))
    obligations = fields.List(fields.String())
    remaining = fields.Dict(fields.String(), fields.Integer())
    at = fields.String()


class AnswersOut(Schema):
    """The answers, in the order of what was asked."""

    answers = fields.List(fields.Nested(AnswerOut))


class UsedItemOut(Schema):
    """One data item of a use."""

    directory = fields.String()
    item = fields.String()


class DecisionOut(Schema):
    """One answer. refusals: every reason for a no; subject: what the use was for."""

    id = fields.String()
    authorisation_id = fields.String()
    version = fields.Integer(allow_none=True)
    organisation_id = fields.String()
    credential = fields.String(allow_none=True)
    purpose_code = fields.String()
    items = fields.List(fields.Nested(UsedItemOut))
    transform = fields.String()
    output_form = fields.String()
    region = fields.String()
    environment = fields.String()
    quantity = fields.Dict(fields.String(), fields.Integer())
    subject = fields.String()
    outcome = fields.String()
    refusals = fields.List(fields.Nested(doors.RefusalOut))
    at = fields.String()


class DecisionsQuery(doors.PageQuery):
    """Which decisions: by outcome, by a code among the reasons, by days in Asia/Shanghai."""

    outcome = doors.choice("allow", "deny", required=False)
    code = doors.choice(*decisions.DENIALS, required=False)
    since = doors.day(required=False)
    until = doors.day(required=False)


DecisionPageOut = doors.page_of(DecisionOut)

_SHOWN = (
    "id", "authorisation_id", "version", "organisation_id", "credential", "purpose_code",
    "transform", "output_form", "region", "environment", "quantity", "subject", "outcome",
)  # fmt: skip


def row(found: Decision) -> Mapping[str, Any]:
    """Return what DecisionOut shows."""
    return {
        **{name: getattr(found, name) for name in _SHOWN},
        "items": [{"directory": directory, "item": item} for directory, item in found.items],
        "refusals": [
            {"code": refusal.code, "detail": languages.said(refusal.words)}
            for refusal in decisions.reasons(found)
        ],
        "at": doors.moment(found.at),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(DecisionsQuery, location="query")
@blueprint.response(200, DecisionPageOut)
def own(query: dict[str, Any]) -> Any:
    """List what was decided on the uses of the caller's organisation, newest first."""
    return doors.page(decisions.own(unit.current(), **query), row)


@blueprint.get("/<string:decision_id>")
@doors.members("read")
@blueprint.response(200, DecisionOut)
def one(decision_id: str) -> Any:
    """Show one decision, with every reason, to its user and to the parties."""
    return row(decisions.seen(unit.current(), decision_id))


@blueprint.post("")
@doors.members(FORWARDED, alone=True)
@blueprint.arguments(UseIn)
@blueprint.response(200, AnswerOut)
def decide(use: dict[str, Any]) -> Any:
    """Decide one use. A no is an answer too; both are kept, and a yes spends its quota."""
    return _answered([use])[0]


@blueprint.post("/batch")
@doors.members(FORWARDED, alone=True)
@blueprint.arguments(UsesIn)
@blueprint.response(200, AnswersOut)
def decide_many(body: dict[str, Any]) -> Any:
    """Decide up to a thousand uses, each by itself, in one call."""
    return {"answers": _answered(body["uses"])}


def _answered(uses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    actor, now = unit.admitted(FORWARDED), unit.moment()
    requests = [_request(use) for use in uses]
    clerk = unit.house().clerk
    found = [
        clerk.answer(one, person_id=actor.person, organisation_id=actor.organisation, now=now)
        for one in requests
    ]
    rest = [place for place, answer in enumerate(found) if answer is None]
    for place, answer in zip(rest, _counted(actor, [requests[n] for n in rest]), strict=True):
        found[place] = answer
    return [_said(answer) for answer in found if answer is not None]


def _counted(actor: Actor, requests: list[Request]) -> list[Answer]:
    """Decide in one transaction what memory cannot; in one order, so that none waits in a ring."""
    if not requests:
        return []
    order = sorted(range(len(requests)), key=lambda n: requests[n].authorisation_id)
    answers: list[Answer] = unit.writing(
        actor, lambda work: [decisions.answer(work, requests[n]) for n in order]
    )
    return [answer for _, answer in sorted(zip(order, answers, strict=True), key=_place)]


def _place(pair: tuple[int, Answer]) -> int:
    return pair[0]


def _request(use: Mapping[str, Any]) -> Request:
    items = tuple((one["directory"], one["item"]) for one in use["items"])
    return Request(**{**use, "items": items})


def _said(answer: Answer) -> dict[str, Any]:
    return {
        "id": answer.id,
        "outcome": answer.outcome.value,
        "authorisation_id": answer.request.authorisation_id,
        "version": answer.version,
        "refusals": [
            {"code": refusal.code, "detail": languages.said(refusal.words)}
            for refusal in answer.refusals
        ],
        "obligations": list(answer.obligations),
        "remaining": dict(answer.remaining),
        "at": doors.moment(answer.at),
    }
