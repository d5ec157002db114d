from datetime import timedelta
from enum import StrEnum

import pytest
from sqlalchemy.orm import Session

from kernel import journal, watch
from kernel.actor import system_only
from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.words import Words
from kernel.workflow import Step, Workflow, step
from tests.conftest import CALENDAR, NOON, WorkAs
from tests.kernel.lantern import LIFE, Lantern, State

TODAY = local_date(NOON)


@pytest.fixture
def lantern(session: Session) -> Lantern:
    made = Lantern(id="lan_1", state=State.DARK, owner_id="org_buyer", oil=1)
    session.add(made)
    session.flush()
    return made


def test_a_step_changes_the_state_and_writes_one_event(lantern: Lantern, work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor")

    LIFE.take("check", lantern, work)
    LIFE.take("light", lantern, work_as("per_exchange_listing"), wish="peace")
    work.session.flush()

    events = journal.history(work.session, lantern.id, limit=10)
    assert lantern.state == State.LIT
    assert lantern.wishes == "peace"
    assert [event.kind for event in events] == ["lantern.checked", "lantern.lit"]
    assert events[1].data == {"before": "checked", "after": "lit", "wish": "peace"}
    assert events[1].person == "per_exchange_listing"


def test_every_reason_is_told_at_once_and_nothing_changes(
    lantern: Lantern, work_as: WorkAs
) -> None:
    lantern.oil, lantern.owner_id = 0, ""

    with pytest.raises(StepRefused) as caught:
        LIFE.take("check", lantern, work_as("per_exchange_listing"))

    assert [refusal.code for refusal in caught.value.refusals] == ["NO_OIL", "NO_OWNER"]
    assert lantern.state == State.DARK
    assert journal.history(work_as("system").session, lantern.id, limit=10) == []


def test_a_step_is_not_everybodys(lantern: Lantern, work_as: WorkAs) -> None:
    with pytest.raises(StepNotAllowed, match="exchange_operator"):
        LIFE.take("check", lantern, work_as("per_other_editor"))

    assert lantern.state == State.DARK


def test_a_step_from_another_state_is_refused(lantern: Lantern, work_as: WorkAs) -> None:
    with pytest.raises(StepRefused) as caught:
        LIFE.take("light", lantern, work_as("per_exchange_listing"), wish="peace")

    assert [refusal.code for refusal in caught.value.refusals] == ["ILLEGAL_TRANSITION"]


def test_there_is_no_such_step(lantern: Lantern, work_as: WorkAs) -> None:
    with pytest.raises(NotFound, match="no step"):
        LIFE.take("fly", lantern, work_as("per_exchange_listing"))


def test_what_is_asked_must_be_answered(lantern: Lantern, work_as: WorkAs) -> None:
    LIFE.take("check", lantern, work_as("per_buyer_editor"))

    with pytest.raises(StepRefused) as caught:
        LIFE.take("light", lantern, work_as("per_exchange_listing"), wish="")

    assert [refusal.code for refusal in caught.value.refusals] == ["ANSWER_NEEDED"]


def test_the_same_eyes_do_not_look_twice(lantern: Lantern, work_as: WorkAs) -> None:
    LIFE.take("check", lantern, work_as("per_buyer_editor"))

    with pytest.raises(StepRefused) as caught:
        LIFE.take("light", lantern, work_as("per_buyer_editor"), wish="peace")

    assert [refusal.code for refusal in caught.value.refusals] == ["FOUR_EYES"]


def test_offers_are_the_buttons_with_their_reasons(lantern: Lantern, work_as: WorkAs) -> None:
    lantern.oil = 0

    offers = {offer.step: offer for offer in LIFE.offers(lantern, work_as("per_exchange_listing"))}

    assert set(offers) == {"check", "break"}
    assert [refusal.code for refusal in offers["check"].barred_by] == ["NO_OIL"]
    assert offers["break"].barred_by == ()


def test_a_clock_starts_and_stops_with_its_state(lantern: Lantern, work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor")
    LIFE.take("check", lantern, work)

    started = watch.running(work.session, lantern.id)
    assert started is not None
    assert (started.limit_days, started.overdue_step) == (3, "light_up")
    assert watch.remaining(started, CALENDAR, TODAY) == 3

    LIFE.take("light", lantern, work_as("per_exchange_listing"), wish="peace")
    work.session.flush()

    assert watch.running(work.session, lantern.id) is None
    assert watch.light(started, CALENDAR, TODAY) == Light.DONE_GREEN
    assert [clock.key for clock in watch.of(work.session, lantern.id)] == ["clocks.formal_check"]


def test_a_paused_clock_goes_on_with_what_was_left(lantern: Lantern, work_as: WorkAs) -> None:
    LIFE.take("check", lantern, work_as("per_buyer_editor"))
    later = NOON + timedelta(days=7)

    LIFE.take("wait", lantern, work_as("per_exchange_listing"), reason="wind")
    clock = watch.running(work_as("system").session, lantern.id)
    assert clock is not None
    assert watch.paused(clock)
    assert watch.light(clock, CALENDAR, TODAY + timedelta(days=30)) == Light.GREY

    LIFE.take("go_on", lantern, work_as("per_exchange_listing", at=later))
    assert not watch.paused(clock)
    assert watch.remaining(clock, CALENDAR, local_date(later)) == 3
    assert clock.due_on == CALENDAR.add(local_date(later), 3)


def test_an_overdue_clock_is_found_with_its_step(lantern: Lantern, work_as: WorkAs) -> None:
    LIFE.take("check", lantern, work_as("per_buyer_editor"))
    work = work_as("system")
    work.session.flush()
    due = CALENDAR.add(TODAY, 3)

    assert watch.overdue(work.session, due, limit=10) == []
    found = watch.overdue(work.session, due + timedelta(days=1), limit=10)

    assert [(clock.subject, clock.overdue_step) for clock in found] == [("lan_1", "light_up")]
    assert watch.all_running(work.session, ["lan_1", "lan_2"]).keys() == {"lan_1"}


def test_a_paused_clock_is_never_overdue(lantern: Lantern, work_as: WorkAs) -> None:
    LIFE.take("check", lantern, work_as("per_buyer_editor"))
    LIFE.take("wait", lantern, work_as("per_exchange_listing"), reason="wind")
    work = work_as("system")
    work.session.flush()

    assert watch.overdue(work.session, TODAY + timedelta(days=90), limit=10) == []


def test_natural_days_count_every_day(lantern: Lantern, work_as: WorkAs) -> None:
    lantern.state = State.LIT
    LIFE.take("rest", lantern, work_as("per_buyer_editor"))

    clock = watch.running(work_as("system").session, lantern.id)

    assert clock is not None
    assert clock.natural
    assert clock.due_on == TODAY + timedelta(days=7)
    assert not clock.provisional


def test_a_limit_into_an_unpublished_year_is_provisional(lantern: Lantern, work_as: WorkAs) -> None:
    LIFE.take("check", lantern, work_as("per_buyer_editor", at=NOON + timedelta(days=182)))

    clock = watch.running(work_as("system").session, lantern.id)

    assert clock is not None
    assert clock.provisional


def test_any_but_final_is_every_state_that_something_leaves() -> None:
    assert LIFE.steps["break"].source == frozenset(State) - {State.BROKEN}
    assert LIFE.finals == {State.BROKEN}


def test_the_shortest_way_is_found() -> None:
    assert LIFE.path_to(State.LIT) == ["check", "light"]


def test_the_table_is_drawn() -> None:
    drawn = LIFE.diagram()

    assert "    dark --> checked: check (its owner editor / exchange_operator)\n" in drawn
    assert drawn.endswith("    broken --> [*]\n")
    assert LIFE.matrix()[State.CHECKED, "system"] == ["light_up"]


class Lamp(StrEnum):
    OFF = "off"
    ON = "on"


def _row(name: str, overdue: str | None = None) -> Step[Lamp, Lantern]:
    words = Words("开", "On")
    says = f"lamp.{name}"
    return step(name, {Lamp.OFF}, Lamp.ON, system_only, says=says, label=words, overdue=overdue)


def test_a_table_with_two_steps_of_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        Workflow("lamp", Lamp, Lamp.OFF, _row("on"), _row("on"))


def test_a_table_with_an_unreachable_state_is_refused() -> None:
    with pytest.raises(ValueError, match="no step leads to"):
        Workflow[Lamp, Lantern]("lamp", Lamp, Lamp.OFF)


def test_a_table_that_names_an_unknown_step_is_refused() -> None:
    with pytest.raises(ValueError, match="names unknown"):
        Workflow("lamp", Lamp, Lamp.OFF, _row("on", overdue="off"))
