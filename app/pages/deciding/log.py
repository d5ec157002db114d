"""The log of decisions for users, parties and regulators, and the alerts of the breaker."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import shown, spreadsheets
from kernel.errors import Invalid
from kernel.pages import Page
from kernel.parties import people
from kernel.work import Work
from licensing import decisions
from licensing.deciding import breakers
from licensing.deciding.breakers import Alert
from licensing.decisions import DENIALS, Decision, Outcome, Wanted

blueprint = Blueprint("deciding", __name__)

EXPORTED_MAX: Final = 10_000
"""Rows of one exported file; narrower days give the others."""

COLUMNS: Final = (
    "id", "at", "outcome", "codes", "authorisation_id", "version", "organisation_id",
    "purpose_code", "items", "transform", "output_form", "region", "environment", "quantity",
    "subject",
)  # fmt: skip


@blueprint.get("/decisions")
@doors.members("read")
def log() -> Any:
    """Show what was decided, newest first: one's own, an authorisation's, or everybody's."""
    work = unit.current()
    asked, wanted = _asked()
    page = _page(work, asked["authorisation"], wanted)(shown.after(), shown.PAGE)
    address = urlencode({name: value for name, value in asked.items() if value})
    return render_template(
        "deciding/log.html",
        decisions=[_row(one) for one in page.items],
        names=shown.names(work, [one.organisation_id for one in page.items]),
        certificates=_certificates(work, page.items),
        asked=asked,
        address=address,
        codes=[(code, languages.said(words)) for code, words in DENIALS.items()],
        next=page.next,
    )


@blueprint.get("/decisions.<any(csv, xlsx):kind>")
@doors.members("read")
def exported(kind: str) -> Any:
    """Save the same decisions as a file, at most EXPORTED_MAX of them."""
    asked, wanted = _asked()
    page_of = _page(unit.current(), asked["authorisation"], wanted)
    lines = ([_cell(one, name) for name in COLUMNS] for one in _all(page_of))
    return spreadsheets.answer(kind, "decisions", COLUMNS, lines)


@blueprint.get("/decisions/<decision_id>")
@doors.members("read")
def one(decision_id: str) -> Any:
    """Show one decision: what was asked, what was answered, and every reason for a no."""
    work = unit.current()
    found = decisions.seen(work, decision_id)
    return render_template(
        "deciding/decision.html",
        decision=found,
        reasons=[
            {"code": reason.code, "detail": languages.said(reason.words)}
            for reason in decisions.reasons(found)
        ],
        names=shown.names(work, [found.organisation_id]),
        person=people.names(work.session, {found.person_id}).get(found.person_id, ""),
        certificate=_certificates(work, [found]).get(found.authorisation_id),
    )


@blueprint.get("/breaker-alerts")
@doors.members("read")
def alerts() -> Any:
    """Show where denials came too often, and what is proposed; the regulator decides here."""
    work = unit.current()
    state = shown.asked("state", max=20)
    page = breakers.listed(work, state=state, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "deciding/alerts.html",
        alerts=[_alert(work, one) for one in page.items],
        certificates=_certificates(work, page.items),
        next=page.next,
    )


def _asked() -> tuple[dict[str, str | None], Wanted]:
    asked = {
        name: shown.asked(name, max=60)
        for name in ("authorisation", "outcome", "code", "since", "until")
    }
    if asked["outcome"] not in (None, *Outcome):
        raise Invalid("没有这种结论", "an outcome is allow or deny", pointer="/outcome")
    wanted = Wanted(
        outcome=asked["outcome"],
        code=asked["code"],
        since=_day(asked["since"], "since"),
        until=_day(asked["until"], "until"),
    )
    return asked, wanted


def _day(text: str | None, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        zh, en = "日期应写作 2026-07-01", "a date is written 2026-07-01"
        raise Invalid(zh, en, pointer=f"/{name}") from error


def _page(
    work: Work, authorisation_id: str | None, wanted: Wanted
) -> Callable[[str | None, int], Page[Decision]]:
    if authorisation_id is None:
        return lambda after, limit: decisions.overseen(work, after=after, limit=limit, **wanted)
    return lambda after, limit: decisions.listed(
        work, authorisation_id, after=after, limit=limit, **wanted
    )


def _all(page_of: Callable[[str | None, int], Page[Decision]]) -> Iterator[Decision]:
    after, left = None, EXPORTED_MAX
    while left > 0:
        page = page_of(after, min(left, 500))
        yield from page.items
        left, after = left - len(page.items), page.next
        if after is None:
            return


def _row(found: Decision) -> dict[str, Any]:
    return {
        "id": found.id,
        "at": found.at,
        "allowed": found.allowed,
        "codes": list(found.codes),
        "authorisation_id": found.authorisation_id,
        "organisation_id": found.organisation_id,
        "purpose_code": found.purpose_code,
        "output_form": found.output_form,
    }


def _certificates(work: Work, rows: "list[Decision] | list[Alert]") -> dict[str, str]:
    return decisions.certificates(work.session, {one.authorisation_id for one in rows})


def _alert(work: Work, found: Alert) -> dict[str, Any]:
    return {
        "id": found.id,
        "authorisation_id": found.authorisation_id,
        "code": found.code,
        "said": languages.said(DENIALS[found.code]),
        "denials": found.denials,
        "raised_at": found.raised_at,
        "record": shown.record(found, work, breakers.LIFE),
    }


def _cell(found: Decision, name: str) -> str:
    value = getattr(found, name)
    if name == "at":
        return str(value.isoformat())
    if name == "codes":
        return " ".join(value)
    if name == "items":
        return " ".join("/".join(item) for item in value)
    if name == "quantity":
        return " ".join(f"{meter}={amount}" for meter, amount in sorted(value.items()))
    return "" if value is None else str(value)
