"""Pages of what is mounted: register a table where it lies, see how it stands, renew its keys."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, unit
from app.api.delivery import locations as door
from app.pages import forms, shown
from app.pages.data import drawing
from delivery.locations import locations
from delivery.locations.locations import Location, State
from delivery.locations.stores import Keys

blueprint = Blueprint("mounted", __name__)


@blueprint.get("/data/locations")
@doors.members("read")
def listed() -> Any:
    """List the locations, with the form that registers one."""
    work = unit.current()
    page = locations.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "data/locations.html",
        locations=[_row(each) for each in page.items],
        next=page.next,
        roots=[*unit.house().roots.values()],
        organisation=work.actor.organisation,
        provides=locations.providers.matches(work.actor, None),
    )


@blueprint.post("/data/locations")
@doors.members("write")
def register() -> Any:
    """Register a table where it lies."""
    body = {
        "root": forms.text("root", max=40),
        "path": forms.text("path", max=500),
        "title": forms.text("title", max=110),
        **_keys(),
    }
    made = door.registered(unit.current(), body)
    return redirect(f"/data/locations/{made.id}", 303)


@blueprint.get("/data/locations/<location_id>")
@doors.members("read")
def location(location_id: str) -> Any:
    """Show one location: how it stands, why it cannot be read, its history."""
    work = unit.current()
    found = locations.seen(work, location_id)
    return render_template(
        "data/location.html",
        location=_row(found),
        record=shown.record(found, work, locations.LIFE),
        events=shown.timeline(work, found.id),
        waits=found.state == State.REGISTERED or found.stage is not None,
        known=found.found is not None,
        changes=found.state != State.ENDED and locations.owner.matches(work.actor, found),
    )


@blueprint.post("/data/locations/<location_id>/refresh")
@doors.members("write")
def refresh(location_id: str) -> Any:
    """Have it looked at soon."""
    locations.refresh(unit.current(), location_id)
    return redirect(f"/data/locations/{location_id}", 303)


@blueprint.post("/data/locations/<location_id>/keys")
@doors.members("write")
def rotate(location_id: str) -> Any:
    """Put other keys in the place of a bucket's."""
    locations.rotate(unit.current(), location_id, Keys(**_keys()))
    return redirect(f"/data/locations/{location_id}", 303)


def _keys() -> dict[str, str]:
    most = {"access_key_id": 128, "secret_access_key": 256, "session_token": 4000}
    return {name: forms.text(name, max=size) for name, size in most.items()}


def _row(found: Location) -> dict[str, Any]:
    return {
        **door.row(found),
        "registered_at": found.registered_at,
        "looked_at": found.looked_at,
        "look_at": found.look_at,
        "stage": drawing.stage(found.stage),
    }
