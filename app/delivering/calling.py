"""A call of the metered interface, from key to receipt.

First whose key it is and whether the gate admits it, which is good for half a second of
calls; then the rows, outside any transaction; then, in one unit of work with the calls that
wait beside it, the quota, the count and the receipt. Nothing leaves before that is committed,
and what is refused there was computed in vain. Under an authorisation each call is decided
by itself, in the unit of work that counts it.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import Any, Final

from flask import Response, request

from app import unit
from app.delivering import asking
from app.house import House
from delivery import gate, tasks
from delivery.domain import NotMounted
from delivery.gate import Passage
from delivery.metered import calls, signing
from delivery.metered.batches import Entry, Outcome
from delivery.metered.bodies import Body
from delivery.metered.calls import Answered, Asked, Billed
from delivery.metered.desks import Commit, Mark
from delivery.metered.signing import Shown
from delivery.passing import allowances
from delivery.recipients import credentials
from delivery.recipients.credentials import Credential, NotPresented
from delivery.tables import sources
from delivery.tables.datasets import DatasetVersion
from delivery.tables.sources import Source
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel import clock
from kernel.actor import NOBODY, SYSTEM, Actor
from kernel.crypto import canonical
from kernel.errors import DomainError
from kernel.work import Work
from marketplace.charging import using
from marketplace.charging.using import Pricing
from marketplace.trying import trials

RECEIPT: Final = "Databourse-Receipt"
"""The header that carries the receipt: JSON, base64url."""

Compute = Callable[[DeliveryTask, DatasetVersion, Source], Body]


@dataclass(frozen=True, slots=True)
class Known:
    """Whose key it is, as it was read at `mark`. ahead: of the system's time, in this house."""

    credential: Credential
    actor: Actor
    task: DeliveryTask
    version: DatasetVersion | None
    ahead: timedelta
    mark: Mark


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a key, the organisation that it acts for, and the nonce of a signed request."""

    known: Known
    shown: Shown

    @property
    def credential(self) -> Credential:
        """The key's record."""
        return self.known.credential

    @property
    def actor(self) -> Actor:
        """Who acts when it is shown."""
        return self.known.actor

    @property
    def task(self) -> DeliveryTask:
        """The delivery that it is for."""
        return self.known.task

    @property
    def version(self) -> DatasetVersion | None:
        """What is delivered."""
        return self.known.version

    @property
    def nonce(self) -> str | None:
        """What makes a signed request one that is not sent again."""
        return self.shown.signed.nonce if self.shown.signed is not None else None


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the gate has said at `mark`.

    passage: None under an authorisation, which decides on each call. meters: what the order
    limits.
    """

    passage: Passage | None
    source: Source
    meters: frozenset[str]
    price: Pricing
    mark: Mark


class TwinWasFaster(Exception):
    """The same request was answered meanwhile; what this one has taken is undone."""


def identified(task_id: str) -> Caller:
    """Return who shows a key for this delivery. Raises NotPresented.

    No SELECT for a key that was shown half a second ago, else six by key.
    """
    house = unit.house()
    shown = signing.shown(request.headers.get("Authorization", ""))
    what = signing.Request(request.method, request.path, request.get_data())
    known: Known | None = house.desk.known(_who(shown)) or _read(shown)
    skew_s = house.rules.number("delivery.signature_skew_s")
    moment = clock.now() + (known.ahead if known is not None else timedelta())
    credential = known.credential if known is not None else None
    signing.verify(credential, shown, what, now=moment, skew_s=skew_s)
    if known is None or known.task.id != task_id:
        raise NotPresented("此密钥属于其他订单行", "this key is for another order line")
    return Caller(known, shown)


def called(caller: Caller, asked: Asked, compute: Compute) -> tuple[Billed, Body, bool]:
    """Answer a call; returns the call, its body, and whether it had been answered before.

    What fails is listed with its reason, and told. Raises what the gate, the meter, the
    question and the table raise.
    """
    began = perf_counter()
    try:
        return _answered(caller, asked, compute, began)
    except DomainError as error:
        _listed_as_failed(caller, asked, error, began)
        raise


def answer(billed: Billed, body: Body, *, again: bool) -> Response:
    """Answer with the body as it is; receipt and cursor stand in headers."""
    response = Response(body.content, 200, content_type=body.content_type)
    response.headers[RECEIPT] = _header(billed.receipt)
    response.headers["Databourse-Call"] = billed.call_id
    if body.next is not None:
        response.headers["Databourse-Next"] = body.next
    if again:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def there(version: DatasetVersion | None) -> DatasetVersion:
    """Return the version of a delivery. Raises NotMounted for one that has no table."""
    if version is None:
        raise NotMounted("该交付没有数据表", "this delivery has no table")
    return version


def close(house: House) -> None:
    """Give back what this process holds of allowances, before it ends."""
    holder = house.desk.purse.holder
    house.desk.purse.forget()
    unit.committed(
        house, SYSTEM, lambda work: allowances.hand_back(work.session, holder), ring=False
    )


def _answered(
    caller: Caller, asked: Asked, compute: Compute, began: float
) -> tuple[Billed, Body, bool]:
    admitted = _admitted(caller)
    calls.check(caller.task, asked.kind)
    body = compute(caller.task, there(caller.version), admitted.source)
    answered = Answered(asked, body, round((perf_counter() - began) * 1000))
    made = (_decided if admitted.passage is None else _written)(caller, answered)
    if made is None:
        twin = unit.reading(caller.actor, lambda work: calls.before(work.session, asked))
        return Billed.of(twin), body, True
    return made, body, False


def _written(caller: Caller, answered: Answered) -> Billed | None:
    """Write a call down with others that wait; None for one that was answered before.

    What the gate has said is asked for anew when it has changed while the rows were computed.
    """
    house = unit.house()
    outcome: Outcome | None = None
    while outcome is None:
        if not house.desk.holds(caller.known.mark):
            caller = identified(caller.task.id)
        admitted = _admitted(caller)
        if admitted.passage is None:
            raise AssertionError("an order has an authorisation for good")  # pragma: no cover
        entry = Entry(
            actor=caller.actor,
            credential=caller.credential,
            nonce=caller.nonce,
            passage=admitted.passage,
            meters=admitted.meters,
            answered=answered,
            price=admitted.price,
            admitted_at=min(admitted.mark.at, caller.known.mark.at),
        )
        outcome = house.desk.write(entry, _committing(house, ring=entry.price.metered))
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome if isinstance(outcome, Billed) else None


def _committing(house: House, *, ring: bool) -> Commit:
    return lambda command: unit.committed(house, SYSTEM, command, ring=ring)


def _decided(caller: Caller, answered: Answered) -> Billed | None:
    """Write a call down that its authorisation decides on, in one unit of work with that."""

    def kept(work: Work) -> Billed:
        credential = work.session.get_one(Credential, caller.credential.id)
        if not signing.opens(credential, work.now):
            raise NotPresented("密钥已失效", "the key was revoked or has expired")
        signing.use_up(work, credential, caller.nonce)
        if calls.before(work.session, answered.asked) is not None:
            raise TwinWasFaster
        task = tasks.find(work.session, caller.task.id)
        took = calls.quantity(answered.body.rows)
        passage = gate.admit(work, task, Way.API, quantity=took)
        call_id = calls.claim(work, answered.asked)
        if call_id is None:
            raise TwinWasFaster
        price = using.priced(work, task)
        return calls.keep(work, passage, {call_id: answered}, price)[call_id]

    try:
        found: Billed = unit.writing(caller.actor, kept)
    except TwinWasFaster:
        if caller.nonce is not None:  # a signed request is used up by that as well
            unit.writing(
                caller.actor, lambda work: signing.use_up(work, caller.credential, caller.nonce)
            )
        return None
    return found


def _admitted(caller: Caller) -> Admitted:
    """Return what the gate says of this caller's calls, not older than the desk allows."""
    desk = unit.house().desk
    name = ("may", caller.task.id, caller.credential.id)
    found: Admitted | None = desk.known(name)
    if found is None:
        mark = desk.mark()
        asked = (caller.task.id, Way.API)
        found = asking.looked_at(caller.actor, asked, lambda work: _asked_for(work, caller, mark))
        desk.remember(name, mark, found)
    return found


def _asked_for(work: Work, caller: Caller, mark: Mark) -> Admitted:
    """Ask the gate whether the way is open, and look where the rows lie. Writes nothing."""
    task = tasks.find(work.session, caller.task.id)
    passage: Passage | None = None
    if task.authorisation_id is None:
        passage = gate.admit(work, task, Way.API)
    else:
        gate.require(work, task, Way.API)
    using.require(work, task.id)
    trials.require(work, task)
    source = sources.of(work, unit.house().shelves, there(caller.version))
    meters = frozenset(each.meter for each in allowances.of(work.session, task.id))
    if passage is not None:
        passage = replace(passage, limited=bool(meters))
    return Admitted(passage, source, meters, using.priced(work, task), mark)


def _read(shown: Shown) -> Known | None:
    """Read whose key it is, and remember it; None for nobody's."""
    desk = unit.house().desk
    mark = desk.mark()

    def look(work: Work) -> Known | None:
        credential = signing.find(work.session, shown)
        if credential is None:
            return None
        task = tasks.find(work.session, credential.task_id)
        version = gate.version_of(work, task)
        actor = credentials.actor(work.session, credential)
        return Known(credential, actor, task, version, work.now - clock.now(), mark)

    found: Known | None = unit.reading(NOBODY, look)
    if found is not None:
        desk.remember(_who(shown), mark, found)
    return found


def _who(shown: Shown) -> tuple[str, ...]:
    return ("key" if shown.signed is None else "signer", shown.name)


def _listed_as_failed(caller: Caller, asked: Asked, error: DomainError, began: float) -> None:
    """List what failed, in a unit of its own: the one that failed is undone."""
    if isinstance(error, NotPresented):
        return
    codes = ",".join(refusal.code for refusal in error.refusals) or error.code
    took_ms = round((perf_counter() - began) * 1000)

    def listed(work: Work) -> None:
        calls.fail(
            work,
            tasks.find(work.session, caller.task.id),
            asked=asked,
            failure=codes,
            took_ms=took_ms,
        )

    unit.writing(caller.actor, listed)


def _header(receipt: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(canonical(receipt)).decode()
