from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app import idempotency
from app.idempotency import Remembered
from app.unit import Exchange
from kernel.parties.organisations import Organisation
from tests.app.api.parties.test_organisations import ENTRY
from tests.conftest import As, work_of


def test_the_same_key_gives_the_same_answer(as_: As) -> None:
    registrar = as_("per_exchange_compliance")
    headers = {"Idempotency-Key": "k-1"}

    first = registrar.post("/api/organisations", json=ENTRY, headers=headers)
    again = registrar.post("/api/organisations", json=ENTRY, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_same_key_with_another_body_is_refused(as_: As) -> None:
    registrar = as_("per_exchange_compliance")
    headers = {"Idempotency-Key": "k-1"}
    registrar.post("/api/organisations", json=ENTRY, headers=headers)

    answer = registrar.post(
        "/api/organisations", json={**ENTRY, "name_en": "Other"}, headers=headers
    )

    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/idempotency-key-reused"


def test_a_key_is_its_owners(as_: As) -> None:
    headers = {"Idempotency-Key": "k-1"}
    as_("per_exchange_compliance").post("/api/organisations", json=ENTRY, headers=headers)

    answer = as_("per_buyer_editor").post("/api/organisations", json=ENTRY, headers=headers)

    assert answer.status_code == 403


def test_a_refusal_is_not_remembered(as_: As) -> None:
    registrar = as_("per_exchange_compliance")
    headers = {"Idempotency-Key": "k-1"}
    wrong = {**ENTRY, "uscc": "x"}

    assert registrar.post("/api/organisations", json=wrong, headers=headers).status_code == 422
    assert registrar.post("/api/organisations", json=ENTRY, headers=headers).status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, "\x7f"])
def test_a_key_is_short_and_printable(as_: As, key: str) -> None:
    answer = as_("per_exchange_compliance").post(
        "/api/organisations", json=ENTRY, headers={"Idempotency-Key": key}
    )

    assert answer.status_code == 400


def test_forty_twins_have_one_effect(application: Exchange, as_: As) -> None:
    registrar = as_("per_exchange_compliance")
    authorisation = registrar.environ_base["HTTP_AUTHORIZATION"]

    def ask(_: int) -> int:
        answer = application.test_client().post(
            "/api/organisations",
            json=ENTRY,
            headers={"Idempotency-Key": "k-1", "Authorization": authorisation},
        )
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(ask, range(40)))

    assert set(statuses) == {201}
    with application.house.engines.reading() as session:
        count = select(func.count()).where(Organisation.uscc == ENTRY["uscc"])
        assert session.scalar(count) == 1


def test_old_keys_are_forgotten(application: Exchange, as_: As) -> None:
    as_("per_exchange_compliance").post(
        "/api/organisations", json=ENTRY, headers={"Idempotency-Key": "k-1"}
    )

    with application.house.engines.writing() as session:
        now = application.house.now(session)
        idempotency.forget(work_of(session, "system", at=now + idempotency.KEPT * 0.9))
        assert session.scalar(select(func.count()).select_from(Remembered)) == 1
        idempotency.forget(work_of(session, "system", at=now + idempotency.KEPT * 1.1))
        assert session.scalar(select(func.count()).select_from(Remembered)) == 0
