import pytest

from app.unit import Exchange
from tests.catalogue import shelf
from tests.conftest import Client
from tests.licensing import grants


@pytest.fixture
def cert_no(application: Exchange) -> str:
    with application.house.engines.writing() as session:
        temperature, rain, _wind = shelf.ITEMS
        shelf.published(session, items=[{**temperature, "grade": "G3"}, {**rain, "grade": "G2"}])
        made = grants.active(session).cert_no
        session.commit()
    return made


def test_everybody_verifies_a_certificate_by_its_number(client: Client, cert_no: str) -> None:
    answer = client.get(f"/api/certificates/{cert_no}")

    assert answer.status_code == 200, answer.json
    assert (answer.json["intact"], answer.json["signature_ok"]) == (True, True)
    assert answer.json["standing"] == "active"
    assert answer.json["certificate"]["items_hidden"] == 1
    assert [one["item"] for one in answer.json["certificate"]["items"]] == ["RAIN"]


def test_there_is_a_public_list(client: Client, cert_no: str) -> None:
    answer = client.get("/api/certificates")

    (listed,) = answer.json["items"]
    assert (listed["cert_no"], listed["standing"]) == (cert_no, "active")
    assert listed["grantee"]["name_en"] == "Demo Sweetgum Technology"


def test_a_number_that_was_never_given_is_not_found(client: Client) -> None:
    assert client.get("/api/certificates/AU-430000-1999-0001").status_code == 404
