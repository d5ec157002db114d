"""What a data set tells of a product by itself: dictionary, sample, quality, period, grade."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from catalogue.grades import Grade, Mode, Origin, PiClass, allowed_modes
from delivery.tables import datasets
from delivery.tables.datasets import DatasetVersion
from kernel.work import Work
from marketplace import versions
from marketplace.versions import Content, ProductVersion

_TYPES: Final[Mapping[str, str]] = {
    "VARCHAR": "string", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime", "FLOAT": "decimal", "DOUBLE": "decimal",
    "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer", "BIGINT": "integer",
}  # fmt: skip
_MOMENTS: Final = frozenset({"date", "datetime"})
_USUAL_MODES: Final = (Mode.RAW_FILE, Mode.MASKED_FILE, Mode.IN_DOMAIN, Mode.VERIFICATION)


def of(work: Work, version_id: str, before: ProductVersion | None = None) -> Content:
    """Return what one's own data set says of a product. Raises NotFound.

    before: a version whose meanings, grade and class are kept; the grade and the class are
    never below what was found in the data. Three SELECTs by key.
    """
    version = datasets.own_version(work, version_id)
    dataset = datasets.own(work, version.dataset_id)
    first, last = period(version)
    grade, pi_class = Grade(version.grade), PiClass(version.pi_class)
    if before is not None:
        grade, pi_class = max(grade, Grade(before.grade)), max(pi_class, PiClass(before.pi_class))
    modes = allowed_modes(grade, pi_class, origin=Origin.SELF_PRODUCED)
    said: Content = {
        "dataset_version_id": version.id,
        "dictionary": dictionary(version, before.dictionary if before else ()),
        "sample": list(version.sample[: versions.SAMPLE_ROWS_MAX]),
        "quality": quality(version),
        "temporal_from": first,
        "temporal_to": last,
        "grade": grade.value,
        "pi_class": pi_class.value,
    }
    if before is None:
        said["title_zh"] = dataset.title
        said["delivery_mode"] = next((m for m in _USUAL_MODES if m in modes), Mode.IN_DOMAIN).value
    return said


def dictionary(version: DatasetVersion, known: Iterable[Any] = ()) -> list[dict[str, str]]:
    """Return one entry a column: name, type, and the meaning that was given before, if any."""
    meanings = {each["name"]: each.get("meaning", "") for each in known if isinstance(each, dict)}
    return [
        {
            "name": column["name"],
            "type": kind_of(column["type"]),
            "meaning": meanings.get(column["name"], ""),
        }
        for column in version.columns
    ]


def typed(written: Sequence[Any], measured: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return a dictionary with the types that were left out, taken from the data set's."""
    types = {each["name"]: each["type"] for each in measured}
    return [
        {**each, "type": each.get("type") or types.get(str(each.get("name")), "")}
        for each in written
    ]


def kind_of(code: str) -> str:
    """Return the type of a column as dictionaries write it."""
    return "decimal" if code.startswith("DECIMAL") else _TYPES.get(code, "string")


def quality(version: DatasetVersion) -> dict[str, int] | None:
    """Return what was measured, from 0 to 100: completeness, uniqueness, validity.

    Rounded down, so that nothing is called whole which is not.
    """
    profile, rows = version.profile, version.row_count
    cells = rows * len(version.columns)
    if not cells:
        return None
    filled = sum(column["filled"] for column in profile["columns"])
    bad = sum(count for _, count in profile["mixed"])
    return {
        "completeness": filled * 100 // cells,
        "uniqueness": (rows - profile["duplicates"]) * 100 // rows,
        "validity": (cells - bad) * 100 // cells,
    }


def period(version: DatasetVersion) -> tuple[date | None, date | None]:
    """Return the first and the last day in the columns of days; None where there is none."""
    columns = [each for each in version.profile["columns"] if kind_of(each["type"]) in _MOMENTS]
    firsts = [day for each in columns if (day := _day(each.get("min"))) is not None]
    lasts = [day for each in columns if (day := _day(each.get("max"))) is not None]
    return min(firsts, default=None), max(lasts, default=None)


def _day(written: Any) -> date | None:
    try:
        return date.fromisoformat(str(written)[:10])
    except ValueError:
        return None
