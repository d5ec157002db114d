"""Pages of everybody's account: signing in and out, language and look, taking a step."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import NotFound

from app import doors, identity, languages, unit
from app.api.parties import sessions
from app.lives import LIVES
from app.pages import forms
from app.pages.chrome import PREFERENCES
from kernel.errors import DomainError
from kernel.parties import credentials
from kernel.workflow import Ask, Step

blueprint = Blueprint("account", __name__)

YEAR_S = 365 * 86_400


@blueprint.get("/sign-in")
@doors.alone
def sign_in_form() -> Any:
    """Show the form."""
    return _form(200, None)


@blueprint.post("/sign-in")
@doors.alone
def sign_in() -> Any:
    """Sign in and go on to where the person wanted to go."""
    if not _same_site():
        raise identity.ForgedForm("请从本站登录", "sign in from this site")
    login, password = request.form.get("login", ""), request.form.get("password", "")
    try:
        found, secret = sessions.sign_in(login, password, None)
    except DomainError as error:
        return _form(422, languages.said(error.words))
    response = redirect(_inside(request.form.get("next", "/desk")), 303)
    return sessions.with_cookie(response, secret, found.expires_at - found.signed_in_at)


@blueprint.post("/sign-out")
@doors.members("read")
def sign_out() -> Any:
    """Sign out and go home."""
    sign_in_ = identity.current().sign_in
    if sign_in_ is not None:
        credentials.sign_out(unit.current(), sign_in_)
    response = redirect("/", 303)
    response.delete_cookie(identity.COOKIE)
    return response


@blueprint.get("/language/<choice>")
@doors.alone
def language(choice: str) -> Any:
    """Read on in another language."""
    if choice not in languages.CHOICES:
        raise NotFound
    return _remembered(languages.COOKIE, choice)


@blueprint.get("/look/<name>/<choice>")
@doors.alone
def look(name: str, choice: str) -> Any:
    """Read on in larger text or higher contrast, or as before."""
    if choice not in PREFERENCES.get(name, ()):
        raise NotFound
    return _remembered(f"databourse_{name}", choice)


@blueprint.post("/steps/<life>/<subject_id>/<step>")
@doors.members("write")
def take(life: str, subject_id: str, step: str) -> Any:
    """Take one step of a life cycle from a button, and come back to the page."""
    module = LIVES.get(life)
    row = module.LIFE.steps.get(step) if module else None
    if module is None or row is None or row.own_door:
        raise NotFound
    work = unit.current()
    doors.unchanged(module.seen(work, subject_id), request.form.get("version"))
    module.take(work, subject_id, step, **answers(row))
    return back()


def answers(row: Step[Any, Any]) -> dict[str, Any]:
    """Return what a form answers to the questions of a step."""
    return {ask.name: _answer(ask) for ask in row.asks if request.form.get(ask.name)}


def back() -> Any:
    """Return to the page from which a form was sent."""
    return redirect(_inside(request.form.get("next", "/desk")), 303)


def _answer(ask: Ask) -> Any:
    if ask.kind in _READ:
        return _READ[ask.kind](ask.name)
    return forms.text(ask.name, max=max(ask.max, 20))


_READ: dict[str, Callable[[str], Any]] = {
    "number": forms.number,
    "money": forms.money,
    "date": forms.day,
    "flag": lambda name: forms.text(name) == "1",
    "list": forms.lines,
}


def _form(status: int, problem: str | None) -> Response:
    accounts = () if unit.house().settings.production else _demo_accounts()
    page = render_template(
        "account/sign_in.html",
        problem=problem,
        next=_inside(request.values.get("next", "/desk")),
        login=request.form.get("login", ""),
        accounts=accounts,
    )
    return Response(page, status)


def _demo_accounts() -> Any:
    from app.story import cast  # a production never shows them

    return [(player.login, player.name, cast.PASSWORD) for player in cast.PLAYERS]


def _remembered(cookie: str, choice: str) -> Any:
    response = redirect(_inside(request.args.get("next", "/")), 303)
    response.set_cookie(cookie, choice, max_age=YEAR_S, samesite="Lax", secure=request.is_secure)
    return response


def _inside(address: str) -> str:
    """Return `address` if it is a path of this site, else home: nobody is sent away."""
    parts = urlsplit(address)
    inside = not parts.scheme and not parts.netloc and address.startswith("/")
    return address if inside and "\\" not in address and not address.startswith("//") else "/"


def _same_site() -> bool:
    origin = request.headers.get("Origin")
    return origin in (None, "null") or urlsplit(origin).netloc == request.host
