import hashlib
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid, Kind
from licensing.assessing import panel
from licensing.assessing.panel import (
    FAST,
    FULL,
    Candidate,
    Cover,
    Draw,
    PanelNotPossible,
    Speciality,
)

SEED = "5f1c0b9e"


def candidate(expert: str, *specialities: Speciality, **place: bool) -> Candidate:
    return Candidate(expert, frozenset(specialities), **place)


def a_pool(of_each: int = 3) -> list[Candidate]:
    """Some experts of each speciality, all from outside."""
    return [
        candidate(f"exp_{speciality}_{number}", speciality)
        for speciality in Speciality
        for number in range(of_each)
    ]


def drawn(pool: Sequence[Candidate], **changes: Any) -> Draw:
    asked: dict[str, Any] = {"size": 5, "must_cover": FULL, "conflicted": ()}
    return panel.draw(pool, changes.pop("seed", SEED), **(asked | changes))


def sitting(pool: Sequence[Candidate], draw: Draw) -> list[Candidate]:
    by_expert = {one.expert: one for one in pool}
    return [by_expert[expert] for expert in draw.members]


def keeps_the_rules(members: Sequence[Candidate], size: int, must_cover: Cover) -> bool:
    return (
        len(members) == size
        and all(any(group & one.specialities for one in members) for group in must_cover)
        and 2 * sum(not one.from_agency for one in members) >= size
    )


candidates = st.builds(
    Candidate,
    expert=st.integers(0, 99).map("exp_{:02d}".format),
    specialities=st.frozensets(st.sampled_from(list(Speciality)), min_size=1, max_size=2),
    from_agency=st.booleans(),
    from_operator=st.sampled_from([False, False, False, True]),
)
pools = st.lists(candidates, max_size=10, unique_by=lambda one: one.expert)


# --- the draw ----------------------------------------------------------------------------


def test_the_same_seed_and_pool_draw_the_same_panel() -> None:
    pool = a_pool()

    assert drawn(pool) == drawn(list(reversed(pool)))
    assert drawn(pool).members == drawn(pool).members


def test_another_seed_draws_another_panel() -> None:
    pool = a_pool(of_each=9)

    panels = {drawn(pool, seed=str(number)).members for number in range(20)}

    assert len(panels) > 10


def test_the_ranking_is_the_hash_of_seed_round_and_expert() -> None:
    pool = [candidate(f"exp_{number}", *Speciality) for number in range(9)]

    members = drawn(pool).members

    ranking = sorted(
        (one.expert for one in pool),
        key=lambda expert: hashlib.sha256(f"{SEED}|1|{expert}".encode()).hexdigest(),
    )
    assert list(members) == ranking[:5]


def test_a_draw_keeps_what_is_needed_to_repeat_it() -> None:
    pool = a_pool()

    draw = drawn(pool)

    assert draw.commitment == panel.commit(SEED) == hashlib.sha256(b"5f1c0b9e").hexdigest()
    assert draw.pool == panel.fingerprint(pool)
    assert draw.round == 1
    assert draw.removed == ()


def test_a_changed_pool_has_another_fingerprint() -> None:
    pool = a_pool()
    moved = [*pool[:-1], candidate(pool[-1].expert, Speciality.TECHNOLOGY, from_agency=True)]

    assert panel.fingerprint(pool) == panel.fingerprint(reversed(pool))
    assert panel.fingerprint(pool) != panel.fingerprint(pool[:-1])
    assert panel.fingerprint(pool) != panel.fingerprint(moved)


@given(pool=pools, size=st.sampled_from([3, 5]), must_cover=st.sampled_from([FULL, FAST]))
def test_a_panel_is_drawn_exactly_when_one_is_possible(
    pool: list[Candidate], size: int, must_cover: Cover
) -> None:
    conflicted = {"exp_00", "exp_01"}
    eligible = [one for one in pool if not one.from_operator and one.expert not in conflicted]
    possible = any(keeps_the_rules(five, size, must_cover) for five in combinations(eligible, size))

    try:
        members = sitting(
            pool, drawn(pool, size=size, must_cover=must_cover, conflicted=conflicted)
        )
    except PanelNotPossible:
        assert not possible
    else:
        assert keeps_the_rules(members, size, must_cover)
        assert all(one in eligible for one in members)


def test_nobody_from_the_operator_and_nobody_in_conflict_is_drawn() -> None:
    pool = a_pool(of_each=2)
    operators = [
        candidate(f"exp_op_{number}", *Speciality, from_operator=True) for number in (1, 2)
    ]

    for seed in map(str, range(30)):
        members = drawn([*pool, *operators], seed=seed, conflicted={"exp_law_0"}).members

        assert "exp_law_1" in members
        assert not {"exp_law_0", "exp_op_1", "exp_op_2"} & set(members)


def test_at_most_two_of_five_come_from_the_agency() -> None:
    agency = [candidate(f"exp_in_{number}", *Speciality, from_agency=True) for number in range(20)]
    outside = a_pool(of_each=1)

    for seed in map(str, range(30)):
        members = sitting([*agency, *outside], drawn([*agency, *outside], seed=seed))

        assert sum(one.from_agency for one in members) <= 2


def test_the_fast_lane_takes_law_or_security() -> None:
    field, technology = candidate("a", Speciality.FIELD), candidate("b", Speciality.TECHNOLOGY)
    lawyer, guard = candidate("c", Speciality.LAW), candidate("d", Speciality.SECURITY)

    by_law = drawn([field, technology, lawyer], size=3, must_cover=FAST)
    by_security = drawn([field, technology, guard], size=3, must_cover=FAST)

    assert set(by_law.members) == {"a", "b", "c"}
    assert set(by_security.members) == {"a", "b", "d"}


def test_who_was_there_before_keeps_the_seat() -> None:
    pool = a_pool()
    before = ("exp_field_2", "exp_law_0")

    for seed in map(str, range(10)):
        members = drawn(pool, seed=seed, already=before).members

        assert members[:2] == before
        assert keeps_the_rules(sitting(pool, drawn(pool, seed=seed, already=before)), 5, FULL)


# --- what is missing ---------------------------------------------------------------------


def codes(no: PanelNotPossible) -> list[str]:
    return [refusal.code for refusal in no.refusals]


def test_too_few_experts_are_counted() -> None:
    with pytest.raises(PanelNotPossible) as no:
        drawn(a_pool(of_each=1))

    assert codes(no.value) == ["PANEL_TOO_FEW"]
    assert no.value.kind is Kind.CONFLICT
    assert no.value.en == "4 experts are eligible, where 5 are needed"
    assert no.value.zh == "符合条件的专家4名，须有5名"


def test_a_missing_speciality_is_named() -> None:
    pool = [one for one in a_pool() if Speciality.SECURITY not in one.specialities]

    with pytest.raises(PanelNotPossible) as no:
        drawn(pool)

    assert [(refusal.code, refusal.en) for refusal in no.value.refusals] == [
        ("PANEL_SPECIALITY_MISSING", "no expert in security")
    ]


def test_a_group_is_named_with_all_its_specialities() -> None:
    pool = [candidate(f"exp_{number}", Speciality.FIELD) for number in range(3)]

    with pytest.raises(PanelNotPossible) as no:
        drawn(pool, size=3, must_cover=FAST)

    assert [refusal.zh for refusal in no.value.refusals] == [
        "缺少法律或安全专家",
        "缺少数据技术专家",
    ]


def test_too_few_outsiders_are_counted() -> None:
    inside = [candidate(f"exp_{number}", *Speciality, from_agency=True) for number in range(5)]
    outside = [candidate(f"out_{number}", *Speciality) for number in range(2)]

    with pytest.raises(PanelNotPossible) as no:
        drawn([*inside, *outside])

    assert codes(no.value) == ["PANEL_TOO_FEW_OUTSIDERS"]


def test_rules_that_exclude_each_other_are_said_to() -> None:
    inside = [
        candidate("a", Speciality.LAW, from_agency=True),
        candidate("b", Speciality.SECURITY, from_agency=True),
        candidate("c", Speciality.TECHNOLOGY, from_agency=True),
    ]
    outside = [candidate(f"out_{number}", Speciality.FIELD) for number in range(9)]

    with pytest.raises(PanelNotPossible) as no:
        drawn([*inside, *outside])

    assert codes(no.value) == ["PANEL_NO_COMBINATION"]


@pytest.mark.parametrize("size", [0, 1, 2, 4, -3])
def test_a_panel_is_odd_and_three_or_more(size: int) -> None:
    with pytest.raises(Invalid) as refused:
        drawn(a_pool(), size=size)

    assert refused.value.pointer == "/size"


def test_an_expert_stands_in_the_pool_once() -> None:
    with pytest.raises(Invalid) as refused:
        drawn([*a_pool(), a_pool()[0]])

    assert refused.value.pointer == "/pool"


@pytest.mark.parametrize("before", ["exp_law_0", "exp_nobody"])
def test_nobody_ineligible_keeps_a_seat(before: str) -> None:
    with pytest.raises(Invalid) as refused:
        drawn(a_pool(), already=(before,), conflicted={"exp_law_0"})

    assert refused.value.pointer == "/already"


# --- replacing one -----------------------------------------------------------------------


def replaced(draw: Draw, expert: str, **changes: Any) -> Draw:
    asked: dict[str, Any] = {
        "pool": a_pool(),
        "seed": SEED,
        "must_cover": FULL,
        "conflicted": {expert},
    }
    return panel.replace(draw, expert, **(asked | changes))


def test_a_conflicted_expert_is_replaced_and_the_rest_stay() -> None:
    first = drawn(a_pool())
    leaving = first.members[2]

    second = replaced(first, leaving)

    assert leaving not in second.members
    assert second.members[:2] + second.members[3:] == first.members[:2] + first.members[3:]
    assert keeps_the_rules(sitting(a_pool(), second), 5, FULL)
    assert (second.round, second.removed) == (2, (leaving,))
    assert (second.commitment, second.pool) == (first.commitment, first.pool)


def test_the_seat_goes_to_the_next_in_the_ranking_of_its_round() -> None:
    pool = [candidate(f"exp_{number}", *Speciality) for number in range(9)]
    first = drawn(pool)

    second = replaced(first, first.members[0], pool=pool)

    left = [one.expert for one in pool if one.expert not in first.members]
    ranking = sorted(
        left, key=lambda expert: hashlib.sha256(f"{SEED}|2|{expert}".encode()).hexdigest()
    )
    assert second.members[0] == ranking[0]


def test_the_same_replacement_is_drawn_again() -> None:
    first = drawn(a_pool())

    assert replaced(first, first.members[1]) == replaced(first, first.members[1])


def test_nobody_who_was_removed_comes_back() -> None:
    now = drawn(a_pool())

    for _ in range(7):
        now = replaced(now, now.members[0], conflicted=(), must_cover=())

    assert len({*now.members, *now.removed}) == 12
    with pytest.raises(PanelNotPossible):
        replaced(now, now.members[0], conflicted=(), must_cover=())


def test_the_only_lawyer_cannot_be_replaced_by_an_engineer() -> None:
    pool = [one for one in a_pool() if one.expert not in ("exp_law_1", "exp_law_2")]
    first = drawn(pool)

    with pytest.raises(PanelNotPossible) as no:
        replaced(first, "exp_law_0", pool=pool)

    assert codes(no.value) == ["PANEL_SPECIALITY_MISSING"]


# fmt: off
@pytest.mark.parametrize(("expert", "change", "pointer"), [
    ("exp_nobody", {}, "/expert"),
    (None, {"seed": "another"}, "/seed"),
    (None, {"pool": a_pool(of_each=4)}, "/pool"),
])
def test_a_replacement_is_drawn_from_the_first_draws_seed_and_pool(
    expert: str | None, change: dict[str, Any], pointer: str
) -> None:
    first = drawn(a_pool())

    with pytest.raises(Invalid) as refused:
        replaced(first, expert or first.members[0], **change)

    assert refused.value.pointer == pointer
# fmt: on


def test_the_operators_experts_do_not_come_in_by_replacement() -> None:
    pool = [*a_pool(of_each=1), candidate("exp_5", *Speciality)]
    operator = candidate("exp_op", *Speciality, from_operator=True)
    first = drawn([*pool, operator])

    with pytest.raises(PanelNotPossible):
        replaced(first, "exp_5", pool=[*pool, operator])


# --- the quorum --------------------------------------------------------------------------


def missing(present: Sequence[Candidate], size: int, must_cover: Cover = ()) -> list[str]:
    refusals = panel.quorum(present, size=size, must_cover=must_cover, share_bp=6667, sheets_min=3)
    return [refusal.code for refusal in refusals]


@pytest.mark.parametrize(("size", "needed"), [(3, 3), (5, 4), (7, 5), (9, 6)])
def test_two_thirds_and_at_least_three_make_a_quorum(size: int, needed: int) -> None:
    experts = a_pool()

    assert missing(experts[:needed], size) == []
    assert missing(experts[: needed - 1], size) == ["QUORUM_TOO_FEW"]


def test_a_quorum_contains_every_speciality() -> None:
    experts = a_pool(of_each=1)
    without_law = [*experts[1:], candidate("exp_more", Speciality.FIELD)]

    assert missing(experts, 5, FULL) == []
    assert missing(without_law, 5, FULL) == ["PANEL_SPECIALITY_MISSING"]
    assert missing(without_law[:3], 5, FULL) == ["QUORUM_TOO_FEW", "PANEL_SPECIALITY_MISSING"]


def test_a_quorum_of_all_is_the_whole_panel() -> None:
    experts = a_pool()[:5]

    def all_of(present: Sequence[Candidate]) -> tuple[object, ...]:
        return panel.quorum(present, size=5, must_cover=(), share_bp=10_000, sheets_min=3)

    assert all_of(experts) == ()
    assert all_of(experts[:4]) != ()


def test_two_of_three_reach_two_thirds_as_they_are_written() -> None:
    assert panel.reaches(2, 3, 6667)
    assert panel.reaches(4, 6, 6667)
    assert not panel.reaches(3, 5, 6667)
