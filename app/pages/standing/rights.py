"""Pages of an authorisation: its versions, quotas, renewal, reviews, end, and what would fall."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, problems, unit
from app.api.standing import impacts
from app.lives import LIVES
from app.pages import forms, shown
from catalogue import directories
from kernel.clock import end_of_day, local_date
from kernel.pages import Page
from kernel.work import Work
from licensing import authorisations, certificates, decisions, quotas, scenarios, versions
from licensing import scope as scopes
from licensing.applications import commitments
from licensing.applications.terms import months_after
from licensing.authorisations import Authorisation
from licensing.standing import destructions, guards
from licensing.upkeep import idleness, renewals, reviews
from licensing.versions import AuthorisationVersion

blueprint = Blueprint("rights", __name__)

FALLS: Final = frozenset({"suspend", "revoke", "terminate", "restrict", "freeze"})
"""The steps by which what others depend on falls."""

_LIVES: Final = {
    "authorisation": "authorisation",
    "directory": "directory_version",
    "agreement": "supply_agreement",
    "operation_agreement": "operation_agreement",
    "organisation": "organisation",
}


@blueprint.get("/authorisations")
@doors.members("read")
def all_authorisations() -> Any:
    """Show the authorisations that the reader may see."""
    return _listed("authorisations", authorisations.listed)


@blueprint.get("/authorisations/<authorisation_id>")
@doors.members("read")
def authorisation(authorisation_id: str) -> Any:
    """Show an authorisation: what it covers, how much of it is used, what may be done."""
    work = unit.current()
    found = authorisations.seen(work, authorisation_id)
    granted = scopes.to_json(authorisations.scope_of(work.session, found))
    end = destructions.of(work.session, found.id)
    return render_template(
        "standing/authorisation.html",
        authorisation=found,
        record=shown.record(found, work, authorisations.LIFE),
        clock=shown.clock(work, found.id),
        scope=granted,
        impact=impacts.gathered(work, "authorisation", found.id),
        quotas=quotas.of(work.session, found.id),
        certificates=certificates.of(work.session, found.id),
        names=shown.names(work, [*found.parties, *granted["users"]]),
        scenario_code=scenarios.find(work.session, found.scenario_id).code,
        promises=commitments.of(work.session, found.scenario_id),
        versions=_versions(versions.of(work.session, found.id)),
        renewal=_renewal(work, found),
        reviews=reviews.of(work.session, found.id),
        notice=idleness.given(work.session, found.id),
        destruction=end,
        end=shown.record(end, work, destructions.LIFE) if end else None,
        end_clock=shown.clock(work, end.id) if end else None,
        repeated=_repeated(work, found),
        heir=authorisations.heir_of(work.session, found.id),
        events=shown.timeline(work, found.id, end.id if end else None),
    )


@blueprint.post("/authorisations/<authorisation_id>/renewals")
@doors.members("write")
def renew(authorisation_id: str) -> Any:
    """Draft the renewal of an authorisation, and go to the draft."""
    made = renewals.renew(
        unit.current(),
        authorisation_id,
        report=forms.text("report"),
        period_to=forms.day("period_to"),
    )
    return redirect(f"/scenarios/{made.id}", 303)


@blueprint.post("/authorisations/<authorisation_id>/increases")
@doors.members("write")
def increase(authorisation_id: str) -> Any:
    """Draft a higher quota for the days that are left, and go to the draft."""
    limits = {forms.text("meter", max=60): forms.number("limit")}
    made = renewals.increase(
        unit.current(), authorisation_id, report=forms.text("report"), limits=limits
    )
    return redirect(f"/scenarios/{made.id}", 303)


@blueprint.get("/impacts/<kind>/<target>")
@doors.members("read")
def impact(kind: str, target: str) -> Any:
    """Show what would fall with something, beside the steps by which it falls."""
    work = unit.current()
    told = impacts.gathered(work, kind, target)
    life = LIVES[_LIVES[kind]]
    found = _subject(work, kind, target)
    record = shown.record(found, work, life.LIFE)
    steps = [each for each in record["actions"] if each["step"] in FALLS]
    return render_template(
        "standing/impact.html",
        told=told,
        life=life.LIFE.name,
        record={**record, "actions": steps},
        names=shown.names(work, [*told["grantees"], *told["buyers"]]),
        title=getattr(found, "cert_no", None) or getattr(found, "code", None) or target,
    )


@blueprint.get("/destructions")
@doors.members("read")
def all_destructions() -> Any:
    """Show what must be, or has been, destroyed."""
    return _listed("destructions", destructions.listed, _certificates)


@blueprint.get("/reviews")
@doors.members("read")
def all_reviews() -> Any:
    """Show the annual reviews that the reader may see."""
    return _listed("reviews", reviews.listed)


@blueprint.get("/reviews/<review_id>")
@doors.members("read")
def review(review_id: str) -> Any:
    """Show a review: what was counted, what the grantee says, what may be decided."""
    work = unit.current()
    found = reviews.seen(work, review_id)
    return render_template(
        "standing/review.html",
        review=found,
        record=shown.record(found, work, reviews.LIFE),
        clock=shown.clock(work, found.id),
        authorisation=authorisations.find(work.session, found.authorisation_id),
        names=shown.names(work, [found.grantee_id]),
        events=shown.timeline(work, found.id),
    )


def _certificates(work: Work, found: list[Any]) -> dict[str, Any]:
    named = decisions.certificates(work.session, [one.authorisation_id for one in found])
    return {"certificates": named}


def _listed(
    noun: str,
    listed: Callable[..., Page[Any]],
    told: Callable[[Work, list[Any]], dict[str, Any]] = lambda _work, _found: {},
) -> str:
    """Show one page of what a grantee has of a noun. told: what else its template shows."""
    work = unit.current()
    page = listed(work, state=shown.asked("state", max=20), after=shown.after(), limit=shown.PAGE)
    return render_template(
        f"standing/{noun}.html",
        **{noun: page.items},
        firms=shown.names(work, [one.grantee_id for one in page.items]),
        **told(work, page.items),
        next=page.next,
    )


def _subject(work: Work, kind: str, target: str) -> Any:
    if kind != "directory":
        return LIVES[_LIVES[kind]].seen(work, target)
    return directories.published(work.session, directories.by_code(work.session, target).id)


def _versions(found: list[AuthorisationVersion]) -> list[Mapping[str, Any]]:
    return [
        {
            "number": each.number,
            "issued_at": each.issued_at,
            "hash": each.scope_hash,
            "changes": versions.changes(each, earlier) if earlier else [],
        }
        for each, earlier in zip(found, [*found[1:], None], strict=True)
    ]


def _renewal(work: Work, found: Authorisation) -> Mapping[str, Any] | None:
    if not authorisations.grantee.matches(work.actor, found):
        return None
    days = renewals.window(work, found)
    return {
        "opens": days.opens,
        "closes": days.closes,
        "barred_by": problems.refusals(renewals.barred(work, found)),
        "running": renewals.running(work.session, found.id),
    }


def _repeated(work: Work, found: Authorisation) -> int:
    """Return how often it was suspended lately, when that suggests its revocation; else 0."""
    months = work.rules.number("standing.suspensions_months")
    since = months_after(local_date(work.now), -months)
    count = guards.suspensions(work.session, found.id, end_of_day(since))
    return count if count >= work.rules.number("standing.suspensions_suggest") else 0
