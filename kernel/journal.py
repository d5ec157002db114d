"""One journal, three readers: the audit trail, the outbox and the evidence chain."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kernel import pages
from kernel.clock import Instant
from kernel.crypto import CryptoProvider, canonical
from kernel.db import Base, Big, append_only
from kernel.money import Money
from kernel.pages import Order, Page


class Event(Base):
    """A fact that has happened. Rows are added, never changed or deleted.

    kind: past tense, dotted ("product.submitted"). subject: the id it happened to.
    digest: hash of all the other columns but `sequence`, taken when it was written.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "subject", "sequence"),
        Index(None, "kind", "sequence"),
        {"sqlite_autoincrement": True},
    )

    sequence: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    subject: Mapped[str]
    person: Mapped[str]
    organisation: Mapped[str]
    at: Mapped[Instant]
    rule_version: Mapped[str]
    data: Mapped[dict[str, Any]]
    digest: Mapped[str]


append_only(Event.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Errand(Base):
    """Something still to be done because of an event; deleted when it is done."""

    __tablename__ = "errands"
    __table_args__ = (Index(None, "due_at", "id"),)

    id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    event_sequence: Mapped[int] = mapped_column(ForeignKey("events.sequence"))
    reaction: Mapped[str]
    due_at: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]

    event: Mapped[Event] = relationship(lazy="raise")


class Hand(Base):
    """The part that a person has in a case, once for all: "applicant", "expert", "approver".

    Separation of duties is about persons: the key is (case, person), so the database
    itself refuses a second part to the same person, whatever account, organisation or
    role they act in.
    """

    __tablename__ = "hands"
    __table_args__ = (Index(None, "person_id", "case_id"),)

    case_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str]
    since: Mapped[Instant]


append_only(Hand.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def content(event: Event) -> dict[str, Any]:
    """Return what `digest` covers, as plain JSON values."""
    return {
        "kind": event.kind,
        "subject": event.subject,
        "person": event.person,
        "organisation": event.organisation,
        "at": event.at.isoformat(),
        "rule_version": event.rule_version,
        "data": event.data,
    }


def digest(event: Event, crypto: CryptoProvider) -> str:
    """Return the hash of the event's content, as it stands now."""
    return crypto.digest(canonical(content(event)))


def history(session: Session, subject: str, *, limit: int) -> list[Event]:
    """Return the latest `limit` events of `subject`, oldest first. One SELECT on an index."""
    statement = (
        select(Event).where(Event.subject == subject).order_by(Event.sequence.desc()).limit(limit)
    )
    return list(session.scalars(statement))[::-1]


def latest(session: Session, kinds: Iterable[str], *, after: str | None, limit: int) -> Page[Event]:
    """Return one page of the events of some kinds, newest first, whatever else was written.

    One SELECT, which reads `limit` + 1 entries of an index for each kind.
    """
    by: Order = ((Event.sequence, "desc"),)
    older = [] if after is None else [Event.sequence < pages.read(after, by)[0]]
    firsts = (
        select(Event.sequence)
        .where(Event.kind == kind, *older)
        .order_by(Event.sequence.desc())
        .limit(limit + 1)
        .subquery()
        for kind in kinds
    )
    found = union_all(*(select(first.c.sequence) for first in firsts))
    statement = select(Event).where(Event.sequence.in_(found))
    return pages.keyset(session, statement, by=by, after=None, limit=limit)


def takers(session: Session, subject: str, kinds: Iterable[str]) -> dict[str, str]:
    """Return kind → the person of its latest event on `subject`. One SELECT on an index."""
    statement = (
        select(Event.kind, Event.person)
        .where(Event.subject == subject, Event.kind.in_(list(kinds)))
        .order_by(Event.sequence)
    )
    return {row.kind: row.person for row in session.execute(statement)}


def part(session: Session, case_id: str, person_id: str) -> str | None:
    """Return the part that a person has in a case; None for none. One SELECT by key."""
    held = session.get(Hand, (case_id, person_id))
    return None if held is None else held.part


def plain(value: Any) -> Any:
    """Turn what a command was given into what JSON can hold, losing nothing.

    Raises TypeError for a type that has no single written form (float, set, object).
    """
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} cannot be written into the journal")
