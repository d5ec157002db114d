"""The door of identity: signing in and out, API tokens, and who am I."""

from datetime import timedelta
from typing import Any

from flask import Response, jsonify, request
from marshmallow import fields, validate
from werkzeug.wrappers import Response as BaseResponse

from app import doors, identity, unit
from kernel.actor import NOBODY
from kernel.errors import NotFound
from kernel.parties import credentials, people
from kernel.parties.credentials import SignIn
from kernel.parties.people import Person, WrongPassword
from kernel.work import Work

blueprint = doors.noun("sessions", "Sign-in and tokens · 登录与令牌", prefix="/api")


class SignInBody(doors.Body):
    """Who signs in, and for which of their organisations (the first, if not said)."""

    login = doors.text(max=people.LOGIN_MAX)
    password = doors.text(max=people.PASSWORD_MAX, load_only=True)
    organisation = doors.text(max=40, required=False, load_default=None)


class SignInOut(doors.Schema):
    """A session; the secret travels in the cookie alone."""

    person = fields.String()
    organisation = fields.String()
    csrf_token = fields.String()
    expires_at = fields.String()


class TokenIn(doors.Body):
    """A new API token for the acting person and organisation."""

    label = doors.text(max=80)
    scopes = fields.List(
        doors.choice(*credentials.SCOPES), required=True, validate=validate.Length(min=1, max=3)
    )
    days = doors.whole(min=1, max=10_000)


class TokenOut(doors.Schema):
    """An API token; `secret` is shown once, when it is issued."""

    id = fields.String()
    label = fields.String()
    scopes = fields.List(fields.String())
    issued_at = fields.String()
    expires_at = fields.String()
    revoked_at = fields.String(allow_none=True)
    secret = fields.String()


class MeOut(doors.Schema):
    """Who the caller is, as the exchange sees it."""

    person = fields.String()
    organisation = fields.String()
    roles = fields.List(fields.String())
    duties = fields.List(fields.String())
    scopes = fields.List(fields.String(), allow_none=True)


def sign_in(login: str, password: str, organisation: str | None) -> tuple[SignIn, str]:
    """Check the password and begin a session; returns it and its secret.

    The costly check runs outside the queue of writers. Raises WrongPassword, also while
    the account rests.
    """
    login = login.strip().lower()
    person = unit.reading(NOBODY, lambda work: people.by_login(work.session, login))
    hashed = person.password_hash if person else None
    right = unit.house().passwords.matches(password, hashed)
    begun = unit.writing(
        NOBODY, lambda work: _attempt(work, person, right=right, organisation=organisation)
    )
    if begun is None:
        raise WrongPassword(
            "登录名或密码不正确，或账户暂时锁定", "wrong login or password, or the account rests"
        )
    return begun  # type: ignore[no-any-return]  # what _attempt returns


def _attempt(
    work: Work, person: Person | None, *, right: bool, organisation: str | None
) -> tuple[SignIn, str] | None:
    if person is None:
        return None
    fresh = people.find(work.session, person.id)
    if people.resting(fresh, work.now):
        return None
    homes = [home.id for _, home in people.memberships(work.session, fresh.id)]
    if not right or not homes:
        people.failed(work, fresh)
        return None
    if organisation is not None and organisation not in homes:
        raise NotFound("没有这家机构", f"no organisation {organisation}")
    people.succeeded(fresh)
    found, secret = credentials.sign_in(work, fresh.id, organisation or homes[0])
    work.session.flush()  # the session is read after its unit has closed
    work.session.expunge(found)
    return found, secret


def with_cookie(response: BaseResponse, secret: str, lasts: timedelta) -> BaseResponse:
    """Hand the session's secret to the browser, out of reach of scripts and other sites."""
    response.set_cookie(
        identity.COOKIE,
        secret,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        secure=request.is_secure,
        samesite="Lax",
    )
    return response


@blueprint.post("/sessions")
@doors.alone
@blueprint.arguments(SignInBody)
@blueprint.response(201, SignInOut)
def begin(body: dict[str, Any]) -> Any:
    """Sign in with login and password."""
    found, secret = sign_in(body["login"], body["password"], body["organisation"])
    shown = {
        "person": found.person_id,
        "organisation": found.organisation_id,
        "csrf_token": found.csrf,
        "expires_at": doors.moment(found.expires_at),
    }
    response = jsonify(shown)
    response.status_code = 201
    return with_cookie(response, secret, found.expires_at - found.signed_in_at)


@blueprint.post("/sessions/end")
@doors.members("read")
@blueprint.response(204)
def end() -> Response:
    """Sign out: the session ends on our side, not only in the browser."""
    work, sign_in_ = unit.current(), identity.current().sign_in
    if sign_in_ is not None:
        credentials.sign_out(work, sign_in_)
    response = Response(status=204)
    response.delete_cookie(identity.COOKIE)
    return response


@blueprint.get("/me")
@doors.members("read")
@blueprint.response(200, MeOut)
def me() -> Any:
    """Show who the caller is."""
    actor = unit.current().actor
    return {
        "person": actor.person,
        "organisation": actor.organisation,
        "roles": sorted(actor.roles),
        "duties": sorted(actor.duties),
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
    }


@blueprint.get("/tokens")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(TokenOut))
def tokens(query: dict[str, Any]) -> Any:
    """List one's own tokens, newest first; never their secrets."""
    work = unit.current()
    found = credentials.tokens(
        work.session, work.actor.person, after=query["after"], limit=query["limit"]
    )
    return doors.page(found, _shown)


@blueprint.post("/tokens")
@doors.members("write")
@blueprint.arguments(TokenIn)
@blueprint.response(201, TokenOut)
def issue(body: dict[str, Any]) -> Any:
    """Issue a token; its secret is shown this once."""
    made, secret = credentials.issue(unit.current(), **body)
    return {**_shown(made), "secret": secret}


@blueprint.post("/tokens/<string:token_id>/revoke")
@doors.members("write")
@blueprint.response(200, TokenOut)
def revoke(token_id: str) -> Any:
    """Revoke one's own token at once."""
    return _shown(credentials.revoke(unit.current(), token_id))


def _shown(found: credentials.Token) -> dict[str, Any]:
    return {
        "id": found.id,
        "label": found.label,
        "scopes": found.scopes,
        "issued_at": doors.moment(found.issued_at),
        "expires_at": doors.moment(found.expires_at),
        "revoked_at": doors.moment(found.revoked_at),
    }
