from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from delivery import gate, tasks
from delivery.gate import BeyondOrder
from delivery.metered import calls
from delivery.metered.calls import CallKind
from delivery.passing import allowances
from delivery.tables import datasets
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel import journal
from kernel.actor import Role
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.work import Work
from marketplace import orders, products, progress, volume
from marketplace.aftercare import destructions
from marketplace.aftercare.destructions import Cause
from marketplace.products import Product
from marketplace.trying import offers, trials
from marketplace.trying.offers import Quota, State
from marketplace.trying.trials import Trial
from tests.conftest import WorkAs, actor_of, work_of
from tests.delivery import stores
from tests.marketplace import make

NOW = make.AFTER_PUBLICITY
QUOTA = Quota(calls=3, rows=100, days=7)
PURPOSE = "核对站点覆盖与缺测情况"


def table_content(session: Session, data_dir: Path, **changes: Any) -> dict[str, Any]:
    """Load a table, and return what a product says of it. stored: of another kind."""
    version = stores.stored(session, data_dir, **{"rows": 50, **changes.pop("stored", {})})
    return {
        "dataset_version_id": version.id,
        "delivery_mode": "raw_file",
        "dictionary": [
            {"name": each["name"], "type": "string", "meaning": f"列 {each['name']}"}
            for each in version.columns
        ],
        "sample": [stores.SAMPLED],
        **changes,
    }


def tabled(session: Session, data_dir: Path, **changes: Any) -> Product:
    """Have a product of a table listed."""
    return make.listed(session, **table_content(session, data_dir, **changes))


def offered(session: Session, product: Product, quota: Quota = QUOTA) -> offers.TrialOffer:
    made = offers.offer(work_of(session, "per_developer_editor", at=NOW), product.id, quota)
    session.flush()
    return made


@pytest.fixture
def product(session: Session, tmp_path: Path) -> Product:
    return tabled(session, tmp_path)


@pytest.fixture
def trial(session: Session, work_as: WorkAs, product: Product) -> Trial:
    offered(session, product)
    made = trials.begin(work_as("per_buyer_editor", at=NOW), product.id, purpose_text=PURPOSE)
    session.flush()
    return made


def used(work: Work, task: DeliveryTask, rows: int) -> gate.Passage:
    calls.check(task, CallKind.ROWS)
    return gate.admit(work, task, Way.API, quantity=calls.quantity(rows))


def codes(error: pytest.ExceptionInfo[Any]) -> set[str]:
    return {refusal.code for refusal in error.value.refusals}


def test_a_trial_is_read_within_its_calls_and_rows_and_no_further(
    session: Session, work_as: WorkAs, trial: Trial
) -> None:
    task = tasks.find(session, trial.task_id)
    buyer = work_as("per_buyer_editor", at=NOW)

    passage = used(buyer, task, 60)
    with pytest.raises(BeyondOrder) as rows:
        used(buyer, task, 41)
    used(buyer, task, 40)
    used(buyer, task, 0)
    with pytest.raises(BeyondOrder) as number:
        used(buyer, task, 0)

    assert passage.way is Way.API
    assert (task.mode, task.state, trial.until - NOW.date()) == (
        "record_api", "in_progress", timedelta(days=6)
    )  # fmt: skip
    assert codes(rows) == codes(number) == {"ALLOWANCE_USED_UP"}
    assert gate.offered(task) == {Way.API}
    assert {each.meter: each.left for each in allowances.of(session, task.id)} == {
        "calls": 0, "rows": 0,
    }  # fmt: skip


def test_a_trial_is_the_buyers_alone(session: Session, work_as: WorkAs, trial: Trial) -> None:
    task = tasks.find(session, trial.task_id)

    with pytest.raises(StepNotAllowed):
        used(work_as("per_other_editor", at=NOW), task, 1)
    with pytest.raises(NotFound):
        trials.seen(work_as("per_other_editor", at=NOW), trial.id)

    assert trials.seen(work_as("per_exchange_auditor", at=NOW), trial.id) is trial
    assert trials.listed(work_as("per_developer_editor"), after=None, limit=9).items == [trial]
    assert trials.listed(work_as("per_other_editor"), after=None, limit=9).items == []


def test_an_organisation_tries_a_product_once_even_when_two_ask_at_once(
    session: Session, work_as: WorkAs, product: Product, trial: Trial
) -> None:
    with pytest.raises(StepRefused) as again:
        trials.begin(work_as("per_buyer_signer", at=NOW), product.id, purpose_text=PURPOSE)
    trials.take(work_as("per_buyer_editor", at=NOW), trial.id, "end")
    with pytest.raises(StepRefused) as after:
        trials.begin(work_as("per_buyer_signer", at=NOW), product.id, purpose_text=PURPOSE)
    session.flush()
    columns = ", ".join(column.name for column in Trial.__table__.columns if column.name != "id")
    values = columns.replace("task_id", "'x'")

    assert codes(again) == codes(after) == {"TRIED_ALREADY"}
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            text(f"INSERT INTO trials (id, {columns}) SELECT 'tri_2', {values} FROM trials")
        )


def test_a_trial_ends_by_itself_and_the_next_use_is_refused(
    session: Session, work_as: WorkAs, trial: Trial
) -> None:
    task = tasks.find(session, trial.task_id)
    last, after = NOW + timedelta(days=6), NOW + timedelta(days=7)

    used(work_as("per_buyer_editor", at=last), task, 1)
    early = trials.end_due(work_as("system", at=last), limit=10)
    with pytest.raises(BeyondOrder) as late:
        used(work_as("per_buyer_editor", at=after), task, 1)
    ended = trials.end_due(work_as("system", at=after), limit=10)
    again = trials.end_due(work_as("system", at=after), limit=10)

    assert codes(late) == {"USE_PERIOD_OVER"}
    assert (early, ended, again) == (0, 1, 0)
    assert (trial.state, task.state, trial.ended_at) == ("ended", "revoked", after)
    (event,) = [one for one in journal.history(session, task.id, limit=50)
                if one.kind == "delivery.revoked"]  # fmt: skip
    trials.delivery_ended(work_as("system", at=after), event)
    destructions.delivery_ended(work_as("system", at=after), event)
    assert destructions.of_task(session, task.id) is None


def test_a_delivery_that_the_regulator_revokes_ends_its_trial(
    session: Session, work_as: WorkAs, trial: Trial
) -> None:
    tasks.take(work_as("per_hub_supervisor", at=NOW), trial.task_id, "revoke", reason="监管要求")
    session.flush()
    (event,) = [one for one in journal.history(session, trial.task_id, limit=50)
                if one.kind == "delivery.revoked"]  # fmt: skip

    trials.delivery_ended(work_as("system", at=NOW), event)

    assert trial.state == "ended"


def test_what_leaves_the_market_is_tried_no_more_and_may_come_back(
    session: Session, work_as: WorkAs, product: Product, trial: Trial
) -> None:
    officer, buyer = work_as("per_exchange_compliance", at=NOW), work_as("per_buyer_editor", at=NOW)
    task = tasks.find(session, trial.task_id)
    products.take(officer, product.id, "suspend", reason="核查")

    with pytest.raises(BeyondOrder) as stopped:
        trials.require(buyer, task)
    products.take(officer, product.id, "resume", reason="无误")
    trials.require(buyer, task)

    assert codes(stopped) == {"PRODUCT_NOT_LISTED"}


def test_a_seller_that_calls_a_trial_complete_moves_no_order(
    session: Session, work_as: WorkAs, trial: Trial
) -> None:
    tasks.take(work_as("per_developer_editor", at=NOW), trial.task_id, "complete")
    session.flush()
    (event,) = [one for one in journal.history(session, trial.task_id, limit=50)
                if one.kind == "delivery.completed"]  # fmt: skip

    progress.mark_delivered(work_as("system", at=NOW), event)
    trials.take(work_as("per_developer_editor", at=NOW), trial.id, "end")

    assert session.scalars(select(orders.Order)).all() == []
    assert tasks.find(session, trial.task_id).state == "revoked"


def test_an_order_comes_of_a_trial_in_one_step_and_once_at_a_time(
    session: Session, work_as: WorkAs, trial: Trial
) -> None:
    buyer = work_as("per_buyer_editor", at=NOW)
    session.flush()
    before = volume.totals(session, since=NOW.date(), until=NOW.date())

    placed = trials.order(buyer, trial.id)
    session.flush()
    with pytest.raises(StepRefused) as twice:
        trials.order(buyer, trial.id)
    orders.take(buyer, placed.id, "cancel", reason="改日再订")
    second = trials.order(buyer, trial.id, quantity=2, pay_mode="prepaid")

    assert orders.use_of(placed)["purpose_text"] == PURPOSE
    assert (placed.state, trial.state) == ("closed", "active")
    assert codes(twice) == {"ORDERED_FROM_TRIAL"}
    assert second.total == placed.total + placed.total
    assert trial.order_id == second.id
    assert volume.totals(session, since=NOW.date(), until=NOW.date()) == before
    with pytest.raises(StepNotAllowed):
        trials.order(work_as("per_developer_editor", at=NOW), trial.id)


def test_only_who_buys_tries_and_never_its_own_and_says_what_for(
    session: Session, work_as: WorkAs, product: Product
) -> None:
    buyer = work_as("per_buyer_editor", at=NOW)

    with pytest.raises(StepRefused) as none:
        trials.begin(buyer, product.id, purpose_text=PURPOSE)
    offered(session, product)
    with pytest.raises(Invalid):
        trials.begin(buyer, product.id, purpose_text="  ")
    with pytest.raises(StepNotAllowed):
        trials.begin(work_as("per_dept_editor", at=NOW), product.id, purpose_text=PURPOSE)
    seller = actor_of("per_developer_editor")
    both = replace(seller, roles=seller.roles | {Role.BUYER})
    own = replace(work_as("per_developer_editor", at=NOW), actor=both)
    with pytest.raises(StepRefused) as self_trade:
        trials.begin(own, product.id, purpose_text=PURPOSE)

    assert codes(none) == {"NO_TRIAL_OFFERED"}
    assert codes(self_trade) == {"SELF_TRADE"}
    assert trials.own_of(buyer, product.id) is None


def test_an_offer_takes_the_place_of_the_last_and_is_withdrawn(
    session: Session, work_as: WorkAs, product: Product
) -> None:
    first = offered(session, product)
    second = offered(session, product, Quota(5, 10, 1))
    seller = work_as("per_developer_editor", at=NOW)

    shown = offers.of_product(session, product.id)
    with pytest.raises(StepNotAllowed):
        offers.take(work_as("per_buyer_editor", at=NOW), second.id, "withdraw")
    offers.take(seller, second.id, "withdraw")

    assert (first.state, shown) == (State.WITHDRAWN, second)
    assert {*offers.own(seller, after=None, limit=9).items} == {first, second}
    assert offers.of_product(session, product.id) is None
    with pytest.raises(NotFound):
        offers.find(session, "tro_none")


@pytest.mark.parametrize("quota", [Quota(0, 1, 1), Quota(1, 0, 1), Quota(1, 1, 31),
                                   Quota(1001, 1, 1), Quota(1, 10_001, 1)])  # fmt: skip
def test_an_offer_has_its_bounds(session: Session, product: Product, quota: Quota) -> None:
    with pytest.raises(Invalid):
        offered(session, product, quota)


def test_a_verification_is_tried_by_calls_alone(
    session: Session, work_as: WorkAs, tmp_path: Path
) -> None:
    product = tabled(session, tmp_path, delivery_mode="verification", product_type="verification")
    offered(session, product, Quota(2, 0, 3))

    made = trials.begin(work_as("per_buyer_editor", at=NOW), product.id, purpose_text=PURPOSE)

    task = tasks.find(session, made.task_id)
    assert task.mode == "verification"
    with pytest.raises(BeyondOrder) as rows:
        used(work_as("per_buyer_editor", at=NOW), task, 1)
    assert codes(rows) == {"ROWS_NOT_ORDERED"}


def test_nobody_offers_what_is_anothers_or_cannot_be_tried(
    session: Session, work_as: WorkAs, product: Product
) -> None:
    by_hand = make.listed(session, title_zh="人工报告服务")
    public = make.listed(session, make.public_content(session))
    draft = make.draft(session, title_zh="草稿产品指数")
    session.flush()

    with pytest.raises(StepNotAllowed):
        offers.offer(work_as("per_buyer_editor", at=NOW), product.id, QUOTA)
    told = {}
    for each in (by_hand, public, draft):
        with pytest.raises(StepRefused) as error:
            offered(session, each)
        told[each.id] = codes(error)

    assert told == {
        by_hand.id: {"NOTHING_TO_TRY"},
        public.id: {"NOTHING_TO_TRY", "PUBLIC_NOT_TRIED"},
        draft.id: {"NOTHING_TO_TRY", "PRODUCT_NOT_LISTED"},
    }


def test_what_people_are_found_in_is_not_tried(
    session: Session, work_as: WorkAs, product: Product
) -> None:
    offered(session, product)
    _, version = products.show(work_as("per_buyer_editor"), product.id)
    measured = datasets.by_id(session, version.dataset_version_id or "")
    measured.pi_class = "ordinary"  # as if it had been found since; not stored

    with session.no_autoflush, pytest.raises(StepRefused) as error:
        trials.begin(work_as("per_buyer_editor", at=NOW), product.id, purpose_text=PURPOSE)
    session.expire(measured)

    assert codes(error) == {"TRIAL_NOT_ALLOWED"}


def test_of_a_trial_no_destruction_is_asked(
    session: Session, work_as: WorkAs, trial: Trial
) -> None:
    task = tasks.find(session, trial.task_id)
    task.reads = 1

    assert destructions.open_for(work_as("system", at=NOW), task, Cause.PERIOD_OVER) is None
