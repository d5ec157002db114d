"""HTML for people: one module an audience."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages."""
