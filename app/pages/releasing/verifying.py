"""Proofs of one's own lines, and the page where anybody verifies one; nothing of it is kept."""

import json
from contextlib import closing
from typing import Any

from flask import Blueprint, Response, render_template, request

from app import doors, unit
from app.api.assets.evidence_packs import bringing
from app.pages import shown
from app.pages.face.leagues import label
from databourse_client import inclusion
from kernel.actor import NOBODY
from kernel.errors import Invalid, NotFound
from kernel.work import Work
from marketplace.releasing import proofs, releases

blueprint = Blueprint("proofs", __name__)

_AROUND = 4_096
"""What a form adds to the file."""


@blueprint.get("/releases/<release_id>/proofs")
@doors.members("read")
def own(release_id: str) -> Any:
    """Show a merchant its own lines in a release; with ?file=json the proofs, to be kept."""
    work = unit.current()
    found = releases.seen(work, release_id)
    proven = proofs.own(work, release_id, after=shown.after(), limit=proofs.LINES_MAX)
    if shown.asked("file", max=4) == "json":
        text = json.dumps(proven.told, ensure_ascii=False)
        answer = Response(text, content_type="application/json; charset=utf-8")
        name = f"proofs-{found.period}-{found.id}.json"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    return render_template(
        "releasing/proofs.html",
        release=found,
        title=label(found.span),
        lines=proven.lines,
        told=proven.told,
        next=proven.next,
        after=shown.after() or "",
    )


@blueprint.get("/releases/verify")
@doors.public
def bring() -> str:
    """Ask for the proofs that are to be verified."""
    return render_template("releasing/verify.html", told=None)


@blueprint.post("/releases/verify")
@bringing(inclusion.FILE_MAX + _AROUND)
def verify() -> str:
    """Verify proofs that somebody brings, by the same file that anybody may download."""
    brought = request.files.get("file")
    if brought is None or not brought.filename:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    with closing(brought):
        content = brought.read(inclusion.FILE_MAX + 1)
    told = unit.reading(NOBODY, lambda work: _verdict(work, content))
    return render_template("releasing/verify.html", told=told)


def _verdict(work: Work, content: bytes) -> dict[str, Any]:
    try:
        given = json.loads(content)
        found = releases.seen(work, str(given["release"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"ok": False, "why": "no proof can be read in this file", "release": None}
    except NotFound:
        return {"ok": False, "why": "this exchange has published no such release", "release": None}
    head = {"release": found.id, "period": label(found.span), "state": found.state}
    try:
        lines = inclusion.check_all(given, found.told["tree"])
    except inclusion.NotIncluded as error:
        return {**head, "ok": False, "why": str(error)}
    amount = sum(one.amount for one in lines)
    return {**head, "ok": True, "lines": lines, "fen": amount, "of": found.told["tree"]["total"]}
