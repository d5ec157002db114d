"""Reading what lies outside: a folder without following links, a bucket with its owner's keys.

Whoever reads names a file and the mark it had when it was looked at; a file that has another
mark today is not read. In a folder every name is opened below the one before it and no
symbolic link is followed, so that nothing that is moved meanwhile leads out of it.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, Protocol

from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from delivery.locations.roots import Root, RootKind

TIMEOUT_S: Final = 20
"""Seconds that one answer of a store may take."""

LISTED_MAX: Final = 20_000
"""Names that are looked at in one location."""


class Unread(Exception):
    """What lies outside cannot be read. code: why, as an upper-case word."""

    def __init__(self, code: str) -> None:
        """Keep the code; nothing that a store has said goes further."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Pin:
    """A file as it was looked at. name: below the location. mark: changes when it does."""

    name: str
    size_bytes: int
    mark: str
    modified_ms: int = 0


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens a bucket. token: of keys that are lent for hours; empty otherwise."""

    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""

    def __repr__(self) -> str:
        """Keep the secret out of every log."""
        return f"Keys({self.access_key_id[-4:]})"


class Store(Protocol):
    """Where files lie. Everything raises Unread."""

    def listed(self) -> list[Pin]:
        """Return what lies there, in the order of the names."""

    def read(self, pin: Pin, start: int, end: int) -> bytes:
        """Return bytes of a file that is still what it was."""


@lru_cache(maxsize=64)
def opened(root: Root, path: str, keys: Keys) -> Store:
    """Return the store of a location; touches neither disk nor network."""
    if root.kind is RootKind.FOLDER:
        return Folder(root.path, tuple(path.split("/")))
    return Bucket(root, path, keys)


class Folder:
    """A folder of this machine."""

    def __init__(self, root: str, parts: tuple[str, ...]) -> None:
        """Name the folder; nothing is opened yet."""
        self.root, self.parts = root, parts

    def listed(self) -> list[Pin]:
        """Return what lies there, in the order of the names. Raises Unread."""
        found: list[Pin] = []
        with _within(self.root, self.parts) as folder:
            _list(folder, "", found)
        return sorted(found, key=lambda pin: pin.name)

    def read(self, pin: Pin, start: int, end: int) -> bytes:
        """Return bytes of a file that is still what it was. Raises Unread."""
        *folders, name = pin.name.split("/")
        with _within(self.root, (*self.parts, *folders)) as folder, _file(folder, name) as file:
            if _pin(os.fstat(file), pin.name).mark != pin.mark:
                raise Unread("FILE_CHANGED")
            return b"".join(_blocks(file, start, end))


class Bucket:
    """A bucket of an S3-compatible store, below a path."""

    def __init__(self, root: Root, path: str, keys: Keys) -> None:
        """Set up the client; it connects when it is first asked. Raises Unread."""
        if not root.endpoint:  # a root that the operator has taken away has no address
            raise Unread("LOCATION_GONE")
        told: dict[str, Any] = {
            "access_key_id": keys.access_key_id,
            "secret_access_key": keys.secret_access_key,
        }
        if keys.session_token:
            told["session_token"] = keys.session_token
        self._store = S3Store(
            root.path,
            prefix=path,
            endpoint=root.endpoint,
            region=root.region,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": root.endpoint.startswith("http://"),
                "timeout": timedelta(seconds=TIMEOUT_S),
                "connect_timeout": timedelta(seconds=TIMEOUT_S),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=TIMEOUT_S)},
            **told,
        )

    def listed(self) -> list[Pin]:
        """Return what lies there, in the order of the names. Raises Unread."""
        found: list[Pin] = []
        with _told():
            for chunk in self._store.list():
                found += [
                    Pin(one["path"], one["size"], str(one["e_tag"]), _ms(one["last_modified"]))
                    for one in chunk
                ]
                if len(found) > LISTED_MAX:
                    raise Unread("TOO_MANY_FILES")
        return sorted(found, key=lambda pin: pin.name)

    def read(self, pin: Pin, start: int, end: int) -> bytes:
        """Return bytes of a file that is still what it was. Raises Unread."""
        with _told():
            answer = self._store.get(
                pin.name, options={"if_match": pin.mark, "range": (start, end)}
            )
            return bytes(answer.bytes())


@contextmanager
def _told() -> Iterator[None]:
    """Say in a word what a store has said: its own words may name hosts and keys."""
    try:
        yield
    except NotFoundError as error:
        raise Unread("LOCATION_GONE") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise Unread("ACCESS_REFUSED") from error
    except PreconditionError as error:
        raise Unread("FILE_CHANGED") from error
    except BaseError as error:
        raise Unread("STORE_UNREACHABLE") from error


@contextmanager
def _within(root: str, parts: tuple[str, ...]) -> Iterator[int]:
    """Open a folder below the root, name by name, and follow no link."""
    how = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    here = _open(root, how, None)
    try:
        for part in parts:
            below = _open(part, how, here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


@contextmanager
def _file(folder: int, name: str) -> Iterator[int]:
    # Without O_NONBLOCK the opening of a pipe would wait for ever.
    file = _open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, folder)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Unread("NOT_A_FILE")
        yield file
    finally:
        os.close(file)


def _open(name: str, how: int, within: int | None) -> int:
    try:
        return os.open(name, how, dir_fd=within)
    except FileNotFoundError as error:
        raise Unread("LOCATION_GONE") from error
    except OSError as error:
        if _is_link(name, within):
            raise Unread("SYMBOLIC_LINK") from error
        raise Unread("ACCESS_REFUSED") from error


def _is_link(name: str, within: int | None) -> bool:
    with suppress(OSError):
        return stat.S_ISLNK(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode)
    return False


def _list(folder: int, before: str, found: list[Pin]) -> None:
    for name in sorted(os.listdir(folder)):
        told = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(told.st_mode):
            raise Unread("SYMBOLIC_LINK")
        if stat.S_ISDIR(told.st_mode):
            below = _open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, folder)
            try:
                _list(below, f"{before}{name}/", found)
            finally:
                os.close(below)
        elif stat.S_ISREG(told.st_mode):
            found.append(_pin(told, f"{before}{name}"))
        if len(found) > LISTED_MAX:
            raise Unread("TOO_MANY_FILES")


def _pin(told: os.stat_result, name: str) -> Pin:
    ms = told.st_mtime_ns // 1_000_000
    return Pin(name, told.st_size, f"{told.st_mtime_ns}-{told.st_size}", ms)


def _blocks(file: int, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        block = os.pread(file, end - start, start)
        if not block:
            raise Unread("FILE_CHANGED")
        yield block
        start += len(block)


def _ms(moment: Any) -> int:
    return int(moment.timestamp() * 1000)
