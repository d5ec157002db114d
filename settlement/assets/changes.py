"""A change of a data asset: cost added, impairment, a part or the whole sold, lapsed, given up.

One person proposes it with its document, another books it; only then do figures move. What
goes takes its share of amortisation and provision with it.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, Refusal
from kernel.money import half_up
from kernel.pages import Page
from kernel.parties import oversight
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access
from settlement.assets import amortising, cards, disclosures, movements, terms
from settlement.assets.cards import ADDED, AssetCard
from settlement.assets.disclosures import checker, preparer
from settlement.assets.kinds import CostKind, Form, Kind, Phase
from settlement.assets.movements import Line, Piece, Section, Source
from settlement.assets.terms import Cost


class What(StrEnum):
    """What happens to the asset."""

    ADDITION = "addition"
    IMPAIRMENT = "impairment"
    REVERSAL = "reversal"
    DISPOSAL = "disposal"
    SALE = "sale"
    LAPSE = "lapse"
    OTHER_REDUCTION = "other_reduction"
    TRANSFER = "transfer"

    @property
    def label(self) -> Words:
        """The change in words."""
        return _WHATS[self]


class State(StrEnum):
    """Where a change stands."""

    PROPOSED = "proposed"
    BOOKED = "booked"
    DROPPED = "dropped"


_WHATS: Final = {
    What.ADDITION: Words("后续支出资本化", "cost added"),
    What.IMPAIRMENT: Words("计提减值（跌价）准备", "impairment"),
    What.REVERSAL: Words("转回跌价准备", "write-down reversed"),
    What.DISPOSAL: Words("处置", "disposal"),
    What.SALE: Words("出售", "sale"),
    What.LAPSE: Words("失效且终止确认", "lapse"),
    What.OTHER_REDUCTION: Words("其他减少", "other reduction"),
    What.TRANSFER: Words("转入无形资产", "transfer to intangible assets"),
}
_GOING: Final = {
    What.DISPOSAL: Line.DISPOSED,
    What.SALE: Line.SOLD,
    What.LAPSE: Line.LAPSED,
    What.OTHER_REDUCTION: Line.OTHER_OUT,
    What.TRANSFER: Line.OTHER_OUT,
}
"""What takes cost away → the row on which it stands."""

OF: Final = {
    Kind.INTANGIBLE: (
        What.ADDITION, What.IMPAIRMENT, What.DISPOSAL, What.LAPSE, What.OTHER_REDUCTION,
    ),
    Kind.INVENTORY: (
        What.ADDITION, What.IMPAIRMENT, What.REVERSAL, What.SALE, What.LAPSE,
        What.OTHER_REDUCTION,
    ),
    Kind.DEVELOPMENT: (What.ADDITION, What.LAPSE, What.TRANSFER),
}  # fmt: skip
"""What can happen to each kind: an intangible's impairment is never reversed (Standard 8)."""


class AssetChange(Living, Base):
    """One change. fen: the cost added or taken away, or the provision; positive."""

    __tablename__ = "asset_changes"
    __table_args__ = (
        CheckConstraint("fen > 0", name="change_positive"),
        CheckConstraint("proposed_by <> booked_by", name="booked_by_another"),
        CheckConstraint(
            "(what = 'addition') = (cost_kind IS NOT NULL)", name="added_cost_has_its_kind"
        ),
        CheckConstraint("state <> 'booked' OR booked_by IS NOT NULL", name="booked_names_who"),
        Index(None, "card_id", "id"),
        Index(None, "owner_id", "id"),
    )

    card_id: Mapped[str] = mapped_column(ForeignKey("asset_cards.id"))
    owner_id: Mapped[str]
    what: Mapped[str]
    fen: Mapped[int] = mapped_column(Big)
    on_day: Mapped[date]
    cost_kind: Mapped[str | None]
    document: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[Instant]
    booked_by: Mapped[str | None]


def _card(change: AssetChange, work: Work) -> AssetCard:
    return cards.find(work.session, change.card_id)


def _card_stands(change: AssetChange, work: Work) -> Refusal | None:
    if _card(change, work).state == cards.State.RECOGNISED:
        return None
    said = "资产未在账，或正在变更会计估计", "the asset is not recognised, or is being revised"
    return Refusal("NOT_RECOGNISED", *said)


def _is_in_turn(change: AssetChange, work: Work) -> Refusal | None:
    card = _card(change, work)
    if card.recognised_on is None or change.on_day < card.recognised_on:
        return Refusal("BEFORE_RECOGNITION", "早于入表日", "before it was recognised")
    its_own = change.what == What.IMPAIRMENT
    return amortising.behind(work.session, card, change.on_day, its_own=its_own)


def _is_not_final(change: AssetChange, work: Work) -> Refusal | None:
    return disclosures.period_is_final(work.session, change.owner_id, change.on_day)


def _has_so_much(change: AssetChange, work: Work) -> Refusal | None:
    card = _card(change, work)
    there = {
        What.IMPAIRMENT: card.carrying_fen,
        What.REVERSAL: card.provision_fen,
    }.get(What(change.what), card.gross_fen)
    if change.what == What.ADDITION or change.fen <= there:
        return None
    yuan = f"{there // 100}.{there % 100:02}"
    return Refusal("MORE_THAN_THERE_IS", f"至多 {yuan} 元", f"{yuan} yuan at most")


def _whole_where_needed(change: AssetChange, work: Work) -> Refusal | None:
    card = _card(change, work)
    goes = change.what in _GOING and card.kind == Kind.DEVELOPMENT
    if not goes or change.fen == card.gross_fen:
        return None
    return Refusal("ONLY_WHOLE", "开发支出须全部转出", "development expenditure goes only whole")


def _book(change: AssetChange, work: Work, _data: dict[str, Any]) -> None:
    change.booked_by = work.actor.person
    card = cards.locked(work, change.card_id)
    source = Source(on=change.on_day, prepared_by=change.proposed_by, change_id=change.id)
    if change.what == What.TRANSFER:
        _transfer(work, card)
    movements.book(work, card, _pieces(change, card), source)
    cards.derecognise_empty(work, card)


# fmt: off
LIFE: Workflow[State, AssetChange] = Workflow(
    "asset_change", State, State.PROPOSED,
    step("book", {State.PROPOSED}, State.BOOKED, checker,
         when=(access.four_eyes("proposed_by"), _card_stands, _is_in_turn, _is_not_final,
               _has_so_much, _whole_where_needed),
         then=(_book,), says="asset_change.booked", label=Words("复核入账", "Check and book")),
    step("drop", {State.PROPOSED}, State.DROPPED, (preparer, checker), asks=(REASON,),
         says="asset_change.dropped", label=Words("作废", "Drop")),
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What is proposed. cost_kind: of a cost that is added. document: what shows it."""

    what: What
    fen: int
    on: date
    document: str
    cost_kind: CostKind | None = None


def propose(work: Work, card_id: str, asked: Proposed) -> AssetChange:
    """Propose a change of a recognised asset. Raises StepNotAllowed, StepRefused, Invalid."""
    card = cards.seen(work, card_id)
    access.require(work, preparer, "asset_change.propose", card)
    _check(card, asked)
    cards.refuse_day(work, card, asked.on)
    made = AssetChange(
        id=ids.new("asc_", work.now),
        state=State.PROPOSED,
        card_id=card.id,
        owner_id=card.owner_id,
        what=asked.what,
        fen=asked.fen,
        on_day=asked.on,
        cost_kind=asked.cost_kind,
        document=asked.document,
        proposed_by=work.actor.person,
        proposed_at=work.now,
    )
    for guard in (_card_stands, _has_so_much, _whole_where_needed):
        amortising.refuse(guard(made, work))
    work.session.add(made)
    told = {"what": asked.what, "fen": asked.fen, "on": asked.on}
    work.record("asset_change.proposed", made.id, card=card.id, **told)
    return made


def of_card(session: Session, card_id: str, *, limit: int = 100) -> list[AssetChange]:
    """Return the changes of a card, the newest first. One SELECT on an index."""
    statement = (
        select(AssetChange)
        .where(AssetChange.card_id == card_id)
        .order_by(AssetChange.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


_OWN: Final = access.overseen(
    AssetChange, LIFE, Words("没有这项变动", "no asset change"), "owner_id"
)
find, seen = _OWN.find, _OWN.seen


def listed(
    work: Work, *, card_id: str | None = None, after: str | None, limit: int
) -> Page[AssetChange]:
    """Return the changes that the caller may see, newest first. One SELECT on an index."""
    where = [] if card_id is None else [AssetChange.card_id == card_id]
    return _OWN.listed(work, *where, after=after, limit=limit)


def take(work: Work, change_id: str, name: str, **data: Any) -> AssetChange:
    """Take one step. Raises what `Workflow.take` raises."""
    found = seen(work, change_id)
    cards.locked(work, found.card_id)
    return oversight.take(work, LIFE, found, name, **data)


def _check(card: AssetCard, asked: Proposed) -> None:
    if asked.what not in OF[Kind(card.kind)]:
        raise Invalid("此类资产没有这种变动", "not a change of this kind", pointer="/what")
    if not 0 < asked.fen <= terms.COST_MAX:
        raise Invalid("金额须为正数", "the amount must be positive", pointer="/fen")
    if (asked.what is What.ADDITION) != (asked.cost_kind is not None):
        told = "增加成本须说明种类", "a cost that is added has a kind, and nothing else has"
        raise Invalid(*told, pointer="/cost_kind")


def _pieces(change: AssetChange, card: AssetCard) -> list[Piece]:
    what = What(change.what)
    if what is What.ADDITION:
        return [Piece(Section.GROSS, ADDED[Form(card.form)], change.fen)]
    if what is What.IMPAIRMENT:
        return [Piece(Section.PROVISION, Line.CHARGED, change.fen)]
    if what is What.REVERSAL:
        return [Piece(Section.PROVISION, Line.REVERSED, change.fen)]
    line = _GOING[what]
    stock = card.kind == Kind.INVENTORY
    return [
        Piece(Section.AMORTISATION, line, half_up(card.amortised_fen * change.fen, card.gross_fen)),
        Piece(
            Section.PROVISION,
            Line.WRITTEN_OFF if stock else line,
            half_up(card.provision_fen * change.fen, card.gross_fen),
        ),
        Piece(Section.GROSS, line, change.fen),
    ]


def _transfer(work: Work, card: AssetCard) -> None:
    """Begin the intangible asset that the development has become, as a draft to be completed.

    Its costs are those of the card and what was added since, which is all of its figure.
    """
    said = cards.version(work.session, card).terms
    added = [
        Cost(CostKind(one.cost_kind or ""), Phase.DEVELOPMENT, one.fen, one.on_day, one.document)
        for one in of_card(work.session, card.id, limit=terms.COSTS_MAX)
        if (one.state, one.what) == (State.BOOKED, What.ADDITION)
    ]
    cards.begin(
        work,
        name=card.name,
        kind=Kind.INTANGIBLE,
        form=Form.SELF_DEVELOPED,
        said=replace(said, costs=(*said.costs, *added[::-1])),
        before=card.id,
    )
