"""kill -9 while subscriptions are renewed: one order for each period, and whole books."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import demonstration
from app.unit import Exchange
from kernel.money import Money
from marketplace import orders
from marketplace.orders import Order
from marketplace.renewing import renewals
from marketplace.terms import rows
from marketplace.terms.rows import Renewal, SubscriptionTerm
from settlement import fsck
from settlement.metering import subscriptions
from tests.conftest import actor_of, work_of
from tests.marketplace import make
from tests.marketplace.renewing.test_renewals import AT, MONTHLY, on, walked
from tests.marketplace.trying.test_trials import tabled

HOUSE = Path(__file__).parents[3]
PERIODS = ((date(2026, 7, 13), date(2026, 8, 12)), (date(2026, 8, 13), date(2026, 9, 12)),
           (date(2026, 9, 13), date(2026, 10, 12)))  # fmt: skip
NOTICE, DAY = timedelta(days=5), timedelta(days=1)
TRANSACTION = 3
"""How often one transaction is killed: after it has written, before and after it commits."""


class Ordeal:
    """A worker that dies in each of its transactions, on each day that is asked for."""

    def __init__(self, application: Exchange) -> None:
        self.application = application
        settings = application.house.settings
        named = ("environment", "clock", "key", "state_dir", "data_dir", "database_url")
        told = json.dumps({name: getattr(settings, name) for name in named})
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.marketplace.renewing.kill_worker", told],
            cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def killed(self, day: date) -> int:
        """Let the worker die again and again on a day; return how often it did."""
        self.at(day)
        for engine in (self.application.house.engines.write, self.application.house.engines.read):
            engine.dispose()  # whoever else is at the database is then one of the dead
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        for line in self.process.stdout:  # the house logs on the same stream
            if line.startswith("killed "):
                return int(line.split()[1])
        raise AssertionError("a life failed")

    def at(self, day: date) -> None:
        with self.application.house.engines.writing() as session:
            demonstration.begin_at(session, on(day))
            session.commit()


@pytest.fixture
def ordeal(application: Exchange) -> Iterator[Ordeal]:
    made = Ordeal(application)
    with made.process:
        yield made
        made.process.kill()


@pytest.fixture
def order_id(application: Exchange, ordeal: Ordeal) -> str:
    """Have a month of data accepted on its first day."""
    ordeal.at(PERIODS[0][0])
    with application.house.engines.writing() as session:
        product = tabled(session, application.house.data_dir, price_plan=MONTHLY,
                         delivery_mode="record_api")  # fmt: skip
        made = make.delivered(session, product).id
        session.flush()
        orders.take(application.house.work(session, actor_of("per_buyer_editor")), made, "accept")
        session.commit()
    return made


def term_of(session: Session, order_id: str) -> SubscriptionTerm:
    found = rows.of_order(session, order_id)
    assert found is not None
    return found


def followed(application: Exchange, order_id: str, day: date) -> str:
    """Have the order that renews another walked to its acceptance; return it."""
    with application.house.engines.writing() as session:
        follows = term_of(session, order_id).next_order_id
        assert follows is not None
        walked(session, follows, until="paid", day=day)
        make.deliver_now(session, follows, on(day))
        session.flush()
        orders.take(application.house.work(session, actor_of("per_buyer_editor")), follows,
                    "accept")  # fmt: skip
        session.commit()
    return follows


@pytest.mark.slow
def test_whoever_is_killed_each_period_is_ordered_once_and_paid_once(
    application: Exchange, ordeal: Ordeal, order_id: str
) -> None:
    begun = ordeal.killed(PERIODS[0][0])
    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor", at=AT)
        renewals.arrange(work, term_of(session, order_id).id, Renewal.AUTO)
        session.commit()
    ordered, noticed = [order_id], []

    for _, last in PERIODS[:2]:
        noticed.append(ordeal.killed(last - NOTICE))
        ordered.append(followed(application, ordered[-1], last - NOTICE))
        ordeal.killed(last + DAY)

    with application.house.engines.reading() as session:
        terms = [term_of(session, one) for one in ordered]
        slices = [subscriptions.of_order(session, one) for one in ordered]
        assert {*session.scalars(select(Order.id))} == {*ordered}
        assert [(term.begun_on, term.ends_on) for term in terms] == list(PERIODS)
        assert [term.state for term in terms] == ["renewed", "renewed", "running"]
        assert {sum((each.amount for each in one), Money(0)) for one in slices} == {Money(31_000)}
        assert fsck.check(session) == ()
    assert min(begun, *noticed) >= 2 * TRANSACTION
