"""Scenarios that are like another one: the same items, or nearly the same purpose.

For the applicant, to use what there is; for the officer, to see what is applied for twice,
split up, or carried on under another name.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.orm import Session

from catalogue.grades import Term
from kernel.actor import Actor, Role
from kernel.work import Work
from licensing.applications import items, opinions
from licensing.applications.cases import ANNOUNCED, UNDECIDED, Scenario
from licensing.applications.items import ScenarioItem

CANDIDATES_MAX: Final = 200
"""How many scenarios of one purpose code, the newest ones, are compared by their text."""

WHOLE_BP: Final = 10_000


# fmt: off
class Why(Term):
    """Why a scenario is worth a look beside another."""

    DUPLICATE = "duplicate", "同一用途", "the same purpose"
    REUSE = "reuse", "已有授权可沿用", "is authorised already"
    SPLITTING = "splitting", "疑似拆分申请", "may have been split up"
    SAME_ITEMS = "same_items", "数据项相同", "the same items"
    NEAR_PURPOSE = "near_purpose", "用途相近", "nearly the same purpose"
# fmt: on


@dataclass(frozen=True, slots=True)
class Alike:
    """A scenario that is like the one in question; shares in basis points.

    items_bp: common items of all items of both (Jaccard). purpose_bp: common pairs of
    characters of the two purposes (Dice). score_bp: the greater of the two.
    """

    scenario_id: str
    code: str
    title: str
    applicant_id: str
    state: str
    items_bp: int
    purpose_bp: int
    why: tuple[Why, ...]

    @property
    def score_bp(self) -> int:
        """How alike, by items or by purpose."""
        return max(self.items_bp, self.purpose_bp)


def of(work: Work, scenario: Scenario, *, limit: int = 10) -> list[Alike]:
    """Return the scenarios most like this one that the actor may be told of. Six SELECTs."""
    session, least = work.session, work.rules.number("scenario.likeness_from_bp")
    by_items = _by_items(session, scenario)
    near = _near(session, scenario, by_items)
    found = []
    for other in near:
        if not _told(work.actor, other):
            continue
        shared = by_items.get(other.id, 0)
        said = _purpose(scenario, other)
        why = _why(scenario, other, items_same=shared >= least, purpose_near=said >= least)
        if why:
            found.append(
                Alike(
                    scenario_id=other.id,
                    code=other.code,
                    title=other.title,
                    applicant_id=other.applicant_id,
                    state=str(other.state),
                    items_bp=shared,
                    purpose_bp=said,
                    why=why,
                )
            )
    found.sort(key=lambda each: (-each.score_bp, each.scenario_id))
    return found[:limit]


def similarity_bp(one: str, other: str) -> int:
    """Return how alike two texts are, by the pairs of characters that they have in common."""
    left, right = _pairs(one), _pairs(other)
    total = left.total() + right.total()
    return 2 * WHOLE_BP * (left & right).total() // total if total else 0


def _by_items(session: Session, scenario: Scenario) -> dict[str, int]:
    ours = [row.item for row in items.of(session, scenario.id)]
    if not ours:
        return {}
    pair = tuple_(ScenarioItem.directory_code, ScenarioItem.item_code)
    common = func.count().label("common")
    statement = (
        select(ScenarioItem.scenario_id, common)
        .where(pair.in_(ours), ScenarioItem.scenario_id != scenario.id)
        .group_by(ScenarioItem.scenario_id)
        .order_by(common.desc(), ScenarioItem.scenario_id.desc())
        .limit(CANDIDATES_MAX)
    )
    shared = {row.scenario_id: row.common for row in session.execute(statement)}
    sizes = (
        select(ScenarioItem.scenario_id, func.count())
        .where(ScenarioItem.scenario_id.in_(shared))
        .group_by(ScenarioItem.scenario_id)
    )
    return {
        each: WHOLE_BP * shared[each] // (len(ours) + size - shared[each])
        for each, size in session.execute(sizes)
    }


def _near(session: Session, scenario: Scenario, by_items: Iterable[str]) -> list[Scenario]:
    newest = (
        select(Scenario.id)
        .where(Scenario.purpose_code == scenario.purpose_code)
        .order_by(Scenario.id.desc())
        .limit(CANDIDATES_MAX)
    )
    same = (
        select(Scenario.id)
        .where(Scenario.purpose_fingerprint == scenario.purpose_fingerprint)
        .order_by(Scenario.id.desc())
        .limit(CANDIDATES_MAX)
    )
    wanted = {*by_items, *session.scalars(newest), *session.scalars(same)} - {scenario.id}
    statement = select(Scenario).where(
        Scenario.id.in_(wanted),
        or_(Scenario.submitted_at.is_not(None), Scenario.applicant_id == scenario.applicant_id),
    )
    return list(session.scalars(statement))


def _told(actor: Actor, other: Scenario) -> bool:
    handles = (
        Role.IMPLEMENTING_AGENCY in actor.roles
        and actor.organisation == other.implementing_agency_id
        and other.submitted_at is not None
    )
    public = other.state in ANNOUNCED
    own = actor.organisation == other.applicant_id
    overseen = opinions.oversees(actor) and other.submitted_at is not None
    return handles or public or own or overseen


def _purpose(one: Scenario, other: Scenario) -> int:
    if one.purpose_fingerprint and one.purpose_fingerprint == other.purpose_fingerprint:
        return WHOLE_BP
    if one.purpose_code != other.purpose_code:
        return 0
    return similarity_bp(one.purpose_text, other.purpose_text)


def _why(
    one: Scenario, other: Scenario, *, items_same: bool, purpose_near: bool
) -> tuple[Why, ...]:
    if not items_same and not purpose_near:
        return ()
    ours = one.applicant_id == other.applicant_id
    found = []
    if purpose_near and one.purpose_fingerprint == other.purpose_fingerprint:
        found.append(Why.DUPLICATE)
    if ours and items_same and purpose_near and other.state in ANNOUNCED:
        found.append(Why.REUSE)
    if ours and purpose_near and not items_same and other.state in UNDECIDED:
        found.append(Why.SPLITTING)
    found += [Why.SAME_ITEMS] if items_same else []
    found += [Why.NEAR_PURPOSE] if purpose_near and Why.DUPLICATE not in found else []
    return tuple(found)


def _pairs(text: str) -> Counter[str]:
    plain = "".join(
        each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum()
    )
    return Counter(plain[place : place + 2] for place in range(len(plain) - 1))
