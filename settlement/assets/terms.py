"""The versions of a data asset card: what it says, written once and never changed.

A card that is drafted, mended or revised gets a new version; the old ones stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid
from kernel.work import Work
from licensing import authorisations
from settlement.assets.kinds import Condition, CostKind, Method, Phase

COSTS_MAX: Final = 200
"""The most costs of one card."""

LIFE_MAX: Final = 600
"""The longest useful life, in months."""

COST_MAX: Final = 10**15
"""The greatest single cost, in fen."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One cost. document: the invoice, contract or payslip that shows it."""

    kind: CostKind
    phase: Phase
    fen: int
    on: date
    document: str

    @property
    def capitalised(self) -> bool:
        """Whether it is part of the asset; what research cost is not."""
        return self.phase is not Phase.RESEARCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a version says.

    rights_basis: by what right the data is held, used or run. right_until: its last day;
    of an authorisation that is named, the authorisation's. life_months: None when it is
    indefinite: then nothing wears off, and it is tested for impairment each year.
    residual_fen: what is left at the end. expected_fen: the benefit that the whole life is
    expected to bring, where the cost is spread by it. product_id: of the product that
    brings it.
    """

    rights_basis: str
    life_basis: str
    costs: tuple[Cost, ...]
    conditions: tuple[Condition, ...] = ()
    right_until: date | None = None
    renewal_likely: bool = False
    authorisation_id: str | None = None
    product_id: str | None = None
    life_months: int | None = None
    method: Method = Method.STRAIGHT_LINE
    residual_fen: int = 0
    expected_fen: int | None = None

    @property
    def initial_fen(self) -> int:
        """The cost at which it is recognised."""
        return sum(cost.fen for cost in self.costs if cost.capitalised)


class AssetVersion(Base):
    """One version of a card; number: 1, 2, 3 … costs and conditions: as `Terms` has them."""

    __tablename__ = "asset_card_versions"
    __table_args__ = (
        CheckConstraint("number > 0", name="number_from_one"),
        CheckConstraint("life_months IS NULL OR life_months > 0", name="life_positive"),
        CheckConstraint("residual_fen >= 0", name="residual_not_negative"),
        CheckConstraint("initial_fen >= residual_fen", name="residual_within_cost"),
        CheckConstraint(
            "method <> 'by_benefit' OR expected_fen > 0", name="by_benefit_says_how_much"
        ),
        UniqueConstraint("card_id", "number"),
    )

    card_id: Mapped[str] = mapped_column(ForeignKey("asset_cards.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rights_basis: Mapped[str]
    right_until: Mapped[date | None]
    renewal_likely: Mapped[bool]
    authorisation_id: Mapped[str | None] = mapped_column(ForeignKey("authorisations.id"))
    product_id: Mapped[str | None]
    conditions: Mapped[list[Any]]
    costs: Mapped[list[Any]]
    initial_fen: Mapped[int] = mapped_column(Big)
    life_months: Mapped[int | None]
    life_basis: Mapped[str]
    method: Mapped[str]
    residual_fen: Mapped[int] = mapped_column(Big)
    expected_fen: Mapped[int | None] = mapped_column(Big)
    written_by: Mapped[str]
    written_at: Mapped[Instant]

    @property
    def terms(self) -> Terms:
        """What the version says, as it was asked for."""
        return Terms(
            rights_basis=self.rights_basis,
            life_basis=self.life_basis,
            costs=tuple(map(_cost, self.costs)),
            conditions=tuple(Condition(each) for each in self.conditions),
            right_until=self.right_until,
            renewal_likely=self.renewal_likely,
            authorisation_id=self.authorisation_id,
            product_id=self.product_id,
            life_months=self.life_months,
            method=Method(self.method),
            residual_fen=self.residual_fen,
            expected_fen=self.expected_fen,
        )


append_only(AssetVersion.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def checked(work: Work, terms: Terms) -> Terms:
    """Return the terms with the right's last day; raise Invalid for what cannot be.

    An authorisation must be one that the caller may see. One SELECT by key at most.
    """
    if not 0 < len(terms.costs) <= COSTS_MAX:
        raise Invalid("须有成本明细", f"1 to {COSTS_MAX} costs", pointer="/costs")
    if any(not 0 < cost.fen <= COST_MAX for cost in terms.costs):
        raise Invalid("成本须为正数", "a cost must be positive", pointer="/costs")
    if not 0 <= terms.residual_fen <= terms.initial_fen:
        raise Invalid("残值不得超过成本", "more than it cost", pointer="/residual_fen")
    if terms.life_months is not None and not 0 < terms.life_months <= LIFE_MAX:
        raise Invalid("使用寿命不合理", f"1 to {LIFE_MAX} months", pointer="/life_months")
    by_benefit = terms.method is Method.BY_BENEFIT
    if by_benefit and not (terms.expected_fen and terms.life_months):
        told = "须填写预计总收益和寿命", "the benefit expected, and a life, are needed"
        raise Invalid(*told, pointer="/expected_fen")
    if terms.authorisation_id is None:
        return terms
    right = authorisations.seen(work, terms.authorisation_id)
    return replace(terms, right_until=right.valid_to)


def write(work: Work, card_id: str, number: int, terms: Terms) -> AssetVersion:
    """Write a version of a card. One INSERT."""
    made = AssetVersion(
        card_id=card_id,
        number=number,
        rights_basis=terms.rights_basis,
        right_until=terms.right_until,
        renewal_likely=terms.renewal_likely,
        authorisation_id=terms.authorisation_id,
        product_id=terms.product_id,
        conditions=[each.value for each in terms.conditions],
        costs=plain(terms.costs),
        initial_fen=terms.initial_fen,
        life_months=terms.life_months,
        life_basis=terms.life_basis,
        method=terms.method,
        residual_fen=terms.residual_fen,
        expected_fen=terms.expected_fen,
        written_by=work.actor.person,
        written_at=work.now,
    )
    work.session.add(made)
    return made


def of(session: Session, card_id: str, number: int) -> AssetVersion:
    """Return one version. One SELECT by key."""
    return session.get_one(AssetVersion, (card_id, number))


def all_of(session: Session, card_id: str, *, limit: int = 100) -> list[AssetVersion]:
    """Return the versions of a card, the newest first. One SELECT by key."""
    statement = (
        select(AssetVersion)
        .where(AssetVersion.card_id == card_id)
        .order_by(AssetVersion.number.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def plain(costs: Sequence[Cost]) -> list[Any]:
    """Return the costs as they are written."""
    return [
        {
            "kind": cost.kind.value,
            "phase": cost.phase.value,
            "fen": cost.fen,
            "on": cost.on.isoformat(),
            "document": cost.document,
        }
        for cost in costs
    ]


def _cost(written: dict[str, Any]) -> Cost:
    return Cost(
        CostKind(written["kind"]),
        Phase(written["phase"]),
        written["fen"],
        date.fromisoformat(written["on"]),
        written["document"],
    )
