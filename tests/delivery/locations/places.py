"""Folders and buckets of the test, with tables in them."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
from deltalake import write_deltalake

from delivery.locations.stores import Keys

KEYS = Keys("AKIATEST0001WXYZ", "a-secret-of-the-test")
READINGS = (
    "SELECT i AS id, '站' || (i % 7) AS station, i * 0.5::DOUBLE AS level, "
    "TIMESTAMP '2026-01-01' + i * INTERVAL 1 MINUTE AS seen_at FROM range({rows}) t(i)"
)


@contextmanager
def store(folder: Path) -> Iterator[str]:
    """Run a store that speaks S3 as a process of its own; gives its address."""
    told = folder / "store.log"
    with told.open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield _address(started, told)
    finally:
        started.kill()
        started.wait()


def bucket(address: str, name: str) -> None:
    """Make a bucket."""
    host = urlsplit(address)
    asking = HTTPConnection(str(host.hostname), host.port, timeout=20)
    asking.request("PUT", f"/{name}")
    assert asking.getresponse().status == 200
    asking.close()


def delta(uri: str, rows: int, *, made_by: str = READINGS, **options: Any) -> None:
    """Write a Delta table, or its next version."""
    with duckdb.connect() as connection:
        write_deltalake(
            uri,
            connection.sql(made_by.format(rows=rows)),
            mode="overwrite",
            schema_mode="overwrite",
            **options,
        )


def parquet(folder: Path, name: str, rows: int, *, made_by: str = READINGS) -> None:
    """Write a Parquet file."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({made_by.format(rows=rows)}) TO '{folder / name}'")


def options(address: str) -> dict[str, str]:
    """Return by what a writer reaches the store."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEYS.access_key_id,
        "AWS_SECRET_ACCESS_KEY": KEYS.secret_access_key,
        "AWS_ALLOW_HTTP": "true",
    }


def _address(started: "subprocess.Popen[bytes]", told: Path) -> str:
    for _ in range(600):
        found = re.search(rb"Running on (http://127\.0\.0\.1:\d+)", told.read_bytes())
        if found:
            return found[1].decode()
        assert started.poll() is None, told.read_text()
        time.sleep(0.1)
    raise AssertionError("the store did not start")
