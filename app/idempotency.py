"""Idempotency-Key: the same key, the same answer; the row lives in the same transaction.

After a crash nothing has to be tidied: either the effect and the remembered answer are
both there, or neither is.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from flask import Request, Response, g, request
from sqlalchemy import CheckConstraint, Index, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import DomainError, Kind
from kernel.words import Words
from kernel.work import Work

KEY_MAX = 200
KEPT = timedelta(days=30)


class Remembered(Base):
    """The answer that a key was given. tenant: the person and organisation who asked."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        CheckConstraint("length(key) BETWEEN 1 AND 200", name="key_is_short"),
        Index(None, "claimed_at"),
    )

    tenant: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    content_type: Mapped[str | None]
    location: Mapped[str | None]
    body: Mapped[str | None]
    claimed_at: Mapped[Instant]


class KeyMissing(DomainError):
    """A command that moves money must be repeatable without effect."""

    kind = Kind.MALFORMED
    code = "idempotency-key-missing"
    title = Words("缺少 Idempotency-Key", "The Idempotency-Key is missing")


class KeyReused(DomainError):
    """The key was used for another command."""

    kind = Kind.INVALID
    code = "idempotency-key-reused"
    title = Words(
        "Idempotency-Key 已用于其他请求", "This Idempotency-Key was used for another request"
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that is ours now, or the answer that it was given before."""

    row: Remembered
    answer: Response | None


def key_of(asked: Request, *, needed: bool) -> str | None:
    """Return the request's key, from its header or its form. Raises KeyMissing."""
    key = asked.headers.get("Idempotency-Key", asked.form.get("idempotency_key") or None)
    if key is None and needed:
        raise KeyMissing(
            "涉及资金的请求必须携带 Idempotency-Key",
            "a request that moves money must carry an Idempotency-Key",
        )
    if key is not None and not re.fullmatch(f"[!-~]{{1,{KEY_MAX}}}", key):
        raise KeyMissing(
            f"Idempotency-Key 至多 {KEY_MAX} 个可见的 ASCII 字符，不含空格",
            f"an Idempotency-Key has at most {KEY_MAX} visible ASCII characters, no spaces",
        )
    return key


def claim(session: Session, key: str, work: Work) -> Claim:
    """Claim the key, or return the answer that it was given. Raises KeyReused.

    A twin that arrives while the first still works waits for it at the unique row.
    """
    tenant = f"{work.actor.person}@{work.actor.organisation}"
    print_ = _fingerprint()
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    claimed = session.execute(
        insert(Remembered)
        .values(tenant=tenant, key=key, fingerprint=print_, claimed_at=work.now)
        .on_conflict_do_nothing()
        .returning(Remembered.key)
    ).first()
    row = session.get_one(Remembered, (tenant, key))
    if claimed:
        return Claim(row, None)
    if row.fingerprint != print_:
        raise KeyReused("同一个键对应了不同的请求内容", "the same key came with another request")
    answer = Response(row.body, row.status or 200, content_type=row.content_type)
    answer.headers["Idempotency-Replayed"] = "true"
    if row.location:
        answer.headers["Location"] = row.location
    return Claim(row, answer)


def shown_once(secret: str) -> str:
    """Return a secret that this answer may show, and that is not kept with it."""
    g.setdefault("shown_once", []).append(secret)
    return secret


def remember(claim: Claim, response: Response) -> None:
    """Keep the answer with its key, without the secrets that are shown once."""
    claim.row.status = response.status_code
    claim.row.content_type = response.content_type
    claim.row.location = response.headers.get("Location")
    body = response.get_data(as_text=True)
    for secret in g.get("shown_once", ()):
        body = body.replace(secret, "")
    claim.row.body = body


def forget(work: Work) -> None:
    """Drop keys older than KEPT. The natural keys of the books last for ever."""
    work.session.execute(delete(Remembered).where(Remembered.claimed_at < work.now - KEPT))


def _fingerprint() -> str:
    fields = request.form.to_dict(flat=False)
    for volatile in ("csrf_token", "idempotency_key"):
        fields.pop(volatile, None)
    body = repr(sorted(fields.items())) if fields else request.get_data(as_text=True)
    return ids.digest(f"{request.method}\n{request.path}\n{body}")
