"""A call (接口调用): one request of the metered interface, counted, receipted, listed.

What succeeded is counted once for each request id, however often it is sent: sent again it
gets the same answer, from the same version, and costs nothing. What failed costs nothing
and is listed with its reason. Source: only successful calls are billable; failed calls are
listed with their reason; I-54, I-55.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, select
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


class CallRequest(Base):
    """A request id that succeeded: the call that it was billed as."""

    __tablename__ = "api_call_requests"

    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"), primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    call_id: Mapped[str]


append_only(CallRequest.__table__)  # type: ignore[arg-type]  # as above


class RequestIdReused(DomainError):
    """The request id was used for another question."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "request-id-reused"
    title: ClassVar[Words] = Words(
        "request_id 已用于其他查询", "This request_id was used for another question"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call as it came in. format: of the answer, empty for a verification."""

    task_id: str
    kind: CallKind
    request_id: str
    fingerprint: str
    credential_id: str
    format: str = ""


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


def admit(work: Work, task: DeliveryTask, kind: CallKind, rows: int) -> Passage:
    """Admit one call of so many rows. Raises what `gate.admit` raises, and BeyondOrder.

    An order of verification is answered yes or no, and never with rows.
    """
    if kind is CallKind.ROWS and task.mode == Mode.VERIFICATION:
        raise gate.beyond("ROWS_NOT_ORDERED", "订单仅含核验", "verification alone was ordered")
    quantity = {gate.CALLS: 1, **({gate.ROWS: rows} if rows else {})}
    return gate.admit(work, task, Way.API, quantity=quantity)


def keep(
    work: Work,
    passage: Passage,
    *,
    asked: Asked,
    body: Body,
    price: Mapping[str, Any],
    took_ms: int,
) -> Call | None:
    """Count an admitted call and give its receipt; None when its twin was faster.

    The twin's call is then `before`, and what this one has taken is undone by who calls.
    """
    call_id = ids.new("cal_", work.now)
    if not _claimed(work.session, asked, call_id):
        return None
    digest = work.crypto.digest(body.content)
    remaining = gate.count(
        work, passage, rows=body.rows, bytes=len(body.content), digest=digest, call=call_id
    )
    receipt = {
        "call": call_id,
        "task": asked.task_id,
        "request_id": asked.request_id,
        "kind": asked.kind.value,
        "question": asked.fingerprint,
        "dataset_version": passage.task.dataset_version_id,
        "rows": body.rows,
        "bytes": len(body.content),
        "digest": digest,
        "digest_alg": work.crypto.digest_alg,
        "price": dict(price),
        "remaining": remaining,
        "at": work.now.isoformat(),
    }
    made = _call(work, passage.task, asked, took_ms)
    made.id, made.rows, made.bytes = call_id, body.rows, len(body.content)
    made.decision_id, made.receipt = passage.decision_id, _signed(work, receipt)
    work.session.add(made)
    return made


def fail(
    work: Work,
    task: DeliveryTask,
    *,
    asked: Asked,
    failure: str,
    took_ms: int,
) -> Call:
    """List a call that failed, with its reason; it costs nothing."""
    made = _call(work, task, asked, took_ms)
    made.failure = failure[:REASON_MAX]
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


def _call(work: Work, task: DeliveryTask, asked: Asked, took_ms: int) -> Call:
    return Call(
        id=ids.new("cal_", work.now),
        task_id=task.id,
        mode=task.mode,
        credential_id=asked.credential_id,
        dataset_version_id=task.dataset_version_id,
        kind=asked.kind.value,
        request_id=asked.request_id,
        fingerprint=asked.fingerprint,
        format=asked.format,
        rows=0,
        bytes=0,
        took_ms=took_ms,
        at=work.now,
    )


def _signed(work: Work, receipt: dict[str, Any]) -> dict[str, Any]:
    signature = work.crypto.sign(canonical(receipt))
    return {
        **receipt,
        "signature": {
            "alg": signature.alg, "key_id": signature.key_id, "value": signature.value,
        },
    }  # fmt: skip


def _claimed(session: Session, asked: Asked, call_id: str) -> bool:
    """Claim the request id. A twin under way is waited for at the unique row."""
    if session.get(CallRequest, (asked.task_id, asked.request_id)) is not None:
        return False
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    claimed = session.execute(
        insert(CallRequest)
        .values(
            task_id=asked.task_id,
            request_id=asked.request_id,
            fingerprint=asked.fingerprint,
            call_id=call_id,
        )
        .on_conflict_do_nothing()
        .returning(CallRequest.call_id)
    )
    return claimed.first() is not None
