"""Every no becomes an RFC 9457 problem, here and nowhere else."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, g, json, redirect, render_template, request
from marshmallow import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from app import languages
from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.words import Words

STATUS = {
    Kind.MALFORMED: 400,
    Kind.INVALID: 422,
    Kind.UNKNOWN: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
OWN = {
    "invalid-input": (422, Words("输入有误", "The input is not valid")),
    "changed-meanwhile": (409, Words("记录已被他人更新", "Someone else has just changed this")),
    "already-exists": (409, Words("与现有记录冲突", "This clashes with an existing record")),
    "bug": (500, Words("系统内部错误", "Something is broken on our side")),
}
"""The noes that no class stands for: code → status and title."""

HTTP = {
    400: Words("请求无法读取", "The request cannot be read"),
    404: Words("没有这个地址", "There is nothing at this address"),
    405: Words("此地址不支持该方法", "The method is not for this address"),
    413: Words("请求正文过大", "The body is too large"),
    415: Words("请求正文须为 application/json", "The body must be application/json"),
}
"""The noes of HTTP itself; their codes are the names of the statuses in kebab-case."""

_LET_BY = 64_000_000
"""How much of a body that is too large is read and dropped, in bytes, before it is refused."""

_PART = 65_536

log = structlog.get_logger()


def problem(status: int, code: str, title: Words, detail: str | None, **more: Any) -> Response:
    """Build the answer: application/problem+json, or a page for a browser that asked for one.

    more: the extension members (refusals, errors).
    """
    body = {
        "type": f"/problems/{code}",
        "title": languages.said(title),
        "status": status,
        "detail": detail,
        "instance": request.path,
        "request_id": g.get("request_id"),
        **more,
    }
    if _wants_page():
        if status == 401 and request.method == "GET":
            return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'))}", 303)  # type: ignore[return-value]  # werkzeug's is one too
        g.problem = body  # a form that was refused is shown again (app/pages/refused)
        return Response(render_template("problem.html", problem=body), status)
    answer = Response(json.dumps(body), status, content_type="application/problem+json")
    answer.headers["Content-Language"] = languages.current()
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def init_app(app: Flask) -> None:
    """Register one handler for each kind of no."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(ValidationError, _schema)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(IntegrityError, _constraint)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def refusals(found: Iterable[Refusal]) -> list[dict[str, str]]:
    """Return refusals as the wire and the templates want them: rule and fix where there are."""
    return [_refused(refusal) for refusal in found]


def _refused(refusal: Refusal) -> dict[str, str]:
    told = {"code": refusal.code, "detail": languages.said(refusal.words)}
    if refusal.rule:
        told["rule"] = refusal.rule
    if refusal.fix is not None:
        told["fix"] = languages.said(refusal.fix)
    return told


def _domain(error: DomainError) -> Response:
    more: dict[str, Any] = {}
    if error.refusals:
        more["refusals"] = refusals(error.refusals)
    detail = languages.said(error.words)
    if isinstance(error, Invalid):
        more["errors"] = [{"pointer": error.pointer, "detail": detail}]
    return problem(STATUS[error.kind], error.code, error.title, detail, **more)


def _schema(error: ValidationError) -> Response:
    return _input([error.normalized_messages()])  # type: ignore[no-untyped-call]  # marshmallow's


def _input(places: Iterable[Any]) -> Response:
    found = [one for messages in places for one in flattened(messages)]
    errors = [{"pointer": pointer, "detail": detail} for pointer, detail in found]
    return _own("invalid-input", errors=errors)


def _own(code: str, detail: str | None = None, **more: Any) -> Response:
    status, title = OWN[code]
    return problem(status, code, title, detail, **more)


def flattened(messages: Any) -> list[tuple[str, str]]:
    """Return what marshmallow found wrong, each with a JSON pointer to where."""
    return _flat("", messages)


def _flat(pointer: str, messages: Any) -> list[tuple[str, str]]:
    if isinstance(messages, dict):
        return [
            found
            for key, inner in messages.items()
            for found in _flat(pointer if key == "_schema" else f"{pointer}/{part(key)}", inner)
        ]
    return [(pointer, str(message)) for message in messages]


def part(key: object) -> str:
    """Return a name as JSON pointers write it (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")


def _stale(_error: StaleDataError) -> Response:
    return _own("changed-meanwhile")


def _constraint(error: IntegrityError) -> Response:
    # The rules are asked first and say why; here arrive only the races that they lost.
    text = str(error.orig)
    if "UNIQUE" in text or getattr(error.orig, "sqlstate", "") == "23505":
        named = re.search(r'"(\w+)"|: ([\w., ]+)$', text)
        where = next((part for part in named.groups() if part), None) if named else None
        refused = [{"code": "ALREADY_EXISTS", "detail": where or "unique"}]
        return _own("already-exists", refusals=refused)
    return _bug(error)


def _http(error: HTTPException) -> Response:
    if getattr(error, "data", None) and "messages" in error.data:  # type: ignore[attr-defined]  # webargs'
        return _input(error.data["messages"].values())  # type: ignore[attr-defined]  # as above
    status = error.code or 500
    title = HTTP.get(status, Words(error.name, error.name))
    detail = _too_large() if isinstance(error, RequestEntityTooLarge) else None
    response = problem(status, _slug(error), title, detail)
    for name, value in error.get_headers():
        if name in {"Allow", "Location", "Retry-After"}:
            response.headers[name] = value
    return response


def _too_large() -> str:
    """Say how much is taken here, when what was sent has been let go by.

    A browser that is answered while it still sends shows a broken connection, not the answer.
    """
    left = min(request.content_length or 0, _LET_BY)
    sent = request.environ["wsgi.input"]
    while left > 0 and (part := sent.read(min(left, _PART))):
        left -= len(part)
    most = f"{(request.max_content_length or 0) / 1_000_000:.1f} MB"
    return languages.said(Words(f"此处至多 {most}", f"at most {most} are taken here"))


def _slug(error: HTTPException) -> str:
    return error.name.lower().replace(" ", "-").replace("'", "")


def _bug(error: Exception) -> Response:
    log.exception("bug", error=type(error).__name__)
    return _own("bug", InternalServerError.description)


def _wants_page() -> bool:
    if request.path.startswith(("/api", "/data/v1", "/delta-sharing")):
        return False
    best = request.accept_mimetypes.best_match(["application/json", "text/html"], "text/html")
    return best == "text/html"
