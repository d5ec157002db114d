"""A decision (决策): may this use happen now? Asked at every use, answered from the tables.

The policy decision point: every clause of an authorisation is looked at in that instant,
every reason for a no is told with what would pass, a yes spends its quota in the same
statement that checks it, and each answer is kept. What is asked in one transaction is
asked here; `licensing.deciding.clerks` answers the same from memory, by the same clauses.
Source: runtime enforcement of authorisations; I-29, I-32, I-33.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.clock import SHANGHAI, Instant
from kernel.errors import DomainError, Kind, NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from licensing import authorisations, quotas
from licensing.authorisations import Authorisation
from licensing.deciding import answers, breakers, clauses, compiled
from licensing.deciding.answers import Answer
from licensing.deciding.clauses import DENIALS as DENIALS
from licensing.deciding.clauses import Credential, Grant
from licensing.deciding.requests import Request as Request
from licensing.outcomes import Decision as Decision
from licensing.outcomes import Denial
from licensing.outcomes import Outcome as Outcome
from licensing.quotas import Shortage

_FIRST: Final = "0" * 26
"""The part of an id behind its prefix that stands before every other."""

_OLDEST: Final = date(2000, 1, 1)
"""Before the first decision of all."""


class UseDenied(DomainError):
    """A use that may not happen now; the decision that says so is kept all the same."""

    kind = Kind.FORBIDDEN
    code = "use-denied"
    title = Words("不允许此次使用", "This use is denied")
    keeps = True


class Wanted(TypedDict, total=False):
    """Which decisions a list shows: by outcome, by a code among their reasons, by days."""

    outcome: str | None
    code: str | None
    since: date | None
    until: date | None


def decide(work: Work, request: Request) -> Decision:
    """Decide one use and keep the answer; a yes spends its quota, a no spends nothing.

    Raises nothing for a no: `require` does. About a dozen SELECTs by key or index, one
    UPDATE for each meter that has a quota.
    """
    return _kept(work, _asked(work, request))


def answer(work: Work, request: Request) -> Answer:
    """Decide one use for a caller outside, keep the answer and return it with what is left.

    Who is neither a party to the authorisation nor admitted as its user is told no more
    than that there is no such right.
    """
    found = _asked(work, request, outside=True)
    _kept(work, found)
    left = quotas.remaining(work.session, request.authorisation_id, at=work.now)
    return replace(found, remaining=left if found.version is not None else {})


def require(work: Work, request: Request) -> Decision:
    """Return the decision that allows this use, or raise UseDenied with every reason."""
    found = _asked(work, request)
    decision = _kept(work, found)
    if found.allowed:
        return decision
    raise UseDenied.of(found.refusals)


def listed(
    work: Work,
    authorisation_id: str,
    *,
    after: str | None,
    limit: int,
    **wanted: Unpack[Wanted],
) -> Page[Decision]:
    """Return one page of the decisions on an authorisation, newest first, for its parties.

    A user that is no party to the authorisation finds its own with `own`.
    """
    authorisations.seen(work, authorisation_id)
    statement = select(Decision).where(Decision.authorisation_id == authorisation_id)
    return _page(work, statement, wanted, after=after, limit=limit)


def own(work: Work, *, after: str | None, limit: int, **wanted: Unpack[Wanted]) -> Page[Decision]:
    """Return one page of the decisions on the caller's own uses, newest first. One SELECT."""
    statement = select(Decision).where(Decision.organisation_id == work.actor.organisation)
    return _page(work, statement, wanted, after=after, limit=limit)


def overseen(
    work: Work, *, after: str | None, limit: int, **wanted: Unpack[Wanted]
) -> Page[Decision]:
    """Return one page of all decisions to those who oversee; to others their own. One SELECT."""
    if not authorisations.oversees(work.actor):
        return own(work, after=after, limit=limit, **wanted)
    return _page(work, select(Decision), wanted, after=after, limit=limit)


def seen(work: Work, decision_id: str) -> Decision:
    """Return a decision to its user and to those who see the authorisation. Raises NotFound."""
    found = work.session.get(Decision, decision_id)
    if found is None:
        raise _missing(decision_id)
    if found.organisation_id == work.actor.organisation or authorisations.oversees(work.actor):
        return found
    try:
        authorisations.seen(work, found.authorisation_id)
    except NotFound as error:
        raise _missing(decision_id) from error
    return found


def reasons(decision: Decision) -> tuple[Refusal, ...]:
    """Return why a decision said no, as it was told then; older ones know their codes alone."""
    if decision.reasons is None:
        return tuple(Refusal(code, *DENIALS[code]) for code in decision.codes)
    return tuple(Refusal(one["code"], one["zh"], one["en"]) for one in decision.reasons)


def certificates(session: Session, authorisation_ids: Iterable[str]) -> dict[str, str]:
    """Return authorisation id → number of its certificate, for one page. One SELECT by key."""
    statement = select(Authorisation.id, Authorisation.cert_no).where(
        Authorisation.id.in_(set(authorisation_ids))
    )
    return dict(session.execute(statement).all())


def _missing(decision_id: str) -> NotFound:
    return NotFound("没有这条决策记录", f"no decision {decision_id}")


def _page(
    work: Work,
    statement: Select[Decision],
    wanted: Wanted,
    *,
    after: str | None,
    limit: int,
) -> Page[Decision]:
    if (outcome := wanted.get("outcome")) is not None:
        statement = statement.where(Decision.outcome == outcome)
    if (code := wanted.get("code")) is not None:
        statement = statement.join(Denial, Denial.decision_id == Decision.id)
        statement = statement.where(Denial.code == code)
    if (since := wanted.get("since")) is not None:
        statement = statement.where(Decision.id >= _first_of(since))
    if (until := wanted.get("until")) is not None:
        statement = statement.where(Decision.id < _first_of(until + timedelta(days=1)))
    return keyset(work.session, statement, by=((Decision.id, "desc"),), after=after, limit=limit)


def _first_of(day: date) -> str:
    # An id holds the moment of its decision in the ten characters behind the prefix.
    began: Instant = datetime.combine(max(day, _OLDEST), time(), SHANGHAI)
    return ids.new("dec_", began)[:-16] + _FIRST[:16]


def _asked(work: Work, request: Request, *, outside: bool = False) -> Answer:
    grant = compiled.grant(work.session, request.authorisation_id, work.now)
    party = compiled.party(work.session, request.organisation_id)
    caller = work.actor.organisation
    if grant is not None and outside and not clauses.concerns(grant, caller, party):
        grant = None
    if grant is None:
        return _answer(work, request, None, {"NO_AUTH"}, ())
    shown = request.credential
    credential: Credential | None = compiled.credential(work.session, shown) if shown else None
    codes = clauses.personal(request, credential, work.now)
    codes |= set(clauses.judged(grant, request, party))
    short = _spend(work, grant, request, dry=bool(codes))
    return _answer(work, request, grant, codes | _short_codes(grant, short), short)


def _spend(work: Work, grant: Grant, request: Request, *, dry: bool) -> tuple[Shortage, ...]:
    if grant.meters.isdisjoint(request.quantity):
        return ()
    share = work.rules.number("decisions.conditional_share_bp") if grant.conditional else None
    share = quotas.WHOLE if share is None else share
    asked = quotas.exceeded if dry else quotas.spend
    return asked(work.session, grant.id, request.quantity, at=work.now, share_bp=share)


def _short_codes(grant: Grant, short: tuple[Shortage, ...]) -> set[str]:
    codes = set()
    for one in short:
        if one.meter.endswith("/minute"):
            codes.add("RATE_LIMITED")
        elif one.whole or not grant.conditional:
            codes.add("QUOTA_EXCEEDED")
        else:
            codes.add("CONDITION_UNMET")
    return codes


def _answer(
    work: Work,
    request: Request,
    grant: Grant | None,
    codes: set[str],
    short: tuple[Shortage, ...],
) -> Answer:
    return answers.made(
        request,
        grant,
        codes=clauses.ordered(codes),
        short=short,
        person_id=work.actor.person,
        at=work.now,
    )


def _kept(work: Work, found: Answer) -> Decision:
    record: Mapping[str, Any] = answers.record(found)
    decision = answers.keep_one(work.session, record)
    breakers.watch(work, decision)
    return decision
