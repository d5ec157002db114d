"""What is known of a provider's objects (支付机构对象): the latest word on each, never an older.

A word may come by an answer, a notice or a look; which one came first says nothing. Its
rank does: what is known never goes down, and two words of one rank are settled by a look.
"""

from enum import Enum, auto
from typing import Any

from sqlalchemy import CheckConstraint, String, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.money import Money
from kernel.work import Work
from settlement.rails.attempts import LIVE, Attempt
from settlement.rails.port import Kind, Object, Phase


class ProviderObject(Base):
    """The latest word on one object. raw: what the provider said, whole."""

    __tablename__ = "provider_objects"
    __table_args__ = (CheckConstraint("rank >= 0", name="rank_not_negative"),)

    provider: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(String)
    command_id: Mapped[str]
    parent: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency", String(3))
    )
    phase: Mapped[Phase] = mapped_column(String)
    rank: Mapped[int]
    handover: Mapped[dict[str, Any]]
    raw: Mapped[dict[str, Any]]
    seen_at: Mapped[Instant]


class News(Enum):
    """What a word on an object is, beside what is known."""

    NEW = auto()
    SAME = auto()
    OLD = auto()
    CONFLICT = auto()  # equal in rank, other in content: only the provider knows


def weigh(there: ProviderObject | None, told: Object) -> News:
    """Compare a word with what is known. Pure."""
    if there is None or not there.phase or told.rank > there.rank:
        return News.NEW
    if told.rank < there.rank:
        return News.OLD
    same = (there.phase, there.amount) == (told.phase, told.amount)
    return News.SAME if same else News.CONFLICT


def locked(work: Work, told: Object) -> ProviderObject:
    """Return what is known of an object, locked; opens a row for one that is new.

    Two who hear of it at the same moment wait for each other here. A row that was opened
    just now has rank 0 and no content.
    """
    values = {
        "provider": told.provider, "id": told.id, "kind": told.kind,
        "command_id": told.command_id, "parent": told.parent,
        "amount_minor": 0, "amount_currency": told.amount.currency,
        "phase": "", "rank": 0, "handover": {}, "raw": {}, "seen_at": work.now,
    }  # fmt: skip
    on_sqlite = work.session.get_bind().dialect.name == "sqlite"
    insert = (sqlite if on_sqlite else postgresql).insert(ProviderObject)
    work.session.execute(insert.values(values).on_conflict_do_nothing())
    return work.session.get_one(
        ProviderObject,
        (told.provider, told.id),
        with_for_update=True,
        populate_existing=True,
    )


def known(session: Session, provider: str, object_id: str) -> ProviderObject | None:
    """Return what is known of an object; None for nothing. One SELECT by key."""
    return session.get(ProviderObject, (provider, object_id))


def handover(work: Work, attempt: Attempt) -> dict[str, str]:
    """Return what the browser of the attempt's buyer needs to go on; nothing for others.

    One SELECT by key.
    """
    began = work.actor.person == attempt.begun_by
    if not began or attempt.object_id is None or attempt.state not in LIVE:
        return {}
    found = known(work.session, attempt.provider, attempt.object_id)
    return {} if found is None else dict(found.handover)


def keep(work: Work, there: ProviderObject, told: Object) -> None:
    """Note the word, which is not older than what is known. The database refuses an older one."""
    work.session.execute(
        update(ProviderObject)
        .where(
            ProviderObject.provider == there.provider,
            ProviderObject.id == there.id,
            ProviderObject.rank <= told.rank,
        )
        .values(
            command_id=told.command_id or there.command_id,
            parent=told.parent or there.parent,
            amount_minor=told.amount.minor,
            amount_currency=told.amount.currency,
            phase=told.phase,
            rank=told.rank,
            handover=dict(told.handover),
            raw=dict(told.raw),
            seen_at=work.now,
        )
    )
    work.session.refresh(there)
