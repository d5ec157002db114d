"""The JSON API: one module a noun, named like the noun's own module."""

from flask import Flask
from flask_smorest import Api

from app.api import demonstration as clock_door
from app.api import health
from app.api.aftercare import complaints, data_destructions, ratings, trade_disputes
from app.api.agency import mandates
from app.api.assets import (
    asset_cards,
    asset_changes,
    asset_disclosures,
    asset_valuations,
    evidence_packs,
)
from app.api.buying import procurement_packs, renewals, trials
from app.api.catalogue import (
    cascade,
    directories,
    directory_versions,
    error_reports,
    master_items,
    objections,
    registrations,
    regrades,
    resources,
    sharing,
    source_claims,
    source_conflicts,
    systems,
)
from app.api.delivery import (
    datasets,
    deliveries,
    egress_reviews,
    interfaces,
    locations,
    packages,
    recipient_credentials,
    recipient_keys,
    samples,
    uploads,
    uses,
)
from app.api.dividing import fee_notes, fee_rules, hold_list, revenue_rules
from app.api.integrity import exclusions, integrity_flags
from app.api.licensing import (
    agreements,
    appeals,
    assessments,
    authorisations,
    certificates,
    challenges,
    commitments,
    credentials,
    decisions,
    experts,
    operations,
    opinions,
    plans,
    publicity_objections,
    register,
    scenario_sections,
    scenarios,
)
from app.api.marketplace import (
    amendments,
    board_requests,
    boards,
    cancellations,
    centres,
    demands,
    frameworks,
    listing_files,
    lots,
    materials,
    orders,
    product_drafts,
    products,
    quotations,
    rankings,
    search,
    supply_requests,
    webhook_endpoints,
)
from app.api.papers import invoices, receipts
from app.api.parties import admissions, bank_checks, organisations, roles, sessions, ties
from app.api.pricing import fee_periods
from app.api.rails import provider_commands, provider_notices
from app.api.refunding import adjustments, disputes, holds, refunds
from app.api.releasing import volume_releases
from app.api.review import assignments, changes, sheet_drafts
from app.api.settlement import (
    attempts,
    bank_accounts,
    bank_statements,
    bills,
    clearings,
    deals,
    ledger,
    outgoing_files,
    party_statements,
    payments,
    payouts,
    reconciliations,
    settlements,
    usage,
    virtual_accounts,
    vouchers,
    wallets,
    webhooks,
)
from app.api.standing import destructions, idle_notices, impacts, reviews
from app.api.statistics import exchange_stats, ranked_buyers
from app.api.supervision import clocks, violations

NOUNS = (
    sessions,
    organisations,
    admissions,
    roles,
    bank_checks,
    ties,
    directories,
    directory_versions,
    systems,
    resources,
    registrations,
    objections,
    regrades,
    sharing,
    master_items,
    source_claims,
    source_conflicts,
    error_reports,
    plans,
    operations,
    agreements,
    scenarios,
    scenario_sections,
    changes,
    assignments,
    commitments,
    opinions,
    experts,
    assessments,
    sheet_drafts,
    challenges,
    publicity_objections,
    appeals,
    authorisations,
    impacts,
    destructions,
    reviews,
    idle_notices,
    certificates,
    credentials,
    register,
    decisions,
    fee_periods,
    cascade,
    clocks,
    violations,
    samples,
    uploads,
    locations,
    datasets,
    packages,
    recipient_credentials,
    recipient_keys,
    board_requests,
    supply_requests,
    boards,
    search,
    demands,
    mandates,
    trade_disputes,
    complaints,
    data_destructions,
    ratings,
    products,
    product_drafts,
    materials,
    amendments,
    listing_files,
    orders,
    frameworks,
    cancellations,
    quotations,
    lots,
    centres,
    rankings,
    exclusions,
    volume_releases,
    integrity_flags,
    deliveries,
    egress_reviews,
    uses,
    payments,
    attempts,
    webhooks,
    webhook_endpoints,
    provider_commands,
    provider_notices,
    bank_statements,
    clearings,
    deals,
    outgoing_files,
    virtual_accounts,
    settlements,
    bank_accounts,
    payouts,
    refunds,
    disputes,
    holds,
    adjustments,
    fee_rules,
    fee_notes,
    revenue_rules,
    hold_list,
    vouchers,
    reconciliations,
    usage,
    wallets,
    bills,
    ledger,
    party_statements,
    invoices,
    receipts,
    asset_cards,
    asset_changes,
    asset_disclosures,
    asset_valuations,
    evidence_packs,
    procurement_packs,
    trials,
    renewals,
    exchange_stats,
    ranked_buyers,
)


BESIDE = (
    credentials.lists,
    search.saved_blueprint,
    demands.answer_blueprint,
    ratings.review_blueprint,
    credentials.known,
    vouchers.batch_blueprint,
    reconciliations.break_blueprint,
    reconciliations.day_blueprint,
    party_statements.paper_blueprint,
    invoices.receipt_blueprint,
    trials.offer_blueprint,
)
"""Doors of a second noun in the module of a first."""


def init_app(app: Flask, api: Api, *, demonstration: bool) -> None:
    """Open every door; the adjustable clock's only in a demonstration."""
    app.register_blueprint(health.blueprint)
    api.register_blueprint(health.described)
    for module in NOUNS:
        api.register_blueprint(module.blueprint)
    for opened in BESIDE:
        api.register_blueprint(opened)
    # Each order line's interface has a document of its own, and stands not in ours.
    app.register_blueprint(interfaces.blueprint)
    if demonstration:
        api.register_blueprint(clock_door.blueprint)
