"""The cascade (级联): directory versions that lower levels push up, in signed envelopes.

A node (a city's hub, a county's) signs what it sends; the same envelope twice changes
nothing, and neither does one with a bad signature or a number that has been passed. What
comes from below is never edited here: it is accepted, or returned with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, system_only
from kernel.clock import Instant
from kernel.crypto import Signature, canonical, key_id_of, verified_by
from kernel.db import Base, Big, Living, append_only
from kernel.errors import DomainError, Invalid, Kind, NotFound, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step

LEVELS: Final = ("city", "county")
CONTENT_BYTES_MAX: Final = 200_000


class Op(StrEnum):
    """What an envelope does with a directory below."""

    UPSERT = "upsert"
    REVOKE = "revoke"


class State(StrEnum):
    """Where what came from below stands up here."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    REVOKED = "revoked"


class CascadeNode(Base):
    """A hub below. public_key: Ed25519, hexadecimal. last_seq: of its latest envelope."""

    __tablename__ = "cascade_nodes"
    __table_args__ = (
        UniqueConstraint("organisation_id"),
        CheckConstraint("length(public_key) = 64", name="key_has_32_bytes"),
        CheckConstraint("last_seq >= 0", name="seq_not_negative"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    level: Mapped[str]
    region: Mapped[str]
    public_key: Mapped[str]
    last_seq: Mapped[int] = mapped_column(Big)
    last_sent_at: Mapped[Instant | None]
    joined_at: Mapped[Instant]


class Envelope(Base):
    """One envelope as it came; its key lets it be applied once."""

    __tablename__ = "cascade_envelopes"

    node_id: Mapped[str] = mapped_column(ForeignKey("cascade_nodes.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    op: Mapped[str]
    directory_code: Mapped[str]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    signature: Mapped[str]
    sent_at: Mapped[Instant]
    received_at: Mapped[Instant]


append_only(Envelope.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Cascaded(Living, Base):
    """The latest of one directory below. seq: of the envelope that brought it."""

    __tablename__ = "cascaded_directories"
    __table_args__ = (
        UniqueConstraint("node_id", "directory_code"),
        Index(None, "state", "id"),
    )

    node_id: Mapped[str] = mapped_column(ForeignKey("cascade_nodes.id"))
    directory_code: Mapped[str]
    content: Mapped[dict[str, Any]]
    seq: Mapped[int] = mapped_column(Big)


class EnvelopeRefused(DomainError):
    """An envelope that is not the node's own, or comes after a later one; nothing has changed."""

    kind = Kind.CONFLICT
    code = "envelope-refused"
    title = Words("级联报文不予应用", "The envelope is not applied")


hub = any_of(Role.DATA_AUTHORITY, Duty.CASE_OFFICER, Duty.REVIEWER)

# fmt: off
LIFE: Workflow[State, Cascaded] = Workflow(
    "cascaded_directory", State, State.RECEIVED,
    step("accept", {State.RECEIVED}, State.ACCEPTED, hub,
         says="cascaded_directory.accepted", label=Words("接收", "Accept")),
    step("return", {State.RECEIVED}, State.RETURNED, hub, asks=(REASON,),
         says="cascaded_directory.returned", label=Words("退回下级修改", "Return")),
    step("resend", {State.ACCEPTED, State.RETURNED, State.REVOKED}, State.RECEIVED, system_only,
         own_door=True, says="cascaded_directory.resent", label=Words("下级重报", "Sent again")),
    step("revoke", {State.RECEIVED, State.ACCEPTED, State.RETURNED}, State.REVOKED, system_only,
         own_door=True, says="cascaded_directory.revoked", label=Words("下级撤销", "Revoke")),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Sent:
    """An envelope on its way. signature: hexadecimal, over `signed_bytes`."""

    seq: int
    op: Op
    directory_code: str
    content: Mapping[str, Any]
    sent_at: Instant
    signature: str


def signed_bytes(node_id: str, sent: Sent) -> bytes:
    """Return what a node signs: node, number, operation, directory, content, moment."""
    return canonical(
        {
            "node": node_id,
            "seq": sent.seq,
            "op": sent.op.value,
            "directory_code": sent.directory_code,
            "content": dict(sent.content),
            "sent_at": sent.sent_at.isoformat(),
        }
    )


def join(
    work: Work, *, organisation_id: str, level: str, region: str, public_key: str
) -> CascadeNode:
    """Let a hub below take part, for the data authority. Raises Invalid with a pointer."""
    if not hub.matches(work.actor, None):
        raise StepNotAllowed("由数据管理部门登记级联节点", f"this is for {hub.name}")
    organisations.require_active(work.session, organisation_id)
    if level not in LEVELS:
        raise Invalid("层级不正确", f"a level is one of {', '.join(LEVELS)}", pointer="/level")
    if not organisations.REGION.fullmatch(region):
        raise Invalid("行政区划代码为六位数字", "a region is six digits", pointer="/region")
    try:
        key = bytes.fromhex(public_key)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Invalid("公钥为 64 位十六进制", "a key has 64 hex digits", pointer="/public_key")
    made = CascadeNode(
        id=ids.new("nod_", work.now),
        organisation_id=organisation_id,
        level=level,
        region=region,
        public_key=key.hex(),
        last_seq=0,
        joined_at=work.now,
    )
    work.session.add(made)
    work.record("cascade.joined", made.id, organisation=organisation_id, region=region)
    return made


def apply(work: Work, node_id: str, sent: Sent) -> Cascaded:
    """Apply an envelope of the acting organisation's node; applied before, it changes nothing.

    Raises EnvelopeRefused for a bad signature, a number that was passed, or other content
    under a number that was used; Invalid for content that is too large. Four SELECTs.
    """
    node = _own_node(work, node_id)
    content = signed_bytes(node.id, sent)
    if len(content) > CONTENT_BYTES_MAX:
        raise Invalid("内容过大", "the content is too large", pointer="/content")
    key = bytes.fromhex(node.public_key)
    signature = Signature("ed25519", key_id_of(key), sent.signature)
    if not verified_by(key, content, signature):
        raise EnvelopeRefused("签名不正确", "the signature is not the node's")
    digest = work.crypto.digest(content)
    earlier = work.session.get(Envelope, (node.id, sent.seq))
    if earlier is not None and earlier.digest == digest:
        return _of(work.session, node.id, earlier.directory_code)
    if earlier is not None or sent.seq <= node.last_seq:
        en = f"number {sent.seq} is not after {node.last_seq}"
        raise EnvelopeRefused(f"序号 {sent.seq} 不大于已应用的 {node.last_seq}", en)
    work.session.add(_envelope(work, node, sent, digest))
    node.last_seq, node.last_sent_at = sent.seq, sent.sent_at
    return _received(work, node, sent)


def lag(node: CascadeNode, now: Instant) -> timedelta | None:
    """Return how old the newest thing is that a node has sent; None when it sent nothing."""
    return None if node.last_sent_at is None else now - node.last_sent_at


def nodes(session: Session) -> list[CascadeNode]:
    """Return at most 500 nodes, by region. One SELECT."""
    statement = select(CascadeNode).order_by(CascadeNode.region, CascadeNode.id).limit(500)
    return list(session.scalars(statement))


def find(session: Session, cascaded_id: str) -> Cascaded:
    """Return what came from below. Raises NotFound. One SELECT by key."""
    found = session.get(Cascaded, cascaded_id)
    if found is None:
        raise _missing(cascaded_id)
    return found


def seen(work: Work, cascaded_id: str) -> Cascaded:
    """Return it to the hub and to the node's own organisation; to others it does not exist."""
    found = find(work.session, cascaded_id)
    node = work.session.get_one(CascadeNode, found.node_id)
    if _oversees(work.actor) or work.actor.organisation == node.organisation_id:
        return found
    raise _missing(cascaded_id)


def take(work: Work, cascaded_id: str, name: str, **data: Any) -> Cascaded:
    """Take one step of its life up here. Raises what `Workflow.take` raises."""
    found = seen(work, cascaded_id)
    LIFE.take(name, found, work, **data)
    return found


def listed(
    work: Work, *, state: State | None = None, after: str | None = None, limit: int
) -> Page[Cascaded]:
    """Return one page of what came from below, newest first. One SELECT."""
    statement = select(Cascaded)
    if not _oversees(work.actor):
        own = select(CascadeNode.id).where(CascadeNode.organisation_id == work.actor.organisation)
        statement = statement.where(Cascaded.node_id.in_(own))
    if state is not None:
        statement = statement.where(Cascaded.state == state)
    return keyset(work.session, statement, by=((Cascaded.id, "desc"),), after=after, limit=limit)


def _own_node(work: Work, node_id: str) -> CascadeNode:
    node = work.session.get(CascadeNode, node_id, with_for_update=True)
    if node is None or node.organisation_id != work.actor.organisation:
        raise NotFound("没有这个级联节点", f"no cascade node {node_id}")
    return node


def _envelope(work: Work, node: CascadeNode, sent: Sent, digest: str) -> Envelope:
    return Envelope(
        node_id=node.id,
        seq=sent.seq,
        op=sent.op,
        directory_code=sent.directory_code,
        content=dict(sent.content),
        digest=digest,
        signature=sent.signature,
        sent_at=sent.sent_at,
        received_at=work.now,
    )


def _received(work: Work, node: CascadeNode, sent: Sent) -> Cascaded:
    statement = select(Cascaded).where(
        Cascaded.node_id == node.id, Cascaded.directory_code == sent.directory_code
    )
    held = work.session.scalars(statement).one_or_none()
    if held is None and sent.op == Op.REVOKE:
        raise EnvelopeRefused("没有这个下级目录", "there is nothing to revoke")
    if held is None:
        held = Cascaded(
            id=ids.new("csd_", work.now),
            state=State.RECEIVED,
            node_id=node.id,
            directory_code=sent.directory_code,
            content=dict(sent.content),
            seq=sent.seq,
        )
        work.session.add(held)
        work.record("cascaded_directory.received", held.id, seq=sent.seq)
        return held
    held.content, held.seq = dict(sent.content), sent.seq
    house = work.as_system()
    if sent.op == Op.REVOKE:
        LIFE.take("revoke", held, house, seq=sent.seq)
    elif held.state != State.RECEIVED:
        LIFE.take("resend", held, house, seq=sent.seq)
    else:
        work.record("cascaded_directory.received", held.id, seq=sent.seq)
    return held


def _of(session: Session, node_id: str, directory_code: str) -> Cascaded:
    statement = select(Cascaded).where(
        Cascaded.node_id == node_id, Cascaded.directory_code == directory_code
    )
    return session.scalars(statement).one()


def _oversees(actor: Actor) -> bool:
    return bool(actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM})


def _missing(cascaded_id: str) -> NotFound:
    return NotFound("没有这个级联目录", f"no cascaded directory {cascaded_id}")
