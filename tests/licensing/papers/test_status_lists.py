from collections.abc import Callable

import pytest
from sqlalchemy import event, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from kernel.work import Work
from licensing import authorisations
from licensing.papers import status_lists
from licensing.papers.rows import StatusEntry
from licensing.papers.status_lists import ENTRIES, Purpose
from licensing.standing import rows
from tests.licensing import grants
from tests.licensing.papers import office

WorkAs = Callable[..., Work]


def bits(session: Session, right: authorisations.Authorisation) -> tuple[bool, bool]:
    """Return (revoked, suspended) of its newest certificate, as the signed lists tell it."""
    place = status_lists.find(session, office.certificate(session, right).id)
    told = [office.said(one)["credentialSubject"]["encodedList"] for one in office.lists(session)]
    return status_lists.is_set(told[0], place.position), status_lists.is_set(
        told[1], place.position
    )


def test_the_states_that_revoke_are_those_that_end() -> None:
    assert set(status_lists.ENDED) == set(rows.ENDED)


def test_a_suspension_flips_its_bit_and_a_resumption_flips_it_back(
    session: Session, work_as: WorkAs
) -> None:
    right = grants.active(session)

    before = bits(session, right)
    grants.suspend(work_as("per_hub_supervisor"), right)
    held = bits(session, right)
    authorisations.take(
        work_as("per_hub_supervisor"), right.id, "resume", reason="the keys were changed"
    )
    after = bits(session, right)

    assert (before, held, after) == ((False, False), (False, True), (False, False))


def test_what_has_ended_is_revoked_for_good(session: Session, work_as: WorkAs) -> None:
    right = grants.active(session)
    other = grants.issued(session, scenario_id="scn_2", assessment_id="asm_2")

    authorisations.take(work_as("per_developer_signer"), right.id, "surrender", reason="no need")

    assert bits(session, right) == (True, False)
    assert bits(session, other) == (False, False)


def test_the_certificate_of_an_earlier_version_is_revoked(
    session: Session, work_as: WorkAs
) -> None:
    right = grants.active(session)
    first = office.certificate(session, right)
    place = status_lists.find(session, first.id).position

    narrower = grants.scope(items=grants.ITEMS[:1])
    authorisations.amend(work_as("per_agency_approver"), right.id, scope=narrower)
    session.flush()

    told = office.said(office.lists(session)[0])["credentialSubject"]["encodedList"]
    assert status_lists.is_set(told, place)
    assert bits(session, right) == (False, False)


def test_a_list_costs_one_select(session: Session, work_as: WorkAs) -> None:
    right = grants.active(session)
    grants.suspend(work_as("per_hub_supervisor"), right)
    session.flush()
    seen: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", count)
    status_lists.signed(office.house(session), office.ADDRESS, Purpose.SUSPENSION, 1)
    event.remove(session.get_bind(), "before_cursor_execute", count)

    assert len(seen) == 1


def test_a_list_holds_for_a_day_and_is_the_same_text_within_the_hour(session: Session) -> None:
    grants.active(session)

    first, again = office.lists(session)[0], office.lists(session)[0]

    said = office.said(first)
    assert first == again
    assert said["validFrom"] == "2026-07-02T04:00:00+00:00"
    assert said["validUntil"] == "2026-07-03T04:00:00+00:00"
    assert said["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert len(first) < 1200


def test_there_is_no_list_before_its_first_certificate(session: Session) -> None:
    with pytest.raises(NotFound):
        status_lists.signed(office.house(session), office.ADDRESS, Purpose.REVOCATION, 1)


def test_a_place_is_given_once_and_never_changed(session: Session) -> None:
    right = grants.active(session)
    other = grants.issued(session, scenario_id="scn_2", assessment_id="asm_2")
    place = status_lists.find(session, office.certificate(session, right).id)
    row = {"list_no": place.list_no, "position": place.position}
    another = office.certificate(session, other).id

    with pytest.raises(IntegrityError, match=r"(?i)unique"), session.begin_nested():
        session.execute(insert(StatusEntry).values(certificate_id=f"{another}x", **row))
    with pytest.raises(IntegrityError, match="append-only"):
        session.connection().exec_driver_sql("UPDATE status_entries SET position = 1")


def test_a_full_list_gives_way_to_the_next(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_lists, "FULL", 1)

    first = grants.active(session)
    second = grants.issued(session, scenario_id="scn_2", assessment_id="asm_2")

    places = [
        status_lists.find(session, office.certificate(session, one).id) for one in (first, second)
    ]
    assert [place.list_no for place in places] == [1, 2]
    assert all(0 <= place.position < ENTRIES for place in places)


def test_bits_are_packed_from_the_left() -> None:
    packed = status_lists.pack([0, 9, ENTRIES - 1])

    assert packed.startswith("uH4sI")
    assert [status_lists.is_set(packed, place) for place in (0, 1, 8, 9, ENTRIES - 1)] == [
        True, False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("encoded", ["zH4sI", "uAAAA", "u!!!!", "u", "uH4sIAAAA"])
def test_what_is_no_list_is_refused(encoded: str) -> None:
    with pytest.raises(ValueError, match=r"list|base64url"):
        status_lists.is_set(encoded, 0)


def test_a_place_beyond_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        status_lists.is_set(status_lists.pack([]), ENTRIES)
