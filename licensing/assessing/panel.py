"""Who assesses a scenario: a panel drawn by lot from a frozen pool. Pure.

The lot is a hash: candidates are ranked by sha256(seed|round|expert), and the panel is
the first that can be made from the top of the ranking. The seed is committed to before
the draw and shown after it, so that anybody can draw again and get the same panel.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from catalogue.grades import Term
from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.money import half_up
from kernel.words import Words


class Speciality(Term):
    """What an expert is an expert in."""

    LAW = "law", "法律", "law"
    SECURITY = "security", "安全", "security"
    FIELD = "field", "行业领域", "field"
    TECHNOLOGY = "technology", "数据技术", "data technology"


Cover: TypeAlias = Sequence[frozenset[Speciality]]
"""What a panel must contain: of each group, somebody who has one of its specialities."""

FULL: Final[Cover] = tuple(frozenset({speciality}) for speciality in Speciality)
"""One of each speciality."""

FAST: Final[Cover] = (
    frozenset({Speciality.LAW, Speciality.SECURITY}),
    frozenset({Speciality.FIELD}),
    frozenset({Speciality.TECHNOLOGY}),
)
"""The fast lane (简易程序): law or security, field, technology."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An expert in the pool, seen from one case.

    from_agency: belongs to the implementing agency of the case, and may fill less than
    half of the seats. from_operator: belongs to its operator, and may fill none.
    """

    expert: str
    specialities: frozenset[Speciality]
    from_agency: bool = False
    from_operator: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """What is kept of a draw, to be repeated by whoever doubts it.

    commitment: `commit(seed)`. pool: `fingerprint` of the frozen pool. round: 1, and one
    more for each replacement. members: experts, in the order of their seats.
    removed: those who were drawn and replaced, in order.
    """

    commitment: str
    pool: str
    round: int
    members: tuple[str, ...]
    removed: tuple[str, ...] = ()


class PanelNotPossible(DomainError):
    """The pool, without those in conflict, does not hold the panel that is asked for."""

    kind = Kind.CONFLICT
    code = "panel-not-possible"
    title = Words("无法组成评估专家组", "No such panel can be made")


def commit(seed: str) -> str:
    """Return the hash of the seed, to be recorded before the draw."""
    return hashlib.sha256(seed.encode()).hexdigest()


def fingerprint(pool: Iterable[Candidate]) -> str:
    """Return the hash of a pool; the order of the candidates makes no difference."""
    rows = sorted(
        [one.expert, sorted(one.specialities), one.from_agency, one.from_operator] for one in pool
    )
    written = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def draw(
    pool: Sequence[Candidate],
    seed: str,
    *,
    size: int,
    must_cover: Cover,
    conflicted: Collection[str],
    already: Sequence[str] = (),
) -> Draw:
    """Draw a panel of `size` (odd, three or more): the same from the same pool and seed.

    The panel contains `must_cover`; at least half come from outside the implementing
    agency, nobody from the operator, nobody in `conflicted` (experts with a conflict of
    interest, 利益冲突). already: experts who keep their seats.
    Raises PanelNotPossible with what is missing, Invalid for a size that is not odd, a
    pool that names an expert twice, or an `already` who may not sit.
    """
    if size < 3 or size % 2 == 0:
        raise Invalid(
            "专家组人数须为不少于三的奇数", "a panel is odd, and three or more", pointer="/size"
        )
    _check_once(pool)
    eligible = [one for one in pool if not one.from_operator and one.expert not in conflicted]
    by_expert = {one.expert: one for one in eligible}
    if not by_expert.keys() >= set(already):
        raise Invalid(
            "保留的专家须符合条件", "who keeps a seat must be eligible", pointer="/already"
        )
    kept = [by_expert[expert] for expert in already]
    others = _ranked((one for one in eligible if one.expert not in already), seed, 1)
    chosen = _choose(kept, others, size=size, must_cover=must_cover)
    return Draw(commit(seed), fingerprint(pool), 1, tuple(one.expert for one in chosen))


def replace(
    drawn: Draw,
    expert: str,
    *,
    pool: Sequence[Candidate],
    seed: str,
    must_cover: Cover,
    conflicted: Collection[str],
) -> Draw:
    """Give the seat of one expert to the next eligible one who keeps the panel complete.

    The others stay, and nobody who was removed comes back. The pool and the seed must
    be those of the first draw, else Invalid. Raises PanelNotPossible when nobody fits.
    """
    _check_same(drawn, expert, pool, seed)
    removed, number = (*drawn.removed, expert), drawn.round + 1
    by_expert = {one.expert: one for one in pool}
    kept = [by_expert[member] for member in drawn.members if member != expert]
    barred = {*conflicted, *removed, *drawn.members}
    free = (one for one in pool if not one.from_operator and one.expert not in barred)
    *_, new = _choose(
        kept, _ranked(free, seed, number), size=len(drawn.members), must_cover=must_cover
    )
    members = tuple(new.expert if member == expert else member for member in drawn.members)
    return Draw(drawn.commitment, drawn.pool, number, members, removed)


def quorum(
    present: Collection[Candidate], *, size: int, must_cover: Cover, share_bp: int, sheets_min: int
) -> tuple[Refusal, ...]:
    """Return what is missing for a valid conclusion; empty when there is a quorum.

    present: the experts with valid sheets, of a panel of `size`. They must reach
    `share_bp` of the panel, be `sheets_min` at least, and contain `must_cover`.
    """
    needed = max(sheets_min, _least_reaching(share_bp, size))
    refusals = list(_uncovered(present, must_cover))
    if len(present) < needed:
        refusals.insert(
            0,
            Refusal(
                "QUORUM_TOO_FEW",
                f"有效评分表{len(present)}份，至少须有{needed}份",
                f"{len(present)} valid sheets, where {needed} are needed",
            ),
        )
    return tuple(refusals)


def reaches(part: int, whole: int, share_bp: int) -> bool:
    """Tell whether `part` of `whole`, rounded to the basis point, reaches `share_bp`.

    Rounded, because two thirds are written as 6,667: two of three do reach them.
    """
    return half_up(part * 10_000, whole) >= share_bp


def _least_reaching(share_bp: int, size: int) -> int:
    return next((count for count in range(size) if reaches(count, size, share_bp)), size)


def _check_once(pool: Sequence[Candidate]) -> None:
    if len({one.expert for one in pool}) != len(pool):
        raise Invalid("候选名单中有重复的专家", "the pool names an expert twice", pointer="/pool")


def _check_same(drawn: Draw, expert: str, pool: Sequence[Candidate], seed: str) -> None:
    if expert not in drawn.members:
        raise Invalid("该专家不在专家组内", "this expert is not on the panel", pointer="/expert")
    if commit(seed) != drawn.commitment:
        raise Invalid("随机种子与承诺值不符", "this is not the committed seed", pointer="/seed")
    if fingerprint(pool) != drawn.pool:
        raise Invalid("候选名单在抽取后有改动", "the pool has changed since", pointer="/pool")


def _ranked(candidates: Iterable[Candidate], seed: str, number: int) -> list[Candidate]:
    return sorted(candidates, key=lambda one: commit(f"{seed}|{number}|{one.expert}"))


def _choose(
    kept: Sequence[Candidate], ranked: Sequence[Candidate], *, size: int, must_cover: Cover
) -> list[Candidate]:
    """Fill the seats from the top of the ranking, passing over who would make it impossible."""
    chosen = list(kept)
    if not _completable(chosen, ranked, size, must_cover):
        raise _not_possible([*kept, *ranked], size, must_cover)
    for place, candidate in enumerate(ranked):
        if len(chosen) == size:
            break
        if _completable([*chosen, candidate], ranked[place + 1 :], size, must_cover):
            chosen.append(candidate)
    return chosen


def _completable(
    chosen: Sequence[Candidate], rest: Sequence[Candidate], size: int, must_cover: Cover
) -> bool:
    """Tell whether the empty seats can be filled from `rest` so that every rule is kept.

    Exact: for each number of seats taken and each set of groups covered, `most` holds
    the greatest number of outsiders. At most 16 sets, so a pool of thousands is no work.
    """
    seats = size - len(chosen)
    covered = frozenset(group for one in chosen for group in _groups(one, must_cover))
    most = {(0, covered): sum(not one.from_agency for one in chosen)}
    for candidate in _enough_of_each_kind(rest, seats, must_cover):
        groups = _groups(candidate, must_cover)
        for (taken, before), outsiders in list(most.items()):
            if taken < seats:
                state = (taken + 1, before | groups)
                count = outsiders + (not candidate.from_agency)
                most[state] = max(most.get(state, 0), count)
    return 2 * most.get((seats, frozenset(must_cover)), -1) >= size


def _enough_of_each_kind(
    rest: Sequence[Candidate], seats: int, must_cover: Cover
) -> Iterator[Candidate]:
    seen: Counter[tuple[frozenset[frozenset[Speciality]], bool]] = Counter()
    for candidate in rest:
        kind = (_groups(candidate, must_cover), candidate.from_agency)
        seen[kind] += 1
        if seen[kind] <= seats:
            yield candidate


def _groups(candidate: Candidate, must_cover: Cover) -> frozenset[frozenset[Speciality]]:
    return frozenset(group for group in must_cover if group & candidate.specialities)


def _not_possible(eligible: Sequence[Candidate], size: int, must_cover: Cover) -> PanelNotPossible:
    refusals = list(_uncovered(eligible, must_cover))
    outsiders = sum(not one.from_agency for one in eligible)
    if len(eligible) < size:
        zh = f"符合条件的专家{len(eligible)}名，须有{size}名"
        en = f"{len(eligible)} experts are eligible, where {size} are needed"
        refusals.append(Refusal("PANEL_TOO_FEW", zh, en))
    if 2 * outsiders < size:
        zh = f"实施机构以外的专家{outsiders}名，不足专家组的一半"
        en = f"{outsiders} experts from outside the agency are less than half the panel"
        refusals.append(Refusal("PANEL_TOO_FEW_OUTSIDERS", zh, en))
    if not refusals:
        zh, en = "没有同时满足各项要求的组合", "no choice of experts meets all rules at once"
        refusals.append(Refusal("PANEL_NO_COMBINATION", zh, en))
    return PanelNotPossible.of(refusals)


def _uncovered(present: Collection[Candidate], must_cover: Cover) -> Iterator[Refusal]:
    for group in must_cover:
        if not any(group & one.specialities for one in present):
            named = [speciality.label for speciality in Speciality if speciality in group]
            zh, en = "或".join(one.zh for one in named), " or ".join(one.en for one in named)
            yield Refusal("PANEL_SPECIALITY_MISSING", f"缺少{zh}专家", f"no expert in {en}")
