"""The door of the disclosure tables of data resources (数据资源披露表)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from kernel.work import Work
from settlement.assets import disclosures, tables
from settlement.assets.disclosures import AssetDisclosure
from settlement.assets.kinds import Form
from settlement.assets.tables import Table

blueprint = doors.noun("asset-disclosures", "Disclosures of data resources · 数据资源披露")


class AssetPeriodIn(doors.Body):
    """For which days."""

    first_on = doors.day()
    last_on = doors.day()


class AssetTableRowOut(doors.Schema):
    """One row. level: 0 a heading, 1 a figure, 2 a part of it. values: in fen, total last."""

    code = fields.String()
    label = fields.String()
    level = fields.Integer()
    values = fields.List(fields.Integer())


class AssetTableOut(doors.Schema):
    """One table. adds_up: every row across and every section down."""

    kind = fields.String()
    kind_label = fields.String()
    columns = fields.List(fields.String())
    rows = fields.List(fields.Nested(AssetTableRowOut))
    adds_up = fields.Boolean()


class AssetTablesOut(doors.Schema):
    """Both tables of the caller's organisation, and the lines of its balance sheet, in fen."""

    owner_id = fields.String()
    first_on = fields.String()
    last_on = fields.String()
    tables = fields.List(fields.Nested(AssetTableOut))
    balance_sheet = fields.Dict(keys=fields.String(), values=fields.Integer())


class AssetDisclosureOut(doors.LivingOut):
    """A disclosure; paper_id: once an accountant has signed it off."""

    owner_id = fields.String()
    first_on = fields.String()
    last_on = fields.String()
    figures = fields.List(fields.Dict(keys=fields.String()))
    accountant = fields.String(allow_none=True)
    accountant_no = fields.String(allow_none=True)
    paper_id = fields.String(allow_none=True)


def row(found: AssetDisclosure) -> Mapping[str, Any]:
    """Return what AssetDisclosureOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "owner_id", "figures", "accountant", "accountant_no",
             "paper_id")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat(),
    }


def show(found: AssetDisclosure, work: Work) -> Mapping[str, Any]:
    """Return what AssetDisclosureOut shows."""
    return {**row(found), **doors.living(found, work, disclosures.LIFE)}


def show_table(found: Table) -> Mapping[str, Any]:
    """Return what AssetTableOut shows."""
    return {
        "kind": found.kind.value,
        "kind_label": languages.said(found.kind.label),
        "columns": headed(found),
        "rows": [
            {"code": one.code, "label": languages.said(one.label), "level": one.level,
             "values": list(one.values)}
            for one in found.rows
        ],
        "adds_up": not tables.faults(found),
    }  # fmt: skip


def headed(found: Table) -> list[str]:
    """Return the columns of a table in the reader's language, the total last."""
    return [*(languages.said(Form(each).label) for each in found.columns),
            languages.said(tables.TOTAL)]  # fmt: skip


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(AssetDisclosureOut))
def listed(query: dict[str, Any]) -> Any:
    """List the disclosures that the caller may see, the newest period first."""
    return doors.page(disclosures.listed(unit.current(), **query), row)


@blueprint.get("/tables")
@doors.members("read")
@blueprint.arguments(AssetPeriodIn, location="query")
@blueprint.response(200, AssetTablesOut)
def both(query: dict[str, Any]) -> Any:
    """Draw both tables of the caller's organisation for any days, as the books stand."""
    work = unit.current()
    period = query["first_on"], query["last_on"]
    disclosures.check_period(work, *period)
    own, session = work.actor.organisation, work.session
    found = [show_table(tables.draw(session, own, kind, period)) for kind in tables.DISCLOSED]
    lines = tables.balance_lines(session, own, period[1])
    return {
        "owner_id": own,
        "first_on": period[0].isoformat(),
        "last_on": period[1].isoformat(),
        "tables": found,
        "balance_sheet": {kind.value: fen for kind, fen in lines.items()},
    }


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(AssetPeriodIn)
@blueprint.response(201, AssetDisclosureOut)
def prepare(body: dict[str, Any]) -> Any:
    """Prepare the disclosure of days, for an accountant to sign off."""
    work = unit.current()
    made = disclosures.prepare(work, body["first_on"], body["last_on"])
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, AssetDisclosureOut)
def one(subject_id: str) -> Any:
    """Show one disclosure to its owner and to overseers."""
    work = unit.current()
    return doors.tagged(show(disclosures.seen(work, subject_id), work))


doors.steps(blueprint, disclosures, AssetDisclosureOut, show)
