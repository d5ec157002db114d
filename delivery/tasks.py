"""Delivery tasks (交付任务): what a buyer has bought, and each use of it.

Nothing is sent out once and for all: the data stay in the secure domain, and every read
is decided anew by the authorisation's clauses before a row leaves. Source: the delivery
states of the exchange (未开始交付, 交付中, 交付完成); I-29, I-30, I-33.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Mode
from delivery import guards, matrix, ways
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step


class State(StrEnum):
    """Where a delivery stands."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


TRIAL: Final = "tri_"
"""How the id of a trial begins, in the place of an order's."""

BATCH: Final = 200
"""Tasks that are suspended or resumed between two looks at the table."""


class DeliveryTask(Living, Base):
    """The delivery of one order line to its buyer; of a trial, its id stands for both.

    mode, grade, pi_class, origin: codes of the delivery matrix, as they were when it was
    ordered. dataset_version_id: of a merchant's own table; resource_id: of public data.
    items: {"directory": code, "item": code} each. output_form: None for a service without
    data. rounds_due: 1 of what is delivered by hand alone, else 0; rounds_handed: how many
    rounds of files its seller has handed over. stopped_for: why nothing of it may be used now,
    whatever its state. suspended_with: the authorisation that took
    the task down with it. use_until: the last day of the agreed use; None for orders placed
    before it was kept. reads, rows_delivered, bytes_delivered: counted by the database, not
    by the version of the row.
    """

    __tablename__ = "delivery_tasks"
    __table_args__ = (
        UniqueConstraint("order_line_id"),
        # Uses name the mode beside the delivery, so that their own CHECKs can look at it.
        UniqueConstraint("id", "mode"),
        *matrix.held(),
        CheckConstraint("rows_delivered >= 0", name="rows_delivered_not_negative"),
        CheckConstraint("reads >= 0", name="reads_not_negative"),
        CheckConstraint("bytes_delivered >= 0", name="bytes_delivered_not_negative"),
        CheckConstraint(
            "state NOT IN ('delivered', 'accepted') OR rounds_handed >= rounds_due",
            name="by_hand_comes_with_files",
        ),
        Index(None, "order_id", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "authorisation_id", "state", "id"),
        Index(None, "state", "use_until", "id"),
    )

    # Orders, their lines and products live upstairs, so these three are no foreign keys.
    order_id: Mapped[str]
    order_line_id: Mapped[str]
    product_version_id: Mapped[str]
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    authorisation_id: Mapped[str | None] = mapped_column(ForeignKey("authorisations.id"))
    resource_id: Mapped[str | None] = mapped_column(ForeignKey("resources.id"))
    dataset_version_id: Mapped[str | None] = mapped_column(ForeignKey("dataset_versions.id"))
    mode: Mapped[str]
    grade: Mapped[str]
    pi_class: Mapped[str]
    origin: Mapped[str]
    purpose_code: Mapped[str]
    items: Mapped[list[Any]]
    output_form: Mapped[str | None]
    region: Mapped[str]
    suspended_with: Mapped[str | None]
    rows_delivered: Mapped[int] = mapped_column(Big, default=0)
    reads: Mapped[int] = mapped_column(Big, default=0)
    bytes_delivered: Mapped[int] = mapped_column(Big, default=0)
    rounds_due: Mapped[int] = mapped_column(default=0)
    rounds_handed: Mapped[int] = mapped_column(default=0)
    stopped_for: Mapped[str | None]
    use_until: Mapped[date | None]
    opened_at: Mapped[Instant]

    @property
    def was_received(self) -> bool:
        """Whether its buyer has read, downloaded or been handed anything of it."""
        return bool(self.reads or self.bytes_delivered or self.rounds_handed)


class Line(TypedDict):
    """What an order says of one of its lines; see DeliveryTask."""

    order_line_id: str
    product_version_id: str
    buyer_id: str
    seller_id: str
    authorisation_id: str | None
    resource_id: str | None
    dataset_version_id: str | None
    mode: str
    grade: str
    pi_class: str
    origin: str
    purpose_code: str
    items: list[dict[str, str]]
    output_form: str | None
    region: str
    use_until: date | None


seller = its("seller", "seller_id", Duty.DATA_ENGINEER, Duty.EDITOR)
buyer = its("buyer", "buyer_id")
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)
overseers = (any_of(Role.DATA_AUTHORITY), any_of(Role.EXCHANGE_OPERATOR), system_only)


def _suspended(task: DeliveryTask, _work: Work, data: dict[str, Any]) -> None:
    task.suspended_with = data.get("authorisation_id")


def _resumed(task: DeliveryTask, _work: Work, _data: dict[str, Any]) -> None:
    task.suspended_with = None


_DELIVERABLE: Final = {State.NOT_STARTED, State.IN_PROGRESS, State.DELIVERED, State.SUSPENDED}

# fmt: off
LIFE: Workflow[State, DeliveryTask] = Workflow(
    "delivery_task", State, State.NOT_STARTED,
    step("provision", {State.NOT_STARTED}, State.IN_PROGRESS, seller,
         when=(guards.resource_attached, guards.goes_on),
         says="delivery.provisioned", label=Words("开通交付", "Provision")),
    step("open",      {State.NOT_STARTED}, State.IN_PROGRESS, system_only, own_door=True,
         says="delivery.trial_opened", label=Words("开通试用", "Open a trial")),
    step("complete",  {State.IN_PROGRESS}, State.DELIVERED, seller,
         when=(guards.is_handed_over, guards.goes_on),
         says="delivery.completed", label=Words("交付完成", "Complete")),
    step("accept",    {State.DELIVERED}, State.ACCEPTED, (buyer, system_only), own_door=True,
         says="delivery.accepted", label=Words("验收", "Accept")),
    step("suspend",   {State.IN_PROGRESS, State.DELIVERED}, State.SUSPENDED,
         (system_only, regulator), asks=(REASON,), then=(_suspended,),
         says="delivery.suspended", label=Words("暂停交付", "Suspend")),
    step("resume",    {State.SUSPENDED}, State.IN_PROGRESS, (system_only, regulator),
         asks=(REASON,), then=(_resumed,),
         says="delivery.resumed", label=Words("恢复交付", "Resume")),
    step("revoke",    _DELIVERABLE, State.REVOKED, (system_only, regulator), asks=(REASON,),
         says="delivery.revoked", label=Words("撤销交付", "Revoke")),
    step("end_term",  {State.ACCEPTED}, State.REVOKED, system_only, own_door=True,
         asks=(REASON,),
         says="delivery.term_ended", label=Words("服务期提前终止", "End its term early")),
)
# fmt: on


def open_for(work: Work, *, order_id: str, lines: Sequence[Line]) -> list[DeliveryTask]:
    """Open a task for each line of an order that has none yet; return those of the order.

    Opening twice changes nothing. One SELECT on an index.
    """
    there = {task.order_line_id for task in of_order(work.session, order_id)}
    for line in lines:
        if line["order_line_id"] in there:
            continue
        made = DeliveryTask(
            id=ids.new("dlv_", work.now),
            state=State.NOT_STARTED,
            order_id=order_id,
            opened_at=work.now,
            rounds_due=int(_by_hand(line)),
            rounds_handed=0,
            **line,
        )
        work.session.add(made)
        work.record(
            "delivery.opened", made.id, order_id=order_id, order_line_id=line["order_line_id"]
        )
    return of_order(work.session, order_id)


def accept_for(work: Work, order_id: str) -> list[DeliveryTask]:
    """Accept everything that was delivered for an order. Raises StepRefused if anything was not.

    What was revoked beside it stays so. One SELECT on an index.
    """
    tasks = of_order(work.session, order_id)
    for task in tasks:
        if task.state != State.REVOKED:
            LIFE.take("accept", task, work)
    return tasks


def revoke_for(work: Work, order_id: str, *, reason: str) -> None:
    """Revoke whatever of an order is delivered, also what was accepted. One SELECT."""
    for task in of_order(work.session, order_id):
        revoke(work, task, reason=reason)
        if task.state == State.ACCEPTED:
            LIFE.take("end_term", task, work.as_system(), reason=reason)


def stop_for(work: Work, order_id: str, *, reason: str) -> None:
    """Let nothing of an order be used, delivered or not, until `go_on_for`. One SELECT."""
    for task in of_order(work.session, order_id):
        if task.stopped_for is None:
            task.stopped_for = reason
            work.record("delivery.stopped", task.id, order_id=order_id, reason=reason)


def go_on_for(work: Work, order_id: str) -> None:
    """Let an order be used again that was stopped. One SELECT."""
    for task in of_order(work.session, order_id):
        if task.stopped_for is not None:
            task.stopped_for = None
            work.record("delivery.went_on", task.id, order_id=order_id)


def prolong_for(work: Work, order_id: str, *, days: int) -> None:
    """Let what an order delivers be used so many days longer. One SELECT."""
    for task in of_order(work.session, order_id):
        task.use_until = task.use_until and task.use_until + timedelta(days=days)
        work.record("delivery.prolonged", task.id, order_id=order_id, days=days)


def end_term_for(work: Work, order_line_id: str, *, reason: str) -> None:
    """End what is served by the day and was accepted, before its term is over. One SELECT."""
    statement = select(DeliveryTask).where(
        DeliveryTask.order_line_id == order_line_id, DeliveryTask.state == State.ACCEPTED
    )
    for task in work.session.scalars(statement).all():
        LIFE.take("end_term", task, work.as_system(), reason=reason)


def suspend_for(work: Work, authorisation_id: str) -> int:
    """Suspend what is being delivered under an authorisation; return how many.

    What is delivered already stays so, and each read of it is refused by the decision.
    """
    suspended = 0
    while tasks := _under(work.session, authorisation_id, State.IN_PROGRESS):
        for task in tasks:
            LIFE.take(
                "suspend",
                task,
                work.as_system(),
                reason="authorisation suspended",
                authorisation_id=authorisation_id,
            )
        suspended += len(tasks)
    return suspended


def resume_for(work: Work, authorisation_id: str) -> int:
    """Resume what was suspended with an authorisation; return how many."""
    resumed = 0
    while tasks := _under(work.session, authorisation_id, State.SUSPENDED, with_it=True):
        for task in tasks:
            LIFE.take("resume", task, work.as_system(), reason="authorisation resumed")
        resumed += len(tasks)
    return resumed


def take(work: Work, task_id: str, name: str, **data: Any) -> DeliveryTask:
    """Take a step of a task that the caller may see. Raises NotFound and what LIFE raises."""
    task = seen(work, task_id)
    LIFE.take(name, task, work, **data)
    return task


def find(session: Session, task_id: str) -> DeliveryTask:
    """Return a task. Raises NotFound. One SELECT by key."""
    found = session.get(DeliveryTask, task_id)
    if found is None:
        raise NotFound("没有这个交付任务", f"no delivery task {task_id}")
    return found


def seen(work: Work, task_id: str) -> DeliveryTask:
    """Return a task to its buyer, its seller, the exchange and the data authority.

    Raises NotFound to everybody else. One SELECT by key.
    """
    found = work.session.get(DeliveryTask, task_id)
    if found is None or not _is_party(work.actor, found):
        raise NotFound("没有这个交付任务", f"no delivery task {task_id}")
    return found


def of_order(session: Session, order_id: str) -> list[DeliveryTask]:
    """Return the tasks of an order, in the order in which they were opened. One SELECT."""
    statement = (
        select(DeliveryTask)
        .where(DeliveryTask.order_id == order_id)
        .order_by(DeliveryTask.id)
        .limit(BATCH)
    )
    return list(session.scalars(statement))


def for_trial(task: DeliveryTask) -> bool:
    """Tell whether a task delivers a trial, and no order. Pure."""
    return task.order_id.startswith(TRIAL)


def all_delivered(session: Session, order_id: str) -> bool:
    """Tell whether everything of an order is delivered or accepted. One SELECT on an index.

    Beside it something may be revoked, but not all.
    """
    done = {State.DELIVERED, State.ACCEPTED}
    states = {task.state for task in of_order(session, order_id)}
    return bool(states & done) and states <= {*done, State.REVOKED}


def revoke(work: Work, task: DeliveryTask, *, reason: str) -> None:
    """Revoke one delivery, as the house, if it is not."""
    if task.state in _DELIVERABLE:
        LIFE.take("revoke", task, work.as_system(), reason=reason)


def listed(
    work: Work,
    *,
    order_id: str | None = None,
    version_ids: Sequence[str] | None = None,
    after: str | None,
    limit: int,
) -> Page[DeliveryTask]:
    """Return one page of the tasks that the caller may see, newest first. One SELECT.

    version_ids: of these versions of a product alone.
    """
    statement = select(DeliveryTask)
    if not _oversees(work.actor):
        own = work.actor.organisation
        statement = statement.where(
            or_(DeliveryTask.buyer_id == own, DeliveryTask.seller_id == own)
        )
    if order_id is not None:
        statement = statement.where(DeliveryTask.order_id == order_id)
    if version_ids is not None:
        statement = statement.where(DeliveryTask.product_version_id.in_(version_ids))
    return keyset(
        work.session, statement, by=((DeliveryTask.id, "desc"),), after=after, limit=limit
    )


def _by_hand(line: Line) -> bool:
    stored = line["resource_id"] is not None or line["dataset_version_id"] is not None
    return ways.by_hand(Mode(line["mode"]), stored=stored)


def _under(
    session: Session, authorisation_id: str, state: State, *, with_it: bool = False
) -> list[DeliveryTask]:
    statement = select(DeliveryTask).where(
        DeliveryTask.authorisation_id == authorisation_id, DeliveryTask.state == state
    )
    if with_it:
        statement = statement.where(DeliveryTask.suspended_with == authorisation_id)
    return list(session.scalars(statement.order_by(DeliveryTask.id).limit(BATCH)))


def _is_party(actor: Actor, task: DeliveryTask) -> bool:
    return actor.organisation in (task.buyer_id, task.seller_id) or _oversees(actor)


def _oversees(actor: Actor) -> bool:
    return any(who.matches(actor, None) for who in overseers)
