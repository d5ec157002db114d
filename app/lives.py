"""Every life cycle there is: one register for the timetable, the pages, the drawings, the tests."""

from types import ModuleType

from catalogue import (
    cascade,
    conflicts,
    directories,
    error_reports,
    objections,
    registrations,
    regrades,
    resources,
    sharing,
    sources,
)
from delivery import tasks
from kernel.parties import bank_checks, organisations, roles
from licensing import (
    agreements,
    assessments,
    authorisations,
    consents,
    operations,
    plans,
    scenarios,
)
from licensing.applications import commitments
from licensing.assessing import experts
from licensing.deciding import breakers
from licensing.pleading import appeals, challenges, publicity_objections
from licensing.pricing import periods
from licensing.standing import destructions
from licensing.supervision import violations
from licensing.upkeep import idleness, reviews
from marketplace import contracts, orders, products
from settlement import accounts, batches, payments, payouts

NOUNS: tuple[ModuleType, ...] = (
    organisations,
    roles,
    bank_checks,
    directories,
    cascade,
    resources,
    registrations,
    objections,
    regrades,
    sharing,
    sources,
    conflicts,
    error_reports,
    plans,
    operations,
    agreements,
    scenarios,
    commitments,
    consents,
    experts,
    assessments,
    challenges,
    publicity_objections,
    appeals,
    authorisations,
    destructions,
    reviews,
    idleness,
    breakers,
    periods,
    violations,
    products,
    orders,
    contracts,
    tasks,
    payments,
    batches,
    accounts,
    payouts,
)

LIVES = {module.LIFE.name: module for module in NOUNS}
"""Name of the life cycle → the module of its noun: LIFE, find, seen, take."""
