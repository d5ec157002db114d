"""The page of a certificate (授权证书): an official letter, whole on one page of A4."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, render_template

from app import doors, unit
from app.api.licensing import credentials
from app.pages import shown
from app.pages.letters import codes
from kernel.errors import NotFound
from kernel.work import Work
from licensing import authorisations, certificates, scenarios
from licensing.applications import items
from licensing.applications.cases import UNDECIDED, Scenario
from licensing.certificates import Certificate

blueprint = Blueprint("letters", __name__)

NAMED = 60
"""Items that the letter names; more would not fit on its one page, and are counted."""

DENSE, TIGHT = 120, 450
"""Characters of purpose, conditions and items above which the letter is set smaller."""


@blueprint.get("/certificates/<cert_no>")
@doors.public
def certificate(cert_no: str) -> Any:
    """Show a certificate as the official letter that it is, and whether it holds."""
    work = unit.current()
    found = certificates.current(work.session, cert_no)
    told = certificates.checked(work, found)
    standing = next(one for one in told if one.name == "standing")
    body = certificates.public(work.session, found)
    return render_template(
        "letters/certificate.html",
        genuine=all(one.ok for one in told if one.name in {"signature", "digest", "evidence"}),
        standing=standing,
        state=str(found.authorisation.state),
        certificate=found,
        body=body,
        size=_size(body),
        quotas=_quotas(body),
        lines=_lines(body["items"][:NAMED]),
        unnamed=max(0, len(body["items"]) - NAMED),
        qr=codes.qr(f"{credentials.address()}/verify?number={cert_no}"),
        names=shown.names(work, body["users"]),
        insider=_insider(work, found),
    )


@blueprint.get("/cases/<scenario_id>/certificate")
@doors.members("read")
def draft(scenario_id: str) -> Any:
    """Show what the certificate of an undecided case would say, marked as a draft."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    if found.state not in UNDECIDED or found.submitted_at is None:
        raise NotFound("该场景没有证书草稿", "there is no draft of a certificate")
    body = certificates.drafted(work, _draft(work, found))
    return render_template(
        "letters/certificate.html",
        certificate=None,
        scenario=found,
        body={**body, "items_hidden": 0},
        size=_size(body),
        quotas=_quotas(body),
        lines=_lines(body["items"][:NAMED]),
        unnamed=max(0, len(body["items"]) - NAMED),
        names=shown.names(work, body["users"]),
    )


def _draft(work: Work, found: Scenario) -> certificates.Draft:
    rows = items.kept(items.of(work.session, found.id))
    return certificates.Draft(
        id=found.id,
        cert_no="AU-——",
        scenario_id=found.id,
        assessment_id=found.assessment_id or "—",
        grantee_id=found.applicant_id,
        operator_id=found.operator_id,
        implementing_agency_id=found.implementing_agency_id,
        departments=sorted(items.by_department(rows)),
        purpose_code=found.purpose_code,
        purpose_text=found.purpose_text,
        purpose_fingerprint=found.purpose_fingerprint,
        conditions=found.conditions,
        scope=found.scope,
        scope_hash=found.scope_hash,
    )


def _size(body: Mapping[str, Any]) -> str:
    # How small the letter is set, so that all of it fits on its page.
    named = sum(len(item["item"]) + 2 for item in body["items"][:NAMED])
    length = len(body["purpose_text"]) + sum(map(len, body["conditions"])) + named
    return " letter-tight" if length > TIGHT else " letter-dense" if length > DENSE else ""


def _quotas(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    # A meter in a window is spoken of as "calls/day". The first release signed a mapping.
    if isinstance(body["quotas"], dict):
        return [{"name": name, "limit": limit} for name, limit in body["quotas"].items()]
    return [
        {"name": "/".join(filter(None, (one["meter"], one["period"]))), "limit": one["limit"]}
        for one in body["quotas"]
    ]


def _lines(items: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    # One line for each directory and treatment, so that many items take little room.
    found: dict[tuple[str, str], list[str]] = {}
    for item in items:
        found.setdefault((item["directory"], item["transform"]), []).append(item["item"])
    return [
        {"directory": directory, "transform": transform, "named": named}
        for (directory, transform), named in found.items()
    ]


def _insider(work: Work, found: Certificate) -> bool:
    party = work.actor.organisation in found.authorisation.parties
    return party or authorisations.oversees(work.actor)
