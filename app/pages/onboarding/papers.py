"""The documents of an organisation: one is sent by a form, and read on record."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request

from app import doors, unit
from app.pages import account, forms
from kernel.errors import Invalid
from kernel.parties import documents

blueprint = Blueprint("papers", __name__)


@blueprint.post("/organisations/<organisation_id>/documents")
@doors.members("write")
def file(organisation_id: str) -> Any:
    """File a document; it is sealed and kept."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    documents.file(
        unit.current(),
        organisation_id,
        doc_type=forms.text("doc_type", max=60),
        name=sent.filename[:200],
        content=sent.read(),
        valid_to=forms.day("valid_to") if forms.text("valid_to", max=10) else None,
    )
    return account.back()


# Alone: an answer that is kept for its form's key would be a copy outside the seal.
@blueprint.post("/organisations/<organisation_id>/documents/<document_id>/readings")
@doors.members("read", alone=True)
def read(organisation_id: str, document_id: str) -> Response:
    """Hand a document out as a file; that it was read is recorded."""
    actor = unit.admitted("read")
    found = unit.writing(actor, lambda work: documents.read(work, organisation_id, document_id))
    response: Response = current_app.response_class(found.content, content_type=found.media_type)
    named = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response.headers["Content-Disposition"] = named
    response.headers["Cache-Control"] = "no-store"
    return response
