"""What of a table a buyer has bought: which columns, and which of them masked (脱敏). Pure.

Columns that were not ordered, or that the ordered version had not, are left out; of a file
ordered as masked, the columns in which people were found are masked by the rules of the
sample. The scope is written into a copy: what is not in it is not in any file handed out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from catalogue.grades import Mode
from delivery.profiling.personal import Kind
from delivery.quoting import identifier
from delivery.tables import datasets
from delivery.tables.datasets import DatasetVersion
from delivery.tasks import DeliveryTask
from kernel import ids


@dataclass(frozen=True, slots=True)
class Scope:
    """Columns in order, and of those that are masked what they hold.

    whole: it is every column of the version as it is, so that no copy is needed.
    """

    columns: tuple[str, ...]
    masked: tuple[tuple[str, Kind], ...]
    whole: bool

    @property
    def digest(self) -> str:
        """The name under which a copy is kept: 32 hexadecimal digits."""
        parts = [*self.columns, "", *(f"{column}={kind}" for column, kind in self.masked)]
        return ids.digest("\0".join([_RULES, *parts]))[:32]

    def selected(self) -> str:
        """Return the columns as SQL selects them; masked ones as text."""
        kinds = dict(self.masked)
        return ", ".join(
            f"{_mask(identifier(column), kinds[column])} AS {identifier(column)}"
            if column in kinds
            else identifier(column)
            for column in self.columns
        )


_RULES: Final = "masks 1"
"""Changes with the masks below, so that no copy outlives the rule that made it."""


def of(task: DeliveryTask, ordered: DatasetVersion, version: DatasetVersion) -> Scope:
    """Return what of a version this task lets its buyer have.

    ordered: the version that was ordered; version: it, or one before it.
    """
    bought = {entry["item"] for entry in task.items}
    there = {each["name"] for each in ordered.columns}
    names = [each["name"] for each in version.columns]
    columns = tuple(each for each in names if each in there and (not bought or each in bought))
    kinds = _people(version) | _people(ordered) if task.mode == Mode.MASKED_FILE else {}
    masked = tuple((each, kinds[each]) for each in columns if each in kinds)
    return Scope(columns, masked, whole=not masked and list(columns) == names)


def _people(version: DatasetVersion) -> dict[str, Kind]:
    return {each.column: each.kind for each in datasets.findings(version.profile)}


def _mask(column: str, kind: Kind) -> str:
    """Return the SQL that masks a column as the sample masks it."""
    text = f"CAST({column} AS VARCHAR)"
    return _MASKS[kind].format(text=text)


def _ends(first: int, last: int) -> str:
    return (
        f"CASE WHEN length({{text}}) < {2 * (first + last)} THEN repeat('*', length({{text}})) "
        f"ELSE left({{text}}, {first}) || repeat('*', length({{text}}) - {first + last}) "
        f"|| right({{text}}, {last}) END"
    )


_GONE: Final = "CASE WHEN {text} IS NOT NULL THEN '***' END"
_MASKS: Final[Mapping[Kind, str]] = {
    Kind.RESIDENT_ID: _ends(3, 2),
    Kind.BANK_CARD: _ends(4, 4),
    Kind.MOBILE: _ends(3, 2),
    Kind.LANDLINE: _ends(3, 2),
    Kind.PASSPORT: _ends(1, 2),
    Kind.PLATE: _ends(2, 1),
    Kind.EMAIL: "left({text}, 1) || '***@' || split_part({text}, '@', -1)",
    Kind.ADDRESS: _GONE,
    Kind.NAME: "left({text}, 1) || repeat('*', greatest(length({text}) - 1, 0))",
    Kind.HEALTH: _GONE,
    Kind.BIRTH: "CASE WHEN {text} IS NOT NULL THEN coalesce(nullif(regexp_extract({text}, "
    "'((19|20)[0-9]{{2}})', 1), '') || '-**-**', '****') END",
}
