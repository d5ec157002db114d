"""Evidence (证据) on a page: what a form brings, what is listed, and a file to be looked at."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, redirect, request

from app import doors, unit
from app.pages import forms, shown
from kernel.work import Work
from marketplace.aftercare import papers
from marketplace.aftercare.papers import SAID_MAX, Opened, Piece


def mount(
    blueprint: Blueprint,
    path: str,
    show: Callable[..., Piece],
    opened: Callable[[Work, str, str], Opened],
) -> None:
    """Add the two doors of the evidence of a subject at `path`: to show a piece, to look at it.

    show: takes the work, the subject's id and what `given` returns. opened: takes the work and
    the ids of the subject and of the piece; that it was read is recorded.
    """

    def bring(subject_id: str) -> Any:
        show(unit.current(), subject_id, **given())
        return redirect(f"/{path}/{subject_id}", 303)

    def hand_out(subject_id: str, piece_id: str) -> Any:
        def read(work: Work) -> Opened:
            return opened(work, subject_id, piece_id)

        return _handed(unit.writing(unit.admitted("read"), read))

    here = f"/{path}/<subject_id>/evidence"
    blueprint.post(here, endpoint="show")(doors.members("write")(bring))
    # Alone: an answer that is kept for its form's key would be a copy outside the seal.
    alone = doors.members("read", alone=True)(hand_out)
    blueprint.post(f"{here}/<piece_id>", endpoint="evidence")(alone)


def given() -> dict[str, Any]:
    """Return what a form of evidence sends: words, and a file if one was chosen."""
    file = request.files.get("file")
    content = file.read() if file else b""
    name = (file.filename or "file") if file and content else ""
    return {"said": forms.text("said", max=SAID_MAX), "name": name, "content": content or None}


def listed(work: Work, subject_id: str) -> list[dict[str, Any]]:
    """Return the evidence of a subject, with who showed it. Two SELECTs."""
    return drawn(work, papers.of(work.session, subject_id))


def drawn(work: Work, found: list[Piece]) -> list[dict[str, Any]]:
    """Return pieces of evidence as a page shows them. One SELECT."""
    firms = shown.names(work, [each.organisation_id for each in found])
    return [
        {
            "id": each.id,
            "who": firms.get(each.organisation_id, ""),
            "said": each.said,
            "name": each.name,
            "has_file": each.media_type is not None,
            "digest": each.digest,
            "at": each.filed_at,
        }
        for each in found
    ]


def _handed(found: Opened) -> Response:
    """Answer with a file of evidence, offered for saving: it is never shown as a page of ours."""
    response: Response = current_app.response_class(found.content, content_type=found.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response.headers["Cache-Control"] = "no-store"
    return response
