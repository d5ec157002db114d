"""A person (用户): one human being, who may act for several organisations, one at a time.

Separation of duties is about persons, not accounts: a person has one row here.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Duty
from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import DomainError, Invalid, Kind, NotFound
from kernel.pages import Page, keyset
from kernel.parties import identity, organisations
from kernel.parties.organisations import Organisation, State
from kernel.parties.reach import registrar, runs
from kernel.words import Words
from kernel.work import Work

LOGIN_MAX = 120
PASSWORD_MIN = 10
PASSWORD_MAX = 200


class Person(Base):
    """Who signs in. login: an e-mail address or a name, in lower case, unique.

    identity_hash: the keyed hash of the identity number, where it is known; unique, so that
    one human being has one row and cannot act in a case under two accounts.
    """

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("login"),
        Index(None, "identity_hash", unique=True),
        CheckConstraint("failures >= 0", name="failures_not_negative"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[Instant | None]
    entered_at: Mapped[Instant]
    identity_hash: Mapped[str | None]


class Membership(Base):
    """What a person may do for one organisation."""

    __tablename__ = "memberships"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(
        ForeignKey("organisations.id"), primary_key=True, index=True
    )
    duties: Mapped[list[Any]]


class LoginTaken(DomainError):
    """Two people cannot share a login."""

    kind = Kind.CONFLICT
    code = "login-taken"
    title = Words("该登录名已被使用", "This login is taken")


class IdentityTaken(DomainError):
    """One human being has one row: separation of duties is about people, not accounts."""

    kind = Kind.CONFLICT
    code = "identity-taken"
    title = Words("该身份证件已登记", "This identity is registered already")


class WrongPassword(DomainError):
    """Login or password is wrong, or the account rests; which of them is not said."""

    kind = Kind.UNKNOWN
    code = "wrong-password"
    title = Words("登录名或密码不正确", "Login or password is not right")


class Passwords:
    """Argon2id at a configured cost. One instance for each application."""

    def __init__(self, *, memory_kib: int, rounds: int) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._decoy = self._hasher.hash(ids.secret())

    def hash(self, password: str) -> str:
        """Return the salted hash. Costs tens of milliseconds by design."""
        return self._hasher.hash(password)

    def matches(self, password: str, hashed: str | None) -> bool:
        """Tell whether `password` is the one; as slow for an unknown login (None)."""
        try:
            self._hasher.verify(hashed or self._decoy, password)
        except VerificationError:
            return False
        return hashed is not None


def enter(
    work: Work,
    *,
    login: str,
    name: str,
    password: str,
    passwords: Passwords,
    identity_number: str | None = None,
) -> Person:
    """Enter a person. Raises LoginTaken, IdentityTaken, or Invalid (password, number).

    identity_number: hashed here, and never stored.
    """
    login = login.strip().lower()
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid(
            f"密码长度须为 {PASSWORD_MIN} 至 {PASSWORD_MAX} 个字符",
            f"a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters",
            pointer="/password",
        )
    if by_login(work.session, login) is not None:
        raise LoginTaken(f"{login} 已被使用", f"{login} is taken")
    made = Person(
        id=ids.new("per_", work.now),
        login=login,
        name=name,
        password_hash=passwords.hash(password),
        failures=0,
        entered_at=work.now,
        identity_hash=_identity(work, identity_number),
    )
    work.session.add(made)
    work.record("person.entered", made.id, name=name)
    # A membership of the same request refers to this row by id alone.
    work.session.flush()
    return made


def _identity(work: Work, number: str | None) -> str | None:
    if number is None:
        return None
    hashed, *former = identity.hashes(work, identity.normalised(number))
    taken = select(Person.id).where(Person.identity_hash.in_([hashed, *former]))
    if work.session.scalars(taken).first() is not None:
        raise IdentityTaken("该身份证件已登记在另一账户下", "another account has this identity")
    return hashed


def admit(
    work: Work, organisation_id: str, *, duties: Iterable[Duty], passwords: Passwords, **who: Any
) -> Person:
    """Enter a person of an organisation, for its administrator, or for the registrar.

    The registrar enters the first administrator of an organisation; from then on it admits
    its people itself. who: login, name, password and identity_number, as of `enter`; the
    number is needed here. Raises NotFound, Invalid, and what `enter` raises.
    """
    if not may_admit(work, organisation_id):
        raise NotFound("没有这家机构", f"no organisation {organisation_id}")
    made = enter(work, passwords=passwords, **who)
    join(work, made.id, organisation_id, duties)
    return made


def may_admit(work: Work, organisation_id: str) -> bool:
    """Tell whether the actor may enter people of this organisation. At most one SELECT."""
    if runs(work.actor, organisation_id):
        return True
    return registrar.matches(work.actor, None) and not _has_people(work.session, organisation_id)


def join(work: Work, person_id: str, organisation_id: str, duties: Iterable[Duty]) -> Membership:
    """Let a person act for an organisation with `duties`, replacing the ones it had there."""
    find(work.session, person_id)
    organisations.find(work.session, organisation_id)
    listed = sorted(set(duties))
    if Duty.PLATFORM_ADMIN in listed and len(listed) > 1:
        raise Invalid(
            "平台管理员不得兼有业务职责",
            "who runs the machines has no business duty besides (I-5)",
            pointer="/duties",
        )
    made = work.session.get(Membership, (person_id, organisation_id))
    if made is None:
        made = Membership(person_id=person_id, organisation_id=organisation_id, duties=listed)
        work.session.add(made)
    made.duties = listed
    work.record("person.joined", person_id, organisation=organisation_id, duties=listed)
    return made


def find(session: Session, person_id: str) -> Person:
    """Return the person. Raises NotFound. One SELECT by primary key."""
    found = session.get(Person, person_id)
    if found is None:
        raise NotFound("没有这位用户", f"no person {person_id}")
    return found


def by_login(session: Session, login: str) -> Person | None:
    """Return the person who signs in as `login`. One SELECT on its index."""
    return session.scalars(select(Person).where(Person.login == login)).one_or_none()


def memberships(session: Session, person_id: str) -> list[tuple[Membership, Organisation]]:
    """Return for whom a person may act, at most 100, by code. One SELECT."""
    statement = (
        select(Membership, Organisation)
        .join(Organisation)
        .where(Membership.person_id == person_id)
        .order_by(Organisation.uscc)
        .limit(100)
    )
    return [(membership, organisation) for membership, organisation in session.execute(statement)]


def of(
    session: Session, organisation_id: str, *, after: str | None, limit: int
) -> Page[Membership]:
    """Return one page of who acts for an organisation, by id. One SELECT."""
    statement = select(Membership).where(Membership.organisation_id == organisation_id)
    by = ((Membership.person_id, "asc"),)
    return keyset(session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def _has_people(session: Session, organisation_id: str) -> bool:
    statement = select(Membership.person_id).where(Membership.organisation_id == organisation_id)
    return session.scalars(statement.limit(1)).first() is not None


def names(session: Session, person_ids: Iterable[str]) -> dict[str, str]:
    """Return id → name, for one page of a list. One SELECT."""
    statement = select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))
    return {row.id: row.name for row in session.execute(statement)}


def actor(
    session: Session, person_id: str, organisation_id: str, scopes: frozenset[str] | None = None
) -> Actor | None:
    """Return who acts when this person acts for this organisation; None if they may not.

    Roles count only while the organisation is active or restricted. Three SELECTs by key.
    """
    membership = session.get(Membership, (person_id, organisation_id))
    if membership is None:
        return None
    organisation = organisations.find(session, organisation_id)
    counts = organisation.state in {State.ACTIVE, State.RESTRICTED}
    return Actor(
        person=person_id,
        organisation=organisation_id,
        roles=organisation.granted if counts else frozenset(),
        duties=frozenset(Duty(duty) for duty in membership.duties),
        scopes=scopes,
    )


def resting(person: Person, now: Instant) -> bool:
    """Tell whether the account rests after too many failures."""
    return person.locked_until is not None and person.locked_until > now


def failed(work: Work, person: Person) -> None:
    """Count a failed sign-in; after the configured number the account rests for a while."""
    person.failures += 1
    if person.failures >= work.rules.number("sign_in.failures_max"):
        person.failures = 0
        person.locked_until = work.now + timedelta(seconds=work.rules.number("sign_in.rest_s"))
        work.record("person.locked", person.id)


def succeeded(person: Person) -> None:
    """Forget the failures."""
    person.failures = 0
    person.locked_until = None
