"""A form that was refused comes again on its page, as it was filled, with what is wrong on top."""

from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Response, current_app, g, render_template, request
from markupsafe import Markup, escape

from app import unit
from app.pages.refused import refill
from app.pages.refused.refill import Form

PAGE: Final = "form_page"
"""The hidden field in which a form that came again tells on which page it stands."""

_MENDED: Final = frozenset({409, 412, 422})
"""What the reader of a form can do something about: what else is refused has a page of its own."""

_DROPPED: Final = ("CONTENT_TYPE", "HTTP_IDEMPOTENCY_KEY", "HTTP_REFERER", "HTTP_RANGE")


def init_app(app: Flask) -> None:
    """Look at every answer to a form: a problem is shown where the form was filled in."""
    app.after_request(_told_there)


def _told_there(response: Response) -> Response:
    problem = g.get("problem")
    # The form is looked at last: one that was too large to be taken can't be read.
    if not problem or response.status_code not in _MENDED or (page := _page()) is None:
        return response
    found = _shown(page)
    if found is None:
        return response
    sent = request.form.to_dict(flat=False)
    form = refill.sent_by(found, urlsplit(page).path, request.path, sent)
    if form is not None:
        response.set_data(_written(form, page, problem, sent))
    return response


def _page() -> str | None:
    """Return the address of the page that the form stood on: its own word, or the browser's."""
    if request.method != "POST" or request.mimetype not in unit.FORMS:
        return None
    if "HX-Request" in request.headers:
        return None
    told = urlsplit(request.form.get(PAGE) or request.referrer or "")
    if told.netloc not in {"", request.host} or not told.path.startswith("/"):
        return None
    return f"{told.path}?{told.query}" if told.query else told.path


def _shown(address: str) -> str | None:
    """Return a page as its reader would see it now; None for what is not shown to it."""
    path, _, query = address.partition("?")
    environ = {
        **{key: value for key, value in request.environ.items() if key not in _DROPPED
           and not key.startswith(("werkzeug.", "flask."))},
        "REQUEST_METHOD": "GET",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": query,
        "CONTENT_LENGTH": "0", "wsgi.input": BytesIO(), "HTTP_X_REQUEST_ID": g.request_id,
    }  # fmt: skip
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy
    with app.app_context(), app.request_context(environ):
        answer: Response = app.full_dispatch_request()
        with answer:  # a file, say, is let go of
            whole = answer.status_code == 200 and not answer.is_streamed
            page = whole and answer.mimetype == "text/html"
            return answer.get_data(as_text=True) if page else None


def _written(form: Form, page: str, problem: dict[str, Any], sent: refill.Sent) -> str:
    errors, wrong = [], []
    for error in problem.get("errors", ()):
        field = form.named(error["pointer"])
        wrong += [field] if field else []
        errors.append({
            "label": form.label(field) if field else None,
            "target": field.own.get("id") if field else None,
            "detail": error["detail"],
        })  # fmt: skip
    chose = any(one.filename for one in request.files.values())
    told = render_template("partials/refused.html", problem=problem, errors=errors, chose=chose)
    kept = Markup('<input type="hidden" name="{}" value="{}">').format(PAGE, page)
    edits = refill.filled(form, sent, wrong)
    edits.append((form.head.end, form.head.end, kept))
    for mark, text in (('<main id="main" tabindex="-1">', told),
                       ("<title>", escape(f"{problem['title']} · "))):  # fmt: skip
        at = form.page.find(mark) + len(mark)
        edits += [(at, at, text)] if at >= len(mark) else []
    return refill.edited(form.page, edits)
