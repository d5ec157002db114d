"""How a caller shows its key: as it is (bearer), or by signing each request with it (HMAC).

A signed request never sends the key. What is signed: method, path, time, a nonce and the
digest of the body, one on each line; by HMAC-SHA256 with the SHA-256 of the key, which is
what the exchange keeps. A time more than the rules' seconds away, or a nonce that was
seen, is refused: a request that was listened to cannot be sent again.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import ForeignKey, Index, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery.recipients.credentials import Credential, CredentialKind, NotPresented
from kernel import ids
from kernel.clock import Instant
from kernel.db import Base
from kernel.work import Work

SCHEME: Final = "databourse-hmac-sha256"
_PART: Final = re.compile(r'(key|ts|nonce|signature)="?([!#-+\--~]{1,200}?)"?(?:,\s*|$)')
_LATEST: Final = 32_503_680_000
"""The year 3000; later no clock reckons."""


class CallNonce(Base):
    """A nonce that a credential has used, kept for as long as it could be sent again."""

    __tablename__ = "api_call_nonces"
    __table_args__ = (Index(None, "at"),)

    credential_id: Mapped[str] = mapped_column(
        ForeignKey("recipient_credentials.id"), primary_key=True
    )
    nonce: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed request. key: id of the credential. ts: seconds since 1970. body: its bytes."""

    key: str
    ts: int
    nonce: str
    signature: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a header shows. name: the digest of a bearer's key, or the id of a signer's."""

    name: str
    signed: Signed | None


@dataclass(frozen=True, slots=True)
class Request:
    """What a signature covers, as it was received."""

    method: str
    path: str
    body: bytes


def shown(authorisation: str) -> Shown:
    """Read the header. Raises NotPresented for what cannot be read. Pure."""
    scheme, _, given = authorisation.partition(" ")
    if scheme.lower() == "bearer":
        return Shown(ids.digest(given), None)
    if scheme.lower() != SCHEME:
        raise _refused("请出示接口密钥", "show a key of this interface")
    signed = _read(given)
    return Shown(signed.key, signed)


def find(session: Session, found: Shown) -> Credential | None:
    """Return the credential that a request speaks of, whatever it is worth. One SELECT."""
    if found.signed is not None:
        return session.get(Credential, found.name)
    statement = select(Credential).where(Credential.secret_digest == found.name)
    return session.scalars(statement).one_or_none()


def verify(
    credential: Credential | None, found: Shown, request: Request, *, now: Instant, skew_s: int
) -> Credential:
    """Return the credential if it is live, and of the interface, and signed what was received.

    Raises NotPresented, whatever is wrong. Pure.
    """
    good = True
    if found.signed is not None:
        if abs(datetime.fromtimestamp(found.signed.ts, UTC) - now) > timedelta(seconds=skew_s):
            raise _refused("签名时间与系统时间相差过大", "its time is too far from ours")
        digest = credential.secret_digest if credential is not None else "0" * 64
        expected = signature(digest, request, ts=found.signed.ts, nonce=found.signed.nonce)
        good = hmac.compare_digest(expected.encode(), found.signed.signature.encode())
    if credential is None or not good or not opens(credential, now):
        raise _refused(
            "密钥或签名无效、已过期或已撤销",
            "the key or its signature does not hold, has expired or was revoked",
        )
    return credential


def opens(credential: Credential, now: Instant) -> bool:
    """Tell whether a credential opens a metered interface now. Pure."""
    return credential.kind == CredentialKind.API and credential.live(now)


def use_up(work: Work, credential: Credential, nonce: str | None) -> None:
    """Let a nonce be used once. Raises NotPresented the second time. One INSERT."""
    if nonce is None:
        return
    dialect = work.session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    used = work.session.execute(
        insert(CallNonce)
        .values(credential_id=credential.id, nonce=nonce, at=work.now)
        .on_conflict_do_nothing()
        .returning(CallNonce.nonce)
    )
    if used.first() is None:
        raise _refused("该请求已使用过", "this request was sent before")


def forget(work: Work) -> None:
    """Drop nonces that could not be sent again anyway."""
    kept = timedelta(seconds=2 * work.rules.number("delivery.signature_skew_s"))
    work.session.execute(delete(CallNonce).where(CallNonce.at < work.now - kept))


def signature(secret_digest: str, request: Request, *, ts: int, nonce: str) -> str:
    """Return the signature of a request, hexadecimal; secret_digest: SHA-256 of the key."""
    body = hashlib.sha256(request.body).hexdigest()
    told = "\n".join((request.method, request.path, str(ts), nonce, body))
    return hmac.new(secret_digest.encode(), told.encode(), "sha256").hexdigest()


def _read(given: str) -> Signed:
    found = dict(_PART.findall(given))
    try:
        ts = int(found["ts"])
        if not 0 <= ts < _LATEST or not 8 <= len(found["nonce"]) <= 64:
            raise ValueError(given)
        return Signed(found["key"], ts, found["nonce"], found["signature"])
    except (KeyError, ValueError) as error:
        raise _refused("签名头无法读取", "the signature's header cannot be read") from error


def _refused(zh: str, en: str) -> NotPresented:
    return NotPresented(zh, en)
