import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.work import Work
from licensing import authorisations
from licensing.agreements import SupplyAgreement
from licensing.authorisations import Authorisation, State
from licensing.upkeep import cascades
from tests.conftest import work_of
from tests.licensing import grants
from tests.licensing.standing import lives

OTHER = "CAT-430000-000009"


@pytest.fixture
def house(session: Session) -> Work:
    return lives.witnessed(session, "system")


@pytest.fixture
def made(session: Session) -> Authorisation:
    found = grants.active(session)
    session.flush()
    return found


def regraded(work: Work, *, raised: bool = True, after: str = "G3") -> None:
    work.record(
        "directory.regraded", "dvn_1", directory_code=grants.DIRECTORY, before="G1", after=after,
        raised=raised,
        items=[{"item_code": "RAIN", "grade_before": "G1", "grade_after": after,
                "pi_before": "none", "pi_after": "none"}],
    )  # fmt: skip


def test_i_74_a_grade_that_rises_suspends_in_the_same_transaction(
    house: Work, made: Authorisation
) -> None:
    regraded(house)

    assert (made.state, made.suspend_reason) == (State.SUSPENDED, "grade_raised")


def test_a_grade_that_falls_suspends_nothing(house: Work, made: Authorisation) -> None:
    regraded(house, raised=False, after="G1")

    assert made.state == State.ACTIVE


@pytest.mark.parametrize("kind", ["directory.suspended"])
def test_a_directory_takes_down_what_has_an_item_of_it(
    house: Work, made: Authorisation, kind: str
) -> None:
    house.record(kind, "dvn_2", directory_code=OTHER)
    untouched = made.state
    house.record(kind, "dvn_1", directory_code=grants.DIRECTORY)

    assert untouched == State.ACTIVE
    assert made.suspend_reason == "directory_suspended"


def test_a_directory_is_not_revoked_unawares(house: Work, made: Authorisation) -> None:
    with pytest.raises(StepRefused) as error:
        house.record("directory.revoked", "dvn_1", directory_code=grants.DIRECTORY, confirmed=False)
    house.record("directory.revoked", "dvn_2", directory_code=OTHER, confirmed=False)
    untouched = made.state
    house.record("directory.revoked", "dvn_1", directory_code=grants.DIRECTORY, confirmed=True)

    assert lives.codes(error.value) == ["CASCADE_NOT_CONFIRMED"]
    assert untouched == State.ACTIVE
    assert made.suspend_reason == "directory_revoked"


@pytest.mark.parametrize("kind", ["agreement.suspended", "agreement.terminated"])
def test_an_agreement_takes_down_what_it_supplies(
    house: Work, made: Authorisation, kind: str
) -> None:
    house.record(kind, "sup_weather")

    assert made.suspend_reason == "agreement_suspended"


def test_an_agreement_withholds_one_directory(house: Work, made: Authorisation) -> None:
    house.record("agreement.directory_suspended", "sup_weather", directory_code=OTHER)
    untouched = made.state
    house.record("agreement.directory_suspended", "sup_weather", directory_code=grants.DIRECTORY)

    assert untouched == State.ACTIVE
    assert made.suspend_reason == "agreement_suspended"


def test_an_operation_agreement_takes_down_all_under_it(
    session: Session, house: Work, made: Authorisation
) -> None:
    above = session.get_one(SupplyAgreement, "sup_weather").operation_agreement_id

    house.record("operation_agreement.suspended", "opa_another")
    untouched = made.state
    house.record("operation_agreement.suspended", str(above))

    assert untouched == State.ACTIVE
    assert made.suspend_reason == "agreement_suspended"


@pytest.mark.parametrize("kind", ["organisation.restricted", "organisation.frozen"])
@pytest.mark.parametrize("party", ["org_developer", "org_operator"])
def test_an_organisation_takes_down_what_it_holds_or_operates(
    house: Work, made: Authorisation, kind: str, party: str
) -> None:
    house.record(kind, "org_buyer")
    untouched = made.state
    house.record(kind, party)

    assert untouched == State.ACTIVE
    assert made.suspend_reason == "grantee_restricted"


def test_i_33_what_is_suspended_already_keeps_its_cause(
    session: Session, house: Work, made: Authorisation
) -> None:
    grants.suspend(work_of(session, "per_hub_supervisor"), made)

    held = cascades.hold(house, "court_order", "a judge said so", directory_code=grants.DIRECTORY)

    assert held == []
    assert made.suspend_reason == "security_incident"


def test_what_a_later_version_gave_up_is_not_affected(
    session: Session, made: Authorisation
) -> None:
    kept = grants.ITEMS[:1]
    authorisations.amend(
        work_of(session, "per_agency_approver"), made.id, scope=grants.scope(items=kept)
    )
    session.flush()

    told = cascades.preview(
        work_of(session, "per_hub_supervisor"), kind="organisation", target="org_developer"
    )

    assert (told.authorisations, told.items) == ([made], 1)


def test_every_affected_right_is_found_by_index(session: Session, made: Authorisation) -> None:
    for number in range(2, 6):
        grants.issued(session, scenario_id=f"scn_{number}", assessment_id=f"asm_{number}")
    session.flush()
    plain: list[str] = []
    event.listen(
        session.get_bind(), "before_cursor_execute", lambda *call: plain.append(str(call[2]))
    )

    found = cascades.affected(session, directory_code=grants.DIRECTORY)

    assert len(found) == 5
    assert len(plain) == 1
    assert cascades.affected(session, directory_code=OTHER) == []
    assert cascades.affected(session, organisation_id="org_operator", limit=2) == found[:2]


def test_a_preview_is_for_those_who_decide(session: Session, made: Authorisation) -> None:
    agency = work_of(session, "per_agency_approver")

    own = cascades.preview(
        work_of(session, "per_developer_editor"), kind="authorisation", target=made.id
    )
    firm = cascades.preview(agency, kind="organisation", target="org_developer")
    with pytest.raises(StepNotAllowed):
        cascades.preview(
            work_of(session, "per_other_editor"), kind="organisation", target="org_developer"
        )
    with pytest.raises(NotFound):
        cascades.preview(agency, kind="moon", target="x")

    assert (own.authorisations, own.items, own.whole) == ([made], 2, True)
    assert firm.grantees == ["org_developer"]
    assert made.state == State.ACTIVE
