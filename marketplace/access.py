"""Who may look at, and who may do, what belongs to the parties of a trade.

A record of somebody else's is answered like one that does not exist; those who
oversee the exchange see everything.
"""

from typing import Final

from kernel.actor import Actor, Duty, Role, Who
from kernel.errors import StepNotAllowed
from kernel.work import Work

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


def oversees(actor: Actor) -> bool:
    """Tell whether the actor may read what belongs to any party.

    Who only runs the machines (platform_admin) may not.
    """
    if Role.SYSTEM in actor.roles:
        return True
    return any(
        role in actor.roles and not duties.isdisjoint(actor.duties)
        for role, duties in _OVERSEEING.items()
    )


overseer: Final = Who("overseer", lambda actor, _subject: oversees(actor))
"""Who may read everything."""


def require(work: Work, who: Who, subject: object, doing: str) -> None:
    """Raise StepNotAllowed unless the actor is `who` of `subject`.

    For commands that change no state and so stand in no life cycle. doing: the command's
    name, for the log.
    """
    if not who.matches(work.actor, subject):
        raise StepNotAllowed("您的岗位不能查看或办理此事", f"{doing} is for {who.name}")
