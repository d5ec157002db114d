"""A town in which something of almost everything has happened, and its people's tokens."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import demonstration
from app.unit import Exchange
from delivery import domain, tasks
from kernel.db import Base
from kernel.parties import credentials
from kernel.work import Work
from licensing import disclosure
from settlement import payouts
from settlement.escrow import Payable
from tests import cast
from tests.catalogue import shelf
from tests.conftest import NOON, work_of
from tests.delivery import parcels
from tests.licensing import grants, hall
from tests.marketplace import make
from tests.settlement import money

NAMED = {
    ("agreements", "subject_id"): "supply_agreements.id",
    ("assessments", "subject_id"): "assessments.id",
    ("authorisations", "subject_id"): "authorisations.id",
    ("bank-accounts", "subject_id"): "bank_accounts.id",
    ("bank-statements", "line_id"): "bank_lines.id",
    ("bank-statements", "subject_id"): "bank_statements.id",
    ("boards", "board_id"): "boards.id",
    ("boards", "product_id"): "products.id",
    ("certificates", "cert_no"): "authorisations.cert_no",
    ("deliveries", "subject_id"): "delivery_tasks.id",
    ("directories", "subject_id"): "directories.id",
    ("directory_versions", "subject_id"): "directory_versions.id",
    ("experts", "subject_id"): "experts.id",
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
    ("payouts", "file_id"): "payout_files.id",
    ("payouts", "subject_id"): "payouts.id",
    ("plans", "subject_id"): "implementation_plans.id",
    ("products", "subject_id"): "products.id",
    ("register", "disclosure_id"): "disclosures.id",
    ("registrations", "code"): "registrations.code",
    ("registrations", "subject_id"): "registrations.id",
    ("regrades", "subject_id"): "regrades.id",
    ("resources", "subject_id"): "resources.id",
    ("scenarios", "subject_id"): "scenarios.id",
    ("sessions", "token_id"): "api_tokens.id",
    ("settlements", "subject_id"): "settlement_batches.id",
    ("sharing_consents", "subject_id"): "sharing_consents.id",
    ("source_claims", "subject_id"): "source_claims.id",
    ("source_conflicts", "subject_id"): "source_conflicts.id",
}
"""Where the records are that the parts of an address name: (tag, part) → column."""


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
        session.commit()
    return Town(application, tokens, records)


def _live(session: Session) -> None:
    scored = hall.scoring(session)
    hall.score(session, scored, 8000)
    make.board(session)
    make.draft(session)
    make.placed(session)
    make.paid(session)
    make.accepted(session)
    _deliver(session)
    _settle(session)
    _disclose(session)


def _disclose(session: Session) -> None:
    in_march = datetime(2027, 3, 10, 4, tzinfo=UTC)
    disclosure.publish(work_of(session, "per_agency_approver", at=in_march), year=2026)


def _deliver(session: Session) -> None:
    (directory_id,) = _column(session, "directories.id")
    profile = domain.inspect(parcels.DATA, parcels.WEATHER)
    resource = shelf.attached(session, directory_id, location=parcels.WEATHER, profile=profile)
    granted = grants.active(session, given=parcels.scope())
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
    payouts.send(work_as("per_exchange_checker", at=money.DUE))
    money.requested(work_as, Payable.OPERATOR, "org_operator")


def _token(session: Session, person: str) -> str:
    scopes = list(credentials.SCOPES)
    return credentials.issue(work_of(session, person), label="town", scopes=scopes, days=366)[1]


def _column(session: Session, name: str) -> list[str]:
    table, column = name.split(".")
    found = Base.metadata.tables[table].c[column]
    return list(session.scalars(select(found).where(found.is_not(None)).order_by(found).limit(20)))
