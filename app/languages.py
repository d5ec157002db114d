"""Which of the two languages a caller reads: asked by ?lang=, a cookie, or the browser."""

from flask import current_app, has_request_context, request

from kernel.words import Language, Words

COOKIE = "databourse_lang"
CHOICES: tuple[Language, ...] = ("zh", "en")


def current() -> Language:
    """Return "zh" or "en"."""
    if not has_request_context():
        return "zh"
    asked = (
        request.args.get("lang"),
        request.cookies.get(COOKIE),
        request.accept_languages.best_match(CHOICES),
    )
    found = [choice for wish in asked for choice in CHOICES if choice == wish]
    default: Language = current_app.house.settings.language  # type: ignore[attr-defined]  # ours
    return found[0] if found else default


def said(words: Words) -> str:
    """Say `words` in the caller's language."""
    return words.said(current())
