"""An authorisation (授权): one scenario, one assessment, one right to use.

Source: one scenario, one assessment, one authorisation (一场景一评估一授权). The root row
says whose right it is and for what, and never changes in that; what may be done stands
in versions, each of which fits into the one before it. So narrowing needs no second
assessment, and widening is impossible.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final, NotRequired, TypedDict, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living, append_only, attach
from kernel.errors import Invalid, NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Ask, Effect, Workflow, ask, step
from licensing import certificates, numbers, quotas, versions
from licensing import scope as scopes
from licensing.scope import Scope
from licensing.versions import AuthorisationVersion


class State(StrEnum):
    """Where an authorisation stands."""

    ISSUED = "issued"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SURRENDERED = "surrendered"


LIVE: Final = (State.ISSUED, State.ACTIVE, State.SUSPENDED)
"""The states in which no second authorisation of the same scenario may exist (I-24)."""

_IS_LIVE: Final = text("state IN ('issued', 'active', 'suspended')")
# fmt: off
SUSPENSION_CAUSES: Final = (
    "security_incident", "overuse", "purpose_deviation", "overdue_commitment", "grade_raised",
    "registration_lapsed", "agreement_suspended", "coi_found", "payment_default", "court_order",
    "grantee_restricted",
)
REVOCATION_CAUSES: Final = (
    "serious_breach", "fraud_in_application", "repeated_suspension", "unlawful_use",
    "broken_commitment", "cancelled_before_start",
)
_ROOT: Final = (  # what no operation may ever change (I-24); the database itself refuses it
    "scenario_id", "assessment_id", "grantee_id",
    "purpose_code", "purpose_text", "purpose_fingerprint",
)
# fmt: on


class Authorisation(Living, Base):
    """Whose right it is, for what, and how it stands. Days are days in Asia/Shanghai."""

    __tablename__ = "authorisations"
    __table_args__ = (
        UniqueConstraint("cert_no"),
        UniqueConstraint("assessment_id"),
        CheckConstraint("valid_from <= valid_to", name="period_not_reversed"),
        CheckConstraint("current_version >= 1", name="version_from_one"),
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

    @property
    def parties(self) -> set[str]:
        """The organisations that it concerns."""
        return {self.grantee_id, self.operator_id, self.implementing_agency_id, *self.departments}


_TRIGGER: Final = "CREATE TRIGGER authorisations_root_fixed BEFORE UPDATE ON authorisations "
attach(
    Authorisation.__table__,  # type: ignore[arg-type]  # declared as FromClause, is a Table
    "sqlite",
    f"{_TRIGGER} WHEN {' OR '.join(f'OLD.{name} IS NOT NEW.{name}' for name in _ROOT)} "
    "BEGIN SELECT RAISE(ABORT, 'append-only'); END",
)
attach(
    Authorisation.__table__,  # type: ignore[arg-type]  # a Table, see above
    "postgresql",
    f"{_TRIGGER} FOR EACH ROW WHEN "
    f"({' OR '.join(f'OLD.{name} IS DISTINCT FROM NEW.{name}' for name in _ROOT)}) "
    "EXECUTE FUNCTION refuse_change()",
)


class AuthorisationParty(Base):
    """An organisation that an authorisation concerns, so that each finds its own by index."""

    __tablename__ = "authorisation_parties"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"), primary_key=True)


append_only(AuthorisationParty.__table__)  # type: ignore[arg-type]  # a Table, see above


class Facts(TypedDict):
    """What a decided scenario says of the authorisation that follows from it."""

    scenario_id: str
    assessment_id: str
    grantee_id: str
    operator_id: str
    implementing_agency_id: str
    departments: list[str]
    purpose_text: str
    conditions: NotRequired[list[str]]


def _has_begun(it: Authorisation, work: Work) -> Refusal | None:
    if local_date(work.now) >= it.valid_from:
        return None
    zh, en = f"授权自 {it.valid_from} 起生效", f"it is valid from {it.valid_from}"
    return Refusal("AUTH_NOT_STARTED", zh, en)


def _is_not_over(it: Authorisation, work: Work) -> Refusal | None:
    if local_date(work.now) <= it.valid_to:
        return None
    zh, en = f"授权已于 {it.valid_to} 到期", f"it was valid until {it.valid_to}"
    return Refusal("AUTH_EXPIRED", zh, en)


def _is_over(it: Authorisation, work: Work) -> Refusal | None:
    if local_date(work.now) > it.valid_to:
        return None
    zh, en = f"授权有效期至 {it.valid_to}", f"it is valid until {it.valid_to}"
    return Refusal("AUTH_NOT_OVER", zh, en)


def _cause(known: tuple[str, ...]) -> Ask:
    return ask("cause", "choice", Words("事由", "Cause"), choices=known)


def _for_cause(known: tuple[str, ...]) -> Effect[Authorisation]:
    def note(it: Authorisation, _work: Work, data: dict[str, Any]) -> None:
        if data["cause"] not in known:
            en = f"{data['cause']!r} is none of {', '.join(known)}"
            raise Invalid("事由代码不正确", en, pointer="/cause")
        it.suspend_reason = data["cause"] if it.state == State.SUSPENDED else None

    return note


def _forget_cause(it: Authorisation, _work: Work, _data: dict[str, Any]) -> None:
    it.suspend_reason = None


def _lapse(it: Authorisation, _work: Work, data: dict[str, Any]) -> None:
    data |= {"cause": it.suspend_reason, "reason": "暂停期满未恢复 not resumed in time"}
    it.suspend_reason = None


operator = its("operator", "operator_id", Duty.SIGNER, Duty.DATA_ENGINEER)
grantee = its("grantee", "grantee_id", Duty.SIGNER, Duty.SUBMITTER)
agency = its("implementing agency", "implementing_agency_id", Duty.APPROVER)
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)

# fmt: off
LIFE: Workflow[State, Authorisation] = Workflow(
    "authorisation", State, State.ISSUED,
    step("activate",  {State.ISSUED}, State.ACTIVE, operator,
         when=(_has_begun, _is_not_over), says="authorisation.activated",
         label=Words("开通", "Activate")),
    step("amend",     {State.ACTIVE}, State.ACTIVE, agency, own_door=True,
         when=(_is_not_over,), says="authorisation.amended",
         label=Words("缩小范围", "Narrow the scope")),
    step("suspend",   {State.ACTIVE}, State.SUSPENDED, (regulator, agency, system_only),
         asks=(_cause(SUSPENSION_CAUSES), REASON),
         then=(_for_cause(SUSPENSION_CAUSES),), says="authorisation.suspended",
         within="clocks.suspension", overdue="lapse", label=Words("暂停", "Suspend")),
    step("resume",    {State.SUSPENDED}, State.ACTIVE, regulator,
         when=(_is_not_over,), then=(_forget_cause,), asks=(REASON,),
         says="authorisation.resumed", label=Words("恢复", "Resume")),
    step("revoke",    set(LIVE), State.REVOKED, (regulator, agency),
         asks=(_cause(REVOCATION_CAUSES), REASON),
         then=(_for_cause(REVOCATION_CAUSES),), says="authorisation.revoked",
         label=Words("撤销", "Revoke")),
    step("lapse",     {State.SUSPENDED}, State.REVOKED, system_only,
         then=(_lapse,), says="authorisation.lapsed",
         label=Words("暂停期满撤销", "Revoke, not resumed in time")),
    step("expire",    set(LIVE), State.EXPIRED, system_only,
         when=(_is_over,), then=(_forget_cause,), says="authorisation.expired",
         label=Words("到期", "Expire")),
    step("surrender", {State.ISSUED, State.ACTIVE}, State.SURRENDERED, grantee,
         asks=(REASON,), says="authorisation.surrendered", label=Words("交回", "Surrender")),
)
# fmt: on


def issue(work: Work, *, scope: Mapping[str, Any], **facts: Unpack[Facts]) -> Authorisation:
    """Issue the authorisation of a decided scenario, with version 1, quotas and certificate.

    scope: as `licensing.scope.to_json` writes it; purpose and days are taken from it.
    Called when a scenario becomes authorised; for a scenario that has a live
    authorisation it returns that one. Raises Invalid for a scope of no single purpose.
    """
    if (existing := live_of(work.session, facts["scenario_id"])) is not None:
        return existing
    granted = scopes.from_json(scope)
    made = _root(work, granted, facts)
    work.session.add(made)
    # Version, parties, quotas and certificate refer to the root by its id alone.
    work.session.flush()
    _add_version(work, made, granted)
    work.session.add_all(
        AuthorisationParty(organisation_id=party, authorisation_id=made.id)
        for party in sorted(made.parties)
    )
    named = {"scenario": made.scenario_id, "assessment": made.assessment_id}
    work.record("authorisation.issued", made.id, cert_no=made.cert_no, **named)
    return made


def amend(
    work: Work, authorisation_id: str, *, scope: Mapping[str, Any], purpose_code: str | None = None
) -> AuthorisationVersion:
    """Narrow an authorisation to `scope`, as its next version; parts not named stay as they are.

    Raises NewScenarioRequired with every part that is wider or other than now, whoever
    asks; Invalid when nothing would change; AlreadyUsed when more has been used than a
    new quota allows.
    """
    authorisation = seen(work, authorisation_id)
    now = scope_of(work.session, authorisation)
    asked = scopes.from_json({**scopes.to_json(now), **scope})
    versions.refuse_more(asked, now, purpose_code)
    if asked == now:
        raise Invalid("范围没有变化", "this is the scope that it has now", pointer="/scope")
    LIFE.take("amend", authorisation, work, number=authorisation.current_version + 1)
    authorisation.current_version += 1
    authorisation.valid_from, authorisation.valid_to = asked.period
    return _add_version(work, authorisation, asked)


def take(work: Work, authorisation_id: str, step_name: str, **data: Any) -> Authorisation:
    """Take one step in an authorisation's life. Raises what `Workflow.take` raises."""
    authorisation = seen(work, authorisation_id)
    LIFE.take(step_name, authorisation, work, **data)
    return authorisation


def expire_due(work: Work, *, limit: int) -> list[Authorisation]:
    """Expire, as the house itself, up to `limit` authorisations whose last day has passed."""
    statement = (
        select(Authorisation)
        .where(Authorisation.valid_to < local_date(work.now), Authorisation.state.in_(LIVE))
        .order_by(Authorisation.valid_to, Authorisation.id)
        .limit(limit)
    )
    over = list(work.session.scalars(statement))
    for authorisation in over:
        LIFE.take("expire", authorisation, work.as_system())
    return over


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
    work: Work, *, state: str | None = None, after: str | None, limit: int
) -> Page[Authorisation]:
    """Return one page of the authorisations that the caller may see, newest first. One SELECT."""
    statement = select(Authorisation)
    if not oversees(work.actor):
        statement = statement.join(AuthorisationParty).where(
            AuthorisationParty.organisation_id == work.actor.organisation
        )
    if state is not None:
        statement = statement.where(Authorisation.state == state)
    return keyset(
        work.session, statement, by=((Authorisation.id, "desc"),), after=after, limit=limit
    )


def live_of(session: Session, scenario_id: str) -> Authorisation | None:
    """Return the scenario's live authorisation, of which there is at most one. One SELECT."""
    statement = select(Authorisation).where(
        Authorisation.scenario_id == scenario_id, Authorisation.state.in_(LIVE)
    )
    return session.scalars(statement).one_or_none()


def in_force(authorisation: Authorisation, today: date) -> bool:
    """Tell whether it may be used today at all."""
    days = authorisation.valid_from <= today <= authorisation.valid_to
    return authorisation.state == State.ACTIVE and days


def scope_of(session: Session, authorisation: Authorisation) -> Scope:
    """Return the scope of the current version. One SELECT by primary key."""
    return versions.find(session, authorisation.id, authorisation.current_version).granted


def impact(work: Work, authorisation_id: str) -> dict[str, Any]:
    """Preview what a suspension or revocation would touch; trade is counted upstairs."""
    found = seen(work, authorisation_id)
    return {
        "authorisation_id": found.id,
        "state": found.state,
        "grantee_id": found.grantee_id,
        "operator_id": found.operator_id,
        "departments": list(found.departments),
        "items": len(scope_of(work.session, found).items),
        "days_left": max(0, (found.valid_to - local_date(work.now)).days),
        "quotas_left": quotas.remaining(work.session, found.id),
    }


def oversees(actor: Actor) -> bool:
    """Tell whether an actor may see every authorisation: authority, exchange, the house."""
    return bool(
        actor.roles & {Role.DATA_AUTHORITY, Role.EXCHANGE_OPERATOR, Role.SYSTEM}
        and actor.duties != {Duty.PLATFORM_ADMIN}
    )


def _root(work: Work, granted: Scope, facts: Facts) -> Authorisation:
    if granted.purpose_code is None or granted.purpose_fingerprint is None:
        raise Invalid("授权须有唯一用途", "an authorisation has one purpose", pointer="/scope")
    return Authorisation(
        id=ids.new("aut_", work.now),
        state=State.ISSUED,
        cert_no=numbers.official(work, "AU", facts["implementing_agency_id"]),
        scenario_id=facts["scenario_id"],
        assessment_id=facts["assessment_id"],
        grantee_id=facts["grantee_id"],
        operator_id=facts["operator_id"],
        implementing_agency_id=facts["implementing_agency_id"],
        departments=sorted(set(facts["departments"])),
        purpose_code=granted.purpose_code,
        purpose_text=facts["purpose_text"],
        purpose_fingerprint=granted.purpose_fingerprint,
        conditions=list(facts.get("conditions", [])),
        valid_from=granted.period.first,
        valid_to=granted.period.last,
        current_version=1,
        issued_at=work.now,
    )


def _add_version(work: Work, authorisation: Authorisation, scope: Scope) -> AuthorisationVersion:
    made = versions.write(work, authorisation.id, authorisation.current_version, scope)
    quotas.fix(work, authorisation.id, scope.quotas)
    certificates.issue(work, authorisation, made)
    return made
