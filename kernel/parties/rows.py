"""The rows of those who take part: an organisation, and the roles that it has asked for.

Spoken of as organisations.Organisation and roles.OrganisationRole.
"""

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.actor import Role
from kernel.clock import Instant
from kernel.db import Base, Living


class State(StrEnum):
    """Where an organisation stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"  # 待初审
    FINAL_REVIEW = "final_review"  # 待复审: one person has passed it, another decides
    SUPPLEMENTING = "supplementing"
    ACTIVE = "active"
    RESTRICTED = "restricted"  # may finish what runs, may not begin anything
    FROZEN = "frozen"
    EXITING = "exiting"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    DEREGISTERED = "deregistered"


OVER: Final = frozenset({State.REJECTED, State.LAPSED, State.DEREGISTERED})
"""The ends of an organisation's life here."""


class RoleState(StrEnum):
    """Where a role of an organisation stands; it counts while it is granted."""

    REQUESTED = "requested"
    GRANTED = "granted"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class OrganisationRole(Living, Base):
    """One role that an organisation has asked for; a revoked one may be asked for again."""

    __tablename__ = "organisation_roles"
    __table_args__ = (
        Index(
            "uq_organisation_roles_one_live_each",
            "organisation_id",
            "role",
            unique=True,
            sqlite_where=text("state <> 'revoked'"),
            postgresql_where=text("state <> 'revoked'"),
        ),
        Index(None, "role", "organisation_id"),
        Index(None, "state", "id"),
    )

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str]
    state: Mapped[str]
    granted_at: Mapped[Instant | None]

    @property
    def case_id(self) -> str:
        """Whose parts count for four eyes: those of the organisation's admission."""
        return self.organisation_id


class Organisation(Living, Base):
    """One legal person, by its unified social credit code (统一社会信用代码)."""

    __tablename__ = "organisations"
    __table_args__ = (
        UniqueConstraint("uscc"),
        CheckConstraint("length(uscc) = 18", name="uscc_has_18_characters"),
        CheckConstraint("length(region) = 6", name="region_has_6_digits"),
        Index(None, "state", "id"),
    )

    uscc: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    region: Mapped[str]
    entered_at: Mapped[Instant]

    roles: Mapped[list[OrganisationRole]] = relationship(
        lazy="raise", order_by=OrganisationRole.role
    )

    @property
    def granted(self) -> frozenset[Role]:
        """The roles that count."""
        return frozenset(Role(row.role) for row in self.roles if row.state == RoleState.GRANTED)

    @property
    def wanted(self) -> frozenset[Role]:
        """The roles that it has, or has asked for and may still get."""
        return frozenset(Role(row.role) for row in self.roles if row.state != RoleState.REVOKED)
