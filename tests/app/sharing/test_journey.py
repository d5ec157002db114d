"""From an order to a DataFrame, and to the refusal of the next read when the right has ended."""

import warnings
from datetime import timedelta
from pathlib import Path

import delta_sharing
import pytest
from sqlalchemy.orm import Session

from app import demonstration
from app.unit import Exchange
from delivery import tasks
from delivery.tasks import DeliveryTask
from marketplace import orders
from tests.app.sharing.conftest import Shared
from tests.conftest import work_of
from tests.delivery import stores
from tests.marketplace import make


def test_who_buys_a_table_reads_it_until_the_right_is_suspended(
    application: Exchange, shared: Shared
) -> None:
    def bought(session: Session, data_dir: Path) -> DeliveryTask:
        version = stores.stored(session, data_dir)
        product = make.listed(
            session,
            dataset_version_id=version.id,
            delivery_mode="raw_file",
            dictionary=[
                {"name": each["name"], "type": "string", "meaning": f"列 {each['name']}"}
                for each in version.columns
            ],
            sample=[stores.SAMPLED],
        )
        order = make.paid(session, product)
        (task,) = tasks.of_order(session, order.id)
        engineer = work_of(session, "per_developer_signer", at=make.AFTER_PUBLICITY)
        tasks.take(engineer, task.id, "provision")
        assert orders.find(session, order.id).state == "in_delivery"
        return task

    with application.house.engines.writing() as session:
        demonstration.begin_at(session, make.AFTER_PUBLICITY + timedelta(days=8))
        session.commit()
    profile, task_id = shared(bought)
    table = f"{profile}#{task_id.lower()}.data.rows"

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = delta_sharing.load_as_pandas(table)
        with application.house.engines.writing() as session:
            work = work_of(session, "per_hub_supervisor")
            tasks.take(work, task_id, "suspend", reason="监管要求")
            session.commit()
        with pytest.raises(Exception, match="NOT_OPEN"):
            delta_sharing.load_as_pandas(table)

    assert len(frame) == 1000
    assert frame["id"].tolist() == list(range(1000))
