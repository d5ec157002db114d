"""The wire: HTTP with a token, nothing followed elsewhere, downloads that are taken up again."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any, Final, TypeAlias
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from databourse_client.troubles import BadProfile, Damaged, Problem, Trouble, Unreachable, problem

ANSWER_MAX: Final = 256_000_000
BLOCK: Final = 1 << 20
TRIES: Final = 5

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Takes what is under way, how much is done, and of how much if that is known."""

_AGAIN: Final = frozenset({429, 502, 503, 504})
_WAIT_MAX_S: Final = 30.0
_ACCEPT: Final = "application/json, */*;q=0.1"
"""What went wrong is told as JSON; what went right comes as it is."""


class _Stay(HTTPRedirectHandler):
    """Follow nobody: a token must not travel to where an answer points."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """Refuse to make a request of a redirection."""
        return


_OPENER: Final = build_opener(_Stay)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Return its JSON. Raises Damaged."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise Damaged("the exchange's answer is no JSON") from error


class Wire:
    """A connection to one exchange, for one caller."""

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        allow_http: bool = False,
        language: str = "en",
        timeout_s: float = 60.0,
    ) -> None:
        """Raise BadProfile for an address that is none, or would carry the token in the open."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadProfile(f"{url} is no address of an exchange: https://…")
        if parts.scheme == "http" and not (allow_http or _is_here(parts.hostname)):
            raise BadProfile(f"{url} is not encrypted: use https://, or allow it in so many words")
        self.url = url.rstrip("/")
        self._token = token
        self._language = language
        self._timeout_s = timeout_s

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON at a path. Raises Problem, Unreachable."""
        asked = {name: value for name, value in query.items() if value is not None}
        tail = f"?{urlencode(asked, doseq=True)}" if asked else ""
        return self.asked(f"{path}{tail}").json()

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send JSON to a path, return what comes back. Raises Problem, Unreachable."""
        return self.asked(path, body=body or {}).json()

    def all(self, path: str, *, at_most: int = 10_000, **query: Any) -> Iterator[Any]:
        """Yield the items of a list, page by page, up to `at_most`."""
        after, count = None, 0
        while count < at_most:
            page = self.get(path, after=after, limit=100, **query)
            yield from page["items"][: at_most - count]
            count += len(page["items"])
            after = page["next"]
            if after is None:
                return

    def asked(
        self,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask the exchange, and again when it is busy and asking again changes nothing."""
        content = None if body is None else json.dumps(body).encode()
        sent = {**(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        if shown := token or self._token:
            sent["Authorization"] = f"Bearer {shown}"
        repeats = content is None or "request_id" in (body or {})
        for left in reversed(range(TRIES if repeats else 1)):
            try:
                with self._opened(
                    f"{self.url}{quote(path, safe='/?=&%:+,')}", sent, content
                ) as got:
                    return Answer(dict(got.headers.items()), _whole(got))
            except _Later as later:
                if not left:
                    raise later.trouble from later
                time.sleep(later.wait_s)
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def fetched(
        self, url: str, target: Path, *, sha256: str | None, progress: Progress | None = None
    ) -> Path:
        """Download a file whole, from where an earlier try ended. No token is sent.

        sha256: of the whole; a partial file that does not come to it is taken from the start
        once more. Raises Damaged, Problem, Unreachable.
        """
        part = target.with_name(f"{target.name}.part")
        resumed = part.exists() and part.stat().st_size > 0
        self._filled(url, part, progress)
        if sha256 is not None and digest(part) != sha256:
            part.unlink()
            if not resumed:
                raise Damaged(f"{target.name} is not what the exchange says it sends")
            self._filled(url, part, progress)
            if digest(part) != sha256:
                part.unlink()
                raise Damaged(f"{target.name} is not what the exchange says it sends")
        part.replace(target)
        return target

    def saved(self, path: str, target: Path, *, sha256: str, size_bytes: int,
              progress: Progress | None = None) -> Path:  # fmt: skip
        """Ask for a file that comes in the answer to a POST, and write it. Raises Damaged."""
        sent = {"Content-Type": "application/json"}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        part = target.with_name(f"{target.name}.part")
        try:
            with self._opened(f"{self.url}{path}", sent, b"{}") as got, part.open("wb") as file:
                _copied(got, file, target.name, 0, size_bytes, progress)
        except _Later as later:
            raise later.trouble from later
        if digest(part) != sha256:
            part.unlink()
            raise Damaged(f"{target.name} is not what its manifest says")
        part.replace(target)
        return target

    def _filled(self, url: str, part: Path, progress: Progress | None) -> None:
        """Fill a file to its end, over broken connections."""
        left = TRIES
        while True:
            begin = part.stat().st_size if part.exists() else 0
            try:
                if self._piece(url, part, begin, progress):
                    return
                left = TRIES if part.stat().st_size > begin else left - 1
                trouble: Exception = Unreachable("the download broke off")
            except _Later as later:
                left, trouble = left - 1, later.trouble
                if left > 0:
                    time.sleep(later.wait_s)
            if left <= 0:
                raise trouble

    def _piece(self, url: str, part: Path, begin: int, progress: Progress | None) -> bool:
        """Fetch from `begin` on; True when the end was reached."""
        headers = {"Range": f"bytes={begin}-"} if begin else {}
        try:
            with self._opened(url, headers, None) as got:
                if got.status != 206:
                    begin = 0
                size = _size(got, begin)
                with part.open("r+b" if begin else "wb") as file:
                    file.seek(begin)
                    done = _copied(got, file, part.stem, begin, size, progress)
                return size is None or done >= size
        except Problem as error:
            if error.http_status == 416 and begin:
                return True  # all of it is there; its digest says whether it is the right one
            raise

    @contextmanager
    def _opened(
        self, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Iterator[HTTPResponse]:
        """Open an answer. Raises Problem, and _Later for what may go better the next time."""
        if urlsplit(url).scheme not in {"http", "https"}:
            raise Damaged(f"{url[:100]} is no address that is fetched")
        told = {"Accept": _ACCEPT, "Accept-Language": self._language, **headers}
        request = Request(url, data=content, headers=told)  # noqa: S310 - looked at above
        try:
            with _OPENER.open(request, timeout=self._timeout_s) as got:
                yield got
        except HTTPError as error:
            found = problem(error.code, error.read(BLOCK))
            # A quota that is used up comes without a time at which to ask again.
            if error.code in _AGAIN and (error.code != 429 or "Retry-After" in error.headers):
                raise _Later(found, _wait(error.headers)) from error
            raise found from error
        except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise _Later(Unreachable(f"{self.url} does not answer: {reason}"), 1.0) from error


class _Later(Exception):
    """It may go better in a while."""

    def __init__(self, trouble: Trouble, wait_s: float) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble
        self.wait_s = wait_s


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _whole(got: HTTPResponse) -> bytes:
    content = got.read(ANSWER_MAX + 1)
    if len(content) > ANSWER_MAX:
        raise Damaged("the exchange's answer is too large")
    return content


def _copied(
    got: HTTPResponse,
    file: IO[bytes],
    name: str,
    begin: int,
    size: int | None,
    progress: Progress | None,
) -> int:
    """Write what comes; return how much of the file is there then. A break ends it early."""
    done = begin
    try:
        while block := got.read(BLOCK):
            file.write(block)
            done += len(block)
            if progress is not None:
                progress(name, done, size)
    except (TimeoutError, ConnectionError, HTTPException):
        file.flush()
    return done


def _size(got: HTTPResponse, begin: int) -> int | None:
    length = got.headers.get("Content-Length", "")
    return begin + int(length) if length.isdigit() else None


def _wait(headers: Any) -> float:
    told = str(headers.get("Retry-After", "")) if headers is not None else ""
    return min(float(told), _WAIT_MAX_S) if told.isdigit() else 1.0
