from typing import Any

import pytest
from sqlalchemy import event, func, select

from app import worker
from app.unit import Exchange
from kernel.parties import credentials
from licensing import authorisations
from licensing.decisions import Decision
from tests.conftest import As, Client, work_of
from tests.licensing import grants
from tests.licensing.deciding import uses


def body(key: str, **changes: Any) -> dict[str, Any]:
    return {
        "authorisation_id": key,
        "organisation_id": "org_buyer",
        "purpose_code": "weather_insurance",
        "items": [{"directory": grants.DIRECTORY, "item": "RAIN"}],
        "transform": "aggregated",
        "output_form": "record_api",
        "region": "430100",
        "environment": "tee",
        **changes,
    }


@pytest.fixture
def key(application: Exchange) -> str:
    return uses.granted(application.house.engines)


@pytest.fixture
def free(application: Exchange) -> str:
    """Return an authorisation without quotas, which memory alone can answer for."""
    with application.house.engines.writing() as session:
        made = grants.active(
            session,
            given=grants.scope(quotas={}),
            scenario_id="scn_free",
            assessment_id="asm_free",
        ).id
        session.commit()
    return made


def kept(application: Exchange) -> int:
    with application.house.engines.reading() as session:
        return session.scalar(select(func.count()).select_from(Decision)) or 0


def suspend(application: Exchange, key: str) -> None:
    with application.house.engines.writing() as session:
        grants.suspend(work_of(session, "per_hub_supervisor"), authorisations.find(session, key))
        session.commit()


def test_an_operator_asks_and_is_told_what_is_left_and_what_it_owes(as_: As, key: str) -> None:
    answer = as_("per_operator_editor").post(
        "/api/decisions", json=body(key, quantity={"rows": 10})
    )

    assert answer.status_code == 200, answer.json
    assert (answer.json["outcome"], answer.json["version"]) == ("allow", 1)
    assert answer.json["remaining"] == {"rows": 990}
    assert answer.json["obligations"] == ["log", "destroy", "report", "aggregate by day"]
    assert answer.json["refusals"] == []


@pytest.mark.parametrize("quantity", [{}, {"rows": 5}])
def test_a_no_is_an_answer_that_names_what_would_pass(
    as_: As, key: str, quantity: dict[str, int]
) -> None:
    asked = body(key, purpose_code="site_selection", region="110000", quantity=quantity)
    operator = as_("per_operator_editor")

    english = operator.post("/api/decisions", json=asked, headers={"Accept-Language": "en"})
    chinese = operator.post("/api/decisions", json=asked, headers={"Accept-Language": "zh"})

    assert (english.status_code, english.json["outcome"]) == (200, "deny")
    codes = [refusal["code"] for refusal in english.json["refusals"]]
    assert codes == ["PURPOSE_MISMATCH", "REGION_OUT_OF_SCOPE"]
    assert "would pass as “weather_insurance”" in english.json["refusals"][0]["detail"]
    assert "应为“weather_insurance”" in chinese.json["refusals"][0]["detail"]
    assert english.json["obligations"] == []


def test_what_memory_answers_costs_no_write_and_is_kept(
    application: Exchange, as_: As, free: str
) -> None:
    operator = as_("per_operator_editor")
    written: list[str] = []
    event.listen(
        application.house.engines.write, "before_cursor_execute",
        lambda _c, _u, statement, *_: written.append(statement),
    )  # fmt: skip

    answers = [operator.post("/api/decisions", json=body(free)).json for _ in range(3)]
    told = list(written)

    assert [one["outcome"] for one in answers] == ["allow"] * 3
    assert [one for one in told if not one.startswith("SELECT")] == []
    assert kept(application) == 0
    assert worker.file_decisions(application.house) == 3
    assert worker.file_decisions(application.house) == 0
    assert worker.file_decisions(application.house) == 0
    assert kept(application) == 3
    one = operator.get(f"/api/decisions/{answers[0]['id']}")
    assert (one.status_code, one.json["outcome"]) == (200, "allow")


def test_i_33_a_suspension_is_known_to_the_next_request(
    application: Exchange, as_: As, free: str
) -> None:
    buyer = as_("per_buyer_editor")
    before = buyer.post("/api/decisions", json=body(free)).json
    suspend(application, free)
    after = buyer.post("/api/decisions", json=body(free)).json

    assert before["outcome"] == "allow"
    assert [one["code"] for one in after["refusals"]] == ["AUTH_SUSPENDED"]


def test_a_batch_is_answered_in_its_order(as_: As, key: str, free: str) -> None:
    asked = [
        body(key, quantity={"rows": 600}),
        body(free),
        body(free, region="110000"),
        body(key, quantity={"rows": 600}),
        body("aut_nowhere"),
    ]

    answer = as_("per_operator_editor").post("/api/decisions/batch", json={"uses": asked})

    assert answer.status_code == 200, answer.json
    told = [[one["code"] for one in each["refusals"]] for each in answer.json["answers"]]
    assert told == [[], [], ["REGION_OUT_OF_SCOPE"], ["QUOTA_EXCEEDED"], ["NO_AUTH"]]
    assert [one["authorisation_id"] for one in answer.json["answers"]] == [
        key, free, free, key, "aut_nowhere",
    ]  # fmt: skip


def test_an_empty_batch_is_answered_and_a_long_one_is_refused(as_: As, free: str) -> None:
    operator = as_("per_operator_editor")

    empty = operator.post("/api/decisions/batch", json={"uses": []})
    long = operator.post("/api/decisions/batch", json={"uses": [body(free)] * 1001})

    assert empty.json == {"answers": []}
    assert long.status_code == 422


def test_strangers_learn_no_more_than_of_a_name_that_was_guessed(
    as_: As, key: str, free: str
) -> None:
    stranger = as_("per_other_editor")

    for asked in (key, free, "aut_nowhere"):
        for whose in ("org_buyer", "org_exchange"):
            use = body(asked, organisation_id=whose, purpose_code="other")
            answer = stranger.post("/api/decisions", json=use).json
            assert [one["code"] for one in answer["refusals"]] == ["NO_AUTH"]
            assert (answer["version"], answer["remaining"]) == (None, {})


def test_asking_needs_a_token_with_its_scope(
    application: Exchange, client: Client, free: str
) -> None:
    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor")
        secrets = {
            scope: credentials.issue(work, label=scope, scopes=[scope], days=3)[1]
            for scope in ("read", "deliver")
        }
        session.commit()

    def ask(secret: str | None) -> int:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return int(client.post("/api/decisions", json=body(free), headers=headers).status_code)

    assert ask(secrets["deliver"]) == 200
    assert ask(secrets["read"]) == 403
    assert ask(None) == 401


@pytest.mark.parametrize(
    "changes",
    [{"quantity": {"rows": -1}}, {"quantity": {"rows": 1.5}}, {"order_paid": True}, {"items": "x"}],
)
def test_what_cannot_be_meant_is_refused(as_: As, free: str, changes: dict[str, Any]) -> None:
    answer = as_("per_operator_editor").post("/api/decisions", json=body(free, **changes))

    assert answer.status_code == 422


def test_a_list_is_narrowed_by_outcome_code_and_days(as_: As, key: str) -> None:
    buyer = as_("per_buyer_editor")
    for region in ("430100", "110000"):
        buyer.post("/api/decisions", json=body(key, region=region, quantity={"rows": 1}))

    def listed(**query: str) -> list[str]:
        found = buyer.get("/api/decisions", query_string=query)
        assert found.status_code == 200, found.json
        return [one["region"] for one in found.json["items"]]

    assert sorted(listed()) == ["110000", "430100"]
    assert listed(outcome="allow") == ["430100"]
    assert listed(code="REGION_OUT_OF_SCOPE") == listed(outcome="deny") == ["110000"]
    assert listed(code="NO_AUTH") == []
    assert len(listed(since="2026-07-01", until="2026-07-01")) == 2
    assert listed(since="2026-07-02") == listed(until="2026-06-30") == []
    assert listed(until="1969-01-01") == []
    assert buyer.get("/api/decisions?outcome=maybe").status_code == 422


def test_one_decision_is_its_users_and_the_parties_to_see(
    application: Exchange, as_: As, key: str
) -> None:
    asked = body(key, quantity={"rows": 1}, region="110000")
    made = as_("per_buyer_editor").post("/api/decisions", json=asked).json["id"]
    path = f"/api/decisions/{made}"

    for person in ("per_buyer_editor", "per_developer_signer", "per_hub_supervisor"):
        shown = as_(person).get(path)
        assert shown.status_code == 200
        assert [one["code"] for one in shown.json["refusals"]] == ["REGION_OUT_OF_SCOPE"]
    stranger = as_("per_other_editor")
    assert stranger.get(path).status_code == 404
    assert stranger.get("/api/decisions/dec_nowhere").status_code == 404
