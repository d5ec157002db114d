"""The providing unit's consent (提供方同意) to operate data that it shared with another.

A department holds data that came to it through sharing between departments; before they go
into authorised operation, every unit that they came from has consented. Silence is never
consent, and a consent ends with its last day or its withdrawal. Source: the opinion on the
exploitation of public data of 2024, on data received through sharing (I-12).
"""

from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import directories
from catalogue.beginnings import at_first
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step


class State(StrEnum):
    """What the providing unit has said."""

    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_LIVE: Final = text("state IN ('asked', 'given')")


class SharingConsent(Living, Base):
    """What one providing unit says to the operation of one directory.

    department_id: who holds the directory and asks. provider_id: whom the data came from.
    valid_to: the last day asked for, and then granted; included.
    """

    __tablename__ = "sharing_consents"
    __table_args__ = (
        CheckConstraint("department_id <> provider_id", name="provider_is_another"),
        CheckConstraint("state <> 'given' OR valid_from IS NOT NULL", name="given_from_a_day_on"),
        CheckConstraint("valid_to >= valid_from", name="term_not_backwards"),
        Index(None, "department_id", "id"),
        Index(None, "provider_id", "id"),
        Index(None, "state", "valid_to", "id"),
        Index(None, "directory_id", "id"),
        Index(
            "uq_sharing_consents_one_live_per_provider",
            "directory_id",
            "provider_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    provider_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    request: Mapped[str]
    asked_at: Mapped[Instant]
    answered_at: Mapped[Instant | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date]


class AlreadyAsked(DomainError):
    """A provider is asked once for a directory, until it has answered or its consent ends."""

    kind = Kind.CONFLICT
    code = "consent-asked-already"
    title = Words("已向该提供方征求同意", "This provider has been asked already")


asker = its("department", "department_id", Duty.EDITOR, Duty.SUBMITTER, Duty.APPROVER)
provider = its("provider", "provider_id", Duty.APPROVER, Duty.CASE_OFFICER)
overseers = (any_of(Role.DATA_AUTHORITY), system_only)


def _term_ahead(consent: SharingConsent, work: Work) -> Refusal | None:
    if consent.valid_to >= local_date(work.now):
        return None
    return Refusal(
        "TERM_HAS_PASSED",
        f"所请期限已于 {consent.valid_to} 届满",
        f"it ended on {consent.valid_to}",
    )


def _term_over(consent: SharingConsent, work: Work) -> Refusal | None:
    if consent.valid_to < local_date(work.now):
        return None
    return Refusal(
        "STILL_VALID", f"同意有效期至 {consent.valid_to}", f"it is valid until {consent.valid_to}"
    )


def _given(consent: SharingConsent, work: Work, data: dict[str, Any]) -> None:
    today = local_date(work.now)
    until = data.get("valid_to")
    if until is not None and not today <= until <= consent.valid_to:
        raise Invalid(
            f"有效期应在今日至 {consent.valid_to} 之间",
            f"the last day is today to {consent.valid_to}",
            pointer="/valid_to",
        )
    consent.answered_at, consent.valid_from = work.now, today
    consent.valid_to = until or consent.valid_to


def _answered(consent: SharingConsent, work: Work, _data: dict[str, Any]) -> None:
    consent.answered_at = work.now


# fmt: off
LIFE: Workflow[State, SharingConsent] = Workflow(
    "sharing_consent", State, State.ASKED,
    step("ask",      {State.ASKED}, State.ASKED, at_first(asker), own_door=True,
         within="clocks.sharing_consent",
         says="sharing_consent.asked", label=Words("征求提供方同意", "Ask for consent")),
    step("give",     {State.ASKED}, State.GIVEN, provider,
         when=(_term_ahead,), then=(_given,),
         asks=(ask("valid_to", "date", Words("有效期至", "Valid until"), optional=True),),
         says="sharing_consent.given", label=Words("同意授权运营", "Consent")),
    step("refuse",   {State.ASKED}, State.REFUSED, provider,
         asks=(REASON,), then=(_answered,),
         says="sharing_consent.refused", label=Words("不同意", "Refuse")),
    step("withdraw", {State.GIVEN}, State.WITHDRAWN, provider,
         asks=(REASON,), then=(_answered,),
         says="sharing_consent.withdrawn", label=Words("撤回同意", "Withdraw the consent")),
    step("cancel",   {State.ASKED}, State.CANCELLED, asker,
         asks=(REASON,), says="sharing_consent.cancelled", label=Words("撤销征求", "Ask no more")),
    step("expire",   {State.GIVEN}, State.EXPIRED, system_only, when=(_term_over,),
         says="sharing_consent.expired", label=Words("到期", "Expire")),
)
# fmt: on


def ask_for(
    work: Work, *, directory_id: str, provider_id: str, request: str, valid_to: date
) -> SharingConsent:
    """Ask a providing unit to let a directory of the caller's be operated until a day.

    The clock of the answer starts; when it runs out its light turns red, and nothing else
    happens. Raises NotFound, StepNotAllowed, NotActive, Invalid, AlreadyAsked. Five SELECTs.
    """
    directory = directories.seen_directory(work, directory_id)
    if not asker.matches(work.actor, directory):
        raise StepNotAllowed(
            "由目录所属部门征求提供方同意", "the directory's department asks for the consent"
        )
    asked = organisations.require_active(work.session, provider_id)
    if provider_id == directory.department_id or Role.SUPPLY_DEPARTMENT not in asked.granted:
        raise Invalid(
            "提供方应为另一数据提供部门",
            "the provider is another department",
            pointer="/provider_id",
        )
    if valid_to < local_date(work.now):
        raise Invalid("有效期不得早于今日", "the last day lies ahead", pointer="/valid_to")
    if _live(work.session, directory_id, provider_id) is not None:
        raise AlreadyAsked(
            f"{directory.code} 已向该提供方征求同意", f"{directory.code}: it has been asked already"
        )
    made = SharingConsent(
        id=ids.new("shc_", work.now),
        state=State.ASKED,
        directory_id=directory.id,
        department_id=directory.department_id,
        provider_id=provider_id,
        request=request,
        asked_at=work.now,
        valid_to=valid_to,
    )
    work.session.add(made)
    LIFE.take("ask", made, work, directory_code=directory.code, provider=provider_id)
    return made


def take(work: Work, consent_id: str, name: str, **data: Any) -> SharingConsent:
    """Take a step of a consent that the caller may see. Raises what seen and LIFE raise."""
    consent = seen(work, consent_id)
    directory = directories.find_directory(work.session, consent.directory_id)
    LIFE.take(name, consent, work, **data, directory_code=directory.code)
    return consent


def find(session: Session, consent_id: str) -> SharingConsent:
    """Return a consent. Raises NotFound. One SELECT by key."""
    found = session.get(SharingConsent, consent_id)
    if found is None:
        raise NotFound("没有这条同意", f"no consent {consent_id}")
    return found


def seen(work: Work, consent_id: str) -> SharingConsent:
    """Return a consent to holder, provider and authority. Raises NotFound to everybody else."""
    found = work.session.get(SharingConsent, consent_id)
    if found is None or not _is_party(work.actor, found):
        raise NotFound("没有这条同意", f"no consent {consent_id}")
    return found


def consented(session: Session, directory_id: str, on: date) -> bool:
    """Tell whether every unit that was asked for a directory consents on that day.

    False when none was asked: somebody has shared these data. What was withdrawn, refused
    or has expired bars as what was never answered does, until the same unit consents
    again. One SELECT on an index.
    """
    statement = select(
        SharingConsent.provider_id,
        SharingConsent.state,
        SharingConsent.valid_from,
        SharingConsent.valid_to,
    ).where(SharingConsent.directory_id == directory_id, SharingConsent.state != State.CANCELLED)
    asked, given = set(), set()
    for provider_id, state, begin, end in session.execute(statement):
        asked.add(provider_id)
        if state == State.GIVEN and begin is not None and begin <= on <= end:
            given.add(provider_id)
    return bool(asked) and asked == given


def expire_due(work: Work, *, limit: int) -> list[SharingConsent]:
    """Let consents expire whose last day has passed; return them. One SELECT on an index."""
    statement = (
        select(SharingConsent)
        .where(SharingConsent.state == State.GIVEN, SharingConsent.valid_to < local_date(work.now))
        .order_by(SharingConsent.valid_to, SharingConsent.id)
        .limit(limit)
    )
    found = list(work.session.scalars(statement))
    for consent in found:
        take(work.as_system(), consent.id, "expire")
    return found


def listed(
    work: Work,
    *,
    directory_id: str | None = None,
    state: State | None = None,
    after: str | None,
    limit: int,
) -> Page[SharingConsent]:
    """Return one page of the consents that the caller asked for, answers or oversees.

    Newest first. One SELECT.
    """
    statement = select(SharingConsent)
    ours = work.actor.organisation
    if not any(who.matches(work.actor, None) for who in overseers):
        visible = or_(SharingConsent.department_id == ours, SharingConsent.provider_id == ours)
        statement = statement.where(visible)
    if directory_id is not None:
        statement = statement.where(SharingConsent.directory_id == directory_id)
    if state is not None:
        statement = statement.where(SharingConsent.state == state)
    return keyset(
        work.session, statement, by=((SharingConsent.id, "desc"),), after=after, limit=limit
    )


def _live(session: Session, directory_id: str, provider_id: str) -> SharingConsent | None:
    statement = select(SharingConsent).where(
        SharingConsent.directory_id == directory_id,
        SharingConsent.provider_id == provider_id,
        SharingConsent.state.in_((State.ASKED, State.GIVEN)),
    )
    return session.scalars(statement).one_or_none()


def _is_party(actor: Actor, consent: SharingConsent) -> bool:
    own = actor.organisation in {consent.department_id, consent.provider_id}
    return own or any(who.matches(actor, consent) for who in overseers)
