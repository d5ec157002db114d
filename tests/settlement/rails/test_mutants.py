"""Each mistake that such gateways are known for is planted here, and must be seen.

A test that cannot fail proves nothing: next to each mutant stands the same course of events
without it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kernel.ids import secret
from settlement.rails import gateway, inbox, objects
from settlement.rails.attempts import State
from settlement.rails.inbox import Came
from settlement.rails.objects import News, ProviderObject
from settlement.rails.port import Object, Order
from settlement.rails.stripe_rail import StripeRail
from tests.conftest import WorkAs
from tests.settlement.money import STORY
from tests.settlement.rails.chaos_psp import served
from tests.settlement.rails.chaos_world import World
from tests.settlement.rails.test_outcomes import delivered, sent
from tests.settlement.rails.till import Till


class FreshKeys(StripeRail):
    """Mutant: each try has a key of its own."""

    def run(self, order: Order) -> Object:
        return super().run(replace(order, key=f"{order.key}-{secret(6)}"))


def charged_after_a_lost_answer(till: Till, world: World) -> int:
    """Lose an answer, try again, and return what was taken of the buyer."""
    attempt = till.begun(till.asked())
    world.faults["cut_after"] = 1
    till.gateway.run_due()
    world.faults["cut_after"] = 0
    till.later(seconds=5)
    till.gateway.run_due()
    assert till.again(attempt).state == State.CAPTURED
    return sum(found["amount_received"] for found in world.kind("payment_intent"))


def test_a_fresh_key_for_each_try_charges_twice_and_is_seen(work_as: WorkAs, world: World) -> None:
    with served(world) as url:
        mutant = FreshKeys("sk_test_1", world.secret, base_url=url, timeout_s=1)

        assert charged_after_a_lost_answer(Till(work_as, mutant), world) == 2 * STORY.minor


def test_one_key_for_all_tries_charges_once(till: Till, world: World) -> None:
    assert charged_after_a_lost_answer(till, world) == STORY.minor


class Died(Exception):
    """The process ends here."""


def taken_when_dying(till: Till, world: World, *, ack_first: bool) -> list[str]:
    """Let the provider notify us until it is answered, dying at the first notice; return what
    was kept."""
    attempt = till.started(method="alipay")
    world.succeed(attempt.object_id or "")
    headers, body = world.signed(world.events[-1])
    deaths = iter(["once"])

    def dies(_point: str) -> None:
        if next(deaths, None):
            raise Died

    for answered in _deliveries():
        try:
            if ack_first:
                answered.append(True)
            gateway.receive(till.unit, till.port, headers, body, at=dies)
            answered.append(True)
        except Died:
            continue
    return [notice.event_id for notice in till.notices()]


def _deliveries() -> Iterator[list[bool]]:
    answered: list[bool] = []
    for _ in range(5):
        if not answered:
            yield answered


def test_an_answer_before_the_notice_is_kept_loses_it_and_is_seen(till: Till, world: World) -> None:
    assert taken_when_dying(till, world, ack_first=True) == []


def test_an_answer_after_the_notice_is_kept_loses_none(till: Till, world: World) -> None:
    assert len(taken_when_dying(till, world, ack_first=False)) == 1


def refunded_after_a_late_word(till: Till, world: World) -> str:
    """Let a refund succeed and fail, deliver the words in the wrong order; return how it reads."""
    attempt = till.started()
    sent(till, attempt, STORY)
    (made,) = world.kind("refund")
    world.bounce(made["id"])
    delivered(till, world, "refund.failed")
    till.gateway.handle_due()
    delivered(till, world, "refund.created")
    till.gateway.handle_due()
    return str(till.again(attempt).state)


def test_status_by_arrival_takes_an_old_word_for_news_and_is_seen(
    till: Till, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always_new(_there: ProviderObject | None, _told: Object) -> News:
        return News.NEW

    monkeypatch.setattr(objects, "weigh", always_new)

    assert refunded_after_a_late_word(till, world) == State.REFUNDED


def test_status_by_rank_keeps_the_later_word(till: Till, world: World) -> None:
    assert refunded_after_a_late_word(till, world) == State.CAPTURED


def test_a_notice_is_kept_once_however_it_came(till: Till, world: World) -> None:
    till.started()
    _, body = world.signed(world.events[-1])
    event = till.port.read(body)

    def kept(came: Came) -> bool:
        return till.unit(lambda work: inbox.keep(work, event, body, came))

    assert [kept(came) for came in Came] == [True, False]
