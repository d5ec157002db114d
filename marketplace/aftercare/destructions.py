"""The destruction (销毁) of what a buyer received, proved after its right to use it has ended.

Source: at the end of the term the buyer certifies deletion within ten working days; a share
of the certificates, drawn by lot, is audited. A right ends with its agreed period, with a
refund of the whole, or with the authorisation under which it was delivered. What nobody ever
read, downloaded or was handed need not be destroyed.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery import tasks
from delivery.tasks import DeliveryTask
from kernel import ids, watch
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import Invalid, StepRefused
from kernel.journal import Event
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access
from marketplace.aftercare import papers
from marketplace.aftercare.papers import Opened, Piece

DIGEST_CHARACTERS: Final = 64
METHODS: Final = ("erased", "media_destroyed", "never_received")


class State(StrEnum):
    """Where a destruction stands."""

    DUE = "due"
    OVERDUE = "overdue"
    CERTIFIED = "certified"
    AUDITED = "audited"


class Cause(StrEnum):
    """Why a right ended."""

    PERIOD_OVER = "period_over"
    DELIVERY_ENDED = "delivery_ended"  # refunded, revoked, or ended early
    AUTHORISATION_ENDED = "authorisation_ended"


class DataDestruction(Living, Base):
    """What one buyer must prove of one delivery. digest: SHA-256 of the certificate.

    signer: who answers for it. sampled: drawn by lot for an audit.
    """

    __tablename__ = "data_destructions"
    __table_args__ = (
        UniqueConstraint("task_id"),
        CheckConstraint(
            "state NOT IN ('certified', 'audited') OR (digest IS NOT NULL "
            "AND method IS NOT NULL AND signer IS NOT NULL AND certified_at IS NOT NULL)",
            name="certified_with_proof",
        ),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "state", "id"),
    )

    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    cause: Mapped[str]
    opened_at: Mapped[Instant]
    method: Mapped[str | None]
    digest: Mapped[str | None]
    signer: Mapped[str | None]
    certified_at: Mapped[Instant | None]
    sampled: Mapped[bool] = mapped_column(default=False)


def _certify(it: DataDestruction, work: Work, data: dict[str, Any]) -> None:
    if data["method"] not in METHODS:
        en = f"{data['method']!r} is none of {', '.join(METHODS)}"
        raise Invalid("销毁方式不正确", en, pointer="/method")
    with work.session.no_autoflush:  # the row is whole only once its proof is set
        digest = _proof(it, work, data)
    it.method, it.digest, it.signer = data["method"], digest, data["signer"]
    it.certified_at = work.now
    it.sampled = data["sampled"] = drawn(work, it, digest)
    data["digest"] = digest


def _proof(it: DataDestruction, work: Work, data: dict[str, Any]) -> str:
    """Return the digest that was declared, or that of the newest certificate shown."""
    said = str(data.get("digest") or "").strip().lower()
    if said:
        if len(said) != DIGEST_CHARACTERS or not set(said) <= set("0123456789abcdef"):
            raise Invalid("摘要须为 64 位十六进制", "a digest has 64 hex digits", pointer="/digest")
        return said
    shown = [each for each in papers.of(work.session, it.id) if each.media_type is not None]
    if not shown:
        zh, en = "请上传销毁证明，或填写其摘要", "show the certificate, or declare its digest"
        raise Invalid(zh, en, pointer="/digest")
    return shown[-1].digest


def _withdraw(it: DataDestruction, _work: Work, _data: dict[str, Any]) -> None:
    it.method = it.digest = it.signer = it.certified_at = None
    it.sampled = False


buyer = its("buyer", "buyer_id", Duty.SIGNER)
shower = its("buyer", "buyer_id", Duty.SIGNER, Duty.EDITOR, Duty.DATA_ENGINEER)
auditors = (
    any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER),
    any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR),
)
_PROOF: Final = (
    ask("method", "choice", Words("销毁方式", "Method"), choices=METHODS),
    ask("signer", label=Words("签署人", "Signed by"), max=60),
    ask("digest", label=Words("证明摘要（未上传文件时填写）", "Digest, if no file is shown"),
        optional=True, max=DIGEST_CHARACTERS),
)  # fmt: skip

# fmt: off
LIFE: Workflow[State, DataDestruction] = Workflow(
    "data_destruction", State, State.DUE,
    step("certify", {State.DUE, State.OVERDUE}, State.CERTIFIED, buyer,
         asks=_PROOF, then=(_certify,),
         says="data_destruction.certified", label=Words("提交销毁证明", "Certify")),
    step("run_over", {State.DUE}, State.OVERDUE, system_only,
         says="data_destruction.overdue", label=Words("逾期未销毁", "Overdue")),
    step("audit",   {State.CERTIFIED}, State.AUDITED, auditors, asks=(REASON,),
         says="data_destruction.audited", label=Words("确认销毁", "Confirm it")),
    step("return",  {State.CERTIFIED}, State.DUE, auditors, asks=(REASON,), then=(_withdraw,),
         within="clocks.destruction", overdue="run_over",
         says="data_destruction.returned", label=Words("证明不合格退回", "Return")),
)
# fmt: on


def open_for(work: Work, task: DeliveryTask, cause: Cause) -> DataDestruction | None:
    """Open the destruction of a delivery whose right has ended; None if there is none to prove.

    Nothing when it is open already, or nothing was received; of a trial nothing is asked.
    One SELECT on an index.
    """
    if tasks.for_trial(task):
        return None
    if not task.was_received or of_task(work.session, task.id) is not None:
        return None
    made = DataDestruction(
        id=ids.new("dds_", work.now),
        state=State.DUE,
        task_id=task.id,
        order_id=task.order_id,
        buyer_id=task.buyer_id,
        seller_id=task.seller_id,
        cause=cause.value,
        opened_at=work.now,
        sampled=False,
    )
    work.session.add(made)
    watch.start(work, made.id, LIFE.name, "clocks.destruction", "run_over", owner=task.buyer_id)
    work.record("data_destruction.opened", made.id, task_id=task.id, cause=made.cause)
    return made


def delivery_ended(work: Work, event: Event) -> None:
    """After a delivery was revoked or ended early: its buyer destroys what it received."""
    open_for(work, tasks.find(work.session, event.subject), Cause.DELIVERY_ENDED)


def authorisation_ended(work: Work, event: Event) -> None:
    """After an authorisation has ended: so does what was delivered under it."""
    after = ""
    while found := _under(work.session, event.subject, after):
        for task in found:
            open_for(work, task, Cause.AUTHORISATION_ENDED)
        after = found[-1].id


def open_due(work: Work, *, limit: int) -> int:
    """Open, as the house, the destructions of what may be used no more; return how many.

    One SELECT on an index, and one for each.
    """
    there = select(DataDestruction.id).where(DataDestruction.task_id == DeliveryTask.id)
    statement = (
        select(DeliveryTask)
        .where(
            DeliveryTask.state == tasks.State.ACCEPTED,
            DeliveryTask.use_until < local_date(work.now),
            or_(
                DeliveryTask.reads > 0,
                DeliveryTask.bytes_delivered > 0,
                DeliveryTask.rounds_handed > 0,
            ),
            ~there.exists(),
        )
        .order_by(DeliveryTask.use_until, DeliveryTask.id)
        .limit(limit)
    )
    house, found = work.as_system(), list(work.session.scalars(statement))
    return sum(open_for(house, task, Cause.PERIOD_OVER) is not None for task in found)


def show_certificate(
    work: Work, destruction_id: str, *, said: str, name: str = "", content: bytes | None = None
) -> Piece:
    """Show the certificate of a destruction that is due, as its buyer. Raises as `papers.keep`."""
    found = seen(work, destruction_id)
    access.require(work, shower, found, "data_destruction.show")
    if found.state not in {State.DUE, State.OVERDUE}:
        raise StepRefused("证明已提交", "it is certified already")
    return papers.keep(work, found.id, said=said, name=name, content=content)


def opened(work: Work, destruction_id: str, piece_id: str) -> Opened:
    """Return a certificate that the caller may see; the reading is recorded."""
    return papers.opened(work, seen(work, destruction_id).id, piece_id)


def drawn(work: Work, it: DataDestruction, digest: str) -> bool:
    """Tell whether a certificate is drawn for an audit: by its own hash, so anybody can check."""
    lot = int(work.crypto.digest(f"{it.id}/{digest}".encode())[:8], 16)
    return lot % 10_000 < work.rules.number("aftercare.audit_bp")


def of_task(session: Session, task_id: str) -> DataDestruction | None:
    """Return the destruction of a delivery, None before its end. One SELECT on an index."""
    statement = select(DataDestruction).where(DataDestruction.task_id == task_id)
    return session.scalars(statement).one_or_none()


_OURS: Final = access.overseen(
    DataDestruction, LIFE, Words("没有这项销毁", "no destruction"), "buyer_id", "seller_id"
)
find, seen, take = _OURS.find, _OURS.seen, _OURS.take


def listed(
    work: Work,
    *,
    state: str | None = None,
    unproved: bool = False,
    after: str | None = None,
    limit: int,
) -> Page[DataDestruction]:
    """Return one page of the destructions that the caller may see, newest first. One SELECT.

    unproved: those that are due, in time or late.
    """
    where: list[ColumnElement[bool]] = []
    if state is not None:
        where.append(DataDestruction.state == state)
    if unproved:
        where.append(DataDestruction.state.in_((State.DUE, State.OVERDUE)))
    return _OURS.listed(work, *where, after=after, limit=limit)


def _under(session: Session, authorisation_id: str, after: str) -> list[DeliveryTask]:
    statement = (
        select(DeliveryTask)
        .where(DeliveryTask.authorisation_id == authorisation_id, DeliveryTask.id > after)
        .order_by(DeliveryTask.id)
        .limit(tasks.BATCH)
    )
    return list(session.scalars(statement))
