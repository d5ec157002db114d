"""The door of data asset cards (数据资产卡片): written, signed off, worn off, revised."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from app.api.assets.asset_valuations import AssetValuationsOut
from app.api.assets.asset_valuations import show as show_valuation
from kernel.work import Work
from marketplace.proving import registered, revenues, wearing
from settlement.assets import amortising, cards, movements, terms, valuations
from settlement.assets.amortising import Charge
from settlement.assets.cards import AssetCard, State
from settlement.assets.kinds import Condition, CostKind, Form, Kind, Method, Phase
from settlement.assets.movements import AssetMovement, Line
from settlement.assets.terms import AssetVersion, Cost, Terms

blueprint = doors.noun("asset-cards", "Data asset cards · 数据资产卡片")

FEN_MAX = terms.COST_MAX


class AssetCostIn(doors.Body):
    """One cost. document: what shows it."""

    kind = doors.choice(*CostKind)
    phase = doors.choice(*Phase)
    fen = doors.whole(min=1, max=FEN_MAX)
    on = doors.day()
    document = doors.text(max=200)


class AssetTermsIn(doors.Body):
    """What a card says; see the design of data assets. life_months: null for indefinite."""

    rights_basis = doors.text(max=500)
    life_basis = doors.text(max=500)
    costs = doors.many(AssetCostIn, at_most=terms.COSTS_MAX)
    conditions = fields.List(doors.choice(*Condition, required=False), load_default=list)
    right_until = doors.day(required=False, load_default=None, allow_none=True)
    renewal_likely = doors.flag(required=False, load_default=False)
    authorisation_id = doors.text(max=40, required=False, load_default=None, allow_none=True)
    product_id = doors.text(max=40, required=False, load_default=None, allow_none=True)
    life_months = doors.whole(
        min=1, max=terms.LIFE_MAX, required=False, load_default=None, allow_none=True
    )
    method = doors.choice(*Method, required=False, load_default=Method.STRAIGHT_LINE.value)
    residual_fen = doors.whole(max=FEN_MAX, required=False, load_default=0)
    expected_fen = doors.whole(
        min=1, max=FEN_MAX, required=False, load_default=None, allow_none=True
    )


class AssetCardIn(AssetTermsIn):
    """A card that is begun."""

    name = doors.text(max=200)
    kind = doors.choice(*Kind)
    form = doors.choice(*Form)


class AmortiseIn(doors.Body):
    """Through which month, which is over: 2026-09."""

    through = doors.text(max=7)


class AssetCardQuery(doors.PageQuery):
    """Which cards: those in one state, or all that the caller may see."""

    state = doors.choice(*State, required=False, load_default=None)


class AssetCardOut(doors.LivingOut):
    """A card with its figures, in fen; carrying = gross − amortised − provision."""

    code = fields.String()
    owner_id = fields.String()
    name = fields.String()
    kind = fields.String()
    kind_label = fields.String()
    form = fields.String()
    version_written = fields.Integer()
    version_in_force = fields.Integer(allow_none=True)
    recognised_on = fields.String(allow_none=True)
    amortised_through = fields.String(allow_none=True)
    accountant = fields.String(allow_none=True)
    gross_fen = fields.Integer()
    amortised_fen = fields.Integer()
    provision_fen = fields.Integer()
    carrying_fen = fields.Integer()
    from_card_id = fields.String(allow_none=True)


class AssetVersionOut(doors.Schema):
    """One version of what a card says."""

    number = fields.Integer()
    rights_basis = fields.String()
    right_until = fields.String(allow_none=True)
    renewal_likely = fields.Boolean()
    authorisation_id = fields.String(allow_none=True)
    product_id = fields.String(allow_none=True)
    conditions = fields.List(fields.String())
    costs = fields.List(fields.Dict(keys=fields.String()))
    initial_fen = fields.Integer()
    life_months = fields.Integer(allow_none=True)
    life_basis = fields.String()
    method = fields.String()
    residual_fen = fields.Integer()
    expected_fen = fields.Integer(allow_none=True)
    written_by = fields.String()
    written_at = fields.String()


class AssetVersionsOut(doors.Schema):
    """The versions of a card, the newest first."""

    items = fields.List(fields.Nested(AssetVersionOut))


class AssetMovementOut(doors.Schema):
    """One movement of a card's figures. section: which one; line: why."""

    id = fields.String()
    section = fields.String()
    line = fields.String()
    line_label = fields.String()
    fen = fields.Integer()
    on = fields.String()
    month = fields.String(allow_none=True)
    change_id = fields.String(allow_none=True)
    version = fields.Integer()


class ChargeOut(doors.Schema):
    """What one month bears; left: the carrying amount after it."""

    month = fields.String()
    fen = fields.Integer()
    left = fields.Integer()


class ChargesOut(doors.Schema):
    """What months bear, in order."""

    items = fields.List(fields.Nested(ChargeOut))


class AssetMovementsOut(doors.Schema):
    """What has moved a card, and what months are still to bear."""

    items = fields.List(fields.Nested(AssetMovementOut))
    planned = fields.List(fields.Nested(ChargeOut))


class AssetRevenueQuery(doors.Body):
    """From which month to which, both counted."""

    first = doors.text(max=7)
    last = doors.text(max=7)


class AssetRevenueOut(doors.Schema):
    """What the card's product brought its owner in each month, by the books."""

    fen_by_month = fields.Dict(keys=fields.String(), values=fields.Integer())
    total_fen = fields.Integer()


class AssetRegistrationOut(doors.Schema):
    """Under which code a directory behind the asset is registered, and how long."""

    directory = fields.String()
    code = fields.String()
    valid_to = fields.String()


class AssetRegistrationsOut(doors.Schema):
    """The registrations of the data behind a card, by directory."""

    items = fields.List(fields.Nested(AssetRegistrationOut))


_CARD = (
    "id", "state", "version", "code", "owner_id", "name", "kind", "form", "version_written",
    "version_in_force", "amortised_through", "accountant", "gross_fen", "amortised_fen",
    "provision_fen", "carrying_fen", "from_card_id",
)  # fmt: skip
_VERSION = (
    "number", "rights_basis", "renewal_likely", "authorisation_id", "product_id", "conditions",
    "costs", "initial_fen", "life_months", "life_basis", "method", "residual_fen",
    "expected_fen", "written_by",
)  # fmt: skip


def row(found: AssetCard) -> Mapping[str, Any]:
    """Return what AssetCardOut shows in a list: all but the actions."""
    return {
        **{name: getattr(found, name) for name in _CARD},
        "kind_label": languages.said(Kind(found.kind).label),
        "recognised_on": found.recognised_on and found.recognised_on.isoformat(),
    }


def show(found: AssetCard, work: Work) -> Mapping[str, Any]:
    """Return what AssetCardOut shows."""
    return {**row(found), **doors.living(found, work, cards.LIFE)}


def show_version(found: AssetVersion) -> Mapping[str, Any]:
    """Return what AssetVersionOut shows."""
    return {
        **{name: getattr(found, name) for name in _VERSION},
        "right_until": found.right_until and found.right_until.isoformat(),
        "written_at": doors.moment(found.written_at),
    }


def show_movement(found: AssetMovement) -> Mapping[str, Any]:
    """Return what AssetMovementOut shows."""
    names = ("id", "section", "line", "fen", "month", "change_id", "version")
    return {
        **{name: getattr(found, name) for name in names},
        "line_label": languages.said(Line(found.line).label),
        "on": found.on_day.isoformat(),
    }


def said(body: Mapping[str, Any]) -> Terms:
    """Return the terms that a body says."""
    costs = tuple(
        Cost(CostKind(cost["kind"]), Phase(cost["phase"]), cost["fen"], cost["on"],
             cost["document"])
        for cost in body["costs"]
    )  # fmt: skip
    given = {name: value for name, value in body.items() if name not in {"name", "kind", "form"}}
    conditions = tuple(Condition(each) for each in dict.fromkeys(body["conditions"]))
    own = {"costs": costs, "conditions": conditions, "method": Method(body["method"])}
    return Terms(**{**given, **own})


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(AssetCardQuery, location="query")
@blueprint.response(200, doors.page_of(AssetCardOut))
def listed(query: dict[str, Any]) -> Any:
    """List the caller's cards, newest first; all of them to who oversees."""
    return doors.page(cards.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(AssetCardIn)
@blueprint.response(201, AssetCardOut)
def draft(body: dict[str, Any]) -> Any:
    """Begin a card of the caller's organisation."""
    work = unit.current()
    kind, form = Kind(body["kind"]), Form(body["form"])
    made = cards.draft(work, name=body["name"], kind=kind, form=form, said=said(body))
    return show(made, work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, AssetCardOut)
def one(subject_id: str) -> Any:
    """Show one card to its owner and to overseers."""
    work = unit.current()
    return doors.tagged(show(cards.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/mend")
@doors.members("write")
@blueprint.arguments(AssetTermsIn)
@blueprint.response(200, AssetCardOut)
def mend(body: dict[str, Any], subject_id: str) -> Any:
    """Write a draft anew, as its next version."""
    work = unit.current()
    return show(_stored(cards.mend(work, subject_id, said(body)), work), work)


@blueprint.post("/<string:subject_id>/revise")
@doors.members("write")
@blueprint.arguments(AssetTermsIn)
@blueprint.response(200, AssetCardOut)
def revise(body: dict[str, Any], subject_id: str) -> Any:
    """Propose other estimates for what is recognised; its costs stay what they were."""
    work = unit.current()
    return show(_stored(cards.revise(work, subject_id, said(body)), work), work)


@blueprint.post("/<string:subject_id>/amortise")
@doors.members("write")
@blueprint.arguments(AmortiseIn)
@blueprint.response(200, ChargesOut)
def amortise(body: dict[str, Any], subject_id: str) -> Any:
    """Charge every month that has not borne its share, through one that is over."""
    found = wearing.charge(unit.current(), subject_id, body["through"])
    return {"items": list(map(_charge, found))}


@blueprint.get("/<string:subject_id>/versions")
@doors.members("read")
@blueprint.response(200, AssetVersionsOut)
def versions(subject_id: str) -> Any:
    """List what a card has said, the newest version first."""
    work = unit.current()
    found = terms.all_of(work.session, cards.seen(work, subject_id).id)
    return {"items": [show_version(each) for each in found]}


@blueprint.get("/<string:subject_id>/movements")
@doors.members("read")
@blueprint.response(200, AssetMovementsOut)
def moved(subject_id: str) -> Any:
    """List what has moved a card's figures, and what the months to come are to bear."""
    work = unit.current()
    card = cards.seen(work, subject_id)
    found = movements.of_card(work.session, card.id)
    planned = amortising.plan(work.session, card)
    return {"items": list(map(show_movement, found)), "planned": list(map(_charge, planned))}


@blueprint.get("/<string:subject_id>/revenue")
@doors.members("read")
@blueprint.arguments(AssetRevenueQuery, location="query")
@blueprint.response(200, AssetRevenueOut)
def revenue(query: dict[str, Any], subject_id: str) -> Any:
    """Tell what the card's product brought its owner in each month, by the books."""
    work = unit.current()
    card = cards.seen(work, subject_id)
    found = revenues.by_month(work.session, card, query["first"], query["last"])
    return {"fen_by_month": found, "total_fen": sum(found.values())}


@blueprint.get("/<string:subject_id>/valuations")
@doors.members("read")
@blueprint.response(200, AssetValuationsOut)
def valued(subject_id: str) -> Any:
    """List the valuation reports on a card, the newest first; there are a hundred at most."""
    work = unit.current()
    found = valuations.of_card(work.session, cards.seen(work, subject_id).id)
    return {"items": [show_valuation(one) for one in found]}


@blueprint.get("/<string:subject_id>/registrations")
@doors.members("read")
@blueprint.response(200, AssetRegistrationsOut)
def registrations(subject_id: str) -> Any:
    """List the registration codes of the data that the card's authorisation opens."""
    work = unit.current()
    found = registered.of(work.session, cards.seen(work, subject_id))
    items = [
        {"directory": directory, "code": one.code, "valid_to": str(one.valid_to)}
        for directory, one in found
    ]
    return {"items": items}


def _charge(found: Charge) -> Mapping[str, Any]:
    return found._asdict()


def _stored(found: AssetCard, work: Work) -> AssetCard:
    work.session.flush()  # so that the version shown is the one that will be stored
    return found


doors.steps(blueprint, cards, AssetCardOut, show)
