"""A data item that is asked for: what the catalogue says of it, and why it is needed.

Scopes name items by code; here the codes meet the catalogue. Only a directory that is
published, registered and open to authorised operation may supply (I-12, I-14).
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import directories, registrations, sharing
from catalogue.contents import DataItem, OperationType
from catalogue.grades import Grade, PiClass, strictest
from kernel.db import Base
from kernel.errors import Invalid, NotFound, Refusal
from licensing import exposures, scope
from licensing.scope import Item, Transform

ITEMS_MAX: Final = 500
"""The most items that one agreement or one scenario may name."""


class ScenarioItem(Base):
    """One item of a scenario, with the reason why its purpose cannot do without it.

    grade, pi_class: as the catalogue had them when it was asked for; the risk is graded
    by them. struck: the panel has taken it out of the scope.
    """

    __tablename__ = "scenario_items"
    __table_args__ = (
        Index(None, "department_id", "scenario_id"),
        Index(None, "directory_code", "item_code", "scenario_id"),
        CheckConstraint("length(necessity_reason) > 0", name="necessity_is_told"),
    )

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"), primary_key=True)
    directory_code: Mapped[str] = mapped_column(primary_key=True)
    item_code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    necessity_reason: Mapped[str]
    transform: Mapped[str]
    grade: Mapped[str]
    pi_class: Mapped[str]
    struck: Mapped[bool] = mapped_column(default=False)

    @property
    def item(self) -> Item:
        """The item as scopes name it."""
        return self.directory_code, self.item_code


class Named(TypedDict):
    """One item as an agreement names it; transform: the weakest treatment allowed."""

    directory_code: str
    item_code: str
    transform: str


class Asked(Named):
    """One item as a scenario asks for it."""

    necessity_reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """What the catalogue says today of one directory that is published."""

    directory_id: str
    department_id: str
    operation_type: str
    items: Mapping[str, DataItem]


def source(session: Session, directory_code: str) -> Source | None:
    """Return what the catalogue says of a directory; None unless published. Three SELECTs."""
    try:
        directory = directories.by_code(session, directory_code)
        version = directories.published(session, directory.id)
    except NotFound:
        return None
    return Source(
        directory_id=directory.id,
        department_id=directory.department_id,
        operation_type=version.content.operation_type,
        items={item.code: item for item in directories.items(session, version.id)},
    )


def check(session: Session, named: Sequence[Named]) -> dict[str, Source]:
    """Return directory code → source for items that exist. Three SELECTs a directory.

    Raises Invalid, with a pointer, for the first item that cannot be meant: a directory
    that is not published, an item that it has not, a treatment that is none, a repetition.
    """
    if not named:
        raise Invalid("至少需要一个数据项", "name at least one item", pointer="/items")
    if len(named) > ITEMS_MAX:
        raise Invalid(
            f"数据项不超过 {ITEMS_MAX} 个", f"at most {ITEMS_MAX} items", pointer="/items"
        )
    sources: dict[str, Source] = {}
    met: set[Item] = set()
    for place, entry in enumerate(named):
        code, item = entry["directory_code"], entry["item_code"]
        if code not in sources:
            sources[code] = _source(session, code, place)
        if item not in sources[code].items:
            raise Invalid(
                f"目录 {code} 没有信息项 {item}",
                f"directory {code} has no item {item!r}",
                pointer=f"/items/{place}/item_code",
            )
        if entry["transform"] not in list(Transform):
            raise Invalid(
                "没有这种处理方式", "no such transform", pointer=f"/items/{place}/transform"
            )
        if (code, item) in met:
            raise Invalid(
                f"信息项 {code}/{item} 重复",
                f"{code}/{item} stands twice",
                pointer=f"/items/{place}",
            )
        met.add((code, item))
    return sources


def treatments(named: Iterable[Named]) -> dict[Item, Transform]:
    """Return the items as a scope holds them."""
    return {
        (entry["directory_code"], entry["item_code"]): Transform(entry["transform"])
        for entry in named
    }


def unsupplied(session: Session, directory_codes: Iterable[str], on: date) -> list[Refusal]:
    """Return every reason why these directories may not supply on that day. Five SELECTs each.

    Codes: DIRECTORY_NOT_PUBLISHED, DIRECTORY_NOT_ELIGIBLE, DIRECTORY_NEEDS_CONSENT,
    DIRECTORY_NOT_REGISTERED.
    """
    found: list[Refusal] = []
    for code in sorted(set(directory_codes)):
        entry = source(session, code)
        if entry is None:
            found.append(
                Refusal(
                    "DIRECTORY_NOT_PUBLISHED", f"目录 {code} 未发布", f"{code} is not published"
                )
            )
            continue
        found += _barred(session, code, entry, on)
        if registrations.in_force(session, entry.directory_id, on) is None:
            found.append(
                Refusal(
                    "DIRECTORY_NOT_REGISTERED", f"目录 {code} 未登记", f"{code} is not registered"
                )
            )
    return found


def replace(
    session: Session, scenario_id: str, asked: Sequence[Asked], sources: Mapping[str, Source]
) -> None:
    """Write down what a scenario asks for now, in place of what it asked for before."""
    session.execute(delete(ScenarioItem).where(ScenarioItem.scenario_id == scenario_id))
    session.add_all(
        _row(scenario_id, place, entry, sources[entry["directory_code"]])
        for place, entry in enumerate(asked)
    )


def of(session: Session, scenario_id: str) -> list[ScenarioItem]:
    """Return the items of a scenario in their order, struck ones too. One SELECT."""
    statement = (
        select(ScenarioItem)
        .where(ScenarioItem.scenario_id == scenario_id)
        .order_by(ScenarioItem.position)
    )
    return list(session.scalars(statement))


def kept(rows: Iterable[ScenarioItem]) -> list[ScenarioItem]:
    """Return those that have not been struck."""
    return [row for row in rows if not row.struck]


def by_department(rows: Iterable[ScenarioItem]) -> dict[str, list[dict[str, str]]]:
    """Return department → its items, as an opinion is asked on them."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        named = {"directory_code": row.directory_code, "item_code": row.item_code}
        found.setdefault(row.department_id, []).append(named)
    return found


def gravest(rows: Iterable[ScenarioItem]) -> tuple[Grade, PiClass]:
    """Return the highest grade and the gravest class of personal information among `rows`."""
    listed = list(rows)
    return (
        strictest(Grade(row.grade) for row in listed),
        strictest(PiClass(row.pi_class) for row in listed),
    )


def risk(
    rows: Iterable[ScenarioItem], asked: scope.Scope, *, users_count: int, fusion: bool
) -> dict[str, Any]:
    """Return impact, likelihood and grade of the use of these items within `asked`."""
    impact = exposures.impact_of(*gravest(rows))
    likelihood = exposures.likelihood_of(
        max(asked.output_forms),
        min(asked.environments),
        users_count=users_count,
        open_ended=any(user == scope.ANYONE or user.startswith("class:") for user in asked.users),
        fusion=fusion,
    )
    graded = exposures.risk(impact, likelihood)
    return {"impact": impact, "likelihood": likelihood, "grade": graded.value}


def strike(
    session: Session, scenario_id: str, whole: scope.Scope, struck: Collection[Item]
) -> scope.Scope:
    """Strike items, and return the scope without them: narrower, or the same.

    Raises Invalid when nothing would be left, or for an item that is not asked for.
    """
    left = {item: how for item, how in whole.items.items() if item not in struck}
    if not left or not whole.items.keys() >= set(struck):
        raise Invalid(
            "剔除的信息项须在申请之列，且不能全部剔除",
            "strike items that are asked for, and not all of them",
            pointer="/struck",
        )
    for row in of(session, scenario_id):
        row.struck = row.struck or row.item in struck
    return dataclasses.replace(whole, items=left)


def coarsen(whole: scope.Scope, how: Mapping[Item, Transform]) -> scope.Scope:
    """Return the scope with stricter treatments: narrower, or the same. Pure.

    An item that is treated as strictly already stays as it is; one that is not in the
    scope takes no part.
    """
    narrowed = {item: max(weakest, how.get(item, weakest)) for item, weakest in whole.items.items()}
    return dataclasses.replace(whole, items=narrowed)


def restore(
    session: Session,
    scenario_id: str,
    narrowed: scope.Scope,
    back: Collection[Item],
    *,
    at_least: Mapping[Item, Transform] | None = None,
) -> scope.Scope:
    """Put items back as they were asked for, struck or coarsened; return the scope with them.

    at_least: the treatments that hold all the same.
    """
    whole, floors = dict(narrowed.items), at_least or {}
    for row in of(session, scenario_id):
        if row.item in back:
            row.struck = False
            asked = Transform(row.transform)
            whole[row.item] = max(asked, floors.get(row.item, asked))
    return dataclasses.replace(narrowed, items=whole)


def _source(session: Session, code: str, place: int) -> Source:
    found = source(session, code)
    if found is None:
        raise Invalid(
            f"没有已发布的目录 {code}",
            f"no published directory {code!r}",
            pointer=f"/items/{place}/directory_code",
        )
    return found


def _barred(session: Session, code: str, entry: Source, on: date) -> list[Refusal]:
    if entry.operation_type == OperationType.EXCLUDED:
        return [
            Refusal(
                "DIRECTORY_NOT_ELIGIBLE",
                f"目录 {code} 不得授权运营",
                f"{code} is excluded from authorised operation",
            )
        ]
    needs_consent = entry.operation_type == OperationType.ELIGIBLE_WITH_CONSENT
    if needs_consent and not sharing.consented(session, entry.directory_id, on):
        return [
            Refusal(
                "DIRECTORY_NEEDS_CONSENT",
                f"目录 {code} 须经数据来源部门同意",
                f"{code} needs the consent of the department that it came from",
            )
        ]
    return []


def _row(scenario_id: str, place: int, entry: Asked, found: Source) -> ScenarioItem:
    item = found.items[entry["item_code"]]
    return ScenarioItem(
        scenario_id=scenario_id,
        directory_code=entry["directory_code"],
        item_code=entry["item_code"],
        position=place,
        directory_id=found.directory_id,
        department_id=found.department_id,
        necessity_reason=entry["necessity_reason"].strip(),
        transform=entry["transform"],
        grade=item.grade,
        pi_class=item.pi_class,
        struck=False,
    )
