"""How a journey has a dispute of an order heard and ruled: by the right people, over HTTP."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app import demonstration, worker
from app.unit import Exchange
from marketplace.orders import Order
from tests.conftest import As, work_of
from tests.journeys.speaking import post
from tests.marketplace import make
from tests.settlement import money

NOW = make.AFTER_PUBLICITY


def ordered(application: Exchange, bring: Callable[[Session], Order]) -> str:
    """Have an order brought to where `bring` does, by a buyer to whom money can go back."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOW)
        money.verified(lambda person, at=NOW: work_of(session, person, at=at), "org_buyer",
                       money.BUYER_NAME)  # fmt: skip
        made = bring(session).id
        session.commit()
    worker.drain(application.house)
    return made


def heard(as_: As, where: str) -> None:
    """Have a dispute taken up, answered, and mediation fail, so that it waits for its ruling."""
    officer = as_("per_exchange_compliance")
    post(officer, f"{where}/accept")
    post(as_("per_developer_editor"), f"{where}/answer", answer="依约交付")
    post(officer, f"{where}/close-evidence")
    post(as_("per_buyer_editor"), f"{where}/fail-mediation")


def ruled(as_: As, where: str, **decision: Any) -> Any:
    """Have it heard and ruled by two officers, and the ruling accepted by both parties."""
    heard(as_, where)
    officer = as_("per_exchange_compliance")
    post(officer, f"{where}/rule", reason="查明属实", **decision)
    assert post(officer, f"{where}/confirm", 409)["refusals"][0]["code"] == "FOUR_EYES"
    post(as_("per_exchange_approver"), f"{where}/confirm")
    post(as_("per_buyer_editor"), f"{where}/accept-ruling")
    return post(as_("per_developer_editor"), f"{where}/accept-ruling")
