"""A stateful provider of Stripe's shape that misbehaves, over loopback.

    python -m tests.settlement.rails.chaos_psp '{"seed": 1, "faults": {...}, "hook": "http://…"}'

Started so, it prints its port and serves until it is ended; in a test it is a thread.
"""

import http.server
import json
import random
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.settlement.rails.chaos_world import CALM, Answer, World, error

SLOW_S = 1.5


class Handler(http.server.BaseHTTPRequestHandler):
    """Speaks to one client."""

    protocol_version = "HTTP/1.1"
    world: World
    mail: "Mail | None" = None

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        at = urllib.parse.urlparse(self.path)
        asked = dict(urllib.parse.parse_qsl(at.query))
        with self.world.lock:
            answer = self._control(at.path, asked) or _listed(self.world, at.path, asked)
            body = json.dumps(answer[1])
        self._send(answer[0], body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        sent, world = dict(urllib.parse.parse_qsl(body)), self.world
        path = urllib.parse.urlparse(self.path).path
        with world.lock:
            if world.hits("cut_before"):
                return self._cut()
            answer = world.once(self.headers.get("Idempotency-Key"), path, sent)
            told = json.dumps(answer[1])
            cut, slow = world.hits("cut_after"), world.hits("slow_after")
        if cut:
            return self._cut()
        if slow:
            time.sleep(SLOW_S)
        return self._send(answer[0], told)

    def _control(self, path: str, asked: dict[str, str]) -> Answer | None:
        if path == "/_world":
            told = {"objects": list(self.world.objects.values()), "seen": self.world.seen}
            return 200, told
        if path == "/_calm":
            self.world.faults = dict(CALM)
            self.world.hasten(int(asked["speed"]))
            return 200, {"now": self.world.now()}
        return None

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, body: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        with suppress(OSError, ValueError):  # the line may be cut, as was asked
            super().finish()


def _listed(world: World, path: str, asked: dict[str, str]) -> Answer:
    parts = path.strip("/").split("/")[1:]
    kinds = {"payment_intents": "payment_intent", "refunds": "refund", "payouts": "payout",
             "disputes": "dispute", "charges": "charge"}  # fmt: skip
    if len(parts) == 2 and parts[0] in kinds:
        found = world.objects.get(parts[1])
        if found is None:
            return error(404, "invalid_request_error", path, "resource_missing")
        return 200, found
    rows: list[dict[str, Any]]
    if parts == ["events"]:
        types = {value for name, value in asked.items() if name.startswith("types[")}
        rows = [event for event in world.events if not types or event["type"] in types]
    elif parts == ["balance_transactions"]:
        rows = [{**line, "source": world.objects[line["source"]]} for line in world.lines]
        rows = [row for row in rows if asked.get("payout") in {None, row["payout"]}]
    else:
        rows = world.kind(kinds[parts[0]])
    about = asked.get("payment_intent")
    rows = [row for row in rows if about is None or row["payment_intent"] == about]
    rows = [row for row in rows if row["created"] >= int(asked.get("created[gte]", 0))]
    return 200, _page(rows[::-1], path, asked)


def _page(rows: list[dict[str, Any]], path: str, asked: dict[str, str]) -> dict[str, Any]:
    begin = 0
    if "starting_after" in asked:
        begin = 1 + next(i for i, row in enumerate(rows) if row["id"] == asked["starting_after"])
    end = begin + int(asked.get("limit", 10))
    return {"object": "list", "url": path, "has_more": end < len(rows), "data": rows[begin:end]}


class Mail(threading.Thread):
    """Delivers notices: late, out of order, twice, or never; again when they are not taken."""

    def __init__(self, world: World, url: str) -> None:
        super().__init__(daemon=True)
        self.world, self.url = world, url
        self.random = random.Random(world.seed + 1)
        self.waiting: list[tuple[float, float, dict[str, Any], int]] = []
        self.lock = threading.Lock()
        world.on_event = self.post

    def post(self, event: dict[str, Any]) -> None:
        if self.world.hits("hook_lost"):
            return
        for _ in range(2 if self.world.hits("hook_twice") else 1):
            late = self.random.random() * self.world.faults["hook_delay_s"]
            with self.lock:
                self.waiting.append((time.time() + late, self.random.random(), event, 0))

    def run(self) -> None:
        while True:
            time.sleep(0.02)
            now = time.time()
            with self.lock:
                due = sorted((w for w in self.waiting if w[0] <= now), key=lambda w: w[:2])
                self.waiting = [w for w in self.waiting if w[0] > now]
            for _, _, event, tries in due:
                if not self._taken(event) and tries < 8:
                    again = (time.time() + 0.2 * 2**tries, self.random.random(), event, tries + 1)
                    with self.lock:
                        self.waiting.append(again)

    def _taken(self, event: dict[str, Any]) -> bool:
        headers, body = self.world.signed(event)
        sent = urllib.request.Request(self.url, data=body, headers=headers)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(sent, timeout=2) as answer:  # noqa: S310 - loopback
                answer.read()
        except (OSError, urllib.error.URLError):
            return False
        return True


class Buyers(threading.Thread):
    """Those who are asked to act do so, after a while: most say yes."""

    def __init__(self, world: World) -> None:
        super().__init__(daemon=True)
        self.world, self.random = world, random.Random(world.seed + 2)

    def run(self) -> None:
        while True:
            time.sleep(0.05)
            with self.world.lock:
                for found in self.world.kind("payment_intent"):
                    if found["status"] != "requires_action" or self.random.random() > 0.2:
                        continue
                    if self.random.random() < 0.9:
                        self.world.succeed(found["id"])
                    else:
                        self.world.fail(found["id"])


@contextmanager
def served(world: World) -> Iterator[str]:
    """Serve a world on a free port of this machine; gives the address."""
    handler = type("ThisWorld", (Handler,), {"world": world})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main(told: str) -> None:
    asked = json.loads(told)
    world = World(
        seed=asked["seed"],
        faults={**CALM, **asked["faults"]},
        speed=asked.get("speed", 1),
        begun=asked.get("begun", 0),
    )
    Mail(world, asked["hook"]).start()
    Buyers(world).start()
    with served(world) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        sys.stdin.read()  # until whoever started it goes


if __name__ == "__main__":
    main(sys.argv[1])
