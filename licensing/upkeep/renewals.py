"""A renewal (续期): the same right for further days, by a short assessment.

Source: the window opens sixty days before the end and closes twenty working days before
it; the grantee reports what the right was used for; an unchanged or narrower scope is
assessed briefly, and becomes a new authorisation from the day after the old one's last
(I-34). In the same way quotas may rise a little within the days that are left.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, append_only
from kernel.errors import Invalid, Refusal, StepNotAllowed, refuse
from kernel.work import Work
from licensing import agreements, authorisations, quotas, scenarios, versions
from licensing import scope as scopes
from licensing.applications import drafting, sections
from licensing.applications.cases import UNDECIDED, Scenario
from licensing.applications.terms import Application
from licensing.authorisations import Authorisation
from licensing.scope import Period, Scope
from licensing.standing import guards
from licensing.standing.rows import RUNNING
from licensing.standing.successions import DAY

REPORT_CHARACTERS = 4000


class UsageReport(Base):
    """What a grantee says it has used its right for, beside what was counted; kept for good.

    figures: {"used": meter → amount, "suspensions": number} at that moment.
    """

    __tablename__ = "usage_reports"
    __table_args__ = (Index(None, "authorisation_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"))
    text: Mapped[str]
    figures: Mapped[dict[str, Any]]
    person_id: Mapped[str]
    reported_at: Mapped[Instant]


append_only(UsageReport.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True)
class Window:
    """The days in which a renewal may be applied for, both included."""

    opens: date
    closes: date

    def is_open(self, today: date) -> bool:
        """Tell whether today is one of them."""
        return self.opens <= today <= self.closes


def window(work: Work, authorisation: Authorisation) -> Window:
    """Return the window of a renewal: natural days to its opening, working days to its close."""
    opens = authorisation.valid_to - timedelta(work.rules.number("standing.renewal_opens_days"))
    left, closes = work.rules.number("standing.renewal_closes_wd"), authorisation.valid_to
    while left > 0:
        left -= work.calendar.is_workday(closes, provisional=True)
        closes -= DAY
    return Window(opens, closes)


def open_today(work: Work, *, limit: int) -> list[Authorisation]:
    """Return the actor's rights whose window of renewal is open, the first to end first.

    One SELECT, of at most `limit` that end within the days of the opening.
    """
    today = local_date(work.now)
    last = today + timedelta(work.rules.number("standing.renewal_opens_days"))
    statement = (
        select(Authorisation)
        .where(
            Authorisation.grantee_id == work.actor.organisation,
            Authorisation.state.in_(authorisations.LIVE),
            Authorisation.valid_to.between(today, last),
        )
        .order_by(Authorisation.valid_to, Authorisation.id)
        .limit(limit)
    )
    return [one for one in work.session.scalars(statement) if window(work, one).is_open(today)]


def renew(
    work: Work,
    authorisation_id: str,
    *,
    report: str,
    period_to: date,
    scope: Mapping[str, Any] | None = None,
) -> Scenario:
    """Draft the renewal of an authorisation, filled in from its scenario; return the scenario.

    report: of the use so far. scope: the parts that become narrower; the rest stays as it
    is now. Raises StepNotAllowed, StepRefused (RENEWAL_NOT_OPEN, RENEWAL_CLOSED,
    RENEWAL_RUNNING, NOT_IN_FORCE, PARENT_ENDS), NewScenarioRequired for anything wider,
    Invalid for a report that is too short or days that are too many.
    """
    found = _held(work, authorisation_id)
    refuse([*_barred(work, found), *_not_in_window(work, found)])
    first = found.valid_to + DAY
    if period_to < first:
        raise Invalid("续期止日须晚于原期限", f"it begins on {first}", pointer="/period_to")
    held = authorisations.scope_of(work.session, found)
    narrower = _narrowed(held, scope or {})
    versions.refuse_more(narrower, held)
    asked = dataclasses.replace(narrower, period=Period(first, period_to))
    refuse(_beyond_parents(work, found, asked))
    told = _report(work, found, report)
    made = _draft(work, found, asked)
    work.record("authorisation.renewal_drafted", found.id, scenario_id=made.id, report_id=told.id)
    return made


def increase(
    work: Work, authorisation_id: str, *, report: str, limits: Mapping[str, int]
) -> Scenario:
    """Draft higher quotas for the days that are left; return the scenario of the short assessment.

    Raises what `renew` raises but for its window, and NewScenarioRequired for a rise of
    more than the rules allow.
    """
    found = _held(work, authorisation_id)
    refuse(_barred(work, found))
    held = authorisations.scope_of(work.session, found)
    first = max(local_date(work.now) + DAY, found.valid_from + DAY)
    if first > found.valid_to:
        raise Invalid("授权没有剩余的有效期", "no day is left of it", pointer="/limits")
    if not limits or any(limit <= held.quotas.get(meter, limit) for meter, limit in limits.items()):
        raise Invalid(
            "须提高已有的配额", "name a quota that there is, and a higher limit", pointer="/limits"
        )
    most = 10_000 + work.rules.number("standing.increase_bp_max")
    beyond = {
        meter: limit
        for meter, limit in limits.items()
        if limit * 10_000 > held.quotas[meter] * most
    }
    versions.refuse_more(dataclasses.replace(held, quotas={**held.quotas, **beyond}), held)
    asked = dataclasses.replace(
        held, quotas={**held.quotas, **limits}, period=Period(first, found.valid_to)
    )
    refuse(_beyond_parents(work, found, asked))
    told = _report(work, found, report)
    made = _draft(work, found, asked)
    work.record("authorisation.increase_drafted", found.id, scenario_id=made.id, report_id=told.id)
    return made


def reports(session: Session, authorisation_id: str) -> list[UsageReport]:
    """Return the newest 20 usage reports. One SELECT on an index."""
    statement = (
        select(UsageReport)
        .where(UsageReport.authorisation_id == authorisation_id)
        .order_by(UsageReport.id.desc())
        .limit(20)
    )
    return list(session.scalars(statement))


def running(session: Session, authorisation_id: str) -> Scenario | None:
    """Return the scenario that asks to follow on an authorisation and is undecided. One SELECT."""
    statement = (
        select(Scenario)
        .where(Scenario.renews_id == authorisation_id, Scenario.state.in_(UNDECIDED))
        .order_by(Scenario.id.desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def barred(work: Work, authorisation: Authorisation) -> list[Refusal]:
    """Return why its grantee may not apply for a renewal today; empty when it may."""
    return [*_barred(work, authorisation), *_not_in_window(work, authorisation)]


def _held(work: Work, authorisation_id: str) -> Authorisation:
    found = authorisations.seen(work, authorisation_id)
    if not authorisations.grantee.matches(work.actor, found):
        zh, en = "只有被授权方可以申请续期", "only its grantee asks for more of it"
        raise StepNotAllowed(zh, en)
    return found


def _barred(work: Work, found: Authorisation) -> list[Refusal]:
    refusals = []
    if found.state not in RUNNING:
        zh, en = f"授权当前状态为 {found.state}", f"it is {found.state}, not in force"
        refusals.append(Refusal("NOT_IN_FORCE", zh, en))
    if running(work.session, found.id) is not None or authorisations.heir_of(
        work.session, found.id
    ):
        zh, en = "已有接续的申请或授权", "something that follows on it is there already"
        refusals.append(Refusal("RENEWAL_RUNNING", zh, en))
    return refusals


def _not_in_window(work: Work, found: Authorisation) -> list[Refusal]:
    days, today = window(work, found), local_date(work.now)
    if today < days.opens:
        zh, en = f"续期自 {days.opens} 起受理", f"renewals are taken from {days.opens}"
        return [Refusal("RENEWAL_NOT_OPEN", zh, en)]
    if today > days.closes:
        zh, en = f"续期申请已于 {days.closes} 截止", f"renewals were taken until {days.closes}"
        return [Refusal("RENEWAL_CLOSED", zh, en)]
    return []


def _beyond_parents(work: Work, found: Authorisation, asked: Scope) -> list[Refusal]:
    today = local_date(work.now)
    return agreements.uncovered(work.session, found.operator_id, asked, today)


def _narrowed(held: Scope, parts: Mapping[str, Any]) -> Scope:
    return scopes.from_json({**scopes.to_json(held), **parts})


def _report(work: Work, found: Authorisation, said: str) -> UsageReport:
    least = work.rules.number("standing.report_characters_min")
    if not least <= len(said.strip()) <= REPORT_CHARACTERS:
        raise Invalid(
            f"使用报告须为 {least} 至 {REPORT_CHARACTERS} 个字符",
            f"a usage report has {least} to {REPORT_CHARACTERS} characters",
            pointer="/report",
        )
    used = {each.meter: each.used for each in quotas.of(work.session, found.id)}
    count = guards.suspensions(work.session, found.id, found.issued_at)
    made = UsageReport(
        id=ids.new("urp_", work.now),
        authorisation_id=found.id,
        text=said.strip(),
        figures={"used": used, "suspensions": count},
        person_id=work.actor.person,
        reported_at=work.now,
    )
    work.session.add(made)
    return made


def _draft(work: Work, found: Authorisation, asked: Scope) -> Scenario:
    old = scenarios.find(work.session, found.scenario_id)
    values = sections.values(drafting.laid_out(work, old))
    written = scopes.to_json(asked)
    kept = asked.items
    given: dict[str, Any] = {
        **drafting.application(values),
        **{name: written[name] for name in ("users", "regions", "output_forms", "environments")},
        "row_filters": written["row_filters"],
        "quotas": written["quotas"],
        "period_from": asked.period.first,
        "period_to": asked.period.last,
        "renews_id": found.id,
    }
    given["items"] = [
        {**row, "transform": kept[row["directory_code"], row["item_code"]].value}
        for row in given["items"]
        if (row["directory_code"], row["item_code"]) in kept
    ]
    return scenarios.apply(work, **cast("Application", given))
