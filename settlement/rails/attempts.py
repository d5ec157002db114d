"""An attempt (支付尝试): one try to collect a payment by a provider.

A payment has one live attempt; what a provider says of it moves it along, and what comes
too late for the payment goes back (`settlement.outcomes`). States follow the provider's
object, whose own rank decides what is news.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.actor import system_only
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step
from settlement import access, payments
from settlement.payments import Payment
from settlement.rails import commands
from settlement.rails.commands import Command

METHODS: Final = ("card", "alipay", "wechat_pay")


class State(StrEnum):
    """How far the try has come."""

    CREATED = "created"
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    AUTHORISED = "authorised"
    UNKNOWN = "unknown"
    CAPTURED = "captured"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    LOST = "lost"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


LIVE: Final = frozenset(
    {State.CREATED, State.PROCESSING, State.REQUIRES_ACTION, State.AUTHORISED, State.UNKNOWN}
)
HELD: Final = frozenset({State.CAPTURED, State.PART_REFUNDED, State.DISPUTED})
_OVER: Final = frozenset({State.FAILED, State.EXPIRED, State.CANCELLED})
IS_LIVE: Final = text(
    "state IN ('created', 'processing', 'requires_action', 'authorised', 'unknown')"
)


class Attempt(Living, Base):
    """One try. object_id: the payment at the provider, once it is known.

    captured: what arrived; refunded: what has gone back of it. manual: the money is first
    reserved, and taken by a second command.
    """

    __tablename__ = "payment_attempts"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint(
            "refunded_minor >= 0 AND refunded_minor <= captured_minor",
            name="refunded_within_captured",
        ),
        CheckConstraint("captured_minor <= amount_minor", name="captured_within_amount"),
        CheckConstraint(
            "amount_currency = captured_currency AND amount_currency = refunded_currency",
            name="one_currency",
        ),
        CheckConstraint("method IN ('card', 'alipay', 'wechat_pay')", name="method_is_known"),
        Index(
            "uq_payment_attempts_one_live_each",
            "payment_id",
            unique=True,
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
        Index(
            "ix_payment_attempts_live",
            "expires_at",
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
        Index("uq_payment_attempts_object", "provider", "object_id", unique=True),
        Index(None, "payment_id", "id"),
        Index(None, "object_id"),
        Index(None, "command_id", unique=True),
    )

    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    provider: Mapped[str]
    method: Mapped[str]
    manual: Mapped[bool]
    command_id: Mapped[str] = mapped_column(ForeignKey("provider_commands.id"))
    object_id: Mapped[str | None]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency", String(3))
    )
    captured: Mapped[Money] = composite(
        mapped_column("captured_minor", Big), mapped_column("captured_currency", String(3))
    )
    refunded: Mapped[Money] = composite(
        mapped_column("refunded_minor", Big), mapped_column("refunded_currency", String(3))
    )
    begun_by: Mapped[str]
    begun_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    reason: Mapped[str]

    @property
    def left(self) -> Money:
        """What the provider still holds of it, or has passed on to us."""
        return self.captured - self.refunded


@dataclass(frozen=True, slots=True)
class Captured:
    """Money of an order that came by a provider. left: what has not gone back."""

    provider: str
    object_id: str
    amount: Money
    left: Money


def _is_manual(attempt: Attempt, _work: Work) -> Refusal | None:
    if not attempt.manual:
        return Refusal("NOT_RESERVED", "该支付为即时扣款", "the money is taken at once")
    return None


def _take_reserved(attempt: Attempt, work: Work, data: dict[str, Any]) -> None:
    amount = Money(data.get("amount", attempt.amount.minor), attempt.amount.currency)
    if not 0 < amount.minor <= attempt.amount.minor:
        raise Invalid(
            f"至多扣款 {attempt.amount}", f"at most {attempt.amount} can be taken",
            pointer="/amount",
        )  # fmt: skip
    _tell(work, attempt, commands.CAPTURE, amount)


def _say_cancel(attempt: Attempt, work: Work, _data: dict[str, Any]) -> None:
    # What may be on its way already is closed when it is known (settlement.outcomes).
    if attempt.object_id:
        _tell(work, attempt, commands.CANCEL, Money(0, attempt.amount.currency))
    else:
        commands.withdraw(work, attempt.command_id)


def _set_reason(attempt: Attempt, _work: Work, data: dict[str, Any]) -> None:
    attempt.reason = str(data.get("reason", ""))[:200]


_ANY: Final = frozenset(LIVE | _OVER)
_AMOUNT: Final = ask("amount", "number", Words("扣款金额（分）", "Amount in fen"), optional=True,
                     max=10**15)  # fmt: skip

# fmt: off
LIFE: Workflow[State, Attempt] = Workflow(
    "attempt", State, State.CREATED,
    step("process",        LIVE, State.PROCESSING, system_only, own_door=True,
         says="attempt.processing", label=Words("处理中", "Under way")),
    step("ask_buyer",      LIVE, State.REQUIRES_ACTION, system_only, own_door=True,
         says="attempt.action_required", label=Words("待买方操作", "The buyer must act")),
    step("authorise",      LIVE, State.AUTHORISED, system_only, own_door=True,
         says="attempt.authorised", label=Words("已授权", "Reserved")),
    step("lose_sight",     LIVE, State.UNKNOWN, system_only, own_door=True,
         says="attempt.unknown", label=Words("结果未知", "Not known")),
    step("take_reserved",  {State.AUTHORISED}, State.PROCESSING, access.settler,
         when=(_is_manual,), asks=(_AMOUNT,), then=(_take_reserved,), moves_money=True,
         says="attempt.capture_asked", label=Words("确认扣款", "Take the money")),
    step("capture",        _ANY, State.CAPTURED, system_only, own_door=True,
         says="attempt.captured", label=Words("已收款", "Captured")),
    step("fail",           LIVE, State.FAILED, system_only, then=(_set_reason, _say_cancel),
         own_door=True, says="attempt.failed", label=Words("失败", "Failed")),
    step("expire",         LIVE, State.EXPIRED, system_only, then=(_say_cancel,), own_door=True,
         says="attempt.expired", label=Words("超时关闭", "Expired")),
    step("close",          LIVE, State.CANCELLED, system_only, then=(_set_reason, _say_cancel),
         own_door=True, says="attempt.closed", label=Words("关闭", "Close")),
    step("cancel",         LIVE, State.CANCELLED, system_only, own_door=True,
         says="attempt.cancelled", label=Words("已取消", "Cancelled there")),
    step("refund_part",    HELD | {State.REFUNDED}, State.PART_REFUNDED, system_only, own_door=True,
         says="attempt.part_refunded", label=Words("部分退款", "Part has gone back")),
    step("refund",         HELD, State.REFUNDED, system_only, own_door=True,
         says="attempt.refunded", label=Words("已退款", "All has gone back")),
    step("regain",         {State.PART_REFUNDED, State.REFUNDED, State.DISPUTED}, State.CAPTURED,
         system_only, own_door=True, says="attempt.regained", label=Words("款项恢复", "Regained")),
    step("dispute",        {State.CAPTURED, State.PART_REFUNDED}, State.DISPUTED, system_only,
         own_door=True, says="attempt.disputed", label=Words("支付争议", "Disputed")),
    step("lose",           {State.DISPUTED}, State.LOST, system_only, own_door=True,
         says="attempt.lost", label=Words("争议败诉", "The dispute is lost")),
)
# fmt: on


def captured_of(session: Session, order_id: str) -> list[Captured]:
    """Return the money of an order that came by providers, the oldest first.

    What came for another purpose (a wallet, a fee) is not an order's. One SELECT.
    """
    statement = (
        select(Attempt)
        .join(Payment, Payment.id == Attempt.payment_id)
        .where(Payment.order_id == order_id, Attempt.captured_minor > 0)  # type: ignore[attr-defined]  # the composite's column
        .order_by(Attempt.id)
    )
    return [
        Captured(found.provider, found.object_id or "", found.captured, found.left)
        for found in session.scalars(statement)
    ]


def live_of(session: Session, payment_id: str) -> Attempt | None:
    """Return the live attempt of a payment, locked. One SELECT on an index."""
    statement = (
        select(Attempt)
        .where(Attempt.payment_id == payment_id, Attempt.state.in_(LIVE), IS_LIVE)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).one_or_none()


def by_command(session: Session, command_id: str) -> Attempt | None:
    """Return the attempt that a command began. One SELECT on an index."""
    return session.scalars(select(Attempt).where(Attempt.command_id == command_id)).one_or_none()


def by_object(session: Session, provider: str, object_id: str) -> Attempt | None:
    """Return the attempt whose payment at the provider this is. One SELECT on an index."""
    statement = select(Attempt).where(Attempt.provider == provider, Attempt.object_id == object_id)
    return session.scalars(statement).one_or_none()


def of_object(session: Session, object_id: str) -> Attempt:
    """Return the attempt that a payment at some provider is of. Raises NotFound.

    One SELECT on an index.
    """
    statement = select(Attempt).where(Attempt.object_id == object_id)
    found = session.scalars(statement.limit(1)).one_or_none()
    if found is None:
        raise NotFound("没有这笔支付", f"no payment {object_id} at a provider")
    return found


def locked(session: Session, attempt_id: str) -> Attempt:
    """Return one attempt, locked. Raises NotFound. One SELECT by key."""
    found = session.get(Attempt, attempt_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise _missing(attempt_id)
    return found


def find(session: Session, attempt_id: str) -> Attempt:
    """Return the attempt. Raises NotFound. One SELECT by key."""
    found = session.get(Attempt, attempt_id)
    if found is None:
        raise _missing(attempt_id)
    return found


def seen(work: Work, attempt_id: str) -> Attempt:
    """Return the attempt to the payer of its payment and to overseers. Two SELECTs by key."""
    found = find(work.session, attempt_id)
    payment = payments.find(work.session, found.payment_id)
    access.hide_from_strangers(work, payment.payer_id, _missing(attempt_id))
    return found


def listed(work: Work, *, payment_id: str, after: str | None = None, limit: int) -> Page[Attempt]:
    """Return the attempts of one payment, newest first. Two SELECTs."""
    payments.seen(work, payment_id)
    statement = select(Attempt).where(Attempt.payment_id == payment_id)
    return keyset(work.session, statement, by=((Attempt.id, "desc"),), after=after, limit=limit)


def take(work: Work, attempt_id: str, name: str, **data: Any) -> Attempt:
    """Take one step in an attempt's life. Raises what `Workflow.take` raises."""
    attempt = seen(work, attempt_id)
    LIFE.take(name, attempt, work, **data)
    return attempt


def _tell(work: Work, attempt: Attempt, kind: str, amount: Money) -> Command:
    return commands.give(
        work,
        provider=attempt.provider,
        kind=kind,
        subject=attempt.id,
        amount=amount,
        body={"object": attempt.object_id},
    )


def _missing(attempt_id: str) -> NotFound:
    return NotFound("没有这次支付", f"no attempt {attempt_id}")
