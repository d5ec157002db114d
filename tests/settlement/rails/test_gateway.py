from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from kernel import journal
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.work import Work
from settlement.rails import attempts, collecting, commands, inbox
from settlement.rails.attempts import State
from settlement.rails.commands import NothingToRetry
from settlement.rails.fake_rail import BUSY, DECLINES, LOST, STUMBLES, FakeRail
from settlement.rails.gateway import KEY_LIFE, LEASE, Unclaimed
from settlement.rails.port import Kind
from tests.settlement.rails.chaos_world import World
from tests.settlement.rails.till import Till

WHO = ("settler", "checker")
T = TypeVar("T")


def intents(world: World) -> list[str]:
    return [found["id"] for found in world.kind("payment_intent")]


def tries(till: Till, times: int) -> None:
    for _ in range(times):
        till.gateway.run_due()
        till.later(hours=1)


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_key(
    till: Till, world: World
) -> None:
    attempt = till.begun(till.asked())
    world.faults["cut_after"] = 1
    till.gateway.run_due()
    lost = (till.again(attempt).state, till.command(attempt).state)
    world.faults["cut_after"] = 0

    till.later(seconds=5)
    till.gateway.run_due()

    assert lost == (State.UNKNOWN, commands.State.UNKNOWN)
    assert till.again(attempt).state == State.CAPTURED
    assert (len(intents(world)), world.seen["replayed"]) == (1, 1)


def test_an_answer_that_comes_too_late_is_no_answer(till: Till, world: World) -> None:
    attempt = till.begun(till.asked())
    world.faults["slow_after"] = 1

    till.gateway.run_due()

    assert till.again(attempt).state == State.UNKNOWN
    assert till.command(attempt).last_error == "no-connection"


def test_a_provider_that_is_busy_is_asked_later(till: Till, world: World) -> None:
    attempt = till.begun(till.asked())
    world.faults["busy"] = 1
    till.gateway.run_due()
    waits = till.command(attempt)
    world.faults["busy"] = 0

    assert (waits.state, waits.attempts) == (commands.State.SENT, 1)
    assert not till.gateway.run(None), "not before its time"
    till.later(seconds=2)
    till.gateway.run_due()
    assert till.again(attempt).state == State.CAPTURED


def test_a_failure_that_is_kept_with_the_key_is_left_for_a_new_key_after_a_search(
    till: Till, world: World
) -> None:
    attempt = till.begun(till.asked())
    world.faults["500_before"] = 1
    tries(till, 1)
    world.faults["500_before"] = 0

    tries(till, 4)

    assert world.seen["replayed"] == 2
    assert till.again(attempt).state == State.CAPTURED
    assert (till.command(attempt).key_no, len(intents(world))) == (2, 1)


def test_a_failure_that_hides_a_success_is_found_by_its_metadata(till: Till, world: World) -> None:
    attempt = till.begun(till.asked())
    world.faults["500_after"] = 1
    tries(till, 1)
    world.faults["500_after"] = 0

    tries(till, 4)

    assert till.again(attempt).state == State.CAPTURED
    assert (till.command(attempt).key_no, len(intents(world))) == (1, 1)


def test_a_key_that_may_be_forgotten_is_not_used_before_a_search(till: Till, world: World) -> None:
    attempt = till.begun(till.asked())
    world.faults["cut_after"] = 1
    till.gateway.run_due()
    world.faults["cut_after"] = 0
    world.keys.clear()  # the provider has forgotten
    till.now += KEY_LIFE * 1.1

    till.gateway.run_due()

    assert till.again(attempt).state == State.CAPTURED
    assert len(intents(world)) == 1


def test_an_old_command_that_has_made_nothing_is_sent(till: Till, world: World) -> None:
    attempt = till.begun(till.asked())
    world.faults["cut_before"] = 1
    till.gateway.run_due()
    world.faults["cut_before"] = 0
    till.now += KEY_LIFE * 1.1

    till.gateway.run_due()

    assert till.again(attempt).state == State.CAPTURED
    assert len(intents(world)) == 1


def test_where_nothing_can_be_searched_a_person_must_look(fake_till: Till, fake: FakeRail) -> None:
    till = fake_till
    fake.can -= {"search"}
    fake.faults.append(LOST)
    attempt = till.begun(till.asked())
    till.gateway.run_due()
    till.now += KEY_LIFE * 1.1
    till.gateway.run_due()
    command = till.command(attempt)
    assert (command.state, command.last_error) == (commands.State.STUCK, "cannot-tell")

    with pytest.raises(StepNotAllowed):
        commands.retry(till.work_as("per_buyer_editor"), command.id)
    fake.can |= {"search"}
    commands.retry(till.work_as("per_exchange_settler", at=till.now), command.id)
    till.gateway.run_due()

    assert till.again(attempt).state == State.CAPTURED
    with pytest.raises(NothingToRetry):
        commands.retry(till.work_as("per_exchange_settler", at=till.now), command.id)


def stuck_refund(till: Till, fake: FakeRail) -> commands.Command:
    """Let a refund get stuck at a provider at which nothing can be searched."""
    fake.can -= {"search"}
    found = commands.give(
        till.work, provider="fake", kind=commands.REFUND, subject="rfd_1", amount=Money(5), body={}
    )
    till.session.flush()
    commands.claim(till.work, LEASE, ports=["fake"], command_id=found.id)
    commands.stick(till.work, found, "cannot-tell")
    return found


def test_where_nothing_can_be_searched_a_person_who_has_looked_has_it_sent(
    fake_till: Till, fake: FakeRail
) -> None:
    till = fake_till
    fake.can -= {"search"}
    fake.faults.append(BUSY)
    attempt = till.begun(till.asked())
    till.gateway.run_due()
    till.now += KEY_LIFE * 1.1
    till.gateway.run_due()
    stuck = till.command(attempt).state

    commands.retry(till.work_as("per_exchange_settler", at=till.now), attempt.command_id)
    till.gateway.run_due()

    assert stuck == commands.State.STUCK
    assert till.command(attempt).vouched_by == "per_exchange_settler"
    assert till.again(attempt).state == State.CAPTURED


def test_what_pays_out_is_sent_again_by_two_persons(fake_till: Till, fake: FakeRail) -> None:
    till, found = fake_till, stuck_refund(fake_till, fake)
    one, other = (till.work_as(f"per_exchange_{name}", at=till.now) for name in WHO)

    first = commands.retry(one, found.id).state
    with pytest.raises(StepRefused) as alone:
        commands.retry(one, found.id)
    second = commands.retry(other, found.id).state

    assert (first, second) == (commands.State.STUCK, commands.State.UNKNOWN)
    assert [refusal.code for refusal in alone.value.refusals] == ["FOUR_EYES"]
    assert (found.vouched_by, found.confirmed_by) == (one.actor.person, other.actor.person)
    with pytest.raises(IntegrityError), till.session.begin_nested():
        till.session.execute(update(commands.Command).values(confirmed_by=one.actor.person))


def test_who_vouched_is_forgotten_when_it_sticks_again(fake_till: Till, fake: FakeRail) -> None:
    till, found = fake_till, stuck_refund(fake_till, fake)
    for name in WHO:
        commands.retry(till.work_as(f"per_exchange_{name}", at=till.now), found.id)

    commands.stick(till.work, found, "cannot-tell")

    assert (found.vouched_by, found.confirmed_by) == (None, None)


def test_a_command_that_waits_is_tried_at_once_when_a_person_says_so(
    fake_till: Till, fake: FakeRail
) -> None:
    till = fake_till
    fake.faults.append(LOST)
    attempt = till.begun(till.asked())
    till.gateway.run_due()
    too_early = till.gateway.run(None)

    commands.retry(till.work_as("per_exchange_settler", at=till.now), attempt.command_id)
    till.gateway.run_due()

    assert not too_early
    assert till.again(attempt).state == State.CAPTURED
    assert till.command(attempt).vouched_by is None


def test_a_command_is_seen_by_who_oversees_money(till: Till) -> None:
    attempt = till.begun(till.asked())
    auditor = till.work_as("per_exchange_auditor", at=till.now)

    assert commands.seen(auditor, attempt.command_id).subject == attempt.id
    of_new = commands.listed(auditor, state=commands.State.NEW, limit=9).items
    assert [one.id for one in of_new] == [attempt.command_id]
    assert commands.listed(auditor, state=commands.State.DONE, limit=9).items == []
    with pytest.raises(NotFound):
        commands.seen(till.work_as("per_buyer_editor"), attempt.command_id)
    with pytest.raises(NotFound):
        commands.retry(till.work_as("per_exchange_settler"), "cmd_none")


def test_a_command_that_is_never_answered_waits_for_a_person_after_a_day_and_more(
    till: Till, world: World
) -> None:
    attempt = till.begun(till.asked())
    world.faults["cut_before"] = 1

    tries(till, commands.TRIES_MAX + 1)

    assert till.command(attempt).state == commands.State.STUCK
    assert not till.gateway.run(None)


@pytest.mark.parametrize(
    ("fault", "state"),
    [(LOST, State.UNKNOWN), (STUMBLES, State.UNKNOWN), (BUSY, State.CREATED),
     (DECLINES, State.FAILED)],
)  # fmt: skip
def test_each_fault_of_the_fake_is_told_as_it_is(
    fake_till: Till, fake: FakeRail, fault: str, state: State
) -> None:
    fake.faults.append(fault)

    attempt = fake_till.started()

    assert attempt.state == state


def test_a_command_of_a_provider_that_is_not_here_now_waits(till: Till, fake: FakeRail) -> None:
    attempt = till.begun(till.asked())

    other = Till(till.work_as, fake)

    assert not other.gateway.run(None)
    assert till.gateway.run(attempt.command_id)


def test_one_command_that_cannot_be_carried_out_does_not_stop_the_others(
    fake_till: Till, fake: FakeRail
) -> None:
    till = fake_till
    bad = till.begun(till.asked())
    good = till.begun(till.asked("ord_2"))
    till.session.execute(
        update(commands.Command).where(commands.Command.id == bad.command_id).values(body={})
    )
    till.session.expire_all()

    assert till.gateway.run_due() == 2

    assert till.again(good).state == State.CAPTURED
    assert "KeyError" in till.command(bad).last_error


def test_a_unit_that_is_run_again_speaks_of_the_notice_that_it_found_last(
    till: Till, world: World
) -> None:
    for name in ("cmd_1", "cmd_2"):  # two that we never asked for
        world.done(
            "/v1/payment_intents",
            {"amount": "5", "currency": "cny", "payment_method_types[0]": "card",
             "confirm": "true", "metadata[command_id]": name},
        )  # fmt: skip
    for event in world.events:
        if event["type"] == "payment_intent.succeeded":
            till.notified(*world.signed(event))
    first, second = till.notices()
    lost = iter([True])

    def units(command: Callable[[Work], T], /) -> T:
        if next(lost, False):
            with pytest.raises(Unclaimed):  # undone, as by a deadlock; another takes the notice
                till.unit(command)
            till.unit(lambda work: inbox.handled(work, first.provider, first.event_id))
        return till.unit(command)

    replace(till.gateway, units=units).handle_due(at_most=1)

    told = [(notice.handled_at is not None, notice.tries) for notice in till.notices()]
    assert (told, second.error[:9]) == ([(True, 0), (False, 1)], "Unclaimed")


def test_a_try_that_was_closed_before_it_was_sent_is_never_sent(till: Till, world: World) -> None:
    attempt = till.begun(till.asked())
    collecting.give_up(till.work_as("per_buyer_editor", at=till.now), attempt.id)

    till.gateway.run_due()

    assert till.command(attempt).last_error == "withdrawn"
    assert intents(world) == []


def test_a_try_that_was_closed_while_it_was_on_its_way_is_closed_there_too(
    till: Till, world: World
) -> None:
    attempt = till.begun(till.asked(), "alipay")
    world.faults["cut_after"] = 1
    till.gateway.run_due()
    world.faults["cut_after"] = 0
    collecting.give_up(till.work_as("per_buyer_editor", at=till.now), attempt.id)

    tries(till, 2)

    (intent,) = world.kind("payment_intent")
    assert (till.again(attempt).state, intent["status"]) == (State.CANCELLED, "canceled")


def test_what_is_done_is_in_the_journal(till: Till) -> None:
    attempt = till.started()
    till.session.flush()

    told = journal.history(till.session, attempt.command_id, limit=9)

    assert [event.kind for event in told] == ["provider.command_given", "provider.command_done"]
    assert told[0].data["amount"] == {"minor": attempt.amount.minor, "currency": "CNY"}


def test_commands_are_of_known_kinds(till: Till) -> None:
    with pytest.raises(ValueError, match="no command"):
        commands.give(till.work, provider="x", kind="pray", subject="y", amount=Money(0), body={})


def test_a_look_at_what_is_gone_is_no_answer(fake_till: Till) -> None:
    attempt = fake_till.started(method="alipay")
    fake_till.port.objects.clear()  # type: ignore[attr-defined]  # the fake's
    collecting.give_up(fake_till.work_as("per_buyer_editor", at=fake_till.now), attempt.id)

    fake_till.gateway.run_due()

    assert fake_till.command(attempt, "cancel").state == commands.State.SENT


def test_commands_are_listed_to_who_oversees(till: Till) -> None:
    attempt = till.started()
    waiting = till.begun(till.asked("ord_2"))
    auditor = till.work_as("per_exchange_auditor", at=till.now)

    all_ = commands.listed(auditor, limit=9).items
    open_ = commands.listed(auditor, open_only=True, limit=9).items

    both = sorted((waiting.command_id, attempt.command_id), reverse=True)
    assert [one.id for one in all_] == both
    assert [one.id for one in open_] == [waiting.command_id]
    with pytest.raises(StepNotAllowed):
        commands.listed(till.work_as("per_buyer_editor"), limit=9)


def test_nothing_is_looked_up_for_who_did_not_begin_it(till: Till, world: World) -> None:
    attempt = till.started(method="alipay")

    till.gateway.look("stripe", Kind.PAYMENT, attempt.object_id or "")

    assert till.again(attempt).state == State.REQUIRES_ACTION
    assert attempts.live_of(till.session, attempt.payment_id) is attempt
