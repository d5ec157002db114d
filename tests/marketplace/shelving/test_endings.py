from typing import Any

import pytest
from sqlalchemy.orm import Session

from delivery import tasks
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from marketplace import orders, products
from marketplace.products import State
from marketplace.shelving import endings
from tests.conftest import WorkAs
from tests.marketplace import make

MERCHANT = "per_developer_editor"
LATER = make.AFTER_PUBLICITY


def codes(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def test_a_merchant_gives_notice_before_it_delists(session: Session, work_as: WorkAs) -> None:
    made = make.listed(session)
    order = make.paid(session, made)
    merchant = work_as(MERCHANT, at=LATER)

    products.take(merchant, made.id, "request_delist", reason="业务调整")
    with pytest.raises(StepRefused) as refused:
        products.take(merchant, made.id, "delist")
    with pytest.raises(StepRefused):
        make.placed(session, made)
    make.deliver(session, order)
    products.take(work_as("system", at=make.days_later(50)), made.id, "delist")

    assert codes(refused) == ["NOTICE_RUNNING"]
    assert (made.state, made.ended_as) == (State.DELISTED, "voluntary")
    assert order.state == orders.State.PENDING_ACCEPTANCE


def test_a_notice_can_be_taken_back(session: Session, work_as: WorkAs) -> None:
    made = make.listed(session)
    products.take(work_as(MERCHANT, at=LATER), made.id, "request_delist", reason="业务调整")

    products.take(work_as(MERCHANT, at=LATER), made.id, "keep")

    assert made.state == State.LISTED


@pytest.mark.parametrize(
    ("build", "task_state", "order_state"),
    [
        ("placed", None, orders.State.CLOSED),
        ("signed", None, orders.State.CLOSED),
        ("paid", tasks.State.REVOKED, orders.State.DELIVERY_SUSPENDED),
        ("delivered", tasks.State.REVOKED, orders.State.PENDING_ACCEPTANCE),
        ("accepted", tasks.State.REVOKED, orders.State.ACCEPTED),
    ],
)
def test_a_forced_delisting_stops_everything_at_once(
    session: Session, work_as: WorkAs, build: str, task_state: Any, order_state: Any
) -> None:
    made = make.listed(session)
    order = getattr(make, build)(session, made)
    officer = work_as("per_exchange_compliance", at=LATER)

    products.take(officer, made.id, "force_delist", cause="rights_lost", reason="权利已丧失")
    session.flush()
    endings.stop_for(work_as("system", at=LATER), made.id)
    endings.stop_for(work_as("system", at=LATER), made.id)

    assert (made.state, made.ended_as) == (State.DELISTED, "forced")
    assert {task.state for task in tasks.of_order(session, order.id)} <= {task_state}
    assert order.state == order_state


def test_a_merchant_does_not_delist_by_force(session: Session, work_as: WorkAs) -> None:
    made = make.listed(session)

    with pytest.raises(StepNotAllowed):
        products.take(work_as(MERCHANT), made.id, "force_delist", cause="other", reason="x")


def test_a_listing_is_renewed_before_it_ends(session: Session, work_as: WorkAs) -> None:
    made = make.listed(session)
    before = made.valid_until
    officer = work_as("per_exchange_compliance", at=make.days_later(300))

    products.take(officer, made.id, "renew", reason="复核通过")

    assert before is not None
    assert made.valid_until is not None
    assert made.valid_until > before


def test_an_objection_that_is_upheld_sends_it_back_to_review(
    session: Session, work_as: WorkAs
) -> None:
    made = make.reviewed(session, make.draft(session))

    products.take(work_as("per_exchange_compliance"), made.id, "uphold_objection", reason="侵权")

    assert made.state == State.COMPLIANCE_REVIEW


def test_an_expert_sees_what_is_under_review_and_no_more(session: Session, work_as: WorkAs) -> None:
    reviewed, draft = make.reviewed(session, make.draft(session)), make.draft(session)
    session.flush()
    expert = work_as("per_exchange_expert")

    assert products.seen(expert, reviewed.id) is reviewed
    assert [each.id for each in products.queue(expert, after=None, limit=9).items] == [reviewed.id]
    with pytest.raises(NotFound):
        products.seen(expert, draft.id)
