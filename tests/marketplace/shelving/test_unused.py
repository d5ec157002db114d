"""What nobody may read any more is removed, and nothing that anybody may."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.tables import removals
from delivery.tables.removals import DatasetRemoval
from kernel import journal
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.work import Work
from marketplace import products
from marketplace.listings.rows import FORCED
from marketplace.products import Product
from marketplace.shelving import prefill, unused
from marketplace.versions import Content
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.shelving import sheet

MERCHANT = "per_developer_editor"
OFFICER = "per_exchange_compliance"
LATER = make.days_later(181)


def house(session: Session, at: Any = LATER) -> Work:
    return work_of(session, "system", at=at)


def due(session: Session, at: Any = LATER) -> list[str]:
    return [each.version_id for each in unused.listed(house(session, at), limit=10)]


def said(session: Session, version_id: str) -> Content:
    told = prefill.of(work_of(session, MERCHANT), version_id)
    dictionary = [{**each, "meaning": "含义"} for each in told["dictionary"]]
    return make.content(**{**told, "dictionary": dictionary})


def drafted(session: Session) -> Product:
    version = sheet.dataset(session)
    return products.create(work_of(session, MERCHANT), **said(session, version.id))


def test_rows_that_no_product_ever_named_go_when_they_are_old(session: Session) -> None:
    version = sheet.dataset(session)

    assert due(session, make.days_later(179)) == []
    assert due(session) == [version.id]
    assert unused.remove(house(session), [version.id]) == 1
    session.flush()
    assert due(session) == []
    assert unused.remove(house(session), [version.id]) == 0
    assert list(removals.removed(session, [version.id, "dsv_none"])) == [version.id]
    event = journal.history(session, version.dataset_id, limit=1)[0]
    assert (event.kind, event.data["number"]) == ("dataset.rows_removed", 1)


@pytest.mark.parametrize("step", ["withdraw", None])
def test_a_draft_that_was_withdrawn_or_forgotten_holds_nothing(
    session: Session, step: str | None
) -> None:
    made = drafted(session)
    if step is not None:
        products.take(work_of(session, MERCHANT), made.id, step, reason="不再发布")
    session.flush()

    assert len(due(session)) == 1


def test_a_draft_that_somebody_works_on_holds_its_rows(session: Session) -> None:
    made = drafted(session)
    lately = work_of(session, MERCHANT, at=make.days_later(100))
    products.take(lately, made.id, "withdraw", reason="不再发布")
    session.flush()

    assert due(session) == []
    assert len(due(session, make.days_later(281))) == 1


@pytest.mark.parametrize("order", [None, make.placed, make.accepted])
def test_what_is_listed_or_was_ordered_stays(session: Session, order: Any) -> None:
    version = sheet.dataset(session)
    made = make.listed(session, said(session, version.id))
    if order is not None:
        order(session, made)
        products.take(
            work_of(session, OFFICER, at=make.AFTER_PUBLICITY), made.id, "force_delist",
            reason="数据来源存疑", cause=min(FORCED),
        )  # fmt: skip
    session.flush()

    assert due(session, make.days_later(1_000)) == []


def test_what_is_listed_and_was_never_ordered_goes_long_after_its_end(session: Session) -> None:
    version = sheet.dataset(session)
    made = make.listed(session, said(session, version.id))
    products.take(
        work_of(session, OFFICER, at=make.AFTER_PUBLICITY), made.id, "force_delist",
        reason="数据来源存疑", cause=min(FORCED),
    )  # fmt: skip
    session.flush()

    assert due(session) == []
    assert due(session, make.days_later(1_000)) == [version.id]


def test_what_was_named_since_it_was_found_is_not_removed(session: Session) -> None:
    version = sheet.dataset(session)
    found = due(session)
    late = work_of(session, MERCHANT, at=LATER)
    products.create(late, **said(session, version.id))
    session.flush()

    assert unused.remove(house(session), found) == 0
    assert session.scalars(select(DatasetRemoval)).all() == []


def test_removed_rows_are_neither_listed_nor_named_anew(session: Session) -> None:
    made = drafted(session)
    unused.remove(house(session), due(session))
    session.flush()
    merchant = work_of(session, MERCHANT, at=LATER)

    with pytest.raises(StepRefused) as told:
        products.take(merchant, made.id, "submit")
    again = said(session, sheet.dataset(session, number=2).id)
    again["dataset_version_id"] = session.scalars(select(DatasetRemoval.version_id)).one()
    with pytest.raises(Invalid, match="removed as unused"):
        products.create(merchant, **again)

    assert "DATA_REMOVED" in {each.code for each in told.value.refusals}


def test_a_hold_keeps_rows_until_it_is_lifted(session: Session) -> None:
    version = sheet.dataset(session)
    officer = work_of(session, OFFICER)
    removals.hold(officer, version.dataset_id, "仲裁取证")
    session.flush()

    assert due(session) == []
    assert unused.remove(house(session), [version.id]) == 0
    with pytest.raises(StepRefused, match="held already"):
        removals.hold(officer, version.dataset_id, "再次")
    removals.lift(officer, version.dataset_id)
    session.flush()
    assert due(session) == [version.id]
    with pytest.raises(NotFound, match="not held"):
        removals.lift(officer, version.dataset_id)


def test_only_officers_hold_and_they_say_why(session: Session) -> None:
    version = sheet.dataset(session)

    for person in (MERCHANT, "per_buyer_editor", "per_exchange_listing"):
        with pytest.raises(StepNotAllowed):
            removals.hold(work_of(session, person), version.dataset_id, "仲裁")
        with pytest.raises(StepNotAllowed):
            removals.lift(work_of(session, person), version.dataset_id)
    for reason in (" ", "长" * 501):
        with pytest.raises(Invalid):
            removals.hold(work_of(session, OFFICER), version.dataset_id, reason)
    with pytest.raises(NotFound):
        removals.hold(work_of(session, OFFICER), "dst_none", "仲裁")
    assert removals.hold(work_of(session, "per_hub_supervisor"), version.dataset_id, "检查").id
