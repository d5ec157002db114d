"""The grade of a whole directory (目录分级): its strictest item, raised by rules.

Source: GB/T 43697-2024: the strictest wins (就高从严), and scale, coverage and precision
raise the grade of a whole above that of its parts (点面结合). Which rules there are, and how
far each raises, stands in the rules of the jurisdiction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import contents
from catalogue.contents import DataItem, DataType, DirectoryContent
from catalogue.grades import Grade, PiClass, strictest
from catalogue.versions import Directory
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.work import Rules, Work


class Grading(Base):
    """The grade of a version when it was published, and the rules that raised it.

    raised_by: names of the rules by which the whole is graded above its strictest item.
    """

    __tablename__ = "directory_gradings"

    version_id: Mapped[str] = mapped_column(ForeignKey("directory_versions.id"), primary_key=True)
    grade: Mapped[str]
    pi_class: Mapped[str]
    raised_by: Mapped[list[Any]]
    rule_version: Mapped[str]
    graded_at: Mapped[Instant]


append_only(Grading.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Graded(NamedTuple):
    """The grade of a whole, its gravest class of personal information, and who raised it."""

    grade: Grade
    pi_class: PiClass
    raised_by: tuple[str, ...]


def graded(items: Sequence[DataItem], content: DirectoryContent, rules: Rules) -> Graded:
    """Grade a whole by its items, then by every rule that applies to it.

    Raises Invalid when there is no item: what has no graded part has no grade.
    """
    grade = strictest(Grade(item.grade) for item in items)
    pi_class = strictest(PiClass(item.pi_class) for item in items)
    raised: list[str] = []
    highest = grade
    for name, rule in sorted(rules.table("grade_rules").items()):
        reached = Grade(rule["raise_to"])
        if reached > grade and _applies(rule, items, content, pi_class):
            raised.append(name)
            highest = strictest((highest, reached))
    return Graded(highest, pi_class, tuple(raised))


def write(work: Work, version_id: str) -> Grading:
    """Grade a version that is published now, and keep it. Two SELECTs on indexes."""
    content = contents.of(work.session, version_id)
    found = graded(contents.items(work.session, version_id), content, work.rules)
    made = Grading(
        version_id=version_id,
        grade=found.grade.value,
        pi_class=found.pi_class.value,
        raised_by=list(found.raised_by),
        rule_version=work.rules.version,
        graded_at=work.now,
    )
    work.session.add(made)
    return made


def of(session: Session, version_id: str) -> Grading | None:
    """Return how a version was graded when it was published; None before. One SELECT by key."""
    return session.get(Grading, version_id)


def tell(work: Work, directory: Directory, *, earlier_id: str, later: str) -> None:
    """Record "directory.regraded" if a version grades otherwise than the one that it replaces.

    before, after: grades of the whole. items: those that both versions have and grade
    differently. raised: one of them is graded higher, or a rule has raised the whole; who
    holds an authorisation of them is then no longer allowed what the grade was checked for.
    """
    session = work.session
    before, after = _whole(work, earlier_id), _whole(work, later)
    older = {item.code: item for item in contents.items(session, earlier_id)}
    changed = [
        {
            "item_code": item.code,
            "grade_before": older[item.code].grade,
            "grade_after": item.grade,
            "pi_before": older[item.code].pi_class,
            "pi_after": item.pi_class,
        }
        for item in contents.items(session, later)
        if item.code in older and _marks(item) != _marks(older[item.code])
    ]
    by_rule = after.grade > before.grade and bool(set(after.raised_by) - set(before.raised_by))
    if changed or after.grade != before.grade:
        work.record(
            "directory.regraded",
            later,
            directory_id=directory.id,
            directory_code=directory.code,
            before=before.grade.value,
            after=after.grade.value,
            raised=by_rule or _any_raised(changed),
            items=changed,
        )


def _whole(work: Work, version_id: str) -> Graded:
    stored = of(work.session, version_id)
    if stored is not None:
        return Graded(Grade(stored.grade), PiClass(stored.pi_class), tuple(stored.raised_by))
    # A version that was published before gradings were kept: as the rules grade it today.
    content = contents.of(work.session, version_id)
    return graded(contents.items(work.session, version_id), content, work.rules)


def _marks(item: DataItem) -> tuple[str, str]:
    return item.grade, item.pi_class


def _any_raised(changed: Iterable[Mapping[str, str]]) -> bool:
    return any(
        Grade(each["grade_after"]) > each["grade_before"]
        or PiClass(each["pi_after"]) > each["pi_before"]
        for each in changed
    )


def _applies(
    rule: Mapping[str, Any],
    items: Iterable[DataItem],
    content: DirectoryContent,
    pi_class: PiClass,
) -> bool:
    """Tell whether every condition that a rule names is fulfilled."""
    types = {item.data_type for item in items}
    asked = (
        ("personal", lambda _: pi_class is not PiClass.NONE),
        ("persons_over", lambda most: (content.persons_count or 0) > most),
        ("precise_location", lambda _: DataType.GEOMETRY.value in types),
        ("whole_province", lambda _: any(code.endswith("0000") for code in content.spatial)),
    )
    return all(holds(rule[name]) for name, holds in asked if name in rule)
