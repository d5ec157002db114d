"""What pages show of anything: its names, its clock, its history, its buttons."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import request

from app import doors, languages
from app.pages import vocabulary
from kernel import journal, watch
from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.journal import Event
from kernel.parties import organisations, people
from kernel.words import Words
from kernel.work import Work
from marketplace.orders import Order

Row = dict[str, Any]
"""A line of a worklist: where it leads, what it is called, its number, state and light."""

PAGE = 20
"""Rows on one page of a list."""

SHORT = 8
"""Rows of a list that stands among others."""

HISTORY = 60
"""Events of one subject that a page shows."""


def after() -> str | None:
    """Return the cursor that the address carries."""
    return request.args.get("after") or None


def asked(name: str, *, max: int = 100) -> str | None:  # noqa: A002 - the reader knows this name
    """Return one value of the address; None when it is not there, or blank."""
    return request.args.get(name, "").strip()[:max] or None


def names(work: Work, organisation_ids: Iterable[str | None]) -> dict[str, str]:
    """Return id → name in the reader's language. One SELECT."""
    wanted = [each for each in organisation_ids if each]
    found = organisations.names(work.session, wanted)
    return {key: languages.said(words) for key, words in found.items()}


def record(subject: Any, work: Work, life: Any) -> dict[str, Any]:
    """Return what the buttons of a living record need: id, state, version, actions.

    own: the steps that have a form of their own on the page, by name.
    """
    shown = doors.living(subject, work, life)
    own = {each["step"]: each for each in shown["actions"] if life.steps[each["step"]].own_door}
    actions = [each for each in shown["actions"] if each["step"] not in own]
    return {**shown, "actions": actions, "own": own}


def light(shade: Light | None, left: int | None) -> dict[str, Any] | None:
    """Return a light as it is drawn: shape, word and days."""
    if shade is None:
        return None
    return {
        "code": shade.value,
        "shape": vocabulary.LIGHTS[shade],
        "label": languages.said(shade.label),
        "left": languages.said(_days(shade, left)),
    }


def clock(work: Work, subject: str) -> dict[str, Any] | None:
    """Return the light of the clock that runs on a subject, with its last day. One SELECT."""
    running = watch.running(work.session, subject)
    if running is None:
        return None
    today = local_date(work.now)
    shade = watch.light(running, work.calendar, today)
    drawn = light(shade, watch.remaining(running, work.calendar, today)) or {}
    return {**drawn, "due_on": running.due_on}


def row(href: str, title: str, note: str, state: str) -> Row:
    """Return a line of a worklist, without its light."""
    return {"href": href, "title": title, "note": note, "state": str(state), "clock": None}


def lit(work: Work, rows: list[Row], subjects: Iterable[str]) -> list[Row]:
    """Give each line the light of the clock that runs on its subject, if one does. One SELECT."""
    listed = list(subjects)
    clocks = watch.all_running(work.session, listed)
    today = local_date(work.now)
    for line, subject in zip(rows, listed, strict=True):
        running = clocks.get(subject)
        if running is not None:
            shade = watch.light(running, work.calendar, today)
            left = watch.remaining(running, work.calendar, today)
            line["clock"] = light(shade, left)
    return rows


def orders(
    work: Work, found: Sequence[Order], told: Callable[[Order, str], tuple[str, str]]
) -> list[Row]:
    """Return a line for each order, with its light. Two SELECTs.

    told: an order and the name of who trades with us, to the line's title and its note.
    """
    firms = names(work, [party for one in found for party in (one.buyer_id, one.seller_id)])
    ours = work.actor.organisation
    rows = []
    for one in found:
        firm = firms[one.seller_id if one.buyer_id == ours else one.buyer_id]
        rows.append(row(f"/orders/{one.id}", *told(one, firm), f"order.{one.state}"))
    return lit(work, rows, [one.id for one in found])


def timeline(work: Work, *subjects: str | None) -> list[dict[str, Any]]:
    """Return what has happened to the subjects, in order. One SELECT each, and two for names."""
    events = [
        event
        for subject in subjects
        if subject
        for event in journal.history(work.session, subject, limit=HISTORY)
    ]
    events.sort(key=lambda event: event.sequence)
    who = people.names(work.session, {event.person for event in events})
    firms = names(work, {event.organisation for event in events})
    return [_event(work, event, who, firms) for event in events]


def _event(work: Work, event: Event, who: dict[str, str], firms: dict[str, str]) -> dict[str, Any]:
    house = languages.said(Words("系统", "the house"))
    note = event.data.get("reason") or event.data.get("condition") or ""
    return {
        "kind": event.kind,
        "label": vocabulary.event(event.kind),
        "note": note if isinstance(note, str) else "",
        "at": event.at,
        "who": who.get(event.person, house),
        "organisation": firms.get(event.organisation, ""),
        "digest": event.digest,
        "holds": journal.digest(event, work.crypto) == event.digest,
    }


def _days(shade: Light, left: int | None) -> Words:
    if left is None or shade in (Light.DONE_GREEN, Light.DONE_RED):
        return Words("", "")
    if left < 0:
        return Words(f" · 超 {-left} 日", f" · {-left} d over")
    return Words(f" · 剩 {left} 日", f" · {left} d left")
