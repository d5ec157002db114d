"""The row of a published disclosure, and what one is made of: read live, in a few SELECTs."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, UniqueConstraint, extract, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.directories import Directory
from catalogue.grades import Term
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.parties import organisations
from licensing.agreed.operation_rows import OperationAgreement
from licensing.agreed.rows import LIVE, State
from licensing.applications.supplies import SupplyAgreement
from licensing.pricing.caps import FeeCap
from licensing.standing.rows import Authorisation

MOST: Final = 1_000
"""The most agreements, or authorisations, that one document names."""

OBLIGED: Final = (*LIVE, State.TERMINATING)
"""An agreement whose parties owe a disclosure for each year in which it was in force."""


class Kind(Term):
    """Whose disclosure it is: each has its own list of what must be told."""

    IMPLEMENTING_AGENCY = "implementing_agency", "实施机构", "implementing agency"
    OPERATOR = "operator", "授权运营机构", "operator"


class Disclosure(Base):
    """One published document; added, never changed: a correction has the next number.

    body: what was told. digest: of its canonical JSON. alg, key_id, value: the seal of the
    exchange over the same bytes.
    """

    __tablename__ = "disclosures"
    __table_args__ = (
        UniqueConstraint("organisation_id", "kind", "year", "number"),
        Index(None, "year", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    year: Mapped[int]
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    digest_alg: Mapped[str]
    digest: Mapped[str]
    alg: Mapped[str]
    key_id: Mapped[str]
    value: Mapped[str]
    published_at: Mapped[Instant]
    published_by: Mapped[str] = mapped_column(ForeignKey("people.id"))


append_only(Disclosure.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def obliged(session: Session, year: int) -> list[OperationAgreement]:
    """Return the live agreements that were in force in the year, at most `MOST`. One SELECT."""
    table = OperationAgreement
    statement = (
        select(table)
        .where(
            table.state.in_(OBLIGED),
            table.term_from <= date(year, 12, 31),
            table.term_to >= date(year, 1, 1),
            extract("year", table.effective_at) <= year,
        )
        .order_by(table.code)
        .limit(MOST)
    )
    return list(session.scalars(statement))


def body(session: Session, organisation_id: str, kind: Kind, year: int) -> dict[str, Any] | None:
    """Return what the books say of an agency's or an operator's year; None for nothing.

    Its agreements, what was supplied under them, what was authorised and revoked, and the
    ceilings of fees. Items are counted, never named. Seven SELECTs.
    """
    mine = [each for each in obliged(session, year) if _party(each, kind) == organisation_id]
    if not mine:
        return None
    supplied = _supplied(session, [each.id for each in mine])
    granted = _granted(session, organisation_id, kind, year)
    parties = {one for each in mine for one in each.parties}
    parties |= {each.department_id for each in supplied} | {each.grantee_id for each in granted}
    names = organisations.names(session, parties)
    operators = {each.operator_id for each in mine}
    return {
        "kind": kind.value,
        "year": year,
        "organisation": _firm(session, organisation_id),
        "agreements": [_agreement(each, names) for each in mine],
        "supply_agreements": [_supply(each, names) for each in supplied],
        "resources": _resources(session, mine, supplied),
        "authorisations": [_authorisation(each, names) for each in granted],
        "fee_caps": _caps(session, operators, year),
        "revocations": [each.cert_no for each in granted if each.state == "revoked"],
    }


def of_year(session: Session, year: int) -> list[Disclosure]:
    """Return the disclosures of a year, first numbers first, at most `MOST`. One SELECT."""
    statement = (
        select(Disclosure)
        .where(Disclosure.year == year)
        .order_by(Disclosure.number, Disclosure.id)
        .limit(MOST)
    )
    return list(session.scalars(statement))


def _party(agreement: OperationAgreement, kind: Kind) -> str:
    agency = kind == Kind.IMPLEMENTING_AGENCY
    return agreement.implementing_agency_id if agency else agreement.operator_id


def _supplied(session: Session, parents: Sequence[str]) -> list[SupplyAgreement]:
    table = SupplyAgreement
    statement = (
        select(table)
        .where(table.operation_agreement_id.in_(parents), table.effective_at.is_not(None))
        .order_by(table.code)
        .limit(MOST)
    )
    return list(session.scalars(statement))


def _granted(session: Session, organisation_id: str, kind: Kind, year: int) -> list[Authorisation]:
    table = Authorisation
    agency = kind == Kind.IMPLEMENTING_AGENCY
    ours = table.implementing_agency_id if agency else table.operator_id
    statement = (
        select(table)
        .where(
            ours == organisation_id,
            or_(
                extract("year", table.issued_at) == year,
                (table.valid_from <= date(year, 12, 31)) & (table.valid_to >= date(year, 1, 1)),
            ),
        )
        .order_by(table.cert_no)
        .limit(MOST)
    )
    return list(session.scalars(statement))


def _caps(session: Session, operators: set[str], year: int) -> list[dict[str, Any]]:
    table = FeeCap
    statement = (
        select(table)
        .where(
            table.operator_id.in_(operators),
            table.valid_from <= date(year, 12, 31),
            table.valid_to >= date(year, 1, 1),
        )
        .order_by(table.product_type, table.meter, table.valid_from, table.id)
        .limit(MOST)
    )
    names = ("product_type", "meter", "cap_e6", "doc_no")
    return [
        {
            **{name: getattr(each, name) for name in names},
            "valid_from": each.valid_from.isoformat(),
            "valid_to": each.valid_to.isoformat(),
        }
        for each in session.scalars(statement)
    ]


def _firm(session: Session, organisation_id: str) -> dict[str, str]:
    found = organisations.find(session, organisation_id)
    names = ("uscc", "name_zh", "name_en", "region")
    return {name: getattr(found, name) for name in names}


def _agreement(each: OperationAgreement, names: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": each.code,
        "implementing_agency": list(names[each.implementing_agency_id]),
        "operator": list(names[each.operator_id]),
        "mode": each.mode,
        "term_from": each.term_from.isoformat(),
        "term_to": each.term_to.isoformat(),
        "state": str(each.state),
        "edition": each.edition,
    }


def _supply(each: SupplyAgreement, names: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": each.code,
        "department": list(names[each.department_id]),
        "industry": each.industry,
        "term_from": each.term_from.isoformat(),
        "term_to": each.term_to.isoformat(),
        "state": str(each.state),
        "directories": each.directory_codes,
    }


def _authorisation(each: Authorisation, names: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cert_no": each.cert_no,
        "grantee": list(names[each.grantee_id]),
        "purpose_code": each.purpose_code,
        "valid_from": each.valid_from.isoformat(),
        "valid_to": each.valid_to.isoformat(),
        "state": str(each.state),
    }


def _resources(
    session: Session, mine: Sequence[OperationAgreement], supplied: Sequence[SupplyAgreement]
) -> list[dict[str, Any]]:
    granted = [entry for each in mine for entry in each.scope["items"]]
    got = {entry["directory"] for each in supplied for entry in each.scope["items"]}
    items: dict[str, set[str]] = {}
    for entry in granted:
        items.setdefault(entry["directory"], set()).add(entry["item"])
    statement = select(Directory.code, Directory.title_zh, Directory.title_en).where(
        Directory.code.in_(items)
    )
    titles = {row.code: [row.title_zh, row.title_en] for row in session.execute(statement)}
    return [
        {
            "directory_code": code,
            "title": titles.get(code, [code, code]),
            "item_count": len(items[code]),
            "supplied": code in got,
        }
        for code in sorted(items)
    ]
