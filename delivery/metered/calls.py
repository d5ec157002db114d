"""A call (接口调用): one request of the metered interface, counted, receipted, listed.

What succeeded is counted once for each request id, however often it is sent: sent again it
gets the same answer, from the same version, and costs nothing. What failed costs nothing
and is listed with its reason. Source: only successful calls are billable; failed calls are
listed with their reason; I-54, I-55.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar, Final, Protocol, Self, cast

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Table,
    bindparam,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Mode
from delivery import gate, matrix, tasks
from delivery.gate import Passage
from delivery.metered.bodies import Body
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel import ids
from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.db import Base, Big, append_only
from kernel.errors import DomainError, Kind, NotFound
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from licensing.quotas import base

REASON_MAX: Final = 200


class CallKind(StrEnum):
    """What is asked: rows, or whether there is such a row (核验)."""

    ROWS = "rows"
    VERIFY = "verify"


class Call(Base):
    """One call, as it was answered.

    request_id: the caller's own name for it. fingerprint: of the question. failure: the
    code of the problem that was answered; None for success. receipt: what was signed, with
    its signature. took_ms: of the computation.
    """

    __tablename__ = "api_calls"
    __table_args__ = (
        ForeignKeyConstraint(["task_id", "mode"], ["delivery_tasks.id", "delivery_tasks.mode"]),
        matrix.by(Way.API),
        CheckConstraint("kind IN ('rows', 'verify')", name="kind_known"),
        CheckConstraint("rows >= 0 AND bytes >= 0", name="amounts_not_negative"),
        CheckConstraint(
            "failure IS NULL OR (rows = 0 AND bytes = 0 AND receipt IS NULL)",
            name="failed_gave_nothing",
        ),
        CheckConstraint("failure IS NOT NULL OR receipt IS NOT NULL", name="success_is_receipted"),
        Index(None, "task_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str]
    mode: Mapped[str]
    credential_id: Mapped[str] = mapped_column(ForeignKey("recipient_credentials.id"))
    dataset_version_id: Mapped[str | None] = mapped_column(ForeignKey("dataset_versions.id"))
    kind: Mapped[str]
    request_id: Mapped[str]
    fingerprint: Mapped[str]
    format: Mapped[str]
    rows: Mapped[int] = mapped_column(Big)
    bytes: Mapped[int] = mapped_column(Big)
    took_ms: Mapped[int]
    failure: Mapped[str | None]
    decision_id: Mapped[str | None]
    receipt: Mapped[dict[str, Any] | None]
    at: Mapped[Instant]


append_only(Call.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
_ADDED: Final = insert(cast("Table", Call.__table__))


class CallRequest(Base):
    """A request id that succeeded: the call that it was billed as."""

    __tablename__ = "api_call_requests"

    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"), primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    call_id: Mapped[str]


append_only(CallRequest.__table__)  # type: ignore[arg-type]  # as above


_REQUESTS: Final = cast("Table", CallRequest.__table__)
_EARLIER: Final = select(_REQUESTS.c.call_id).where(
    _REQUESTS.c.task_id == bindparam("task_id"), _REQUESTS.c.request_id == bindparam("request_id")
)
_CLAIMED: Final[Mapping[str, Any]] = {
    name: insert(_REQUESTS).on_conflict_do_nothing().returning(_REQUESTS.c.call_id)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
"""Written once, like every statement that each call needs."""


class RequestIdReused(DomainError):
    """The request id was used for another question."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "request-id-reused"
    title: ClassVar[Words] = Words(
        "request_id 已用于其他查询", "This request_id was used for another question"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call as it came in. format: of the answer, empty for a verification.

    named_here: the caller told no request id; it was drawn here, and no other call has it.
    """

    task_id: str
    kind: CallKind
    request_id: str
    fingerprint: str
    credential_id: str
    format: str = ""
    named_here: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that was computed and is to be written down. took_ms: of the computation."""

    asked: Asked
    body: Body
    took_ms: int


@dataclass(frozen=True, slots=True)
class Billed:
    """A call as it is told: its id and its receipt."""

    call_id: str
    receipt: Mapping[str, Any]

    @classmethod
    def of(cls, call: Call) -> Self:
        """Return what is told of a call."""
        return cls(call.id, call.receipt or {})


class Price(Protocol):
    """Tells what a use costs, as a receipt says it. metered: whether it is billed by use."""

    @property
    def metered(self) -> bool:
        """Whether uses are counted and billed."""

    def __call__(self, *, rows: int, bytes: int) -> Mapping[str, Any]:  # noqa: A002 - the unit is its name
        """Return the price of so many rows, or bytes."""


def before(session: Session, asked: Asked) -> Call | None:
    """Return the call that this request was answered by before. Raises RequestIdReused.

    One SELECT by key, two when there is one.
    """
    found = session.get(CallRequest, (asked.task_id, asked.request_id))
    if found is None:
        return None
    if found.fingerprint != asked.fingerprint:
        raise RequestIdReused(
            "同一 request_id 对应了不同的查询内容", "the same request_id came with another question"
        )
    return session.get_one(Call, found.call_id)


def check(task: DeliveryTask, kind: CallKind) -> None:
    """Raise BeyondOrder: an order of verification is answered yes or no, never with rows."""
    if kind is CallKind.ROWS and task.mode == Mode.VERIFICATION:
        raise gate.beyond("ROWS_NOT_ORDERED", "订单仅含核验", "verification alone was ordered")


def quantity(rows: int) -> dict[str, int]:
    """Return what one call takes of the meters. Pure."""
    return {gate.CALLS: 1, **({gate.ROWS: rows} if rows else {})}


def claim(work: Work, asked: Asked) -> str | None:
    """Claim a request id for a new call and return the call's id; None when it has one.

    A twin under way, in whichever process, is waited for at the unique row. One INSERT, and
    a SELECT by key before it when the caller has named it.
    """
    call_id = ids.new("cal_", work.now)
    name = {"task_id": asked.task_id, "request_id": asked.request_id}
    connection = work.session.connection()
    if not asked.named_here and connection.execute(_EARLIER, name).first() is not None:
        return None
    told = {**name, "fingerprint": asked.fingerprint, "call_id": call_id}
    insert = _CLAIMED[connection.dialect.name]
    return call_id if connection.execute(insert, told).first() is not None else None


def keep(
    work: Work, passage: Passage, answered: Mapping[str, Answered], price: Price
) -> dict[str, Billed]:
    """Count calls of one caller that were admitted and claimed; give each its receipt.

    answered: call id → what was answered, in order. What they took together is counted by
    one statement and told by one event of the journal. One more for each call, one SELECT.
    """
    digests = {name: work.crypto.digest(one.body.content) for name, one in answered.items()}
    taken = Counter[str]()
    for one in answered.values():
        taken.update(quantity(one.body.rows))
    remaining = gate.count(
        work,
        replace(passage, quantity=taken),
        rows=sum(one.body.rows for one in answered.values()),
        bytes=sum(len(one.body.content) for one in answered.values()),
        digest=_together(work, [*digests.values()]),
        calls=[*answered],
    )
    billed = {}
    rows: list[dict[str, Any]] = []
    for call_id, one in answered.items():
        # What is told as left is what was left after this call, not after those behind it.
        taken.subtract(quantity(one.body.rows))
        left = {meter: count + taken[base(meter)] for meter, count in remaining.items()}
        receipt = _receipt(work, passage, call_id, one) | {
            "digest": digests[call_id],
            "price": dict(price(rows=one.body.rows, bytes=len(one.body.content))),
            "remaining": left,
        }
        made = Billed(call_id, _signed(work, receipt))
        billed[call_id] = made
        rows.append(
            _row(work, passage.task, one.asked, one.took_ms)
            | {"id": call_id, "decision_id": passage.decision_id, "receipt": made.receipt}
            | {"rows": one.body.rows, "bytes": len(one.body.content)}
        )
    work.session.connection().execute(_ADDED, rows)
    return billed


def fail(
    work: Work,
    task: DeliveryTask,
    *,
    asked: Asked,
    failure: str,
    took_ms: int,
) -> Call:
    """List a call that failed, with its reason; it costs nothing."""
    made = Call(**_row(work, task, asked, took_ms) | {"failure": failure[:REASON_MAX]})
    work.session.add(made)
    return made


def seen(work: Work, call_id: str) -> Call:
    """Return a call to those who see its delivery. Raises NotFound. Two SELECTs by key."""
    found = work.session.get(Call, call_id)
    if found is None:
        raise NotFound("没有这次调用", f"no call {call_id}")
    tasks.seen(work, found.task_id)
    return found


def listed(work: Work, task_id: str, *, after: str | None, limit: int) -> Page[Call]:
    """Return one page of a delivery's calls, newest first, to those who see it."""
    task = tasks.seen(work, task_id)
    statement = select(Call).where(Call.task_id == task.id)
    return keyset(work.session, statement, by=((Call.id, "desc"),), after=after, limit=limit)


def _row(work: Work, task: DeliveryTask, asked: Asked, took_ms: int) -> dict[str, Any]:
    """Return the columns of a call that gave nothing."""
    return {
        "id": ids.new("cal_", work.now),
        "task_id": task.id,
        "mode": task.mode,
        "credential_id": asked.credential_id,
        "dataset_version_id": task.dataset_version_id,
        "kind": asked.kind.value,
        "request_id": asked.request_id,
        "fingerprint": asked.fingerprint,
        "format": asked.format,
        "rows": 0,
        "bytes": 0,
        "took_ms": took_ms,
        "failure": None,
        "decision_id": None,
        "at": work.now,
    }


def _signed(work: Work, receipt: dict[str, Any]) -> dict[str, Any]:
    signature = work.crypto.sign(canonical(receipt))
    return {
        **receipt,
        "signature": {
            "alg": signature.alg, "key_id": signature.key_id, "value": signature.value,
        },
    }  # fmt: skip


def _receipt(work: Work, passage: Passage, call_id: str, one: Answered) -> dict[str, Any]:
    """Return what a receipt says of a call, without what depends on others."""
    return {
        "call": call_id,
        "task": one.asked.task_id,
        "request_id": one.asked.request_id,
        "kind": one.asked.kind.value,
        "question": one.asked.fingerprint,
        "dataset_version": passage.task.dataset_version_id,
        "rows": one.body.rows,
        "bytes": len(one.body.content),
        "digest_alg": work.crypto.digest_alg,
        "at": work.now.isoformat(),
    }


def _together(work: Work, digests: Sequence[str]) -> str:
    """Return the digest of one answer, or that of the digests of several, one on each line."""
    if len(digests) == 1:
        return digests[0]
    return work.crypto.digest("\n".join(digests).encode())
