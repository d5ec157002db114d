"""Somebody else's stand-in for Stripe, as a process of its own: it is never imported here.

It knows nothing of keys and of money that goes wrong, so it tells whether our wiring is
right, and not whether money is safe.
"""

import http.server
import json
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.clock import now
from settlement.rails.port import Object
from settlement.rails.stripe_rail import StripeRail

SECRET = "whsec_local"
LACKS = frozenset(
    {
        "idempotency", "fees", "payouts", "disputes", "fx", "redirects", "partial_capture",
        "search", "events", "balance_lines", "refund_limit",
    }
)  # fmt: skip
"""What it cannot do, or not as our pinned version asks for it (lists since a time)."""


class Older(StripeRail):
    """Our adapter, for a provider whose payments do not say yet how much of them arrived."""

    def _object(self, raw: Mapping[str, Any]) -> Object:
        if raw["object"] == "payment_intent":
            raw = {"amount_received": raw["amount"], **raw}
        return super()._object(raw)


@dataclass
class Local:
    """A served stand-in, with the notices that it has sent."""

    url: str
    notices: "queue.Queue[tuple[dict[str, str], bytes]]" = field(default_factory=queue.Queue)

    def now(self) -> datetime:
        return now()

    def approve(self, intent: str) -> None:
        raise NotImplementedError(f"it asks no buyer about {intent}")

    def notice(self, intent: str) -> tuple[dict[str, str], bytes]:
        """Return the notice that this payment succeeded."""
        found = self.notices.get(timeout=10)
        while json.loads(found[1])["data"]["object"]["id"] != intent:
            found = self.notices.get(timeout=10)
        return found

    def post(self, path: str, body: dict[str, Any]) -> None:
        sent = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode())
        sent.add_header("Content-Type", "application/json")
        urllib.request.urlopen(sent, timeout=10).read()


@contextmanager
def served() -> Iterator[Local]:
    """Start the stand-in on a free port, have it notify us, and end it after."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        local = Local(f"http://127.0.0.1:{port}")
        try:
            _wait(port)
            with _listening(local) as hook:
                events = ["payment_intent.succeeded"]
                local.post("/_config/webhooks/here", {"url": hook, "secret": SECRET,
                                                      "events": events})  # fmt: skip
                yield local
        finally:
            process.kill()


def forgotten(local: Local) -> None:
    """Forget the notices that were sent before."""
    while not local.notices.empty():
        local.notices.get_nowait()


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the stand-in has not started")


@contextmanager
def _listening(local: Local) -> Iterator[str]:
    class Hook(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            local.notices.put((dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
