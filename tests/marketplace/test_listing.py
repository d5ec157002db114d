from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue import directories
from catalogue.grades import Grade, Mode, Origin, PiClass, allowed_modes
from licensing import authorisations
from marketplace import listing, products, versions
from marketplace.versions import Content
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of
from tests.licensing import grants
from tests.licensing.pricing import tolls
from tests.marketplace import make
from tests.settlement.bookkeeping import on_sqlite


def found(session: Session, said: Content, at: Any = None) -> list[str]:
    work = work_of(session, "per_developer_editor", **({"at": at} if at else {}))
    product = products.create(work, **said)
    version = versions.find(session, product.current_version_id)
    return [refusal.code for refusal in listing.refusals(version, product.owner_id, work)]


def test_a_complete_product_may_be_listed(session: Session) -> None:
    assert found(session, make.content()) == []
    assert found(session, make.public_content(session)) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price_plan": {"kind": "one_off"}}, "PRICE_NOT_ACTIONABLE"),
        ({"dictionary": [], "sample": [], "product_type": "report"}, "DICTIONARY_MISSING"),
        (
            {
                "dictionary": [{"name": "rain", "type": "decimal", "meaning": " "}],
                "sample": [],
                "product_type": "report",
            },
            "DICTIONARY_MISSING",
        ),
        ({"dictionary": ["rain"], "sample": [], "product_type": "report"}, "DICTIONARY_MISSING"),
        ({"sample": []}, "SAMPLE_MISSING"),
        ({"sample": [{"snow": 1}]}, "SAMPLE_NOT_IN_DICTIONARY"),
        ({"update_frequency": ""}, "FREQUENCY_MISSING"),
        ({"intro": "太短"}, "DESCRIPTION_TOO_SHORT"),
        ({"grade": "G3", "delivery_mode": "raw_file"}, "MODE_NOT_ALLOWED"),
    ],
)
def test_what_is_missing_is_told(session: Session, changes: dict[str, Any], code: str) -> None:
    assert found(session, make.content(**changes)) == [code]


def test_core_data_is_never_listed(session: Session) -> None:
    assert found(session, make.content(grade="CORE")) == ["GRADE_BLOCKED", "MODE_NOT_ALLOWED"]


def test_a_report_needs_no_sample(session: Session) -> None:
    assert found(session, make.content(product_type="report", sample=[])) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scenario_id": "scn_other"}, "SCENARIO_MISMATCH"),
        ({"items": []}, "ITEM_NOT_AUTHORISED"),
        ({"items": [{"directory": grants.DIRECTORY, "item": "WIND"}]}, "ITEM_NOT_AUTHORISED"),
        ({"output_form": "model_parameters"}, "OUTPUT_NOT_AUTHORISED"),
        ({"output_form": None}, "OUTPUT_NOT_AUTHORISED"),
        ({"region_coverage": ["430000", "110000"]}, "REGION_NOT_AUTHORISED"),
        ({"delivery_mode": "raw_file"}, "MODE_NOT_ALLOWED"),
    ],
)
def test_public_data_stays_within_its_authorisation(
    session: Session, changes: dict[str, Any], code: str
) -> None:
    assert found(session, make.public_content(session, **changes)) == [code]


def test_an_authorisation_must_be_in_force(session: Session, work_as: WorkAs) -> None:
    said = make.public_content(session)
    granted = authorisations.find(session, said["authorisation_id"] or "")

    after_the_end = found(session, said, at=grants.AFTER_THE_END)
    grants.suspend(work_as("per_hub_supervisor"), granted)
    suspended = found(session, said)

    assert after_the_end == suspended == ["AUTHORISATION_NOT_LIVE"]


def test_an_authorisation_that_was_not_activated_lists_nothing(session: Session) -> None:
    granted = grants.issued(session)
    tolls.everything_capped(session)
    said = make.content(
        source_kind="public_authorised",
        authorisation_id=granted.id,
        scenario_id=granted.scenario_id,
        items=[make.ITEM],
        output_form="aggregate_report",
    )

    assert found(session, said) == ["AUTHORISATION_NOT_LIVE"]


def test_nobody_lists_under_anothers_authorisation(session: Session) -> None:
    granted = grants.active(session, grantee_id="org_other")
    tolls.everything_capped(session)
    said = make.content(
        source_kind="public_authorised",
        authorisation_id=granted.id,
        scenario_id=granted.scenario_id,
        items=[make.ITEM],
        output_form="aggregate_report",
    )

    assert found(session, said) == ["AUTHORISATION_NOT_YOURS"]


def test_i_20_an_operator_does_not_develop_what_it_delivers(
    session: Session, work_as: WorkAs
) -> None:
    granted = grants.active(session, grantee_id="org_operator")
    tolls.everything_capped(session)
    said = make.content(
        source_kind="public_authorised",
        authorisation_id=granted.id,
        scenario_id=granted.scenario_id,
        items=[make.ITEM],
        output_form="aggregate_report",
    )
    product = products.create(work_as("per_developer_editor"), **said)
    version = versions.find(session, product.current_version_id)

    refused = listing.refusals(version, "org_operator", work_as("per_operator_editor"))

    assert [refusal.code for refusal in refused] == [
        "OPERATOR_MAY_NOT_REDEVELOP",
        "MATERIAL_MISSING",
    ]


@pytest.mark.parametrize("grade", [grade for grade in Grade if grade != Grade.CORE])
@pytest.mark.parametrize("mode", list(Mode))
@on_sqlite
def test_i_21_a_mode_is_listed_exactly_when_the_matrix_allows_it(
    session: Session, grade: Grade, mode: Mode
) -> None:
    said = make.content(grade=grade.value, delivery_mode=mode.value)
    version = versions.write(work_of(session, "system"), "prd_1", 1, said)
    session.expunge(version)
    allowed = mode in allowed_modes(grade, PiClass.NONE, origin=Origin.SELF_PRODUCED)

    refused = listing.refusals(version, "org_developer", work_of(session, "system"))

    assert [refusal.code for refusal in refused] == ([] if allowed else ["MODE_NOT_ALLOWED"])


def test_rules_are_numbered_in_order() -> None:
    assert [rule.number for rule in listing.RULES] == [
        f"L-{place:02}" for place in range(1, len(listing.RULES) + 1)
    ]


def test_i_31_what_is_open_to_everybody_is_never_sold_raw(session: Session) -> None:
    version = shelf.published(session, open_type="open", open_condition=None)
    shelf.registered(session, version.directory_id)
    code = directories.find_directory(session, version.directory_id).code
    raw = [{"directory": code, "item": "TEMP", "transform": "raw"}]
    granted = grants.active(session, given=grants.scope(items=raw))
    tolls.everything_capped(session)
    said = make.content(
        source_kind="public_authorised",
        authorisation_id=granted.id,
        scenario_id=granted.scenario_id,
        items=[{"directory": code, "item": "TEMP"}],
        output_form="aggregate_report",
    )

    sold = found(session, said)
    said["price_plan"] = make.FREE
    given = found(session, said)

    assert sold == ["OPEN_DATA_SOLD_RAW"]
    assert given == []
