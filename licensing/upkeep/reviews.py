"""The annual review (年度评估) of what is authorised: is it used, and as it was meant?

Source: every authorisation that has run for six months is reviewed in the first quarter:
use against quota, conformity, incidents, benefits; then it goes on, is to be rectified
within twenty working days, shrinks, or is revoked.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, watch
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, end_of_day, local_date
from kernel.db import Base, Living
from kernel.errors import Invalid, NotFound
from kernel.journal import Event
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import authorisations, quotas
from licensing.applications.terms import months_after
from licensing.outcomes import Decision
from licensing.standing import guards, rows
from licensing.standing.rows import RUNNING, Authorisation

BENEFITS_CHARACTERS: Final = 2000


class State(StrEnum):
    """Where a review stands."""

    OPEN = "open"
    RECTIFYING = "rectifying"
    CONTINUED = "continued"
    SHRUNK = "shrunk"
    REVOKED = "revoked"
    MOOT = "moot"  # the authorisation has ended meanwhile


class Review(Living, Base):
    """The review of one authorisation in one year.

    figures: what was counted since it was issued, as the review was opened: {"used",
    "limits", "allowed", "denied", "suspensions"}. benefits: as the grantee tells them.
    """

    __tablename__ = "authorisation_reviews"
    __table_args__ = (
        UniqueConstraint("authorisation_id", "year"),
        Index(None, "implementing_agency_id", "state", "id"),
        Index(None, "grantee_id", "id"),
    )

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"))
    year: Mapped[int]
    grantee_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    figures: Mapped[dict[str, Any]]
    benefits: Mapped[str | None]
    finding: Mapped[str | None]
    opened_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]


def _benefits(it: Review, work: Work, data: dict[str, Any]) -> None:
    said = str(data["benefits"]).strip()
    least = work.rules.number("standing.report_characters_min")
    if not least <= len(said) <= BENEFITS_CHARACTERS:
        raise Invalid(
            f"效益说明须为 {least} 至 {BENEFITS_CHARACTERS} 个字符",
            f"benefits are told in {least} to {BENEFITS_CHARACTERS} characters",
            pointer="/benefits",
        )
    it.benefits = said


def _decide(it: Review, work: Work, data: dict[str, Any]) -> None:
    it.finding, it.decided_at = data["reason"], work.now


def _revoke(it: Review, work: Work, data: dict[str, Any]) -> None:
    found = authorisations.find(work.session, it.authorisation_id)
    authorisations.LIFE.take("revoke", found, work, cause="review_failed", reason=data["reason"])


grantee = its("grantee", "grantee_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
reviewers = (
    its("implementing agency", "implementing_agency_id", Duty.APPROVER),
    any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR),
)
_UNDECIDED: Final = frozenset({State.OPEN, State.RECTIFYING})

_BENEFITS = ask("benefits", label=Words("效益或整改说明", "Benefits"), max=BENEFITS_CHARACTERS)

# fmt: off
LIFE: Workflow[State, Review] = Workflow(
    "authorisation_review", State, State.OPEN,
    step("tell",     {State.OPEN}, State.OPEN, grantee, asks=(_BENEFITS,), then=(_benefits,),
         within="clocks.annual_review",
         says="authorisation_review.told", label=Words("说明效益", "Tell the benefits")),
    step("report_rectified", {State.RECTIFYING}, State.OPEN, grantee, asks=(_BENEFITS,),
         then=(_benefits,), within="clocks.annual_review",
         says="authorisation_review.rectified", label=Words("整改完成", "Report it rectified")),
    step("continue", _UNDECIDED, State.CONTINUED, reviewers, asks=(REASON,), then=(_decide,),
         says="authorisation_review.continued", label=Words("继续授权", "Let it go on")),
    step("rectify",  {State.OPEN}, State.RECTIFYING, reviewers, asks=(REASON,), then=(_decide,),
         within="clocks.rectification",
         says="authorisation_review.rectify", label=Words("限期整改", "Have it rectified")),
    step("shrink",   _UNDECIDED, State.SHRUNK, reviewers, own_door=True,
         asks=(REASON,), then=(_decide,),
         says="authorisation_review.shrunk", label=Words("缩减范围", "Shrink it")),
    step("revoke",   _UNDECIDED, State.REVOKED, reviewers, asks=(REASON,),
         then=(_decide, _revoke),
         says="authorisation_review.revoked", label=Words("撤销授权", "Revoke it")),
    step("drop",     _UNDECIDED, State.MOOT, system_only,
         says="authorisation_review.dropped", label=Words("授权已终止", "It has ended")),
)
# fmt: on


def open_due(work: Work, *, limit: int) -> list[Review]:
    """Open, as the house, up to `limit` reviews of this year, in its first months only.

    Run again it opens those that are left, and none twice. One SELECT on an index, and
    five for each that is opened.
    """
    today = local_date(work.now)
    if today.month > work.rules.number("standing.review_until_month"):
        return []
    months = work.rules.number("standing.review_months_min")
    reviewed = select(Review.authorisation_id).where(Review.year == today.year)
    statement = (
        select(Authorisation)
        .where(
            Authorisation.state.in_(RUNNING),
            Authorisation.issued_at <= end_of_day(months_after(today, -months)),
            Authorisation.id.not_in(reviewed),
        )
        .order_by(Authorisation.valid_to, Authorisation.id)
        .limit(limit)
    )
    return [_open(work, found, today.year) for found in work.session.scalars(statement).all()]


def shrink(work: Work, review_id: str, *, scope: Mapping[str, Any], reason: str) -> Review:
    """Shrink the authorisation to `scope` and close its review, both or neither.

    Raises what `authorisations.amend` and `Workflow.take` raise.
    """
    found = seen(work, review_id)
    LIFE.take("shrink", found, work, reason=reason)
    authorisations.amend(work, found.authorisation_id, scope=scope)
    return found


def drop_for(work: Work, authorisation_id: str) -> None:
    """Close, as the house, what is under review of an authorisation that has ended."""
    statement = select(Review).where(
        Review.authorisation_id == authorisation_id, Review.state.in_(_UNDECIDED)
    )
    for found in work.session.scalars(statement).all():
        LIFE.take("drop", found, work.as_system())


def take(work: Work, review_id: str, name: str, **data: Any) -> Review:
    """Take one step of a review's life, for those who may see it."""
    found = seen(work, review_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, review_id: str) -> Review:
    """Return the review. Raises NotFound. One SELECT by primary key."""
    found = session.get(Review, review_id)
    if found is None:
        raise _missing(review_id)
    return found


def seen(work: Work, review_id: str) -> Review:
    """Return the review to its grantee, its agency and overseers; else the same NotFound."""
    found = find(work.session, review_id)
    parties = {found.grantee_id, found.implementing_agency_id}
    if work.actor.organisation in parties or rows.oversees(work.actor):
        return found
    raise _missing(review_id)


def of(session: Session, authorisation_id: str) -> list[Review]:
    """Return the reviews of an authorisation, newest first, at most 20. One SELECT."""
    statement = (
        select(Review)
        .where(Review.authorisation_id == authorisation_id)
        .order_by(Review.year.desc())
        .limit(20)
    )
    return list(session.scalars(statement))


def listed(
    work: Work, *, state: str | None = None, after: str | None = None, limit: int
) -> Page[Review]:
    """Return one page of the reviews that the caller may see, newest first. One SELECT."""
    ours = work.actor.organisation
    statement = select(Review)
    if not rows.oversees(work.actor):
        statement = statement.where(
            (Review.grantee_id == ours) | (Review.implementing_agency_id == ours)
        )
    if state is not None:
        statement = statement.where(Review.state == state)
    return keyset(work.session, statement, by=((Review.id, "desc"),), after=after, limit=limit)


def _open(work: Work, found: Authorisation, year: int) -> Review:
    made = Review(
        id=ids.new("rvw_", work.now),
        state=State.OPEN,
        authorisation_id=found.id,
        year=year,
        grantee_id=found.grantee_id,
        implementing_agency_id=found.implementing_agency_id,
        figures=_figures(work, found),
        opened_at=work.now,
    )
    work.session.add(made)
    owner = found.implementing_agency_id
    watch.start(work, made.id, LIFE.name, "clocks.annual_review", None, owner=owner)
    work.as_system().record(
        "authorisation_review.opened", made.id, authorisation_id=found.id, year=year
    )
    return made


def _figures(work: Work, found: Authorisation) -> dict[str, Any]:
    counted = (
        select(Decision.outcome, func.count())
        .where(Decision.authorisation_id == found.id)
        .group_by(Decision.outcome)
    )
    outcomes = dict(work.session.execute(counted).all())
    suspensions = select(func.count()).where(
        Event.subject == found.id, Event.kind.in_(guards.SUSPENDED)
    )
    standing = quotas.of(work.session, found.id)
    return {
        "used": {each.meter: each.used for each in standing},
        "limits": {each.meter: each.limit for each in standing},
        "allowed": outcomes.get("allow", 0),
        "denied": outcomes.get("deny", 0),
        "suspensions": work.session.scalar(suspensions) or 0,
    }


def _missing(review_id: str) -> NotFound:
    return NotFound("没有这项年度评估", f"no review {review_id}")
