"""Packages: encryption against OpenSSL's own figure, and serving one against nginx alone.

nginx runs with the configuration that the project ships (docs/deploy/nginx.conf), before
the application as it is served in production; beside it the same nginx sends the same file
without asking anybody. Each download is authorised, counted and journalled. The reader is
the same for all: one connection of this machine, what comes is thrown away.
"""

# ruff: noqa: S603 - what is run is named in this file

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import IO, Any, cast
from urllib.parse import urlsplit

from sqlalchemy import update

from app import serve
from app.sharing import packing
from app.story import stage
from app.unit import Exchange
from benchmarks.house import client_of, furnished
from config.settings import HOUSE, Settings
from delivery.packages import age, making
from delivery.packages.packages import Claimed, Format, Package
from delivery.recipients import x25519
from tests.conftest import Client
from tests.delivery import stores

ROUNDS = 5
SIZE_BYTES = 1 << 30
_MIB = 1 << 20
_CONFIG = HOUSE / "docs" / "deploy" / "nginx.conf"


def seal(size_bytes: int = SIZE_BYTES) -> None:
    """Encrypt, and make a whole package, against `openssl speed` of the same cipher."""
    openssl = shutil.which("openssl")
    if openssl is None:
        print("\nopenssl is not installed: encryption is not measured")
        return
    with TemporaryDirectory(prefix="databourse-bench-") as folder:
        plain = Path(folder) / "data.parquet"
        _fill(plain, size_bytes)
        ways: dict[str, Callable[[], None]] = {
            "encrypted, from memory to memory": lambda: _encrypted(size_bytes),
            "a package: read, encrypted, hashed, on disk": lambda: _packed(plain),
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                before = _openssl(openssl)
                began = perf_counter()
                way()
                rate = size_bytes / (perf_counter() - began)
                taken[name].append((rate, (before + _openssl(openssl)) / 2))
        print(f"\nChaCha20-Poly1305, {size_bytes / 1e6:,.0f} MB, {ROUNDS} rounds, elapsed time")
        for name, pairs in taken.items():
            _tell(name, "openssl speed, one thread", pairs)


def fetch(size_bytes: int = SIZE_BYTES) -> None:
    """Serve a package by nginx and the application, by the application alone, and by nginx."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        print("\nnginx is not installed: serving is not measured against it")
        return
    with furnished() as application, TemporaryDirectory(prefix="databourse-bench-") as folder:
        settings = replace(application.house.settings, data_dir=folder, log_level="WARNING")
        application.house = replace(application.house, settings=settings)
        buyer, package_id = _package(application, size_bytes)
        with ExitStack() as stack:
            inside = replace(settings, accel_prefix="/inside")
            port = stack.enter_context(_served(inside))
            proxy = stack.enter_context(_nginx(nginx, Path(folder), port))
            alone = stack.enter_context(_served(settings))
            file = f"/packages/{package_id}/package.tar.age"
            ways = {
                "nginx, asking the application": (proxy[0], None),
                "the application by itself (Python)": (alone, None),
                "nginx alone (sendfile)": (proxy[1], file),
            }
            rates: dict[str, list[float]] = {name: [] for name in ways}
            for turn in range(-1, ROUNDS):
                for name, (at, path) in ways.items():
                    rate = _fetched(at, path or _link(buyer, package_id), size_bytes)
                    if turn >= 0:
                        rates[name].append(rate)
        print(f"\nOne package of {size_bytes / 1e6:,.0f} MB by one connection, {ROUNDS} rounds")
        limit = rates.pop("nginx alone (sendfile)")
        for name, found in rates.items():
            _tell(name, "nginx alone (sendfile)", [*zip(found, limit, strict=True)])


def _tell(name: str, limit: str, pairs: list[tuple[float, float]]) -> None:
    ours, theirs = median(one for one, _ in pairs), median(two for _, two in pairs)
    print(f"  {name:<46} {ours / 1e6:>8,.0f} MB/s")
    print(f"  {limit:<46} {theirs / 1e6:>8,.0f} MB/s")
    print(f"  ratio, median of the rounds: {median(one / two for one, two in pairs):.2f}")


def _fill(path: Path, size_bytes: int) -> None:
    block = os.urandom(_MIB)
    with path.open("wb") as file:
        for _ in range(size_bytes // _MIB):
            file.write(block)


class _Sink:
    """Takes what is sealed, and keeps nothing of it."""

    def write(self, content: bytes | memoryview) -> int:
        return len(content)


def _encrypted(size_bytes: int) -> None:
    block = memoryview(os.urandom(_MIB))
    sealing = age.Sealing(cast("IO[bytes]", _Sink()), age.new_key())
    for _ in range(size_bytes // _MIB):
        sealing.write(block)
    sealing.close()


def _packed(plain: Path) -> None:
    target = plain.with_suffix(".age")
    claimed = Claimed("pkg_bench", "dlv_bench", Format.PARQUET, x25519.generate()[1])
    making.sealed(plain, (("manifest.json", b"{}"),), target, claimed, lambda _stage, _done: None)
    target.unlink()


def _openssl(program: str) -> float:
    """Return OpenSSL's own figure by the clock, in bytes a second, in chunks as large as ours."""
    told = ["speed", "-elapsed", "-seconds", "1", "-bytes", str(age.CHUNK)]
    answer = subprocess.run(
        [program, *told, "-evp", "chacha20-poly1305"], capture_output=True, text=True, check=True
    )
    return float(re.findall(r"([\d.]+)k\s*$", answer.stdout)[0]) * 1000


def _package(application: Exchange, size_bytes: int) -> tuple[Client, str]:
    """Have a package made, then made as large as is wanted: what it holds is not looked at."""
    buyer = client_of(application, "per_buyer_editor", "deliver")
    with application.house.engines.writing() as session:
        version = stores.stored(session, application.house.data_dir)
        task_id = stores.delivered(session, version).id
        session.commit()
    key: Any = buyer.post(
        "/api/recipient-keys", json={"label": "bench", "public_key": x25519.generate()[1]}
    )
    asked: Any = buyer.post(
        "/api/packages", json={"delivery_id": task_id, "key_id": key.json["id"]}
    )
    assert packing.make_waiting(application.house) == 1
    package_id: str = asked.json["id"]
    path = making.file_of(application.house.data_dir, package_id)
    _fill(path, size_bytes)
    with application.house.engines.writing() as session:
        session.execute(
            update(Package).where(Package.id == package_id).values(size_bytes=size_bytes)
        )
        session.commit()
    return buyer, package_id


def _link(buyer: Client, package_id: str) -> str:
    """Make a link for one download; return its path."""
    answer: Any = buyer.post(f"/api/packages/{package_id}/links", json={"uses": 1})
    assert answer.status_code == 201, answer.text
    parts = urlsplit(answer.json["url"])
    return f"{parts.path}?{parts.query}"


def _fetched(port: int, path: str, size_bytes: int) -> float:
    """Fetch a file; return bytes a second."""
    room = memoryview(bytearray(4 * _MIB))
    began = perf_counter()
    with closing(socket.create_connection(("127.0.0.1", port))) as asked:
        asked.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
        came = asked.recv_into(room)
        head = bytes(room[:came]).partition(b"\r\n\r\n")[0]
        assert head.startswith(b"HTTP/1.1 200"), head
        came -= len(head) + 4
        while count := asked.recv_into(room):
            came += count
    assert came == size_bytes, came
    return came / (perf_counter() - began)


@contextmanager
def _served(settings: Settings) -> Iterator[int]:
    port = serve.free_port("127.0.0.1", 0)
    with stage.served(settings, host="127.0.0.1", port=port):
        yield port


@contextmanager
def _nginx(program: str, folder: Path, application: int) -> Iterator[tuple[int, int]]:
    """Run nginx as it is shipped before the application, and beside it with the files alone."""
    proxy, alone = serve.free_port("127.0.0.1", 0), serve.free_port("127.0.0.1", 0)
    ours = _config({
        r"server 127\.0\.0\.1:8000;": f"server 127.0.0.1:{application};",
        r"listen 80;": f"listen 127.0.0.1:{proxy};",
        r"alias [^;]+;": f"alias {folder}/;",
    })  # fmt: skip
    (folder / "databourse.conf").write_text(ours)
    (folder / "nginx.conf").write_text(
        "user root;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr error;\nevents {}\n"
        "http {\n  access_log off;\n  default_type application/octet-stream;\n"
        "  include databourse.conf;\n  server {\n"
        f"    listen 127.0.0.1:{alone};\n    root {folder};\n"
        "    sendfile on;\n    tcp_nopush on;\n    sendfile_max_chunk 4m;\n  }\n}\n"
    )
    told = ["-p", str(folder), "-c", "nginx.conf", "-g", "daemon off;"]
    process = subprocess.Popen([program, *told])
    try:
        _wait(proxy)
        _wait(alone)
        yield proxy, alone
    finally:
        process.terminate()
        process.wait()


def _config(changes: Mapping[str, str]) -> str:
    """Return the shipped configuration with what is a house's own in it."""
    text = _CONFIG.read_text("utf-8")
    for pattern, ours in changes.items():
        text, count = re.subn(rf"^(\s*){pattern}", rf"\g<1>{ours}", text, flags=re.MULTILINE)
        assert count == 1, pattern
    return text


def _wait(port: int) -> None:
    for _ in range(200):
        with closing(socket.socket()) as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.05)
    raise TimeoutError(f"nobody listens at {port}")
