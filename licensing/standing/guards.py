"""What bars a step in an authorisation's life, and what a step does to its row."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.actor import Actor, Duty, Role, Who
from kernel.clock import Instant, local_date
from kernel.errors import Invalid, Refusal
from kernel.journal import Event
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Ask, Effect, ask
from licensing import agreements
from licensing.applications import commitments
from licensing.standing import rows
from licensing.standing.rows import Authorisation, State

# fmt: off
SUSPENSION_CAUSES: Final = (
    "security_incident", "overuse", "purpose_deviation", "overdue_commitment", "grade_raised",
    "registration_lapsed", "agreement_suspended", "directory_suspended", "directory_revoked",
    "coi_found", "payment_default", "court_order", "grantee_restricted",
)
REVOCATION_CAUSES: Final = (
    "serious_breach", "fraud_in_application", "repeated_suspension", "unlawful_use",
    "broken_commitment", "idle", "review_failed", "assessment_voided",
)
# fmt: on
_ACTIVATED: Final = ("authorisation.activated", "authorisation.activated_conditionally")
SUSPENDED: Final = ("authorisation.suspended", "authorisation.promise_broken")
_PROVISIONED: Final = ("authorisation.provisioned", *_ACTIVATED)


def has_begun(it: Authorisation, work: Work) -> Refusal | None:
    """Bar what is too early: its first day has not come."""
    if local_date(work.now) >= it.valid_from:
        return None
    zh, en = f"授权自 {it.valid_from} 起生效", f"it is valid from {it.valid_from}"
    return Refusal("AUTH_NOT_STARTED", zh, en)


def is_not_over(it: Authorisation, work: Work) -> Refusal | None:
    """Bar what is too late: its last day has passed."""
    if local_date(work.now) <= it.valid_to:
        return None
    zh, en = f"授权已于 {it.valid_to} 到期", f"it was valid until {it.valid_to}"
    return Refusal("AUTH_EXPIRED", zh, en)


def is_over(it: Authorisation, work: Work) -> Refusal | None:
    """Bar an end by time before the time."""
    if local_date(work.now) > it.valid_to:
        return None
    zh, en = f"授权有效期至 {it.valid_to}", f"it is valid until {it.valid_to}"
    return Refusal("AUTH_NOT_OVER", zh, en)


def is_supplied(it: Authorisation, work: Work) -> Refusal | None:
    """Bar what stands on an agreement that is not effective today. Two SELECTs."""
    items = rows.scope_of(work.session, it).items.keys()
    if not agreements.inactive(work.session, it.operator_id, items, local_date(work.now)):
        return None
    return Refusal("AGREEMENT_INACTIVE", "供数协议未生效", "a supply agreement is not effective")


def is_provisioned(it: Authorisation, work: Work) -> Refusal | None:
    """Bar the house from opening what the operator has not made ready. One SELECT."""
    if Role.SYSTEM not in work.actor.roles or _ever(work.session, it.id, _PROVISIONED):
        return None
    if it.supersedes_id is not None and _ever(work.session, it.supersedes_id, _ACTIVATED):
        return None
    return Refusal("NOT_PROVISIONED", "运营机构尚未开通环境", "the operator has not made it ready")


def not_yet_provisioned(it: Authorisation, work: Work) -> Refusal | None:
    """Bar making ready what is ready. One SELECT."""
    if not _ever(work.session, it.id, _PROVISIONED):
        return None
    return Refusal("PROVISIONED_BEFORE", "环境已备妥", "it has been made ready before")


def was_active(it: Authorisation, work: Work) -> Refusal | None:
    """Bar a return to what it never was. One SELECT."""
    if _ever(work.session, it.id, _ACTIVATED):
        return None
    return Refusal("NEVER_ACTIVE", "授权尚未开通过", "it has never been active")


def was_never_active(it: Authorisation, work: Work) -> Refusal | None:
    """Bar a return to before what has been. One SELECT."""
    if not _ever(work.session, it.id, _ACTIVATED):
        return None
    return Refusal("WAS_ACTIVE", "授权已开通过", "it has been active already")


def promises_unbroken(it: Authorisation, work: Work) -> Refusal | None:
    """Bar what a broken promise has forfeited (告知承诺). One SELECT."""
    made = commitments.of(work.session, it.scenario_id)
    if all(one.state != commitments.State.BROKEN for one in made):
        return None
    return Refusal("COMMITMENT_BROKEN", "有承诺逾期未履行", "a commitment has been broken")


def promises_met(it: Authorisation, work: Work) -> Refusal | None:
    """Bar the whole right while a promise is outstanding. One SELECT."""
    if not commitments.outstanding(work.session, it.scenario_id):
        return None
    return Refusal(
        "COMMITMENT_OUTSTANDING", "尚有未履行的承诺", "a commitment has not been met yet"
    )


def promises_outstanding(it: Authorisation, work: Work) -> Refusal | None:
    """Bar the right on promise when nothing is promised. One SELECT."""
    if commitments.outstanding(work.session, it.scenario_id):
        return None
    return Refusal("NO_COMMITMENT", "没有未履行的承诺", "no commitment is outstanding")


def not_extended_before(it: Authorisation, work: Work) -> Refusal | None:
    """Bar a second extension of one suspension. One SELECT."""
    extended = "authorisation.suspension_extended"
    latest = (
        select(Event.kind)
        .where(Event.subject == it.id, Event.kind.in_((*SUSPENDED, extended)))
        .order_by(Event.sequence.desc())
        .limit(1)
    )
    if work.session.scalars(latest).first() != extended:
        return None
    return Refusal("EXTENDED_BEFORE", "暂停只能延期一次", "a suspension is extended once")


def has_heir(it: Authorisation, work: Work) -> Refusal | None:
    """Bar supersession by nothing. One SELECT."""
    if rows.heir_of(work.session, it.id) is not None:
        return None
    return Refusal("NO_SUCCESSOR", "没有接续的授权", "no authorisation takes its place")


def has_no_heir(it: Authorisation, work: Work) -> Refusal | None:
    """Bar the expiry of what is superseded instead. One SELECT."""
    if rows.heir_of(work.session, it.id) is None:
        return None
    return Refusal("HAS_SUCCESSOR", "授权由新授权接续", "another authorisation takes its place")


def has_not_started(it: Authorisation, work: Work) -> Refusal | None:
    """Bar the cancellation of what has been in use: that is a revocation."""
    if local_date(work.now) < it.valid_from and was_never_active(it, work) is None:
        return None
    return Refusal("AUTH_STARTED", "授权已开始，不能取消", "it has begun, it is revoked instead")


def cause(known: tuple[str, ...]) -> Ask:
    """Ask for one of the known causes."""
    return ask("cause", "choice", Words("事由", "Cause"), choices=known)


def for_cause(known: tuple[str, ...]) -> Effect[Authorisation]:
    """Note the cause of a suspension. Raises Invalid for one that nobody knows."""

    def note(it: Authorisation, _work: Work, data: dict[str, Any]) -> None:
        if data["cause"] not in known:
            en = f"{data['cause']!r} is none of {', '.join(known)}"
            raise Invalid("事由代码不正确", en, pointer="/cause")
        it.suspend_reason = data["cause"] if it.state == State.SUSPENDED else None

    return note


def forget_cause(it: Authorisation, _work: Work, _data: dict[str, Any]) -> None:
    """Let a suspension be over."""
    it.suspend_reason = None


def break_promise(it: Authorisation, _work: Work, data: dict[str, Any]) -> None:
    """Note that a broken promise is the cause."""
    it.suspend_reason = data["cause"] = "overdue_commitment"


def cancel(_it: Authorisation, _work: Work, data: dict[str, Any]) -> None:
    """Note the cause of an end before the beginning."""
    data["cause"] = "cancelled_before_start"


def lapse(it: Authorisation, _work: Work, data: dict[str, Any]) -> None:
    """Turn a suspension that was not lifted into its end, for the same cause."""
    data |= {"cause": it.suspend_reason, "reason": "暂停期满未恢复 not resumed in time"}
    it.suspend_reason = None


def suspensions(session: Session, authorisation_id: str, since: Instant) -> int:
    """Return how often it was suspended since that moment, up to 100. One SELECT."""
    statement = (
        select(Event.sequence)
        .where(
            Event.subject == authorisation_id,
            Event.kind.in_(SUSPENDED),
            Event.at >= since,
        )
        .limit(100)
    )
    return len(session.scalars(statement).all())


def _holds_all(actor: Actor, it: Any) -> bool:
    whole = list(it.departments) == [actor.organisation]
    return whole and bool(actor.duties & {Duty.APPROVER, Duty.CASE_OFFICER})


sole_department = Who("supply department of every item", _holds_all)


def _ever(session: Session, authorisation_id: str, kinds: Iterable[str]) -> bool:
    statement = (
        select(Event.sequence)
        .where(Event.subject == authorisation_id, Event.kind.in_(list(kinds)))
        .limit(1)
    )
    return session.scalars(statement).first() is not None
