"""A server on the loopback that answers as a test wants it, and remembers what it was asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """Where it listens, and what it has seen."""

    url: str
    seen: list[Seen] = field(default_factory=list)


@contextmanager
def serving(answer: Callable[[Seen, Any], None]) -> Iterator[Server]:
    """Serve until the block ends. answer: takes what was asked, and the handler that answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            told = {name.lower(): value for name, value in self.headers.items()}
            one = Seen(self.command, self.path, told, self.rfile.read(size))
            found.seen.append(one)
            try:
                answer(one, self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Server(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def say(handler: Any, status: int, body: bytes = b"", **headers: str) -> None:
    """Answer at once with a status, headers and a body."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
