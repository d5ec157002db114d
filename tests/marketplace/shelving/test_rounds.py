import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from marketplace import products
from marketplace.products import State
from marketplace.shelving import rounds
from tests.conftest import WorkAs
from tests.marketplace import make


def submitted(session: Session, work_as: WorkAs) -> str:
    made = make.draft(session)
    products.take(work_as("per_developer_editor"), made.id, "submit")
    return made.id


def test_one_officer_passes_many_and_what_is_refused_holds_up_nobody(
    session: Session, work_as: WorkAs
) -> None:
    first, last = submitted(session, work_as), submitted(session, work_as)
    draft = make.draft(session).id

    barred = rounds.take(
        work_as("per_exchange_listing"), [first, draft, "prd_none", last], "pass_formal"
    )

    assert [each.product_id for each in barred] == [draft, "prd_none"]
    assert "ILLEGAL_TRANSITION" in {one.code for one in barred[0].error.refusals}
    assert {products.find(session, each).state for each in (first, last)} == {
        State.COMPLIANCE_REVIEW
    }
    assert products.find(session, draft).state == State.DRAFT


def test_the_same_pair_of_eyes_is_refused_for_each(session: Session, work_as: WorkAs) -> None:
    one = submitted(session, work_as)

    barred = rounds.take(work_as("per_developer_editor"), [one], "pass_formal")

    assert [each.product_id for each in barred] == [one]


def test_a_sitting_has_its_bounds(work_as: WorkAs) -> None:
    many = [f"prd_{number}" for number in range(rounds.ROUND_MAX + 1)]

    with pytest.raises(Invalid):
        rounds.take(work_as("per_exchange_listing"), many, "pass_formal")
