"""The delivery matrix (交付矩阵) as the database holds it: a forbidden cell cannot be stored.

The conditions are written from the table in `catalogue.grades`, so that there is one table.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from sqlalchemy import CheckConstraint

from catalogue import grades
from catalogue.grades import Condition, Grade, Mode, Origin, PiClass, Row
from delivery import ways
from delivery.ways import Way


def held() -> tuple[CheckConstraint, ...]:
    """Return the CHECKs for a table with the columns grade, pi_class, origin and mode."""
    return (
        CheckConstraint(_known(), name="matrix_terms_known"),
        CheckConstraint(_all(_by("grade", grades.GRADES)), name="matrix_by_grade"),
        CheckConstraint(_all(_by("pi_class", grades.PERSONAL)), name="matrix_by_person"),
        CheckConstraint(_all(_by_origin()), name="matrix_by_origin"),
    )


def by(way: Way) -> CheckConstraint:
    """Return the CHECK for a table of uses with the column mode: modes that open this way."""
    opened = [mode for mode in Mode if way in ways.of(mode)]
    return CheckConstraint(f"mode IN {_listed(opened)}", name="mode_opens_this_way")


_TERMS: Final[Mapping[str, type[grades.Term]]] = {
    "grade": Grade, "pi_class": PiClass, "origin": Origin, "mode": Mode,
}  # fmt: skip


def _known() -> str:
    return _all(f"{column} IN {_listed(terms)}" for column, terms in _TERMS.items())


def _by(column: str, rows: Mapping[Grade, Row] | Mapping[PiClass, Row]) -> Iterator[str]:
    for key, row in rows.items():
        if barred := _barred(row):
            yield f"NOT ({column} = '{key}' AND mode IN {_listed(barred)})"


def _by_origin() -> Iterator[str]:
    """Write what public data is barred from: by its own row, and by cells for private data."""
    barred = _listed(_barred(grades.PUBLIC))
    yield f"NOT (origin IN {_listed(grades.UNDER_PUBLIC_ROW)} AND mode IN {barred})"
    for grade, row in grades.GRADES.items():
        if private := [mode for mode, cell in _cells(row) if cell and Condition.NOT_PUBLIC in cell]:
            public = _listed(grades.PUBLIC_DATA)
            yield (f"NOT (grade = '{grade}' AND origin IN {public} AND mode IN {_listed(private)})")


def _barred(row: Row) -> list[Mode]:
    return [mode for mode, cell in _cells(row) if cell is None]


def _cells(row: Row) -> Iterator[tuple[Mode, grades.Cell]]:
    return zip(Mode, row, strict=True)


def _listed(terms: Iterable[grades.Term]) -> str:
    return "(" + ", ".join(f"'{term.value}'" for term in sorted(terms, key=str)) + ")"


def _all(conditions: Iterable[str]) -> str:
    return " AND ".join(conditions)
