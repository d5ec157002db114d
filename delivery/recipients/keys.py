"""Public keys of buyers (公钥): packages are sealed to them, and to nobody else.

The secret half never comes to the exchange. A key is registered by the people of its
organisation and retired by them; what was sealed to it stays sealed to it.
"""

from typing import ClassVar, Final

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery.recipients import x25519
from delivery.recipients.x25519 import NotAKey
from kernel import ids
from kernel.actor import Role
from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work

LABEL_MAX: Final = 100

_LIVE: Final = text("retired_at IS NULL")


class RecipientKey(Base):
    """An organisation's public key. public_key: as age writes it, "age1…"."""

    __tablename__ = "recipient_keys"
    __table_args__ = (
        Index(None, "organisation_id", "id"),
        Index(
            "uq_recipient_keys_live",
            "organisation_id",
            "public_key",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    label: Mapped[str]
    public_key: Mapped[str]
    registered_by: Mapped[str]
    registered_at: Mapped[Instant]
    retired_at: Mapped[Instant | None]


class NotABuyer(DomainError):
    """Only a buyer's people register a key."""

    kind: ClassVar[Kind] = Kind.FORBIDDEN
    code: ClassVar[str] = "not-a-buyer"
    title: ClassVar[Words] = Words("仅数据需方可登记公钥", "Only buyers register keys")


def register(work: Work, *, label: str, public_key: str) -> RecipientKey:
    """Register a public key of the acting organisation.

    Raises NotABuyer, Invalid for a text that is no public key (a secret key is refused in
    so many words), StepRefused (KEY_REGISTERED, TOO_MANY_KEYS). Two SELECTs.
    """
    if Role.BUYER not in work.actor.roles:
        raise NotABuyer("机构没有数据需方角色", "the organisation is not a buyer")
    written = public_key.strip().lower()
    _check(written)
    live = _live(work.session, work.actor.organisation)
    most = work.rules.number("recipients.keys_max")
    if any(key.public_key == written for key in live):
        raise StepRefused.of(
            [Refusal("KEY_REGISTERED", "该公钥已登记", "this key is registered already")]
        )
    if len(live) >= most:
        raise StepRefused.of(
            [Refusal("TOO_MANY_KEYS", f"至多 {most} 个有效公钥", f"at most {most} live keys")]
        )
    made = RecipientKey(
        id=ids.new("rck_", work.now),
        organisation_id=work.actor.organisation,
        label=label,
        public_key=written,
        registered_by=work.actor.person,
        registered_at=work.now,
    )
    work.session.add(made)
    work.record("recipient_key.registered", made.id, public_key=written, label=label)
    return made


def retire(work: Work, key_id: str) -> RecipientKey:
    """Retire a key: nothing new is sealed to it. Doing it again changes nothing."""
    found = own(work, key_id)
    if found.retired_at is None:
        found.retired_at = work.now
        work.record("recipient_key.retired", found.id)
    return found


def own(work: Work, key_id: str) -> RecipientKey:
    """Return a key to its organisation. Raises NotFound to everybody else."""
    found = work.session.get(RecipientKey, key_id)
    if found is None or found.organisation_id != work.actor.organisation:
        raise NotFound("没有这个公钥", f"no key {key_id}")
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[RecipientKey]:
    """Return one page of the organisation's keys, newest first. One SELECT."""
    statement = select(RecipientKey).where(RecipientKey.organisation_id == work.actor.organisation)
    return keyset(
        work.session, statement, by=((RecipientKey.id, "desc"),), after=after, limit=limit
    )


def live(work: Work) -> list[RecipientKey]:
    """Return the organisation's keys that packages can be sealed to, newest first."""
    return _live(work.session, work.actor.organisation)


def fingerprint(key: RecipientKey) -> str:
    """Return what two people compare: the first 16 hexadecimal digits of the key's SHA-256."""
    return ids.digest(key.public_key)[:16]


def _live(session: Session, organisation_id: str) -> list[RecipientKey]:
    statement = (
        select(RecipientKey)
        .where(RecipientKey.organisation_id == organisation_id, RecipientKey.retired_at.is_(None))
        .order_by(RecipientKey.id.desc())
        .limit(100)
    )
    return list(session.scalars(statement))


def _check(written: str) -> None:
    if written.startswith(x25519.SECRET):
        raise Invalid(
            "这是私钥：请勿提交私钥，并请立即更换密钥对",
            "this is a secret key: never send it; make a new pair now",
            pointer="/public_key",
        )
    try:
        x25519.public(written)
    except NotAKey as error:
        raise Invalid(
            f"不是有效的 X25519 公钥（age1…）：{error}",
            f"no X25519 public key (age1…): {error}",
            pointer="/public_key",
        ) from error
