"""Who settles, who looks on, and when two different people are needed.

Money passes four eyes: whoever prepares a batch, a payout or a bank account is not the
one who lets it go (经办与复核分离). The rule is asked here and kept by a CHECK as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from kernel.actor import Actor, Duty, Role, Who, any_of
from kernel.db import Living
from kernel.errors import NotFound, Refusal, StepNotAllowed
from kernel.pages import Order, Page, keyset
from kernel.words import Words
from kernel.work import Rules, Work
from kernel.workflow import Workflow
from settlement import chart
from settlement.entries import AccountRef

_Noun = TypeVar("_Noun", bound=Living)

settler: Final = any_of(Role.EXCHANGE_OPERATOR, Duty.SETTLEMENT_OFFICER)
"""Who prepares, and who checks, what moves money."""

_OVERSEEING: Final = {
    Role.EXCHANGE_OPERATOR: frozenset(
        {
            Duty.SETTLEMENT_OFFICER,
            Duty.COMPLIANCE_OFFICER,
            Duty.APPROVER,
            Duty.STATISTICIAN,
            Duty.AUDITOR,
        }
    ),
    Role.DATA_AUTHORITY: frozenset({Duty.SUPERVISOR, Duty.AUDITOR, Duty.STATISTICIAN}),
}


def oversees(actor: Actor) -> bool:
    """Tell whether the actor may read the books and what belongs to any party.

    Who only runs the machines (platform_admin) may not.
    """
    if Role.SYSTEM in actor.roles:
        return True
    return any(
        role in actor.roles and not duties.isdisjoint(actor.duties)
        for role, duties in _OVERSEEING.items()
    )


overseer: Final = Who(
    "exchange or data authority overseer", lambda actor, _subject: oversees(actor)
)
"""Who may read everything about money."""


def require(work: Work, who: Who, doing: str, subject: object = None) -> None:
    """Raise StepNotAllowed unless the actor is `who` of `subject`.

    For what stands in no life cycle. doing: the command's name, for the log.
    """
    if not who.matches(work.actor, subject):
        raise StepNotAllowed("您的岗位不能查看或办理此事", f"{doing} is for {who.name}")


def hide_from_strangers(work: Work, party_id: str, missing: NotFound) -> None:
    """Raise `missing` unless the actor acts for the party or oversees: as if it did not exist."""
    if work.actor.organisation != party_id and not oversees(work.actor):
        raise missing


def take(
    work: Work, life: Workflow[Any, _Noun], subject: _Noun, name: str, /, **data: Any
) -> _Noun:
    """Take one step of a record whose row is locked first. Raises what `Workflow.take` raises."""
    work.session.refresh(subject, with_for_update=True)
    life.take(name, subject, work, **data)
    return subject


@dataclass(frozen=True, slots=True)
class Overseen(Generic[_Noun]):
    """The queries and the step of a noun that overseers, and its owner if it has one, may see.

    A module names them as its own: `find`, `seen`, `listed`, `take`. missing: what is said of
    one that is not there. owner: the field that names the owner.
    """

    model: type[_Noun]
    life: Workflow[Any, _Noun]
    missing: Words
    owner: str | None = None

    def find(self, session: Session, subject_id: str) -> _Noun:
        """Return the record. Raises NotFound. One SELECT by key."""
        found = session.get(self.model, subject_id)
        if found is None:
            raise self.not_there(subject_id)
        return found

    def seen(self, work: Work, subject_id: str) -> _Noun:
        """Return the record to overseers and its owner; to others it does not exist."""
        found = self.find(work.session, subject_id)
        if self.owner is not None:
            hide_from_strangers(work, getattr(found, self.owner), self.not_there(subject_id))
        elif not oversees(work.actor):
            raise self.not_there(subject_id)
        return found

    def listed(
        self, work: Work, *where: ColumnElement[bool], after: str | None, limit: int
    ) -> Page[_Noun]:
        """Return the records that the caller may see, newest first. One SELECT on an index.

        All to overseers, to others their own; what has no owner is for overseers alone.
        where: which of them. Raises StepNotAllowed.
        """
        statement = select(self.model).where(*where)
        if self.owner is None:
            require(work, overseer, f"{self.life.name}.listed")
        elif not oversees(work.actor):
            own = getattr(self.model, self.owner)
            statement = statement.where(own == work.actor.organisation)
        by: Order = ((self.model.id, "desc"),)
        return keyset(work.session, statement, by=by, after=after, limit=limit)

    def take(self, work: Work, subject_id: str, name: str, /, **data: Any) -> _Noun:
        """Take one step. Raises what `Workflow.take` raises."""
        return take(work, self.life, self.seen(work, subject_id), name, **data)

    def not_there(self, subject_id: str) -> NotFound:
        """Return what is raised of one that is not there."""
        return NotFound(self.missing.zh, f"{self.missing.en} {subject_id}")


def four_eyes(field: str) -> Callable[[Any, Work], Refusal | None]:
    """Build the guard that refuses the person whom `subject.<field>` names."""

    def guard(subject: Any, work: Work) -> Refusal | None:
        if getattr(subject, field) != work.actor.person:
            return None
        return Refusal(
            "FOUR_EYES",
            "由您经办，须由另一人复核",
            "you prepared it yourself; another person must take this step",
        )

    return guard


def require_account(work: Work, ref: AccountRef) -> None:
    """Raise NotFound unless the actor may read this account: an overseer, or whose money it is.

    An account that the chart has not is answered alike.
    """
    own = ref.code.startswith("2202.") and ref.owner == work.actor.organisation
    if ref.code not in chart.CHART or not (own or oversees(work.actor)):
        raise NotFound("没有这个账户", f"no account {ref.code} {ref.owner}")


def treasury(rules: Rules) -> str:
    """Return the owner of the treasury's share (非税收入) in this jurisdiction's books."""
    return f"treasury:{rules.text('jurisdiction')}"
