"""HTML for people: one module an audience; server-rendered, and whole without JavaScript.

Pages show dicts, not rows, and every button comes from a life cycle's offers.
"""

from flask import Flask

from app.pages import (
    account,
    chrome,
    department,
    desk,
    enterprise,
    exchange,
    market,
    panel,
    public,
    regulator,
    trade,
)

AUDIENCES = (
    account,
    public,
    market,
    desk,
    department,
    enterprise,
    regulator,
    panel,
    trade,
    exchange,
)


def init_app(app: Flask) -> None:
    """Register the pages and what every template may call."""
    chrome.init_app(app)
    for module in AUDIENCES:
        app.register_blueprint(module.blueprint)
