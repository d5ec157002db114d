"""The evidence chain (存证) over the journal: an edited, deleted or swapped row is found.

Events are sealed in sets, not by ranges of numbers: a slow transaction with a lower
number commits later and would never be covered. Each seal holds the Merkle root of its
events, the hash of the seal before it, and a signature.
The door is narrow on purpose (`seal`, `verify`): a transparency log will stand behind it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import journal
from kernel.clock import Instant
from kernel.crypto import CryptoProvider, Signature, canonical
from kernel.db import Base, Big, append_only
from kernel.journal import Event
from kernel.work import Work

BATCH = 1_000
"""Rows held in memory at a time while verifying."""


class Seal(Base):
    """One signed set of events, chained to the seal before it."""

    __tablename__ = "seals"

    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    previous: Mapped[str]
    root: Mapped[str]
    size: Mapped[int]
    sealed_at: Mapped[Instant]
    digest: Mapped[str]
    alg: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]


class SealedEvent(Base):
    """The place of one event in its seal, and the leaf that stood for it."""

    __tablename__ = "sealed_events"
    __table_args__ = (UniqueConstraint("seal_number", "position"),)

    event_sequence: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    seal_number: Mapped[int] = mapped_column(ForeignKey("seals.number"))
    position: Mapped[int]
    leaf: Mapped[str]


append_only(Seal.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
append_only(SealedEvent.__table__)  # type: ignore[arg-type]  # as above


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not hold (EVENT_EDITED, EVENT_DELETED, SEAL_BROKEN, …), and where."""

    code: str
    at: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification saw."""

    seals: int
    events: int
    unsealed: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Tell whether everything holds."""
        return not self.findings


def seal(work: Work, *, limit: int = 10_000) -> Seal | None:
    """Seal the events that no seal covers yet, at most `limit`; None when there are none.

    Three SELECTs and one INSERT for each event. Two sealers at once: the second one's
    seal number is taken, its transaction fails, and it finds nothing to do next time.
    """
    statement = (
        select(Event)
        .outerjoin(SealedEvent, SealedEvent.event_sequence == Event.sequence)
        .where(SealedEvent.event_sequence.is_(None))
        .order_by(Event.sequence)
        .limit(limit)
    )
    events = list(work.session.scalars(statement))
    if not events:
        return None
    last = work.session.scalars(select(Seal).order_by(Seal.number.desc()).limit(1)).first()
    leaves = [_leaf(event, work.crypto) for event in events]
    made = Seal(
        number=last.number + 1 if last else 1,
        previous=last.digest if last else "",
        root=merkle_root(leaves, work.crypto),
        size=len(leaves),
        sealed_at=work.now,
    )
    made.digest = _digest(made, work.crypto)
    signature = work.crypto.sign(made.digest.encode())
    made.alg, made.key_id, made.signature = signature.alg, signature.key_id, signature.value
    work.session.add(made)
    # The places refer to the seal by its number, which is not a relationship.
    work.session.flush()
    work.session.add_all(
        SealedEvent(
            event_sequence=event.sequence, seal_number=made.number, position=position, leaf=leaf
        )
        for position, (event, leaf) in enumerate(zip(events, leaves, strict=True))
    )
    return made


def verify(session: Session, crypto: CryptoProvider) -> Report:
    """Recompute everything from the rows and report what does not hold.

    Reads the journal once, in batches of BATCH rows; two SELECTs a batch.
    """
    findings = [*_events(session, crypto), *_seals(session, crypto)]
    sealed = session.scalar(select(func.count()).select_from(SealedEvent)) or 0
    events = session.scalar(select(func.count()).select_from(Event)) or 0
    seals = session.scalar(select(func.count()).select_from(Seal)) or 0
    return Report(seals, events, max(events - sealed, 0), tuple(findings))


def merkle_root(leaves: Iterable[str], crypto: CryptoProvider) -> str:
    """Return the RFC 6962 style root of hex `leaves`: inner nodes are prefixed by 0x01."""
    level = list(leaves)
    if not level:
        return crypto.digest(b"")
    while len(level) > 1:
        pairs = [
            crypto.digest(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right))
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = pairs + (level[-1:] if len(level) % 2 else [])
    return level[0]


def _events(session: Session, crypto: CryptoProvider) -> Iterator[Finding]:
    after = 0
    while True:
        statement = (
            select(Event, SealedEvent.leaf)
            .outerjoin(SealedEvent, SealedEvent.event_sequence == Event.sequence)
            .where(Event.sequence > after)
            .order_by(Event.sequence)
            .limit(BATCH)
        )
        rows = session.execute(statement).all()
        if not rows:
            return
        for event, leaf in rows:
            honest = event.digest == journal.digest(event, crypto)
            if not honest or leaf not in (None, _leaf(event, crypto)):
                yield Finding("EVENT_EDITED", f"event {event.sequence} ({event.kind})")
        after = rows[-1][0].sequence
        session.expunge_all()


def _seals(session: Session, crypto: CryptoProvider) -> Iterator[Finding]:
    gone = session.scalars(
        select(SealedEvent.event_sequence)
        .outerjoin(Event, SealedEvent.event_sequence == Event.sequence)
        .where(Event.sequence.is_(None))
        .order_by(SealedEvent.event_sequence)
    )
    yield from (Finding("EVENT_DELETED", f"event {sequence}") for sequence in gone)
    previous, expected = "", 1
    for found in session.scalars(
        select(Seal).order_by(Seal.number).execution_options(yield_per=BATCH)
    ):
        if found.number != expected or found.previous != previous:
            yield Finding("SEAL_OUT_OF_CHAIN", f"seal {found.number}")
        if not _holds(session, found, crypto):
            yield Finding("SEAL_BROKEN", f"seal {found.number}")
        previous, expected = found.digest, found.number + 1


def _holds(session: Session, found: Seal, crypto: CryptoProvider) -> bool:
    leaves = list(
        session.scalars(
            select(SealedEvent.leaf)
            .where(SealedEvent.seal_number == found.number)
            .order_by(SealedEvent.position)
        )
    )
    signature = Signature(found.alg, found.key_id, found.signature)
    return (
        len(leaves) == found.size
        and merkle_root(leaves, crypto) == found.root
        and _digest(found, crypto) == found.digest
        and crypto.verify(found.digest.encode(), signature)
    )


def _leaf(event: Event, crypto: CryptoProvider) -> str:
    return crypto.digest(b"\x00" + f"{event.sequence}:{event.digest}".encode())


def _digest(found: Seal, crypto: CryptoProvider) -> str:
    return crypto.digest(
        canonical(
            {
                "number": found.number,
                "previous": found.previous,
                "root": found.root,
                "size": found.size,
                "sealed_at": found.sealed_at.isoformat(),
            }
        )
    )
