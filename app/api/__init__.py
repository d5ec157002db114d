"""The JSON API: one module a noun, named like the noun's own module."""

from flask import Flask
from flask_smorest import Api

from app.api import (
    agreements,
    assessments,
    authorisations,
    bank_accounts,
    bank_statements,
    boards,
    certificates,
    decisions,
    deliveries,
    directories,
    directory_versions,
    experts,
    health,
    ledger,
    opinions,
    orders,
    organisations,
    payments,
    payouts,
    products,
    rankings,
    registrations,
    resources,
    samples,
    scenarios,
    sessions,
    settlements,
    systems,
)
from app.api import demonstration as clock_door

NOUNS = (
    sessions,
    organisations,
    directories,
    directory_versions,
    systems,
    resources,
    registrations,
    agreements,
    scenarios,
    opinions,
    experts,
    assessments,
    authorisations,
    certificates,
    decisions,
    samples,
    boards,
    products,
    orders,
    rankings,
    deliveries,
    payments,
    bank_statements,
    settlements,
    bank_accounts,
    payouts,
    ledger,
)


def init_app(app: Flask, api: Api, *, demonstration: bool) -> None:
    """Open every door; the adjustable clock's only in a demonstration."""
    app.register_blueprint(health.blueprint)
    api.register_blueprint(health.described)
    for module in NOUNS:
        api.register_blueprint(module.blueprint)
    if demonstration:
        api.register_blueprint(clock_door.blueprint)
