"""A direct deal (场外备案交易): made and paid outside the exchange, registered here with proof.

Source: the national statistics of data trading count deals on the exchange and registered
ones (备案) apart. The merchant shows contract, payment and delivery; two officers of the
exchange verify them, one after the other; then the volume counts and the fee is due.
"""

from datetime import date
from enum import StrEnum
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.actor import Duty, Role, any_of, its
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed
from kernel.money import Money
from kernel.pages import Page, holding, keyset
from kernel.parties import organisations, oversight, uscc
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, ledger, shares
from settlement.deals import papers
from settlement.deals.papers import DealPaper, PaperKind
from settlement.dividing import charges, fee_rules, scales
from settlement.dividing.charges import Due
from settlement.dividing.fee_rules import Kind as FeeKind
from settlement.fees import fee_notes, occasions
from settlement.ledger import AccountRef, Row

CODE_MAX: Final = 80
"""The most characters of a contract's number."""


class State(StrEnum):
    """How far the registration has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    VERIFYING = "verifying"
    REGISTERED = "registered"
    REJECTED = "rejected"


class DirectDeal(Living, Base):
    """One deal. contract_no: of the parties' own contract, once a merchant.

    buyer_uscc: the buyer need not be known here. buyer_id: if it is. fee: known once it is
    registered; payment_id: by which it is asked, None when there is none.
    """

    __tablename__ = "direct_deals"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("verified_by <> registered_by", name="verified_by_two"),
        CheckConstraint(
            "state <> 'registered' OR (verified_by IS NOT NULL AND registered_by IS NOT NULL)",
            name="registered_by_two",
        ),
        CheckConstraint("delivered_on >= signed_on", name="delivered_after_signature"),
        Index(
            "uq_direct_deals_one_each_contract",
            "merchant_id",
            "contract_no",
            unique=True,
            sqlite_where=text("state <> 'rejected'"),
            postgresql_where=text("state <> 'rejected'"),
        ),
        Index(None, "merchant_id", "id"),
        Index(None, "state", "id"),
    )

    merchant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    buyer_name: Mapped[str]
    buyer_uscc: Mapped[str]
    buyer_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str]
    contract_no: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    signed_on: Mapped[date]
    delivered_on: Mapped[date]
    drafted_by: Mapped[str]
    drafted_at: Mapped[Instant]
    verified_by: Mapped[str | None]
    registered_by: Mapped[str | None]
    registered_at: Mapped[Instant | None]
    fee_minor: Mapped[int | None] = mapped_column(Big)
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("payments.id"))

    @property
    def buyer(self) -> str:
        """The owner of the counter-account of its volume."""
        return self.buyer_id or f"uscc:{self.buyer_uscc}"

    @property
    def fee(self) -> Money | None:
        """What the exchange asks for it, tax included; None until it is registered."""
        return None if self.fee_minor is None else Money(self.fee_minor, self.amount.currency)


its_merchant: Final = its("merchant", "merchant_id")
"""Anybody of the merchant whose deal it is."""

verifier: Final = any_of(
    Role.EXCHANGE_OPERATOR,
    Duty.LISTING_OFFICER,
    Duty.COMPLIANCE_OFFICER,
    Duty.SETTLEMENT_OFFICER,
)
"""Who looks at the papers first."""


def _papers_are_there(deal: DirectDeal, work: Work) -> Refusal | None:
    there = papers.in_force(work.session, deal.id)
    missing = [kind.label for kind in PaperKind if kind not in there]
    if not missing:
        return None
    return Refusal(
        "PAPERS_MISSING",
        "缺少材料：" + "、".join(each.zh for each in missing),
        "missing: " + ", ".join(each.en for each in missing),
    )


def _contract_is_its_own(deal: DirectDeal, work: Work) -> Refusal | None:
    others = papers.elsewhere(work.session, deal.id)
    live = select(DirectDeal.id).where(
        DirectDeal.id.in_(others), DirectDeal.state != State.REJECTED
    )
    if not others or work.session.scalars(live.limit(1)).first() is None:
        return None
    return Refusal(
        "CONTRACT_USED",
        "同一份合同已用于另一笔备案",
        "the same contract stands behind another deal",
    )


def _set_verified(deal: DirectDeal, work: Work, _data: dict[str, Any]) -> None:
    deal.verified_by = work.actor.person


def _register(deal: DirectDeal, work: Work, _data: dict[str, Any]) -> None:
    """Count the volume, and ask the fee: of the merchant, and of a buyer known here if so ruled."""
    deal.registered_by, deal.registered_at = work.actor.person, work.now
    currency = deal.amount.currency
    rows = [
        Row(
            AccountRef("9001.counter", deal.buyer, currency),
            AccountRef("9002.turnover", deal.id, currency),
            deal.amount,
        )
    ]
    owed = []
    for due in _fees(deal, work):
        charge, added = charges.write(work, due, income=shares.COMMISSION)
        owed.append(charge)
        rows += added
    ledger.post(work, "deal.registered", deal.id, rows, effective_on=local_date(work.now))
    asked = {one.payer_id: fee_notes.draw(work, [one]) for one in owed}
    own = asked.get(deal.merchant_id)
    deal.fee_minor = own.amount.minor if own else 0
    deal.payment_id = own.payment_id if own else None


def _fees(deal: DirectDeal, work: Work) -> list[Due]:
    """Return who owes which fee: by the rule in force, else by the jurisdiction's own rates.

    Steps by the year count what the merchant sold on the exchange.
    """
    rule = fee_rules.in_force(work.session, FeeKind.TRANSACTION, local_date(work.now))
    none = Money(0, deal.amount.currency)
    if rule is None:
        cap = Money(work.rules.number("fees.transaction_cap_fen"), deal.amount.currency)
        fee = shares.fee(deal.amount, work.rules.number("fees.transaction_bp"), cap=cap)
        parts = {deal.merchant_id: fee} if fee.minor else {}
    else:
        on_year = rule.scale == fee_rules.Scale.YEAR
        today = local_date(work.now)
        before = scales.of_year(work.session, deal.merchant_id, today) if on_year else 0
        fee = fee_rules.figure(rule, deal.amount, charged=none, before=before)
        fee = min(fee, deal.amount)
        buyer_id = deal.buyer_id or deal.merchant_id
        parts = dict(occasions.split(rule, fee, deal.merchant_id, buyer_id))
    rule_id = rule.id if rule else None
    return [
        Due(FeeKind.TRANSACTION, deal.id, payer_id, part, rule_id=rule_id)
        for payer_id, part in parts.items()
    ]


# fmt: off
LIFE: Workflow[State, DirectDeal] = Workflow(
    "direct_deal", State, State.DRAFT,
    step("submit",   {State.DRAFT}, State.SUBMITTED, its_merchant,
         when=(_papers_are_there,), says="deal.submitted", label=Words("提交备案", "Submit")),
    step("verify",   {State.SUBMITTED}, State.VERIFYING, verifier,
         when=(_papers_are_there, _contract_is_its_own), then=(_set_verified,),
         says="deal.verified", label=Words("初核通过", "Pass the first check")),
    step("register", {State.VERIFYING}, State.REGISTERED, access.settler,
         when=(access.four_eyes("verified_by"), _contract_is_its_own), then=(_register,),
         moves_money=True,
         says="deal.registered", label=Words("复核并备案", "Check again and register")),
    step("reject",   {State.SUBMITTED, State.VERIFYING}, State.REJECTED,
         (verifier, access.settler),
         asks=(REASON,), says="deal.rejected", label=Words("不予备案", "Reject")),
)
# fmt: on


class Agreed(TypedDict):
    """What the parties agreed, outside the exchange."""

    buyer_name: str
    buyer_uscc: str
    title: str
    contract_no: str
    amount: Money
    signed_on: date
    delivered_on: date


def draft(work: Work, **agreed: Unpack[Agreed]) -> DirectDeal:
    """Begin to register a deal of the caller's organisation, which must be a merchant.

    Raises StepNotAllowed, or Invalid: a code that is none, a day to come, no amount, itself.
    """
    if Role.MERCHANT not in work.actor.roles:
        raise StepNotAllowed("只有数商可以备案", "deals are registered by merchants")
    code = _checked(work, agreed)
    known = work.session.scalars(
        select(organisations.Organisation.id).where(organisations.Organisation.uscc == code)
    ).one_or_none()
    made = DirectDeal(
        id=ids.new("dea_", work.now),
        state=State.DRAFT,
        merchant_id=work.actor.organisation,
        buyer_id=known,
        drafted_by=work.actor.person,
        drafted_at=work.now,
        **{**agreed, "buyer_uscc": code},
    )
    work.session.add(made)
    told = {"amount": made.amount, "contract_no": made.contract_no}
    work.record("deal.drafted", made.id, **told)
    return made


def file(work: Work, deal_id: str, *, kind: PaperKind, name: str, content: bytes) -> DealPaper:
    """File a paper of a draft, for its merchant. Raises NotFound, StepNotAllowed, Invalid."""
    deal = seen(work, deal_id)
    if not its_merchant.matches(work.actor, deal) or deal.state != State.DRAFT:
        raise StepNotAllowed(
            "只有草稿可由数商补充材料", "papers are filed by the merchant of a draft"
        )
    if len(papers.of(work.session, deal.id)) >= papers.PAPERS_MAX:
        raise Invalid("材料过多", f"at most {papers.PAPERS_MAX} papers", pointer="/file")
    made = papers.keep(work, deal.id, kind=kind, name=name, content=content)
    work.record("deal.paper_filed", deal.id, paper=kind, name=name, digest=made.digest)
    return made


def paper(work: Work, deal_id: str, paper_id: str) -> tuple[DealPaper, bytes]:
    """Return a paper with its bytes to who may see the deal."""
    deal = seen(work, deal_id)
    return papers.content(work, deal.id, paper_id)


def find(session: Session, deal_id: str) -> DirectDeal:
    """Return the deal. Raises NotFound. One SELECT by key."""
    found = session.get(DirectDeal, deal_id)
    if found is None:
        raise _missing(deal_id)
    return found


def seen(work: Work, deal_id: str) -> DirectDeal:
    """Return the deal to its merchant and to who verifies or oversees; else it does not exist."""
    found = find(work.session, deal_id)
    if not verifier.matches(work.actor, None):
        access.hide_from_strangers(work, found.merchant_id, _missing(deal_id))
    return found


def listed(
    work: Work, *, state: State | None = None, text: str = "", after: str | None, limit: int
) -> Page[DirectDeal]:
    """Return the deals that the caller may see, newest first. One SELECT on an index.

    text: stands in the title, the contract's number or the id.
    """
    statement = select(DirectDeal)
    if not (access.oversees(work.actor) or verifier.matches(work.actor, None)):
        statement = statement.where(DirectDeal.merchant_id == work.actor.organisation)
    if state is not None:
        statement = statement.where(DirectDeal.state == state)
    if text:
        statement = statement.where(
            holding((DirectDeal.id, DirectDeal.title, DirectDeal.contract_no), text)
        )
    return keyset(work.session, statement, by=((DirectDeal.id, "desc"),), after=after, limit=limit)


def take(work: Work, deal_id: str, name: str, **data: Any) -> DirectDeal:
    """Take one step in a deal's life. Raises what `Workflow.take` raises."""
    return oversight.take(work, LIFE, seen(work, deal_id), name, **data)


def _checked(work: Work, agreed: Agreed) -> str:
    """Return the buyer's code in its one form. Raises Invalid for what is no deal."""
    seller = organisations.require_active(work.session, work.actor.organisation)
    code = uscc.check(agreed["buyer_uscc"])
    if code == seller.uscc:
        raise Invalid("买方不能是本机构", "nobody buys of itself", pointer="/buyer_uscc")
    if agreed["amount"].minor <= 0:
        raise Invalid("金额须为正数", "the amount must be positive", pointer="/amount")
    if not agreed["signed_on"] <= agreed["delivered_on"] <= local_date(work.now):
        told = "须先签约后交付，且均已发生", "signed, then delivered, both by now"
        raise Invalid(*told, pointer="/delivered_on")
    return code


def _missing(deal_id: str) -> NotFound:
    return NotFound("没有这笔备案", f"no deal {deal_id}")
