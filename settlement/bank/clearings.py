"""A clearing (人工核销): what a person says that a line of a statement is, and for which reason.

A receipt in suspense is given to payments (one or several), sent back to its payer, or
counted as a sponsor's reimbursement of vouchers; a debit that nobody knew is a bank's fee.
Up to a limit of the rules one person does it, unless the same person imported the statement;
above it, or then, another settlement officer approves.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, Living, hold
from kernel.errors import Invalid, NotFound, Refusal, StepRefused, refuse
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, ledger, payments
from settlement.bank import statements
from settlement.bank.desk import FEE, match
from settlement.bank.statements import CUSTODY, SUSPENSE, BankLine, BankStatement, Kind
from settlement.ledger import AccountRef, Row
from settlement.refunding import refunds
from settlement.vouchers import vouchers
from settlement.vouchers.vouchers import Voucher

PARTS_MAX: Final = 50
"""The most payments over which one receipt is divided."""


class State(StrEnum):
    """How far it is."""

    PROPOSED = "proposed"
    DONE = "done"
    REFUSED = "refused"


class Action(StrEnum):
    """What a line is said to be."""

    MATCH = "match"
    FEE = "fee"
    SEND_BACK = "send_back"
    VOUCHER = "voucher"

    @property
    def label(self) -> Words:
        """What it is called."""
        return _ACTIONS[self]


_ACTIONS: Final = {
    Action.MATCH: Words("核销到付款", "give it to payments"),
    Action.FEE: Words("认定为银行手续费", "it is the bank's fee"),
    Action.SEND_BACK: Words("退回付款人", "send it back to its payer"),
    Action.VOUCHER: Words("认定为算力券兑付", "it reimburses vouchers"),
}


class Clearing(Living, Base):
    """What one person says about one line.

    parts: for a match, [[payment id, fen], …]; for vouchers, [batch id, voucher id, …]; for
    what goes back, [payer id] if it is known. maker, checker: persons; the checker is None
    where one person was enough.
    """

    __tablename__ = "clearings"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("maker <> checker", name="checked_by_another"),
        CheckConstraint("reason <> ''", name="a_person_says_why"),
        Index(
            "uq_clearings_one_proposed_per_line",
            "line_id",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
        Index(None, "state", "id"),
        Index(None, "line_id", "id"),
    )

    line_id: Mapped[str] = mapped_column(ForeignKey("bank_lines.id"))
    action: Mapped[Action] = mapped_column(String)
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    parts: Mapped[list[Any]]
    reason: Mapped[str]
    maker: Mapped[str]
    proposed_at: Mapped[Instant]
    checker: Mapped[str | None]
    done_at: Mapped[Instant | None]


class Share(NamedTuple):
    """Some of a receipt, for one payment. amount: all that fits, if not said."""

    payment_id: str
    amount: Money | None = None


def _is_still_there(clearing: Clearing, work: Work) -> Refusal | None:
    line = statements.find_line(work.session, clearing.line_id)
    if clearing.amount <= _left(work, line):
        return None
    return Refusal("NOTHING_LEFT", "可核销余额不足", "not so much of it is left to be explained")


def _do(clearing: Clearing, work: Work, _data: dict[str, Any]) -> None:
    clearing.checker = None if clearing.maker == work.actor.person else work.actor.person
    clearing.done_at = work.now
    line = statements.find_line(work.session, clearing.line_id)
    _DOING[Action(clearing.action)](work, clearing, line)


def _do_alone(clearing: Clearing, work: Work, data: dict[str, Any]) -> None:
    _do(clearing, work, data)
    clearing.checker = None


# fmt: off
LIFE: Workflow[State, Clearing] = Workflow(
    "clearing", State, State.PROPOSED,
    step("settle",  {State.PROPOSED}, State.DONE, access.settler, when=(_is_still_there,),
         then=(_do_alone,), own_door=True, moves_money=True,
         says="clearing.settled", label=Words("一人办结", "Done by one person")),
    step("approve", {State.PROPOSED}, State.DONE, access.settler,
         when=(access.four_eyes("maker"), _is_still_there), then=(_do,), moves_money=True,
         says="clearing.done", label=Words("复核通过", "Approve")),
    step("refuse",  {State.PROPOSED}, State.REFUSED, access.settler,
         asks=(REASON,), says="clearing.refused", label=Words("不予核销", "Refuse")),
)
# fmt: on


def give(work: Work, line_id: str, *, shares: Sequence[Share], reason: str) -> Clearing:
    """Say to which payments a receipt in suspense belongs, and for which reason.

    A share without an amount takes what is left of the receipt, or what its payment still
    asks, whichever is less. Raises NotFound, Invalid, StepRefused with every reason.
    """
    line = _opened(work, line_id)
    if not 1 <= len(shares) <= PARTS_MAX:
        raise Invalid(f"须为 1 至 {PARTS_MAX} 笔", f"1 to {PARTS_MAX} payments", pointer="/shares")
    left, parts, refusals = _left(work, line), list[list[Any]](), list[Refusal]()
    if not left.minor:
        refusals.append(_NOTHING)
    for share in shares:
        payment = payments.find(work.session, share.payment_id)
        if payment.state not in _OPEN:
            refusals.append(Refusal("NOT_AWAITED", "该付款不在等待状态", "it awaits nothing"))
            continue
        amount = share.amount or min(left, payment.due)
        if amount > payment.due or amount > left:
            said = f"{payment.reference} 最多 {min(left, payment.due)}"
            refusals.append(Refusal("TOO_MUCH", said, f"{payment.reference}: too much"))
        left -= min(amount, left)
        parts.append([payment.id, amount.minor])
    refuse(refusals)
    if len({part[0] for part in parts}) < len(parts) or not all(part[1] for part in parts):
        raise Invalid("付款重复或金额为零", "a payment twice, or nothing", pointer="/shares")
    return _proposed(work, line, Action.MATCH, sum(part[1] for part in parts), parts, reason)


def call_fee(work: Work, line_id: str, *, reason: str) -> Clearing:
    """Say that a debit which nobody knew is a fee of the bank. Raises as `give` does."""
    line = _opened(work, line_id)
    refuse([] if line.amount.minor < 0 and _left(work, line).minor else [_NOTHING])
    return _proposed(work, line, Action.FEE, -line.amount.minor, [], reason)


def send_back(
    work: Work, line_id: str, *, reason: str, amount: Money | None = None, payer_id: str = ""
) -> Clearing:
    """Say that a receipt, or `amount` of it, goes back to who sent it. Raises as `give` does.

    payer_id: whose verified account is paid when the bank did not say where it came from.
    """
    line = _opened(work, line_id)
    left = _left(work, line)
    amount = amount or left
    fits = line.amount.minor > 0 and Money(0) < amount <= left
    refuse([] if fits else [_NOTHING])
    parts = [payer_id] if payer_id else []
    return _proposed(work, line, Action.SEND_BACK, amount.minor, parts, reason)


def reimburse(
    work: Work, line_id: str, *, batch_id: str, voucher_ids: Iterable[str], reason: str
) -> Clearing:
    """Say that a receipt is a sponsor's reimbursement of these vouchers. Raises as `give`.

    What they are worth is taken of it; more than came in they may not be.
    """
    line = _opened(work, line_id)
    left, named = _left(work, line), sorted(set(voucher_ids))
    refuse([] if line.amount.minor > 0 and left.minor else [_NOTHING])
    found = _redeemed(work.session, batch_id, named)
    if len(found) != len(named) or not found:
        zh, en = "批次中没有这些已核销的券", f"batch {batch_id} has not all of these as redeemed"
        raise NotFound(zh, en)
    worth = sum((each.used for each in found), Money(0, left.currency))
    over = Refusal("TOO_MUCH", f"券值 {worth}，来款 {left}", f"worth {worth}, of which {left} came")
    refuse([over] if worth > left else [])
    return _proposed(work, line, Action.VOUCHER, worth.minor, [batch_id, *named], reason)


def find(session: Session, clearing_id: str) -> Clearing:
    """Return the clearing. Raises NotFound. One SELECT by key."""
    found = session.get(Clearing, clearing_id)
    if found is None:
        raise _missing(clearing_id)
    return found


def seen(work: Work, clearing_id: str) -> Clearing:
    """Return the clearing to overseers; to others it does not exist."""
    if not access.oversees(work.actor):
        raise _missing(clearing_id)
    return find(work.session, clearing_id)


def listed(
    work: Work, *, state: State | None = None, after: str | None, limit: int
) -> Page[Clearing]:
    """Return the clearings, newest first, to overseers. One SELECT on an index."""
    access.require(work, access.overseer, "clearing.listed")
    statement = select(Clearing)
    if state is not None:
        statement = statement.where(Clearing.state == state)
    return keyset(work.session, statement, by=((Clearing.id, "desc"),), after=after, limit=limit)


def proposed_for(session: Session, line_ids: Iterable[str]) -> dict[str, Clearing]:
    """Return line → the clearing that waits for a second person. One SELECT on an index."""
    statement = select(Clearing).where(
        Clearing.line_id.in_(list(line_ids)), Clearing.state == State.PROPOSED
    )
    return {found.line_id: found for found in session.scalars(statement)}


def take(work: Work, clearing_id: str, name: str, **data: Any) -> Clearing:
    """Take one step in a clearing's life. Raises what `Workflow.take` raises."""
    clearing = seen(work, clearing_id)
    hold(work.session, clearing)
    LIFE.take(name, clearing, work, **data)
    return clearing


_NOTHING: Final = Refusal("NOTHING_LEFT", "该流水无待核销金额", "nothing of it is to be explained")
_OPEN: Final = frozenset({payments.State.AWAITING, payments.State.PART_FUNDED})


def _opened(work: Work, line_id: str) -> BankLine:
    access.require(work, access.settler, "bank.clear")
    line = statements.find_line(work.session, line_id)
    if line_id in proposed_for(work.session, [line_id]):
        waiting = Refusal("PROPOSED", "已有待复核的核销", "another clearing waits for approval")
        raise StepRefused(waiting.zh, waiting.en, (waiting,))
    return line


def _left(work: Work, line: BankLine) -> Money:
    """Return what of a line is not explained: of a receipt in suspense, of a debit all or none."""
    if line.amount.minor > 0:
        return statements.suspense(work.session, [line.id]).get(line.id, Money(0))
    is_known = line.note is None or statements.matches(work.session, [line.id])
    return Money(0 if is_known else -line.amount.minor)


def _redeemed(session: Session, batch_id: str, voucher_ids: list[str]) -> list[Voucher]:
    statement = select(Voucher).where(
        Voucher.id.in_(voucher_ids),
        Voucher.batch_id == batch_id,
        Voucher.state == vouchers.State.REDEEMED,
    )
    return list(session.scalars(statement))


def _proposed(
    work: Work, line: BankLine, action: Action, minor: int, parts: list[Any], reason: str
) -> Clearing:
    made = Clearing(
        id=ids.new("clr_", work.now),
        state=State.PROPOSED,
        line_id=line.id,
        action=action,
        amount=Money(minor, line.amount.currency),
        parts=parts,
        reason=reason,
        maker=work.actor.person,
        proposed_at=work.now,
        checker=None,
        done_at=None,
    )
    work.session.add(made)
    work.record("clearing.proposed", made.id, line_id=line.id, action=action, amount=made.amount)
    imported = work.session.get_one(BankStatement, line.statement_id)
    alone = minor <= work.rules.number("settlement.clearing_limit_fen")
    if alone and imported.imported_by != work.actor.person:
        work.session.flush()  # what it is matched to refers to nothing that is not there
        LIFE.take("settle", made, work)
    return made


def _give(work: Work, clearing: Clearing, line: BankLine) -> None:
    waiting = AccountRef(SUSPENSE, line.id, line.amount.currency)
    for payment_id, minor in sorted(clearing.parts):
        payment = payments.locked_by_id(work.session, payment_id)
        amount = Money(minor, line.amount.currency)
        if payment.state not in _OPEN or payment.due < amount:
            raise StepRefused("付款已变动", f"payment {payment.reference} asks less now")
        made = match(work, line.id, amount, payment_id=payment_id, reason=clearing.reason)
        work.session.add(made)
        ledger.post(
            work,
            "bank.matched",
            made.id,
            payments.rows(payment, waiting, amount),
            effective_on=line.booked_on,
            order_id=payment.order_id,
        )
        payments.receive(work, payment, amount)


def _call_fee(work: Work, clearing: Clearing, line: BankLine) -> None:
    paid = Row(AccountRef(FEE), AccountRef(CUSTODY, line.account), clearing.amount)
    ledger.post(work, "bank.fee", line.id, [paid], effective_on=line.booked_on)
    made = match(work, line.id, clearing.amount, kind=Kind.FEE, target=FEE, reason=clearing.reason)
    work.session.add(made)


def _reimburse(work: Work, clearing: Clearing, line: BankLine) -> None:
    batch_id, *voucher_ids = clearing.parts
    paid = vouchers.reimburse(work, batch_id, line_id=line.id, voucher_ids=voucher_ids)
    made = match(work, line.id, paid, kind=Kind.VOUCHER, target=batch_id, reason=clearing.reason)
    work.session.add(made)


def _send_back(work: Work, clearing: Clearing, line: BankLine) -> None:
    """Hand the money to a refund, which has its own second pair of eyes."""
    payer_id = clearing.parts[0] if clearing.parts else None
    made = refunds.of_suspense(
        work, amount=clearing.amount, reason=clearing.reason, line_id=line.id, payer_id=payer_id
    )
    found = match(
        work, line.id, clearing.amount, kind=Kind.SENT_BACK, target=made.id, reason=clearing.reason
    )
    work.session.add(found)


_DOING: Final[Mapping[Action, Any]] = {
    Action.MATCH: _give,
    Action.FEE: _call_fee,
    Action.SEND_BACK: _send_back,
    Action.VOUCHER: _reimburse,
}


def _missing(clearing_id: str) -> NotFound:
    return NotFound("没有这项核销", f"no clearing {clearing_id}")
