"""A mandate (委托开票): a seller lets the exchange issue its invoices to buyers."""

from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Actor, Duty, Role, Who
from kernel.clock import Instant
from kernel.db import Base
from kernel.work import Work
from settlement import access

_TREASURERS: Final = frozenset({Duty.FINANCE, Duty.SIGNER, Duty.ORG_ADMIN})


class InvoicingMandate(Base):
    """Whether the exchange invoices for a seller: since when, and until when if it ended."""

    __tablename__ = "invoicing_mandates"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at >= given_at", name="ends_after_it_began"),
    )

    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    given_by: Mapped[str]
    given_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


def _sells(actor: Actor, _subject: object) -> bool:
    return Role.MERCHANT in actor.roles and not _TREASURERS.isdisjoint(actor.duties)


merchant_treasurer: Final = Who("merchant finance/signer/org_admin", _sells)
"""Who gives a mandate and takes it back."""


def give(work: Work) -> InvoicingMandate:
    """Let the exchange issue what is asked of the caller's organisation from now on."""
    access.require(work, merchant_treasurer, "invoicing_mandate.give")
    own = work.actor.organisation
    found = work.session.get(InvoicingMandate, own, with_for_update=True)
    if found is None:
        found = InvoicingMandate(seller_id=own)
        work.session.add(found)
    elif found.ended_at is None:
        return found
    found.given_by, found.given_at, found.ended_at = work.actor.person, work.now, None
    work.record("invoicing_mandate.given", own)
    return found


def end(work: Work) -> None:
    """Take the mandate back; what was asked for before is still issued under it."""
    access.require(work, merchant_treasurer, "invoicing_mandate.end")
    found = work.session.get(InvoicingMandate, work.actor.organisation, with_for_update=True)
    if found is not None and found.ended_at is None:
        found.ended_at = work.now
        work.record("invoicing_mandate.ended", found.seller_id)


def holds(session: Session, seller_id: str) -> bool:
    """Tell whether the exchange may invoice for a seller. One SELECT by key."""
    found = session.get(InvoicingMandate, seller_id)
    return found is not None and found.ended_at is None
