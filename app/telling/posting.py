"""Posting a notice: to the number that was looked at, within ten seconds, following nobody.

The name is resolved here and now, every number of it is looked at, and the connection goes
to that number, so that a name that changes between look and call leads nowhere else.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from threading import Timer
from time import perf_counter
from typing import Final
from urllib.parse import SplitResult

from kernel.errors import Invalid
from marketplace.telling import addresses
from marketplace.telling.notices import Claimed, Outcome

WALL_S: Final = 10.0
"""How long an attempt may take in all, however slowly the receiver speaks."""

READ_MAX: Final = 4096
"""How much of an answer is read: its status is what counts."""

_FAULTS: Final = (
    (Invalid, "ADDRESS_REFUSED"),
    (socket.gaierror, "NAME_UNKNOWN"),
    (ssl.SSLError, "CERTIFICATE"),
    (TimeoutError, "TOO_SLOW"),
)
_PORTS: Final = {"https": 443, "http": 80}


def post(claimed: Claimed, *, private: bool, wall_s: float = WALL_S) -> Outcome:
    """Post a notice once; returns what came of it, and never raises for a receiver's fault.

    private: whether this house lets notices go to private numbers.
    """
    began = perf_counter()
    status, error = None, None
    try:
        parts = addresses.checked(claimed.url, private=private)
        status = _answered(parts, claimed, private=private, wall_s=wall_s)
        error = _objection(status)
    except (Invalid, OSError, HTTPException, ValueError) as fault:
        error = next((code for kind, code in _FAULTS if isinstance(fault, kind)), "NO_ANSWER")
    took_s = perf_counter() - began
    if took_s >= wall_s:  # what was hung up on can look like an answer that ended
        status, error = None, "TOO_SLOW"
    return Outcome(status, error, round(took_s * 1000))


def _objection(status: int) -> str | None:
    """Return what is wrong with an answer, None if it is 2xx."""
    if 200 <= status < 300:
        return None
    return "REDIRECTED" if 300 <= status < 400 else "NOT_TAKEN"


def _answered(parts: SplitResult, claimed: Claimed, *, private: bool, wall_s: float) -> int:
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _connected(_open(host, port, private=private, wall_s=wall_s), wall_s) as plain:
        sock = plain
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        connection = HTTPConnection(host, port, timeout=wall_s)
        connection.sock = sock
        try:
            connection.request("POST", path, claimed.content, dict(claimed.headers))
            answer = connection.getresponse()
            answer.read(READ_MAX)
        finally:
            connection.close()
        return answer.status


def _open(host: str, port: int, *, private: bool, wall_s: float) -> socket.socket:
    """Connect to a number of this name. Raises Invalid when any of them is a private one."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(one[4][0]) for one in found]
    if not private and not all(map(addresses.is_open, numbers)):
        raise Invalid(
            "不得指向内部网络", "it must not point into a private network", pointer="/url"
        )
    return socket.create_connection((numbers[0], port), timeout=wall_s)


@contextmanager
def _connected(sock: socket.socket, wall_s: float) -> Iterator[socket.socket]:
    """Give a connection that ends after so many seconds, whoever is speaking."""
    # TLS takes the socket over: what hangs up holds the same connection by a handle of its own.
    with sock.dup() as handle:
        ended = Timer(wall_s, _hang_up, args=(handle,))
        ended.daemon = True
        ended.start()
        try:
            yield sock
        finally:
            ended.cancel()
            ended.join()
            sock.close()


def _hang_up(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself
