import hashlib
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed
from settlement.assets import valuations
from settlement.assets.valuations import AssetValuation
from tests.settlement import bookkeeping
from tests.settlement.assets import town
from tests.settlement.assets.town import CHECKER, NEXT_YEAR, WRITER
from tests.settlement.money import WorkAs

REPORT = b"%PDF-1.7 valuation"


def test_a_report_is_filed_on_a_card_and_read_by_its_owner_and_overseers(
    session: Session, work_as: WorkAs
) -> None:
    card = town.recognised(work_as)

    made = town.valued(work_as, card, content=REPORT)
    session.flush()
    _, content = valuations.content(work_as(CHECKER, at=NEXT_YEAR), made.id)

    assert content == REPORT
    assert made.digest == hashlib.sha256(REPORT).hexdigest()
    assert REPORT not in made.sealed
    assert valuations.of_card(session, card.id) == [made]
    assert valuations.seen(work_as("per_exchange_auditor", at=NEXT_YEAR), made.id) is made
    for stranger in ("per_buyer_editor", "per_other_editor"):
        with pytest.raises(NotFound):
            valuations.seen(work_as(stranger, at=NEXT_YEAR), made.id)
    with pytest.raises(NotFound):
        valuations.seen(work_as(WRITER, at=NEXT_YEAR), "avl_none")


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"valued_on": date(2027, 1, 21)}, "/valued_on"),
        ({"value_fen": 0}, "/value_fen"),
        ({"report_no": "评字〔2027〕1号"}, "/report_no"),
        ({"content": b"MZ"}, "/file"),
    ],
)
def test_what_is_no_report_is_refused_where_it_is_wrong(
    session: Session, work_as: WorkAs, changed: dict[str, Any], pointer: str
) -> None:
    card = town.recognised(work_as)
    town.valued(work_as, card)
    session.flush()

    with pytest.raises(Invalid) as told:
        town.valued(work_as, card, **{"report_no": "2", **changed})

    assert told.value.pointer == pointer


def test_a_card_has_a_hundred_reports_at_most(session: Session, work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    for number in range(valuations.REPORTS_MAX):
        town.valued(work_as, card, report_no=str(number))
        session.flush()

    with pytest.raises(Invalid, match="100 reports"):
        town.valued(work_as, card)


def test_only_who_writes_the_owners_cards_files_a_report(work_as: WorkAs) -> None:
    card = town.recognised(work_as)

    with pytest.raises(StepNotAllowed):
        town.valued(work_as, card, person="per_exchange_settler")
    with pytest.raises(NotFound):
        town.valued(work_as, card, person="per_buyer_editor")


def test_a_report_stays_as_it_was_filed(session: Session, work_as: WorkAs) -> None:
    town.valued(work_as, town.recognised(work_as))
    session.flush()
    bookkeeping.unguard(session)

    with pytest.raises(DBAPIError):
        session.execute(delete(AssetValuation))
