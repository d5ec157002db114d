"""How a caller proves who it is: a session cookie or an API token → Actor."""

import hmac
from dataclasses import dataclass

from flask import Request, g
from sqlalchemy.orm import Session

from kernel.actor import NOBODY, Actor
from kernel.clock import Instant
from kernel.errors import DomainError, Kind
from kernel.parties import credentials, people
from kernel.parties.credentials import SignIn
from kernel.words import Words

COOKIE = "databourse_session"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. sign_in: the browser's session, None for a token and for nobody."""

    actor: Actor
    sign_in: SignIn | None = None

    @property
    def known(self) -> bool:
        """Tell whether the caller has said who they are."""
        return self.actor is not NOBODY


class NotSignedIn(DomainError):
    """The caller has not said who they are, or no longer is."""

    kind = Kind.UNKNOWN
    code = "not-signed-in"
    title = Words("请先登录", "Sign in first")


class NotAllowed(DomainError):
    """The caller is known, and this is not for them."""

    kind = Kind.FORBIDDEN
    code = "not-allowed"
    title = Words("无权访问", "Not allowed")


class ForgedForm(DomainError):
    """A form came without the token of the session that it claims."""

    kind = Kind.FORBIDDEN
    code = "forged-form"
    title = Words("表单已失效", "The form has expired")


def identify(request: Request, session: Session, now: Instant) -> Caller:
    """Return the caller. Raises NotSignedIn for a token that is not one, or no longer.

    A token costs five SELECTs by key, a cookie as many, neither costs none.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        return _by_token(session, scheme, secret, now)
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return Caller(NOBODY)
    sign_in = credentials.signed_in(session, cookie, now)
    if sign_in is None:
        return Caller(NOBODY)
    actor = people.actor(session, sign_in.person_id, sign_in.organisation_id)
    return Caller(actor, sign_in) if actor else Caller(NOBODY)


def require(caller: Caller, scope: str) -> None:
    """Raise NotSignedIn or NotAllowed unless the caller is known and may do `scope`."""
    if not caller.known:
        raise NotSignedIn("此操作需要登录", "this needs a signed-in caller")
    if caller.actor.scopes is not None and scope not in caller.actor.scopes:
        raise NotAllowed(f"令牌没有 {scope} 权限", f"the token lacks the scope {scope!r}")


def check_form(request: Request, caller: Caller) -> None:
    """Raise ForgedForm unless a browser's write carries its session's token (CSRF)."""
    if caller.sign_in is None:
        return
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), caller.sign_in.csrf.encode()):
        raise ForgedForm(
            "请刷新页面后重试",
            "reload the page and try again: the form's token is not the session's",
        )


def current() -> Caller:
    """Return this request's caller."""
    caller: Caller = g.caller
    return caller


def _by_token(session: Session, scheme: str, secret: str, now: Instant) -> Caller:
    token = credentials.token(session, secret, now) if scheme.lower() == "bearer" else None
    actor = token and people.actor(
        session, token.person_id, token.organisation_id, frozenset(token.scopes)
    )
    if not actor:
        raise NotSignedIn("令牌无效或已过期", "the token is not valid, or no longer")
    return Caller(actor)
