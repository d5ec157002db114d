"""The row of an authorisation: whose right it is, and who finds it where."""

from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Actor, Duty, Role
from kernel.clock import Instant
from kernel.db import Base, Living, append_only, attach
from kernel.errors import NotFound
from kernel.pages import Page, holding, keyset
from kernel.work import Work
from licensing import versions
from licensing.scope import Scope


class State(StrEnum):
    """Where an authorisation stands."""

    ISSUED = "issued"
    ACTIVE = "active"
    ACTIVE_CONDITIONAL = "active_conditional"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SURRENDERED = "surrendered"
    SUPERSEDED = "superseded"


RUNNING: Final = (State.ACTIVE, State.ACTIVE_CONDITIONAL)
"""The states in which it may be used at all."""

LIVE: Final = (State.ISSUED, *RUNNING, State.SUSPENDED)
"""The states in which no second authorisation of the same scenario may exist (I-24)."""

ENDED: Final = (State.REVOKED, State.EXPIRED, State.SURRENDERED, State.SUPERSEDED)
"""The states after which nothing comes but the destruction of what was received."""

_IS_LIVE: Final = text("state IN ('issued', 'active', 'active_conditional', 'suspended')")
# fmt: off
_ROOT: Final = (  # what no operation may ever change (I-24); the database itself refuses it
    "scenario_id", "assessment_id", "grantee_id", "supersedes_id",
    "purpose_code", "purpose_text", "purpose_fingerprint",
)
# fmt: on


class Authorisation(Living, Base):
    """Whose right it is, for what, and how it stands. Days are days in Asia/Shanghai.

    supersedes_id: the authorisation that it takes the place of, on the day after that
    one's last (I-34); None for a first one.
    """

    __tablename__ = "authorisations"
    __table_args__ = (
        UniqueConstraint("cert_no"),
        UniqueConstraint("assessment_id"),
        CheckConstraint("valid_from <= valid_to", name="period_not_reversed"),
        CheckConstraint("current_version >= 1", name="version_from_one"),
        CheckConstraint("supersedes_id <> id", name="supersedes_another"),
        CheckConstraint(
            "(state = 'suspended') = (suspend_reason IS NOT NULL)", name="suspension_has_reason"
        ),
        Index(
            "uq_authorisations_one_live_per_scenario",
            "scenario_id",
            unique=True,
            sqlite_where=_IS_LIVE,
            postgresql_where=_IS_LIVE,
        ),
        Index(None, "valid_to", "id", sqlite_where=_IS_LIVE, postgresql_where=_IS_LIVE),
        Index(None, "grantee_id", "id"),
        Index(None, "operator_id", "id"),
        Index(None, "state", "id"),
        Index(None, "supersedes_id"),
    )

    cert_no: Mapped[str]
    scenario_id: Mapped[str]
    assessment_id: Mapped[str]
    grantee_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    operator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    departments: Mapped[list[Any]]
    purpose_code: Mapped[str]
    purpose_text: Mapped[str]
    purpose_fingerprint: Mapped[str]
    conditions: Mapped[list[Any]]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    current_version: Mapped[int]
    suspend_reason: Mapped[str | None]
    issued_at: Mapped[Instant]
    supersedes_id: Mapped[str | None] = mapped_column(ForeignKey("authorisations.id"))

    @property
    def case_id(self) -> str:
        """The case in which people have their parts: that of its scenario."""
        return self.scenario_id

    @property
    def parties(self) -> set[str]:
        """The organisations that it concerns."""
        return {self.grantee_id, self.operator_id, self.implementing_agency_id, *self.departments}


_FIXED: Final = "CREATE TRIGGER authorisations_root_fixed BEFORE UPDATE ON authorisations "
# No day may belong to an authorisation and to the one it supersedes (I-34), from whichever
# of the two rows the overlap would come.
_OVERLAPS: Final = (
    "EXISTS (SELECT 1 FROM authorisations AS earlier "
    "WHERE earlier.id = NEW.supersedes_id AND earlier.valid_to >= NEW.valid_from) "
    "OR EXISTS (SELECT 1 FROM authorisations AS later "
    "WHERE later.supersedes_id = NEW.id AND later.valid_from <= NEW.valid_to)"
)
_REFUSE_OVERLAP: Final = f"""
CREATE OR REPLACE FUNCTION refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_OVERLAPS} THEN
    RAISE EXCEPTION 'overlaps: %', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$
"""
attach(
    Authorisation.__table__,  # type: ignore[arg-type]  # declared as FromClause, is a Table
    "sqlite",
    f"{_FIXED} WHEN {' OR '.join(f'OLD.{name} IS NOT NEW.{name}' for name in _ROOT)} "
    "BEGIN SELECT RAISE(ABORT, 'append-only'); END",
)
attach(
    Authorisation.__table__,  # type: ignore[arg-type]  # a Table, see above
    "postgresql",
    f"{_FIXED} FOR EACH ROW WHEN "
    f"({' OR '.join(f'OLD.{name} IS DISTINCT FROM NEW.{name}' for name in _ROOT)}) "
    "EXECUTE FUNCTION refuse_change()",
)
for _written in ("INSERT", "UPDATE"):
    attach(
        Authorisation.__table__,  # type: ignore[arg-type]  # a Table, see above
        "sqlite",
        f"CREATE TRIGGER authorisations_no_overlap_{_written.lower()} BEFORE {_written} "
        f"ON authorisations WHEN {_OVERLAPS} BEGIN SELECT RAISE(ABORT, 'overlaps'); END",
    )
attach(
    Authorisation.__table__,  # type: ignore[arg-type]  # a Table, see above
    "postgresql",
    _REFUSE_OVERLAP,
    "CREATE TRIGGER authorisations_no_overlap BEFORE INSERT OR UPDATE ON authorisations "
    "FOR EACH ROW EXECUTE FUNCTION refuse_overlap()",
)


class AuthorisationParty(Base):
    """An organisation that an authorisation concerns, so that each finds its own by index."""

    __tablename__ = "authorisation_parties"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"), primary_key=True)


append_only(AuthorisationParty.__table__)  # type: ignore[arg-type]  # a Table, see above


class AuthorisationItem(Base):
    """A data item in one version of an authorisation, so that a cascade finds it by index."""

    __tablename__ = "authorisation_items"
    __table_args__ = (Index(None, "directory_code", "item_code", "authorisation_id"),)

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    directory_code: Mapped[str] = mapped_column(primary_key=True)
    item_code: Mapped[str] = mapped_column(primary_key=True)


append_only(AuthorisationItem.__table__)  # type: ignore[arg-type]  # a Table, see above


def find(session: Session, authorisation_id: str) -> Authorisation:
    """Return the authorisation. Raises NotFound. One SELECT by primary key."""
    found = session.get(Authorisation, authorisation_id)
    if found is None:
        raise NotFound("没有这份授权", f"no authorisation {authorisation_id}")
    return found


def seen(work: Work, authorisation_id: str) -> Authorisation:
    """Return the authorisation if it is the caller's business; else the same NotFound."""
    found = find(work.session, authorisation_id)
    if work.actor.organisation in found.parties or oversees(work.actor):
        return found
    raise NotFound("没有这份授权", f"no authorisation {authorisation_id}")


def listed(
    work: Work,
    *,
    state: str | None = None,
    text: str = "",
    after: str | None,
    limit: int,
) -> Page[Authorisation]:
    """Return one page of the authorisations that the caller may see, newest first. One SELECT.

    text: stands in the certificate's number, in the purpose or in the id.
    """
    statement = select(Authorisation)
    if not oversees(work.actor):
        statement = statement.join(AuthorisationParty).where(
            AuthorisationParty.organisation_id == work.actor.organisation
        )
    if state is not None:
        statement = statement.where(Authorisation.state == state)
    if text:
        named = Authorisation.id, Authorisation.cert_no, Authorisation.purpose_text
        statement = statement.where(holding(named, text))
    return keyset(
        work.session, statement, by=((Authorisation.id, "desc"),), after=after, limit=limit
    )


def live_of(session: Session, scenario_id: str) -> Authorisation | None:
    """Return the scenario's live authorisation, of which there is at most one. One SELECT."""
    statement = select(Authorisation).where(
        Authorisation.scenario_id == scenario_id, Authorisation.state.in_(LIVE)
    )
    return session.scalars(statement).one_or_none()


def heir_of(session: Session, authorisation_id: str) -> Authorisation | None:
    """Return the live authorisation that takes this one's place, if there is one. One SELECT."""
    statement = select(Authorisation).where(
        Authorisation.supersedes_id == authorisation_id, Authorisation.state.in_(LIVE)
    )
    return session.scalars(statement).first()


def in_force(authorisation: Authorisation, today: date) -> bool:
    """Tell whether it may be used today at all."""
    days = authorisation.valid_from <= today <= authorisation.valid_to
    return authorisation.state in RUNNING and days


def scope_of(session: Session, authorisation: Authorisation) -> Scope:
    """Return the scope of the current version. One SELECT by primary key."""
    return versions.find(session, authorisation.id, authorisation.current_version).granted


def oversees(actor: Actor) -> bool:
    """Tell whether an actor may see every authorisation: authority, exchange, the house."""
    return bool(
        actor.roles & {Role.DATA_AUTHORITY, Role.EXCHANGE_OPERATOR, Role.SYSTEM}
        and actor.duties != {Duty.PLATFORM_ADMIN}
    )
