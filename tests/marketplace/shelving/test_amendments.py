from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel import watch
from kernel.errors import Invalid, NotFound, StepRefused
from marketplace import lines, products, versions
from marketplace.plans.plan import parse
from marketplace.products import Product
from marketplace.shelving import amendments, revising
from marketplace.shelving.amendments import Amendment, State
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.shelving import sheet

MERCHANT = "per_developer_editor"
CHEAPER = {"kind": "one_off", "price": {"minor": 900_000, "currency": "CNY"}}
DEARER = {"kind": "one_off", "price": {"minor": 2_000_000, "currency": "CNY"}}


def proposed(session: Session, product: Product, **changes: Any) -> Amendment:
    work = work_of(session, MERCHANT, at=make.AFTER_PUBLICITY)
    made = amendments.propose(work, product.id, **changes)
    session.flush()
    return made


def take(session: Session, made: Amendment, step: str, person: str, **data: Any) -> None:
    amendments.take(work_of(session, person, at=make.AFTER_PUBLICITY), made.id, step, **data)


def reviewed(session: Session, made: Amendment) -> None:
    for step, person, answers in make.REVIEWS:
        take(session, made, step, person, **answers)


def test_a_minor_version_is_published_after_a_check(session: Session) -> None:
    product = make.listed(session)
    before = product.current_version_id

    made = proposed(session, product, price_plan=CHEAPER, intro=make.content()["intro"] + "（新）")
    clock = watch.running(session, made.id)
    take(session, made, "publish", "per_exchange_listing")

    assert (made.size, made.state) == ("minor", State.PUBLISHED)
    assert clock is not None
    assert clock.overdue_step == "publish"
    assert product.current_version_id == made.after_id != before
    assert amendments.label(session, product.id) == (1, 1)


def test_a_minor_version_is_published_by_itself(session: Session, work_as: WorkAs) -> None:
    made = proposed(session, make.listed(session), title_zh="新名称")

    amendments.take(work_as("system", at=make.days_later(14)), made.id, "publish")

    assert made.state == State.PUBLISHED


def test_a_major_version_goes_through_all_reviews(session: Session, work_as: WorkAs) -> None:
    product = make.listed(session)
    made = proposed(session, product, price_plan=DEARER)
    before = product.current_version_id

    reviewed(session, made)
    take(session, made, "pass_security", "per_exchange_security")
    with pytest.raises(StepRefused, match="publicity"):
        take(session, made, "publish_major", "per_exchange_listing")
    assert product.current_version_id == before
    amendments.take(work_as("system", at=make.days_later(20)), made.id, "publish_major")

    assert product.current_version_id == made.after_id
    assert amendments.label(session, product.id) == (2, 0)


def test_delicate_data_goes_to_the_experts(session: Session) -> None:
    made = proposed(session, make.listed(session), grade="G3")
    reviewed(session, made)

    with pytest.raises(StepRefused) as refused:
        take(session, made, "pass_security", "per_exchange_security")
    take(session, made, "ask_experts", "per_exchange_security")
    take(session, made, "pass_experts", "per_exchange_expert", reason="可以发布")

    assert [each.code for each in refused.value.refusals] == ["EXPERT_REVIEW_NEEDED"]
    assert made.state == State.PUBLICITY


def test_i_16_orders_stay_on_the_version_that_they_were_placed_for(session: Session) -> None:
    product = make.listed(session)
    order = make.placed(session, product)
    session.flush()
    (line,) = lines.of(session, order.id)
    before = line.product_version_id

    made = proposed(session, product, price_plan=CHEAPER)
    take(session, made, "publish", "per_exchange_listing")
    (same,) = lines.of(session, order.id)
    later = make.placed(session, product)
    (new,) = lines.of(session, later.id)

    assert same.product_version_id == before
    assert new.product_version_id == made.after_id
    assert (same.amount.minor, new.amount.minor) == (1_000_000, 900_000)


def test_one_revision_is_under_way_at_a_time(session: Session) -> None:
    product = make.listed(session)
    first = proposed(session, product, title_zh="新名称")

    with pytest.raises(StepRefused) as refused:
        proposed(session, product, title_zh="更新的名称")
    take(session, first, "withdraw", MERCHANT, reason="再想想")
    again = proposed(session, product, title_zh="更新的名称")

    assert [each.code for each in refused.value.refusals] == ["AMENDMENT_UNDER_WAY"]
    assert (again.major, again.minor) == (1, 1)


def test_what_breaks_a_rule_is_not_even_submitted(session: Session) -> None:
    with pytest.raises(StepRefused) as refused:
        proposed(session, make.listed(session), intro="太短")

    assert [each.rule for each in refused.value.refusals] == ["L-05"]
    assert all(each.fix for each in refused.value.refusals)


def test_only_what_is_listed_and_ones_own_is_revised(session: Session, work_as: WorkAs) -> None:
    listed, draft = make.listed(session), make.draft(session)
    session.flush()

    with pytest.raises(StepRefused) as refused:
        proposed(session, draft, title_zh="新名称")
    with pytest.raises(NotFound):
        amendments.propose(work_as("per_other_editor"), listed.id, title_zh="新名称")
    with pytest.raises(Invalid, match="nothing differs"):
        proposed(session, listed, title_zh=make.content()["title_zh"])

    assert [each.code for each in refused.value.refusals] == ["NOT_LISTED"]


def test_a_rejected_revision_changes_nothing(session: Session) -> None:
    product = make.listed(session)
    before = product.current_version_id
    made = proposed(session, product, title_zh="新名称")

    take(session, made, "reject", "per_exchange_listing", reason="名称误导")

    assert (made.state, product.current_version_id) == (State.REJECTED, before)


def test_revisions_are_shown_to_whose_they_are_and_who_reviews(
    session: Session, work_as: WorkAs
) -> None:
    made = proposed(session, make.listed(session), title_zh="新名称")

    def seen(person: str) -> list[str]:
        page = amendments.listed(work_as(person), product_id=made.product_id, after=None, limit=9)
        return [each.id for each in page.items]

    assert seen(MERCHANT) == seen("per_exchange_listing") == seen("per_exchange_expert")
    assert seen(MERCHANT) == [made.id]
    assert seen("per_other_editor") == []
    with pytest.raises(NotFound):
        amendments.seen(work_as("per_other_editor"), made.id)


UNIT = {"e6": 100, "currency": "CNY"}


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        (CHEAPER, CHEAPER, True),
        (DEARER, CHEAPER, True),
        (CHEAPER, DEARER, False),
        (make.FREE, CHEAPER, False),
        (
            {"kind": "per_call", "unit": UNIT, "free_quota": 5},
            {"kind": "per_call", "unit": UNIT, "free_quota": 9},
            True,
        ),
        (
            {"kind": "per_call", "unit": UNIT, "free_quota": 5},
            {"kind": "per_call", "unit": UNIT},
            False,
        ),
        (
            {"kind": "tier_volume", "tiers": [{"upto": None, "unit": UNIT}]},
            {"kind": "tier_volume", "tiers": [{"upto": None, "unit": {"e6": 90}}]},
            True,
        ),
        (
            {"kind": "tier_volume", "tiers": [{"upto": None, "unit": UNIT}]},
            {"kind": "tier_volume", "tiers": [{"upto": 9, "unit": UNIT}]},
            False,
        ),
        ({"kind": "revenue_share", "share_bp": 100, "cycle": "month"},
         {"kind": "revenue_share", "share_bp": 90, "cycle": "month"}, True),
    ],
)  # fmt: skip
def test_a_price_is_lower_when_nobody_would_pay_more(
    before: dict[str, Any], after: dict[str, Any], holds: bool
) -> None:
    assert revising.no_dearer(parse(before), parse(after)) is holds


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, "none"),
        ({"sample": []}, "minor"),
        ({"accept_days": 9}, "minor"),
        ({"accept_days": 3}, "major"),
        ({"temporal_to": date(2018, 1, 1)}, "minor"),
        ({"temporal_to": date(2016, 1, 1)}, "major"),
        ({"temporal_to": None}, "major"),
        ({"grade": "G2"}, "major"),
        ({"dataset_version_id": "dsv_1"}, "major"),
    ],
)
def test_a_revision_is_as_large_as_what_it_changes(
    session: Session, changes: dict[str, Any], size: str
) -> None:
    assert revising.size(session, make.content(), make.content(**changes)) == size


def test_fresher_data_of_the_same_columns_is_minor(session: Session) -> None:
    first, second = sheet.dataset(session), sheet.dataset(session, number=2)
    other = sheet.dataset(session, number=3, columns=[{"name": "rain", "type": "DOUBLE"}])

    def size(before: str, after: str) -> str:
        one, two = (make.content(dataset_version_id=each) for each in (before, after))
        return revising.size(session, one, two)

    assert size(first.id, second.id) == "minor"
    assert size(second.id, first.id) == "major"
    assert size(second.id, other.id) == "major"


def test_numbers_of_versions_go_on_past_what_was_withdrawn(session: Session) -> None:
    product = make.listed(session)
    first = proposed(session, product, title_zh="新名称")
    take(session, first, "withdraw", MERCHANT, reason="再想想")

    again = proposed(session, product, title_zh="更新的名称")

    assert versions.find(session, again.after_id).number == 3
    assert products.find(session, product.id).current_version_id == again.before_id
