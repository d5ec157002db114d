"""Evidence (证据) on a page: what a form brings, what is listed, and a file to be looked at."""

from typing import Any
from urllib.parse import quote

from flask import Response, current_app, request

from app.pages import forms, shown
from kernel.work import Work
from marketplace.aftercare import papers
from marketplace.aftercare.papers import SAID_MAX, Opened


def given() -> dict[str, Any]:
    """Return what a form of evidence sends: words, and a file if one was chosen."""
    file = request.files.get("file")
    content = file.read() if file else b""
    name = (file.filename or "file") if file and content else ""
    return {"said": forms.text("said", max=SAID_MAX), "name": name, "content": content or None}


def listed(work: Work, subject_id: str) -> list[dict[str, Any]]:
    """Return the evidence of a subject, with who showed it. Two SELECTs."""
    found = papers.of(work.session, subject_id)
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


def handed(found: Opened) -> Response:
    """Answer with a file of evidence, offered for saving: it is never shown as a page of ours."""
    response: Response = current_app.response_class(found.content, content_type=found.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response.headers["Cache-Control"] = "no-store"
    return response
