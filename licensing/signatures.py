"""A signature (签署): which person signed which text for which organisation, and when.

The parties of an agreement or a contract sign through the exchange, which seals each
signature with its own key: whoever changes the text, the person or the moment afterwards
is found out.
"""

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import crypto, ids
from kernel.clock import Instant
from kernel.crypto import CryptoProvider
from kernel.db import Base, append_only
from kernel.errors import DomainError, Kind
from kernel.words import Words
from kernel.work import Work


class Signature(Base):
    """One organisation's signature under one text; added, never changed.

    subject: id of what was signed. text_digest: of its text, as it stood then.
    alg, key_id, value: the seal of the exchange over all of the rest.
    """

    __tablename__ = "signatures"
    __table_args__ = (UniqueConstraint("subject", "organisation_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[Instant]
    text_digest: Mapped[str]
    alg: Mapped[str]
    key_id: Mapped[str]
    value: Mapped[str]


append_only(Signature.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class AlreadySigned(DomainError):
    """An organisation signs a text once."""

    kind = Kind.CONFLICT
    code = "already-signed"
    title = Words("贵机构已签署", "Your organisation has signed already")


def sign(work: Work, subject: str, *, text_digest: str) -> Signature:
    """Sign for the actor's organisation. Raises AlreadySigned. One SELECT on an index.

    Records no event: the step of the subject's life cycle that signs does.
    """
    if signed_by(work.session, subject, work.actor.organisation):
        raise AlreadySigned(
            "贵机构已签署该文本", f"{work.actor.organisation} has signed {subject} before"
        )
    made = Signature(
        id=ids.new("sig_", work.now),
        subject=subject,
        organisation_id=work.actor.organisation,
        person_id=work.actor.person,
        at=work.now,
        text_digest=text_digest,
    )
    seal = work.crypto.sign(_content(made))
    made.alg, made.key_id, made.value = seal.alg, seal.key_id, seal.value
    work.session.add(made)
    return made


def signed_by(session: Session, subject: str, organisation_id: str) -> bool:
    """Tell whether the organisation has signed `subject`. One SELECT on an index."""
    statement = select(Signature.id).where(
        Signature.subject == subject, Signature.organisation_id == organisation_id
    )
    return session.scalars(statement).first() is not None


def of(session: Session, subject: str) -> list[Signature]:
    """Return the signatures under `subject`, earliest first, at most 10. One SELECT."""
    statement = (
        select(Signature)
        .where(Signature.subject == subject)
        .order_by(Signature.at, Signature.id)
        .limit(10)
    )
    return list(session.scalars(statement))


def holds(provider: CryptoProvider, signature: Signature, *, text_digest: str) -> bool:
    """Tell whether the signature is whole, and stands under the text with this digest."""
    seal = crypto.Signature(signature.alg, signature.key_id, signature.value)
    same_text = signature.text_digest == text_digest
    return same_text and provider.verify(_content(signature), seal)


def is_whole(
    session: Session, provider: CryptoProvider, subject: str, *, text: str, text_digest: str
) -> bool:
    """Tell whether `text` is what was signed, and every signature under it holds. One SELECT."""
    digest = provider.digest(text.encode())
    return digest == text_digest and all(
        holds(provider, signature, text_digest=digest) for signature in of(session, subject)
    )


def _content(signature: Signature) -> bytes:
    return crypto.canonical(
        {
            "subject": signature.subject,
            "organisation": signature.organisation_id,
            "person": signature.person_id,
            "at": signature.at.isoformat(),
            "text_digest": signature.text_digest,
        }
    )
