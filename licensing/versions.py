"""A version of an authorisation: what may be done under it, fixed once, never widened.

Version n + 1 fits into version n (I-24), so narrowing needs no second assessment; any
more, or any other purpose, is a new scenario (I-28).
"""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import DomainError, Kind, Refusal
from kernel.words import Words
from kernel.work import Work
from licensing import scope as scopes
from licensing.scope import Scope


class AuthorisationVersion(Base):
    """What may be done under one version: an immutable scope, in its canonical JSON."""

    __tablename__ = "authorisation_versions"

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[dict[str, Any]]
    scope_hash: Mapped[str]
    issued_at: Mapped[Instant]

    @property
    def granted(self) -> Scope:
        """The scope as a value."""
        return scopes.from_json(self.scope)

    @property
    def days(self) -> tuple[date, date]:
        """First and last day, in Asia/Shanghai."""
        return self.granted.period


append_only(AuthorisationVersion.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Change(NamedTuple):
    """One part in which two versions differ: what is gone, and what has come."""

    part: str
    gone: list[Any]
    come: list[Any]


class NewScenarioRequired(DomainError):
    """No operation on an existing authorisation widens its scope or changes its purpose (I-28)."""

    kind = Kind.CONFLICT
    code = "new-scenario-required"
    title = Words("须以新场景重新申请", "This needs a new scenario")


NEW_SCENARIO = Refusal(
    "NEW_SCENARIO_REQUIRED",
    "扩大范围或改变用途须以新场景重新申请",
    "a wider scope or another purpose needs a new scenario",
)


def write(work: Work, authorisation_id: str, number: int, scope: Scope) -> AuthorisationVersion:
    """Add one version. Whether it fits into the one before is asked with `refuse_more`."""
    made = AuthorisationVersion(
        authorisation_id=authorisation_id,
        number=number,
        scope=scopes.to_json(scope),
        scope_hash=scopes.scope_hash(scope, work.crypto.digest),
        issued_at=work.now,
    )
    work.session.add(made)
    return made


def find(session: Session, authorisation_id: str, number: int) -> AuthorisationVersion:
    """Return one version, which must exist. One SELECT by primary key."""
    return session.get_one(AuthorisationVersion, (authorisation_id, number))


def of(session: Session, authorisation_id: str) -> list[AuthorisationVersion]:
    """Return up to 100 versions, newest first. One SELECT by key."""
    statement = (
        select(AuthorisationVersion)
        .where(AuthorisationVersion.authorisation_id == authorisation_id)
        .order_by(AuthorisationVersion.number.desc())
        .limit(100)
    )
    return list(session.scalars(statement))


def changes(later: AuthorisationVersion, earlier: AuthorisationVersion) -> list[Change]:
    """Return the parts in which one version differs from an earlier one, by their names."""
    found = []
    for part, now in later.scope.items():
        before = earlier.scope[part]
        if now == before:
            continue
        if isinstance(now, list):
            gone = [each for each in before if each not in now]
            found.append(Change(part, gone, [each for each in now if each not in before]))
        else:
            found.append(Change(part, [before], [now]))
    return found


def refuse_more(asked: Scope, now: Scope, purpose_code: str | None = None) -> None:
    """Raise NewScenarioRequired with everything in which `asked` goes beyond `now`.

    purpose_code: the purpose that is meant, when it is said apart from the scope.
    """
    found = [misfit.refusal for misfit in scopes.fits(asked, now)]
    if purpose_code not in (None, now.purpose_code):
        found.append(
            Refusal(
                "PURPOSE",
                f"用途不能由“{now.purpose_code}”改为“{purpose_code}”",
                f"the purpose stays {now.purpose_code!r}, it cannot become {purpose_code!r}",
            )
        )
    if found:
        raise NewScenarioRequired(NEW_SCENARIO.zh, NEW_SCENARIO.en, (NEW_SCENARIO, *found))
