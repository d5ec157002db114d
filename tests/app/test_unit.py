from copy import copy
from typing import Any, ClassVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import Forbidden

from app import create_app, doors, unit
from app.unit import Exchange
from config.settings import Settings
from kernel import journal
from kernel.actor import SYSTEM
from kernel.errors import DomainError, Kind, Refusal
from kernel.words import Words
from kernel.work import Work
from tests import rivals
from tests.conftest import As, Client
from tests.settlement.bookkeeping import on_postgresql


class Kept(DomainError):
    kind = Kind.FORBIDDEN
    code = "kept"
    title = Words("拒", "No")
    keeps: ClassVar[bool] = True


class Faster(Exception):
    sqlstate = "40001"


class Unique(Exception):
    sqlstate = "23505"


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    """Add some views that do what views should not, to an application of their own."""
    unused = tmp_path_factory.mktemp("unused") / "unused.db"
    made = create_app(Settings(database_url=f"sqlite:///{unused}", key="00" * 32))
    blueprint = doors.noun("test", "Of the tests")
    blueprint.get("/reader")(reader)
    for view in (keeper, loser, racer, slow, twin, broken, bug):
        blueprint.post(f"/{view.__name__}")(view)
    made.register_blueprint(blueprint)
    return made


@pytest.fixture
def application(application: Exchange, roomy: Exchange) -> Exchange:
    """Serve the test's house with these views as well."""
    made = copy(roomy)
    made.house = application.house
    return made


@pytest.fixture
def room(application: Exchange) -> Exchange:
    """Begin with no view tried."""
    TRIES.clear()
    return application


TRIES: list[int] = []


def record(kind: str) -> None:
    unit.current().record(kind, "thg_1")


@doors.members("read")
def reader() -> Any:
    unit.current().session.execute(text("UPDATE people SET failures = 9"))
    return {}


@doors.members("write")
def keeper() -> Any:
    record("use.denied")
    raise Kept("不行", "no", (Refusal("WHY", "因为", "because"),))


@doors.members("write")
def loser() -> Any:
    record("use.lost")
    raise Forbidden("no")


@doors.members("write")
def racer() -> Any:
    TRIES.append(1)
    if len(TRIES) < 3:
        raise OperationalError("", {}, Faster())
    return {"tries": len(TRIES)}


@doors.members("write")
def slow() -> Any:
    raise OperationalError("", {}, Faster())


@doors.members("write")
def twin() -> Any:
    raise IntegrityError("", {}, Unique('violates unique constraint "uq_things"'))


@doors.members("write")
def broken() -> Any:
    raise IntegrityError("", {}, Exception("CHECK constraint failed: secret_detail"))


@doors.members("write")
def bug() -> Any:
    raise ZeroDivisionError("secret")


def _kinds(application: Exchange) -> list[str]:
    with application.house.engines.reading() as session:
        return [event.kind for event in journal.history(session, "thg_1", limit=10)]


def test_a_get_cannot_write(room: Exchange, as_: As) -> None:
    assert as_("per_buyer_editor").get("/api/test/reader").status_code == 500


def test_a_refusal_that_keeps_is_remembered(room: Exchange, as_: As) -> None:
    answer = as_("per_buyer_editor").post("/api/test/keeper", json={})

    assert answer.status_code == 403
    assert answer.json["refusals"] == [{"code": "WHY", "detail": "因为"}]
    assert _kinds(room) == ["use.denied"]


def test_any_other_no_leaves_nothing(room: Exchange, as_: As) -> None:
    answer = as_("per_buyer_editor").post("/api/test/loser", json={})

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/forbidden")
    assert _kinds(room) == []


def test_who_was_slower_is_run_again(room: Exchange, as_: As) -> None:
    assert as_("per_buyer_editor").post("/api/test/racer", json={}).json == {"tries": 3}


def test_trying_ends(room: Exchange, as_: As) -> None:
    assert as_("per_buyer_editor").post("/api/test/slow", json={}).status_code == 500


@on_postgresql
def test_a_unit_outside_a_request_that_loses_a_deadlock_is_run_again(
    application: Exchange,
) -> None:
    tries: list[int] = []

    def command(work: Work) -> int:
        tries.append(1)
        rivals.lock_both(work.session)
        work.record("thing.counted", "thg_1")
        return len(tries)

    with rivals.rival(application.house.engines):
        answer = unit.committed(application.house, SYSTEM, command)

    assert answer == 2
    assert _kinds(application) == ["thing.counted"]


def test_a_lost_race_for_a_name_is_a_conflict(room: Exchange, as_: As) -> None:
    answer = as_("per_buyer_editor").post("/api/test/twin", json={})

    assert answer.status_code == 409
    assert answer.json["refusals"] == [{"code": "ALREADY_EXISTS", "detail": "uq_things"}]


@pytest.mark.parametrize("view", ["broken", "bug"])
def test_a_bug_tells_nothing_outside(room: Exchange, as_: As, view: str) -> None:
    answer = as_("per_buyer_editor").post(f"/api/test/{view}", json={})

    assert answer.status_code == 500
    assert answer.json["request_id"]
    assert "secret" not in answer.get_data(as_text=True)


def test_an_unknown_address_is_a_problem(client: Client) -> None:
    answer = client.get("/api/nothing", headers={"Accept-Language": "en"})

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.json["type"] == "/problems/not-found"


def test_a_wrong_method_names_the_right_ones(client: Client) -> None:
    answer = client.delete("/api/organisations")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_body_too_large_is_refused(as_: As) -> None:
    answer = as_("per_exchange_compliance").post(
        "/api/organisations", data=b"[" + b"1," * 5_000_000, content_type="application/json"
    )

    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'"\\ud800"', b"[]", b"null", b""])
def test_a_body_that_is_no_object_is_refused(as_: As, body: bytes) -> None:
    answer = as_("per_exchange_compliance").post(
        "/api/organisations", data=body, content_type="application/json"
    )

    assert answer.status_code in {400, 422}, answer.json
    assert answer.content_type == "application/problem+json"


def test_every_answer_carries_its_safety_and_its_id(client: Client) -> None:
    answer = client.get("/api/organisations", headers={"X-Request-ID": "my-request-1"})

    assert answer.headers["X-Request-ID"] == "my-request-1"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in answer.headers
    secure = client.get("/healthz", base_url="https://localhost", headers={"X-Request-ID": "<x>"})
    assert secure.headers["Strict-Transport-Security"]
    assert secure.headers["X-Request-ID"] != "<x>"


def test_the_language_is_the_callers(client: Client) -> None:
    asked = client.get("/api/organisations/org_none", headers={"Accept-Language": "en-GB,en"})
    by_query = client.get("/api/organisations/org_none?lang=en")
    by_default = client.get("/api/organisations/org_none")

    assert asked.json["title"] == by_query.json["title"] == "No such record"
    assert asked.headers["Content-Language"] == "en"
    assert by_default.json["title"] == "没有这条记录"
