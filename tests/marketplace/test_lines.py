from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from kernel.money import Money
from marketplace import lines, products, versions
from marketplace.lines import Item
from tests.conftest import WorkAs
from tests.marketplace import make


def item(session: Session, **changes: Any) -> Item:
    product = make.listed(session, **changes)
    return Item.of(session, product.id, None, 1)


def test_a_line_costs_what_its_plan_says(session: Session) -> None:
    found = item(session)

    assert lines.amount(replace(found, quantity=3)) == Money(3_000_000)


def test_what_is_not_to_be_seen_is_not_to_be_ordered(session: Session, work_as: WorkAs) -> None:
    draft = make.draft(session)

    with pytest.raises(NotFound):
        lines.gather(work_as("per_buyer_editor"), [{"product_id": draft.id, "quantity": 1}])


def test_a_suspended_product_is_not_ordered(session: Session, work_as: WorkAs) -> None:
    found = item(session)
    before = lines.unlisted([found])
    products.take(work_as("per_developer_editor"), found.product.id, "suspend", reason="维护")

    after = lines.unlisted([found])

    assert before == []
    assert [refusal.code for refusal in after] == ["PRODUCT_NOT_LISTED"]


def test_a_mode_that_became_forbidden_is_refused(session: Session, work_as: WorkAs) -> None:
    found = item(session)
    said = make.content(grade="G2", delivery_mode="raw_file", source_kind="open_data")
    version = versions.write(work_as("system"), found.product.id, 9, said)

    refused = lines.refusals(
        work_as("per_buyer_editor"),
        [replace(found, version=version)],
        buyer_id="org_buyer",
        use=make.use(),
    )

    assert [refusal.code for refusal in refused] == ["MODE_NOT_ALLOWED"]


def test_the_same_reason_is_told_once(session: Session, work_as: WorkAs) -> None:
    found = item(session, grade="G3", delivery_mode="verification")

    refused = lines.refusals(
        work_as("per_buyer_editor"), [found, found], buyer_id="org_buyer", use=make.use()
    )

    assert [refusal.code for refusal in refused] == ["BUYER_MLPS_TOO_LOW"]


def test_lines_are_read_back_in_their_order(session: Session) -> None:
    order = make.placed(session)

    found = lines.of(session, order.id)

    assert [line.position for line in found] == [1]
    assert [each.version.id for each in lines.ordered(session, found)] == [
        found[0].product_version_id
    ]
