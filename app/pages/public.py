"""Pages for everybody: what a problem means."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, redirect, render_template
from werkzeug.exceptions import NotFound

from app import doors
from kernel.errors import DomainError

blueprint = Blueprint("public", __name__)


@blueprint.get("/problems/<code>")
@doors.public
def problem(code: str) -> Any:
    """Explain an error by the name under which every answer reports it."""
    named = {error.code: error for error in errors() if hasattr(error, "code")}
    if code not in named:
        raise NotFound
    return render_template("public/problem_code.html", code=code, error=named[code])


@blueprint.get("/problems/")
@doors.public
def problems() -> Any:
    """Lead from the bare address to the front page."""
    return redirect("/", 303)


def errors(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Return every error that an answer can report."""
    for error in root.__subclasses__():
        yield error
        yield from errors(error)
