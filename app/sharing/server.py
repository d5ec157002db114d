"""The Delta Sharing server: the open protocol, for the tokens of order lines.

Each call shows its own token and is put to the gate anew, the fetching of a file as well.
What goes wrong is said as the protocol says it: {"errorCode", "message"}.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final

from flask import Blueprint, Response, request

from app import doors, languages, unit
from app.problems import STATUS
from app.sharing import files, profiles
from delivery.recipients import credentials
from delivery.recipients.credentials import NotPresented
from delivery.sharing import answers, predicates, shares
from delivery.sharing.answers import Capabilities
from delivery.sharing.links import Link
from delivery.sharing.shares import Shared, Wish
from delivery.tables import copies
from delivery.tables.scopes import Scope
from delivery.tables.snapshots import Piece
from delivery.tables.sources import Source
from delivery.tasks import DeliveryTask
from kernel.actor import NOBODY
from kernel.clock import Instant
from kernel.errors import DomainError, Invalid, Kind
from kernel.work import Work

blueprint = Blueprint("delta_sharing", __name__, url_prefix="/delta-sharing")

LINES: Final = "application/x-ndjson; charset=utf-8"
BODY_MAX: Final = 64 * 1024
DIGITS_MAX: Final = 18
CAPABILITIES: Final = "delta-sharing-capabilities"
FILE_IDS: Final = "fileidhash"

_TABLE: Final = "/shares/<share>/schemas/<schema>/tables/<table>"


def protocol(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a view say no as the protocol does."""

    @doors.alone
    @wraps(view)
    def spoken(**named: str) -> Any:
        try:
            return view(**named)
        except DomainError as error:
            return _no(error)

    return spoken


@blueprint.get("/shares")
@protocol
def list_shares() -> Response:
    """List the one share of the token."""
    return _read(lambda work, task: _items([_share(_admitted(work, task))]))


@blueprint.get("/shares/<share>")
@protocol
def one_share(share: str) -> Response:
    """Show the share of the token."""
    return _read(lambda work, task: _json({"share": _share(_admitted(work, task, share))}))


@blueprint.get("/shares/<share>/schemas")
@protocol
def list_schemas(share: str) -> Response:
    """List the one schema of the share."""

    def listed(work: Work, task: DeliveryTask) -> Response:
        _admitted(work, task, share)
        return _items([{"name": shares.SCHEMA, "share": shares.name_of(task)}])

    return _read(listed)


@blueprint.get("/shares/<share>/schemas/<schema>/tables")
@protocol
def list_tables(share: str, schema: str) -> Response:
    """List the one table of the schema."""
    return _read(lambda work, task: _items([_table(_admitted(work, task, share, schema))]))


@blueprint.get("/shares/<share>/all-tables")
@protocol
def list_all(share: str) -> Response:
    """List the one table of the share."""
    return _read(lambda work, task: _items([_table(_admitted(work, task, share))]))


@blueprint.get(_TABLE, endpoint="version_by_head")
@blueprint.get(f"{_TABLE}/version")
@protocol
def version(share: str, schema: str, table: str) -> Response:
    """Tell the version of the table; of the first one since a time, when one is named."""

    def told(work: Work, task: DeliveryTask) -> Response:
        ordered = shares.ordered(work, task, (share, schema, table))
        since = _moment(request.args.get("startingTimestamp"), "/startingTimestamp")
        found = ordered if since is None else shares.first_since(work.session, ordered, since)
        return _versioned(_json({}), found.delta_version)

    return _read(told)


@blueprint.get(f"{_TABLE}/metadata")
@protocol
def metadata(share: str, schema: str, table: str) -> Response:
    """Tell the schema of the table."""
    asked = {name: request.args.get(name) for name in ("version", "timestamp")}
    wish = _wished({**asked, "version": _number(asked["version"], "/version")})
    names = (share, schema, table)
    _prepared(wish)
    return _read(lambda work, task: _lines(_chosen(work, task, names, wish), []))


@blueprint.post(f"{_TABLE}/query")
@protocol
def query(share: str, schema: str, table: str) -> Response:
    """Hand out the addresses of the files that answer a query, and count what they hold."""
    wish = _wished(_body())
    names = (share, schema, table)
    _prepared(wish)

    def answered(work: Work, task: DeliveryTask) -> Response:
        found = _chosen(work, task, names, wish)
        pieces = shares.wanted(work, found, wish)
        return _lines(found, [(piece, shares.linked(work, found, piece)) for piece in pieces])

    return _read(answered, writes=True)


@blueprint.get(f"{_TABLE}/changes")
@protocol
def changes(share: str, schema: str, table: str) -> Response:
    """Say that changes are not offered: each version is told of as a whole."""

    def told(work: Work, task: DeliveryTask) -> Response:
        shares.admitted(work, task, share, schema, table)
        raise _no_changes("/startingVersion")

    return _read(told)


@blueprint.get("/files/<piece_id>")
@protocol
def file(piece_id: str) -> Response:
    """Send a file, or a range of it, whose address a query has handed out."""
    house = unit.house()
    text = request.args.get("token", "")

    def followed(work: Work) -> Any:
        link = shares.opened(work, text, piece_id)
        own = house.work(work.session, shares.reader(work, link))
        return shares.followed(own, link, shelves=house.shelves)

    source, piece = _as_decided(
        followed, lambda work: shares.pointed(work, shares.opened(work, text, piece_id))
    )
    name = f"{piece.id}.parquet"
    if piece.pin is not None:
        return files.streamed(source, piece, name=name)
    return files.sent(piece.path, name=name, etag=piece.id)


# --- what the views share ----------------------------------------------------------------


def _read(view: Callable[[Work, DeliveryTask], Response], *, writes: bool = False) -> Response:
    """Run a view for the task of the token that is shown, as the token's own actor."""
    secret = _secret()

    def run(work: Work) -> Response:
        credential, task = shares.presented(work.session, secret, work.now)
        own = unit.house().work(work.session, credentials.actor(work.session, credential))
        return view(own, task)

    def task_of(work: Work) -> DeliveryTask:
        return shares.presented(work.session, secret, work.now)[1]

    response: Response = unit.writing(NOBODY, run) if writes else _as_decided(run, task_of)
    return response


def _as_decided(run: Callable[[Work], Any], task_of: Callable[[Work], DeliveryTask]) -> Any:
    """Run a view that only reads; under an authorisation its decision is written down."""
    task = unit.reading(NOBODY, task_of)
    if task.authorisation_id is None:
        return unit.reading(NOBODY, run)
    return unit.writing(NOBODY, run)


def _prepared(wish: Wish) -> None:
    """Make the copy that a wish needs before the unit of work: that can take a while."""
    secret = _secret()

    def needed(work: Work) -> tuple[Source, Scope] | None:
        _, task = shares.presented(work.session, secret, work.now)
        return shares.needed(work, task, wish, shelves=unit.house().shelves)

    found: tuple[Source, Scope] | None = unit.reading(NOBODY, needed)
    if found is not None:
        copies.snapshot(*found)


def _chosen(work: Work, task: DeliveryTask, names: Sequence[str], wish: Wish) -> Shared:
    return shares.chosen(work, task, names, wish, shelves=unit.house().shelves)


def _secret() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotPresented("请出示 Bearer 令牌", "show a bearer token")
    return secret.strip()


def _admitted(work: Work, task: DeliveryTask, *names: str) -> DeliveryTask:
    return shares.admitted(work, task, *names).task


def _share(task: DeliveryTask) -> dict[str, str]:
    return {"name": shares.name_of(task), "id": task.id}


def _table(task: DeliveryTask) -> dict[str, Any]:
    return {
        "name": shares.TABLE,
        "schema": shares.SCHEMA,
        "share": shares.name_of(task),
        "shareId": task.id,
        "id": f"{task.id}.{shares.TABLE}",
    }


# --- what comes in -----------------------------------------------------------------------


def _body() -> Mapping[str, Any]:
    request.max_content_length = BODY_MAX
    raw = request.get_data(cache=True)
    try:
        found = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise Invalid("请求正文不是 JSON", "the body is not JSON", pointer="") from error
    if not isinstance(found, dict):
        raise Invalid("请求正文须为 JSON 对象", "the body must be a JSON object", pointer="")
    return found


def _wished(body: Mapping[str, Any]) -> Wish:
    """Return what a body wishes; fields that the protocol may yet get are left alone."""
    for name in ("startingVersion", "endingVersion", "startingTimestamp", "endingTimestamp"):
        if body.get(name) is not None:
            raise _no_changes(f"/{name}")
    version, limit = (_whole(body.get(name), f"/{name}") for name in ("version", "limitHint"))
    timestamp = _moment(body.get("timestamp"), "/timestamp")
    if version is not None and timestamp is not None:
        raise Invalid("版本与时间只能指定一个", "a version or a time, not both", pointer="/version")
    predicate = body.get("jsonPredicateHints")
    return Wish(
        version=version,
        timestamp=timestamp,
        limit=limit,
        predicate=predicate if isinstance(predicate, str) else None,
    )


def _number(text: str | None, pointer: str) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > DIGITS_MAX:
        raise Invalid("须为非负整数", "it must be a whole number from 0", pointer=pointer)
    return int(text)


def _whole(value: Any, pointer: str) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 10**DIGITS_MAX:
        raise Invalid("须为非负整数", "it must be a whole number from 0", pointer=pointer)
    return int(value)


def _moment(text: Any, pointer: str) -> Instant | None:
    if text is None:
        return None
    found = predicates.moment(text) if isinstance(text, str) else None
    if found is None:
        raise Invalid(
            "时间须形如 2026-01-31T00:00:00Z",
            "a time is written like 2026-01-31T00:00:00Z",
            pointer=pointer,
        )
    return found


def _no_changes(pointer: str) -> Invalid:
    return Invalid(
        "不提供变更数据：请按版本读取整表",
        "changes are not offered: read the table as it is at a version",
        pointer=pointer,
    )


# --- what goes out -----------------------------------------------------------------------


def _items(found: Sequence[Mapping[str, Any]]) -> Response:
    start = _number(request.args.get("pageToken") or "0", "/pageToken") or 0
    most = _number(request.args.get("maxResults"), "/maxResults")
    end = len(found) if most is None else start + most
    body: dict[str, Any] = {"items": found[start:end]}
    if end < len(found):
        body["nextPageToken"] = str(end)
    return _json(body)


def _json(body: Mapping[str, Any]) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False), content_type="application/json; charset=utf-8"
    )


def _lines(found: Shared, pieces: Sequence[tuple[Piece, Link]]) -> Response:
    able = Capabilities.read(request.headers.get(CAPABILITIES, ""))
    form = able.form(found.snapshot.features)
    told = [*answers.lines(found, form, pieces, _address)]
    if able.ending:
        told.append(answers.ending(pieces))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in told)
    response = _versioned(Response(text, content_type=LINES), found.version.delta_version)
    response.headers[CAPABILITIES] = f"responseformat={form}" + (
        ";includeendstreamaction=true" if able.ending else ""
    )
    if hashed := request.headers.get(FILE_IDS):
        response.headers[FILE_IDS] = _file_ids(hashed)
    return response


def _file_ids(asked: str) -> str:
    if asked.lower() not in {form.value for form in answers.Form}:
        raise Invalid("不支持的 fileidhash", "fileidhash is parquet or delta", pointer="")
    return asked.lower()


def _address(link: Link) -> str:
    # Readers of the delta form look for "sp" to know a signed address from a file's name.
    token = link.signed(unit.house().crypto)
    return f"{profiles.base()}/delta-sharing/files/{link.piece_id}?token={token}&sp=r"


def _versioned(response: Response, number: int) -> Response:
    response.headers["Delta-Table-Version"] = str(number)
    return response


def _no(error: DomainError) -> Response:
    reasons = error.refusals
    code = reasons[0].code if reasons else error.code.upper().replace("-", "_")
    response = _json({"errorCode": code, "message": languages.said(error.words)})
    response.status_code = 400 if error.kind is Kind.INVALID else STATUS[error.kind]
    if error.kind is Kind.UNKNOWN:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
