from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.deadlines import Light
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from licensing import disclosure
from licensing.agreed.operation_rows import OperationAgreement
from licensing.disclosing import register
from licensing.disclosure import Kind
from tests.conftest import CRYPTO, RULES, work_of
from tests.licensing import desk, frames, grants


def noon(year: int, month: int, day: int) -> Instant:
    return datetime(year, month, day, 4, tzinfo=UTC)


IN_MARCH = noon(2027, 3, 10)


@pytest.fixture
def agreement(session: Session) -> OperationAgreement:
    """Bring an operation agreement into effect, with a supply agreement under it."""
    code = desk.directory(session)
    made = frames.effective(session, code)
    desk.effective(session, code, operation_agreement_id=made.id)
    return made


def lights(session: Session, at: Instant, person: str = "per_hub_supervisor") -> list[object]:
    return [each.light for each in disclosure.owed(work_of(session, person, at=at))]


@pytest.mark.usefixtures("agreement")
def test_i_50_each_year_is_disclosed_by_the_end_of_march_or_its_light_is_red(
    session: Session,
) -> None:
    before = lights(session, noon(2027, 2, 28))
    asked = lights(session, noon(2027, 3, 1))
    nearly = lights(session, noon(2027, 3, 25))
    last_day = lights(session, noon(2027, 3, 31))
    missing = lights(session, noon(2027, 4, 1))
    disclosure.publish(work_of(session, "per_agency_approver", at=IN_MARCH), year=2026)
    disclosure.publish(work_of(session, "per_operator_signer", at=noon(2027, 4, 2)), year=2026)

    assert before == [None, None]
    assert asked == [Light.GREEN, Light.GREEN]
    assert nearly == last_day == [Light.YELLOW, Light.YELLOW]
    assert missing == [Light.RED, Light.RED]
    assert lights(session, noon(2027, 4, 3)) == [Light.DONE_GREEN, Light.DONE_RED]


def test_i_50_it_is_owed_by_both_parties_of_each_live_agreement(
    session: Session, agreement: OperationAgreement
) -> None:
    owed = disclosure.owed(work_of(session, "per_hub_supervisor", at=IN_MARCH))
    own = disclosure.owed(work_of(session, "per_operator_signer", at=IN_MARCH))
    nobodys = disclosure.owed(work_of(session, "per_buyer_editor", at=IN_MARCH))
    frames.go(session, agreement, "suspend")
    suspended = lights(session, IN_MARCH)

    assert [(each.organisation_id, each.kind, each.year) for each in owed] == [
        ("org_agency", Kind.IMPLEMENTING_AGENCY, 2026),
        ("org_operator", Kind.OPERATOR, 2026),
    ]
    assert {each.due_on for each in owed} == {date(2027, 3, 31)}
    assert {each.agreements for each in owed} == {(agreement.code,)}
    assert [each.organisation_id for each in own] == ["org_operator"]
    assert nobodys == []
    assert len(suspended) == 2
    assert disclosure.owed(work_of(session, "system", at=IN_MARCH), year=2025) == []


def test_a_light_is_a_function_of_its_days_alone() -> None:
    def light(today: date, published_on: date | None = None) -> Light | None:
        return disclosure.light(RULES, 2026, today, published_on)

    assert light(date(2027, 3, 24)) == Light.GREEN
    assert light(date(2027, 3, 25)) == Light.YELLOW
    assert light(date(2028, 1, 1), date(2027, 3, 31)) == Light.DONE_GREEN
    assert light(date(2028, 1, 1), date(2027, 4, 1)) == Light.DONE_RED


def test_an_agencys_document_is_drawn_from_the_books(session: Session) -> None:
    agreement = frames.effective(session, desk.directory(session))
    grants.active(session)
    below = "UPDATE supply_agreements SET operation_agreement_id = "
    session.execute(text(f"{below}'{agreement.id}'"))
    others = "UPDATE operation_agreements SET state = 'terminated' WHERE id <> "
    session.execute(text(f"{others}'{agreement.id}'"))
    session.expire_all()
    work = work_of(session, "per_agency_approver", at=IN_MARCH)

    made = disclosure.publish(work, year=2026)

    body = made.body
    assert (made.kind, made.year, made.number) == ("implementing_agency", 2026, 1)
    assert body["organisation"]["name_zh"] == "演示·实施机构"
    assert [each["code"] for each in body["agreements"]] == [agreement.code]
    assert [each["code"] for each in body["supply_agreements"]] == ["SA-430000-2026-9001"]
    (resource,) = body["resources"]
    assert (resource["item_count"], resource["supplied"]) == (3, True)
    assert [each["grantee"][1] for each in body["authorisations"]] == ["Demo Sweetgum Technology"]
    assert body["revocations"] == body["fee_caps"] == []
    assert "products" not in body
    assert made.digest == CRYPTO.digest(canonical(body))
    assert disclosure.holds(CRYPTO, made)


@pytest.mark.usefixtures("agreement")
def test_an_operators_document_lists_its_products(session: Session) -> None:
    products = [{"code": "DP-1", "price_plan": {"kind": "once"}}]
    work = work_of(session, "per_operator_signer", at=IN_MARCH)

    made = disclosure.publish(work, year=2026, products=products)
    corrected = disclosure.publish(work, year=2026)
    session.flush()

    assert made.body["products"] == products
    assert (made.number, corrected.number) == (1, 2)
    first = disclosure.owed(work)[0].published
    assert first is not None
    assert first.id == made.id


@pytest.mark.usefixtures("agreement")
def test_a_published_document_never_changes_and_a_change_is_found_out(session: Session) -> None:
    made = disclosure.publish(work_of(session, "per_agency_approver", at=IN_MARCH), year=2026)
    session.commit()

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("UPDATE disclosures SET year = 2025"))
    session.rollback()
    found = disclosure.find(session, made.id)
    found.body = {**found.body, "year": 2025}

    assert not disclosure.holds(CRYPTO, found)
    session.expunge(found)


@pytest.mark.usefixtures("agreement")
def test_who_may_not_speak_for_an_agency_or_an_operator_publishes_nothing(
    session: Session,
) -> None:
    for person in ("per_agency_officer", "per_hub_supervisor", "per_buyer_signer"):
        with pytest.raises(StepNotAllowed):
            disclosure.publish(work_of(session, person, at=IN_MARCH), year=2026)


@pytest.mark.usefixtures("agreement")
def test_only_a_year_that_is_over_is_disclosed(session: Session) -> None:
    agency = work_of(session, "per_agency_approver", at=IN_MARCH)

    for year in (2024, 2027):
        with pytest.raises(Invalid) as invalid:
            disclosure.publish(agency, year=year)
        assert invalid.value.pointer == "/year"
    with pytest.raises(StepRefused) as nothing:
        disclosure.publish(agency, year=2025)

    assert [each.code for each in nothing.value.refusals] == ["NOTHING_TO_DISCLOSE"]


@pytest.mark.usefixtures("agreement")
def test_disclosures_are_listed_by_year_newest_first(session: Session) -> None:
    made = disclosure.publish(work_of(session, "per_agency_approver", at=IN_MARCH), year=2026)
    late = disclosure.publish(
        work_of(session, "per_operator_signer", at=noon(2027, 3, 11)), year=2026
    )
    session.flush()

    page = disclosure.listed(session, year=2026, after=None, limit=9)

    assert [each.id for each in page.items] == [late.id, made.id]
    assert disclosure.listed(session, year=2025, after=None, limit=9).items == []
    with pytest.raises(NotFound):
        disclosure.find(session, "dsc_none")


def test_the_register_shows_what_was_filed_and_costs_one_select_a_page(session: Session) -> None:
    code = desk.directory(session)
    frames.drafted(session, code)
    filed = frames.effective(session, code)
    session.flush()
    selects: list[str] = []

    def count(_c: object, _u: object, statement: str, *_more: object) -> None:
        selects.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", count)
    page = register.filed(session, OperationAgreement, after=None, limit=9)
    event.remove(session.get_bind(), "before_cursor_execute", count)

    assert [each.id for each in page.items] == [filed.id]
    assert len(selects) == 1


def test_the_register_shows_what_was_revoked_and_whose_it_was(session: Session) -> None:
    granted = grants.active(session)
    session.execute(text("UPDATE authorisations SET state = 'revoked'"))
    session.expire_all()

    page = register.revoked(session, after=None, limit=9)

    assert [each.authorisation.id for each in page.items] == [granted.id]
    assert register.operators(session, [granted.id]) == {granted.id: "org_operator"}
