"""The JSON API: one module a noun, named like the noun's own module."""

from flask import Flask
from flask_smorest import Api

from app.api import demonstration as clock_door
from app.api import health, organisations, sessions

NOUNS = (sessions, organisations)


def init_app(app: Flask, api: Api, *, demonstration: bool) -> None:
    """Open every door; the adjustable clock's only in a demonstration."""
    app.register_blueprint(health.blueprint)
    for module in NOUNS:
        api.register_blueprint(module.blueprint)
    if demonstration:
        api.register_blueprint(clock_door.blueprint)
