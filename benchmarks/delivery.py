"""The metered interface: a page of rows by call, against what any answer in Flask costs.

A call is identified by its key, let through by the gate, answered from the table, counted,
receipted with a signature and committed to the disk. Beside it stand a view of a bare Flask
that sends the same bytes from memory, and the same application's plain JSON for a token.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from flask import Flask, Response

from app.house import House
from app.unit import Exchange
from benchmarks.house import client_of, furnished
from benchmarks.stopwatch import Way, compare
from delivery.recipients import credentials
from tests.conftest import NOON, Client, work_of
from tests.delivery import stores

TURNS, ROWS = 200, 1_000_000


def run() -> None:
    """Ask for pages of a hundred rows out of a million, one after the other."""
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
        _pages(client, address)


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
