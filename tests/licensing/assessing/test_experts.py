from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed
from kernel.parties.uscc import check
from kernel.work import Work
from licensing.assessing import experts
from licensing.assessing.experts import AlreadyEnrolled, State
from licensing.assessing.panel import Speciality
from tests.licensing import hall

WorkAs = Callable[..., Work]


def test_a_secretary_takes_a_person_into_the_pool_once(session: Session) -> None:
    made = hall.enrol(session, 1, employer_uscc="9144030071526726xg")

    assert (made.state, made.name) == (State.ACTIVE, "per_expert_1")
    assert made.employer_uscc == check("9144030071526726XG")
    assert experts.by_person(session, "per_expert_1") is made
    with pytest.raises(AlreadyEnrolled):
        hall.enrol(session, 1)


def test_nobody_else_does(work_as: WorkAs) -> None:
    with pytest.raises(StepNotAllowed):
        experts.enrol(
            work_as("per_agency_officer"),
            person_id="per_expert_1",
            specialities=["law"],
            fields=[],
            employer_name="Demo University",
            employer_uscc=None,
            outside=True,
        )


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"specialities": []}, "/specialities"),
        ({"specialities": ["astrology"]}, "/specialities"),
        ({"specialities": ["field"], "fields": []}, "/fields"),
        ({"employer_uscc": "9144030071526726XX"}, "/uscc"),
    ],
)
def test_an_entry_must_make_sense(session: Session, changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as error:
        hall.enrol(session, 1, **changes)

    assert error.value.pointer == pointer


def test_a_field_expert_is_one_only_in_the_own_field(session: Session) -> None:
    law = hall.enrol(session, 1)
    field = hall.enrol(session, 3)
    both = hall.enrol(session, 5, specialities=["law", "field"], fields=["transport"])

    assert set(experts.pool(session, "transport")) == {law, both}
    assert set(experts.pool(session, "modern_agriculture")) == {law, field, both}
    assert both.serves("modern_agriculture") == {Speciality.LAW}
    assert both.serves("transport") == {Speciality.LAW, Speciality.FIELD}


def test_who_rests_is_not_drawn(session: Session, work_as: WorkAs) -> None:
    made = hall.enrol(session, 1)
    secretary = work_as("per_agency_secretary")

    experts.take(secretary, made.id, "rest", reason="abroad")
    resting = experts.pool(session, "transport")
    experts.take(secretary, made.id, "return", reason="home again")

    assert (resting, experts.pool(session, "transport")) == ([], [made])


def test_a_tie_counts_while_it_lasts_and_for_the_look_back(
    session: Session, work_as: WorkAs
) -> None:
    first, second, third, _ = hall.pool(session, 4)
    own, secretary = work_as("per_expert_1"), work_as("per_agency_secretary")
    experts.declare_tie(own, first.id, organisation_id="org_developer", kind="adviser")
    experts.declare_tie(
        secretary, second.id, organisation_id="org_developer", kind="employed",
        until=date(2023, 7, 1),
    )  # fmt: skip
    experts.declare_tie(
        secretary, third.id, organisation_id="org_developer", kind="relative",
        until=date(2023, 6, 30),
    )  # fmt: skip

    found = experts.tied(session, ["org_developer"], since=date(2023, 7, 1))

    assert found == {first.id, second.id}
    assert experts.tied(session, ["org_buyer"], since=date(2023, 7, 1)) == set()
    assert [tie.kind for tie in experts.ties(session, first.id)] == ["adviser"]


def test_a_tie_is_to_somebody_and_of_a_kind(session: Session, work_as: WorkAs) -> None:
    made = hall.enrol(session, 1)
    secretary = work_as("per_agency_secretary")

    with pytest.raises(Invalid) as error:
        experts.declare_tie(secretary, made.id, organisation_id="org_buyer", kind="friend")
    with pytest.raises(NotFound):
        experts.declare_tie(secretary, made.id, organisation_id="org_nowhere", kind="adviser")

    assert error.value.pointer == "/kind"


def test_a_tie_is_declared_by_the_expert_or_a_secretary(session: Session, work_as: WorkAs) -> None:
    made = hall.enrol(session, 1)

    with pytest.raises(StepNotAllowed):
        experts.declare_tie(
            work_as("per_agency_approver"), made.id, organisation_id="org_buyer", kind="adviser"
        )


@pytest.mark.parametrize("person", ["per_agency_secretary", "per_hub_officer", "system"])
def test_those_who_keep_the_pool_see_it(session: Session, work_as: WorkAs, person: str) -> None:
    first, second = hall.pool(session, 2)
    work = work_as(person)

    assert experts.seen(work, first.id) is first
    assert {one.id for one in experts.listed(work, after=None, limit=9).items} == {
        first.id,
        second.id,
    }


def test_an_expert_sees_the_own_entry_and_a_stranger_none(
    session: Session, work_as: WorkAs
) -> None:
    first, second = hall.pool(session, 2)
    own = work_as("per_expert_1")

    with pytest.raises(NotFound) as foreign:
        experts.seen(own, second.id)
    with pytest.raises(NotFound) as missing:
        experts.seen(work_as("per_other_editor"), "exp_nowhere")

    assert foreign.value.zh == missing.value.zh
    assert experts.seen(own, first.id) is first
    assert experts.listed(own, after=None, limit=9).items == [first]
