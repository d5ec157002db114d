"""An egress review (出域审查): somebody else looks at a result before it leaves the domain.

The result is computed and put aside; nobody outside reads it. A reviewer of the exchange,
or of the operator whose data it is, releases it with its manifest or refuses it. Who asked
for it never reviews it. Source: data stays in the domain, results leave after review
(原始数据不出域、数据可用不可见); the egress column of the delivery matrix.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery import tasks
from delivery.tables import datasets
from delivery.tasks import DeliveryTask
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import authorisations


class State(StrEnum):
    """Where a review stands."""

    REQUESTED = "requested"
    RELEASED = "released"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Subject(StrEnum):
    """What is looked at: one result of a query, or the files that a delivery consists of."""

    QUERY = "query"
    FILES = "files"


class EgressReview(Living, Base):
    """One review of what would leave under one delivery.

    manifest: what exactly would leave: of a query {"rows", "columns", "sha256", "bytes",
    "statement", "guards"}, of files {"dataset_version_id", "sha256", "rows"}. operator_id:
    of the authorisation that the data comes under. held: the result itself, as text, until
    it is refused or withdrawn. fetched_at: when its buyer had it first. reviewed_by: never
    who asked.
    """

    __tablename__ = "egress_reviews"
    __table_args__ = (
        CheckConstraint("subject IN ('query', 'files')", name="subject_known"),
        CheckConstraint(
            "reviewed_by IS NULL OR reviewed_by <> requested_by", name="reviewed_by_another"
        ),
        CheckConstraint(
            "(state IN ('released', 'refused')) = (reviewed_by IS NOT NULL)",
            name="reviewed_says_by_whom",
        ),
        Index(None, "task_id", "id"),
        Index(None, "state", "id"),
        Index(
            "uq_egress_reviews_files_live",
            "task_id",
            unique=True,
            sqlite_where=text("subject = 'files' AND state IN ('requested', 'released')"),
            postgresql_where=text("subject = 'files' AND state IN ('requested', 'released')"),
        ),
    )

    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"))
    subject: Mapped[str]
    requester_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    requested_by: Mapped[str]
    requested_at: Mapped[Instant]
    operator_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    manifest: Mapped[dict[str, Any]]
    held: Mapped[str | None]
    fetched_at: Mapped[Instant | None]
    reviewed_by: Mapped[str | None]
    reviewed_at: Mapped[Instant | None]
    note: Mapped[str | None]


requester = its("requester", "requester_id")
reviewer: Final = (
    any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER, Duty.REVIEWER),
    its("operator", "operator_id", Duty.REVIEWER, Duty.APPROVER),
)


def _another_person(review: EgressReview, work: Work) -> Refusal | None:
    same = work.actor.person == review.requested_by
    if same or work.actor.organisation == review.requester_id:
        return Refusal(
            "OWN_REQUEST", "不得审查本机构提出的申请", "what one's own organisation asked for"
        )
    return None


def _gone(review: EgressReview, _work: Work, _data: dict[str, Any]) -> None:
    review.held = None


def _reviewed(review: EgressReview, work: Work, data: dict[str, Any]) -> None:
    review.reviewed_by, review.reviewed_at = work.actor.person, work.now
    review.note = data.get("reason") or data.get("note")


NOTE: Final = ask("note", optional=True, label=Words("审查意见", "Note"))

# fmt: off
LIFE: Workflow[State, EgressReview] = Workflow(
    "egress_review", State, State.REQUESTED,
    step("release",  {State.REQUESTED}, State.RELEASED, reviewer, when=(_another_person,),
         asks=(NOTE,), then=(_reviewed,),
         says="egress.released", label=Words("准予出域", "Release")),
    step("refuse",   {State.REQUESTED}, State.REFUSED, reviewer, when=(_another_person,),
         asks=(REASON,), then=(_reviewed, _gone),
         says="egress.refused", label=Words("不予出域", "Refuse")),
    step("withdraw", {State.REQUESTED}, State.WITHDRAWN, requester, then=(_gone,),
         says="egress.withdrawn", label=Words("撤回申请", "Withdraw")),
)
# fmt: on


def ask_for(
    work: Work,
    task: DeliveryTask,
    subject: Subject,
    manifest: Mapping[str, Any],
    *,
    held: str | None = None,
) -> EgressReview:
    """Ask for a review of what is about to leave. The caller has checked who asks."""
    made = EgressReview(
        id=ids.new("egr_", work.now),
        state=State.REQUESTED,
        task_id=task.id,
        subject=subject.value,
        requester_id=work.actor.organisation,
        requested_by=work.actor.person,
        requested_at=work.now,
        operator_id=_operator(work.session, task),
        manifest=dict(manifest),
        held=held,
    )
    work.session.add(made)
    work.record("egress.requested", made.id, task_id=task.id, digest=manifest["sha256"])
    return made


def ask_for_files(work: Work, task_id: str) -> EgressReview:
    """Ask that the files of a delivery be reviewed before they leave; the seller alone may.

    Raises NotFound, StepNotAllowed, StepRefused while one is asked for or was released.
    """
    task = tasks.seen(work, task_id)
    if not tasks.seller.matches(work.actor, task):
        raise StepNotAllowed("仅卖方可以申请", "only the seller may ask for it")
    if files_of(work.session, task) is not None:
        raise StepRefused.of(
            (Refusal("REVIEW_THERE", "已有出域审查", "there is a review of them already"),)
        )
    version = None
    if task.dataset_version_id is not None:
        version = datasets.by_id(work.session, task.dataset_version_id)
    manifest = {
        "dataset_version_id": task.dataset_version_id,
        "sha256": version.sha256 if version else "",
        "rows": version.row_count if version else 0,
        "columns": [each["name"] for each in version.columns] if version else [],
    }
    return ask_for(work, task, Subject.FILES, manifest)


def files_of(session: Session, task: DeliveryTask) -> EgressReview | None:
    """Return the review of a delivery's files that is asked for or released. One SELECT."""
    statement = select(EgressReview).where(
        EgressReview.task_id == task.id,
        EgressReview.subject == Subject.FILES,
        EgressReview.state.in_((State.REQUESTED, State.RELEASED)),
    )
    return session.scalars(statement).one_or_none()


def files_released(session: Session, task: DeliveryTask) -> bool:
    """Tell whether the files of a delivery were reviewed and may leave. One SELECT on an index."""
    found = files_of(session, task)
    return (
        found is not None
        and found.state == State.RELEASED
        and found.manifest["dataset_version_id"] == task.dataset_version_id
    )


def find(session: Session, review_id: str) -> EgressReview:
    """Return a review. Raises NotFound. One SELECT by key."""
    found = session.get(EgressReview, review_id)
    if found is None:
        raise _missing(review_id)
    return found


def seen(work: Work, review_id: str) -> EgressReview:
    """Return a review to the delivery's parties, its reviewers and overseers; else NotFound."""
    found = find(work.session, review_id)
    if _reviews(work.actor, found):
        return found
    try:
        tasks.seen(work, found.task_id)
    except NotFound as error:
        raise _missing(review_id) from error
    return found


def take(work: Work, review_id: str, name: str, /, **data: Any) -> EgressReview:
    """Take one step of a review. Raises NotFound and what `Workflow.take` raises."""
    found = seen(work, review_id)
    LIFE.take(name, found, work, **data)
    return found


def listed(
    work: Work, *, task_id: str | None = None, waiting: bool = False, after: str | None, limit: int
) -> Page[EgressReview]:
    """Return one page of the reviews that the caller may see, newest first. One SELECT.

    Of a delivery: to those who see it. Of none: to who reviews them, and to who asked.
    """
    statement = select(EgressReview)
    if task_id is not None:
        statement = statement.where(EgressReview.task_id == tasks.seen(work, task_id).id)
    elif not _desk(work.actor):
        own = work.actor.organisation
        statement = statement.where(
            or_(EgressReview.requester_id == own, EgressReview.operator_id == own)
        )
    if waiting:
        statement = statement.where(EgressReview.state == State.REQUESTED)
    return keyset(
        work.session, statement, by=((EgressReview.id, "desc"),), after=after, limit=limit
    )


def _reviews(actor: Actor, review: EgressReview) -> bool:
    return any(who.matches(actor, review) for who in reviewer)


def _desk(actor: Actor) -> bool:
    return any_of(Role.EXCHANGE_OPERATOR).matches(actor, None)


def _operator(session: Session, task: DeliveryTask) -> str | None:
    if task.authorisation_id is None:
        return None
    return authorisations.find(session, task.authorisation_id).operator_id


def _missing(review_id: str) -> NotFound:
    return NotFound("没有这个出域审查", f"no egress review {review_id}")
