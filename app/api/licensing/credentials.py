"""The doors of what machines read of a certificate: credential, policy, status lists, keys.

All but a credential itself is open to everybody; that names every item, and is its parties'.
"""

from typing import Any

from flask import Response, current_app, request
from marshmallow import Schema, fields

from app import doors, languages, unit
from kernel import ids
from kernel.actor import NOBODY
from kernel.errors import NotFound
from kernel.work import Work
from licensing import authorisations, certificates
from licensing.certificates import Certificate
from licensing.papers import checks, credentials, keys, odrl, status_lists
from licensing.papers.checks import Check
from licensing.papers.status_lists import Purpose

blueprint = doors.noun("credentials", "Credentials · 授权凭证")
lists = doors.noun("status-lists", "Status lists · 状态列表")
known = doors.noun("keys", "Keys · 公钥", prefix="/.well-known")

TOKEN = "application/vc+jwt"  # noqa: S105 - a media type, no password
JSON_LD = "application/ld+json"
MINUTE = "public, max-age=60"
ASK_AGAIN = "public, no-cache"
"""A copy may be kept, but is asked after before each use: a suspension counts at once."""


class CredentialIn(doors.Body):
    """A credential that somebody brings."""

    credential = doors.text(max=100_000)
    """At most a twentieth of a body: however it is escaped, a text too long is told as such."""


class CheckOut(Schema):
    """One check: its name, whether it holds, a stable code, and the reason in words."""

    name = fields.String()
    label = fields.String()
    ok = fields.Boolean()
    code = fields.String()
    detail = fields.String()


class ChecksOut(Schema):
    """What every check of a credential found."""

    ok = fields.Boolean()
    cert_no = fields.String(allow_none=True)
    checks = fields.List(fields.Nested(CheckOut))


def address() -> str:
    """Return where this exchange is found: as the settings say, or as it was asked."""
    return unit.house().settings.base_url.rstrip("/") or request.host_url.rstrip("/")


def shown(told: list[Check]) -> list[dict[str, Any]]:
    """Return checks as the wire and the pages want them, in the caller's language."""
    return [
        {
            "name": one.name,
            "label": languages.said(checks.LABELS[one.name]),
            "ok": one.ok,
            "code": one.code,
            "detail": languages.said(one.words),
        }
        for one in told
    ]


@blueprint.get("/<string:authorisation_id>")
@doors.members("read")
@blueprint.response(200, {"type": "string"}, content_type=TOKEN)
def credential(authorisation_id: str) -> Any:
    """Give its parties the credential of an authorisation's current certificate."""
    work = unit.current()
    token = credentials.signed(work, _certificate(authorisation_id), address())
    return _text(token, TOKEN)


@blueprint.get("/<string:authorisation_id>/policy")
@doors.members("read")
@blueprint.response(200, {"type": "object"}, content_type=JSON_LD)
def policy(authorisation_id: str) -> Any:
    """Give its parties the policy of an authorisation, in ODRL 2.2."""
    found = _certificate(authorisation_id)
    return _json(odrl.document(found.body, address()), JSON_LD)


@blueprint.post("/verify")
@doors.alone
@blueprint.arguments(CredentialIn)
@blueprint.response(200, ChecksOut)
def verify(body: dict[str, Any]) -> Any:
    """Verify a credential: each check is told, also after one that fails."""
    return unit.reading(NOBODY, lambda work: _examined(work, body["credential"]))


def _examined(work: Work, given: str) -> dict[str, Any]:
    told, found = certificates.examined(work, given)
    ok = all(one.ok for one in told)
    return {"ok": ok, "cert_no": found and found.cert_no, "checks": shown(told)}


@lists.get("/<any(revocation, suspension):purpose>/<int:list_no>")
@doors.public
@lists.response(200, {"type": "string"}, content_type=TOKEN)
def status_list(purpose: str, list_no: int) -> Any:
    """Give a status list as of now, signed. If-None-Match is heeded."""
    if list_no > status_lists.ENTRIES:
        raise NotFound("没有这份状态列表", f"no status list {list_no}")
    token = status_lists.signed(unit.current(), address(), Purpose(purpose), list_no)
    answer = _text(token, TOKEN, ASK_AGAIN)
    answer.set_etag(ids.digest(token))
    return answer.make_conditional(request)


@known.get("/jwks.json")
@doors.public
@known.response(200, {"type": "object"}, content_type="application/jwk-set+json")
def key_set() -> Any:
    """Give the public keys that sign here, and those that did."""
    return _json(keys.jwks(unit.current().crypto), "application/jwk-set+json", MINUTE)


@known.get("/issuer.json")
@doors.public
@known.response(200, {"type": "object"})
def issuer() -> Any:
    """Give the document of this exchange as an issuer of credentials."""
    return _json(keys.controller(unit.current().crypto, address()), "application/json", MINUTE)


@known.get("/odrl-profile")
@doors.public
@known.response(200, {"type": "object"}, content_type=JSON_LD)
def odrl_profile() -> Any:
    """Give the terms that this exchange adds to ODRL."""
    return _json(odrl.profile(address()), JSON_LD, MINUTE)


def _certificate(authorisation_id: str) -> Certificate:
    work = unit.current()
    right = authorisations.seen(work, authorisation_id)
    return certificates.current(work.session, right.cert_no)


def _text(content: str, media_type: str, cache: str | None = None) -> Response:
    answer: Response = current_app.response_class(content, mimetype=media_type)
    if cache:
        answer.headers["Cache-Control"] = cache
    return answer


def _json(content: dict[str, Any], media_type: str, cache: str | None = None) -> Response:
    return _text(current_app.json.dumps(content), media_type, cache)
