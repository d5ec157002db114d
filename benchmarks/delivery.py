"""Delivery: the metered interface, counting by leases, packages sealed and served.

A call is identified by its key, let through by the gate, answered from the table, counted,
receipted with a signature and committed to the disk. Beside it stand a view of a bare Flask
that sends the same bytes from memory, and the same application's plain JSON for a token;
one caller after the other, and eight at a time, whose calls share their commits.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, TypeAlias

from flask import Flask, Response

from app.house import House
from app.unit import Exchange
from benchmarks import leases, packages
from benchmarks.house import client_of, furnished
from benchmarks.stopwatch import Way, compare
from delivery.recipients import credentials
from tests.conftest import NOON, Client, work_of
from tests.delivery import stores

TURNS, ROWS = 200, 1_000_000
AT_ONCE, EACH, ROUNDS = 8, 25, 7
Act: TypeAlias = Callable[[], None]


def run(*parts: str) -> None:
    """Measure all parts of delivery, or those that are named: calls, leases, sealing, serving."""
    every: dict[str, Callable[[], None]] = {
        "calls": calls, "leases": leases.run, "sealing": packages.seal, "serving": packages.fetch,
    }  # fmt: skip
    for part in parts or every:
        every[part]()


def calls() -> None:
    """Ask for pages of a hundred rows out of a million, and for plain JSON."""
    with furnished() as application, TemporaryDirectory(prefix="databourse-bench-") as folder:
        settings = replace(application.house.settings, data_dir=folder)
        application.house = replace(application.house, settings=settings)
        task_id, secret = _opened(application, Path(folder))
        client = application.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        address = f"/data/v1/{task_id}/rows"
        page = client.post(address, json={"limit": 100}).data
        bare = _bare(page)
        plain = client_of(application, "per_buyer_editor")

        def call() -> None:
            assert client.post(address, json={"limit": 100}).status_code == 200

        def same_bytes() -> None:
            assert bare.post("/", json={"limit": 100}).data == page

        def same_application() -> None:
            assert plain.get(f"/api/deliveries/{task_id}").status_code == 200

        title = f"A page of 100 rows, {len(page):,} bytes (SQLite, synchronous=FULL)"
        ours = Way("a metered call: gate, count, receipt, commit", call)
        compare(title, ours, Way("a bare Flask view of the same bytes", same_bytes), turns=TURNS)
        compare(
            "The same call, and the same application's plain JSON",
            ours,
            Way("GET /api/deliveries/<id> by token", same_application),
            turns=TURNS,
        )
        told = plain.environ_base["HTTP_AUTHORIZATION"]
        _together(
            lambda: _asks(application, f"Bearer {secret}", address, {"limit": 100}),
            lambda: _asks(application, told, f"/api/deliveries/{task_id}", None),
        )
        _pages(client, address)


def _together(ours: Callable[[], Act], theirs: Callable[[], Act]) -> None:
    """Let AT_ONCE callers ask at the same time, both ways in turn, and say how many a second."""
    pairs = [(_rate(ours), _rate(theirs)) for _ in range(-1, ROUNDS)][1:]
    print(f"\nThe same by {AT_ONCE} callers at a time, {ROUNDS} rounds of {EACH * AT_ONCE} calls")
    for name, place in (("metered calls", 0), ("plain JSON", 1)):
        print(f"  {name:<44} {median(pair[place] for pair in pairs):>10,.0f} /s")
    print(f"  ratio, median of the rounds: {median(one / two for one, two in pairs):.2f}")


def _rate(caller: Callable[[], Act]) -> float:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        acts = [caller() for _ in range(AT_ONCE)]
        began = perf_counter()
        for done in [pool.submit(_often, act) for act in acts]:
            done.result()
        return AT_ONCE * EACH / (perf_counter() - began)


def _often(act: Act) -> None:
    for _ in range(EACH):
        act()


def _asks(application: Exchange, shown: str, address: str, body: dict[str, Any] | None) -> Act:
    """Return what asks once, as a client of its own."""
    client = application.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = shown

    def ask() -> None:
        answer = client.get(address) if body is None else client.post(address, json=body)
        assert answer.status_code == 200

    return ask


def _pages(client: Client, address: str) -> None:
    """Go through the table page by page, and sorted, and say how long a page takes."""
    for said, body in (
        ("as they lie", {}),
        ("filtered", {"filters": [{"column": "station", "op": "eq", "values": ["站3"]}]}),
        ("sorted", {"sort": "-level"}),
    ):
        took, after = [], None
        for _ in range(50):
            began = perf_counter()
            answer: Any = client.post(address, json={**body, "limit": 100, "after": after})
            took.append(perf_counter() - began)
            after = answer.json["next"]
        print(f"  50 pages of 100 rows, {said:<12} p50 {median(took) * 1000:>8.2f} ms")


def _opened(application: Exchange, folder: Path) -> tuple[str, str]:
    house: House = application.house
    with house.engines.writing() as session:
        version = stores.stored(session, folder, rows=ROWS)
        task = stores.delivered(session, version, mode="record_api")
        work = work_of(session, "per_buyer_editor")
        _, secret = credentials.issue(work, task.id, "api", "bench", NOON + timedelta(days=30))
        session.commit()
        return task.id, secret


def _bare(page: bytes) -> Client:
    flask = Flask("bare")

    @flask.post("/")
    def view() -> Response:
        return Response(page, content_type="application/json")

    return flask.test_client()
