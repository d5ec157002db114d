"""Handing bytes of files outside to a fenced process, that has neither keys nor a network.

It asks over a socket for a file's number and a range, and is answered with the length and
the bytes; a length of nothing for what cannot be read.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Final

from delivery.locations.ranged import Fetch
from kernel.errors import DomainError

_ASKED: Final = struct.Struct("!IQQ")
_ANSWERED: Final = struct.Struct("!q")
_NO: Final = -1


@dataclass(frozen=True, slots=True)
class Feed:
    """An open feed. handed: the number of the open file that the process is handed."""

    handed: int
    trouble: list[DomainError] = field(default_factory=list)


@contextmanager
def fed(fetch: Fetch) -> Iterator[Feed]:
    """Serve what one process asks for until it ends; trouble: what it could not be given for."""
    ours, theirs = socket.socketpair()
    feed = Feed(theirs.fileno())
    server = Thread(target=_serve, args=(ours, fetch, feed), name="feed", daemon=True)
    server.start()
    try:
        yield feed
    finally:
        theirs.close()
        with suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)
        server.join()
        ours.close()


class Fed:
    """The other end, within the process."""

    def __init__(self, handed: int) -> None:
        """Take the open file by its number."""
        self._socket, self._lock = socket.socket(fileno=handed), Lock()

    def fetch(self, place: int, start: int, end: int) -> bytes:
        """Return bytes of a file by its number. Raises OSError for what cannot be read."""
        with self._lock:
            self._socket.sendall(_ASKED.pack(place, start, end))
            (size,) = _ANSWERED.unpack(_exactly(self._socket, _ANSWERED.size))
            if size == _NO:
                raise OSError("it cannot be read where it lies")
            return _exactly(self._socket, size)


def _serve(ours: socket.socket, fetch: Fetch, feed: Feed) -> None:
    with suppress(OSError):
        while True:
            try:
                found = fetch(*_ASKED.unpack(_exactly(ours, _ASKED.size)))
            except DomainError as error:
                feed.trouble.append(error)
                ours.sendall(_ANSWERED.pack(_NO))
            else:
                ours.sendall(_ANSWERED.pack(len(found)) + found)


def _exactly(end: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        block = end.recv(min(size - len(found), 1 << 20))
        if not block:
            raise ConnectionError("the other end is closed")
        found += block
    return bytes(found)
