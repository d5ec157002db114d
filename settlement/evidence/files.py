"""What settlement can put into a pack: payments, bank lines, papers, histories."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, inspect, or_, select

from kernel import journal
from kernel.clock import end_of_day
from kernel.journal import Event
from kernel.work import Work
from settlement import access
from settlement.bank.statements import BankLine, BankMatch
from settlement.books import entries
from settlement.deals import deals
from settlement.deals import papers as deal_papers
from settlement.dividing.terms import Payable
from settlement.evidence import books
from settlement.evidence.archive import Item
from settlement.evidence.packs import plain
from settlement.papers import red_letters
from settlement.papers.invoice_rows import Invoice
from settlement.papers.papers import Paper
from settlement.papers.party_statements import PartyStatement
from settlement.payments import Payment

EACH_MAX: Final = 300
"""The most payments, bank lines, invoices or statements in one pack."""

EVENTS_MAX: Final = 300
"""The most events of one history: the latest."""

_PAPER: Final = ("number", "kind", "subject", "digest", "alg", "key_id", "value")


def of_deal(work: Work, deal_id: str) -> Iterator[Item]:
    """Yield what there is about a registered deal, to who may see it. Raises NotFound."""
    deal = deals.seen(work, deal_id)
    names = ("id", "state", "merchant_id", "buyer_name", "buyer_uscc", "title", "contract_no",
             "signed_on", "delivered_on", "registered_at", "fee_minor", "amount")  # fmt: skip
    yield plain("deal.json", _fields(deal, names))
    yield from history(work, "deal", [deal.id])
    for paper in deal_papers.of(work.session, deal.id):
        _, content = deal_papers.content(work, deal.id, paper.id)
        ending = paper.media_type.rpartition("/")[2]
        yield Item(f"documents/{paper.kind}-{paper.id}.{ending}", content)
    yield from books.of(work, entries.c.source_id == deal.id, matter=deal.id)
    yield from payments(work, Payment.id == (deal.payment_id or ""))


def of_period(work: Work, first_on: date, last_on: date) -> Iterator[Item]:
    """Yield what the books, the bank and the papers say of the caller's organisation."""
    own = work.actor.organisation
    within = (entries.c.effective_on >= first_on, entries.c.effective_on <= last_on)
    yield from books.of(work, books.touching(own), *within)
    matched = select(BankMatch.payment_id).join(BankLine, BankLine.id == BankMatch.line_id)
    days = BankLine.booked_on.between(first_on, last_on)
    yield from payments(work, Payment.id.in_(matched.where(days)) & (Payment.payer_id == own))
    yield from invoices(work, _issued_within(first_on, last_on))
    overlap = (PartyStatement.last_on >= first_on) & (PartyStatement.first_on <= last_on)
    yield from statements(work, own, overlap)


def of_order_money(work: Work, order_id: str, seller_id: str) -> Iterator[Item]:
    """Yield what the books, the bank and the papers say of an order, as the caller may see it."""
    yield from books.of(work, entries.c.order_id == order_id, matter=order_id)
    yield from payments(work, Payment.order_id == order_id)
    yield from invoices(work, Invoice.order_id == order_id)
    days = select(entries.c.effective_on).where(entries.c.order_id == order_id).subquery()
    covers = select(days).where(
        days.c.effective_on.between(PartyStatement.first_on, PartyStatement.last_on)
    )
    whose = seller_id if access.oversees(work.actor) else work.actor.organisation
    yield from statements(work, whose, covers.exists())


def payments(work: Work, which: ColumnElement[bool]) -> Iterator[Item]:
    """Yield payments, their bank lines and receipts: all to overseers, to others their own."""
    statement = select(Payment).where(which).order_by(Payment.id).limit(EACH_MAX)
    if not access.oversees(work.actor):
        statement = statement.where(Payment.payer_id == work.actor.organisation)
    found = list(work.session.scalars(statement))
    names = ("id", "state", "purpose", "target", "order_id", "payer_id", "amount", "funded",
             "reference", "instructed_at")  # fmt: skip
    for payment in found:
        yield plain(f"payments/{payment.id}.json", _fields(payment, names))
    ids = [payment.id for payment in found]
    yield from history(work, "payments", ids)
    yield from _bank_lines(work, ids)
    yield from papers(work, Paper.subject.in_(ids))


def invoices(work: Work, which: ColumnElement[bool]) -> Iterator[Item]:
    """Yield invoices and red letters as they were signed: to their parties and overseers."""
    statement = select(Invoice).where(which, Invoice.paper_id.is_not(None))
    if not access.oversees(work.actor):
        own = work.actor.organisation
        statement = statement.where(or_(Invoice.buyer_id == own, Invoice.seller_id == own))
    found = list(work.session.scalars(statement.order_by(Invoice.id).limit(EACH_MAX)))
    letters = select(red_letters.RedLetter.paper_id).where(
        red_letters.RedLetter.invoice_id.in_([one.id for one in found])
    )
    ids = [one.paper_id for one in found]
    yield from papers(work, or_(Paper.id.in_(ids), Paper.id.in_(letters)), seen=True)


def statements(work: Work, party_id: str, which: ColumnElement[bool]) -> Iterator[Item]:
    """Yield the settlement statements of a party as they were signed."""
    mine = select(PartyStatement.paper_id).where(
        PartyStatement.party_id == party_id,
        PartyStatement.payable.in_([each.value for each in Payable]),
        which,
    )
    yield from papers(work, Paper.id.in_(mine))


def papers(work: Work, which: ColumnElement[bool], *, seen: bool = False) -> Iterator[Item]:
    """Yield papers with their seals, body and all. seen: that the caller may is known."""
    statement = select(Paper).where(which).order_by(Paper.number).limit(EACH_MAX)
    if not (seen or access.oversees(work.actor)):
        statement = statement.where(Paper.party_id == work.actor.organisation)
    for paper in work.session.scalars(statement):
        told = {**_fields(paper, _PAPER), "body": paper.body}
        yield plain(f"papers/{paper.number}.json", told)


def history(work: Work, name: str, subjects: Iterable[str]) -> Iterator[Item]:
    """Yield what has happened to the subjects, with the digest of each event. One SELECT."""
    statement = (
        select(Event)
        .where(Event.subject.in_(list(subjects)))
        .order_by(Event.sequence.desc())
        .limit(EVENTS_MAX)
    )
    told = [
        {**journal.content(event), "sequence": event.sequence, "digest": event.digest}
        for event in work.session.scalars(statement)
    ]
    if told:
        yield plain(f"history/{name}.json", told[::-1])


def row(subject: Any) -> dict[str, Any]:
    """Return every column of a row as JSON has it; sealed bytes are left out."""
    mapper = inspect(type(subject))
    return {
        column.name: journal.plain(
            written(getattr(subject, mapper.get_property_by_column(column).key))
        )
        for column in mapper.columns
        if not isinstance(column.type, LargeBinary)
    }


def written(value: Any) -> Any:
    """Write a broken number, as merchants' samples have them, as the text that it is."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return [written(each) for each in value]
    if isinstance(value, dict):
        return {name: written(each) for name, each in value.items()}
    return value


def _bank_lines(work: Work, payment_ids: list[str]) -> Iterator[Item]:
    statement = (
        select(BankLine, BankMatch)
        .join(BankMatch, BankMatch.line_id == BankLine.id)
        .where(BankMatch.payment_id.in_(payment_ids))
        .order_by(BankLine.booked_on, BankLine.id, BankMatch.id)
        .limit(EACH_MAX)
    )
    names = ("id", "account", "bank_ref", "booked_on", "amount", "counterparty_name",
             "counterparty_account", "text")  # fmt: skip
    for line, match in work.session.execute(statement):
        found = {"payment": match.payment_id, "amount": match.amount, "by_hand": match.by_hand}
        told = {**_fields(line, names), "matched": journal.plain(found)}
        yield plain(f"bank/{line.id}-{match.id}.json", told)


def _issued_within(first_on: date, last_on: date) -> ColumnElement[bool]:
    begins = end_of_day(first_on - timedelta(days=1))
    return (Invoice.issued_at > begins) & (Invoice.issued_at <= end_of_day(last_on))


def _fields(subject: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: journal.plain(getattr(subject, name)) for name in names}
