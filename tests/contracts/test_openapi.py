"""The published OpenAPI document is true: whatever is asked, the answer is one that it names."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from app import api, create_app, demonstration
from app.unit import Exchange, Policy
from config.settings import Settings
from kernel import ids
from tests import postgres
from tests.conftest import NOON
from tests.contracts import town
from tests.contracts.town import Town

TAGS = sorted(
    [module.blueprint.name for module in api.NOUNS]
    + [each.name for each in api.BESIDE]
    + ["demonstration"]
)
OURS = ("/api/", "/.well-known/")
EXAMPLES = 5
"""Requests to each operation, on each database."""

PROMISES = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
CALLERS = ("per_exchange_auditor", "per_developer_editor", "per_buyer_editor", "per_dept_approver",
           "per_hub_supervisor", "per_agency_secretary", "per_exchange_settler", "per_other_editor",
           "per_operator_signer", "seated", "nobody")  # fmt: skip
QUERIES: dict[str, dict[str, str | tuple[str, str]]] = {
    "/api/rankings": {"kind": "merchants"},
    "/api/rankings/leagues": {"kind": "merchants"},
    "/api/papers/known": {"number": "ST-2026-000001", "digest": "0"},
    "/api/asset-cards/{subject_id}/revenue": {"first": "2026-01", "last": "2026-06"},
    "/api/asset-disclosures/tables": {"first_on": "2026-01-01", "last_on": "2026-06-30"},
    "/api/datasets/{subject_id}/changes": {"before": "1", "after": "1"},
    "/api/search/comparison": {"product": ("products", "subject_id")},
}
"""What has to be asked where an address alone says too little; a pair: two of those records."""


# --- the document itself ----------------------------------------------------------------


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Give the document of a demonstration: its every door is open."""
    made = _application("sqlite:////nowhere/openapi.db")
    answer = made.test_client().get("/api/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    found: dict[str, Any] = json.loads(answer.text)
    return found


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def test_it_is_an_openapi_document_of_version_3_1(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()

    assert document["openapi"].startswith("3.1.")
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_every_route_of_the_api_is_in_it_and_nothing_else() -> None:
    made = _application("sqlite:////nowhere/openapi.db")

    routes = {
        (re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in made.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(OURS)
    }

    document = made.extensions["openapi_document"]
    assert {(path, method) for path, method, _ in _operations(document)} == routes


def test_every_operation_says_what_it_is(document: dict[str, Any]) -> None:
    names = Counter(operation["operationId"] for _, _, operation in _operations(document))
    known = {tag["name"] for tag in document["tags"]}

    assert set(names.values()) == {1}
    assert known == {*TAGS, "document"}
    for path, method, operation in _operations(document):
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", operation["operationId"]), path
        assert operation["summary"].endswith("."), (path, operation["summary"])
        assert len(operation["tags"]) == 1, path
        assert set(operation["tags"]) <= known, path
        assert any(status.startswith("2") for status in operation["responses"]), path
        assert method in {"get", "post"}, path


def test_every_tag_is_described_in_both_languages(document: dict[str, Any]) -> None:
    for tag in document["tags"]:
        assert re.fullmatch(r"[A-Z][^·]+ · [\u4e00-\u9fff、]+", tag["description"]), tag


def test_what_needs_a_signed_in_caller_says_so(document: dict[str, Any]) -> None:
    made = _application("sqlite:////nowhere/openapi.db")
    scopes = {
        rule.endpoint.replace(".", "_"): _policy(made.view_functions[rule.endpoint]).scope
        for rule in made.url_map.iter_rules()
        if rule.rule.startswith(OURS)
    }

    for path, _, operation in _operations(document):
        assert bool(operation.get("security")) == bool(scopes[operation["operationId"]]), path


def _policy(view: Any) -> Policy:
    found: Policy = view.policy
    return found


def test_what_moves_money_needs_a_key_and_nothing_else_does(document: dict[str, Any]) -> None:
    needed = {
        operation["operationId"]
        for _, method, operation in _operations(document)
        for parameter in operation.get("parameters", [])
        if method == "post" and parameter == {"$ref": "#/components/parameters/KeyNeeded"}
    }
    key = document["components"]["parameters"]["KeyNeeded"]

    assert (key["name"], key["required"]) == ("Idempotency-Key", True)
    assert {"orders_place", "payouts_request", "payouts_send"} <= needed
    assert not any(name.startswith("organisations") for name in needed)


# --- what is answered -------------------------------------------------------------------


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)],
)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Serve a town for all tests of this module: SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("town") / "town.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield from _served(f"sqlite:///{path}")
        return
    server, template = request.getfixturevalue("postgres_template")
    name = f"databourse_town_{ids.secret(6).lower().replace('-', '_')}"
    yield from _served(postgres.create_database(server, name, template=template))
    postgres.drop_database(server, name)


def _served(url: str) -> Iterator[Town]:
    application = _application(url)
    yield town.built(application)
    application.house.engines.dispose()


def _application(url: str) -> Exchange:
    return create_app(
        Settings(
            database_url=url, environment="test", clock="adjustable", key=bytes(range(32)).hex(),
            data_dir=str(Path(__file__).parents[2] / "data"), password_memory_kib=8,
            password_rounds=1, threads=4,
        )
    )  # fmt: skip


READ_WITH_A_TREE = {"/api/volume-releases/{subject_id}/proofs"}
"""What needs a tree that was grown of trades: read where one is, tests/journeys/test_releasing."""


@pytest.mark.slow
def test_whatever_can_be_read_is_read_by_somebody_and_looks_as_is_written(served: Town) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", served.application)
    unread = []

    for operation in _whole(schema):
        if operation.method == "get":
            statuses = {_read(served, operation, parts) for parts in _places(served, operation)}
            if 200 not in statuses and operation.path not in READ_WITH_A_TREE:
                unread.append(operation.path)

    assert unread == [], unread


def _places(served: Town, operation: Any) -> list[dict[str, str]]:
    (tag,) = operation.definition.raw["tags"]
    parts = re.findall(r"{(\w+)}", operation.path)
    known = [served.records[tag, part][:2] for part in parts]
    return [dict(zip(parts, chosen, strict=True)) for chosen in product(*known)]


def _read(served: Town, operation: Any, parts: dict[str, str]) -> int:
    """Let everybody read one address; return the best answer that somebody got."""
    query = {
        name: served.records[said][-2:] if isinstance(said, tuple) else said
        for name, said in QUERIES.get(operation.path, {}).items()
    }
    cases = {caller: operation.Case(path_parameters=parts, query=query) for caller in CALLERS}
    statuses: list[int] = [
        _asked(served, case, caller).status_code for caller, case in cases.items()
    ]
    return min(statuses)


def _asked(served: Town, case: Any, caller: str) -> Any:
    token = served.tokens.get(caller)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return case.call_and_validate(headers=headers, checks=PROMISES)


@pytest.mark.slow
@pytest.mark.parametrize("tag", TAGS)
def test_no_caller_is_answered_otherwise_than_is_written(served: Town, tag: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", served.application)
    operations = [one for one in _whole(schema) if one.definition.raw["tags"] == [tag]]

    for operation in operations:
        _ask(served, operation, tag)

    assert operations


def _whole(schema: Any) -> list[Any]:
    return [result.ok() for result in schema.get_all_operations()]


def _ask(served: Town, operation: Any, tag: str) -> None:
    named = {
        part: known
        for part in re.findall(r"{(\w+)}", operation.path)
        if (known := served.records.get((tag, part)))
    }
    real = st.fixed_dictionaries({part: st.sampled_from(known) for part, known in named.items()})
    cases = real.flatmap(lambda parts: operation.as_strategy(path_parameters=parts)) | (
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, caller=st.sampled_from(CALLERS))
    def ask(case: Any, caller: str) -> None:
        _asked(served, case, caller)

    ask()
    if tag == "demonstration":
        _turn_back_the_clock(served)


def _turn_back_the_clock(served: Town) -> None:
    with served.application.house.engines.writing() as session:
        demonstration.begin_at(session, NOON)
        session.commit()
