"""What ended of an order and was withdrawn: on the desk, and asked for again on its page."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.unit import Exchange
from delivery import tasks
from kernel import journal
from marketplace.standing import returning
from settlement.refunding import refunds
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.conftest import NOON, As, work_of
from tests.marketplace import make
from tests.settlement import money

DAY = make.AFTER_PUBLICITY
WAITS = "终止部分的退款已撤回"


def built(application: Exchange, build: Callable[[Session], str]) -> str:
    with application.house.engines.writing() as session:
        made = build(session)
        session.commit()
    return made


def withdrawn(session: Session) -> str:
    """Let a delivery be revoked, and an officer withdraw what the house gives back of it."""
    money.verified(lambda person, at=NOON: work_of(session, person, at=at), "org_buyer",
                   money.BUYER_NAME)  # fmt: skip
    order_id = accountless(session)
    session.flush()
    settler = work_of(session, "per_exchange_settler", at=DAY)
    (refund,) = refunds.listed(settler, order_id=order_id, after=None, limit=9).items
    refunds.take(settler, refund.id, "cancel", reason="待核实")
    return refund.id


@ON_SQLITE
def test_what_was_withdrawn_is_on_the_desk_and_is_asked_for_again_on_its_page(
    visit: Visit, application: Exchange
) -> None:
    refund_id = built(application, withdrawn)
    path = f"/settlement/refunds/{refund_id}"
    officer, buyer = visit("per_exchange_settler"), visit("per_buyer_signer")
    officer.shows("/desk", WAITS, path, 'href="/settlement/returns"')
    officer.shows("/settlement/returns", WAITS, path)
    assert buyer.get("/settlement/returns").status_code == 403
    officer.shows(path, "重新申请退款")
    hidden = buyer.get(path).text

    refused = buyer.post(f"{path}/again")
    made = officer.post(f"{path}/again")

    assert "重新申请退款" not in hidden
    assert (refused.status_code, made.status_code) == (403, 303)
    assert "重新申请退款" not in officer.get(path).text
    assert WAITS not in officer.get("/desk").text + officer.get("/settlement/returns").text
    officer.shows(made.location, "待复核")


def accountless(session: Session) -> str:
    """Let a delivery be revoked whose buyer has no account to which its price could go back."""
    order = make.paid(session)
    (task,) = tasks.of_order(session, order.id)
    tasks.take(work_of(session, "per_hub_supervisor", at=DAY), task.id, "revoke", reason="有误")
    session.flush()
    event = journal.history(session, task.id, limit=1)[-1]
    returning.delivery_revoked(work_of(session, "system", at=DAY), event)
    return order.id


@ON_SQLITE
def test_all_that_the_desk_tells_of_ended_orders_is_on_one_page(
    visit: Visit, application: Exchange
) -> None:
    order_id = built(application, accountless)

    page = visit("per_exchange_settler").shows("/settlement/returns", f"/orders/{order_id}")

    assert "没有待办" in page  # of what was withdrawn


@ON_SQLITE
def test_what_was_withdrawn_is_asked_for_again_over_the_api_once(
    as_: As, application: Exchange
) -> None:
    path = f"/api/refunds/{built(application, withdrawn)}/again"
    officer = as_("per_exchange_settler")

    refused = as_("per_buyer_signer").post(path, headers={"Idempotency-Key": "again-0"})
    made = officer.post(path, headers={"Idempotency-Key": "again-1"})
    same = officer.post(path, headers={"Idempotency-Key": "again-1"})
    twice = officer.post(path, headers={"Idempotency-Key": "again-2"})

    assert refused.status_code == 403
    assert (made.status_code, made.json["state"]) == (201, "requested")
    assert same.json["id"] == made.json["id"]
    assert twice.status_code == 409, twice.json
    assert "NOT_TO_BE_ASKED_AGAIN" in twice.text
