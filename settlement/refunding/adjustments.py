"""An adjustment by hand (人工调整), or a write-off (核销): countable, and never hidden.

Prepared by one settlement officer with a reason and the digest of the document it rests on,
and posted when another has checked it, as an event of its own.
"""

import re
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, composite, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, chart, ledger, rules
from settlement.ledger import AccountRef, Row

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class State(StrEnum):
    """Whether it has been posted."""

    PROPOSED = "proposed"
    POSTED = "posted"
    REFUSED = "refused"


class Kind(StrEnum):
    """What kind of adjustment it is, by its event in the books."""

    WRITE_OFF = "writeoff"  # a claim that cannot be collected
    MANUAL = "manual.adjusted"

    @property
    def label(self) -> Words:
        """What the kind is called."""
        if self == Kind.WRITE_OFF:
            return Words("核销", "write-off")
        return Words("人工调整", "adjustment by hand")

    @property
    def pairs(self) -> tuple[rules.Pair, ...]:
        """Between which accounts it may move money."""
        return rules.RULES[self.value].pairs


class Adjustment(Living, Base):
    """One adjustment. document: the SHA-256 of what it rests on. maker, checker: persons."""

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("maker <> checker", name="checked_by_another"),
        CheckConstraint("state <> 'posted' OR checker IS NOT NULL", name="posted_when_checked"),
        CheckConstraint("reason <> ''", name="reason_is_given"),
        CheckConstraint("length(document) = 64", name="document_is_a_digest"),
        Index(None, "state", "id"),
    )

    kind: Mapped[str]
    debit_code: Mapped[str]
    debit_owner: Mapped[str]
    credit_code: Mapped[str]
    credit_owner: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    reason: Mapped[str]
    document: Mapped[str]
    maker: Mapped[str]
    proposed_at: Mapped[Instant]
    checker: Mapped[str | None]
    posted_at: Mapped[Instant | None]


def _post(adjustment: Adjustment, work: Work, _data: dict[str, Any]) -> None:
    adjustment.checker, adjustment.posted_at = work.actor.person, work.now
    currency = adjustment.amount.currency
    row = Row(
        AccountRef(adjustment.debit_code, adjustment.debit_owner, currency),
        AccountRef(adjustment.credit_code, adjustment.credit_owner, currency),
        adjustment.amount,
    )
    today = local_date(work.now)
    ledger.post(work, adjustment.kind, adjustment.id, [row], effective_on=today)


# fmt: off
LIFE: Workflow[State, Adjustment] = Workflow(
    "adjustment", State, State.PROPOSED,
    step("approve", {State.PROPOSED}, State.POSTED, access.settler,
         when=(access.four_eyes("maker"),), then=(_post,), moves_money=True,
         says="adjustment.posted", label=Words("复核并入账", "Check and post")),
    step("refuse",  {State.PROPOSED}, State.REFUSED, access.settler, asks=(REASON,),
         says="adjustment.refused", label=Words("不予入账", "Refuse")),
)
# fmt: on


def propose(  # noqa: PLR0913 - two accounts, how much, why, and on what ground
    work: Work,
    *,
    kind: Kind,
    debit: AccountRef,
    credit: AccountRef,
    amount: Money,
    reason: str,
    document: str,
) -> Adjustment:
    """Propose an adjustment, for another person to check and post.

    Raises Invalid for accounts that it may not move money between, an amount that is not
    positive, or a document that is no SHA-256.
    """
    access.require(work, access.settler, "adjustment.propose")
    if amount.minor <= 0:
        raise Invalid("金额须为正数", "the amount must be positive", pointer="/amount")
    _check_accounts(Kind(kind), debit, credit)
    if not _DIGEST.fullmatch(document):
        raise Invalid("请填写附件的 SHA-256", "the document's SHA-256", pointer="/document")
    made = Adjustment(
        id=ids.new("adj_", work.now),
        state=State.PROPOSED,
        kind=Kind(kind),
        debit_code=debit.code,
        debit_owner=debit.owner,
        credit_code=credit.code,
        credit_owner=credit.owner,
        amount=amount,
        reason=reason,
        document=document,
        maker=work.actor.person,
        proposed_at=work.now,
        checker=None,
        posted_at=None,
    )
    work.session.add(made)
    work.record("adjustment.proposed", made.id, adjustment=made.kind, amount=amount, reason=reason)
    return made


def _check_accounts(kind: Kind, debit: AccountRef, credit: AccountRef) -> None:
    if (debit.code, credit.code) not in kind.pairs:
        raise Invalid(
            f"不得借记 {debit.code} 贷记 {credit.code}",
            f"it may not debit {debit.code} and credit {credit.code}",
            pointer="/debit_code",
        )
    if any(bool(ref.owner) != bool(chart.account(ref.code).owner) for ref in (debit, credit)):
        raise Invalid("请填写账户所属", "whose account it is must be said", pointer="/debit_owner")


_OWN: Final = access.overseen(Adjustment, LIFE, Words("没有这项调整", "no adjustment"))
find, seen, listed, take = _OWN.find, _OWN.seen, _OWN.listed, _OWN.take
