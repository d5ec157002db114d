"""The inbox (通知收件): what a provider notified, kept before anything is made of it.

A notice is verified, kept and answered; what it means is worked out after. The provider
sends a notice that was not kept again, and one that was kept twice changes nothing.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Index, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import DomainError, Kind, NotFound
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.rails.port import Event

TRIES_MAX: Final = 12
"""After so many tries, within an hour or two, a notice waits for a person."""

_FIRST_WAIT: Final = timedelta(seconds=1)
_LONGEST_WAIT: Final = timedelta(minutes=15)
_WAITS: Final = text("handled_at IS NULL AND not_before IS NOT NULL")
_OPEN: Final = text("handled_at IS NULL")


class Came(StrEnum):
    """How a notice came to be known."""

    NOTICE = "notice"
    POLL = "poll"


class Notice(Base):
    """One notice. not_before: when it is tried next; None once a person must look."""

    __tablename__ = "provider_inbox"
    __table_args__ = (
        Index(
            "ix_provider_inbox_waiting",
            "not_before",
            "provider",
            "event_id",
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
        Index(None, "received_at", "provider", "event_id"),
        Index(
            "ix_provider_inbox_open",
            "received_at",
            "provider",
            "event_id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    provider: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    body: Mapped[str]
    came: Mapped[str]
    received_at: Mapped[Instant]
    handled_at: Mapped[Instant | None]
    not_before: Mapped[Instant | None]
    tries: Mapped[int]
    error: Mapped[str]

    @property
    def stuck(self) -> bool:
        """Whether a person must look at it."""
        return self.handled_at is None and self.not_before is None


class NotStuck(DomainError):
    """Only a notice that waits for a person is tried again by one."""

    kind = Kind.CONFLICT
    code = "notice-not-stuck"
    title = Words("该通知无需重试", "The notice does not wait for a person")


def keep(work: Work, event: Event, body: bytes, came: Came) -> bool:
    """Keep a notice; tells whether it is new. One INSERT, and nothing else."""
    on_sqlite = work.session.get_bind().dialect.name == "sqlite"
    insert = (sqlite if on_sqlite else postgresql).insert(Notice)
    statement = (
        insert.values(
            provider=event.provider,
            event_id=event.id,
            type=event.type,
            body=body.decode(),
            came=came,
            received_at=work.now,
            not_before=work.now,
            tries=0,
            error="",
        )
        .on_conflict_do_nothing()
        .returning(Notice.event_id)
    )
    return work.session.execute(statement).first() is not None


def waiting(work: Work, providers: Iterable[str]) -> Notice | None:
    """Return the notice of these that has waited longest, locked; None for none. One SELECT."""
    statement = (
        select(Notice)
        .where(_WAITS, Notice.not_before <= work.now, Notice.provider.in_(list(providers)))
        .order_by(Notice.not_before, Notice.provider, Notice.event_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return work.session.scalars(statement).one_or_none()


def handled(work: Work, provider: str, event_id: str) -> None:
    """Note that what it means has been worked out, in the same unit of work."""
    _set(work, provider, event_id, handled_at=work.now, error="")


def put_off(work: Work, provider: str, event_id: str, error: str) -> None:
    """Note that it cannot be worked out yet; after TRIES_MAX a person must look."""
    found = work.session.get_one(Notice, (provider, event_id), with_for_update=True)
    tries = found.tries + 1
    wait = min(_FIRST_WAIT * 2 ** min(tries - 1, 16), _LONGEST_WAIT)
    again = work.now + wait if tries < TRIES_MAX else None
    _set(work, provider, event_id, tries=tries, error=error[:500], not_before=again)
    if again is None:
        work.record("provider.notice_stuck", event_id, provider=provider, error=error[:500])


def retry(work: Work, provider: str, event_id: str) -> None:
    """Try one notice again that waits for a person. Raises NotFound, NotStuck."""
    access.require(work, access.settler, "provider.retry_notices")
    found = work.session.get(Notice, (provider, event_id), with_for_update=True)
    if found is None:
        raise NotFound("没有这条支付通知", f"no notice {event_id} of {provider}")
    if not found.stuck:
        raise NotStuck("该通知不在待人工处理状态", "the notice does not wait for a person")
    _set(work, provider, event_id, tries=0, not_before=work.now)
    work.record("provider.notice_retried", event_id, provider=provider)


def retry_stuck(work: Work) -> int:
    """Try every notice again that waits for a person; returns how many. One UPDATE."""
    access.require(work, access.settler, "provider.retry_notices")
    stuck = Notice.handled_at.is_(None) & Notice.not_before.is_(None)
    again = update(Notice).where(stuck).values(tries=0, not_before=work.now)
    tried = work.session.execute(again.returning(Notice.provider, Notice.event_id)).all()
    for provider, event_id in sorted(tuple(each) for each in tried):
        work.record("provider.notice_retried", event_id, provider=provider)
    return len(tried)


def listed(
    work: Work, *, open_only: bool = False, after: str | None = None, limit: int
) -> Page[Notice]:
    """Return the notices, newest first, to who oversees money. One SELECT on an index."""
    access.require(work, access.overseer, "provider.inbox")
    statement = select(Notice)
    if open_only:
        statement = statement.where(_OPEN)
    return keyset(
        work.session,
        statement,
        by=((Notice.received_at, "desc"), (Notice.provider, "desc"), (Notice.event_id, "desc")),
        after=after,
        limit=limit,
    )


def find(session: Session, provider: str, event_id: str) -> Notice | None:
    """Return one notice; None for none. One SELECT by key."""
    return session.get(Notice, (provider, event_id))


def _set(work: Work, provider: str, event_id: str, **values: object) -> None:
    work.session.execute(
        update(Notice)
        .where(Notice.provider == provider, Notice.event_id == event_id)
        .values(**values)
    )
