"""A town in which something of almost everything has happened, and its people's tokens."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import demonstration
from app.unit import Exchange
from delivery import domain, tasks
from kernel.db import Base
from kernel.parties import bank_checks, checks, credentials, organisations
from kernel.work import Work
from licensing import disclosure
from settlement import payments
from settlement.bank import outgoing
from settlement.escrow import Payable
from settlement.papers import invoices, party_statements, receipts
from settlement.papers.invoice_rooms import About
from settlement.papers.invoices import Kind, Wanted
from tests import cast
from tests.catalogue import shelf
from tests.conftest import NOON, work_of
from tests.delivery import parcels
from tests.licensing import desk, grants, hall
from tests.licensing.pricing import tolls
from tests.marketplace import make
from tests.settlement import money
from tests.settlement.assets import town as assets
from tests.settlement.deals import test_deals

RELEASED = (
    '{"disclosure":{"dominant_bp":8500,"organisations_min":3,"places_max":100},"figures":{},'
    '"leagues":[],"names":{"boards":{},"merchants":{},"products":{}},"tree":null}'
)
"""What a release says in which nothing was traded, as far as pages read it."""

NAMED = {
    ("agreements", "subject_id"): "supply_agreements.id",
    ("assessments", "subject_id"): "assessments.id",
    ("application-changes", "scenario_id"): "scenarios.id",
    ("assignments", "scenario_id"): "scenarios.id",
    ("authorisations", "subject_id"): "authorisations.id",
    ("appeals", "subject_id"): "appeals.id",
    ("authorisation-reviews", "subject_id"): "authorisation_reviews.id",
    ("bank_checks", "subject_id"): "bank_checks.id",
    ("cascade", "node_id"): "cascade_nodes.id",
    ("cascade", "subject_id"): "cascaded_directories.id",
    ("challenges", "scenario_id"): "assessments.scenario_id",
    ("challenges", "subject_id"): "challenges.id",
    ("clocks", "scenario_id"): "scenarios.id",
    ("commitments", "subject_id"): "commitments.id",
    ("credentials", "authorisation_id"): "authorisations.id",
    ("decisions", "decision_id"): "decisions.id",
    ("destructions", "subject_id"): "destructions.id",
    ("fee-periods", "period_id"): "fee_periods.id",
    ("fee-periods", "subject_id"): "fee_periods.id",
    ("idle-notices", "subject_id"): "idle_notices.id",
    ("impacts", "target"): "authorisations.id",
    ("publicity-objections", "subject_id"): "publicity_objections.id",
    ("roles", "subject_id"): "organisation_roles.id",
    ("scenario-sections", "subject_id"): "scenarios.id",
    ("ties", "organisation_id"): "organisations.id",
    ("ties", "tie_id"): "ties.id",
    ("violations", "subject_id"): "violations.id",
    ("refunds", "subject_id"): "refunds.id",
    ("disputes", "subject_id"): "chargebacks.id",
    ("data-destructions", "subject_id"): "data_destructions.id",
    ("data-destructions", "piece_id"): "aftercare_papers.id",
    ("mandates", "subject_id"): "mandates.id",
    ("mandates", "product_id"): "products.id",
    ("integrity-flags", "subject_id"): "integrity_flags.id",
    ("volume-releases", "subject_id"): "volume_releases.id",
    ("complaints", "subject_id"): "complaints.id",
    ("complaints", "piece_id"): "aftercare_papers.id",
    ("bad-reviews", "subject_id"): "bad_reviews.id",
    ("ratings", "rating_id"): "ratings.id",
    ("trade-disputes", "subject_id"): "trade_disputes.id",
    ("trade-disputes", "piece_id"): "aftercare_papers.id",
    ("holds", "subject_id"): "holds.id",
    ("hold-list", "subject_id"): "hold_list.id",
    ("adjustments", "subject_id"): "adjustments.id",
    ("fee-rules", "subject_id"): "fee_rules.id",
    ("fee-notes", "subject_id"): "fee_notes.id",
    ("revenue-rules", "subject_id"): "revenue_rules.id",
    ("violations", "violation_id"): "violations.id",
    ("bank-accounts", "subject_id"): "bank_accounts.id",
    ("bank-statements", "line_id"): "bank_lines.id",
    ("bank-statements", "subject_id"): "bank_statements.id",
    ("bills", "subject_id"): "bills.id",
    ("exchange-stats", "subject_id"): "exchange_stats.id",
    ("board-requests", "subject_id"): "board_requests.id",
    ("supply-requests", "subject_id"): "supply_requests.id",
    ("boards", "board_id"): "boards.id",
    ("clearings", "subject_id"): "clearings.id",
    ("datasets", "subject_id"): "datasets.id",
    ("uploads", "subject_id"): "uploads.id",
    ("data-locations", "subject_id"): "data_locations.id",
    ("deals", "paper_id"): "deal_papers.id",
    ("deals", "subject_id"): "direct_deals.id",
    ("outgoing-files", "subject_id"): "outgoing_files.id",
    ("virtual-accounts", "subject_id"): "virtual_accounts.id",
    ("boards", "product_id"): "products.id",
    ("amendments", "subject_id"): "amendments.id",
    ("listing-files", "file_id"): "listing_files.id",
    ("materials", "material_id"): "product_materials.id",
    ("materials", "product_id"): "products.id",
    ("materials", "right_id"): "right_records.id",
    ("product-drafts", "dataset_version_id"): "dataset_versions.id",
    ("certificates", "cert_no"): "authorisations.cert_no",
    ("deliveries", "subject_id"): "delivery_tasks.id",
    ("directories", "subject_id"): "directories.id",
    ("directory_versions", "subject_id"): "directory_versions.id",
    ("experts", "subject_id"): "experts.id",
    ("lots", "subject_id"): "auction_lots.id",
    ("quotations", "subject_id"): "quotations.id",
    ("cancellations", "subject_id"): "cancellations.id",
    ("frameworks", "subject_id"): "frameworks.id",
    ("demands", "subject_id"): "demands.id",
    ("demand-answers", "subject_id"): "demand_answers.id",
    ("saved-searches", "search_id"): "saved_searches.id",
    ("usage", "subject_id"): "meters.id",
    ("ledger", "account"): "bank_statements.account",
    ("ledger", "code"): "ledger_accounts.code",
    ("ledger", "order_id"): "orders.id",
    ("error_reports", "subject_id"): "error_reports.id",
    ("objections", "subject_id"): "registration_objections.id",
    ("opinions", "subject_id"): "opinions.id",
    ("operations", "subject_id"): "operation_agreements.id",
    ("orders", "subject_id"): "orders.id",
    ("organisations", "subject_id"): "organisations.id",
    ("payments", "subject_id"): "payments.id",
    ("payments", "payment_id"): "payments.id",
    ("attempts", "subject_id"): "payment_attempts.id",
    ("provider-commands", "command_id"): "provider_commands.id",
    ("payouts", "file_id"): "payout_files.id",
    ("payouts", "subject_id"): "payouts.id",
    ("plans", "subject_id"): "implementation_plans.id",
    ("procurement-packs", "order_id"): "orders.id",
    ("procurement-packs", "product_id"): "products.id",
    ("products", "subject_id"): "products.id",
    ("subscriptions", "subject_id"): "subscription_terms.id",
    ("trial-offers", "subject_id"): "trial_offers.id",
    ("trials", "subject_id"): "trials.id",
    ("register", "disclosure_id"): "disclosures.id",
    ("registrations", "code"): "registrations.code",
    ("registrations", "subject_id"): "registrations.id",
    ("regrades", "subject_id"): "regrades.id",
    ("resources", "subject_id"): "resources.id",
    ("scenarios", "subject_id"): "scenarios.id",
    ("sessions", "token_id"): "api_tokens.id",
    ("settlements", "subject_id"): "settlement_batches.id",
    ("sharing_consents", "subject_id"): "sharing_consents.id",
    ("sheet-drafts", "assessment_id"): "assessments.id",
    ("source_claims", "subject_id"): "source_claims.id",
    ("source_conflicts", "subject_id"): "source_conflicts.id",
    ("invoices", "invoice_id"): "invoices.id",
    ("invoices", "subject_id"): "invoices.id",
    ("receipts", "payment_id"): "receipts.payment_id",
    ("vouchers", "voucher_id"): "vouchers.id",
    ("vouchers", "subject_id"): "vouchers.id",
    ("vouchers", "order_id"): "orders.id",
    ("voucher-batches", "batch_id"): "voucher_batches.id",
    ("voucher-batches", "subject_id"): "voucher_batches.id",
    ("reconciliations", "run_id"): "reconciliation_runs.id",
    ("reconciliation-breaks", "break_id"): "reconciliation_breaks.id",
    ("reconciliation-breaks", "subject_id"): "reconciliation_breaks.id",
    ("closed-days", "closed_id"): "closed_days.id",
    ("party-statements", "statement_id"): "party_statements.id",
    ("party-statements", "subject_id"): "party_statements.id",
    ("money-papers", "paper_id"): "papers.id",
    ("asset-cards", "subject_id"): "asset_cards.id",
    ("asset-changes", "subject_id"): "asset_changes.id",
    ("asset-disclosures", "subject_id"): "asset_disclosures.id",
    ("asset-valuations", "valuation_id"): "asset_valuations.id",
    ("evidence-packs", "pack_id"): "evidence_packs.id",
    ("packages", "link_id"): "package_links.id",
    ("packages", "subject_id"): "packages.id",
    ("recipient-credentials", "credential_id"): "recipient_credentials.id",
    ("recipient-keys", "key_id"): "recipient_keys.id",
    ("egress-reviews", "subject_id"): "egress_reviews.id",
    ("uses", "task_id"): "delivery_tasks.id",
}
"""Where the records are that the parts of an address name: (tag, part) → column."""

SAID = {
    ("wallets", "buyer_id"): ["org_buyer"],
    ("admissions", "organisation_id"): ["org_developer"],
    ("impacts", "kind"): ["authorisation"],
    ("datasets", "number"): ["1"],
    ("scenario-sections", "number"): ["1"],
    ("uploads", "number"): ["1"],
    ("status-lists", "list_no"): ["1"],
    ("status-lists", "purpose"): ["revocation"],
}
"""What other parts of an address may be."""


@dataclass(frozen=True, slots=True)
class Town:
    """The served town. tokens: person → secret. records: (tag, part) → what is there."""

    application: Exchange
    tokens: dict[str, str]
    records: dict[tuple[str, str], list[str]]


def built(application: Exchange) -> Town:
    """Let everything happen, and give everybody of the cast a token."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOON)
        _live(session)
        session.commit()
        tokens = {person: _token(session, person) for person in cast.PEOPLE}
        records = {key: _column(session, column) for key, column in NAMED.items()}
        records |= SAID
        tokens["seated"] = _token(session, _seated(session, records))
        session.commit()
    return Town(application, tokens, records)


def _seated(session: Session, records: dict[tuple[str, str], list[str]]) -> str:
    """Return a person who sits on the first panel whose sheets may be drafted."""
    first = records["sheet-drafts", "assessment_id"][0]
    members = Base.metadata.tables["panel_members"]
    statement = select(members.c.person_id).where(
        members.c.assessment_id == first, members.c.left_round.is_(None)
    )
    return str(session.scalars(statement.limit(1)).one())


def _live(session: Session) -> None:
    scored = hall.scoring(session)
    hall.score(session, scored, 8000)
    _conclude(session)
    make.board(session)
    make.draft(session)
    make.placed(session)
    make.paid(session)
    make.accepted(session)
    _deliver(session)
    _settle(session)
    _papers(session)
    assets.everything(lambda person, at=NOON: work_of(session, person, at=at))
    _disclose(session)
    tolls.everything_capped(session)
    _fill(session)
    _bank_check(session)


def _bank_check(session: Session) -> None:
    merchant = organisations.find(session, "org_developer")
    bank_checks.request(
        work_of(session, "per_exchange_compliance"),
        merchant.id,
        account_name=merchant.name_zh,
        bank_name="演示银行",
        number="6222 0000 1111 2222",
    )
    session.flush()


def _conclude(session: Session) -> None:
    (code,) = _column(session, "directories.code")
    scenario = desk.applied(session, code, title="Another one")
    desk.walk(session, scenario, "submit", *desk.TO_PANEL)
    made = hall.plan(session, scenario)
    hall.go(session, made, *hall.TO_SCORING)
    hall.score(session, made, *hall.SCORES)
    hall.go(session, made, "tally", "conclude")


def _fill(session: Session) -> None:
    """Put one row where nothing has happened yet: who may read it is tested, not how it came."""
    aut, scn = _column(session, "authorisations.id")[0], _column(session, "scenarios.id")[0]
    case = {"scenario_id": scn, "agency_id": "org_agency"}
    right = {"authorisation_id": aut, "grantee_id": "org_developer",
             "implementing_agency_id": "org_agency"}  # fmt: skip
    applicant = {"applicant_id": "org_developer"}
    clean = dict.fromkeys(checks.FLAGS, False)
    filed = {"filed_for": "org_developer", "filed_by": "per_developer_editor"}
    node = {"organisation_id": "org_dept", "public_key": "ab" * 32, "region": "430100"}
    for table, facts in (
        ("appeals", {**case, **applicant, "state": "filed"}),
        ("publicity_objections", {**case, **filed, "state": "filed"}),
        ("challenges", {**case, "filed_by": "per_developer_editor", "state": "filed"}),
        ("commitments", {"scenario_id": scn, **applicant, "state": "promised",
                         "implementing_agency_id": "org_agency", "due_on": date(2026, 8, 1)}),
        ("destructions", {**right, "state": "due", "ended_as": "revoked"}),
        ("authorisation_reviews", {**right, "state": "open", "year": 2026, "figures": {}}),
        ("idle_notices", {**right, "state": "given"}),
        ("violations", {"owner": "org_agency", "state": "raised", "fault": "stage_overdue"}),
        ("error_reports", {"department_id": "org_dept", "state": "reported"}),
        ("registration_objections", {"department_id": "org_dept", "state": "raised"}),
        ("meters", {"buyer_id": "org_buyer", "seller_id": "org_developer", "state": "open",
                    "mode": "postpaid", "basis": "use", "order_id": "ord_town",
                    "tariff": {"shape": "flat", "unit_e6": 1, "per": 1, "free_quota": 0,
                               "minimum_fen": 0, "maximum_fen": None, "steps": [],
                               "share_bp": 0, "currency": "CNY"}}),
        ("bills", {"buyer_id": "org_buyer", "seller_id": "org_developer", "kind": "periodic",
                   "state": "seller_confirm", "basis": "use", "order_id": "ord_town",
                   "amount_currency": "CNY"}),
        ("quotations", {"buyer_id": "org_buyer", "seller_id": "org_developer",
                        "state": "asked", "amount_currency": "CNY"}),
        ("frameworks", {"buyer_id": "org_buyer", "seller_id": "org_developer",
                        "state": "to_sign", "ceiling_currency": "CNY", "ceiling_minor": 100,
                        "used_currency": "CNY", "used_minor": 0}),
        ("subscription_terms", {"buyer_id": "org_buyer", "seller_id": "org_developer",
                                "state": "running", "renewal": "ask", "paused_on": None,
                                "next_order_id": None, "look_on": date(2027, 1, 1)}),
        ("trial_offers", {"seller_id": "org_developer", "state": "withdrawn"}),
        ("trials", {"buyer_id": "org_buyer", "seller_id": "org_developer", "state": "ended"}),
        ("cancellations", {"asks_id": "org_buyer", "answers_id": "org_developer",
                           "state": "asked"}),
        ("demands", {"buyer_id": "org_buyer", "state": "selecting", "items": [], "regions": [],
                     "visibility": "public", "update_frequency": "daily"}),
        ("demand_answers", {"merchant_id": "org_developer",
                            "state": "submitted", "quote_currency": "CNY"}),
        ("trade_disputes", {"buyer_id": "org_buyer", "seller_id": "org_developer",
                            "state": "filed", "remedy": None, "line_ids": [],
                            "awarded_minor": 0, "wanted": "refund", "ground": "quality",
                            "order_was": "accepted"}),
        ("mandates", {"principal_id": "org_developer", "agent_id": "org_other",
                      "state": "to_sign", "product_ids": [], "industries": ["A"],
                      "powers": ["list"]}),
        ("complaints", {"complainant_id": "org_buyer", "respondent_id": "org_developer",
                        "state": "filed", "about": "platform", "category": "other",
                        "office": "exchange_operator", "finding": None, "level": None}),
        ("integrity_flags", {"merchant_id": "org_developer", "buyer_id": "org_buyer", "rule": "S1",
                             "state": "open", "score_bp": 9000, "evidence": {}, "reason": None,
                             "decided_by": None, "decided_at": None}),
        ("volume_releases", {"period": "M2026-06", "state": "published", "document": RELEASED,
                             "total_fen": 0, "tb_total_fen": 0, "aside_fen": 0, "tb_aside_fen": 0,
                             "leaves": 0, "root": None, "reason": None, "restates_id": None,
                             "since": date(2026, 6, 1), "until": date(2026, 6, 30),
                             "provisional": False, "watermark": 0,
                             "prepared_by": "per_exchange_settler", "checked_at": NOON,
                             "published_at": NOON,
                             "checked_by": "per_exchange_approver",
                             "published_by": "per_exchange_approver"}),
        ("ratings", {"merchant_id": "org_developer", "buyer_id": "org_buyer",
                     "anonymous": False}),
        ("bad_reviews", {"merchant_id": "org_developer", "buyer_id": "org_buyer",
                         "state": "received"}),
        ("data_destructions", {"buyer_id": "org_buyer", "seller_id": "org_developer",
                               "state": "due", "cause": "period_over", "sampled": False}),
        ("aftercare_papers", {"digest": "0" * 64, "organisation_id": "org_buyer"}),
        ("saved_searches", {"person_id": "per_buyer_editor", "chosen": {}, "kind": None}),
        ("auction_lots", {"seller_id": "org_developer", "state": "scheduled",
                          "form": "sealed", "closes_at": datetime(2026, 12, 1, tzinfo=UTC),
                          "reserve_currency": "CNY", "step_currency": "CNY",
                          "deposit_currency": "CNY"}),
        ("regrades", {"department_id": "org_dept", "state": "proposed", "changes": []}),
        ("sharing_consents", {"department_id": "org_dept", "provider_id": "org_hub",
                              "state": "asked"}),
        ("admissions", {"organisation_id": "org_developer", "merchant_capabilities": [],
                        "org_kind": "enterprise", "tax_kind": "general_vat",
                        "credit_declared": clean}),
        ("master_items", {}),
        ("source_claims", {"department_id": "org_dept", "state": "claimed"}),
        ("source_claims", {"department_id": "org_dept", "state": "contested",
                           "id": "sou_rival", "item_code": "y"}),
        ("source_conflicts", {"state": "open", "standing_department_id": "org_dept",
                              "standing_claim_id": "sou_town", "rival_claim_id": "sou_rival"}),
        ("cascade_nodes", {**node, "level": "city", "last_seq": 1}),
        ("cascaded_directories", {"state": "received", "content": {}, "seq": 1}),
        ("ties", {"organisation_id": "org_developer", "kind": "declared",
                  "node": "uscc:91430104MAA00003XP", "other": "uscc:9144030071526726XG"}),
        ("clearings", {"state": "refused", "action": "match", "amount_minor": 1,
                       "amount_currency": "CNY", "parts": []}),
        ("virtual_accounts", {"state": "open", "payer_id": "org_buyer", "order_id": ""}),
        ("holds", {"order_id": "ord_none", "state": "open", "ground": "dispute"}),
        ("chargebacks", {"state": "warning", "amount_minor": 1, "lost_minor": 0}),
        ("refunds", {"state": "cancelled", "kind": "goodwill", "amount_minor": 1,
                     "rail": "bank", "payer_id": "org_buyer"}),
        ("voucher_batches", {"sponsor_id": "org_hub", "state": "open", "checker": "y", **_CNY}),
        ("vouchers", {"holder_id": "org_buyer", "state": "issued", "used_minor": 0, **_CNY}),
        ("reconciliation_runs", {}),
        ("reconciliation_breaks", {"state": "open", "leg": "bank", "type": "amount",
                                   "left_minor": 1, "currency": "CNY"}),
        ("closed_days", {}),
        ("provider_commands", {"kind": "start", "state": "new", "amount_currency": "CNY"}),
        ("payment_attempts", {"state": "failed", "provider": "fake", "method": "card",
                              "amount_currency": "CNY", "captured_minor": 0,
                              "captured_currency": "CNY", "refunded_minor": 0,
                              "refunded_currency": "CNY"}),
        ("uploads", {"organisation_id": "org_developer", "state": "open", "name": "a.csv"}),
        ("data_locations", {"organisation_id": "org_developer", "state": "refused",
                            "kind": "folder", "key_hint": None, "keys": None, "problems": []}),
        ("datasets", {"owner_id": "org_developer"}),
        ("dataset_versions", {"profile": {"rows": 1, "columns": [], "personal": [], "mixed": [],
                                          "duplicates": 0}, "sample": [], "columns": [],
                              "grade": "G1", "pi_class": "none"}),
        ("supply_requests", {"buyer_id": "org_buyer", "department_id": "org_dept",
                             "state": "asked", "supplied_version_id": None}),
        ("exchange_stats", {"state": "entered", "measure": "year", "registered": "no",
                            "confidence": "high", "url": None, "checked_by": None}),
        ("board_requests", {"merchant_id": "org_developer", "curator_id": "org_exchange",
                            "state": "asked"}),
        ("amendments", {"owner_id": "org_developer", "state": "drafted", "size": "minor",
                        "published_at": None}),
        ("listing_files", {"owner_id": "org_developer", "name": "a.csv", "rows": 1,
                           "digest": "0" * 64,
                           "content": b"code\n1\n"}),
        ("right_records", {"valid_to": None, "parent_id": None}),
        ("recipient_keys", {"organisation_id": "org_buyer"}),
        ("egress_reviews", {"requester_id": "org_buyer", "state": "requested", "subject": "files",
                            "requested_by": "per_buyer_editor", "manifest": {"rows": 0}}),
        ("recipient_credentials", {"organisation_id": "org_buyer", "kind": "share",
                                   "expires_at": datetime(2026, 12, 1, tzinfo=UTC)}),
        ("packages", {"buyer_id": "org_buyer", "state": "ready", "format": "parquet",
                      "manifest": {}, "signature": {}}),
        ("package_links", {"organisation_id": "org_buyer",
                           "expires_at": datetime(2026, 12, 1, tzinfo=UTC)}),
        ("hold_list", {"state": "on", "party_id": "org_developer"}),
        ("adjustments", {"state": "proposed", "kind": "writeoff", "amount_minor": 1,
                         "debit_code": "6702.impairment", "credit_code": "1221.party",
                         "document": "0" * 64}),
        ("fee_rules", {"state": "draft", "kind": "listing", "payer": "seller",
                       "waived_for": [], "steps": [], "every": "product"}),
        ("fee_notes", {"state": "issued", "payer_id": "org_developer", "amount_minor": 1,
                       "amount_currency": "CNY", "credited_minor": 0, "lost_minor": 0,
                       "reminders": 0, "payment_id": None}),
        ("revenue_rules", {"state": "draft", "scope": "board", "base": "net_of_fee"}),
        ("decisions", {"authorisation_id": aut, "organisation_id": "org_developer",
                       "outcome": "allow", "codes": [], "items": [], "quantity": {}}),
    ):  # fmt: skip
        key = next(iter(Base.metadata.tables[table].primary_key)).name
        if facts.get("id") or not _column(session, f"{table}.{key}"):
            _row(session, table, facts)


def _row(session: Session, name: str, facts: dict[str, Any]) -> None:
    table = Base.metadata.tables[name]
    row: dict[str, Any] = (
        {"id": facts.get("id", f"{name[:3]}_town")} if "id" in table.columns else {}
    )
    for column in table.columns:
        key = next(iter(column.foreign_keys), None)
        if column.name in facts:
            row[column.name] = facts[column.name]
        elif column.name in row or column.nullable or column.default or column.server_default:
            continue
        elif column.name.endswith("currency"):
            row[column.name] = "CNY"
        elif key is not None:
            row[column.name] = _column(session, f"{key.column.table.name}.{key.column.name}")[0]
        else:
            row[column.name] = _PLAIN[column.type.python_type]
    session.execute(table.insert().values(row))


_CNY = {f"{name}_currency": "CNY" for name in ("budget", "face", "order_max", "year_max", "used")}

_PLAIN: dict[type, Any] = {
    str: "x", int: 1, bool: False, date: NOON.date(), datetime: NOON, dict: {}, list: [],
    bytes: b"x",
    object: {},
}  # fmt: skip


def _disclose(session: Session) -> None:
    in_march = datetime(2027, 3, 10, 4, tzinfo=UTC)
    disclosure.publish(work_of(session, "per_agency_approver", at=in_march), year=2026)


def _deliver(session: Session) -> None:
    (directory_id,) = _column(session, "directories.id")
    profile = domain.inspect(parcels.DATA, parcels.WEATHER)
    resource = shelf.attached(session, directory_id, location=parcels.WEATHER, profile=profile)
    granted = grants.active(session, given=parcels.scope(output_forms=["aggregate_report"]))
    line = parcels.line(granted.id, resource.id)
    (task,) = tasks.open_for(work_of(session, "system"), order_id="ord_own", lines=[line])
    parcels.provisioned(session, task)


def _settle(session: Session) -> None:
    def work_as(person: str, at: datetime = NOON) -> Work:
        return work_of(session, person, at=at)

    money.paid(work_as, "ord_x")
    money.accepted(work_as, "ord_x")
    money.everybodys_accounts(work_as)
    money.settled(work_as)
    money.approved(work_as, money.requested(work_as))
    outgoing.send(work_as("per_exchange_checker", at=money.DUE))
    test_deals.with_papers(work_as, test_deals.drafted(work_as))
    money.requested(work_as, Payable.OPERATOR, "org_operator")


def _papers(session: Session) -> None:
    buyer = work_of(session, "per_buyer_editor", at=money.DUE)
    wanted = Wanted("ord_x", About.PRICE, Kind.VAT_GENERAL_E)
    invoices.request(buyer, wanted)
    (payment,) = payments.listed(buyer, order_id="ord_x", after=None, limit=9).items
    receipts.draw(buyer, payment.id)
    party_statements.issue(
        work_of(session, "per_exchange_settler", at=money.DUE),
        party_id="org_developer",
        payable=Payable.MERCHANT,
        first_on=date(2026, 7, 1),
        last_on=date(2026, 7, 9),
    )
    session.flush()


def _token(session: Session, person: str) -> str:
    scopes = list(credentials.SCOPES)
    return credentials.issue(work_of(session, person), label="town", scopes=scopes, days=366)[1]


def _column(session: Session, name: str) -> list[str]:
    table, column = name.split(".")
    found = Base.metadata.tables[table].c[column]
    return list(session.scalars(select(found).where(found.is_not(None)).order_by(found).limit(20)))
