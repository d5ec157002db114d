"""A settlement statement (结算单): what a party earned and was paid in a period, and what is left.

Drawn from the books at a cut, signed, and for the party to confirm; silence confirms it when
its days are over. What the party disputes stands among the breaks of reconciling until a
corrected statement takes its place.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from settlement import access
from settlement.books import accounts, entries, postings
from settlement.dividing.terms import Payable
from settlement.ledger import AccountRef
from settlement.papers import movements, papers
from settlement.papers.papers import Paper

DUE_UNTIL: Final = 5
"""Until which day of a month the statements of the last one are drawn by themselves."""


class State(StrEnum):
    """Where a statement stands."""

    DRAWN = "drawn"
    ISSUED = "issued"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    SUPERSEDED = "superseded"


class PartyStatement(Living, Base):
    """One statement of one account of one party.

    payable: as what it earned. issue: the how-manieth for the period. closing: what is left
    on the account at the end of `last_on`. claimed_minor: what the party says it should be.
    """

    __tablename__ = "party_statements"
    __table_args__ = (
        UniqueConstraint("party_id", "payable", "currency", "first_on", "last_on", "issue"),
        CheckConstraint("last_on >= first_on", name="ends_after_it_begins"),
        CheckConstraint("state <> 'disputed' OR claimed_minor IS NOT NULL", name="claims_a_sum"),
        Index(None, "party_id", "last_on", "id"),
        Index(None, "state", "id"),
    )

    party_id: Mapped[str]
    payable: Mapped[str]
    currency: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date]
    issue: Mapped[int]
    paper_id: Mapped[str] = mapped_column(ForeignKey("papers.id"))
    opening_minor: Mapped[int] = mapped_column(Big)
    closing_minor: Mapped[int] = mapped_column(Big)
    line_count: Mapped[int]
    issued_at: Mapped[Instant]
    claimed_minor: Mapped[int | None] = mapped_column(Big)
    disputed_on: Mapped[date | None]

    @property
    def opening(self) -> Money:
        """What was on the account before the first day."""
        return Money(self.opening_minor, self.currency)

    @property
    def closing(self) -> Money:
        """What was on the account after the last day."""
        return Money(self.closing_minor, self.currency)

    @property
    def claimed(self) -> Money | None:
        """What the party says that it should be."""
        return None if self.claimed_minor is None else Money(self.claimed_minor, self.currency)


its_treasurer: Final = its("party", "party_id", Duty.FINANCE, Duty.SIGNER, Duty.ORG_ADMIN)


def _dispute(found: PartyStatement, work: Work, data: dict[str, Any]) -> None:
    found.claimed_minor = int(data["claimed_fen"])
    found.disputed_on = local_date(work.now)


# fmt: off
LIFE: Workflow[State, PartyStatement] = Workflow(
    "party_statement", State, State.DRAWN,
    step("issue",   {State.DRAWN}, State.ISSUED, (access.settler, system_only), own_door=True,
         within="clocks.statement_confirmation", overdue="fall_silent", owner="party_id",
         says="party_statement.issued", label=Words("出具", "Issue")),
    step("confirm", {State.ISSUED, State.DISPUTED}, State.CONFIRMED, its_treasurer,
         says="party_statement.confirmed", label=Words("确认无误", "Confirm")),
    step("fall_silent", {State.ISSUED}, State.CONFIRMED, system_only, own_door=True,
         says="party_statement.fell_silent",
         label=Words("逾期视为确认", "Confirmed by silence")),
    step("dispute", {State.ISSUED}, State.DISPUTED, its_treasurer,
         asks=(ask("claimed_fen", "number", max=10**15,
                   label=Words("认为期末应付（分）", "What should be left, in fen")), REASON),
         then=(_dispute,),
         says="party_statement.disputed", label=Words("提出异议", "Dispute")),
    step("supersede", {State.ISSUED, State.DISPUTED}, State.SUPERSEDED,
         (access.settler, system_only), own_door=True,
         says="party_statement.superseded", label=Words("被更正", "Superseded")),
)
# fmt: on


def issue(
    work: Work, *, party_id: str, payable: Payable, first_on: date, last_on: date
) -> PartyStatement:
    """Draw and sign a statement of days that are over; one that is open for them ends.

    Raises Invalid for days that are not over or the wrong way round, or for too many lines.
    Some SELECTs on indexes.
    """
    if not system_only.matches(work.actor, None):
        access.require(work, access.settler, "party_statement.issue")
    if not first_on <= last_on < local_date(work.now):
        raise Invalid(
            "期间须已结束", "the period must be over, and end after it begins", pointer="/last_on"
        )
    ref = AccountRef(payable.code, party_id)
    earlier = _earlier(work.session, party_id, payable, first_on, last_on)
    for one in earlier:
        if one.state in {State.ISSUED, State.DISPUTED}:
            LIFE.take("supersede", one, work)
    found = movements.of(work.session, ref, first_on, last_on)
    made = _made(work, ref, payable, (first_on, last_on), found, len(earlier) + 1)
    work.session.add(made)
    LIFE.take("issue", made, work, closing=made.closing, paper_id=made.paper_id)
    return made


def issue_due(work: Work) -> int:
    """Issue the last month's statements in the first days of a month, each once.

    For every party whose account moved in that month. One SELECT, and some a party.
    """
    today = local_date(work.now)
    if today.day > DUE_UNTIL:
        return 0
    last_on = today.replace(day=1) - timedelta(days=1)
    first_on = last_on.replace(day=1)
    done = 0
    for payable, party_id in _moved(work.session, first_on, last_on):
        if not _earlier(work.session, party_id, payable, first_on, last_on):
            issue(work, party_id=party_id, payable=payable, first_on=first_on, last_on=last_on)
            done += 1
    return done


def paper(session: Session, found: PartyStatement) -> Paper:
    """Return what the statement says, as it was signed. One SELECT by key."""
    return session.get_one(Paper, found.paper_id)


def disputed(session: Session) -> list[PartyStatement]:
    """Return the statements that their parties dispute, at most 500. One SELECT on an index."""
    statement = (
        select(PartyStatement)
        .where(PartyStatement.state == State.DISPUTED)
        .order_by(PartyStatement.id)
        .limit(500)
    )
    return list(session.scalars(statement))


_OWN: Final = access.overseen(
    PartyStatement, LIFE, Words("没有这份结算单", "no settlement statement"), "party_id"
)
find, seen, take = _OWN.find, _OWN.seen, _OWN.take


def listed(
    work: Work, *, party_id: str | None = None, after: str | None, limit: int
) -> Page[PartyStatement]:
    """Return statements, newest period first: all to overseers, to others their own."""
    statement = select(PartyStatement)
    if not access.oversees(work.actor):
        party_id = work.actor.organisation
    if party_id is not None:
        statement = statement.where(PartyStatement.party_id == party_id)
    by = ((PartyStatement.last_on, "desc"), (PartyStatement.id, "desc"))
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def _made(
    work: Work,
    ref: AccountRef,
    payable: Payable,
    period: tuple[date, date],
    found: movements.Movements,
    number: int,
) -> PartyStatement:
    made_id = ids.new("stm_", work.now)
    body = {
        "party": ref.owner,
        "payable": payable.value,
        "account": ref.code,
        "currency": ref.currency,
        "from": period[0].isoformat(),
        "to": period[1].isoformat(),
        "issue": number,
        "opening": found.opening.minor,
        "lines": found.lines,
        "closing": found.closing.minor,
    }
    signed = papers.issue(
        work, papers.Kind.STATEMENT, subject=made_id, party_id=ref.owner, body=body
    )
    work.session.flush()  # the statement refers to its paper by id alone
    return PartyStatement(
        id=made_id,
        state=State.DRAWN,
        party_id=ref.owner,
        payable=payable,
        currency=ref.currency,
        first_on=period[0],
        last_on=period[1],
        issue=number,
        paper_id=signed.id,
        opening_minor=found.opening.minor,
        closing_minor=found.closing.minor,
        line_count=len(found.lines),
        issued_at=work.now,
    )


def _earlier(
    session: Session, party_id: str, payable: Payable, first_on: date, last_on: date
) -> list[PartyStatement]:
    statement = (
        select(PartyStatement)
        .where(
            PartyStatement.party_id == party_id,
            PartyStatement.payable == payable,
            PartyStatement.first_on == first_on,
            PartyStatement.last_on == last_on,
        )
        .order_by(PartyStatement.issue)
    )
    return list(session.scalars(statement))


def _moved(session: Session, first_on: date, last_on: date) -> list[tuple[Payable, str]]:
    """Return (as what, party) of every payable account that moved in the period."""
    payables = {each.code: each for each in Payable}
    found: set[tuple[str, str]] = set()
    for side in (postings.c.credit_id, postings.c.debit_id):
        statement = (
            select(accounts.c.code, accounts.c.owner)
            .join(postings, side == accounts.c.id)
            .join(entries, entries.c.id == postings.c.entry_id)
            .where(
                entries.c.effective_on.between(first_on, last_on),
                accounts.c.code.in_(sorted(payables)),
            )
            .group_by(accounts.c.code, accounts.c.owner)
        )
        found |= {(code, owner) for code, owner in session.execute(statement)}
    return [(payables[code], owner) for code, owner in sorted(found)]
