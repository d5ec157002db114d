import hashlib
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from delivery import tasks
from delivery.handing import handed
from delivery.handing.handed import Handing, Received
from kernel.errors import Invalid, StepRefused
from marketplace import orders
from marketplace.ordering import rejections
from marketplace.orders import Order, State
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.aftercare import cases

DAY = make.AFTER_PUBLICITY


def hand_over(session: Session, order: Order, name: str = "report.pdf", **said: Any) -> None:
    """Hand a file of the order over, as its seller."""
    seller = work_of(session, "per_developer_signer", at=DAY)
    task = tasks.of_order(session, order.id)[0]
    received = Received(f"hnd_{name}", 4, hashlib.sha256(name.encode()).hexdigest())
    handed.keep(seller, Handing(task_id=task.id, name=name, **said), received)
    session.flush()


def by_hand(session: Session) -> Order:
    """Bring a report that is handed over into delivery."""
    return make.paid(session, make.listed(session, product_type="report", delivery_mode="model"))


def codes_of(session: Session, order: Order, step: str, person: str, **data: Any) -> list[str]:
    with pytest.raises(StepRefused) as error:
        make.take(session, order, step, person, **data)
    return [refusal.code for refusal in error.value.refusals]


def test_what_is_delivered_by_hand_is_not_complete_without_a_file(session: Session) -> None:
    order = by_hand(session)

    with pytest.raises(StepRefused) as error:
        make.deliver(session, order)
    hand_over(session, order)
    task = tasks.of_order(session, order.id)[0]
    tasks.take(work_of(session, "per_developer_signer", at=DAY), task.id, "complete")

    assert [refusal.code for refusal in error.value.refusals] == ["NOTHING_HANDED_OVER"]
    assert (task.rounds_due, task.rounds_handed, task.state) == (1, 1, tasks.State.DELIVERED)


def test_the_database_knows_that_files_come_first(session: Session) -> None:
    order = by_hand(session)
    session.commit()

    with pytest.raises(DBAPIError, match="by_hand_comes_with_files"):
        session.execute(
            text("UPDATE delivery_tasks SET state = 'delivered' WHERE order_id = :id"),
            {"id": order.id},
        )


def test_a_rejection_is_kept_with_its_ground_and_evidence(session: Session) -> None:
    order = make.delivered(session)

    make.take(session, order, "reject", "per_buyer_editor", ground="incomplete",
              reason="缺少一个站点", evidence="第 3 站 1–31 行")  # fmt: skip

    found = rejections.of_order(session, order.id)
    assert [(each.number, each.ground, each.reason, each.evidence) for each in found] == [
        (1, "incomplete", "缺少一个站点", "第 3 站 1–31 行")
    ]
    assert found[0].rejected_by == "per_buyer_editor"


def test_a_ground_that_nobody_knows_is_refused(session: Session) -> None:
    order = make.delivered(session)

    with pytest.raises(Invalid) as error:
        make.take(session, order, "reject", "per_buyer_editor", ground="mood", reason="x")

    assert error.value.pointer == "/ground"


def test_what_was_rejected_comes_in_a_further_round(session: Session) -> None:
    order = by_hand(session)
    task = tasks.of_order(session, order.id)[0]
    seller = work_of(session, "per_developer_signer", at=DAY)
    tasks.take(seller, task.id, "provision")
    hand_over(session, order)
    tasks.take(seller, task.id, "complete")
    orders.take(work_of(session, "system", at=DAY), order.id, "delivered")
    make.take(session, order, "reject", "per_buyer_editor", reason="缺页")

    same = codes_of(session, order, "redeliver", "per_developer_editor")
    hand_over(session, order, "more.pdf")
    of_the_same_round = codes_of(session, order, "redeliver", "per_developer_editor")
    hand_over(session, order, "whole.pdf", again=True)
    make.take(session, order, "redeliver", "per_developer_editor")

    assert same == of_the_same_round == ["NOT_DELIVERED_ANEW"]
    assert order.state == State.PENDING_ACCEPTANCE


def test_a_seller_that_does_not_deliver_again_in_time_is_disputed(session: Session) -> None:
    order = make.delivered(session)
    make.take(session, order, "reject", "per_buyer_editor", reason="缺少一个站点")

    with pytest.raises(StepRefused) as early:
        cases.raised(session, order)
    cases.raised(session, order, at=make.days_later(10, DAY))

    assert [reason.code for reason in early.value.refusals] == ["REDELIVERY_RUNNING"]
    assert order.state == State.DISPUTED


def test_a_delivery_that_was_ordered_again_without_a_rejection_stands(session: Session) -> None:
    order = make.delivered(session)

    assert rejections.delivered_anew(session, order.id)
    assert orders.LIFE.steps["redeliver"].when
