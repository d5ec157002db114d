"""Who looks on, and the queries of a noun that its parties and those who look on may see.

A record of somebody else's is answered like one that does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from kernel.actor import Actor, Duty, Role, Who
from kernel.db import Living, hold
from kernel.errors import NotFound, StepNotAllowed
from kernel.pages import Order, Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow

_Noun = TypeVar("_Noun", bound=Living)


def by(duties: Mapping[Role, frozenset[Duty]]) -> Who:
    """Return who looks on: an actor of such a role with one of its duties, and the house.

    Who only runs the machines (platform_admin) does not, unless it is named.
    """

    def looks_on(actor: Actor, _subject: Any) -> bool:
        if Role.SYSTEM in actor.roles:
            return True
        return any(
            role in actor.roles and not wanted.isdisjoint(actor.duties)
            for role, wanted in duties.items()
        )

    return Who("overseer", looks_on)


def take(
    work: Work, life: Workflow[Any, _Noun], subject: _Noun, name: str, /, **data: Any
) -> _Noun:
    """Take one step of a record whose row is locked first. Raises what `Workflow.take` raises."""
    hold(work.session, subject)
    life.take(name, subject, work, **data)
    return subject


@dataclass(frozen=True, slots=True)
class Overseen(Generic[_Noun]):
    """The queries and the step of a noun that overseers, and its parties if any, may see.

    A module names them as its own: `find`, `seen`, `listed`, `take`. missing: what is said of
    one that is not there. parties: the fields that name the organisations it belongs to.
    """

    model: type[_Noun]
    life: Workflow[Any, _Noun]
    missing: Words
    overseer: Who
    parties: tuple[str, ...] = ()

    def find(self, session: Session, subject_id: str) -> _Noun:
        """Return the record. Raises NotFound. One SELECT by key."""
        found = session.get(self.model, subject_id)
        if found is None:
            raise self.not_there(subject_id)
        return found

    def seen(self, work: Work, subject_id: str) -> _Noun:
        """Return the record to overseers and its parties; to others it does not exist."""
        found = self.find(work.session, subject_id)
        ours = {getattr(found, each) for each in self.parties}
        if work.actor.organisation not in ours and not self._oversees(work):
            raise self.not_there(subject_id)
        return found

    def listed(
        self,
        work: Work,
        *where: ColumnElement[bool],
        state: str | None = None,
        after: str | None,
        limit: int,
        oldest_first: bool = False,
    ) -> Page[_Noun]:
        """Return the records that the caller may see, newest first. One SELECT on an index.

        All to overseers, to others their own; what has no party is for overseers alone.
        where, state: which of them. Raises StepNotAllowed.
        """
        in_state = () if state is None else (self.model.state == state,)
        statement = select(self.model).where(*where, *in_state)
        if not self._oversees(work):
            statement = statement.where(or_(*self._own(work)))
        order: Order = ((self.model.id, "asc" if oldest_first else "desc"),)
        return keyset(work.session, statement, by=order, after=after, limit=limit)

    def take(self, work: Work, subject_id: str, name: str, /, **data: Any) -> _Noun:
        """Take one step. Raises what `Workflow.take` raises."""
        return take(work, self.life, self.seen(work, subject_id), name, **data)

    def not_there(self, subject_id: str) -> NotFound:
        """Return what is raised of one that is not there."""
        return NotFound(self.missing.zh, f"{self.missing.en} {subject_id}")

    def _oversees(self, work: Work) -> bool:
        return self.overseer.matches(work.actor, None)

    def _own(self, work: Work) -> list[ColumnElement[bool]]:
        if not self.parties:
            en = f"{self.life.name}.listed is for {self.overseer.name}"
            raise StepNotAllowed("您的岗位不能查看或办理此事", en)
        mine = work.actor.organisation
        return [getattr(self.model, each) == mine for each in self.parties]
