"""The destruction (销毁) of what was received, proved after an authorisation has ended.

Source: destruction at the end with proof, due ten working days after revocation, expiry
or surrender. The grantee certifies; a share of the certificates, drawn by lot, is audited.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, watch
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import Invalid, NotFound
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing.standing import rows
from licensing.standing.rows import Authorisation

DIGEST_CHARACTERS: Final = 64
METHODS: Final = (
    "erased",  # overwritten, or the keys destroyed
    "media_destroyed",
    "never_received",  # everything was read inside the domain, nothing left it
    "carried_over",  # held on under the authorisation that takes this one's place
)


class State(StrEnum):
    """Where a destruction stands."""

    DUE = "due"
    OVERDUE = "overdue"
    CERTIFIED = "certified"
    AUDITED = "audited"


class Destruction(Living, Base):
    """What one grantee must prove of one authorisation that has ended.

    ended_as: the state in which the authorisation ended. digest: of the certificate that
    the grantee keeps. sampled: drawn by lot for an audit.
    """

    __tablename__ = "destructions"
    __table_args__ = (
        UniqueConstraint("authorisation_id"),
        CheckConstraint(
            "state NOT IN ('certified', 'audited') "
            "OR (digest IS NOT NULL AND method IS NOT NULL AND certified_at IS NOT NULL)",
            name="certified_with_proof",
        ),
        Index(None, "grantee_id", "id"),
        Index(None, "implementing_agency_id", "id"),
        Index(None, "state", "id"),
    )

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"))
    grantee_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    ended_as: Mapped[str]
    opened_at: Mapped[Instant]
    method: Mapped[str | None]
    digest: Mapped[str | None]
    certified_at: Mapped[Instant | None]
    sampled: Mapped[bool] = mapped_column(default=False)


def _certify(it: Destruction, work: Work, data: dict[str, Any]) -> None:
    digest = str(data["digest"]).strip().lower()
    if len(digest) != DIGEST_CHARACTERS or not set(digest) <= set("0123456789abcdef"):
        raise Invalid("摘要须为 64 位十六进制", "a digest has 64 hex digits", pointer="/digest")
    if data["method"] not in METHODS:
        en = f"{data['method']!r} is none of {', '.join(METHODS)}"
        raise Invalid("销毁方式不正确", en, pointer="/method")
    if data["method"] == "carried_over" and it.ended_as != rows.State.SUPERSEDED:
        zh, en = "没有接续的授权，数据不得留存", "nothing takes its place, so nothing is held on"
        raise Invalid(zh, en, pointer="/method")
    it.method, it.digest, it.certified_at = data["method"], digest, work.now
    it.sampled = data["sampled"] = drawn(work, it, digest)


def _withdraw(it: Destruction, _work: Work, _data: dict[str, Any]) -> None:
    it.method = it.digest = it.certified_at = None


grantee = its("grantee", "grantee_id", Duty.SIGNER)
auditors = (
    its("implementing agency", "implementing_agency_id", Duty.CASE_OFFICER, Duty.APPROVER),
    any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR),
)
_PROOF = (
    ask("method", "choice", Words("销毁方式", "Method"), choices=METHODS),
    ask("digest", label=Words("销毁证明摘要", "Digest of the certificate"), max=DIGEST_CHARACTERS),
)

# fmt: off
LIFE: Workflow[State, Destruction] = Workflow(
    "destruction", State, State.DUE,
    step("certify", {State.DUE, State.OVERDUE}, State.CERTIFIED, grantee,
         asks=_PROOF, then=(_certify,),
         says="destruction.certified", label=Words("提交销毁证明", "Certify")),
    step("run_over", {State.DUE}, State.OVERDUE, system_only,
         says="destruction.overdue", label=Words("逾期未销毁", "Overdue")),
    step("audit",   {State.CERTIFIED}, State.AUDITED, auditors, asks=(REASON,),
         says="destruction.audited", label=Words("抽查合格", "Pass the audit")),
    step("return",  {State.CERTIFIED}, State.DUE, auditors, asks=(REASON,), then=(_withdraw,),
         within="clocks.destruction", overdue="run_over",
         says="destruction.returned", label=Words("抽查不合格退回", "Return")),
)
# fmt: on


def open_for(it: Authorisation, work: Work, data: dict[str, Any]) -> None:
    """Open the destruction of an authorisation that has just ended: an effect of its end."""
    made = Destruction(
        id=ids.new("dst_", work.now),
        state=State.DUE,
        authorisation_id=it.id,
        grantee_id=it.grantee_id,
        implementing_agency_id=it.implementing_agency_id,
        ended_as=str(it.state),
        opened_at=work.now,
    )
    work.session.add(made)
    owner = it.grantee_id
    watch.start(work, made.id, LIFE.name, "clocks.destruction", "run_over", owner=owner)
    work.record("destruction.opened", made.id, authorisation_id=it.id)
    data["destruction_id"] = made.id


def drawn(work: Work, it: Destruction, digest: str) -> bool:
    """Tell whether a certificate is drawn for an audit: by its own hash, so anybody can check."""
    lot = int(work.crypto.digest(f"{it.id}/{digest}".encode())[:8], 16)
    return lot % 10_000 < work.rules.number("standing.audit_bp")


def take(work: Work, destruction_id: str, name: str, **data: Any) -> Destruction:
    """Take one step of a destruction's life, for those who may see it."""
    found = seen(work, destruction_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, destruction_id: str) -> Destruction:
    """Return the destruction. Raises NotFound. One SELECT by primary key."""
    found = session.get(Destruction, destruction_id)
    if found is None:
        raise _missing(destruction_id)
    return found


def seen(work: Work, destruction_id: str) -> Destruction:
    """Return the destruction to its grantee, its agency and overseers; else the same NotFound."""
    found = find(work.session, destruction_id)
    parties = {found.grantee_id, found.implementing_agency_id}
    if work.actor.organisation in parties or rows.oversees(work.actor):
        return found
    raise _missing(destruction_id)


def of(session: Session, authorisation_id: str) -> Destruction | None:
    """Return the destruction of an authorisation, None before its end. One SELECT."""
    statement = select(Destruction).where(Destruction.authorisation_id == authorisation_id)
    return session.scalars(statement).one_or_none()


def listed(
    work: Work,
    *,
    state: str | None = None,
    sampled: bool | None = None,
    unproved: bool = False,
    after: str | None = None,
    limit: int,
) -> Page[Destruction]:
    """Return one page of the destructions that the caller may see, newest first. One SELECT.

    unproved: those that are due, in time or late.
    """
    ours = work.actor.organisation
    statement = select(Destruction)
    if unproved:
        statement = statement.where(Destruction.state.in_((State.DUE, State.OVERDUE)))
    if not rows.oversees(work.actor):
        statement = statement.where(
            (Destruction.grantee_id == ours) | (Destruction.implementing_agency_id == ours)
        )
    if state is not None:
        statement = statement.where(Destruction.state == state)
    if sampled is not None:
        statement = statement.where(Destruction.sampled == sampled)
    return keyset(work.session, statement, by=((Destruction.id, "desc"),), after=after, limit=limit)


def _missing(destruction_id: str) -> NotFound:
    return NotFound("没有这项销毁", f"no destruction {destruction_id}")
