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
from delivery.intake import uploads
from delivery.locations import locations
from delivery.packages import packages
from delivery.passing import reviews as egress_reviews
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
from marketplace.aftercare import bad_reviews, complaints
from marketplace.aftercare import destructions as data_destructions
from marketplace.aftercare import disputes as trade_disputes
from marketplace.agency import mandates
from marketplace.auctions import lots
from marketplace.bargaining import quotations
from marketplace.boarding import requests as board_requests
from marketplace.cancelling import cancellations
from marketplace.demands import answers as demand_answers
from marketplace.demands import demands
from marketplace.demands import supply as supply_requests
from marketplace.frameworks import frameworks
from marketplace.instalments import schedules
from marketplace.integrity import flags
from marketplace.peers import stats as exchange_stats
from marketplace.releasing import releases
from marketplace.renewing import renewals
from marketplace.shelving import amendments
from marketplace.trying import offers as trial_offers
from marketplace.trying import trials
from settlement import accounts, batches, payments, payouts
from settlement.assets import cards, changes
from settlement.assets import disclosures as asset_disclosures
from settlement.bank import clearings, outgoing, virtual_accounts
from settlement.deals import deals
from settlement.dividing import fee_rules, hold_list, revenue_rules
from settlement.fees import fee_notes
from settlement.holding import holds
from settlement.metering import bills, meters
from settlement.papers import invoices, party_statements
from settlement.rails import attempts
from settlement.reconciling import breaks
from settlement.refunding import adjustments, disputes, refunds
from settlement.vouchers import batches as voucher_batches
from settlement.vouchers import vouchers

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
    amendments,
    board_requests,
    orders,
    mandates,
    trade_disputes,
    complaints,
    bad_reviews,
    data_destructions,
    quotations,
    cancellations,
    trial_offers,
    trials,
    renewals,
    schedules,
    frameworks,
    demands,
    demand_answers,
    supply_requests,
    lots,
    contracts,
    flags,
    releases,
    tasks,
    egress_reviews,
    uploads,
    locations,
    packages,
    payments,
    attempts,
    batches,
    accounts,
    payouts,
    refunds,
    disputes,
    adjustments,
    holds,
    hold_list,
    fee_rules,
    revenue_rules,
    fee_notes,
    meters,
    bills,
    clearings,
    outgoing,
    virtual_accounts,
    deals,
    voucher_batches,
    vouchers,
    breaks,
    party_statements,
    invoices,
    cards,
    changes,
    asset_disclosures,
    exchange_stats,
)

LIVES = {module.LIFE.name: module for module in NOUNS}
"""Name of the life cycle → the module of its noun: LIFE, find, seen, take."""
