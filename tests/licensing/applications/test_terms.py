from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue import directories
from catalogue.grades import Term
from kernel.errors import Invalid
from kernel.parties.organisations import Organisation, OrganisationRole
from licensing import scope
from licensing.applications import items, terms, vocabulary
from licensing.applications.vocabulary import ApplicationField, Purpose, PurposeClass, UseMode
from licensing.frame import drafts
from licensing.scope import Environment, OutputForm, Transform
from tests.catalogue import shelf
from tests.conftest import NOON, work_of
from tests.licensing import desk

LONG = "x" * 501


@pytest.fixture
def code(session: Session) -> str:
    """Publish a directory of weather."""
    version = shelf.published(session)
    return directories.find_directory(session, version.directory_id).code


def agreed(session: Session, code: str, **changes: Any) -> Any:
    given = desk.terms(code, **changes)
    work = work_of(session, "per_operator_editor")
    drafts.supply_parties(work, given)
    return scope.from_json(drafts.supply(work, given["department_id"], given)["scope"])


def applied(session: Session, code: str, **changes: Any) -> Any:
    work = work_of(session, "per_developer_editor")
    return terms.applied(work, "org_developer", desk.application(code, **changes))


def test_the_terms_of_an_agreement_become_a_scope(session: Session, code: str) -> None:
    found = agreed(session, code, row_filters=["station = 1"], quotas={"rows": 5})

    assert found.purpose_code is None
    assert found.items == {(code, "RAIN"): Transform.AGGREGATED, (code, "TEMP"): "aggregated"}
    assert found.users == {"*"}
    assert found.row_filters == {"station = 1"}
    assert found.quotas == {"rows": 5}
    assert found.period == (date(2026, 1, 1), date(2030, 12, 31))
    assert found.output_forms == {OutputForm.AGGREGATE_REPORT, OutputForm.SCORE}
    assert found.environments == {Environment.TRUSTED_DOMAIN_SANDBOX}


def test_an_application_becomes_a_scope_with_its_sources(session: Session, code: str) -> None:
    found, sources = applied(session, code)

    assert found.purpose_code == "weather_insurance"
    assert found.users == {"org_buyer"}
    assert sources[code].department_id == "org_dept"
    assert set(sources[code].items) == {"TEMP", "RAIN", "WSPM"}


def test_a_purpose_is_known_again_however_it_is_spaced(session: Session, code: str) -> None:
    one, _ = applied(session, code)
    same, _ = applied(session, code, purpose_text="price  FROST and\nrain cover for farms ")
    other, _ = applied(session, code, purpose_text="Price hail cover for farms")

    assert one.purpose_fingerprint == same.purpose_fingerprint
    assert one.purpose_fingerprint != other.purpose_fingerprint


WRONG_TERMS: list[tuple[dict[str, Any], str]] = [
    ({"department_id": "org_buyer"}, "/department_id"),
    ({"operator_id": "org_agency"}, "/operator_id"),
    ({"industry": "weather"}, "/industry"),
    ({"items": []}, "/items"),
    ({"regions": []}, "/regions"),
    ({"regions": ["beijing"]}, "/regions"),
    ({"output_forms": []}, "/output_forms"),
    ({"output_forms": ["picture"]}, "/output_forms/0"),
    ({"output_forms": ["score", "raw_export"]}, "/output_forms"),
    ({"environments": []}, "/environments"),
    ({"environments": ["laptop"]}, "/environments/0"),
    ({"quotas": {"Rows!": 1}}, "/quotas"),
    ({"quotas": {"rows": -1}}, "/quotas"),
    ({"term_to": date(2025, 12, 31)}, "/term_to"),
    ({"users": []}, "/users"),
    ({"users": ["*", "org_none"]}, "/users/1"),
    ({"purpose_limits": ["weather_insurance", "mischief"]}, "/purpose_limits/1"),
    ({"revenue": {"fiscal": 3000, "operator": 2000, "merchant": 4999}}, "/revenue"),
    ({"revenue": {"fiscal": 11000, "operator": -1000, "merchant": 0}}, "/revenue"),
    ({"revenue": {"fiscal": 10000}}, "/revenue"),
]


@pytest.mark.parametrize(("changes", "pointer"), WRONG_TERMS)
def test_a_term_that_cannot_be_meant_is_refused_where_it_stands(
    session: Session, code: str, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        agreed(session, code, **changes)

    assert invalid.value.pointer == pointer


@pytest.mark.parametrize("revenue", [None, {"fiscal": 3000, "operator": 2000, "merchant": 5000}])
def test_an_agreement_may_have_shares_of_its_own(
    session: Session, code: str, revenue: dict[str, int] | None
) -> None:
    given = desk.terms(code, revenue=revenue)

    columns = drafts.supply(work_of(session, "per_operator_editor"), "org_dept", given)

    assert columns["revenue"] == revenue


def test_a_department_supplies_its_own_directories(session: Session, code: str) -> None:
    role = OrganisationRole(id="rol_2", role="supply_department", state="granted", granted_at=NOON)
    session.add(
        Organisation(
            id="org_dept_2", state="active", uscc="52430000MJ00000189", name_zh="另",
            name_en="Other", region="430000", entered_at=NOON, roles=[role],
        )
    )  # fmt: skip
    session.flush()

    with pytest.raises(Invalid) as invalid:
        agreed(session, code, department_id="org_dept_2")

    assert invalid.value.pointer == "/items/0/directory_code"


WRONG_APPLICATIONS: list[tuple[dict[str, Any], str]] = [
    ({"operator_id": "org_agency"}, "/operator_id"),
    ({"implementing_agency_id": "org_hub"}, "/implementing_agency_id"),
    ({"title": " "}, "/title"),
    ({"application_field": "farming"}, "/application_field"),
    ({"purpose_code": "mischief"}, "/purpose_code"),
    ({"purpose_text": LONG}, "/purpose_text"),
    ({"purpose_text": ""}, "/purpose_text"),
    ({"purpose_class": "private"}, "/purpose_class"),
    ({"use_mode": "resale"}, "/use_mode"),
    ({"users": ["class:Buyer"]}, "/users/0"),
    ({"users": ["org_buyer"] * 201}, "/users"),
    ({"users_count": 0}, "/users_count"),
    ({"period_to": date(2026, 6, 1)}, "/period_to"),
    ({"period_to": date(2029, 7, 1)}, "/period_to"),
    ({"period_from": date(2025, 1, 1), "period_to": date(2026, 6, 30)}, "/period_to"),
]


@pytest.mark.parametrize(("changes", "pointer"), WRONG_APPLICATIONS)
def test_an_application_that_cannot_be_meant_is_refused_where_it_stands(
    session: Session, code: str, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        applied(session, code, **changes)

    assert invalid.value.pointer == pointer


def test_three_years_are_the_longest_period(session: Session, code: str) -> None:
    found, _ = applied(session, code, period_to=date(2029, 6, 30))

    assert found.period.last == date(2029, 6, 30)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"directory_code": "CAT-000000-999999"}, "/items/1/directory_code"),
        ({"item_code": "SNOW"}, "/items/1/item_code"),
        ({"transform": "painted"}, "/items/1/transform"),
        ({"item_code": "TEMP"}, "/items/1"),
        ({"necessity_reason": "nice to have"}, "/items/1/necessity_reason"),
        ({"necessity_reason": "x" * 1001}, "/items/1/necessity_reason"),
    ],
)
def test_an_item_that_cannot_be_meant_is_refused_where_it_stands(
    session: Session, code: str, changes: dict[str, Any], pointer: str
) -> None:
    named = [desk.asked(code, "TEMP"), desk.asked(code, "RAIN", **changes)]

    with pytest.raises(Invalid) as invalid:
        applied(session, code, items=named)

    assert invalid.value.pointer == pointer


def test_there_is_an_end_to_what_can_be_asked(session: Session, code: str) -> None:
    named = [desk.asked(code, "TEMP")] * (items.ITEMS_MAX + 1)

    with pytest.raises(Invalid) as invalid:
        applied(session, code, items=named)

    assert invalid.value.pointer == "/items"


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 7, 1), 36, date(2029, 7, 1)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 1, 31), 11, date(2026, 12, 31)),
    ],
)
def test_months_are_counted_to_the_same_day(day: date, months: int, later: date) -> None:
    assert terms.months_after(day, months) == later


@pytest.mark.parametrize("codes", [ApplicationField, Purpose, PurposeClass, UseMode])
def test_every_code_has_a_label_in_both_languages(codes: type[Term]) -> None:
    assert all(code.label.zh and code.label.en for code in codes)


def test_the_vocabulary_has_what_the_plan_names() -> None:
    assert len(vocabulary.ApplicationField) == 12
    assert len(vocabulary.Purpose) == 26


def test_i_30_no_application_and_no_agreement_can_ask_for_a_raw_export(session: Session) -> None:
    code = desk.directory(session)
    desk.effective(session, code)

    with pytest.raises(Invalid) as asked:
        desk.applied(session, code, output_forms=["aggregate_report", "raw_export"])
    with pytest.raises(Invalid) as agreed:
        desk.drafted(session, code, output_forms=["raw_export"], industry="A01")

    assert asked.value.pointer == agreed.value.pointer == "/output_forms"
