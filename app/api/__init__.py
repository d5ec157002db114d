"""The JSON API: one module a noun, named like the noun's own module."""

from flask import Flask
from flask_smorest import Api

from app.api import demonstration as clock_door
from app.api import health
from app.api.catalogue import directories, directory_versions, registrations, resources, systems
from app.api.delivery import deliveries, samples
from app.api.licensing import (
    agreements,
    assessments,
    authorisations,
    certificates,
    decisions,
    experts,
    opinions,
    scenarios,
)
from app.api.marketplace import boards, orders, products, rankings
from app.api.parties import organisations, sessions
from app.api.settlement import (
    bank_accounts,
    bank_statements,
    ledger,
    payments,
    payouts,
    settlements,
)

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
