"""Calls that are written down together: one transaction, one commit, for all that wait.

Each has been admitted by the gate a moment ago and was computed; here its nonce is used up,
its quota counted, its request id claimed, its receipt signed. What is refused is refused
for its call alone. Nothing of a call goes out before this is committed, so a process that
is killed has billed exactly what it can show receipts for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from delivery import gate
from delivery.gate import Passage
from delivery.metered import calls, signing
from delivery.metered.calls import Answered, Billed, Price
from delivery.passing.leases import Spending
from delivery.recipients.credentials import Credential
from kernel.actor import Actor
from kernel.errors import DomainError
from kernel.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call to be written. nonce: of a signed request. meters: what its order limits.

    admitted_at: when the gate was asked, on the system's monotonic clock.
    """

    actor: Actor
    credential: Credential
    nonce: str | None
    passage: Passage
    meters: frozenset[str]
    answered: Answered
    price: Price
    admitted_at: float


@dataclass(frozen=True, slots=True)
class Twin:
    """The same request has been answered before, or just now: see `calls.before`."""


Outcome: TypeAlias = Billed | Twin | DomainError


def write(work: Work, entries: Sequence[Entry], spending: Spending) -> list[Outcome]:
    """Write calls down; return what became of each, in order. Raises LeaseLost.

    By caller, in the order of their names, so that two processes wait for each other and
    never lock each other out. Costs three statements for each caller, one for each meter,
    one or two for each call.
    """
    outcomes: dict[int, Outcome] = {}
    placed = sorted(enumerate(entries), key=lambda one: (_caller(one[1]), one[0]))
    for _, group in groupby(placed, key=lambda one: _caller(one[1])):
        outcomes |= _written(work, [*group], spending)
    spending.write()
    return [outcomes[place] for place in range(len(entries))]


def _caller(entry: Entry) -> tuple[str, str]:
    return entry.passage.task.id, entry.credential.id


def _written(
    work: Work, group: Sequence[tuple[int, Entry]], spending: Spending
) -> dict[int, Outcome]:
    first = group[0][1]
    # What is included in what was paid is not billed by use: nothing follows from it.
    followed = work.subscribers if first.price.metered else {}
    own = replace(work, actor=first.actor, subscribers=followed)
    outcomes: dict[int, Outcome] = {}
    claimed: dict[str, int] = {}
    for place, entry in group:
        try:
            found = _claimed(own, entry, spending)
        except DomainError as error:
            outcomes[place] = error
            continue
        if isinstance(found, Twin):
            outcomes[place] = found
        else:
            claimed[found] = place
    if claimed:
        told = dict(group)
        answered = {call_id: told[place].answered for call_id, place in claimed.items()}
        billed = calls.keep(own, first.passage, answered, first.price)
        outcomes |= {claimed[call_id]: one for call_id, one in billed.items()}
    return outcomes


def _claimed(work: Work, entry: Entry, spending: Spending) -> str | Twin:
    """Count a call and claim its request id; return its id. Raises DomainError."""
    signing.use_up(work, entry.credential, entry.nonce)
    asked, task_id = entry.answered.asked, entry.passage.task.id
    asks = calls.quantity(entry.answered.body.rows)
    taken = [(meter, asks[meter]) for meter in sorted(entry.meters & asks.keys())]
    if short := spending.take(task_id, taken):
        if calls.before(work.session, asked) is not None:
            return Twin()
        raise gate.used_up(short)
    call_id = calls.claim(work, asked)
    if call_id is None:
        spending.put_back(task_id, taken)
        return Twin()
    return call_id
