"""The disclosure tables of data resources (数据资源披露表): intangible assets, and inventory.

Source: 财会〔2023〕11号. Columns say how it was got, rows how its figures moved; every row adds
up to its total, and every section from its opening to its closing. The closing is reckoned
from all movements for itself, so that a table that does not add up would be seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from kernel.words import Words
from settlement.assets import movements
from settlement.assets.kinds import FORMS, Form, Kind
from settlement.assets.movements import Line, Section

DISCLOSED: Final = (Kind.INTANGIBLE, Kind.INVENTORY)
"""The kinds that have a table, in their order."""


class Row(NamedTuple):
    """One row. level: 0 a heading, 1 a figure, 2 a part of the figure above it.

    values: one for each column and the total at the end, in fen; none for a heading.
    """

    code: str
    label: Words
    level: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of one owner, for one period."""

    kind: Kind
    first_on: date
    last_on: date
    columns: tuple[Form, ...]
    rows: tuple[Row, ...]

    def row(self, code: str) -> Row:
        """Return the row of this code."""
        return next(row for row in self.rows if row.code == code)


class _Layout(NamedTuple):
    section: Section
    title: Words
    into: tuple[Line, ...]
    out: tuple[Line, ...]
    parts: bool


_REDUCED: Final = (Line.DISPOSED, Line.LAPSED, Line.OTHER_OUT)
_LAYOUTS: Final = {
    Kind.INTANGIBLE: (
        _Layout(
            Section.GROSS,
            Words("一、账面原值", "I. Cost"),
            (Line.PURCHASED, Line.DEVELOPED, Line.OTHER_IN),
            _REDUCED,
            parts=True,
        ),
        _Layout(
            Section.AMORTISATION,
            Words("二、累计摊销", "II. Accumulated amortisation"),
            (Line.CHARGED,),
            _REDUCED,
            parts=True,
        ),
        _Layout(
            Section.PROVISION,
            Words("三、减值准备", "III. Impairment"),
            (Line.CHARGED,),
            _REDUCED,
            parts=False,
        ),
    ),
    Kind.INVENTORY: (
        _Layout(
            Section.GROSS,
            Words("一、账面原值", "I. Cost"),
            (Line.PURCHASED, Line.PROCESSED, Line.OTHER_IN),
            (Line.SOLD, Line.LAPSED, Line.OTHER_OUT),
            parts=True,
        ),
        _Layout(
            Section.PROVISION,
            Words("二、存货跌价准备", "II. Write-down of inventory"),
            (Line.CHARGED,),
            (Line.REVERSED, Line.WRITTEN_OFF),
            parts=True,
        ),
    ),
}
_CARRYING: Final = {
    Kind.INTANGIBLE: Words("四、账面价值", "IV. Carrying amount"),
    Kind.INVENTORY: Words("三、账面价值", "III. Carrying amount"),
}
TOTAL: Final = Words("合计", "Total")
_OPENING: Final = Words("1. 期初余额", "1. Opening")
_ADDED: Final = Words("2. 本期增加金额", "2. Added in the period")
_TAKEN: Final = Words("3. 本期减少金额", "3. Taken off in the period")
_CLOSING: Final = Words("4. 期末余额", "4. Closing")


def draw(session: Session, owner_id: str, kind: Kind, period: tuple[date, date]) -> Table:
    """Return the table of the owner's assets of one kind. kind: one of DISCLOSED. Two SELECTs."""
    found = movements.sums(session, owner_id, kind, period)
    closing = movements.standing(session, owner_id, period[1])
    rows: list[Row] = []
    opened, closed = [0] * len(FORMS[kind]), [0] * len(FORMS[kind])
    for layout in _LAYOUTS[kind]:
        ends = [closing.get((kind, form, layout.section), 0) for form in FORMS[kind]]
        begun = [opening(found, layout.section, form) for form in FORMS[kind]]
        rows += _section(layout, FORMS[kind], found, (begun, ends))
        sign = 1 if layout.section is Section.GROSS else -1
        opened = [held + sign * one for held, one in zip(opened, begun, strict=True)]
        closed = [held + sign * one for held, one in zip(closed, ends, strict=True)]
    rows += [
        Row("carrying", _CARRYING[kind], 0, ()),
        _row("carrying.closing", Words("1. 期末账面价值", "1. At the end"), 1, closed),
        _row("carrying.opening", Words("2. 期初账面价值", "2. At the beginning"), 1, opened),
    ]
    return Table(kind, period[0], period[1], FORMS[kind], tuple(rows))


def faults(table: Table) -> list[str]:
    """Return the codes of the rows that do not add up, across or down; none when all do."""
    found = [
        row.code for row in table.rows if row.values and sum(row.values[:-1]) != row.values[-1]
    ]
    for layout in _LAYOUTS[table.kind]:
        name = layout.section.value
        opening, added, taken, closing = (
            table.row(f"{name}.{each}").values for each in ("opening", "added", "taken", "closing")
        )
        if any(a + b - c != d for a, b, c, d in zip(opening, added, taken, closing, strict=True)):
            found.append(f"{name}.closing")
        for which, whole in (("added", added), ("taken", taken)):
            parts = [row.values for row in table.rows if row.code.startswith(f"{name}.{which}.")]
            if parts and tuple(map(sum, zip(*parts, strict=True))) != whole:
                found.append(f"{name}.{which}")
    return found


def balance_lines(session: Session, owner_id: str, on: date) -> dict[Kind, int]:
    """Return kind → its carrying amount after `on`: 其中：数据资源 of the sheet. One SELECT."""
    lines = dict.fromkeys(Kind, 0)
    for (kind, _, section), fen in movements.standing(session, owner_id, on).items():
        lines[Kind(kind)] += fen if section == Section.GROSS else -fen
    return lines


def plain(table: Table) -> dict[str, Any]:
    """Return the table as it is signed."""
    return {
        "kind": table.kind.value,
        "from": table.first_on.isoformat(),
        "to": table.last_on.isoformat(),
        "columns": [form.value for form in table.columns],
        "rows": [
            {"code": row.code, "zh": row.label.zh, "en": row.label.en, "values": list(row.values)}
            for row in table.rows
        ],
    }


def year(of: int) -> tuple[date, date]:
    """Return the period of a calendar year."""
    return date(of, 1, 1), date(of + 1, 1, 1) - timedelta(days=1)


def _section(
    layout: _Layout,
    forms: Sequence[Form],
    found: Sequence[movements.Sum],
    ends: tuple[Sequence[int], Sequence[int]],
) -> Iterable[Row]:
    name = layout.section.value
    yield Row(name, layout.title, 0, ())
    yield _row(f"{name}.opening", _OPENING, 1, ends[0])
    for which, label, lines in (("added", _ADDED, layout.into), ("taken", _TAKEN, layout.out)):
        parts = [(line, [_within(found, layout.section, line, form) for form in forms])
                 for line in lines]  # fmt: skip
        yield _row(
            f"{name}.{which}",
            label,
            1,
            [sum(each) for each in zip(*(values for _, values in parts), strict=True)],
        )
        if layout.parts and len(lines) > 1:
            for line, values in parts:
                yield _row(f"{name}.{which}.{line.value}", line.label, 2, values)
    yield _row(f"{name}.closing", _CLOSING, 1, ends[1])


def _row(code: str, label: Words, level: int, values: Sequence[int]) -> Row:
    return Row(code, label, level, (*values, sum(values)))


def opening(found: Iterable[movements.Sum], section: Section, form: Form) -> int:
    """Return what a figure stood at before the period."""
    return sum(
        one.before if one.line.adds else -one.before
        for one in found
        if (one.section, one.form) == (section, form)
    )


def _within(found: Iterable[movements.Sum], section: Section, line: Line, form: Form) -> int:
    return sum(
        one.within for one in found if (one.section, one.line, one.form) == (section, line, form)
    )
