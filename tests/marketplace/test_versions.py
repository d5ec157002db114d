from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from marketplace import products, versions
from marketplace.versions import ProductVersion
from tests.conftest import WorkAs
from tests.marketplace import make


def written(session: Session, **changes: Any) -> ProductVersion:
    product = make.draft(session, **changes)
    return versions.find(session, product.current_version_id)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title_zh": "  "}, "/title_zh"),
        ({"product_type": "data"}, "/product_type"),
        ({"application_field": "weather"}, "/application_field"),
        ({"grade": "G9"}, "/grade"),
        ({"grade": ""}, "/grade"),
        ({"output_form": "fax"}, "/output_form"),
        ({"delivery_mode": "courier"}, "/delivery_mode"),
        ({"temporal_to": date(2000, 1, 1)}, "/temporal_to"),
        ({"source_kind": "public_authorised"}, "/authorisation_id"),
        ({"authorisation_id": "aut_1"}, "/authorisation_id"),
        ({"scenario_id": "scn_1"}, "/scenario_id"),
        ({"accept_days": 0}, "/accept_days"),
        ({"accept_days": 31}, "/accept_days"),
        ({"sample": [{"rain": 1}] * 101}, "/sample"),
        ({"price_plan": {"kind": "guess"}}, "/price_plan"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(
    session: Session, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as error:
        make.draft(session, **changes)

    assert error.value.pointer == pointer


def test_what_must_be_said_and_is_not_is_named(work_as: WorkAs) -> None:
    said = make.content()
    del said["intro"]

    with pytest.raises(Invalid) as error:
        products.create(work_as("per_developer_editor"), **said)

    assert error.value.pointer == "/intro"


def test_what_may_be_left_out_is_empty(work_as: WorkAs) -> None:
    said = make.content()
    for name in ("temporal_from", "temporal_to", "update_frequency", "sample", "quality"):
        del said[name]  # type: ignore[misc]  # these five may be left out

    made = products.create(work_as("per_developer_editor"), **said)

    version = versions.find(work_as("system").session, made.current_version_id)
    assert (version.update_frequency, version.sample, version.temporal_from) == ("", [], None)


def test_a_version_is_known_by_its_digest(session: Session) -> None:
    same, again = written(session), written(session)
    other = written(session, sample=[{"station": "Dongsi", "rain": 3.25}])

    assert same.digest == again.digest
    assert same.digest != other.digest


def test_content_can_be_written_again(session: Session) -> None:
    version = written(session)

    assert versions.content(version) == make.content()


@pytest.mark.parametrize(("pi_class", "contains"), [("none", False), ("ordinary", True)])
def test_a_version_says_whether_it_holds_personal_information(
    session: Session, pi_class: str, contains: bool
) -> None:
    assert written(session, pi_class=pi_class).contains_pi is contains


def test_i_19_the_database_itself_ties_public_data_to_an_authorisation(session: Session) -> None:
    version = written(session)
    session.commit()
    columns = [column.name for column in ProductVersion.__table__.columns]
    changed = {"id": "'prv_x'", "number": "2", "source_kind": "'public_authorised'"}
    copied = ", ".join(changed.get(name, name) for name in columns)

    with pytest.raises(DBAPIError, match="public_data_names_its"):
        session.execute(
            text(
                f"INSERT INTO product_versions ({', '.join(columns)}) "
                f"SELECT {copied} FROM product_versions WHERE id = :id"
            ),
            {"id": version.id},
        )
