"""The door of changes of data assets (资产变动): proposed by one, booked by another."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from kernel.work import Work
from settlement.assets import changes, terms
from settlement.assets.changes import AssetChange, Proposed, What
from settlement.assets.kinds import CostKind

blueprint = doors.noun("asset-changes", "Changes of data assets · 资产变动")


class AssetChangeIn(doors.Body):
    """What happens to which asset. cost_kind: of a cost that is added, and of nothing else."""

    card_id = doors.text(max=40)
    what = doors.choice(*What)
    fen = doors.whole(min=1, max=terms.COST_MAX)
    on = doors.day()
    document = doors.text(max=200)
    cost_kind = doors.choice(*CostKind, required=False, load_default=None)


class AssetChangeQuery(doors.PageQuery):
    """Which changes: of one card, or all that the caller may see."""

    card_id = doors.text(max=40, required=False, load_default=None)


class AssetChangeOut(doors.LivingOut):
    """A change; it moves figures once it is booked."""

    card_id = fields.String()
    what = fields.String()
    what_label = fields.String()
    fen = fields.Integer()
    on = fields.String()
    document = fields.String()
    cost_kind = fields.String(allow_none=True)
    proposed_by = fields.String()
    booked_by = fields.String(allow_none=True)


def row(found: AssetChange) -> Mapping[str, Any]:
    """Return what AssetChangeOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "card_id", "what", "fen", "document", "cost_kind",
             "proposed_by", "booked_by")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "what_label": languages.said(What(found.what).label),
        "on": found.on_day.isoformat(),
    }


def show(found: AssetChange, work: Work) -> Mapping[str, Any]:
    """Return what AssetChangeOut shows."""
    return {**row(found), **doors.living(found, work, changes.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(AssetChangeQuery, location="query")
@blueprint.response(200, doors.page_of(AssetChangeOut))
def listed(query: dict[str, Any]) -> Any:
    """List the changes that the caller may see, newest first."""
    return doors.page(changes.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(AssetChangeIn)
@blueprint.response(201, AssetChangeOut)
def propose(body: dict[str, Any]) -> Any:
    """Propose a change of a recognised asset."""
    work = unit.current()
    cost_kind = CostKind(body["cost_kind"]) if body["cost_kind"] else None
    asked = Proposed(
        what=What(body["what"]),
        fen=body["fen"],
        on=body["on"],
        document=body["document"],
        cost_kind=cost_kind,
    )
    made = changes.propose(work, body["card_id"], asked)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, AssetChangeOut)
def one(subject_id: str) -> Any:
    """Show one change to the asset's owner and to overseers."""
    work = unit.current()
    return doors.tagged(show(changes.seen(work, subject_id), work))


doors.steps(blueprint, changes, AssetChangeOut, show)
