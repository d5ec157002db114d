"""Notices (回调通知): one for each event and endpoint, sent until it arrives or is given up.

The id of a notice is drawn from the event and the endpoint, so that an event that is worked
out twice is told once, and whoever gets it twice knows it again.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import clock, ids
from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.db import Base
from kernel.errors import NotFound, Refusal, StepRefused
from kernel.journal import Event
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.work import Work
from marketplace.telling import endpoints
from marketplace.telling.endpoints import Endpoint
from marketplace.telling.kinds import KINDS, PING

BATCH: Final = 20
LOOK: Final = 200
"""Notices that are looked at to find those of one batch, of different endpoints."""

LEASE: Final = timedelta(seconds=60)
"""How long a sender has for its batch, before another takes it over."""

ERROR_MAX: Final = 100
_COUNTS: Final = frozenset({organisations.State.ACTIVE, organisations.State.RESTRICTED})


class Notice(Base):
    """A notice. body: what is sent, word for word. status: of the last answer, None without one.

    Exactly one of due_at (it is still to be sent), arrived_at and given_up_at is told.
    """

    __tablename__ = "webhook_notices"
    __table_args__ = (
        CheckConstraint(
            "(due_at IS NULL) <> (arrived_at IS NULL AND given_up_at IS NULL)", name="due_or_done"
        ),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index(None, "due_at", "id"),
        Index(None, "endpoint_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.id"))
    event_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    subject: Mapped[str]
    body: Mapped[dict[str, Any]]
    made_at: Mapped[Instant]
    due_at: Mapped[Instant | None]
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[Instant | None]
    status: Mapped[int | None]
    error: Mapped[str | None]
    took_ms: Mapped[int | None]
    arrived_at: Mapped[Instant | None]
    given_up_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a sender needs of a notice, outside any transaction."""

    id: str
    url: str
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. status: of the answer; error: a code when there was none."""

    status: int | None
    error: str | None
    took_ms: int

    @property
    def arrived(self) -> bool:
        """Tell whether the receiver took it: an answer of 2xx, and nothing else."""
        return self.status is not None and 200 <= self.status < 300


def tell(work: Work, event: Event) -> None:
    """Draw up the notices of an event for the endpoints that want to hear it. Twice is once.

    Three SELECTs and what its parties cost.
    """
    parties = KINDS[event.kind].parties(work.session, event.subject)
    for endpoint in endpoints.hearing(work.session, sorted(parties), event.kind):
        if _counts(work, endpoint):
            made = f"{endpoint.id}:{event.sequence}"
            _draw_up(work, endpoint, made, event, parties[endpoint.organisation_id])


def ping(work: Work, endpoint_id: str) -> Notice:
    """Draw up a notice that only tries the way. Raises NotAKeeper, NotFound, StepRefused."""
    endpoint = endpoints.own(work, endpoint_id)
    _require_on(endpoint)
    event = work.record("webhook.pinged", endpoint.id)
    work.session.flush()  # the event has its number, from which the notice's id is drawn
    return _draw_up(work, endpoint, f"{endpoint.id}:{event.sequence}", event, {}, kind=PING)


def replay(work: Work, notice_id: str) -> Notice:
    """Send a notice once more, as it was; whoever keeps its endpoint may."""
    found = seen(work, notice_id)
    _require_on(endpoints.find(work.session, found.endpoint_id))
    _again(found, work.now)
    work.record("webhook.replayed", found.endpoint_id, notices=1)
    return found


def replay_since(work: Work, endpoint_id: str, since: Instant, until: Instant) -> int:
    """Send again what did not arrive of a stretch of time, oldest first; returns how many.

    At most webhooks.replay_max; whoever wants more asks again.
    """
    endpoint = endpoints.own(work, endpoint_id)
    _require_on(endpoint)
    statement = (
        select(Notice)
        .where(
            Notice.endpoint_id == endpoint.id,
            Notice.made_at >= since,
            Notice.made_at <= until,
            Notice.given_up_at.is_not(None),
        )
        .order_by(Notice.id)
        .limit(work.rules.number("webhooks.replay_max"))
    )
    found = work.session.scalars(statement).all()
    for notice in found:
        _again(notice, work.now)
    work.record("webhook.replayed", endpoint.id, notices=len(found))
    return len(found)


def is_due(session: Session, now: Instant) -> bool:
    """Tell whether anything is to be sent now. One SELECT on an index."""
    statement = select(Notice.id).where(Notice.due_at <= now).limit(1)
    return session.scalars(statement).first() is not None


def claim(work: Work) -> list[Claimed]:
    """Take the notices that are due, one of each endpoint at most; nobody else sends them now."""
    statement = (
        select(Notice, Endpoint)
        .join(Endpoint, Endpoint.id == Notice.endpoint_id)
        .where(Notice.due_at <= work.now)
        .order_by(Notice.due_at, Notice.id)
        .limit(LOOK)
        .with_for_update(skip_locked=True, of=Notice)
    )
    found: dict[str, Claimed] = {}
    for notice, endpoint in work.session.execute(statement).all():
        if endpoint.off_at is not None or not _counts(work, endpoint):
            _give_up(notice, work.now, "ENDPOINT_OFF" if endpoint.off_at else "NOT_ACTIVE")
        elif endpoint.id not in found and len(found) < BATCH:
            notice.due_at, notice.attempts = work.now + LEASE, notice.attempts + 1
            found[endpoint.id] = _claimed(work, notice, endpoint)
    return list(found.values())


def tried(work: Work, notice_id: str, outcome: Outcome) -> None:
    """Note what came of an attempt; put the next one off, or give up after the last."""
    notice = work.session.get_one(Notice, notice_id)
    endpoint = endpoints.find(work.session, notice.endpoint_id)
    notice.tried_at, notice.took_ms = work.now, outcome.took_ms
    notice.status = outcome.status
    notice.error = outcome.error[:ERROR_MAX] if outcome.error else None
    if outcome.arrived:
        notice.due_at, notice.arrived_at = None, work.now
        endpoints.arrived(endpoint)
        return
    endpoints.failed(work, endpoint, gone=outcome.status == 410)
    if endpoint.off_at is not None or notice.attempts >= work.rules.number("webhooks.attempts_max"):
        _give_up(notice, work.now, notice.error)
    else:
        notice.due_at = work.now + _wait(work, notice)


def seen(work: Work, notice_id: str) -> Notice:
    """Return a notice to those who keep its endpoint. Raises NotAKeeper, NotFound."""
    found = work.session.get(Notice, notice_id)
    if found is None:
        raise NotFound("没有这个通知", f"no notice {notice_id}")
    endpoints.own(work, found.endpoint_id)
    return found


def listed(
    work: Work,
    endpoint_id: str | None = None,
    *,
    missed: bool = False,
    after: str | None,
    limit: int,
) -> Page[Notice]:
    """Return one page of an endpoint's notices, newest first; of all one's own if none is named.

    missed: those given up alone. Raises NotAKeeper, NotFound. Two SELECTs.
    """
    if endpoint_id is not None:
        which = Notice.endpoint_id == endpoints.own(work, endpoint_id).id
    else:
        which = Notice.endpoint_id.in_(endpoints.own_ids(work))
    statement = select(Notice).where(which)
    if missed:
        statement = statement.where(Notice.given_up_at.is_not(None))
    return keyset(work.session, statement, by=((Notice.id, "desc"),), after=after, limit=limit)


def signed(keys: Sequence[bytes], notice_id: str, moment_s: int, content: bytes) -> str:
    """Return the signature header: one signature of each key, as Standard Webhooks has it."""
    text = f"{notice_id}.{moment_s}.".encode() + content
    macs = [hmac.digest(key, text, hashlib.sha256) for key in keys]
    return " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs)


def _draw_up(
    work: Work,
    endpoint: Endpoint,
    made_of: str,
    event: Event,
    said: Any,
    *,
    kind: str | None = None,
) -> Notice:
    event_id = f"evt_{ids.digest(made_of)[:32]}"
    there = work.session.scalars(select(Notice).where(Notice.event_id == event_id)).one_or_none()
    if there is not None:
        return there
    made = Notice(
        id=ids.new("whn_", work.now),
        endpoint_id=endpoint.id,
        event_id=event_id,
        kind=kind or event.kind,
        subject=event.subject,
        body={
            "id": event_id,
            "type": kind or event.kind,
            "timestamp": event.at.isoformat(timespec="seconds"),
            "data": dict(said),
        },
        made_at=work.now,
        due_at=work.now,
    )
    work.session.add(made)
    return made


def _claimed(work: Work, notice: Notice, endpoint: Endpoint) -> Claimed:
    content = canonical(notice.body)
    moment_s = int(clock.now().timestamp())  # who hears it goes by the world's clock, not ours
    keys = endpoints.secrets(work, endpoint)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Databourse-Webhooks/1",
        "webhook-id": notice.event_id,
        "webhook-timestamp": str(moment_s),
        "webhook-signature": signed(keys, notice.event_id, moment_s, content),
    }
    return Claimed(notice.id, endpoint.url, headers, content)


def _wait(work: Work, notice: Notice) -> timedelta:
    """Return how long to wait: three times as long each time, and up to a fifth more or less.

    The scatter is drawn from the notice, so that a thousand that failed together do not come
    back together.
    """
    first = work.rules.number("webhooks.first_retry_s")
    scatter = int(ids.digest(f"{notice.id}:{notice.attempts}")[:4], 16) % 401
    ms: int = first * 3 ** (notice.attempts - 1) * (800 + scatter)
    return timedelta(milliseconds=ms)


def _again(notice: Notice, now: Instant) -> None:
    notice.due_at, notice.attempts = now, 0
    notice.arrived_at = notice.given_up_at = None


def _give_up(notice: Notice, now: Instant, error: str | None) -> None:
    notice.due_at, notice.given_up_at, notice.error = None, now, error


def _counts(work: Work, endpoint: Endpoint) -> bool:
    return organisations.find(work.session, endpoint.organisation_id).state in _COUNTS


def _require_on(endpoint: Endpoint) -> None:
    if endpoint.off_at is not None:
        raise StepRefused.of(
            [Refusal("ENDPOINT_OFF", "回调地址已停用", "the endpoint is switched off")]
        )
