"""What a caller shows: a session of a signed-in person, or an API token. Only hashes are kept."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import Invalid, NotFound
from kernel.pages import Page, keyset
from kernel.parties import people
from kernel.work import Work

SCOPES = ("read", "write", "deliver")
"""What a token may be allowed: to look, to act, to fetch delivered data."""


class SignIn(Base):
    """One signed-in browser. The secret is in its cookie; here is the hash."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    csrf: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    signed_in_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


class Token(Base):
    """One API token of one person for one organisation, with its scopes."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    scopes: Mapped[list[Any]]
    issued_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]


def sign_in(work: Work, person_id: str, organisation_id: str) -> tuple[SignIn, str]:
    """Begin a session; returns it and its secret, which is shown this once."""
    secret = ids.secret()
    made = SignIn(
        id=ids.new("sin_", work.now),
        secret_hash=ids.digest(secret),
        csrf=ids.secret(),
        person_id=person_id,
        organisation_id=organisation_id,
        signed_in_at=work.now,
        expires_at=work.now + timedelta(seconds=work.rules.number("sign_in.session_s")),
    )
    work.session.add(made)
    work.record("person.signed_in", person_id, organisation=organisation_id)
    return made, secret


def signed_in(session: Session, secret: str, now: Instant) -> SignIn | None:
    """Return the live session of this secret. One SELECT on its hash."""
    found = session.scalars(
        select(SignIn).where(SignIn.secret_hash == ids.digest(secret))
    ).one_or_none()
    if found is None or found.ended_at is not None or found.expires_at <= now:
        return None
    return found


def sign_out(work: Work, found: SignIn) -> None:
    """End a session at once."""
    found.ended_at = work.now
    work.record("person.signed_out", found.person_id)


def switch(work: Work, found: SignIn, organisation_id: str) -> None:
    """Let the session act for another organisation of the same person. Raises NotFound."""
    if people.actor(work.session, found.person_id, organisation_id) is None:
        raise NotFound("没有这家机构", f"no organisation {organisation_id}")
    found.organisation_id = organisation_id
    work.record("person.switched", found.person_id, organisation=organisation_id)


def issue(work: Work, *, label: str, scopes: list[str], days: int) -> tuple[Token, str]:
    """Issue a token to the acting person and organisation; its secret is shown this once.

    days: 1 to the rules' greatest. Raises Invalid.
    """
    longest = work.rules.number("tokens.days_max")
    if not 1 <= days <= longest:
        raise Invalid(f"有效期为 1 至 {longest} 天", f"1 to {longest} days", pointer="/days")
    secret = f"dbx_{ids.secret()}"
    made = Token(
        id=ids.new("tok_", work.now),
        secret_hash=ids.digest(secret),
        label=label,
        person_id=work.actor.person,
        organisation_id=work.actor.organisation,
        scopes=sorted(set(scopes)),
        issued_at=work.now,
        expires_at=work.now + timedelta(days=days),
    )
    work.session.add(made)
    work.record("token.issued", made.id, scopes=made.scopes, label=label)
    return made, secret


def token(session: Session, secret: str, now: Instant) -> Token | None:
    """Return the live token of this secret. One SELECT on its hash."""
    found = session.scalars(
        select(Token).where(Token.secret_hash == ids.digest(secret))
    ).one_or_none()
    if found is None or found.revoked_at is not None or found.expires_at <= now:
        return None
    return found


def revoke(work: Work, token_id: str) -> Token:
    """Revoke one's own token at once. Raises NotFound, also for another person's."""
    found = work.session.get(Token, token_id)
    if found is None or found.person_id != work.actor.person:
        raise NotFound("没有这个令牌", f"no token {token_id}")
    if found.revoked_at is None:
        found.revoked_at = work.now
        work.record("token.revoked", token_id)
    return found


def tokens(session: Session, person_id: str, *, after: str | None, limit: int) -> Page[Token]:
    """Return one page of a person's tokens, newest first. One SELECT."""
    statement = select(Token).where(Token.person_id == person_id)
    return keyset(session, statement, by=((Token.id, "desc"),), after=after, limit=limit)
