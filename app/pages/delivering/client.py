"""The buyer's client, handed out by the exchange itself: `pip install` takes its address."""

from flask import Blueprint, Response, redirect

from app import doors
from app.delivering import wheels
from app.sharing import profiles

blueprint = Blueprint("client", __name__)


@blueprint.get("/client")
@doors.public
def newest() -> Response:
    """Lead to the wheel that fits this exchange."""
    return redirect(address(), 302)  # type: ignore[return-value]  # werkzeug's is one too


@blueprint.get(f"/client/{wheels.name()}")
@doors.public
def wheel() -> Response:
    """Send the wheel."""
    response = Response(wheels.content(), content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{wheels.name()}"'
    return response


def address() -> str:
    """Return the address that an installer is told: a wheel is known by its name."""
    return f"{profiles.base()}/client/{wheels.name()}"
