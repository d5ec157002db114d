"""Registrations: publicity runs its days, a code is checked, a term ends."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import registrations
from catalogue.registrations import AlreadyRegistered, Registration, State
from kernel import watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from tests.catalogue import shelf
from tests.conftest import NOON, WorkAs, work_of


def _codes(error: StepRefused) -> list[str]:
    return [refusal.code for refusal in error.refusals]


def test_a_directory_is_registered_when_its_publicity_is_over(session: Session) -> None:
    version = shelf.published(session)

    made = shelf.registered(session, version.directory_id)

    assert made.state == State.REGISTERED
    assert made.code is not None
    assert made.code == f"430000-2026-000001-{registrations.check_character(made.code[:-2])}"
    assert (made.valid_from, made.valid_to) == (date(2026, 7, 1), date(2029, 6, 30))
    assert registrations.by_code(session, made.code) is made
    assert registrations.live(session, version.directory_id) is made


def test_a_registration_waits_for_the_last_day_of_its_publicity(
    session: Session, work_as: WorkAs
) -> None:
    version = shelf.published(session)
    made = shelf.in_publicity(session, version.directory_id)
    clock = watch.running(session, made.id)
    assert clock is not None
    assert (clock.due_on, clock.overdue_step) == (date(2026, 3, 16), "register")
    last_day = datetime(2026, 3, 16, 4, tzinfo=UTC)

    with pytest.raises(StepRefused) as refused:
        registrations.take(work_as("system", at=last_day), made.id, "register")
    next_day = last_day.replace(day=17)
    registrations.take(work_as("per_hub_supervisor", at=next_day), made.id, "register")

    assert _codes(refused.value) == ["PUBLICITY_RUNNING"]
    assert made.state == State.REGISTERED


def test_a_registration_is_in_force_from_its_first_to_its_last_day(session: Session) -> None:
    version = shelf.published(session)
    made = shelf.registered(session, version.directory_id, years=1)

    days = (date(2026, 6, 30), date(2026, 7, 1), date(2027, 6, 30), date(2027, 7, 1))
    found = [registrations.in_force(session, version.directory_id, day) for day in days]

    assert found == [None, made, made, None]


def test_a_registration_expires_after_its_term(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)
    made = shelf.registered(session, version.directory_id, years=1)

    with pytest.raises(StepRefused) as refused:
        registrations.take(work_as("system"), made.id, "expire")
    last_day = datetime(2027, 6, 30, 4, tzinfo=UTC)
    early = registrations.expire_due(work_as("per_hub_officer", at=last_day), limit=5)
    state = made.state
    after = datetime(2027, 7, 1, 4, tzinfo=UTC)
    late = registrations.expire_due(work_as("per_hub_officer", at=after), limit=5)

    assert _codes(refused.value) == ["STILL_VALID"]
    assert (early, state, late) == ([], State.REGISTERED, [made])
    assert made.state == State.EXPIRED
    assert registrations.live(session, version.directory_id) is None


def test_a_directory_has_one_live_registration(session: Session) -> None:
    version = shelf.published(session)
    made = shelf.registered(session, version.directory_id)

    with pytest.raises(AlreadyRegistered):
        shelf.in_publicity(session, version.directory_id)
    registrations.take(
        work_of(session, "per_dept_approver"), made.id, "deregister", reason="no longer kept"
    )
    session.flush()
    second = shelf.in_publicity(session, version.directory_id)

    assert made.state == State.DEREGISTERED
    assert second.state == State.IN_PUBLICITY


def test_the_database_holds_one_live_registration(session: Session) -> None:
    version = shelf.published(session)
    shelf.in_publicity(session, version.directory_id)

    session.add(
        Registration(
            id="reg_second",
            state=State.UNDER_REVIEW,
            directory_id=version.directory_id,
            department_id="org_dept",
            kind="initial",
            years=1,
            applied_at=NOON,
        )
    )

    with pytest.raises(IntegrityError):
        session.flush()


def test_what_is_returned_comes_back(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)
    made = shelf.in_publicity(session, version.directory_id)

    registrations.take(work_as("per_hub_reviewer"), made.id, "return", reason="objection")
    registrations.take(work_as("per_dept_editor"), made.id, "resubmit")

    assert made.state == State.UNDER_REVIEW
    assert watch.running(session, made.id) is None


def test_a_directory_that_is_not_published_or_excluded_is_not_registered(
    session: Session, work_as: WorkAs
) -> None:
    draft = shelf.drafted(session)
    excluded = shelf.published(session, operation_type="excluded")
    suspended = shelf.published(session)
    running = shelf.in_publicity(session, suspended.directory_id)
    shelf.go(session, suspended, "suspend")
    codes = []

    for version in (draft, excluded):
        with pytest.raises(Invalid) as wrong:
            shelf.in_publicity(session, version.directory_id)
        codes += [refusal.code for refusal in wrong.value.refusals]
    with pytest.raises(StepRefused) as refused:
        registrations.take(work_as("system"), running.id, "register")

    assert codes == ["DIRECTORY_NOT_PUBLISHED", "DIRECTORY_EXCLUDED"]
    assert _codes(refused.value) == ["DIRECTORY_NOT_PUBLISHED"]


@pytest.mark.parametrize("years", [0, 4])
def test_a_term_is_one_to_three_years(session: Session, years: int) -> None:
    version = shelf.published(session)

    with pytest.raises(Invalid) as wrong:
        shelf.in_publicity(session, version.directory_id, years=years)

    assert wrong.value.pointer == "/years"


def test_only_the_department_applies(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)

    for person in ("per_dept_approver", "per_operator_editor"):
        with pytest.raises(StepNotAllowed):
            registrations.apply(work_as(person), directory_id=version.directory_id, years=1)


def test_a_registration_is_public_from_its_publicity_on(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)
    made = registrations.apply(
        work_as("per_dept_editor"), directory_id=version.directory_id, years=1
    )
    session.flush()

    def seen(person: str) -> list[Registration]:
        return registrations.listed(work_as(person), after=None, limit=5).items

    assert seen("per_dept_approver") == seen("per_hub_officer") == seen("system") == [made]
    assert seen("per_buyer_editor") == []
    for key in (made.id, "reg_none"):
        with pytest.raises(NotFound):
            registrations.seen(work_as("per_buyer_editor"), key)
    registrations.take(work_as("per_hub_reviewer"), made.id, "accept")
    session.flush()
    assert seen("per_buyer_editor") == [made]
    assert registrations.seen(work_as("per_buyer_editor"), made.id) is made
    narrowed = registrations.listed(
        work_as("per_buyer_editor"), state=State.REGISTERED, after=None, limit=5
    )
    assert narrowed.items == []


def test_what_is_not_there_is_not_found(session: Session) -> None:
    serial = "430000-2026-000001"
    codes = ["nonsense", f"{serial}-{registrations.check_character(serial)}", f"{serial}-0"]
    with pytest.raises(NotFound):
        registrations.find(session, "reg_none")
    for code in codes:
        with pytest.raises(NotFound):
            registrations.by_code(session, code)
    version = shelf.published(session)
    made = shelf.in_publicity(session, version.directory_id)
    assert registrations.find(session, made.id) is made


def test_the_check_character_finds_every_wrong_digit_and_every_swap() -> None:
    serial = "430000-2026-000417"
    right = registrations.check_character(serial)
    digits = [place for place, character in enumerate(serial) if character.isdigit()]
    wrong = set()
    for place in digits:
        for digit in "0123456789":
            wrong.add(serial[:place] + digit + serial[place + 1 :])
    for left, place in pairwise(digits):
        swapped = list(serial)
        swapped[left], swapped[place] = swapped[place], swapped[left]
        wrong.add("".join(swapped))
    wrong.discard(serial)

    assert len(wrong) > 140
    assert all(registrations.check_character(other) != right for other in wrong)


def test_the_check_character_is_that_of_the_standard() -> None:
    # The example of ISO 7064 for MOD 11-2.
    assert registrations.check_character("0794") == "0"
    # An identity number's seventeen digits, of the standard GB 11643.
    assert registrations.check_character("11010519491231002") == "X"


def test_a_term_from_a_leap_day_is_no_longer_than_it_may_be(
    session: Session, work_as: WorkAs
) -> None:
    version = shelf.published(session)
    made = shelf.in_publicity(session, version.directory_id)
    leap_day = datetime(2028, 2, 29, 4, tzinfo=UTC)

    registrations.take(work_as("system", at=leap_day), made.id, "register")

    assert (made.valid_from, made.valid_to) == (date(2028, 2, 29), date(2031, 2, 27))
