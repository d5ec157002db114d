"""Every life cycle there is: one register for the timetable, the pages, the drawings, the tests."""

from types import ModuleType

from catalogue import directories, registrations, resources
from delivery import tasks
from kernel.parties import organisations
from licensing import agreements, assessments, authorisations, consents, scenarios
from licensing.assessing import experts
from marketplace import contracts, orders, products
from settlement import accounts, batches, payments, payouts

NOUNS: tuple[ModuleType, ...] = (
    organisations,
    directories,
    resources,
    registrations,
    agreements,
    scenarios,
    consents,
    experts,
    assessments,
    authorisations,
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
