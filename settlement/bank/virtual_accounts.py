"""A virtual account (虚拟子账户) of the supervised account: money paid to it names its payer.

One for a buyer, for all that it owes, or one for a single order. The bank keeps no money on
it; it only tells, with each receipt, to which number it was paid.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, bank_files
from settlement.bank.escrow_bank import EscrowBank


class State(StrEnum):
    """Whether money is expected on it."""

    OPEN = "open"
    CLOSED = "closed"


class VirtualAccount(Living, Base):
    """One number. order_id: of the one order that it is for; empty when for all of the payer."""

    __tablename__ = "virtual_accounts"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("serial"),
        CheckConstraint("serial > 0", name="serial_positive"),
        Index(
            "uq_virtual_accounts_one_open_each",
            "payer_id",
            "order_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(None, "payer_id", "id"),
    )

    number: Mapped[str]
    serial: Mapped[int]
    payer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    order_id: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[Instant]


# fmt: off
LIFE: Workflow[State, VirtualAccount] = Workflow(
    "virtual_account", State, State.OPEN,
    step("close", {State.OPEN}, State.CLOSED, access.settler,
         asks=(REASON,), says="virtual_account.closed", label=Words("停用", "Close")),
)
# fmt: on


def open_for(work: Work, bank: EscrowBank, *, payer_id: str, order_id: str = "") -> VirtualAccount:
    """Open a virtual account for a payer, or for one of its orders; a repeat returns it.

    By a settlement officer. Raises NotFound or NotActive for the payer. Three SELECTs.
    """
    access.require(work, access.settler, "virtual_account.open")
    payer = organisations.require_active(work.session, payer_id)
    there = work.session.scalars(
        select(VirtualAccount).where(
            VirtualAccount.payer_id == payer_id,
            VirtualAccount.order_id == order_id,
            VirtualAccount.state == State.OPEN,
        )
    ).one_or_none()
    if there is not None:
        return there
    serial = int(work.session.scalar(select(func.max(VirtualAccount.serial))) or 0) + 1
    made = VirtualAccount(
        id=ids.new("vac_", work.now),
        state=State.OPEN,
        number=bank_files.account_number(bank.create_virtual_account(serial, payer.name_zh)),
        serial=serial,
        payer_id=payer_id,
        order_id=order_id,
        opened_by=work.actor.person,
        opened_at=work.now,
    )
    work.session.add(made)
    work.record(
        "virtual_account.opened",
        made.id,
        number=made.number,
        payer_id=payer_id,
        order_id=order_id,
    )
    return made


def by_number(session: Session, numbers: Iterable[str]) -> dict[str, VirtualAccount]:
    """Return number → the open virtual account. One SELECT on an index."""
    wanted = sorted({number for number in numbers if number})
    statement = select(VirtualAccount).where(
        VirtualAccount.number.in_(wanted), VirtualAccount.state == State.OPEN
    )
    return {found.number: found for found in session.scalars(statement)} if wanted else {}


_OWN: Final = access.overseen(
    VirtualAccount, LIFE, Words("没有这个子账号", "no virtual account"), "payer_id"
)
find, seen, listed, take = _OWN.find, _OWN.seen, _OWN.listed, _OWN.take
