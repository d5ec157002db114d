"""Destructions, annual reviews and idle notices: what follows use, and the end of use."""

import pytest
from sqlalchemy.orm import Session

from kernel import watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from licensing import authorisations, decisions
from licensing.authorisations import Authorisation, State
from licensing.deciding.requests import Request
from licensing.standing import destructions
from licensing.standing.destructions import Destruction
from licensing.upkeep import idleness, reviews
from tests.conftest import work_of
from tests.licensing import grants
from tests.licensing.standing import lives

IN_MARCH = lives.noon("2027-03-01")
IN_APRIL = lives.noon("2027-04-01")


def revoked(session: Session) -> Destruction:
    made = grants.active(session)
    authorisations.take(
        work_of(session, "per_hub_supervisor"), made.id, "revoke", cause="unlawful_use", reason="x"
    )
    found = destructions.of(session, made.id)
    assert found is not None
    return found


def certify(session: Session, found: Destruction, **changes: str) -> None:
    answers = {"method": "erased", "digest": lives.DIGEST, **changes}
    destructions.take(work_of(session, "per_developer_signer"), found.id, "certify", **answers)


def test_every_end_asks_for_a_destruction_within_ten_days(session: Session) -> None:
    found = revoked(session)

    clock = watch.running(session, found.id)
    assert clock is not None
    assert (clock.limit_days, clock.overdue_step) == (10, "run_over")
    assert (found.state, found.ended_as) == ("due", "revoked")


def test_a_grantee_certifies_and_an_audit_passes_it(session: Session) -> None:
    found = revoked(session)

    certify(session, found)
    destructions.take(work_of(session, "per_hub_supervisor"), found.id, "audit", reason="seen")

    assert found.state == "audited"
    assert (found.digest, found.method) == (lives.DIGEST, "erased")
    assert found.sampled == destructions.drawn(work_of(session, "system"), found, lives.DIGEST)


def test_what_an_audit_returns_is_due_again(session: Session) -> None:
    found = revoked(session)
    certify(session, found)

    destructions.take(work_of(session, "per_agency_officer"), found.id, "return", reason="not so")

    assert (found.state, found.digest) == ("due", None)
    assert watch.running(session, found.id) is not None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"digest": "short"}, "/digest"),
        ({"method": "forgotten"}, "/method"),
        ({"method": "carried_over"}, "/method"),
    ],
)
def test_a_destruction_is_proved(session: Session, changes: dict[str, str], pointer: str) -> None:
    found = revoked(session)

    with pytest.raises(Invalid) as error:
        certify(session, found, **changes)

    assert error.value.pointer == pointer


def test_what_is_not_destroyed_in_time_is_overdue_and_can_still_be(session: Session) -> None:
    found = revoked(session)

    destructions.take(work_of(session, "system", at=grants.later(30)), found.id, "run_over")
    overdue = found.state
    certify(session, found)

    assert (overdue, found.state) == ("overdue", "certified")


def test_a_destruction_is_for_its_parties(session: Session) -> None:
    found = revoked(session)
    stranger = work_of(session, "per_other_editor")

    with pytest.raises(NotFound):
        destructions.seen(stranger, found.id)
    with pytest.raises(NotFound):
        destructions.seen(stranger, "dst_nowhere")
    with pytest.raises(StepNotAllowed):
        destructions.take(work_of(session, "per_agency_officer"), found.id, "certify")

    hub = work_of(session, "per_hub_supervisor")
    assert destructions.listed(stranger, limit=5).items == []
    assert destructions.listed(hub, state="due", sampled=False, limit=5).items == [found]


def in_march(session: Session) -> tuple[Authorisation, reviews.Review]:
    made = grants.active(session)
    (found,) = reviews.open_due(work_of(session, "system", at=IN_MARCH), limit=9)
    session.flush()
    return made, found


def test_a_review_is_opened_once_a_year_and_in_its_first_quarter(session: Session) -> None:
    made, found = in_march(session)

    again = reviews.open_due(work_of(session, "system", at=IN_MARCH), limit=9)
    later = reviews.open_due(work_of(session, "system", at=IN_APRIL), limit=9)

    assert (again, later) == ([], [])
    assert (found.authorisation_id, found.year) == (made.id, 2027)
    assert found.figures["limits"] == {"rows": 1000}
    assert reviews.of(session, made.id) == [found]


def test_what_is_young_is_not_reviewed(session: Session) -> None:
    grants.active(session)

    young = reviews.open_due(
        work_of(session, "system", at=lives.noon("2026-12-31")), limit=9
    ) + reviews.open_due(work_of(session, "system", at=lives.noon("2027-01-01")), limit=0)

    assert young == []


def test_a_review_lets_a_right_go_on(session: Session) -> None:
    made, found = in_march(session)
    work = work_of(session, "per_developer_editor", at=IN_MARCH)

    with pytest.raises(Invalid):
        reviews.take(work, found.id, "tell", benefits="good")
    reviews.take(work, found.id, "tell", benefits=lives.REPORT)
    reviews.take(
        work_of(session, "per_agency_approver", at=IN_MARCH), found.id, "continue", reason="fine"
    )

    assert (found.state, found.benefits, made.state) == ("continued", lives.REPORT, State.ACTIVE)


def test_a_review_asks_for_a_rectification(session: Session) -> None:
    _, found = in_march(session)
    agency = work_of(session, "per_agency_approver", at=IN_MARCH)

    reviews.take(agency, found.id, "rectify", reason="log every use")
    clock = watch.running(session, found.id)
    reviews.take(
        work_of(session, "per_developer_editor", at=IN_MARCH), found.id, "report_rectified",
        benefits=lives.REPORT,
    )  # fmt: skip

    assert clock is not None
    assert clock.limit_days == 20
    assert found.state == "open"


def test_a_review_shrinks_a_right_with_its_own_decision(session: Session) -> None:
    made, found = in_march(session)
    agency = work_of(session, "per_agency_approver", at=IN_MARCH)

    reviews.shrink(agency, found.id, scope={"quotas": {"rows": 500}}, reason="half is enough")

    assert found.state == "shrunk"
    assert made.current_version == 2


def test_a_review_revokes_a_right(session: Session) -> None:
    made, found = in_march(session)

    reviews.take(
        work_of(session, "per_hub_supervisor", at=IN_MARCH), found.id, "revoke", reason="misused"
    )

    assert (found.state, made.state) == ("revoked", State.REVOKED)


def test_what_has_ended_is_reviewed_no_more(session: Session) -> None:
    made, found = in_march(session)
    work = lives.witnessed(session, "per_hub_supervisor", at=IN_MARCH)

    authorisations.take(work, made.id, "revoke", cause="unlawful_use", reason="sold on")

    assert found.state == "moot"


def test_reviews_are_for_their_parties(session: Session) -> None:
    _, found = in_march(session)
    stranger = work_of(session, "per_other_editor")

    with pytest.raises(NotFound):
        reviews.seen(stranger, found.id)
    with pytest.raises(NotFound):
        reviews.find(session, "rvw_nowhere")

    assert reviews.listed(stranger, limit=5).items == []
    hub = work_of(session, "per_hub_officer")
    assert reviews.listed(hub, state="open", limit=5).items == [found]


def use(session: Session, made: Authorisation, day: str) -> None:
    work = work_of(session, "per_buyer_editor", at=lives.noon(day))
    request = Request(
        authorisation_id=made.id, organisation_id="org_buyer", purpose_code="weather_insurance",
        items=((grants.DIRECTORY, "RAIN"),), transform="aggregated", output_form="record_api",
        region="430000", environment="trusted_domain_sandbox", quantity={"rows": 1},
    )  # fmt: skip
    assert decisions.decide(work, request).allowed
    session.flush()


def test_what_nobody_uses_is_noticed_once_and_then_revoked(session: Session) -> None:
    made = grants.active(session)
    early = work_of(session, "system", at=lives.noon("2026-12-30"))
    late = work_of(session, "system", at=lives.noon("2027-01-05"))

    before = idleness.notice_due(early, limit=9)
    (notice,) = idleness.notice_due(late, limit=9)
    session.flush()
    again = idleness.notice_due(late, limit=9)
    clock = watch.running(session, notice.id)
    idleness.take(work_of(session, "system", at=IN_MARCH), notice.id, "carry_out")

    assert (before, again) == ([], [])
    assert clock is not None
    assert clock.overdue_step == "carry_out"
    assert (notice.state, made.state) == ("carried_out", State.REVOKED)


def test_what_is_used_is_not_noticed(session: Session) -> None:
    made = grants.active(session)
    use(session, made, "2026-10-01")

    assert (
        idleness.notice_due(work_of(session, "system", at=lives.noon("2027-01-05")), limit=9) == []
    )


def test_a_use_lifts_the_notice(session: Session) -> None:
    made = grants.active(session)
    late = work_of(session, "system", at=lives.noon("2027-01-05"))
    (notice,) = idleness.notice_due(late, limit=9)
    session.flush()
    use(session, made, "2027-01-08")

    with pytest.raises(StepRefused) as error:
        idleness.take(work_of(session, "system", at=IN_MARCH), notice.id, "carry_out")
    idleness.notice_due(work_of(session, "system", at=lives.noon("2027-01-09")), limit=9)

    assert lives.codes(error.value) == ["USED_AGAIN"]
    assert (notice.state, made.state) == ("lifted", State.ACTIVE)


def test_a_notice_is_lifted_when_its_right_ends_otherwise(session: Session) -> None:
    made = grants.active(session)
    (notice,) = idleness.notice_due(
        work_of(session, "system", at=lives.noon("2027-01-05")), limit=9
    )
    session.flush()
    given = idleness.given(session, made.id)

    authorisations.take(
        lives.witnessed(session, "per_hub_supervisor", at=IN_MARCH), made.id, "revoke",
        cause="unlawful_use", reason="sold on",
    )  # fmt: skip

    assert given is notice
    assert notice.state == "lifted"


def test_notices_are_for_their_parties(session: Session) -> None:
    grants.active(session)
    (notice,) = idleness.notice_due(
        work_of(session, "system", at=lives.noon("2027-01-05")), limit=9
    )
    stranger = work_of(session, "per_other_editor")

    with pytest.raises(NotFound):
        idleness.seen(stranger, notice.id)
    with pytest.raises(NotFound):
        idleness.find(session, "idl_nowhere")

    assert idleness.listed(stranger, limit=5).items == []
    assert idleness.listed(work_of(session, "per_hub_officer"), limit=5).items == [notice]
    assert idleness.listed(work_of(session, "per_developer_editor"), limit=5).items == [notice]
