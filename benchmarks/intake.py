"""From the first part of a file to its profiled table, against DuckDB's SUMMARIZE of the file.

The file is the real hourly weather of twelve stations, once for each network of a great many.
It goes the way that any file goes: parts of 8 MiB by their hash through the HTTP interface,
put together, read in the fenced process, profiled, looked through for people, and laid into
a Delta table. Beside it DuckDB reads the same file and summarises its columns, no more.
"""

import hashlib
import os
import resource
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import duckdb

from app.intake import loading
from app.unit import Exchange
from benchmarks.house import client_of, furnished
from delivery.intake import uploads
from delivery.quoting import literal
from delivery.tables import datasets, deltas
from tests.delivery import parcels

SIZE_MB: Final = 256
"""How large the file is unless `run` is told: `python -m benchmarks intake:10240`."""

_ROW_BYTES: Final = 85
"""How long a row of the file is, about."""

_ROWS: Final = (
    "SELECT network, station, time + to_days(network) AS time, "
    '"TEMP" + network % 7 AS "TEMP", "PRES", "DEWP", "RAIN", wd, "WSPM", '
    "hash(network, station, time) % 100000 AS reading, "
    "'N' || network || '-' || station || '-' || epoch(time)::BIGINT // 3600 AS code "
    "FROM (SELECT {network} AS network, * FROM read_parquet({weather}))"
)


@dataclass(slots=True)
class _Peak:
    """The most memory that this process and what it started held at once, in bytes."""

    most: dict[str, int] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self.over.wait(0.1):
            for name, held in _held():
                self.most[name] = max(self.most.get(name, 0), held)


def run(size_mb: int = SIZE_MB, part: str = "") -> None:
    """Upload a file of about `size_mb` MiB until it is a profiled table, and summarise it.

    part: "upload" for the first alone.
    """
    with furnished() as application, TemporaryDirectory(prefix="databourse-bench-") as folder:
        settings = replace(application.house.settings, data_dir=str(Path(folder) / "domain"))
        application.house = replace(application.house, settings=settings)
        path = Path(folder) / "weather.csv"
        _written(path, size_mb)
        print(f"\nA CSV of {path.stat().st_size / 1e6:,.0f} MB")
        theirs = 0.0 if part == "upload" else _summarised(path)
        ours = _uploaded(application, path)
        if theirs:
            print(f"  ratio of upload to profiled table: {ours / theirs:.2f}")


def _written(path: Path, size_mb: int) -> None:
    weather = parcels.DATA / parcels.WEATHER
    with duckdb.connect() as connection:
        (rows,) = connection.read_parquet(str(weather)).count("*").fetchall()[0]
        part = path.with_suffix(".part")
        with path.open("wb") as file:
            for network in range(max(1, round((size_mb << 20) / _ROW_BYTES / rows))):
                asked = _ROWS.format(network=network, weather=literal(str(weather)))
                options = f"FORMAT csv, HEADER {'false' if network else 'true'}"
                connection.execute(f"COPY ({asked}) TO {literal(str(part))} ({options})")
                with part.open("rb") as rows_of_it:
                    shutil.copyfileobj(rows_of_it, file, 1 << 20)
        part.unlink()


def _summarised(path: Path) -> float:
    """Return the seconds that DuckDB takes, by as many threads as the reading has."""
    with _timed("DuckDB: SUMMARIZE of the file") as took, duckdb.connect() as there:
        there.execute(f"SET temp_directory = {literal(str(path.parent / 'spill'))}")
        there.execute(f"SUMMARIZE FROM read_csv({literal(str(path))})").fetchall()
    return took[0]


def _uploaded(application: Exchange, path: Path) -> float:
    """Return the seconds from the first part to the profiled table."""
    house = application.house
    peak = _Peak()
    watch = threading.Thread(target=peak.watch, daemon=True)
    watch.start()
    with _timed("upload: parts by their hash, over HTTP") as sent:
        upload_id = _sent(application, path)
    with _timed("reading: joined, parsed, profiled, stored") as read:
        assert loading.read_waiting(house) == 1
    peak.over.set()
    watch.join()
    with house.engines.reading() as session:
        upload = uploads.find(session, upload_id)
        assert upload.state == uploads.State.LOADED, upload.problems
        version = datasets.version(session, upload.dataset_id)
        table = deltas.opened(house.data_dir, upload.dataset_id, version.delta_version)
        assert table.version() == version.delta_version
        print(f"  {version.row_count:,} rows, {len(version.columns)} columns,"
              f" {version.profile['duplicates']} of them twice")  # fmt: skip
    for name, most in sorted(peak.most.items()):
        print(f"  most memory held, {name:<34} {most / 1e6:>10,.0f} MB")
    return sent[0] + read[0]


def _sent(application: Exchange, path: Path) -> str:
    client = client_of(application, "per_developer_editor")
    body = {"name": path.name, "title": "Weather", "size_bytes": path.stat().st_size}
    opened = client.post("/api/uploads", json=body)
    assert opened.status_code == 201, opened.json
    told = opened.json
    address = f"/api/uploads/{told['id']}"
    with path.open("rb") as file:
        for number in range(1, told["parts"] + 1):
            part = file.read(told["part_bytes"])
            sha256 = hashlib.sha256(part).hexdigest()
            answer = client.post(f"{address}/parts/{number}?sha256={sha256}", data=part)
            assert answer.status_code == 200, answer.json
    etag = client.get(address).headers["ETag"]
    answer = client.post(f"{address}/complete", json={}, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.json
    return str(told["id"])


@contextmanager
def _timed(said: str) -> Iterator[list[float]]:
    took: list[float] = []
    began, cpu = perf_counter(), _cpu()
    yield took
    took.append(perf_counter() - began)
    print(f"  {said:<44} {took[0]:>10.1f} s   CPU {_cpu() - cpu:>8.1f} s", flush=True)


def _cpu() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


def _held() -> Iterator[tuple[str, int]]:
    """Give how much memory each process holds that is not of a file: ours, and its children."""
    ours = os.getpid()
    yield "this process", _anonymous(ours)
    children = Path(f"/proc/{ours}/task/{ours}/children")
    started = [] if not children.exists() else children.read_text("ascii").split()
    yield "the fenced process", sum(_anonymous(int(each)) for each in started)


def _anonymous(process: int) -> int:
    try:
        told = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in told if line.startswith("RssAnon:")) << 10
