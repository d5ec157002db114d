"""What every door of the JSON API is built from: blueprints, schemas, policies, steps.

A noun's door, `app/api/<noun>.py`:
    blueprint = doors.noun("products", "Products · 数据产品")
    class ProductIn(doors.Body):                     # unknown fields are refused
        title_zh = doors.text(max=110)
        price = doors.money()
    @blueprint.get("")                               # GET /api/products
    @doors.public                                    # or @doors.members("read")
    @blueprint.arguments(doors.PageQuery, location="query")
    @blueprint.response(200, doors.page_of(ProductOut))
    def listed(query): ...                           # return doors.page(page, show)
    @blueprint.post("")
    @doors.members("write")                          # or @doors.money
    @blueprint.arguments(ProductIn)
    @blueprint.response(201, ProductOut)
    def create(body): ...
    doors.steps(blueprint, products, ProductOut, show)   # POST /api/products/<id>/<step>

A view is at most ten lines: load, call one function of the domain, show. `unit.current()`
is its unit of work. Every living noun's module has LIFE, `seen(work, id)` and
`take(work, id, step, **answers)`; what is shown of it has `actions`.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from types import ModuleType
from typing import Any, TypeAlias, TypeVar
from unicodedata import category

from flask import Response, current_app, request
from flask_smorest import Blueprint
from marshmallow import RAISE, ValidationError, fields, validate
from marshmallow import Schema as Schema  # the doors take it from here

from app import languages, openapi, unit
from app.unit import Policy
from kernel.clock import Instant
from kernel.errors import DomainError, Kind
from kernel.money import Money
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Ask, Offer, Step

List: TypeAlias = fields.List[Any]
View = TypeVar("View", bound=Callable[..., Any])
Show = Callable[[Any, Work], Mapping[str, Any]]

FEN_MAX = 10**15
"""The greatest amount that a request may name: ten thousand billion yuan in fen."""


class Stale(DomainError):
    """The caller acts on a version that is no longer the present one."""

    kind = Kind.STALE
    code = "stale-version"
    title = Words("记录已更新，请刷新后重试", "The record has changed since you read it")


class Noun(Blueprint):
    """A blueprint whose operations are named after their views, and which reads strictly."""

    ARGUMENTS_PARSER = openapi.Bodies()


def noun(name: str, description: str, *, prefix: str | None = None) -> Noun:
    """Open a blueprint at /api/<name>."""
    return Noun(
        name, f"app.api.{name}", url_prefix=prefix or f"/api/{name}", description=description
    )


def public(view: View) -> View:
    """Open a view to everybody."""
    return _with(view, Policy(scope=None))


def members(scope: str = "read", *, alone: bool = False) -> Callable[[View], View]:
    """Open a view to signed-in people, and to tokens that have `scope`."""
    return lambda view: _with(view, Policy(scope=scope, alone=alone))


def money(view: View) -> View:
    """Open a view that moves money: signed in, scope write, and an Idempotency-Key."""
    return _with(view, Policy(scope="write", money=True))


def till(view: View) -> View:
    """Open a view like `money`, that opens its own units of work: `unit.once`, then calls."""
    return _with(view, Policy(scope="write", money=True, alone=True))


def alone(view: View) -> View:
    """Open a view to everybody that opens its own units of work."""
    return _with(view, Policy(scope=None, alone=True))


def versioned(view: View) -> View:
    """Say that a view heeds If-Match; the view calls `matched`."""
    view.versioned = True  # type: ignore[attr-defined]  # read by app.openapi
    return view


def _with(view: View, policy: Policy) -> View:
    view.policy = policy  # type: ignore[attr-defined]  # read by app.unit
    return view


# --- schemas ----------------------------------------------------------------------------


class Body(Schema):
    """What comes in. A field that nobody knows is refused, not ignored."""

    class Meta:
        """Refuse the unknown."""

        unknown = RAISE


class Whole(fields.Integer):
    """A whole number; 1.0, "1" and true are not."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, **options)

    def _deserialize(self, value: Any, *_args: Any, **_more: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return int(value)


def _printable(value: str) -> None:
    if any(category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in value):
        raise ValidationError("Control characters are not allowed.")


def text(*, max: int = 200, min: int = 1, required: bool = True, **more: Any) -> fields.String:  # noqa: A002 - the reader knows these names
    """Declare a text of min..max characters without control characters."""
    return fields.String(
        required=required, validate=[validate.Length(min=min, max=max), _printable], **more
    )


def texts(*, max: int = 100, each: int = 200, required: bool = True, **more: Any) -> List:  # noqa: A002 - as above
    """Declare a list of at most `max` texts of at most `each` characters."""
    inner = text(max=each, required=False)
    return fields.List(inner, required=required, validate=validate.Length(max=max), **more)


def whole(*, min: int = 0, max: int = FEN_MAX, required: bool = True, **more: Any) -> Whole:  # noqa: A002 - as above
    """Declare a whole number of min..max."""
    return Whole(required=required, validate=validate.Range(min=min, max=max), **more)


def choice(*choices: str, required: bool = True, **more: Any) -> fields.String:
    """Declare one of `choices`."""
    return fields.String(required=required, validate=validate.OneOf(choices), **more)


def day(*, required: bool = True, **more: Any) -> fields.Date:
    """Declare a date, YYYY-MM-DD, of the years in which calendars can reckon."""
    return fields.Date(required=required, format="iso", validate=_of_our_days, **more)


def _of_our_days(value: date) -> None:
    if not 1900 <= value.year < 2200:
        raise ValidationError("The year must be 1900 to 2199.")


def flag(*, required: bool = True, **more: Any) -> fields.Boolean:
    """Declare true or false, and nothing that looks like it."""
    return fields.Boolean(required=required, truthy={True}, falsy={False}, **more)


def nested(schema: type[Schema], *, required: bool = True, **more: Any) -> fields.Nested:
    """Declare an object of its own schema."""
    return fields.Nested(schema, required=required, **more)


def many(schema: type[Schema], *, at_most: int, required: bool = True, **more: Any) -> List:
    """Declare a list of objects."""
    inner = fields.Nested(schema)
    return fields.List(inner, required=required, validate=validate.Length(max=at_most), **more)


class MoneyBody(Body):
    """An amount on the wire: {"minor": 1280000, "currency": "CNY"}."""

    minor = whole(max=FEN_MAX)
    currency = choice("CNY")


def amount(*, required: bool = True, **more: Any) -> fields.Nested:
    """Declare an amount of money, in whole fen."""
    return fields.Nested(MoneyBody, required=required, **more)


def money_of(given: Mapping[str, Any]) -> Money:
    """Return the Money that `amount` let in."""
    return Money(given["minor"], given["currency"])


def wire(value: Money) -> dict[str, Any]:
    """Return money as it goes over the wire."""
    return {"minor": value.minor, "currency": value.currency}


class PageQuery(Body):
    """Where a list goes on, and how long it may be."""

    after = text(max=600, required=False, load_default=None)
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))


class RefusalOut(Schema):
    """One reason why something cannot be done now; of a numbered rule, how to mend it."""

    code, detail = fields.String(), fields.String()
    rule, fix = fields.String(), fields.String()


class AskOut(Schema):
    """A question that a step asks."""

    name = fields.String()
    kind = fields.String()
    label = fields.String()
    optional = fields.Boolean()
    choices = fields.List(fields.String())
    max = fields.Integer()


class ActionOut(Schema):
    """A step that the caller may take from here, and what still bars it."""

    step = fields.String()
    label = fields.String()
    asks = fields.List(fields.Nested(AskOut))
    barred_by = fields.List(fields.Nested(RefusalOut))


class LivingOut(Schema):
    """What everything with a life cycle shows."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    actions = fields.List(fields.Nested(ActionOut))


@cache
def page_of(schema: type[Schema]) -> type[Schema]:
    """Return the schema of a page of `schema`: items, and the cursor of the next page."""
    name = schema.__name__.removesuffix("Out") + "PageOut"
    declared: dict[str, Any] = {
        "items": fields.List(fields.Nested(schema)),
        "next": fields.String(allow_none=True),
    }
    return Schema.from_dict(declared, name=name)


def page(found: Page[Any], show: Callable[[Any], Mapping[str, Any]]) -> dict[str, Any]:
    """Return a page as it goes over the wire."""
    return {"items": [show(item) for item in found.items], "next": found.next}


def living(subject: Any, work: Work, life: Any) -> dict[str, Any]:
    """Return what LivingOut shows: id, state, version, and the caller's actions."""
    return {
        "id": subject.id,
        "state": str(subject.state),
        "version": subject.version,
        "actions": actions(life.offers(subject, work)),
    }


def actions(offers: tuple[Offer, ...]) -> list[dict[str, Any]]:
    """Return offers as the wire and the templates want them, in the caller's language."""
    from app.problems import refusals

    return [
        {
            "step": offer.step,
            "label": languages.said(offer.label),
            "asks": [_asked(ask) for ask in offer.asks],
            "barred_by": refusals(offer.barred_by),
        }
        for offer in offers
    ]


def _asked(ask: Ask) -> dict[str, Any]:
    return {
        "name": ask.name,
        "kind": ask.kind,
        "label": languages.said(ask.label),
        "optional": ask.optional,
        "choices": list(ask.choices),
        "max": ask.max,
    }


def moment(value: Instant | None) -> str | None:
    """Return an instant as it goes over the wire: ISO 8601, UTC."""
    return value.isoformat() if isinstance(value, datetime) else None


# --- life cycles ------------------------------------------------------------------------


def steps(blueprint: Noun, module: ModuleType, schema: type[Schema], show: Show) -> None:
    """Open POST /<id>/<step> for every step of the module's LIFE that people take.

    If-Match carries the version that the caller saw: "3". Another version → 412.
    A new row in the life cycle's table is a new door here, with nothing to write.
    """
    for row in module.LIFE.steps.values():
        if not row.own_door and any(who.name != "system" for who in row.by):
            _step(blueprint, module, row, schema, show)


def tag(subject: Any) -> str:
    """Return the entity tag of a living record: its version."""
    return str(subject.version)


def tagged(shown: Mapping[str, Any]) -> tuple[Mapping[str, Any], int, dict[str, str]]:
    """Answer 200 with the record's version as ETag, for If-Match to come back with."""
    return shown, 200, {"ETag": f'"{shown["version"]}"'}


def matched(subject: Any) -> None:
    """Raise Stale unless the request's If-Match (if any) names the present version."""
    if request.headers.get("If-Match") and not request.if_match.contains(tag(subject)):
        unchanged(subject, "")


def unchanged(subject: Any, version: str | None) -> None:
    """Raise Stale unless a form's hidden version (if any) is the present one."""
    if version is not None and version != tag(subject):
        raise Stale(f"当前版本为 {subject.version}", f"the present version is {subject.version}")


def _step(
    blueprint: Noun, module: ModuleType, row: Step[Any, Any], schema: type[Schema], show: Show
) -> None:
    answers = {ask.name: _answer(ask) for ask in row.asks}
    name = f"{module.LIFE.name}_{row.name}"
    body = Body.from_dict(answers, name=f"{name.title().replace('_', '')}In")

    def view(given: dict[str, Any], subject_id: str) -> Any:
        work = unit.current()
        matched(module.seen(work, subject_id))
        subject = module.take(work, subject_id, row.name, **_told(row.asks, given))
        work.session.flush()  # so that the version shown is the one that will be stored
        return show(subject, work)

    admit = money if row.moves_money else members("write")
    view.__name__ = name
    view.__doc__ = f"{row.label.en}: {module.LIFE.name} → {row.target} ({row.label.zh})."
    view = blueprint.response(200, schema)(blueprint.arguments(body)(versioned(admit(view))))
    blueprint.post(f"/<string:subject_id>/{row.name.replace('_', '-')}")(view)


def answered(row: Step[Any, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers to a step's questions as its door reads them. Raises ValidationError."""
    body = Body.from_dict({ask.name: _answer(ask) for ask in row.asks})
    return _told(row.asks, body().load(given))


def _answer(ask: Ask) -> fields.Field[Any]:
    return _FIELDS.get(ask.kind, _FIELDS["text"])(ask, not ask.optional)


_FIELDS: dict[str, Callable[[Ask, bool], fields.Field[Any]]] = {
    "text": lambda ask, required: text(max=ask.max, required=required),
    "number": lambda ask, required: whole(max=ask.max, required=required),
    "choice": lambda ask, required: choice(*ask.choices, required=required),
    "date": lambda _ask, required: day(required=required),
    "money": lambda _ask, required: amount(required=required),
    "flag": lambda _ask, required: flag(required=required),
    "list": lambda ask, required: texts(max=ask.max, required=required),
}


def _told(asks: tuple[Ask, ...], given: dict[str, Any]) -> dict[str, Any]:
    amounts = {ask.name for ask in asks if ask.kind == "money"}
    return {name: money_of(value) if name in amounts else value for name, value in given.items()}


def answer_text(content: str, content_type: str, *, name: str | None = None) -> Response:
    """Answer with a text file, offered for saving under `name`."""
    response: Response = current_app.response_class(content, content_type=content_type)
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
