"""What everybody may read of the frame: agreements that were filed, authorisations revoked."""

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.pages import Page, keyset
from licensing.agreed.operation_rows import OperationAgreement
from licensing.applications.supplies import SupplyAgreement
from licensing.standing.rows import Authorisation
from licensing.standing.rows import State as Standing

_AgreedT = TypeVar("_AgreedT", OperationAgreement, SupplyAgreement)


def filed(
    session: Session, kind: type[_AgreedT], *, after: str | None, limit: int
) -> Page[_AgreedT]:
    """Return one page of the agreements of a kind that were ever filed, newest first."""
    statement = select(kind).where(kind.effective_at.is_not(None))
    return keyset(session, statement, by=((kind.id, "desc"),), after=after, limit=limit)


def revoked(session: Session, *, after: str | None, limit: int) -> Page[Authorisation]:
    """Return one page of the authorisations that were revoked, newest first. One SELECT."""
    statement = select(Authorisation).where(Authorisation.state == Standing.REVOKED)
    return keyset(session, statement, by=((Authorisation.id, "desc"),), after=after, limit=limit)


def operators(session: Session, authorisation_ids: Iterable[str]) -> dict[str, str]:
    """Return authorisation → its operator, for one page of what is built on them. One SELECT."""
    wanted = select(Authorisation.id, Authorisation.operator_id).where(
        Authorisation.id.in_(list(authorisation_ids))
    )
    return {row.id: row.operator_id for row in session.execute(wanted)}
