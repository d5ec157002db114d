"""The rows of a certificate: what was signed, and its place in the status list."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.clock import Instant
from kernel.db import Base, append_only


class Certificate(Base):
    """One signed certificate. body: canonical JSON; signature: over its bytes."""

    __tablename__ = "certificates"
    __table_args__ = (
        UniqueConstraint("authorisation_id", "version"),
        UniqueConstraint("cert_no", "version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"))
    version: Mapped[int]
    cert_no: Mapped[str]
    body: Mapped[dict[str, Any]]
    digest_alg: Mapped[str]
    digest: Mapped[str]
    alg: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]
    issued_at: Mapped[Instant]

    # Named in words: authorisations have certificates issued, and stand above them.
    authorisation: Mapped[Any] = relationship("Authorisation", lazy="raise", viewonly=True)


append_only(Certificate.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class StatusEntry(Base):
    """The place of one certificate in the status lists, drawn at random when it is issued.

    list_no: from 1. position: 0 … 131,071, the same in the list of revocations and in that
    of suspensions. Drawn and not counted, so that a place tells nobody how many there are.
    """

    __tablename__ = "status_entries"
    __table_args__ = (
        UniqueConstraint("list_no", "position"),
        CheckConstraint("list_no >= 1", name="list_from_one"),
        CheckConstraint("position >= 0 AND position < 131072", name="position_in_list"),
    )

    certificate_id: Mapped[str] = mapped_column(ForeignKey("certificates.id"), primary_key=True)
    list_no: Mapped[int]
    position: Mapped[int]


append_only(StatusEntry.__table__)  # type: ignore[arg-type]  # as above
