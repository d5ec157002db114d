"""What the doors of the trade find when they open: made by the builders, and committed."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from app.unit import Exchange


def set_up(application: Flask, build: Callable[[Session], Any]) -> SimpleNamespace:
    """Build something in the application's database; return its id and code."""
    assert isinstance(application, Exchange)
    with application.house.engines.writing() as session:
        made = build(session)
        told = SimpleNamespace(id=made.id, code=made.code)
        session.commit()
    return told
