"""The decision on one use of data: from memory, from the tables, and over HTTP.

From memory it is compared with what it cannot be faster than, a look-up in a dictionary of
ready answers, and with Cedar evaluating an equal policy; every way must say the same. Then
how it grows with the number of live rights, what one written line of the log adds, what one
transaction costs, and how a request compares with one that does nothing.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import migrations
from app.unit import Exchange
from benchmarks.house import client_of, furnished
from benchmarks.stopwatch import Way, compare
from kernel.engines import Engines
from licensing import decisions, scope
from licensing.deciding import answers, compiled
from licensing.deciding.clauses import Grant, Party
from licensing.deciding.clerks import Clerk
from licensing.deciding.epochs import ALL
from licensing.decisions import Request
from tests.conftest import NOON, work_of
from tests.licensing import grants
from tests.licensing.deciding import uses

RIGHTS, FEW = 100_000, 1_000
ASKED = 2_000
ROUNDS = 7
TURNS = 300
SEED = 20_260_701
BUYER = Party("org_buyer", running=True, classes=frozenset({"class:buyer"}))

POLICY = """
permit(principal, action == Action::"use", resource) when {
    resource.state == "active" && context.today >= resource.first && context.today <= resource.last
    && resource.purpose == context.purpose && resource.items.containsAll(context.items)
    && context.transform >= resource.transform && resource.forms.contains(context.form)
    && resource.classes.contains(principal.class) && context.region like "43*"
    && context.environment >= resource.environment && principal.running && resource.supplied
};
"""
Answer = tuple[str, ...]
Ways = dict[str, tuple[Callable[[Any], object], Sequence[Any]]]


def run() -> None:
    """Measure each of them."""
    with TemporaryDirectory(prefix="databourse-bench-") as folder:
        _from_memory(Path(folder))
    with furnished() as application:
        _from_tables(application)
        _over_http(application)


def _from_memory(folder: Path) -> None:
    many, asked = _clerk(folder / "many", RIGHTS), _requests(RIGHTS)
    ready = _ready(many)
    ready |= {(one.authorisation_id, one.shape): many.codes(one, NOON) for one in asked}
    ways: Ways = {
        "a dictionary of ready answers": (
            lambda one: ready[one.authorisation_id, one.shape], asked),
        f"licensing.deciding, {RIGHTS:,} rights": (lambda one: many.codes(one, NOON), asked),
        "the same, and its line in the log": (_answering(many), asked),
    }  # fmt: skip
    denied = sum(bool(ready[one.authorisation_id, one.shape]) for one in asked)
    print(f"\nMay this be read now? From memory; {ASKED:,} requests, {denied} denied")
    _against_cedar(ways, asked, ready)
    _timed(ways)
    _first_time(folder, asked)
    _growth(many, _clerk(folder / "few", FEW))


def _ready(clerk: Clerk) -> dict[Any, Answer | None]:
    # As many ready answers as there are rights: both sides have as much to find one in.
    shape = uses.request("aut_0", quantity={}).shape
    return {(key, shape): () for key in clerk._grants}


def _growth(many: Clerk, few: Clerk) -> None:
    """Print how the time of one decision grows with the rights, and that of a bare dictionary.

    Neither looks at more than a few entries. What grows is the way to them: of a hundred
    times as many, fewer are in the processor's caches.
    """
    print(f"  CPU time of one decision with {RIGHTS:,} rights, of that with {FEW:,}:")
    for name, asked, ways in (
        (f"{FEW:,} rights, again and again", FEW, 1),
        ("each right in its turn", RIGHTS, 1),
        ("each right in its turn, in two ways", RIGHTS, 2),
    ):
        lots, some = _sized(many, RIGHTS, asked, ways), _sized(few, FEW, FEW, ways)
        ours, bare = [], []
        for turn in range(-1, ROUNDS):
            grown = [_cpu(*large) / _cpu(*small) for large, small in zip(lots, some, strict=True)]
            if turn >= 0:
                ours.append(grown[0])
                bare.append(grown[1])
        print(f"    {name:<36} ours {_spread(ours)}, a bare dictionary {_spread(bare)}")


def _sized(
    clerk: Clerk, rights: int, asked: int, ways: int
) -> list[tuple[Callable[[Any], object], Sequence[Request]]]:
    # What is asked is equal to what is remembered, and never the same object: so requests
    # come from outside.
    clerk.forget([ALL])
    clerk._parties["org_buyer"] = BUYER
    _fill(clerk, rights)
    ready = _ready(clerk)
    for one in _each_right(rights, asked, ways):
        ready[one.authorisation_id, one.shape] = clerk.codes(one, NOON)
    again = _each_right(rights, asked, ways)
    again *= max(1, RIGHTS // len(again))  # long enough to bear a look into the journal
    return [
        (lambda one: clerk.codes(one, NOON), again),
        (lambda one: ready[one.authorisation_id, one.shape], again),
    ]


def _each_right(rights: int, asked: int, ways: int) -> list[Request]:
    """Return requests for so many of the rights in a mixed order, `ways` for each."""
    chance = Random(SEED)  # noqa: S311 - an order, the same in every run
    base = [uses.request("aut_0", quantity={}, region=f"4301{way:02}") for way in range(ways)]
    return [
        replace(one, authorisation_id=f"aut_{number}")
        for one in base
        for number in chance.sample(range(rights), asked)
    ]


def _cpu(act: Callable[[Any], object], asked: Sequence[Any]) -> float:
    began = process_time()
    for one in asked:
        act(one)
    return (process_time() - began) / len(asked)


def _spread(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.2f} × [{min(ratios):.2f}..{max(ratios):.2f}]"


def _answering(clerk: Clerk) -> Callable[[Request], object]:
    def answer(one: Request) -> object:
        return clerk.answer(
            one, person_id="per_operator_editor", organisation_id="org_operator", now=NOON
        )

    return answer


def _against_cedar(ways: Ways, asked: list[Request], ready: dict[Any, Any]) -> None:
    try:
        import cedarpy
    except ImportError:
        print("  cedarpy is not installed (extra: bench); Cedar is left out")
        return
    # Parsed once, the entities of each right too: only the question is new at each call.
    policies = cedarpy.PolicySet.from_str(POLICY)
    written = [_cedar(one) for one in asked]
    questions = [(one, cedarpy.Entities.from_json_str(entities)) for one, entities in written]
    for one, (question, entities) in zip(asked, questions, strict=True):
        said = cedarpy.is_authorized(question, policies, entities)
        assert said.allowed is not bool(ready[one.authorisation_id, one.shape]), one
    ways["cedarpy, an equal policy"] = (
        lambda one: cedarpy.is_authorized(one[0], policies, one[1]), questions[:400])  # fmt: skip


def _timed(ways: Ways) -> None:
    taken: dict[str, list[list[float]]] = {name: [] for name in ways}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    chance = Random(SEED)  # noqa: S311 - an order of turns, the same in every run
    for _ in range(ROUNDS):
        for name in chance.sample(list(ways), len(ways)):
            act, asked = ways[name]
            spent[name].append(_cpu(act, asked))
            taken[name].append(sorted(_each(act, asked)))
    ours = next(name for name in ways if name.startswith(f"licensing.deciding, {RIGHTS:,}"))
    print(f"  {'':<40} {'p50 µs':>8} {'p99 µs':>8} {'CPU µs':>8} {'per s':>10}   ours is")
    for name in ways:
        half = median(one[len(one) // 2] for one in taken[name]) * 1e6
        last = median(one[len(one) * 99 // 100] for one in taken[name]) * 1e6
        cpu = median(spent[name])
        ratios = [other / mine for other, mine in zip(spent[name], spent[ours], strict=True)]
        print(f"  {name:<40} {half:>8.2f} {last:>8.2f} {cpu * 1e6:>8.2f} {1 / cpu:>10,.0f}"
              f"   {_spread(ratios)}")  # fmt: skip


def _each(act: Callable[[Any], object], asked: Sequence[Any]) -> list[float]:
    taken = []
    for one in asked:
        began = perf_counter()
        act(one)
        taken.append(perf_counter() - began)
    return taken


def _first_time(folder: Path, asked: list[Request]) -> None:
    fresh = _clerk(folder / "fresh", RIGHTS)
    taken = sorted(_each(lambda one: fresh.codes(one, NOON), asked))
    half, last = taken[len(taken) // 2] * 1e6, taken[len(taken) * 99 // 100] * 1e6
    print(f"  every request the first of its shape: p50 {half:.2f} µs, p99 {last:.2f} µs")


def _clerk(folder: Path, count: int) -> Clerk:
    """Return a clerk with so many rights in memory; made up here, as they would be read."""
    folder.mkdir()
    engines = Engines(f"sqlite:///{folder}/rights.db")
    migrations.upgrade(engines.write)
    clerk = Clerk(engines, folder / "state")
    clerk._heed()
    clerk._begin_day(NOON)
    clerk._parties["org_buyer"] = BUYER
    _fill(clerk, count)
    return clerk


def _fill(clerk: Clerk, count: int) -> None:
    granted = scope.from_json(grants.scope(quotas={}))
    for number in range(count):
        clerk._grants[f"aut_{number}"] = _grant(number, granted)


def _grant(number: int, granted: scope.Scope) -> Grant:
    return Grant(
        id=f"aut_{number}",
        version=1,
        grantee_id="org_developer",
        operator_id="org_operator",
        parties=frozenset({"org_developer", "org_operator"}),
        idle=(),
        standing=frozenset({"AUTH_SUSPENDED"} if number % 10 == 0 else set()),
        purpose_code=granted.purpose_code,
        items=dict(granted.items),
        graded={},
        unconsented=frozenset(),
        forms=frozenset(form.value for form in granted.output_forms),
        users=granted.users,
        regions=granted.regions,
        environments=granted.environments,
        meters=frozenset(),
        obligations=(),
        conditional=False,
        first=granted.period.first,
        last=granted.period.last,
        since=compiled.day(NOON)[0],
    )


def _requests(count: int) -> list[Request]:
    chance = Random(SEED)  # noqa: S311 - made-up requests, the same in every run
    base = uses.request("aut_0", quantity={})
    found = []
    for _ in range(ASKED):
        one = replace(base, authorisation_id=f"aut_{chance.randrange(count)}")
        match chance.randrange(8):
            case 0:
                one = replace(one, purpose_code="site_selection")
            case 1:
                one = replace(one, transform="masked")
            case 2:
                one = replace(one, region="110000")
        found.append(one)
    return found


def _cedar(one: Request) -> tuple[dict[str, Any], str]:
    number = int(one.authorisation_id.removeprefix("aut_"))
    levels = {term.value: term.level for term in scope.Transform}
    guards = {term.value: term.level for term in scope.Environment}
    question = {
        "principal": f'Organisation::"{one.organisation_id}"',
        "action": 'Action::"use"',
        "resource": f'Right::"{one.authorisation_id}"',
        "context": {
            "today": 20_260_701,
            "purpose": one.purpose_code,
            "items": ["/".join(item) for item in one.items],
            "transform": levels[one.transform],
            "form": one.output_form,
            "region": one.region,
            "environment": guards[one.environment],
        },
    }
    right = {
        "state": "suspended" if number % 10 == 0 else "active",
        "first": 20_260_701,
        "last": 20_270_630,
        "purpose": "weather_insurance",
        "items": [f"{grants.DIRECTORY}/{item['item']}" for item in grants.ITEMS],
        "transform": levels["aggregated"],
        "forms": ["aggregate_report", "record_api"],
        "classes": ["buyer"],
        "environment": guards["trusted_domain_sandbox"],
        "supplied": True,
    }
    entities = [
        {"uid": {"type": "Organisation", "id": one.organisation_id}, "parents": [],
         "attrs": {"class": "buyer", "running": True}},
        {"uid": {"type": "Right", "id": one.authorisation_id}, "parents": [], "attrs": right},
    ]  # fmt: skip
    return question, json.dumps(entities)


def _from_tables(application: Exchange) -> None:
    engines = application.house.engines
    key = uses.granted(engines)
    asked = uses.request(key, quantity={"rows": 1})

    def decide() -> None:
        with engines.writing() as session:
            made = decisions.decide(work_of(session, "per_buyer_editor"), asked)
            session.flush()
            assert made.allowed

    clerk = application.house.clerk
    plain = replace(asked, quantity={})
    clerk.codes(plain, NOON)

    def remember() -> None:
        codes = clerk.codes(plain, NOON)
        assert codes == ()
        assert answers.line(
            answers.made(plain, clerk._grants[key], codes=codes, person_id="per_x", at=NOON)
        )

    compare(
        "The same with a quota to spend, in one transaction (SQLite, without the commit)",
        Way("licensing.decisions.decide", decide),
        Way("from memory, made into a line of the log", remember),
        turns=TURNS,
    )


def _over_http(application: Exchange) -> None:
    with application.house.engines.writing() as session:
        free = grants.active(
            session, given=grants.scope(quotas={}), scenario_id="scn_f", assessment_id="asm_f"
        ).id
        session.commit()
    client = client_of(application, "per_operator_editor", "deliver")
    asked = uses.request(free, quantity={})
    body = {
        "authorisation_id": free,
        "organisation_id": asked.organisation_id,
        "purpose_code": asked.purpose_code,
        "items": [{"directory": directory, "item": item} for directory, item in asked.items],
        "transform": asked.transform,
        "output_form": asked.output_form,
        "region": asked.region,
        "environment": asked.environment,
    }

    def ask() -> None:
        answer = client.post("/api/decisions", json=body)
        assert answer.json["outcome"] == "allow", answer.text

    def nothing() -> None:
        assert client.get("/api/me").status_code == 200

    compare(
        "Asked over HTTP, through the whole application",
        Way("GET /api/me: authorised, and nothing else", nothing),
        Way("POST /api/decisions, one use from memory", ask),
        turns=TURNS,
    )
    batch = {"uses": [body] * 1_000}
    began = perf_counter()
    assert len(client.post("/api/decisions/batch", json=batch).json["answers"]) == 1_000
    print(f"  a batch of 1,000: {1_000 / (perf_counter() - began):,.0f} decisions a second")
    sys.stdout.flush()
