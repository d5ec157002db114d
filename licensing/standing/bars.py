"""What bars a right for what was done before: a right revoked in the field, a broken promise."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.journal import Event
from kernel.work import Work
from licensing.applications import commitments
from licensing.applications.cases import Scenario
from licensing.applications.terms import months_after
from licensing.standing.rows import Authorisation, State

_ENDS = ("authorisation.revoked", "authorisation.lapsed")


def barred(
    session: Session, grantee_id: str, application_field: str, on: date, *, months: int
) -> date | None:
    """Return the last day on which the grantee is barred from a field, None when it is not.

    months: of the bar, from the day of the revocation. A right that was cancelled before
    it began bars nobody. One SELECT on an index.
    """
    statement = (
        select(Event.at)
        .join(Authorisation, Authorisation.id == Event.subject)
        .join(Scenario, Scenario.id == Authorisation.scenario_id)
        .where(
            Authorisation.grantee_id == grantee_id,
            Authorisation.state == State.REVOKED,
            Scenario.application_field == application_field,
            Event.kind.in_(_ENDS),
        )
        .order_by(Event.sequence.desc())
        .limit(1)
    )
    revoked_at = session.scalars(statement).first()
    if revoked_at is None:
        return None
    until = months_after(local_date(revoked_at), months) - timedelta(days=1)
    return until if on <= until else None


def not_barred(scenario: Scenario, work: Work) -> Refusal | None:
    """Bar the application of who lost a right in the same field not long ago. One SELECT."""
    until = barred(
        work.session,
        scenario.applicant_id,
        scenario.application_field,
        local_date(work.now),
        months=work.rules.number("standing.bar_months"),
    )
    if until is None:
        return None
    return Refusal(
        "BARRED_AFTER_REVOCATION",
        f"该领域授权曾被撤销，{until} 前不得再申请",
        f"a right in this field was revoked: no application until {until}",
    )


def promises_kept(scenario: Scenario, work: Work) -> Refusal | None:
    """Bar the authorisation of a case in which a promise was broken (容缺承诺). One SELECT."""
    made = commitments.of(work.session, scenario.id)
    broken = [one.material for one in made if one.state == commitments.State.BROKEN]
    if not broken:
        return None
    named = ", ".join(broken)
    return Refusal(
        "PROMISE_BROKEN",
        f"承诺逾期未履行（{named}），不得授权",
        f"a promise was broken ({named}): it cannot be authorised",
    )
