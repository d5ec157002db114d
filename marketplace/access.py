"""Who may look at, and who may do, what belongs to the parties of a trade.

A record of somebody else's is answered like one that does not exist; those who
oversee the exchange see everything.
"""

from typing import Any, Final, TypeVar

from kernel.actor import Actor, Duty, Role, Who
from kernel.db import Living
from kernel.errors import StepNotAllowed
from kernel.parties import oversight
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow

_Noun = TypeVar("_Noun", bound=Living)

_OVERSEEING: Final = {
    Role.EXCHANGE_OPERATOR: frozenset(
        {
            Duty.LISTING_OFFICER,
            Duty.COMPLIANCE_OFFICER,
            Duty.REVIEWER,
            Duty.SETTLEMENT_OFFICER,
            Duty.APPROVER,
            Duty.STATISTICIAN,
            Duty.AUDITOR,
        }
    ),
    Role.DATA_AUTHORITY: frozenset({Duty.SUPERVISOR, Duty.AUDITOR, Duty.STATISTICIAN}),
}


overseer: Final = oversight.by(_OVERSEEING)
"""Who may read everything."""


def oversees(actor: Actor) -> bool:
    """Tell whether the actor may read what belongs to any party."""
    return overseer.matches(actor, None)


def overseen(
    model: type[_Noun], life: Workflow[Any, _Noun], missing: Words, *parties: str
) -> oversight.Overseen[_Noun]:
    """Return the queries of a noun of a trade. parties: the fields that name whose it is."""
    return oversight.Overseen(model, life, missing, overseer, parties)


def require(work: Work, who: Who, subject: object, doing: str) -> None:
    """Raise StepNotAllowed unless the actor is `who` of `subject`.

    For commands that change no state and so stand in no life cycle. doing: the command's
    name, for the log.
    """
    if not who.matches(work.actor, subject):
        raise StepNotAllowed("您的岗位不能查看或办理此事", f"{doing} is for {who.name}")
