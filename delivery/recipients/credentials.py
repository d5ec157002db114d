"""Credentials (访问凭证): what a recipient shows to read one order line by machine.

One live credential for each (order line, kind, recipient). Only the digest of its secret is
kept; the secret is shown once. A credential opens nothing by itself: each use of it asks
the gate. Source: one token per recipient, so that revoking one stops no other.
"""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery import tasks
from delivery.tasks import DeliveryTask
from kernel import ids
from kernel.actor import Actor
from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal, StepRefused
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work

SCOPE: Final = "deliver"
"""The one thing that a credential may be used for."""

LABEL_MAX: Final = 100

_LIVE: Final = text("revoked_at IS NULL AND rotated_to IS NULL")
_COUNTS: Final = frozenset({organisations.State.ACTIVE, organisations.State.RESTRICTED})


class CredentialKind(StrEnum):
    """What a credential is shown to: the sharing server, or the metered interface."""

    SHARE = "share"
    API = "api"


class Credential(Base):
    """A recipient's credential for one order line.

    label: the recipient: a person or a system at the buyer. rotated_to: its successor, beside
    which it lives on until expires_at.
    """

    __tablename__ = "recipient_credentials"
    __table_args__ = (
        CheckConstraint("expires_at > issued_at", name="expires_after_it_was_issued"),
        CheckConstraint("kind IN ('share', 'api')", name="kind_known"),
        Index(None, "task_id", "id"),
        Index(None, "organisation_id", "id"),
        Index(
            "uq_recipient_credentials_live",
            "task_id",
            "kind",
            "label",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    label: Mapped[str]
    secret_digest: Mapped[str] = mapped_column(unique=True)
    issued_by: Mapped[str]
    issued_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    rotated_to: Mapped[str | None] = mapped_column(ForeignKey("recipient_credentials.id"))

    def live(self, now: Instant) -> bool:
        """Tell whether it opens anything now."""
        return self.revoked_at is None and self.expires_at > now


class NotPresented(DomainError):
    """What was shown is no credential, or one no longer."""

    kind: ClassVar[Kind] = Kind.UNKNOWN
    code: ClassVar[str] = "credential-not-valid"
    title: ClassVar[Words] = Words("访问凭证无效", "The credential is not valid")


def issue(
    work: Work, task_id: str, kind: str, label: str, expires_at: Instant
) -> tuple[Credential, str]:
    """Issue a credential for an order line; the buyer alone may. Its secret is shown this once.

    expires_at: later than now, at most recipients.days_max from now. Raises NotFound,
    Invalid, StepRefused (RECIPIENT_HAS_CREDENTIAL, TOO_MANY_CREDENTIALS). Four SELECTs.
    """
    task = bought(work, task_id)
    _check(work, label, expires_at)
    _make_room(work, task, CredentialKind(kind), label)
    return _made(work, task, CredentialKind(kind), label, expires_at)


def rotate(
    work: Work, credential_id: str, *, overlap_s: int | None = None
) -> tuple[Credential, str]:
    """Replace a live credential; the old one lives on for the overlap, 0 for not at all.

    The new one expires as late as the old one would have. overlap_s: at most, and when
    not told, recipients.overlap_s. Raises NotFound, Invalid, StepRefused.
    """
    old = own(work, credential_id)
    longest = work.rules.number("recipients.overlap_s")
    overlap = longest if overlap_s is None else overlap_s
    if not 0 <= overlap <= longest:
        raise Invalid(
            f"并行期为 0 至 {longest} 秒", f"0 to {longest} seconds", pointer="/overlap_s"
        )
    if not old.live(work.now) or old.rotated_to is not None:
        raise StepRefused.of(
            [Refusal("NOT_LIVE", "凭证已失效或已更换", "it has expired, or was replaced already")]
        )
    until = old.expires_at
    task = tasks.find(work.session, old.task_id)
    # The old one gives up its place first: one live credential for each recipient.
    old.rotated_to = old.id
    work.session.flush()
    made, secret = _made(work, task, CredentialKind(old.kind), old.label, until)
    work.session.flush()  # the successor is there before it is named
    old.rotated_to = made.id
    if overlap:
        old.expires_at = min(until, work.now + timedelta(seconds=overlap))
    else:
        old.revoked_at = work.now
    work.record("credential.rotated", old.task_id, credential=old.id, to=made.id)
    return made, secret


def revoke(work: Work, credential_id: str) -> Credential:
    """Revoke a credential at once; the buyer may. Doing it again changes nothing."""
    found = own(work, credential_id)
    if found.revoked_at is None:
        found.revoked_at = work.now
        work.record("credential.revoked", found.task_id, credential=found.id)
    return found


def presented(session: Session, secret: str, kind: str, now: Instant) -> Credential:
    """Return the live credential of this secret. Raises NotPresented. One SELECT by digest."""
    found = session.scalars(
        select(Credential).where(Credential.secret_digest == ids.digest(secret))
    ).one_or_none()
    if found is None or found.kind != kind or not found.live(now):
        raise NotPresented(
            "访问凭证不存在、已过期或已撤销",
            "the credential is unknown, has expired or was revoked",
        )
    return found


def actor(session: Session, credential: Credential) -> Actor:
    """Return who acts when a credential is shown: itself, for its organisation.

    What it does is written in the journal under its own id. One SELECT by key.
    """
    organisation = organisations.find(session, credential.organisation_id)
    return Actor(
        person=credential.id,
        organisation=organisation.id,
        roles=organisation.granted if organisation.state in _COUNTS else frozenset(),
        scopes=frozenset({SCOPE}),
    )


def bought(work: Work, task_id: str) -> DeliveryTask:
    """Return a task to its buyer. Raises NotFound to everybody else. One SELECT by key."""
    found = tasks.seen(work, task_id)
    if not tasks.buyer.matches(work.actor, found):
        raise NotFound("没有这个交付任务", f"no delivery task {task_id}")
    return found


def own(work: Work, credential_id: str) -> Credential:
    """Return a credential to its organisation. Raises NotFound to everybody else."""
    found = work.session.get(Credential, credential_id)
    if found is None or found.organisation_id != work.actor.organisation:
        raise NotFound("没有这个凭证", f"no credential {credential_id}")
    return found


def listed(
    work: Work,
    task_id: str | None = None,
    *,
    kind: str | None = None,
    after: str | None,
    limit: int,
) -> Page[Credential]:
    """Return one page of a task's credentials, newest first, to those who see the task.

    Without a task: of all that the organisation has. One SELECT on an index, two with one.
    """
    statement = select(Credential)
    if task_id is None:
        statement = statement.where(Credential.organisation_id == work.actor.organisation)
    else:
        statement = statement.where(Credential.task_id == tasks.seen(work, task_id).id)
    if kind is not None:
        statement = statement.where(Credential.kind == kind)
    return keyset(work.session, statement, by=((Credential.id, "desc"),), after=after, limit=limit)


def _check(work: Work, label: str, expires_at: Instant) -> None:
    longest = work.rules.number("recipients.days_max")
    if not work.now < expires_at <= work.now + timedelta(days=longest):
        raise Invalid(
            f"有效期须在此后 {longest} 天以内",
            f"it must expire within {longest} days from now",
            pointer="/expires_at",
        )
    if not label.strip() or len(label) > LABEL_MAX:
        raise Invalid(
            f"接收方名称为 1 至 {LABEL_MAX} 个字符",
            f"the recipient's name has 1 to {LABEL_MAX} characters",
            pointer="/label",
        )


def _make_room(work: Work, task: DeliveryTask, kind: CredentialKind, label: str) -> None:
    """Refuse a second one of a recipient, and one too many; an expired one gives up its place."""
    same = work.session.scalars(
        select(Credential).where(
            Credential.task_id == task.id,
            Credential.kind == kind,
            Credential.label == label,
            Credential.revoked_at.is_(None),
            Credential.rotated_to.is_(None),
        )
    ).one_or_none()
    if same is not None and same.live(work.now):
        raise StepRefused.of(
            [
                Refusal(
                    "RECIPIENT_HAS_CREDENTIAL",
                    "该接收方已有有效凭证，请更换或先撤销",
                    "this recipient has a live credential: rotate it, or revoke it first",
                )
            ]
        )
    if same is not None:
        same.revoked_at = work.now
        work.session.flush()  # its place in the unique index must be free
    most = work.rules.number("recipients.credentials_max")
    if _live_count(work, task) >= most:
        raise StepRefused.of(
            [
                Refusal(
                    "TOO_MANY_CREDENTIALS",
                    f"每个订单行至多 {most} 个有效凭证",
                    f"an order line has at most {most} live credentials",
                )
            ]
        )


def _live_count(work: Work, task: DeliveryTask) -> int:
    statement = select(func.count()).where(
        Credential.task_id == task.id,
        Credential.revoked_at.is_(None),
        Credential.expires_at > work.now,
    )
    return int(work.session.execute(statement).scalar_one())


def _made(
    work: Work, task: DeliveryTask, kind: CredentialKind, label: str, expires_at: Instant
) -> tuple[Credential, str]:
    secret = f"dbx_{kind}_{ids.secret()}"
    made = Credential(
        id=ids.new("rcd_", work.now),
        task_id=task.id,
        organisation_id=task.buyer_id,
        kind=kind.value,
        label=label,
        secret_digest=ids.digest(secret),
        issued_by=work.actor.person,
        issued_at=work.now,
        expires_at=expires_at,
    )
    work.session.add(made)
    work.record(
        "credential.issued", task.id, credential=made.id, way=kind.value, label=label,
        expires_at=expires_at.isoformat(),
    )  # fmt: skip
    return made, secret
