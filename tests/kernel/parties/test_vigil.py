from datetime import date, datetime, timedelta

from kernel import watch
from kernel.clock import SHANGHAI
from kernel.deadlines import Light
from kernel.parties import admission, checks, documents, organisations, vigil
from kernel.parties.admission import Admission
from kernel.parties.organisations import Organisation, State
from kernel.work import Work
from tests.conftest import NOON, WorkAs
from tests.kernel.parties import entry


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


def watched(work_as: WorkAs, day: date) -> Work:
    work = work_as("system", at=noon(day))
    work.session.flush()
    vigil.watch_expiry(work, limit=10)
    work.session.flush()
    return work


def file_of(work_as: WorkAs, made: Organisation) -> Admission:
    return admission.needed(work_as("system"), made.id)


def test_a_licence_turns_yellow_and_then_restricts(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    found = file_of(work_as, made)
    found.licence_valid_to = date(2026, 9, 30)
    found.verified_on = date(2026, 9, 1)

    lights = [
        vigil.light(work_as("system", at=noon(day)), found)
        for day in (date(2026, 8, 30), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 1))
    ]
    watched(work_as, date(2026, 9, 30))
    before = made.state
    watched(work_as, date(2026, 10, 1))

    assert lights == [Light.GREEN, Light.YELLOW, Light.YELLOW, Light.RED]
    assert (before, made.state) == (State.ACTIVE, State.RESTRICTED)
    found.licence_valid_to = None
    assert vigil.light(work_as("system"), found) == Light.GREEN


def test_a_promise_that_is_broken_restricts(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    file_of(work_as, made).committed_until = date(2026, 7, 10)
    later = entry.admin(work_as, made, at=NOON + timedelta(seconds=1))
    documents.file(
        later, made.id, doc_type="credit_report", name="x",
        content=entry.PAPER, valid_to=date(2026, 7, 2),
    )  # fmt: skip

    watched(work_as, date(2026, 7, 10))
    before = made.state
    watched(work_as, date(2026, 7, 11))

    assert (before, made.state) == (State.ACTIVE, State.RESTRICTED)


def test_a_promise_that_is_kept_is_struck_out(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    file_of(work_as, made).committed_until = date(2026, 7, 10)

    watched(work_as, date(2026, 7, 11))

    assert made.state == State.ACTIVE
    assert file_of(work_as, made).committed_until is None


def test_after_a_year_it_is_gone_through_again(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    found = file_of(work_as, made)
    due = vigil.due_on(work_as("system"), found)
    assert due == date(2027, 7, 1)

    watched(work_as, due - timedelta(days=1))
    quiet = watch.running(work_as("system").session, made.id)
    work = watched(work_as, due)
    called = watch.running(work.session, made.id)
    watched(work_as, due + timedelta(days=1))

    assert quiet is None
    assert called is not None
    assert (called.key, called.overdue_step) == ("clocks.reverification", "fail_verification")
    checks.record(
        work_as("per_exchange_compliance", at=noon(due)), made.id, flags=entry.CLEAN, source="x"
    )
    approver = work_as("per_exchange_approver", at=noon(due))
    organisations.take(approver, made.id, "reverify")
    assert found.verified_on == due
    assert watch.running(approver.session, made.id) is None


def test_who_is_not_gone_through_in_time_is_restricted(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    work = watched(work_as, date(2027, 7, 1))

    organisations.take(work, made.id, "fail_verification")

    assert made.state == State.RESTRICTED
    assert watch.running(work.session, made.id) is None


def test_who_was_called_up_early_is_verified_without_a_clock(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)

    organisations.take(work_as("per_exchange_approver"), made.id, "reverify")

    assert file_of(work_as, made).verified_on == NOON.astimezone(SHANGHAI).date()


def test_a_file_that_was_never_verified_has_no_due_day(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    entry.filed(work_as, made)

    assert vigil.due_on(work_as("system"), file_of(work_as, made)) is None
