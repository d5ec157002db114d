"""The row of a product, and where one may stand; `marketplace.products` is its noun."""

from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.clock import Instant
from kernel.db import Base, Living
from marketplace.versions import ProductVersion

REJECTIONS: Final = (
    "R-SOURCE",
    "R-RIGHTS",
    "R-PI",
    "R-GRADE",
    "R-QUALITY",
    "R-PRICE",
    "R-DUPLICATE",
    "R-SUBJECT",
    "R-OTHER",
)
"""The reasons for which a product may be rejected."""

FORCED: Final = ("violation", "rights_lost", "authorisation_ended", "security_incident", "other")
"""The causes for which the exchange or the authority takes a product off the market."""


class State(StrEnum):
    """Where a product stands."""

    DRAFT = "draft"
    FORMAL_CHECK = "formal_check"
    COMPLIANCE_REVIEW = "compliance_review"
    SECURITY_REVIEW = "security_review"
    EXPERT_REVIEW = "expert_review"
    PUBLICITY = "publicity"
    LISTED = "listed"
    SUSPENDED = "suspended"
    DELISTING = "delisting"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    DELISTED = "delisted"


class Ending(StrEnum):
    """How a listing ended (摘牌)."""

    VOLUNTARY = "voluntary"
    FORCED = "forced"
    EXPIRED = "expired"


class Product(Living, Base):
    """One product of one merchant; what it offers is its current version.

    current_version_id: no foreign key, for the version already refers to the product.
    own_code: the merchant's own number of it, once only. listed_at: of the last time it was
    listed; valid_until: the last day of the listing. suspended_with: the authorisation that
    took it down with it, and with which it comes back. ended_as: how the listing ended.
    """

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("owner_id", "own_code"),
        UniqueConstraint("listing_cert_no"),
        CheckConstraint(
            "state <> 'listed' OR (listed_at IS NOT NULL AND listing_cert_no IS NOT NULL)",
            name="listed_is_dated_and_certified",
        ),
        Index(None, "state", "listed_at", "id"),
        Index(None, "state", "id"),
        Index(None, "state", "valid_until"),
        Index(None, "owner_id", "id"),
        Index(None, "suspended_with", "id"),
        CheckConstraint(
            "suspended_with IS NULL OR state = 'suspended'", name="down_with_its_right"
        ),
        CheckConstraint(
            "ended_as IS NULL OR state = 'delisted'", name="only_what_ended_ended_somehow"
        ),
    )

    code: Mapped[str]
    own_code: Mapped[str | None]
    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    current_version_id: Mapped[str]
    listing_cert_no: Mapped[str | None]
    listed_at: Mapped[Instant | None]
    valid_until: Mapped[date | None]
    created_at: Mapped[Instant]
    suspended_with: Mapped[str | None]
    ended_as: Mapped[str | None]

    current: Mapped[ProductVersion] = relationship(
        primaryjoin=lambda: Product.current_version_id == ProductVersion.id,
        foreign_keys=lambda: Product.current_version_id,
        lazy="raise",
        viewonly=True,
    )
