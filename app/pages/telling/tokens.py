"""The page of one's own API tokens: made here for scripts and notebooks, shown once, revoked."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, idempotency, unit
from app.pages import forms, shown
from app.pages.delivering import client
from app.sharing import profiles
from kernel.parties import credentials

blueprint = Blueprint("own_tokens", __name__)

LABEL_MAX = 80


@blueprint.get("/tokens")
@doors.members("read")
def listed() -> Any:
    """List one's own tokens, with a form to make one."""
    work = unit.current()
    page = credentials.tokens(
        work.session, work.actor.person, after=shown.after(), limit=shown.PAGE
    )
    return render_template(
        "telling/tokens.html",
        tokens=[
            {"row": one, "live": one.revoked_at is None and one.expires_at > work.now}
            for one in page.items
        ],
        days_max=work.rules.number("tokens.days_max"),
        next=page.next,
    )


@blueprint.post("/tokens")
@doors.members("write")
def issue() -> Any:
    """Make a token; it is shown this once."""
    scopes = [one for one in credentials.SCOPES if one in request.form.getlist("scopes")]
    made, secret = credentials.issue(
        unit.current(),
        label=forms.text("label", max=LABEL_MAX),
        scopes=scopes or ["read"],
        days=forms.number("days"),
    )
    return render_template(
        "telling/token.html",
        token=made,
        secret=idempotency.shown_once(secret),
        host=profiles.base(),
        wheel=client.address(),
    )


@blueprint.post("/tokens/<token_id>/revoke")
@doors.members("write")
def revoke(token_id: str) -> Any:
    """Revoke a token at once."""
    credentials.revoke(unit.current(), token_id)
    return redirect("/tokens", 303)
