"""A data asset card (数据资产卡片): one data resource on its owner's balance sheet.

Source: 财会〔2023〕11号. One person writes the card, another lets it count, with the name and
number of an accountant. What the card says is in its versions (`terms`), what has moved its
figures in its movements; carrying amount = cost − amortisation − provision.
"""

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, numbers
from kernel.actor import Role, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, holding
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from settlement import access
from settlement.assets import disclosures, kinds, months, movements, terms
from settlement.assets.disclosures import ACCOUNTANT, checker, preparer
from settlement.assets.kinds import FORMS, Form, Kind
from settlement.assets.movements import Line, Piece, Section, Source
from settlement.assets.terms import AssetVersion, Terms


class State(StrEnum):
    """Where a card stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RECOGNISED = "recognised"
    REVISING = "revising"
    DERECOGNISED = "derecognised"
    DROPPED = "dropped"


class AssetCard(Living, Base):
    """One data asset of one owner.

    version_written: the newest version of what it says; version_in_force: the one by which
    it is reckoned, None before it is recognised. amortised_through: the last month that has borne
    its share ("2026-09"). from_card_id: the development expenditure that it was before. The
    figures are the sums of its movements, in fen.
    """

    __tablename__ = "asset_cards"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("gross_fen >= 0", name="gross_not_negative"),
        CheckConstraint("amortised_fen >= 0", name="amortised_not_negative"),
        CheckConstraint("provision_fen >= 0", name="provision_not_negative"),
        CheckConstraint("gross_fen >= amortised_fen + provision_fen", name="carrying_not_negative"),
        CheckConstraint("submitted_by <> recognised_by", name="recognised_by_another"),
        CheckConstraint(
            "state NOT IN ('recognised', 'revising', 'derecognised')"
            " OR (recognised_on IS NOT NULL AND version_in_force IS NOT NULL"
            " AND accountant IS NOT NULL)",
            name="recognised_is_signed_off",
        ),
        Index(None, "owner_id", "id"),
        Index(None, "state", "id"),
    )

    code: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    kind: Mapped[str]
    form: Mapped[str]
    version_written: Mapped[int]
    version_in_force: Mapped[int | None]
    gross_fen: Mapped[int] = mapped_column(Big)
    amortised_fen: Mapped[int] = mapped_column(Big)
    provision_fen: Mapped[int] = mapped_column(Big)
    from_card_id: Mapped[str | None] = mapped_column(ForeignKey("asset_cards.id"))
    written_by: Mapped[str]
    submitted_by: Mapped[str | None]
    recognised_by: Mapped[str | None]
    recognised_on: Mapped[date | None]
    amortised_through: Mapped[str | None]
    accountant: Mapped[str | None]
    accountant_no: Mapped[str | None]
    begun_at: Mapped[Instant]

    @property
    def carrying_fen(self) -> int:
        """The carrying amount (账面价值)."""
        return self.gross_fen - self.amortised_fen - self.provision_fen


def _conditions_are_met(card: AssetCard, work: Work) -> Refusal | None:
    said = terms.of(work.session, card.id, card.version_written).terms
    lacking = [one for one in kinds.needed(Kind(card.kind), Form(card.form))
               if one not in said.conditions]  # fmt: skip
    if not lacking:
        return None
    return Refusal(
        "CONDITIONS_NOT_MET",
        "不满足确认条件，应计入当期损益：" + "、".join(each.label.zh for each in lacking),
        "not to be recognised, but expense: " + ", ".join(each.label.en for each in lacking),
    )


def _has_a_cost(card: AssetCard, work: Work) -> Refusal | None:
    said = terms.of(work.session, card.id, card.version_written)
    if said.initial_fen:
        return None
    return Refusal(
        "NOTHING_CAPITALISED",
        "没有可资本化的成本（研究阶段支出应费用化）",
        "no cost is to be capitalised: what research cost is expense",
    )


def _right_outlasts_life(card: AssetCard, work: Work) -> Refusal | None:
    said = terms.of(work.session, card.id, card.version_written)
    if card.kind != Kind.INTANGIBLE or said.right_until is None or said.renewal_likely:
        return None
    begins = card.recognised_on or local_date(work.now)
    left = months.whole(begins, said.right_until)
    if said.life_months is not None and said.life_months <= left:
        return None
    return Refusal(
        "RIGHT_ENDS_EARLIER",
        f"权利期限 {said.right_until} 止，寿命至多 {max(left, 0)} 个月",
        f"the right ends on {said.right_until}: a life of {max(left, 0)} months at most",
    )


def _not_by_its_writer(card: AssetCard, work: Work) -> Refusal | None:
    return access.four_eyes("written_by")(card, work)


def _submit(card: AssetCard, work: Work, _data: dict[str, Any]) -> None:
    card.submitted_by = work.actor.person


def _recognise(card: AssetCard, work: Work, data: dict[str, Any]) -> None:
    """Book the capitalised costs as the card's first addition."""
    on: date = data["recognised_on"]
    card.version_in_force, card.recognised_on = card.version_written, on
    card.recognised_by = work.actor.person
    card.accountant, card.accountant_no = data["accountant"], data["accountant_no"]
    refuse_day(work, card, on)
    said = terms.of(work.session, card.id, card.version_written)
    if on < max(date.fromisoformat(cost["on"]) for cost in said.costs):
        told = "确认日早于成本发生日", "earlier than its costs"
        raise Invalid(*told, pointer="/recognised_on")
    piece = Piece(Section.GROSS, ADDED[Form(card.form)], said.initial_fen)
    source = Source(on=on, prepared_by=card.submitted_by or card.written_by)
    movements.book(work, card, [piece], source)


def _put_in_force(card: AssetCard, work: Work, _data: dict[str, Any]) -> None:
    before = version(work.session, card)
    card.version_in_force = card.version_written
    if before.life_months is None and version(work.session, card).life_months is not None:
        # What had no end until now bears its cost from this month on.
        card.amortised_through = months.after(months.of(local_date(work.now)), -1)


ADDED: Final = {
    Form.PURCHASED: Line.PURCHASED,
    Form.SELF_DEVELOPED: Line.DEVELOPED,
    Form.SELF_PROCESSED: Line.PROCESSED,
    Form.OTHER: Line.OTHER_IN,
}
"""How it was got → the row on which its cost is added."""

_CHECKS: Final = (_conditions_are_met, _has_a_cost, _right_outlasts_life)

# fmt: off
LIFE: Workflow[State, AssetCard] = Workflow(
    "asset_card", State, State.DRAFT,
    step("submit",      {State.DRAFT}, State.SUBMITTED, preparer, when=_CHECKS, then=(_submit,),
         says="asset_card.submitted", label=Words("提交确认", "Submit")),
    step("recognise",   {State.SUBMITTED}, State.RECOGNISED, checker,
         when=(_not_by_its_writer, *_CHECKS), not_by=("submit",), then=(_recognise,),
         asks=(ask("recognised_on", "date", label=Words("确认日期", "Recognised on")), *ACCOUNTANT),
         says="asset_card.recognised", label=Words("会计签认并入表", "Sign off and recognise")),
    step("send_back",   {State.SUBMITTED}, State.DRAFT, checker, asks=(REASON,),
         says="asset_card.sent_back", label=Words("退回修改", "Send back")),
    step("drop",        {State.DRAFT}, State.DROPPED, (preparer, checker), asks=(REASON,),
         says="asset_card.dropped", label=Words("作废", "Drop")),
    step("revise",      {State.RECOGNISED}, State.REVISING, preparer, own_door=True,
         says="asset_card.revised", label=Words("变更会计估计", "Revise the estimates")),
    step("approve",     {State.REVISING}, State.RECOGNISED, checker,
         when=(_not_by_its_writer, _right_outlasts_life), then=(_put_in_force,),
         says="asset_card.revision_approved", label=Words("批准变更", "Approve the revision")),
    step("decline",     {State.REVISING}, State.RECOGNISED, checker, asks=(REASON,),
         says="asset_card.revision_declined", label=Words("不予变更", "Decline the revision")),
    step("derecognise", {State.RECOGNISED}, State.DERECOGNISED, system_only, own_door=True,
         says="asset_card.derecognised", label=Words("终止确认", "Derecognise")),
)
# fmt: on


def draft(work: Work, *, name: str, kind: Kind, form: Form, said: Terms) -> AssetCard:
    """Begin a card of the caller's organisation. Raises StepNotAllowed, Invalid."""
    if not keeps(work):
        raise StepNotAllowed(f"此操作只能由 {preparer.name} 执行", f"cards are for {preparer.name}")
    if form not in FORMS[kind]:
        raise Invalid("此类资产没有这种取得方式", "not a form of this kind", pointer="/form")
    return begin(work, name=name, kind=kind, form=form, said=terms.checked(work, said))


def begin(
    work: Work, *, name: str, kind: Kind, form: Form, said: Terms, before: str | None = None
) -> AssetCard:
    """Write the draft of a card of the caller's organisation. before: the card that it was."""
    series = f"AC-{local_date(work.now).year}"
    made = AssetCard(
        id=ids.new("ast_", work.now),
        state=State.DRAFT,
        code=f"{series}-{numbers.following(work.session, series):06}",
        owner_id=work.actor.organisation,
        name=name,
        kind=kind,
        form=form,
        version_written=1,
        version_in_force=None,
        gross_fen=0,
        amortised_fen=0,
        provision_fen=0,
        from_card_id=before,
        written_by=work.actor.person,
        begun_at=work.now,
    )
    work.session.add(made)
    work.session.flush()  # the version refers to the card by id alone
    terms.write(work, made.id, 1, said)
    work.record("asset_card.drafted", made.id, code=made.code, cost=said.initial_fen)
    return made


def mend(work: Work, card_id: str, said: Terms) -> AssetCard:
    """Write a draft anew, as its next version. Raises StepNotAllowed, StepRefused, Invalid."""
    card = locked(work, card_id)
    access.require(work, preparer, "asset_card.mend", card)
    if card.state != State.DRAFT:
        told = "只有草稿可以修改", "only a draft is written anew"
        raise StepRefused(*told, (Refusal("NOT_A_DRAFT", *told),))
    made = _write(work, card, terms.checked(work, said))
    work.record("asset_card.mended", card.id, version=made.number, cost=made.initial_fen)
    return card


def revise(work: Work, card_id: str, said: Terms) -> AssetCard:
    """Propose other estimates for what is recognised: right, life, method, residual.

    Its costs and conditions stay what they were. Raises what `Workflow.take` raises, Invalid.
    """
    card = locked(work, card_id)
    before = terms.of(work.session, card.id, card.version_written).terms
    kept = replace(said, costs=before.costs, conditions=before.conditions)
    LIFE.take("revise", card, work)
    _write(work, card, terms.checked(work, kept))
    return card


def refuse_day(work: Work, card: AssetCard, on: date) -> None:
    """Raise unless figures may move on this day: not to come, and not final. One SELECT."""
    if on > local_date(work.now):
        raise Invalid("日期不得晚于今日", "a day to come", pointer="/on")
    final = disclosures.period_is_final(work.session, card.owner_id, on)
    if final is not None:
        raise StepRefused(final.zh, final.en, (final,))


def derecognise_empty(work: Work, card: AssetCard) -> None:
    """Let a card end when nothing is left of its cost."""
    if card.gross_fen == 0:
        LIFE.take("derecognise", card, work.as_system())


def version(session: Session, card: AssetCard) -> AssetVersion:
    """Return what the card says: what is in force, or what is drafted. One SELECT by key."""
    return terms.of(session, card.id, card.version_in_force or card.version_written)


_OWN: Final = access.overseen(
    AssetCard, LIFE, Words("没有这张资产卡片", "no asset card"), "owner_id"
)
find, seen = _OWN.find, _OWN.seen


def locked(work: Work, card_id: str) -> AssetCard:
    """Return the card as `seen` does, locked. Two SELECTs by key."""
    found = seen(work, card_id)
    work.session.flush()  # what is not written yet would be read over
    work.session.refresh(found, with_for_update=True)
    return found


def listed(
    work: Work, *, state: State | None = None, text: str = "", after: str | None, limit: int
) -> Page[AssetCard]:
    """Return the cards that the caller may see, newest first. One SELECT on an index.

    text: stands in the name, the code or the id.
    """
    where = [] if state is None else [AssetCard.state == state]
    if text:
        where.append(holding((AssetCard.id, AssetCard.code, AssetCard.name), text))
    return _OWN.listed(work, *where, after=after, limit=limit)


def keeps(work: Work) -> bool:
    """Tell whether the caller may write cards of its organisation."""
    mine = AssetCard(owner_id=work.actor.organisation)
    return Role.SYSTEM not in work.actor.roles and preparer.matches(work.actor, mine)


def take(work: Work, card_id: str, name: str, **data: Any) -> AssetCard:
    """Take one step in a card's life. Raises what `Workflow.take` raises."""
    card = locked(work, card_id)
    LIFE.take(name, card, work, **data)
    return card


def _write(work: Work, card: AssetCard, said: Terms) -> AssetVersion:
    card.version_written += 1
    card.written_by = work.actor.person
    return terms.write(work, card.id, card.version_written, said)
