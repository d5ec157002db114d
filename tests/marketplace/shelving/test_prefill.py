from datetime import date

import pytest
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from marketplace import listing, products, versions
from marketplace.shelving import prefill
from marketplace.versions import Content
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.shelving import sheet

MERCHANT = "per_developer_editor"


def said(session: Session, **changes: object) -> Content:
    told = prefill.of(work_of(session, MERCHANT), sheet.dataset(session).id)
    dictionary = [{**each, "meaning": "含义"} for each in told["dictionary"]]
    return make.content(**{**told, "dictionary": dictionary, **changes})


def broken(session: Session, content: Content) -> list[str]:
    made = products.create(work_of(session, MERCHANT), **content)
    version = versions.find(session, made.current_version_id)
    found = listing.refusals(version, made.owner_id, work_of(session, MERCHANT))
    return [f"{each.rule} {each.code}" for each in found]


def test_a_data_set_says_what_it_knows(session: Session, work_as: WorkAs) -> None:
    version = sheet.dataset(session)

    told = prefill.of(work_as(MERCHANT), version.id)

    assert told == {
        "dataset_version_id": version.id,
        "title_zh": "各站降雨",
        "dictionary": [
            {"name": "station", "type": "string", "meaning": ""},
            {"name": "day", "type": "date", "meaning": ""},
            {"name": "rain", "type": "decimal", "meaning": ""},
        ],
        "sample": version.sample,
        "quality": {"completeness": 99, "uniqueness": 99, "validity": 99},
        "temporal_from": date(2013, 3, 1),
        "temporal_to": date(2017, 2, 28),
        "grade": "G1",
        "pi_class": "none",
        "delivery_mode": "raw_file",
    }


def test_another_version_keeps_meanings_and_never_lowers_the_grade(
    session: Session, work_as: WorkAs
) -> None:
    made = products.create(
        work_as(MERCHANT), **said(session, grade="G3", delivery_mode="in_domain")
    )
    before = versions.find(session, made.current_version_id)
    newer = sheet.dataset(session, number=2, grade="G2", pi_class="ordinary")

    told = prefill.of(work_as(MERCHANT), newer.id, before)

    assert {each["meaning"] for each in told["dictionary"]} == {"含义"}
    assert (told["grade"], told["pi_class"]) == ("G3", "ordinary")
    assert "title_zh" not in told


def test_nobody_lists_anothers_data(session: Session, work_as: WorkAs) -> None:
    foreign = sheet.dataset(session, "org_other")

    with pytest.raises(NotFound):
        prefill.of(work_as(MERCHANT), foreign.id)


def test_a_product_of_a_data_set_is_what_the_data_set_is(session: Session) -> None:
    whole = said(session)
    columns, rows = whole["dictionary"], whole["sample"]
    strange = {"name": "snow", "type": "decimal", "meaning": "雪"}
    invented = [{"station": "Nowhere", "day": "2013-03-01", "rain": "9"}]

    assert broken(session, whole) == []
    assert broken(session, {**whole, "dictionary": columns[:2], "sample": []}) == [
        "L-03 SAMPLE_MISSING", "L-16 DICTIONARY_DIFFERS",
    ]  # fmt: skip
    assert broken(session, {**whole, "dictionary": [*columns, strange]}) == [
        "L-16 DICTIONARY_DIFFERS"
    ]
    assert broken(session, {**whole, "sample": [*rows, *invented]}) == ["L-17 SAMPLE_NOT_OF_DATA"]


def test_i_22_a_product_is_not_graded_below_its_data(session: Session, work_as: WorkAs) -> None:
    delicate = sheet.dataset(session, number=2, grade="G3", pi_class="sensitive")
    told = prefill.of(work_as(MERCHANT), delicate.id)
    columns = [{**each, "meaning": "含义"} for each in told["dictionary"]]
    whole = make.content(**{**told, "dictionary": columns})

    assert broken(session, whole) == []
    assert broken(session, {**whole, "grade": "G2"}) == ["L-18 GRADE_BELOW_DATA"]
    assert "L-18 PI_BELOW_DATA" in broken(session, {**whole, "pi_class": "ordinary"})


def test_days_that_cannot_be_read_are_none() -> None:
    assert prefill.kind_of("DECIMAL(5,1)") == "decimal"
    assert prefill.kind_of("UUID") == "string"
