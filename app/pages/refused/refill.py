"""Fill a form of a finished page with what was sent; reads HTML, knows no request.

The page is our own, so that its HTML is sound: forms do not nest, and every value is escaped.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from itertools import accumulate
from typing import Final, TypeAlias
from urllib.parse import urlsplit

FRESH: Final = frozenset({"csrf_token", "idempotency_key", "version"})
"""Hidden fields that a page writes anew each time it is shown."""

_KEPT: Final = frozenset({"hidden", "password", "file", "submit", "button", "reset", "image"})
_TICKED: Final = frozenset({"checkbox", "radio"})
_FIELDS: Final = frozenset({"input", "select", "textarea"})
_UNITS: Final = re.compile("_(bp|minor|bytes|seconds)$")
_MARKUP: Final = re.compile("<[^>]*>")

Sent: TypeAlias = Mapping[str, Sequence[str]]
Edit: TypeAlias = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and where it stands, from `start` up to `end`."""

    name: str
    own: dict[str, str | None]
    start: int
    end: int
    closes: bool = False

    @property
    def kind(self) -> str:
        """Return what kind of input it is."""
        return (self.own.get("type") or "text").lower() if self.name == "input" else self.name

    def written(self, **changed: str | bool | None) -> str:
        """Write it with other attributes; False takes one away, None writes its name alone."""
        own = {**self.own, **changed}
        told = [
            name if value is None else f'{name}="{escape(str(value))}"'
            for name, value in own.items()
            if value is not False
        ]
        return f"<{' '.join([self.name, *told])}>"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page. around: the folds that it stands in."""

    page: str
    head: Tag
    tags: Sequence[Tag]
    around: Sequence[Tag]

    def fields(self) -> Iterator[Tag]:
        """Return what can be filled in."""
        return (one for one in self.tags if one.name in _FIELDS and not one.closes)

    def named(self, pointer: str) -> Tag | None:
        """Return the field that a JSON pointer is about, if this form has it."""
        parts = pointer.strip("/").split("/")
        likely = ["-".join(parts), "_".join(parts), parts[0], parts[-1]]
        likely += [_UNITS.sub("", one) for one in likely]
        seen = [one for one in self.fields() if one.kind != "hidden"]
        return next((one for name in likely for one in seen if one.own.get("name") == name), None)

    def label(self, field: Tag) -> str | None:
        """Return what the form calls a field; what is ticked goes by the legend above it."""
        if field.kind in _TICKED and (legend := self._legend(field)):
            return legend
        for one in (each for each in self.tags if each.name == "label" and not each.closes):
            until, named = self.closing(one), one.own.get("for")
            if named == field.own.get("id", "") or one.end <= field.start < until:
                return self.text(one.end, until)
        return field.own.get("aria-label")

    def _legend(self, field: Tag) -> str | None:
        before = [one for one in self.tags if one.start < field.start and not one.closes]
        sets = [one for one in before if one.name == "fieldset" and self.closing(one) > field.end]
        inside = [one for one in before if one.name == "legend" and sets]
        found = [one for one in inside if one.start > sets[-1].start]
        return self.text(found[0].end, self.closing(found[0])) if found else None

    def closing(self, opened: Tag) -> int:
        """Return where what a tag opens is closed."""
        depth = 0
        for one in self.tags:
            if one.name == opened.name and one.start >= opened.start:
                depth += -1 if one.closes else 1
                if depth == 0:
                    return one.start
        return opened.end

    def text(self, start: int, end: int) -> str:
        """Return what people read between two places."""
        return " ".join(unescape(_MARKUP.sub(" ", self.page[start:end])).split())


def sent_by(page: str, at: str, to: str, sent: Sent) -> Form | None:
    """Return the form of a page `at` an address that was sent `to` one; None if it has none.

    Of several the one whose hidden fields are what was sent.
    """
    found = [one for one in _forms(page) if _target(one, at) == to]
    return next((one for one in found if _is_same(one, sent)), found[0] if found else None)


def filled(form: Form, sent: Sent, wrong: Sequence[Tag]) -> list[Edit]:
    """Return what is to be changed in the page for `form` to hold what was sent."""
    left = {name: list(values) for name, values in sent.items()}
    edits = [(one.start, one.end, one.written(open=None)) for one in form.around]
    for field in form.fields():
        edits += _filled(form, field, left, field in wrong)
    return edits


def edited(page: str, edits: Sequence[Edit]) -> str:
    """Return the page with its changes made."""
    pieces, at = [], 0
    for start, end, text in sorted(edits):
        pieces += [page[at:start], text]
        at = end
    return "".join([*pieces, page[at:]])


def _filled(form: Form, field: Tag, left: dict[str, list[str]], wrong: bool) -> Iterator[Edit]:
    name = field.own.get("name") or ""
    changed: dict[str, str | bool | None] = {}
    if wrong:
        known = field.own.get("class") or ""
        changed = {"class": f"{known} is-invalid".strip(), "aria-invalid": "true"}
    if field.kind in _TICKED:
        on = (field.own.get("value") or "on") in left.get(name, ())
        changed["checked"] = None if on else False
    elif field.kind == "select":
        yield from _chosen(form, field, left.get(name, ()))
    elif field.kind not in _KEPT and left.get(name):
        value = left[name].pop(0)
        if field.kind == "textarea":
            yield (field.end, form.closing(field), "\n" + escape(value))
        else:
            changed["value"] = value
    if changed:
        yield (field.start, field.end, field.written(**changed))


def _chosen(form: Form, field: Tag, values: Sequence[str]) -> Iterator[Edit]:
    until = form.closing(field)
    for one in form.tags:
        if one.name == "option" and not one.closes and field.end <= one.start < until and values:
            value = one.own.get("value")
            on = (form.text(one.end, form.closing(one)) if value is None else value) in values
            yield (one.start, one.end, one.written(selected=None if on else False))


def _forms(page: str) -> Iterator[Form]:
    tags, folds = _Reader(page).tags, list[Tag]()
    for at, one in enumerate(tags):
        if one.name == "details":
            folds = folds[:-1] if one.closes else [*folds, one]
        if one.name == "form" and not one.closes:
            end = next((n for n in range(at, len(tags)) if tags[n].name == "form"
                        and tags[n].closes), len(tags))  # fmt: skip
            inner = tags[at + 1 : end]
            yield Form(page, one, inner, [each for each in folds if "open" not in each.own])


def _target(form: Form, at: str) -> str | None:
    if (form.head.own.get("method") or "").lower() != "post":
        return None
    return urlsplit(form.head.own.get("action") or at).path


def _is_same(form: Form, sent: Sent) -> bool:
    hidden = [one.own for one in form.fields() if one.kind == "hidden"]
    return all(
        own.get("value", "") in sent.get(own.get("name") or "", ())
        for own in hidden
        if own.get("name") not in FRESH
    )


class _Reader(HTMLParser):
    """All tags of a page, and where they stand."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[Tag] = []
        self._page = page
        self._lines = [0, *accumulate(len(line) + 1 for line in page.split("\n"))]
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._at()
        self.tags.append(Tag(tag, dict(attrs), start, start + len(self.get_starttag_text() or "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        start = self._at()
        self.tags.append(Tag(tag, {}, start, self._page.index(">", start) + 1, closes=True))

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column
