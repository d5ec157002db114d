"""A batch of vouchers (算力券批次): what a sponsor gives, to whom, and how much of it at most.

Prepared by one settlement officer of the exchange and opened by another, who thereby posts
its budget to the memo book. No more can be issued than is there: the account of what is
available is guarded by the database (I-62a).
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple, NotRequired, Required, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.actor import Role
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, ledger
from settlement.ledger import AccountRef, Row

WHOLE_BP: Final = 10_000
HOLDERS: Final = (Role.BUYER, Role.DEVELOPER, Role.MERCHANT)
"""As what an organisation may be given a voucher."""


class State(StrEnum):
    """Where a batch stands."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    DROPPED = "dropped"


class VoucherBatch(Living, Base):
    """What one sponsor gives under one decision.

    face: of each voucher. deduct_bp: the part of an order that a voucher pays at most; never
    all of it. order_max, year_max: what one order, and one holder in a calendar year, gets
    at most. roles, regions: who may hold one; an empty list is no limit. product_types: for
    what; likewise. advanced: the exchange lets the sponsor's part be settled before the
    sponsor has paid it. maker, checker: persons.
    """

    __tablename__ = "voucher_batches"
    __table_args__ = (
        CheckConstraint("face_minor > 0", name="face_positive"),
        CheckConstraint("budget_minor >= face_minor", name="budget_for_one_at_least"),
        CheckConstraint("deduct_bp > 0 AND deduct_bp < 10000", name="never_the_whole_price"),
        CheckConstraint("order_max_minor > 0", name="order_max_positive"),
        CheckConstraint("year_max_minor >= order_max_minor", name="year_holds_an_order"),
        CheckConstraint(
            "budget_currency = face_currency AND face_currency = order_max_currency "
            "AND order_max_currency = year_max_currency",
            name="one_currency",
        ),
        CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),
        CheckConstraint("maker <> checker", name="checked_by_another"),
        CheckConstraint(
            "state NOT IN ('open', 'closed') OR checker IS NOT NULL", name="opened_when_checked"
        ),
        Index(None, "sponsor_id", "id"),
        Index(None, "state", "id"),
    )

    sponsor_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    title_zh: Mapped[str]
    title_en: Mapped[str]
    doc_no: Mapped[str]
    budget: Mapped[Money] = composite(
        mapped_column("budget_minor", Big), mapped_column("budget_currency")
    )
    face: Mapped[Money] = composite(
        mapped_column("face_minor", Big), mapped_column("face_currency")
    )
    deduct_bp: Mapped[int]
    order_max: Mapped[Money] = composite(
        mapped_column("order_max_minor", Big), mapped_column("order_max_currency")
    )
    year_max: Mapped[Money] = composite(
        mapped_column("year_max_minor", Big), mapped_column("year_max_currency")
    )
    roles: Mapped[list[Any]]
    regions: Mapped[list[Any]]
    product_types: Mapped[list[Any]]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    advanced: Mapped[bool]
    maker: Mapped[str]
    drafted_at: Mapped[Instant]
    checker: Mapped[str | None]
    opened_at: Mapped[Instant | None]

    @property
    def title(self) -> Words:
        """What the batch is called."""
        return Words(self.title_zh, self.title_en)

    @property
    def available(self) -> AccountRef:
        """The budget that no voucher has taken yet."""
        return AccountRef("9102.available", self.id, self.budget.currency)

    @property
    def owed(self) -> AccountRef:
        """What the sponsor has to pay for vouchers that were redeemed."""
        return AccountRef("1221.sponsor", self.id, self.budget.currency)


class Terms(TypedDict, total=False):
    """The terms of a batch, as `VoucherBatch` has them."""

    sponsor_id: Required[str]
    title_zh: Required[str]
    title_en: Required[str]
    doc_no: Required[str]
    budget: Required[Money]
    face: Required[Money]
    deduct_bp: Required[int]
    order_max: Required[Money]
    year_max: Required[Money]
    valid_from: Required[date]
    valid_to: Required[date]
    roles: NotRequired[list[str]]
    regions: NotRequired[list[str]]
    product_types: NotRequired[list[str]]
    advanced: NotRequired[bool]


class Standing(NamedTuple):
    """What has become of a budget. issued = budget − available."""

    budget: Money
    available: Money
    redeemed: Money
    owed: Money


def _is_not_over(batch: VoucherBatch, work: Work) -> Refusal | None:
    if local_date(work.now) <= batch.valid_to:
        return None
    return Refusal("BATCH_OVER", "批次有效期已过", "the batch's term has ended")


def _open(batch: VoucherBatch, work: Work, _data: dict[str, Any]) -> None:
    batch.checker, batch.opened_at = work.actor.person, work.now
    budget = AccountRef("9101.budget", batch.id, batch.budget.currency)
    ledger.post(
        work,
        "voucher.budgeted",
        batch.id,
        [Row(budget, batch.available, batch.budget)],
        effective_on=local_date(work.now),
    )


# fmt: off
LIFE: Workflow[State, VoucherBatch] = Workflow(
    "voucher_batch", State, State.DRAFT,
    step("open",  {State.DRAFT}, State.OPEN, access.settler,
         when=(access.four_eyes("maker"), _is_not_over), then=(_open,), moves_money=True,
         says="voucher_batch.opened", label=Words("复核并启用", "Check and open")),
    step("drop",  {State.DRAFT}, State.DROPPED, access.settler, asks=(REASON,),
         says="voucher_batch.dropped", label=Words("作废", "Drop")),
    step("close", {State.OPEN}, State.CLOSED, access.settler, asks=(REASON,),
         says="voucher_batch.closed", label=Words("停止发放", "Stop issuing")),
)
# fmt: on


def draft(work: Work, **terms: Any) -> VoucherBatch:
    """Write down a batch for another officer to open. terms: `Terms`.

    Raises Invalid naming the field, NotFound or NotActive for the sponsor.
    """
    access.require(work, access.settler, "voucher_batch.draft")
    organisations.require_active(work.session, terms["sponsor_id"])
    _check(terms)
    made = VoucherBatch(
        id=ids.new("vcb_", work.now),
        state=State.DRAFT,
        maker=work.actor.person,
        drafted_at=work.now,
        **{"roles": [], "regions": [], "product_types": [], "advanced": False, **terms},
    )
    work.session.add(made)
    work.record(
        "voucher_batch.drafted",
        made.id,
        sponsor_id=made.sponsor_id,
        budget=made.budget,
        doc_no=made.doc_no,
    )
    return made


def standing(session: Session, batch: VoucherBatch) -> Standing:
    """Return what has become of the budget, from the books. Three balances."""
    zero = Money(0, batch.budget.currency)
    redeemed = AccountRef("9104.redeemed", batch.id, batch.budget.currency)
    if batch.state in {State.DRAFT, State.DROPPED}:
        return Standing(batch.budget, zero, zero, zero)
    return Standing(
        budget=batch.budget,
        available=ledger.balance(session, batch.available),
        redeemed=ledger.balance(session, redeemed),
        owed=ledger.balance(session, batch.owed),
    )


def find(session: Session, batch_id: str) -> VoucherBatch:
    """Return the batch. Raises NotFound. One SELECT by key."""
    found = session.get(VoucherBatch, batch_id)
    if found is None:
        raise _missing(batch_id)
    return found


def by_id(session: Session, batch_ids: Iterable[str]) -> dict[str, VoucherBatch]:
    """Return id → batch. One SELECT by keys."""
    wanted = VoucherBatch.id.in_(sorted(set(batch_ids)))
    return {batch.id: batch for batch in session.scalars(select(VoucherBatch).where(wanted))}


def seen(work: Work, batch_id: str) -> VoucherBatch:
    """Return the batch: its sponsor and overseers see every one, others what was opened."""
    found = find(work.session, batch_id)
    if found.state in {State.DRAFT, State.DROPPED}:
        access.hide_from_strangers(work, found.sponsor_id, _missing(batch_id))
    return found


def listed(
    work: Work, *, state: State | None = None, after: str | None, limit: int
) -> Page[VoucherBatch]:
    """Return the batches that the caller may see, newest first. One SELECT on an index."""
    statement = select(VoucherBatch)
    if state is not None:
        statement = statement.where(VoucherBatch.state == state)
    if not access.oversees(work.actor):
        opened = VoucherBatch.state.in_([State.OPEN, State.CLOSED])
        own = VoucherBatch.sponsor_id == work.actor.organisation
        statement = statement.where(opened | own)
    by = ((VoucherBatch.id, "desc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def take(work: Work, batch_id: str, name: str, **data: Any) -> VoucherBatch:
    """Take one step in a batch's life. Raises what `Workflow.take` raises."""
    batch = seen(work, batch_id)
    LIFE.take(name, batch, work, **data)
    return batch


def _check(terms: dict[str, Any]) -> None:
    # fmt: off
    wrong = (
        (terms["face"].minor <= 0, "face", "面值须为正数", "the face value must be positive"),
        (terms["budget"] < terms["face"], "budget", "预算须不少于一张券的面值",
         "the budget must hold one voucher at least"),
        (not 0 < terms["deduct_bp"] < WHOLE_BP, "deduct_bp", "抵扣比例须大于0且小于100%",
         "the rate must be more than nothing and less than the whole price"),
        (terms["order_max"].minor <= 0, "order_max", "单笔上限须为正数",
         "what an order gets must be positive"),
        (terms["year_max"] < terms["order_max"], "year_max", "年度上限须不低于单笔上限",
         "what a year holds must hold one order at least"),
        (terms["valid_to"] < terms["valid_from"], "valid_to", "止日不得早于起日",
         "it must not end before it begins"),
        (not set(terms.get("roles", ())) <= {role.value for role in HOLDERS}, "roles",
         "持券方角色不符", "a voucher is for buyers, developers and merchants"),
    )
    # fmt: on
    for applies, field, zh, en in wrong:
        if applies:
            raise Invalid(zh, en, pointer=f"/{field}")


def _missing(batch_id: str) -> NotFound:
    return NotFound("没有这个券批次", f"no batch of vouchers {batch_id}")
