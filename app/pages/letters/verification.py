"""The page that verifies (存证核验): by a certificate's number or hash, or by a credential."""

import re
from typing import Any, Final

from flask import Blueprint, render_template, request

from app import doors, unit
from app.api.licensing import credentials
from app.pages import shown
from kernel.actor import NOBODY
from kernel.errors import NotFound
from kernel.work import Work
from licensing import certificates
from licensing.certificates import Certificate
from licensing.papers.checks import Check
from licensing.papers.tokens import SIZE_MAX

blueprint = Blueprint("verification", __name__)

_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")
"""As SM3 and SHA-256 are written."""


@blueprint.get("/verify")
@doors.public
def by_number() -> Any:
    """Check a certificate by its number, or by the hash of its content: every check is told.

    A hash of an earlier version leads to the certificate in force, and that is said.
    """
    number = shown.asked("number")
    if number is None:
        return _page()
    work = unit.current()
    hashed = certificates.of_digest(work.session, number) if _HASH.fullmatch(number) else None
    try:
        found = certificates.current(work.session, hashed.cert_no if hashed else number)
    except NotFound:
        return _page(number=number, unknown=True)
    return _page(
        number=number,
        told=certificates.checked(work, found),
        found=found,
        earlier=hashed.version if hashed and hashed.version != found.version else None,
    )


@blueprint.post("/verify")
@doors.alone
def by_credential() -> Any:
    """Check a credential that was pasted, or sent as a file. Nothing of it is kept."""
    sent = request.files.get("file")
    given = request.form.get("credential", "").strip()
    if sent is not None and sent.filename:
        given = sent.stream.read(SIZE_MAX + 1).decode("utf-8", "replace").strip()
    if not given:
        return _page(empty=True), 422
    return unit.reading(NOBODY, lambda work: _examined(work, given))


def _examined(work: Work, given: str) -> str:
    told, found = certificates.examined(work, given)
    return _page(told=told, found=found, given=given if len(given) <= SIZE_MAX else "")


def _page(*, told: list[Check] | None = None, found: Certificate | None = None, **more: Any) -> str:
    genuine = told is not None and all(one.ok for one in told if one.name != "standing")
    return render_template(
        "letters/verify.html",
        told=credentials.shown(told) if told is not None else None,
        holds=told is not None and all(one.ok for one in told),
        genuine=genuine,
        found=found,
        **{"number": "", "given": "", "unknown": False, "empty": False, "earlier": None, **more},
    )
