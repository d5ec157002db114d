"""Registrations: publicity runs its days, a code is checked, a term ends."""

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import directories, forms, registrations
from catalogue.forms import Form
from catalogue.registrations import AlreadyRegistered, Registration, State
from kernel import journal, watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from tests.catalogue import shelf
from tests.conftest import CRYPTO, NOON, WorkAs, work_of


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


def test_i_13_a_directory_has_one_live_registration(session: Session) -> None:
    version = shelf.published(session)
    made = shelf.registered(session, version.directory_id)

    with pytest.raises(AlreadyRegistered):
        shelf.in_publicity(session, version.directory_id)
    registrations.take(
        work_of(session, "per_dept_approver"), made.id, "deregister", reason="no longer kept"
    )
    registrations.take(work_of(session, "per_hub_reviewer"), made.id, "confirm_deregistration")
    session.flush()
    second = shelf.in_publicity(session, version.directory_id)

    assert made.state == State.DEREGISTERED
    assert second.state == State.IN_PUBLICITY


def test_i_13_the_database_holds_one_live_registration(session: Session) -> None:
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
            revision=1,
            returned_count=0,
            applied_at=NOON,
        )
    )

    with pytest.raises(IntegrityError):
        session.flush()


def test_what_is_returned_once_comes_back_and_is_then_passed_or_refused(
    session: Session, work_as: WorkAs
) -> None:
    made = shelf.applied(session, shelf.published(session).directory_id)

    registrations.take(work_as("per_hub_reviewer"), made.id, "return", reason="storage unclear")
    clock = watch.running(session, made.id)
    form: Form = {**shelf.FORM, "storage": "省政务云三区"}
    registrations.fill(work_as("per_dept_editor"), made.id, form=form)
    registrations.take(work_as("per_dept_editor"), made.id, "resubmit")
    session.flush()
    with pytest.raises(StepRefused) as refused:
        registrations.take(work_as("per_hub_reviewer"), made.id, "return", reason="again")
    with pytest.raises(StepRefused) as submitted:
        registrations.fill(work_as("per_dept_editor"), made.id, form=form)
    registrations.take(work_as("per_hub_reviewer"), made.id, "refuse", reason="not ours")

    assert clock is None
    assert (_codes(refused.value), _codes(submitted.value)) == (["RETURNED_ONCE"], ["SUBMITTED"])
    assert made.state == State.REFUSED
    assert registrations.live(session, made.directory_id) is None
    given = registrations.filled(work_as("per_hub_officer"), made.id)
    assert [one.body["storage"] for one in given] == ["省政务云三区", "省政务云安全域"]


def test_silence_of_three_working_days_is_acceptance(session: Session, work_as: WorkAs) -> None:
    made = shelf.applied(session, shelf.published(session).directory_id, at=NOON)

    clock = watch.running(session, made.id)
    assert clock is not None
    asked = (clock.due_on, clock.overdue_step)
    registrations.take(work_as("system"), made.id, str(clock.overdue_step))
    session.flush()
    review = watch.running(session, made.id)

    assert asked == (date(2026, 7, 6), "accept")
    assert made.state == State.FORMAL_REVIEW
    assert review is not None
    assert (review.due_on, review.overdue_step) == (date(2026, 7, 29), None)


def test_an_application_may_be_kept_back_and_withdrawn(session: Session, work_as: WorkAs) -> None:
    directory_id = shelf.published(session).directory_id
    editor = work_as("per_dept_editor")

    made = registrations.prepare(editor, directory_id=directory_id, years=2, form=shelf.FORM)
    session.flush()
    early = made.state
    registrations.take(editor, made.id, "withdraw", reason="later")
    session.flush()
    second = shelf.applied(session, directory_id)

    assert early == State.TO_REGISTER
    assert (made.state, second.state) == (State.WITHDRAWN, State.UNDER_REVIEW)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"commitment": False}, "/form/commitment"),
        ({"documents": ["ab" * 32, "no digest"]}, "/form/documents/1"),
        ({"storage": "  "}, "/form/storage"),
    ],
)
def test_a_form_makes_the_promise_and_names_its_documents(
    session: Session, work_as: WorkAs, changes: dict[str, Any], pointer: str
) -> None:
    directory_id = shelf.published(session).directory_id
    form: Any = {**shelf.FORM, **changes}

    with pytest.raises(Invalid) as wrong:
        registrations.apply(
            work_as("per_dept_editor"), directory_id=directory_id, years=1, form=form
        )

    assert wrong.value.pointer == pointer


def test_the_promise_is_kept_by_its_digest(session: Session, work_as: WorkAs) -> None:
    made = shelf.applied(session, shelf.published(session).directory_id)

    (form,) = registrations.filled(work_as("per_dept_editor"), made.id)

    assert form.commitment == CRYPTO.digest(forms.COMMITMENT.zh.encode())
    assert form.person_id == "per_dept_editor"


def test_a_form_is_not_for_everybody(session: Session, work_as: WorkAs) -> None:
    made = shelf.in_publicity(session, shelf.published(session).directory_id)

    with pytest.raises(NotFound):
        registrations.filled(work_as("per_buyer_editor"), made.id)
    with pytest.raises(StepNotAllowed):
        registrations.fill(work_as("per_buyer_editor"), made.id, form=shelf.FORM)


@pytest.mark.parametrize(("outcome", "revision"), [("pass_change", 2), ("decline_change", 1)])
def test_a_change_is_looked_at_while_the_registration_holds(
    session: Session, work_as: WorkAs, outcome: str, revision: int
) -> None:
    made = shelf.registered(session, shelf.published(session).directory_id)
    answers = {"reason": "unclear"} if outcome.startswith("decline") else {}

    registrations.change(work_as("per_dept_editor"), made.id, form=shelf.FORM)
    session.flush()
    meanwhile = registrations.in_force(session, made.directory_id, date(2026, 7, 2))
    registrations.take(work_as("per_hub_reviewer"), made.id, outcome, **answers)

    assert meanwhile is made
    assert (made.state, made.kind, made.revision) == (State.REGISTERED, "change", revision)


def test_anybody_concerned_asks_for_a_correction(session: Session, work_as: WorkAs) -> None:
    made = shelf.registered(session, shelf.published(session).directory_id)

    registrations.correct(work_as("per_buyer_editor"), made.id, text="站点数应为十二")
    session.flush()
    with pytest.raises(StepNotAllowed):
        registrations.take(work_as("per_buyer_editor"), made.id, "pass_correction", reason="mine")
    registrations.take(work_as("per_hub_reviewer"), made.id, "pass_correction", reason="right")
    registrations.correct(work_as("per_dept_editor"), made.id, text="名称")
    registrations.take(work_as("per_hub_reviewer"), made.id, "decline_correction", reason="no")

    given = registrations.filled(work_as("per_dept_editor"), made.id)
    assert (made.state, made.revision) == (State.REGISTERED, 2)
    assert [one.organisation_id for one in given] == ["org_dept", "org_buyer", "org_dept"]


def test_i_13_each_renewal_is_a_grant_of_its_own_in_the_last_days(
    session: Session, work_as: WorkAs
) -> None:
    made = shelf.registered(session, shelf.published(session).directory_id, years=1)
    early = datetime(2027, 5, 1, 4, tzinfo=UTC)
    first = datetime(2027, 5, 2, 4, tzinfo=UTC)

    with pytest.raises(StepRefused) as refused:
        registrations.take(work_as("per_dept_editor", at=early), made.id, "renew", years=3)
    with pytest.raises(Invalid) as wrong, session.begin_nested():
        registrations.take(work_as("per_dept_editor", at=first), made.id, "renew", years=4)
    session.refresh(made)
    registrations.take(work_as("per_dept_editor", at=first), made.id, "renew", years=3)
    session.flush()
    registrations.take(work_as("per_hub_reviewer", at=first), made.id, "pass_renewal")
    session.flush()

    assert (_codes(refused.value), wrong.value.pointer) == (["TOO_EARLY"], "/years")
    assert [(one.number, one.valid_from, one.valid_to) for one in
            registrations.grants(session, made.id)] == [
        (1, date(2026, 7, 1), date(2027, 6, 30)), (2, date(2027, 7, 1), date(2030, 6, 30)),
    ]  # fmt: skip
    assert (made.valid_from, made.valid_to) == (date(2026, 7, 1), date(2030, 6, 30))
    assert made.code is not None


def test_a_renewal_that_is_declined_leaves_the_term(session: Session, work_as: WorkAs) -> None:
    made = shelf.registered(session, shelf.published(session).directory_id, years=1)
    late = datetime(2027, 6, 30, 4, tzinfo=UTC)

    registrations.take(work_as("per_dept_editor", at=late), made.id, "renew", years=1)
    session.flush()
    registrations.take(
        work_as("per_hub_reviewer", at=late), made.id, "decline_renewal", reason="unused"
    )

    assert (made.state, made.valid_to) == (State.REGISTERED, date(2027, 6, 30))


def test_a_renewal_still_looked_at_does_not_outlive_the_term(
    session: Session, work_as: WorkAs
) -> None:
    made = shelf.registered(session, shelf.published(session).directory_id, years=1)
    late = datetime(2027, 6, 30, 4, tzinfo=UTC)
    registrations.take(work_as("per_dept_editor", at=late), made.id, "renew", years=1)
    session.flush()

    after = datetime(2027, 7, 1, 4, tzinfo=UTC)
    ended = registrations.expire_due(work_as("system", at=after), limit=5)

    assert (ended, made.state) == ([made], State.EXPIRED)


def test_a_deregistration_is_confirmed_by_another_person(session: Session, work_as: WorkAs) -> None:
    made = shelf.registered(session, shelf.published(session).directory_id)

    registrations.take(work_as("per_hub_supervisor"), made.id, "deregister", reason="void")
    session.flush()
    with pytest.raises(StepRefused) as refused:
        registrations.take(work_as("per_hub_supervisor"), made.id, "confirm_deregistration")
    held = registrations.in_force(session, made.directory_id, date(2026, 7, 1))
    registrations.take(
        work_as("per_hub_reviewer"), made.id, "decline_deregistration", reason="still used"
    )
    session.flush()

    assert _codes(refused.value) == ["FOUR_EYES"]
    assert held is made
    assert (made.state, made.kind) == (State.REGISTERED, "deregistration")


def test_the_end_of_a_registration_is_told_with_its_directory(
    session: Session, work_as: WorkAs
) -> None:
    version = shelf.published(session)
    made = shelf.registered(session, version.directory_id)
    code = directories.find_directory(session, version.directory_id).code

    registrations.take(work_as("per_dept_approver"), made.id, "deregister", reason="moved")
    registrations.take(work_as("per_hub_reviewer"), made.id, "confirm_deregistration")
    session.flush()

    last = journal.history(session, made.id, limit=1)[-1]
    assert last.kind == "registration.deregistered"
    assert (last.data["directory_code"], last.data["directory_id"]) == (code, version.directory_id)


def test_codes_are_gapless_and_different(session: Session) -> None:
    made = [shelf.registered(session, shelf.published(session).directory_id) for _ in range(3)]

    assert [one.code[12:18] for one in made if one.code] == ["000001", "000002", "000003"]


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
def test_i_13_a_term_is_one_to_three_years(session: Session, years: int) -> None:
    version = shelf.published(session)

    with pytest.raises(Invalid) as wrong:
        shelf.in_publicity(session, version.directory_id, years=years)

    assert wrong.value.pointer == "/years"


def test_only_the_department_applies(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)

    for person in ("per_dept_approver", "per_operator_editor"):
        with pytest.raises(StepNotAllowed):
            registrations.apply(
                work_as(person), directory_id=version.directory_id, years=1, form=shelf.FORM
            )


def test_a_registration_is_public_from_its_publicity_on(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)
    made = shelf.applied(session, version.directory_id)

    def seen(person: str) -> list[Registration]:
        return registrations.listed(work_as(person), after=None, limit=5).items

    assert seen("per_dept_approver") == seen("per_hub_officer") == seen("system") == [made]
    assert seen("per_buyer_editor") == []
    for key in (made.id, "reg_none"):
        with pytest.raises(NotFound):
            registrations.seen(work_as("per_buyer_editor"), key)
    registrations.take(work_as("per_hub_officer"), made.id, "accept")
    registrations.take(work_as("per_hub_reviewer"), made.id, "pass")
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
