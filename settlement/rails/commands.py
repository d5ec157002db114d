"""A command to a provider (支付指令): what it is to do, committed together with its cause.

The row's id is the key under which the provider does it once; whoever calls, and however
often, asks the same. Only `settlement.rails.gateway` calls.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, String, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.errors import DomainError, Kind, NotFound, Refusal, refuse
from kernel.journal import plain
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.rails.port import Order

START: Final = "start"
CAPTURE: Final = "capture"
CANCEL: Final = "cancel"
REFUND: Final = "refund"
PAYOUT: Final = "payout"
KINDS: Final = (START, CAPTURE, CANCEL, REFUND, PAYOUT)

_MAKING: Final = frozenset({START, REFUND, PAYOUT})
_PAYING: Final = frozenset({REFUND, PAYOUT})
_FIRST_WAIT: Final = timedelta(seconds=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
TRIES_MAX: Final = 40
"""After so many tries, in a day or more, a command waits for a person."""


class State(StrEnum):
    """How far a command has come."""

    NEW = "new"
    SENT = "sent"  # a call is under way, or was cut off
    UNKNOWN = "unknown"  # called, and nobody knows what came of it
    STUCK = "stuck"  # for a person: neither the key nor a search can tell
    DONE = "done"
    REFUSED = "refused"


_OPEN: Final = (State.NEW, State.SENT, State.UNKNOWN)
_IS_OPEN: Final = text("state IN ('new', 'sent', 'unknown')")
_MADE: Final = text("object_id IS NOT NULL")


class Command(Base):
    """One thing that a provider is told to do.

    subject: id of what it is for. object_id: what it made there; None for a command that
    changes what another one made. failures: answers in a row that were equal and could be
    one answer that the provider keeps with the key. key_no: 1 until such a key is given up.
    vouched_by, confirmed_by: who have looked at the provider by themselves, and say that it
    was not done there; two where money would be paid twice.
    """

    __tablename__ = "provider_commands"
    __table_args__ = (
        CheckConstraint(
            "state IN ('new', 'sent', 'unknown', 'stuck', 'done', 'refused')", name="state_is_known"
        ),
        CheckConstraint(
            "kind IN ('start', 'capture', 'cancel', 'refund', 'payout')", name="kind_is_known"
        ),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("state = 'new' OR first_sent_at IS NOT NULL", name="touched_at_some_time"),
        CheckConstraint("vouched_by <> confirmed_by", name="vouched_for_by_two"),
        Index(
            "uq_provider_commands_one_object_each",
            "provider",
            "object_id",
            unique=True,
            sqlite_where=_MADE,
            postgresql_where=_MADE,
        ),
        Index(
            "ix_provider_commands_due",
            "not_before",
            "id",
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index(None, "subject", "id"),
        Index(None, "state", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    body: Mapped[dict[str, Any]]
    state: Mapped[State] = mapped_column(String)
    attempts: Mapped[int]
    failures: Mapped[int]
    key_no: Mapped[int]
    last_error: Mapped[str]
    given_at: Mapped[Instant]
    not_before: Mapped[Instant]
    lease_until: Mapped[Instant | None]
    first_sent_at: Mapped[Instant | None]
    object_id: Mapped[str | None]
    vouched_by: Mapped[str | None]
    confirmed_by: Mapped[str | None]

    @property
    def key(self) -> str:
        """The key under which the provider does it once."""
        return self.id if self.key_no == 1 else f"{self.id}-{self.key_no}"


class NothingToRetry(DomainError):
    """Only a command whose outcome is not known is sent again by a person."""

    kind = Kind.CONFLICT
    code = "nothing-to-retry"
    title = Words("该指令无需重试", "There is nothing to send again")


def give(
    work: Work, *, provider: str, kind: str, subject: str, amount: Money, body: Mapping[str, Any]
) -> Command:
    """Tell a provider to do something, once this unit of work is committed.

    amount: how much; zero for a command that needs none. body: plain JSON values; what
    changes an object names it as "object". The callbacks of the subject hear what came of it.
    Raises ValueError for a kind that there is not.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no command: {', '.join(KINDS)}")
    given = Command(
        id=ids.new("cmd_", work.now),
        provider=provider,
        kind=kind,
        subject=subject,
        amount=amount,
        body=plain(dict(body)),
        state=State.NEW,
        attempts=0,
        failures=0,
        key_no=1,
        last_error="",
        given_at=work.now,
        not_before=work.now,
    )
    work.session.add(given)
    work.record(
        "provider.command_given",
        given.id,
        provider=provider,
        does=kind,
        target=subject,
        amount=amount,
    )
    return given


def claim(
    work: Work, lease: timedelta, *, ports: Iterable[str], command_id: str | None = None
) -> Command | None:
    """Take the command that has waited longest, or this one, until the lease ends.

    ports: the providers that can be called now. None when none is due. Two who take the
    same one do the same thing under the same key: the lease saves calls, the key keeps them
    harmless. One SELECT on an index.
    """
    statement = (
        select(Command)
        .where(
            Command.state.in_(_OPEN),
            _IS_OPEN,
            Command.provider.in_(list(ports)),
            Command.not_before <= work.now,
            or_(Command.lease_until.is_(None), Command.lease_until <= work.now),
        )
        .order_by(Command.not_before, Command.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if command_id is not None:
        statement = statement.where(Command.id == command_id)
    found = work.session.scalars(statement).one_or_none()
    if found is None:
        return None
    _set(
        work,
        found,
        state=State.SENT if found.state == State.NEW else found.state,
        attempts=found.attempts + 1,
        lease_until=work.now + lease,
        first_sent_at=found.first_sent_at or work.now,
    )
    return found


def order(found: Command) -> Order:
    """Return what the provider is told."""
    return Order(
        id=found.id,
        key=found.key,
        kind=found.kind,
        subject=found.subject,
        amount=found.amount,
        body=found.body,
        since=found.first_sent_at or found.given_at,
        failures=found.failures,
        vouched=found.vouched_by is not None,
    )


def done(work: Work, found: Command, object_id: str) -> None:
    """Note that the provider has done it. A repeat changes nothing. The row must be `locked`."""
    if found.state == State.DONE:
        return
    made = object_id if found.kind in _MAKING else None
    _set(work, found, state=State.DONE, object_id=made, lease_until=None)
    work.record("provider.command_done", found.id, target=found.subject, object=object_id)


def refused(work: Work, found: Command, reason: str) -> bool:
    """Note that the provider will never do it; tells whether that is news."""
    if found.state in {State.DONE, State.REFUSED}:
        return False
    _set(work, found, state=State.REFUSED, last_error=reason[:500], lease_until=None)
    work.record("provider.command_refused", found.id, target=found.subject, reason=reason[:500])
    return True


def unanswered(work: Work, found: Command, code: str, *, stored: bool) -> None:
    """Note that nobody knows what came of a call; the same key is used again, later.

    stored: the answer can be one that the provider keeps with the key, however often it is
    asked; such answers are counted.
    """
    again = found.failures + 1 if stored and found.last_error in {"", code} else int(stored)
    _put_off(work, found, state=State.UNKNOWN, failures=again, last_error=code)


def withdraw(work: Work, command_id: str) -> None:
    """Take back a command that was never sent; one that was is left to its outcome."""
    found = locked(work.session, command_id)
    if found.state == State.NEW:
        _set(work, found, state=State.REFUSED, first_sent_at=work.now, last_error="withdrawn")
        work.record("provider.command_withdrawn", found.id, target=found.subject)


def pending(session: Session, kind: str, subject: str) -> bool:
    """Tell whether a command of this kind is still to be carried out. One SELECT on an index."""
    statement = select(Command.id).where(
        Command.subject == subject, Command.kind == kind, Command.state.in_(_OPEN)
    )
    return session.scalars(statement.limit(1)).first() is not None


def given_for(session: Session, kind: str, subject: str) -> Command | None:
    """Return the first command of this kind for a subject. One SELECT on an index."""
    statement = select(Command).where(Command.subject == subject, Command.kind == kind)
    return session.scalars(statement.order_by(Command.id).limit(1)).one_or_none()


def put_off(work: Work, found: Command, code: str) -> None:
    """Note that the provider has not done it and may be asked again, later."""
    _put_off(work, found, state=found.state, last_error=code)


def change_key(work: Work, found: Command) -> None:
    """Give up a key under which the provider keeps a failure, for one that it does not know.

    Only when a search has shown that the old key has made nothing.
    """
    _set(work, found, key_no=found.key_no + 1, failures=0, last_error="")
    work.record("provider.command_rekeyed", found.id, key_no=found.key_no)


def stick(work: Work, found: Command, code: str) -> None:
    """Leave a command to a person: neither the key nor a search can tell what came of it."""
    nobody = {"vouched_by": None, "confirmed_by": None}
    _set(work, found, state=State.STUCK, last_error=code, lease_until=None, **nobody)
    work.record("provider.command_stuck", found.id, target=found.subject, reason=code)


def retry(work: Work, command_id: str) -> Command:
    """Send a command again whose outcome is not known, because a person has looked.

    One of which the key can still tell is only asked at once, not later. One that is stuck
    is vouched for: it was not done there. Where it would pay money out twice, a second
    person confirms that before it is sent. Raises NothingToRetry, StepRefused.
    """
    access.require(work, access.settler, "provider.retry")
    found = locked(work.session, command_id)
    if found.state == State.STUCK and not _vouched(work, found):
        return found
    if found.state not in {State.UNKNOWN, State.STUCK}:
        raise NothingToRetry("该指令没有不明的结果", "nothing about the command is unknown")
    _set(work, found, state=State.UNKNOWN, failures=0, attempts=0, not_before=work.now)
    work.record("provider.command_retried", found.id, target=found.subject)
    return found


def _vouched(work: Work, found: Command) -> bool:
    """Note that the caller vouches for a stuck command; tells whether that is enough."""
    person = work.actor.person
    if found.kind not in _PAYING:
        _set(work, found, vouched_by=person)
        return True
    if found.vouched_by is None:
        _set(work, found, vouched_by=person)
        work.record("provider.command_vouched", found.id, target=found.subject)
        return False
    refuse([_ANOTHER] if found.vouched_by == person else [])
    _set(work, found, confirmed_by=person)
    return True


def locked(session: Session, command_id: str) -> Command:
    """Return one command, locked. Raises NotFound. One SELECT by key."""
    found = session.get(Command, command_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise _missing(command_id)
    return found


def known(session: Session, command_id: str) -> Command | None:
    """Return one command, locked; None for none of ours. One SELECT by key."""
    return session.get(Command, command_id, with_for_update=True, populate_existing=True)


def seen(work: Work, command_id: str) -> Command:
    """Return one command to who oversees money; to others it does not exist."""
    found = work.session.get(Command, command_id) if access.oversees(work.actor) else None
    if found is None:
        raise _missing(command_id)
    return found


def listed(
    work: Work,
    *,
    open_only: bool = False,
    state: State | None = None,
    after: str | None = None,
    limit: int,
) -> Page[Command]:
    """Return the commands, newest first, to who oversees money. One SELECT on an index.

    open_only: those that are not carried out yet, or wait for a person.
    """
    access.require(work, access.overseer, "provider.commands")
    statement = select(Command)
    if open_only:
        statement = statement.where(Command.state.in_([*_OPEN, State.STUCK]))
    if state is not None:
        statement = statement.where(Command.state == state)
    return keyset(work.session, statement, by=((Command.id, "desc"),), after=after, limit=limit)


def _put_off(work: Work, found: Command, **changed: Any) -> None:
    wait = min(_FIRST_WAIT * 2 ** min(found.attempts - 1, 16), _LONGEST_WAIT)
    _set(work, found, **changed, not_before=work.now + wait, lease_until=None)
    if found.attempts >= TRIES_MAX:
        stick(work, found, found.last_error)


def _set(work: Work, found: Command, **values: Any) -> None:
    # Not a life that people take steps in: the row is changed where it lies.
    work.session.execute(update(Command).where(Command.id == found.id).values(**values))
    work.session.refresh(found)


def _missing(command_id: str) -> NotFound:
    return NotFound("没有这条支付指令", f"no command {command_id}")


_ANOTHER: Final = Refusal(
    "FOUR_EYES", "须由另一人确认对方未办理", "another person must confirm that it was not done"
)
