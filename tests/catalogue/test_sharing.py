"""Consents of providing units: silence is none, and one that ends bars again."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import sharing
from catalogue.sharing import AlreadyAsked, SharingConsent, State
from kernel import journal, watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from tests.catalogue import shelf
from tests.conftest import NOON, WorkAs, work_of

TODAY = date(2026, 7, 1)
LAST = date(2027, 6, 30)


def _asked(session: Session, directory_id: str, *, valid_to: date = LAST) -> SharingConsent:
    made = sharing.ask_for(
        work_of(session, "per_dept_editor"),
        directory_id=directory_id,
        provider_id="org_roads",
        request="交通气象数据拟授权运营",
        valid_to=valid_to,
    )
    session.flush()  # a living record gets its first version from the database
    return made


def test_a_consent_holds_from_the_day_it_is_given_to_its_last(
    session: Session, work_as: WorkAs
) -> None:
    directory_id = shelf.published(session).directory_id
    made = _asked(session, directory_id)

    before = sharing.consented(session, directory_id, TODAY)
    sharing.take(work_as("per_roads_approver"), made.id, "give", valid_to=date(2026, 12, 31))
    session.flush()

    days = (date(2026, 6, 30), TODAY, date(2026, 12, 31), date(2027, 1, 1))
    assert before is False
    assert [sharing.consented(session, directory_id, day) for day in days] == [
        False, True, True, False,
    ]  # fmt: skip
    assert watch.running(session, made.id) is None


def test_silence_is_not_consent_and_turns_red(session: Session) -> None:
    directory_id = shelf.published(session).directory_id
    made = _asked(session, directory_id)

    clock = watch.running(session, made.id)

    assert clock is not None
    assert (clock.due_on, clock.overdue_step) == (date(2026, 7, 15), None)
    assert sharing.consented(session, directory_id, date(2026, 12, 1)) is False


@pytest.mark.parametrize(
    ("path", "state"),
    [
        (("refuse",), State.REFUSED),
        (("give", "withdraw"), State.WITHDRAWN),
    ],
)
def test_what_was_refused_or_withdrawn_bars_until_the_same_unit_consents(
    session: Session, work_as: WorkAs, path: tuple[str, ...], state: State
) -> None:
    directory_id = shelf.published(session).directory_id
    made = _asked(session, directory_id)
    for name in path:
        answers = {} if name == "give" else {"reason": "数据敏感"}
        sharing.take(work_as("per_roads_approver"), made.id, name, **answers)
        session.flush()

    barred = sharing.consented(session, directory_id, TODAY)
    second = _asked(session, directory_id)
    sharing.take(work_as("per_roads_approver"), second.id, "give")
    session.flush()

    assert (made.state, barred) == (state, False)
    assert second.valid_to == LAST
    assert sharing.consented(session, directory_id, TODAY) is True


def test_every_unit_that_was_asked_must_consent(session: Session, work_as: WorkAs) -> None:
    directory_id = shelf.published(session).directory_id
    made = _asked(session, directory_id)
    sharing.take(work_as("per_roads_approver"), made.id, "give")
    session.add(
        SharingConsent(
            id="shc_third",
            state=State.ASKED,
            directory_id=directory_id,
            department_id="org_dept",
            provider_id="org_hub",
            request="x",
            asked_at=NOON,
            valid_to=LAST,
        )
    )
    session.flush()

    with_one_open = sharing.consented(session, directory_id, TODAY)
    sharing.take(work_as("per_dept_editor"), "shc_third", "cancel", reason="asked by mistake")
    session.flush()

    assert with_one_open is False
    assert sharing.consented(session, directory_id, TODAY) is True


def test_nobody_asked_is_nobody_consenting(session: Session) -> None:
    assert sharing.consented(session, shelf.published(session).directory_id, TODAY) is False


def test_a_consent_expires_after_its_last_day(session: Session, work_as: WorkAs) -> None:
    directory_id = shelf.published(session).directory_id
    made = _asked(session, directory_id, valid_to=date(2026, 7, 2))
    sharing.take(work_as("per_roads_approver"), made.id, "give")
    session.flush()

    with pytest.raises(StepRefused) as refused:
        sharing.take(work_as("system"), made.id, "expire")
    last_day = datetime(2026, 7, 2, 4, tzinfo=UTC)
    early = sharing.expire_due(work_as("system", at=last_day), limit=5)
    late = sharing.expire_due(work_as("system", at=last_day.replace(day=3)), limit=5)

    assert [refusal.code for refusal in refused.value.refusals] == ["STILL_VALID"]
    assert (early, late, made.state) == ([], [made], State.EXPIRED)


def test_a_consent_is_not_given_for_days_that_have_passed_or_were_not_asked_for(
    session: Session, work_as: WorkAs
) -> None:
    made = _asked(session, shelf.published(session).directory_id, valid_to=date(2026, 7, 2))
    provider = work_as("per_roads_approver")

    for day in (date(2026, 6, 30), date(2026, 7, 3)):
        with pytest.raises(Invalid) as wrong, session.begin_nested():
            sharing.take(provider, made.id, "give", valid_to=day)
        session.refresh(made)
        assert wrong.value.pointer == "/valid_to"
    late = work_as("per_roads_approver", at=datetime(2026, 7, 3, 4, tzinfo=UTC))
    with pytest.raises(StepRefused) as refused:
        sharing.take(late, made.id, "give")

    assert [refusal.code for refusal in refused.value.refusals] == ["TERM_HAS_PASSED"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"provider_id": "org_dept"}, "/provider_id"),
        ({"provider_id": "org_buyer"}, "/provider_id"),
        ({"valid_to": date(2026, 6, 30)}, "/valid_to"),
    ],
)
def test_a_question_that_cannot_be_meant_is_pointed_at(
    session: Session, work_as: WorkAs, changes: dict[str, Any], pointer: str
) -> None:
    directory_id = shelf.published(session).directory_id
    asked: dict[str, Any] = {"provider_id": "org_roads", "request": "x", "valid_to": LAST}

    with pytest.raises(Invalid) as wrong:
        sharing.ask_for(
            work_as("per_dept_editor"), directory_id=directory_id, **{**asked, **changes}
        )

    assert wrong.value.pointer == pointer


def test_only_the_holder_asks_and_only_the_provider_answers(
    session: Session, work_as: WorkAs
) -> None:
    directory_id = shelf.published(session).directory_id
    made = _asked(session, directory_id)

    with pytest.raises(StepNotAllowed):
        sharing.ask_for(
            work_as("per_roads_editor"),
            directory_id=directory_id,
            provider_id="org_dept",
            request="x",
            valid_to=LAST,
        )
    for person in ("per_dept_approver", "per_hub_reviewer", "per_roads_editor"):
        with pytest.raises(StepNotAllowed):
            sharing.take(work_as(person), made.id, "give")


def test_a_provider_is_asked_once_at_a_time(session: Session) -> None:
    directory_id = shelf.published(session).directory_id
    made = _asked(session, directory_id)

    with pytest.raises(AlreadyAsked):
        _asked(session, directory_id)
    session.add(
        SharingConsent(
            id="shc_second",
            state=State.ASKED,
            directory_id=directory_id,
            department_id="org_dept",
            provider_id="org_roads",
            request="x",
            asked_at=NOON,
            valid_to=made.valid_to,
        )
    )
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_consent_is_between_its_parties_and_the_authority(
    session: Session, work_as: WorkAs
) -> None:
    made = _asked(session, shelf.published(session).directory_id)

    def seen(person: str, **more: Any) -> list[SharingConsent]:
        return sharing.listed(work_as(person), **more, after=None, limit=5).items

    assert seen("per_dept_editor") == seen("per_roads_editor") == seen("per_hub_officer") == [made]
    assert seen("per_hub_officer", state=State.GIVEN) == []
    assert seen("per_hub_officer", directory_id="dir_none") == seen("per_buyer_editor") == []
    assert sharing.find(session, made.id) is made
    for key in (made.id, "shc_none"):
        with pytest.raises(NotFound):
            sharing.seen(work_as("per_buyer_editor"), key)
    with pytest.raises(NotFound):
        sharing.find(session, "shc_none")


def test_a_consent_is_told_with_its_directory(session: Session, work_as: WorkAs) -> None:
    made = _asked(session, shelf.published(session).directory_id)

    sharing.take(work_as("per_roads_approver"), made.id, "give")
    session.flush()

    events = journal.history(session, made.id, limit=5)
    assert [event.kind for event in events] == ["sharing_consent.asked", "sharing_consent.given"]
    assert {event.data["directory_code"] for event in events} == {"CAT-430000-000001"}
