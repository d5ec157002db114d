"""Buyers stand unnamed in their ranking until they agree, and again once they take it back."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import StepNotAllowed
from marketplace.counting import naming, spans
from marketplace.counting.moves import VolumeMove
from tests.conftest import work_of
from tests.marketplace import make

AT = datetime(2026, 7, 20, 4, tzinfo=UTC)
JULY = spans.parse("M2026-07")
OTHERS = {"org_other": 300, "org_roads": 200}


def bought(session: Session, order_id: str, buyer_id: str, fen: int) -> None:
    session.add(
        VolumeMove(
            cause="accepted", source_id=f"lin_{buyer_id}", subject_id=f"lin_{buyer_id}", seq=1,
            order_id=order_id, merchant_id="org_developer", buyer_id=buyer_id, product_id="p",
            industry="I", application_field="f", region="430100", board_id="", registered=False,
            counted=fen, excluded=0, opens=31, trades=1, frees=0, accepted_at=AT,
            accepted_on=AT.date(), accepted_month="2026-07", reason=None,
        )
    )  # fmt: skip
    session.flush()


def three(session: Session) -> None:
    """Let three buyers stand in July; the first is the cast's own."""
    order = make.placed(session)
    for buyer_id, fen in {"org_buyer": 500, **OTHERS}.items():
        bought(session, order.id, buyer_id, fen)


def told(session: Session) -> list[tuple[int, str, bool]]:
    return [(each.place.rank, each.place.key, each.is_named)
            for each in naming.ranking(session, JULY)]  # fmt: skip


def test_a_buyer_is_named_once_it_agreed_and_no_longer_once_it_took_that_back(
    session: Session,
) -> None:
    three(session)
    signer = work_of(session, "per_buyer_signer")
    unnamed = [(1, "org_buyer", False), (2, "org_other", False), (3, "org_roads", False)]

    assert told(session) == unnamed
    for _ in range(2):
        naming.agree(signer)
    session.flush()
    assert told(session) == [(1, "org_buyer", True), *unnamed[1:]]
    for _ in range(2):
        naming.take_back(signer)
    assert told(session) == unnamed

    session.flush()
    events = [event.kind for event in journal.history(session, "org_buyer", limit=9)]
    assert [each for each in events if each.startswith("named_buyer")] == [
        "named_buyer.agreed",
        "named_buyer.taken_back",
    ]


def test_with_two_buyers_nothing_is_told_of_either(session: Session) -> None:
    order = make.placed(session)
    for buyer_id, fen in OTHERS.items():
        bought(session, order.id, buyer_id, fen)

    assert told(session) == []


@pytest.mark.parametrize(
    "person", ["per_buyer_editor", "per_developer_signer", "per_exchange_admin"]
)
def test_nobody_else_agrees_for_a_buyer(session: Session, person: str) -> None:
    with pytest.raises(StepNotAllowed):
        naming.agree(work_of(session, person))
    with pytest.raises(StepNotAllowed):
        naming.take_back(work_of(session, person))
