"""Pages of uploads and data sets: send a file, watch it being read, see what was found in it."""

import hashlib
import io
from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, unit
from app.api.delivery import uploads as door
from app.pages import forms, shown
from app.pages.data import drawing
from delivery.intake import uploads
from delivery.intake.uploads import Upload
from delivery.tables import datasets, removals
from delivery.tables.datasets import DatasetVersion
from kernel.errors import Invalid
from kernel.work import Work

blueprint = Blueprint("data", __name__)


@blueprint.get("/data")
@doors.members("read")
def listed() -> Any:
    """List the data sets, and the uploads that are not over."""
    work = unit.current()
    page = datasets.listed(work, after=shown.after(), limit=shown.PAGE)
    newest = datasets.newest(work.session, [each.id for each in page.items])
    latest = uploads.listed(work, after=None, limit=shown.SHORT).items
    return render_template(
        "data/datasets.html",
        datasets=[(each, newest[each.id]) for each in page.items],
        next=page.next,
        uploads=[_upload(each) for each in latest if each.state != uploads.State.LOADED],
        provides=uploads.providers.matches(work.actor, None),
        most=work.rules.number("intake.size_bytes_max"),
    )


@blueprint.post("/data")
@doors.members("write", alone=True)
def send() -> Any:
    """Take a small file whole, from a browser without scripts; larger ones come in parts."""
    actor = unit.admitted("write")
    file = request.files.get("file")
    content = file.read() if file else b""
    if not file or not content:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    body = {"name": (file.filename or "file")[:200], "title": forms.text("title", max=110),
            "size_bytes": len(content), "sha256": None,
            "dataset_id": forms.text("dataset_id", max=40) or None}  # fmt: skip
    upload_id = unit.writing(actor, lambda work: door.opened(work, body).id)
    size = unit.house().rules.number("intake.part_bytes")
    for number, start in enumerate(range(0, len(content), size), 1):
        part = content[start : start + size]
        told = hashlib.sha256(part).hexdigest()
        door.kept(actor, upload_id, number, io.BytesIO(part), size=len(part), sha256=told)
    unit.writing(actor, lambda work: uploads.take(work, upload_id, "complete").id)
    return redirect(f"/data/uploads/{upload_id}", 303)


@blueprint.get("/data/uploads/<upload_id>")
@doors.members("read")
def upload(upload_id: str) -> Any:
    """Show one upload: its parts, what its reading is at, or what is wrong with it."""
    work = unit.current()
    found = uploads.seen(work, upload_id)
    if found.state == uploads.State.LOADED:
        return redirect(f"/data/{found.dataset_id}", 303)
    there = uploads.there(work.session, found.id)
    return render_template(
        "data/upload.html",
        upload=_upload(found),
        there=len(there),
        record=shown.record(found, work, uploads.LIFE),
        events=shown.timeline(work, found.id),
        waits=found.state in (uploads.State.RECEIVED, uploads.State.READING),
    )


@blueprint.get("/data/<dataset_id>")
@doors.members("read")
def dataset(dataset_id: str) -> Any:
    """Show one data set: its columns and what is in them, its quality, a sample, its versions."""
    work = unit.current()
    found = datasets.seen(work, dataset_id)
    asked = request.args.get("version", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else None
    version = datasets.version(work.session, found.id, number)
    history = datasets.versions(work, found.id, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "data/dataset.html",
        dataset=found,
        version=version,
        told=drawing.told(version),
        removed_at=removals.removed(work.session, [version.id]).get(version.id),
        hold=removals.held(work.session, [found.id]).get(found.id),
        holds=removals.may_hold(work),
        reason_max=removals.REASON_MAX,
        changes=_changes(work, version),
        history=history.items,
        next=history.next,
        own=found.owner_id == work.actor.organisation,
        names=shown.names(work, [found.owner_id]),
    )


@blueprint.post("/data/<dataset_id>/hold")
@doors.members("write")
def hold(dataset_id: str) -> Any:
    """Keep its rows until it is released."""
    removals.hold(unit.current(), dataset_id, forms.text("reason", max=removals.REASON_MAX))
    return redirect(f"/data/{dataset_id}", 303)


@blueprint.post("/data/<dataset_id>/release")
@doors.members("write")
def release(dataset_id: str) -> Any:
    """Let the rules hold for it again."""
    removals.lift(unit.current(), dataset_id)
    return redirect(f"/data/{dataset_id}", 303)


def _upload(found: Upload) -> dict[str, Any]:
    return {**door.row(found), "stage": drawing.stage(found.stage)}


def _changes(work: Work, version: DatasetVersion) -> list[dict[str, Any]]:
    if version.number == 1:
        return []
    before = datasets.version(work.session, version.dataset_id, version.number - 1)
    return [
        {
            "column": each.column,
            "before": drawing.kind_of(each.before) if each.before else None,
            "after": drawing.kind_of(each.after) if each.after else None,
        }
        for each in datasets.changes(before, version)
    ]
