"""Which of the two languages a caller reads: asked by ?lang=, a cookie, or the browser."""

from flask import current_app, has_request_context, request

from kernel.words import Words

COOKIE = "databourse_lang"
CHOICES = ("zh", "en")


def current() -> str:
    """Return "zh" or "en"."""
    if not has_request_context():
        return "zh"
    for asked in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if asked in CHOICES:
            return str(asked)
    preferred = request.accept_languages.best_match(CHOICES)
    default: str = current_app.house.settings.language  # type: ignore[attr-defined]  # our subclass
    return preferred or default


def said(words: Words) -> str:
    """Say `words` in the caller's language."""
    return words.said(current())
