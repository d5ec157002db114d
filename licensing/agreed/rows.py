"""What both kinds of agreement have: states, parties' terms, the marks of their making."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import ForeignKey, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Instant
from kernel.crypto import CryptoProvider, canonical
from kernel.db import JSON_, Base, Living, append_only
from licensing import scope
from licensing.scope import Scope


class State(StrEnum):
    """Where an agreement stands."""

    DRAFT = "draft"
    APPROVED_INTERNALLY = "approved_internally"  # decided collectively, legally reviewed
    NEGOTIATING = "negotiating"
    FINAL = "final"  # its elements are fixed
    HALF_SIGNED = "half_signed"
    SIGNED = "signed"
    EFFECTIVE = "effective"
    AMENDING = "amending"  # what was agreed holds on until both have signed the change
    SUSPENDED = "suspended"
    TERMINATING = "terminating"  # supplies nothing; what was supplied is being handed over
    EXPIRED = "expired"
    TERMINATED = "terminated"


LIVE: Final = frozenset({State.EFFECTIVE, State.AMENDING, State.SUSPENDED})
"""An agreement that keeps another from taking its place."""

IN_FORCE: Final = frozenset({State.EFFECTIVE, State.AMENDING})
"""An agreement under which data may be used."""

OPEN: Final = frozenset({State.DRAFT, State.NEGOTIATING})
"""An agreement whose text may still be changed."""

LIVE_SQL: Final = text("state IN ('effective', 'amending', 'suspended')")
FILED_SQL: Final = "state NOT IN ('effective', 'amending', 'suspended', 'terminating')"


class Agreed(Living):
    """The columns of an agreement, whoever its parties are.

    scope: canonical form of `licensing.scope`. elements: the structured rest of its
    terms. revenue: basis points {fiscal, operator, merchant} that together are 10,000;
    None for the rules' own. decision: the record of the collective decision
    (三重一大). final_digest: of the text as it was fixed. edition: number of the text in
    force, from 1. proposal: the change that both have still to sign. handover: digests
    of what the operator has given back or destroyed at the end.
    """

    TERMS: ClassVar[tuple[str, ...]] = ()
    """The columns that an amendment may change."""

    code: Mapped[str] = mapped_column(unique=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    term_from: Mapped[date]
    term_to: Mapped[date]
    scope: Mapped[dict[str, Any]]
    scope_hash: Mapped[str]
    elements: Mapped[dict[str, Any]] = mapped_column(default=dict)
    revenue: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    decision: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    final_digest: Mapped[str | None]
    edition: Mapped[int] = mapped_column(default=1)
    proposal: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    letter_digest: Mapped[str | None]
    handover: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    drafted_at: Mapped[Instant]
    effective_at: Mapped[Instant | None]

    @property
    def allowed(self) -> Scope:
        """The scope as a value."""
        return scope.from_json(self.scope)

    @property
    def grantor_id(self) -> str:
        """The party that grants."""
        raise NotImplementedError

    @property
    def parties(self) -> frozenset[str]:
        """Both parties, as ids."""
        return frozenset({self.grantor_id, self.operator_id})

    @property
    def directory_codes(self) -> list[str]:
        """The directories that the scope names, sorted."""
        return sorted({entry["directory"] for entry in self.scope["items"]})

    def written(self) -> dict[str, Any]:
        """Return the terms that may be amended, as JSON."""
        found = {name: getattr(self, name) for name in self.TERMS}
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in found.items()
        }

    def text(self) -> dict[str, Any]:
        """Return everything that the parties sign, as JSON."""
        raise NotImplementedError


class Edition(Base):
    """One text of an agreement that was in force; added, never changed.

    signed_as: the subject of the signatures under it. body: what `Agreed.text` said.
    """

    __tablename__ = "agreement_editions"

    agreement_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
    text_digest: Mapped[str]
    signed_as: Mapped[str]
    note: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[Instant]


append_only(Edition.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def text_digest(agreement: Agreed, crypto: CryptoProvider) -> str:
    """Return the digest of what the parties sign: all terms of the agreement, as they stand."""
    return crypto.digest(canonical(agreement.text()))


def read(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that `Agreed.written` wrote, days as days."""
    days = {name: date.fromisoformat(terms[name]) for name in ("term_from", "term_to")}
    return {**terms, **days}
