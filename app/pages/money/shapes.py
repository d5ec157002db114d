"""The shapes of money's pages: tables, facts and forms, as their templates draw them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from app import languages
from app.pages import chrome, shown, spreadsheets
from kernel.clock import Instant
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work

Cell = dict[str, str]
Form = dict[str, Any]


def said(zh: str, en: str) -> str:
    """Return the words in the reader's language."""
    return languages.said(Words(zh, en))


EXPORTED_MAX: Final = 5_000
"""The most rows that a file has."""


def wanted_file() -> str | None:
    """Return "csv" or "xlsx" when the list is asked for as a file."""
    kind = shown.asked("file", max=4)
    return kind if kind in ("csv", "xlsx") else None


def asked_page(kind: str | None) -> dict[str, Any]:
    """Return which page of a list is asked for: from its beginning, for a file of this kind."""
    if kind:
        return {"after": None, "limit": EXPORTED_MAX}
    return {"after": shown.after(), "limit": shown.PAGE}


def yuan(minor: int) -> str:
    """Return fen as yuan with their sign."""
    return f"¥ {chrome.fen(minor)}"


def cell(text: object, *, href: str | None = None, tag: str | None = None) -> Cell:
    """Return what stands in one place: a text, a link, or the tag of a state."""
    if text is None or text == "":
        text = "—"
    fen = str(text.minor) if isinstance(text, Money) else ""
    if isinstance(text, Money):
        text = chrome.money(text)
    whole = "nobr" if isinstance(text, date) or fen else ""
    if isinstance(text, Instant):
        text = chrome.moment(text)
    return {"text": str(text), "href": href or "", "tag": tag or "", "fen": fen, "css": whole}


def table(
    title: str,
    columns: Iterable[str],
    rows: Iterable[Sequence[object]],
    *,
    empty: str,
    totals: Iterable[Sequence[object]] = (),
) -> dict[str, Any]:
    """Return a table. columns: "#" before a name whose values are amounts. totals: at its foot."""
    heads = [(name.removeprefix("#"), name.startswith("#")) for name in columns]
    return {
        "title": title,
        "columns": heads,
        "rows": _cells(rows),
        "totals": _cells(totals),
        "empty": empty,
    }


def _cells(rows: Iterable[Sequence[object]]) -> list[list[Cell]]:
    return [[one if isinstance(one, dict) else cell(one) for one in row] for row in rows]


def saved(kind: str, name: str, drawn: dict[str, Any]) -> Any:
    """Answer with a table as a file, in the reader's language; amounts are whole fen."""
    fen = said("（分）", ", fen")
    money = [any(row[place]["fen"] for row in drawn["rows"])
             for place in range(len(drawn["columns"]))]  # fmt: skip
    header = [
        label + fen if has else label
        for (label, _), has in zip(drawn["columns"], money, strict=True)
    ]
    lines = [[_plain(one) for one in row] for row in drawn["rows"]]
    return spreadsheets.answer(kind, name, header, lines)


def _plain(one: Cell) -> str | int:
    from app.pages import vocabulary

    if one["fen"]:
        return int(one["fen"])
    if one["tag"]:
        return vocabulary.state(one["tag"])
    return "" if one["text"] == "—" else one["text"]


def facts(*found: tuple[str, object]) -> list[tuple[str, Cell]]:
    """Return what is to be known of a record; what is empty is left out."""
    return [
        (label, value if isinstance(value, dict) else cell(value))
        for label, value in found
        if isinstance(value, dict) or value is not None
    ]


def field(
    name: str,
    label: str,
    *,
    kind: str = "text",
    needed: bool = True,
    value: str = "",
    options: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a field of a form: text, money, date, choice, ticks or flag."""
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "needed": needed,
        "value": value,
        "options": options or {},
    }


def chooser(
    name: str, label: str, offered: dict[str, Any], *, needed: bool = True, blank: str = ""
) -> dict[str, Any]:
    """Return a field that names something, as `choosing.chosen` offers it.

    blank: what an empty field means.
    """
    made = field(name, label, kind="chooser", needed=needed)
    return {**made, "offered": offered, "blank": blank}


def form(key: str, title: str, action: str, button: str, fields: Sequence[Any]) -> Form:
    """Return a form that posts to `action`."""
    return {"id": key, "title": title, "action": action, "button": button, "fields": fields}


def filters(life: str, states: Iterable[Any], base: str, now: str | None) -> list[Any]:
    """Return the links that show one state of a list alone."""
    from app.pages import vocabulary

    one_each = [
        (f"{base}?state={each.value}", vocabulary.state(f"{life}.{each.value}"), now == each.value)
        for each in states
    ]
    return [(base, said("全部", "All"), now is None), *one_each]


def record(work: Work, found: Any, life: Any) -> dict[str, Any]:
    """Return what every page of a living record shows: its steps and what happened."""
    return {
        "life": life.name,
        "record": shown.record(found, work, life),
        "events": shown.timeline(work, found.id),
    }
