"""What stands in the list beside a field while somebody types."""

from typing import Any

from flask import Blueprint, render_template

from app import doors, unit
from app.pages import shown
from app.pages.choosing import chosen

blueprint = Blueprint("choosing", __name__)


@blueprint.get("/choices")
@doors.members("read")
def listed() -> Any:
    """Answer with the options that a text may mean: `?of=order&as=order_id&order_id=…`."""
    name = shown.asked("as", max=60) or "q"
    typed = shown.asked(name, max=chosen.TYPED_MAX) or ""
    found = chosen.sought(unit.current(), shown.asked("of", max=30) or "", typed)
    return render_template("partials/choices.html", options=found)
