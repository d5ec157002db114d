"""A contract (合同): the text that buyer and seller of an order sign, and how far they are.

The text is drawn up from one of the four versioned templates (`contracting.templates`) and
never changed.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, its, system_only
from kernel.clock import Instant
from kernel.crypto import CryptoProvider
from kernel.db import Base, Living, append_only
from kernel.errors import NotFound, Refusal
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, step
from licensing import signatures
from marketplace import access


class State(StrEnum):
    """How far the signing is."""

    TO_SIGN = "to_sign"
    HALF_SIGNED = "half_signed"
    SIGNED = "signed"
    VOIDED = "voided"


class Contract(Living, Base):
    """The contract of one order: who must sign it, and how far that is."""

    __tablename__ = "contracts"
    __table_args__ = (
        UniqueConstraint("order_id"),
        CheckConstraint("buyer_id <> seller_id", name="parties_differ"),
        CheckConstraint("state <> 'signed' OR signed_at IS NOT NULL", name="signed_is_dated"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    drawn_at: Mapped[Instant]
    signed_at: Mapped[Instant | None]


class ContractText(Base):
    """What is signed: the text, what it was made from, and its digest; never changed."""

    __tablename__ = "contract_texts"

    contract_id: Mapped[str] = mapped_column(ForeignKey("contracts.id"), primary_key=True)
    template: Mapped[str]
    template_version: Mapped[int]
    variables: Mapped[dict[str, Any]]
    text: Mapped[str]
    text_digest: Mapped[str]


append_only(ContractText.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table

buyer = its("buyer", "buyer_id", Duty.SIGNER)
seller = its("seller", "seller_id", Duty.SIGNER)


def _has_not_signed(contract: Contract, work: Work) -> Refusal | None:
    if signatures.signed_by(work.session, contract.id, work.actor.organisation):
        return Refusal(
            "ALREADY_SIGNED", "贵机构已签署此合同", "your organisation has signed this contract"
        )
    return None


def _sign(contract: Contract, work: Work, _data: dict[str, Any]) -> None:
    signatures.sign(work, contract.id, text_digest=text(work.session, contract.id).text_digest)


def _date(contract: Contract, work: Work, _data: dict[str, Any]) -> None:
    contract.signed_at = work.now


# fmt: off
LIFE: Workflow[State, Contract] = Workflow(
    "contract", State, State.TO_SIGN,
    step("sign_first",  {State.TO_SIGN}, State.HALF_SIGNED, (buyer, seller), own_door=True,
         then=(_sign,), says="contract.signed_first", label=Words("签署", "Sign")),
    step("sign_second", {State.HALF_SIGNED}, State.SIGNED, (buyer, seller), own_door=True,
         when=(_has_not_signed,), not_by=("sign_first",), then=(_date, _sign),
         says="contract.signed", label=Words("签署", "Sign")),
    step("void", {State.TO_SIGN, State.HALF_SIGNED, State.SIGNED}, State.VOIDED, system_only,
         own_door=True, says="contract.voided", label=Words("作废", "Void")),
)
# fmt: on


class Written(NamedTuple):
    """A text that is to be signed, and what it was made from."""

    template: str
    template_version: int
    variables: dict[str, str]
    text: str


def draft(
    work: Work, *, order_id: str, buyer_id: str, seller_id: str, written: Written
) -> Contract:
    """Draw up the contract of an order, which never changes again. Records one event."""
    made = Contract(
        id=ids.new("con_", work.now),
        state=State.TO_SIGN,
        order_id=order_id,
        buyer_id=buyer_id,
        seller_id=seller_id,
        drawn_at=work.now,
        signed_at=None,
    )
    work.session.add(made)
    # The text refers to the contract by id alone.
    work.session.flush()
    digest = work.crypto.digest(written.text.encode())
    work.session.add(ContractText(contract_id=made.id, text_digest=digest, **written._asdict()))
    work.record(
        "contract.drawn_up",
        made.id,
        order=order_id,
        template=written.template,
        template_version=written.template_version,
        text_digest=digest,
    )
    return made


def sign(work: Work, contract_id: str) -> Contract:
    """Sign for the caller's organisation: first or second, as it falls.

    Raises StepNotAllowed for all but the parties' signers, StepRefused when it has signed
    already. The same person cannot sign for both.
    """
    first = seen(work, contract_id).state == State.TO_SIGN
    return take(work, contract_id, "sign_first" if first else "sign_second")


def void(work: Work, contract_id: str) -> Contract:
    """Void the contract of an order that does not come about."""
    return take(work.as_system(), contract_id, "void")


def take(work: Work, contract_id: str, step_name: str, **data: Any) -> Contract:
    """Take one step in a contract's life. Raises what `Workflow.take` raises."""
    contract = seen(work, contract_id)
    LIFE.take(step_name, contract, work, **data)
    return contract


def find(session: Session, contract_id: str) -> Contract:
    """Return the contract. Raises NotFound. One SELECT by primary key."""
    found = session.get(Contract, contract_id)
    if found is None:
        raise NotFound("没有这份合同", f"no contract {contract_id}")
    return found


def seen(work: Work, contract_id: str) -> Contract:
    """Return the contract to its parties and to those who oversee; else the same NotFound."""
    found = find(work.session, contract_id)
    if work.actor.organisation in {found.buyer_id, found.seller_id} or access.oversees(work.actor):
        return found
    raise NotFound("没有这份合同", f"no contract {contract_id}")


def text(session: Session, contract_id: str) -> ContractText:
    """Return what is signed. One SELECT by primary key."""
    return session.get_one(ContractText, contract_id)


def is_whole(session: Session, crypto: CryptoProvider, contract_id: str) -> bool:
    """Tell whether the text is what was signed, and every signature under it holds."""
    body = text(session, contract_id)
    return signatures.is_whole(
        session, crypto, contract_id, text=body.text, text_digest=body.text_digest
    )
