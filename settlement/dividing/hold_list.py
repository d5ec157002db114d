"""The hold list (暂缓名单): parties whose sales are not settled and who are not paid for now.

A court's order, an alert, a review of the party: nothing is moved, the money stays where it
is until the party is taken off the list. Holds on single orders are in `settlement.holding`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Role, Who
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import DomainError, Kind, Refusal
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access


class State(StrEnum):
    """Whether the party is on the list."""

    ON = "on"
    OFF = "off"


class ListedParty(Living, Base):
    """One time that a party was put on the list."""

    __tablename__ = "hold_list"
    __table_args__ = (
        CheckConstraint("state <> 'off' OR off_at IS NOT NULL", name="taken_off_is_dated"),
        Index(
            "uq_hold_list_once_at_a_time",
            "party_id",
            unique=True,
            sqlite_where=text("state = 'on'"),
            postgresql_where=text("state = 'on'"),
        ),
        Index(None, "party_id", "id"),
    )

    party_id: Mapped[str] = mapped_column()
    reason: Mapped[str]
    put_by: Mapped[str]
    put_at: Mapped[Instant]
    off_at: Mapped[Instant | None]


class AlreadyListed(DomainError):
    """The party is on the list already."""

    kind = Kind.CONFLICT
    code = "already-on-the-hold-list"
    title = Words("该主体已在暂缓名单", "The party is on the hold list already")


def _holds(actor: Actor, subject: object) -> bool:
    return Role.SYSTEM in actor.roles or access.settler.matches(actor, subject)


_holder: Final = Who("exchange settlement officer or the house", _holds)


def _off(listed: ListedParty, work: Work, _data: dict[str, Any]) -> None:
    listed.off_at = work.now


# fmt: off
LIFE: Workflow[State, ListedParty] = Workflow(
    "hold_list", State, State.ON,
    step("take_off", {State.ON}, State.OFF, _holder, asks=(REASON,), then=(_off,),
         says="hold_list.taken_off", label=Words("移出暂缓名单", "Take off the list")),
)
# fmt: on


def put(work: Work, party_id: str, *, reason: str) -> ListedParty:
    """Put a party on the list. Raises AlreadyListed. One SELECT on an index."""
    access.require(work, _holder, "hold_list.put")
    if holds(work.session, party_id):
        raise AlreadyListed(f"{party_id} 已在名单", f"{party_id} is on the list")
    made = ListedParty(
        id=ids.new("hls_", work.now),
        state=State.ON,
        party_id=party_id,
        reason=reason,
        put_by=work.actor.person,
        put_at=work.now,
        off_at=None,
    )
    work.session.add(made)
    work.record("hold_list.put", made.id, party_id=party_id, reason=reason)
    return made


def holds(session: Session, party_id: str) -> bool:
    """Tell whether the party is on the list. One SELECT on an index."""
    statement = select(ListedParty.id).where(
        ListedParty.party_id == party_id, ListedParty.state == State.ON
    )
    return session.scalars(statement).first() is not None


def stopped(session: Session, party_ids: Iterable[str]) -> frozenset[str]:
    """Return which of the parties are on the list. One SELECT on an index."""
    statement = select(ListedParty.party_id).where(
        ListedParty.party_id.in_(sorted(party_ids)), ListedParty.state == State.ON
    )
    return frozenset(session.scalars(statement))


def refusal(session: Session, party_id: str) -> Refusal | None:
    """Return why the party is not paid now, or None. One SELECT on an index."""
    if not holds(session, party_id):
        return None
    return Refusal("ON_HOLD_LIST", "该主体在暂缓名单，暂不付款", "the party is on the hold list")


_DESK: Final = access.overseen(
    ListedParty, LIFE, Words("名单中没有此项", "no entry in the hold list")
)
find, seen, listed, take = _DESK.find, _DESK.seen, _DESK.listed, _DESK.take
