"""A call of the metered interface, from key to receipt.

First whose key it is and whether the way stands open (reading); then the rows, outside any
transaction; then, in one unit of work, the decision, the quota, the count and the receipt.
Nothing leaves before that is committed, and what is refused there was computed in vain.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, Self

from flask import Response, request

from app import unit
from delivery import gate, tasks
from delivery.domain import NotMounted
from delivery.metered import calls, signing
from delivery.metered.bodies import Body
from delivery.metered.calls import Asked, Call
from delivery.recipients import credentials
from delivery.recipients.credentials import Credential, NotPresented
from delivery.tables import sources
from delivery.tables.datasets import DatasetVersion
from delivery.tables.sources import Source
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel.actor import NOBODY, Actor
from kernel.crypto import canonical
from kernel.errors import DomainError
from kernel.work import Work
from marketplace.charging import using

RECEIPT: Final = "Databourse-Receipt"
"""The header that carries the receipt: JSON, base64url."""

Compute = Callable[[DeliveryTask, DatasetVersion, Source], Body]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a key, the organisation that it acts for, and the nonce of a signed request."""

    credential: Credential
    actor: Actor
    nonce: str | None
    task: DeliveryTask
    version: DatasetVersion | None


@dataclass(frozen=True, slots=True)
class Billed:
    """A call as it is told: its id and its receipt."""

    call_id: str
    receipt: Mapping[str, Any]

    @classmethod
    def of(cls, call: Call) -> Self:
        """Return what is told of a call."""
        return cls(call.id, call.receipt or {})


class TwinWasFaster(Exception):
    """The same request was answered meanwhile; what this one has taken is undone."""


def identified(task_id: str) -> Caller:
    """Return who shows a key for this delivery. Raises NotPresented. Five SELECTs by key."""
    shown = request.headers.get("Authorization", "")
    what = signing.Request(request.method, request.path, request.get_data())

    def look(work: Work) -> Caller:
        credential, nonce = signing.presented(work, shown, what)
        if credential.task_id != task_id:
            raise NotPresented("此密钥属于其他订单行", "this key is for another order line")
        task = tasks.find(work.session, task_id)
        version = gate.version_of(work, task)
        return Caller(credential, credentials.actor(work.session, credential), nonce, task, version)

    found: Caller = unit.reading(NOBODY, look)
    return found


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


def _answered(
    caller: Caller, asked: Asked, compute: Compute, began: float
) -> tuple[Billed, Body, bool]:
    earlier, source = unit.reading(caller.actor, lambda work: _looked(work, caller, asked))
    body = compute(caller.task, there(caller.version), source)
    if earlier is not None:
        return _again(caller, earlier), body, True
    took_ms = round((perf_counter() - began) * 1000)
    try:
        made = unit.writing(caller.actor, lambda work: _kept(work, caller, asked, (body, took_ms)))
    except TwinWasFaster:
        twin = unit.reading(caller.actor, lambda work: _before(work, asked))
        return _again(caller, twin), body, True
    return made, body, False


def _again(caller: Caller, earlier: Billed) -> Billed:
    """Answer as before; a signed request is used up by that as well."""
    if caller.nonce is not None:
        unit.writing(
            caller.actor, lambda work: signing.use_up(work, caller.credential, caller.nonce)
        )
    return earlier


def there(version: DatasetVersion | None) -> DatasetVersion:
    """Return the version of a delivery. Raises NotMounted for one that has no table."""
    if version is None:
        raise NotMounted("该交付没有数据表", "this delivery has no table")
    return version


def _looked(work: Work, caller: Caller, asked: Asked) -> tuple[Billed | None, Source]:
    """Look whether the way is open, whether this was answered before, and where the rows lie."""
    gate.require(work, tasks.find(work.session, caller.task.id), Way.API)
    using.require(work, caller.task.id)
    source = sources.of(work, unit.house().shelves, there(caller.version))
    return _before(work, asked), source


def _before(work: Work, asked: Asked) -> Billed | None:
    earlier = calls.before(work.session, asked)
    return Billed.of(earlier) if earlier is not None else None


def _kept(work: Work, caller: Caller, asked: Asked, computed: tuple[Body, int]) -> Billed:
    body, took_ms = computed
    credential = work.session.get_one(Credential, caller.credential.id)
    if not credential.live(work.now):
        raise NotPresented("密钥已失效", "the key was revoked or has expired")
    signing.use_up(work, credential, caller.nonce)
    if calls.before(work.session, asked) is not None:
        raise TwinWasFaster
    task = tasks.find(work.session, caller.task.id)
    passage = calls.admit(work, task, asked.kind, body.rows)
    made = calls.keep(
        work,
        passage,
        asked=asked,
        body=body,
        price=using.price(work, task, rows=body.rows, bytes=len(body.content)),
        took_ms=took_ms,
    )
    if made is None:
        raise TwinWasFaster
    return Billed.of(made)


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
