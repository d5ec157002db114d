"""Who settles, who looks on, and when two different people are needed.

Money passes four eyes: whoever prepares a batch, a payout or a bank account is not the
one who lets it go (经办与复核分离). The rule is asked here and kept by a CHECK as well.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from kernel.actor import Actor, Duty, Role, Who, any_of
from kernel.db import Living
from kernel.errors import NotFound, Refusal, StepNotAllowed
from kernel.parties import oversight
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


overseer: Final = oversight.by(_OVERSEEING)
"""Who may read everything about money."""


def oversees(actor: Actor) -> bool:
    """Tell whether the actor may read the books and what belongs to any party."""
    return overseer.matches(actor, None)


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


def overseen(
    model: type[_Noun], life: Workflow[Any, _Noun], missing: Words, *parties: str
) -> oversight.Overseen[_Noun]:
    """Return the queries of a noun about money. parties: the fields that name whose it is."""
    return oversight.Overseen(model, life, missing, overseer, parties)


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
