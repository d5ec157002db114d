"""The age file format (version 1), written and read as a stream in bounded memory.

Anybody opens such a file with a tool of their own. A header seals the file's key to one
X25519 public key; the body is in chunks of 64 KiB, each sealed with ChaCha20-Poly1305, so
that a changed, moved or missing chunk is found. Source: C2SP age v1 (STREAM construction).
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel import crypto

CHUNK: Final = 64 * 1024
TAG: Final = 16
HEADER_BYTES: Final = 168
"""Size of a header that seals to one key: always the same."""

_INTRO: Final = b"age-encryption.org/v1\n"
_LINE_MAX: Final = 4096
_HEADER_MAX: Final = 64 * 1024
_KEY_BYTES: Final = 16
_NO_NONCE: Final = bytes(12)


class NotOpened(ValueError):
    """The file is no age file, was sealed to another key, or is not as it was sealed."""


def new_key() -> bytes:
    """Return a key for one file."""
    return crypto.generate_key()[:_KEY_BYTES]


def header(file_key: bytes, recipient: X25519PublicKey) -> bytes:
    """Return the header that seals a file's key to a public key: HEADER_BYTES long."""
    once = X25519PrivateKey.generate()
    share = once.public_key().public_bytes_raw()
    wrap = _wrap_key(once.exchange(recipient), share, recipient)
    body = ChaCha20Poly1305(wrap).encrypt(_NO_NONCE, file_key, None)
    told = _INTRO + b"-> X25519 " + _b64(share) + b"\n" + _b64(body) + b"\n---"
    return told + b" " + _b64(_mac(file_key, told)) + b"\n"


class Sealing:
    """A body that is being written: what is written to it comes out sealed in `target`.

    Two buffers are all that it takes, whatever the size of the content.
    """

    def __init__(self, target: IO[bytes], file_key: bytes) -> None:
        nonce = crypto.generate_key()[:_KEY_BYTES]
        self._cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
        self._target = target
        self._held = memoryview(bytearray(CHUNK))
        self._sealed = memoryview(bytearray(CHUNK + TAG))
        self._filled = 0
        self._count = 0
        target.write(nonce)

    def write(self, content: bytes | memoryview) -> int:
        """Take more of the content."""
        rest = memoryview(content)
        while rest:
            if self._filled == CHUNK:  # a full chunk waits: it may be the last
                self._seal(self._held, last=False)
            while not self._filled and len(rest) > CHUNK:  # not copied, and not the last
                self._seal(rest[:CHUNK], last=False)
                rest = rest[CHUNK:]
            part = rest[: CHUNK - self._filled]
            self._held[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            rest = rest[len(part) :]
        return len(content)

    def close(self) -> None:
        """Write the last chunk."""
        self._seal(self._held[: self._filled], last=True)

    def _seal(self, chunk: memoryview, *, last: bool) -> None:
        out = self._sealed[: len(chunk) + TAG]
        nonce = _nonce(self._count, last=last)
        self._cipher.encrypt_into(nonce, chunk, None, out)
        self._target.write(out)
        self._count += 1
        self._filled = 0


class Opening:
    """A file that is being read: what comes out was sealed to this key, and is unchanged."""

    def __init__(self, source: IO[bytes], identity: X25519PrivateKey) -> None:
        """Read the header. Raises NotOpened."""
        file_key = _unsealed(source, identity)
        self._source = source
        self._cipher = ChaCha20Poly1305(_derived(file_key, source.read(_KEY_BYTES), b"payload"))
        self._ahead = source.read(CHUNK + TAG)
        self._held = b""
        self._place = 0
        self._count = 0
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return the next bytes, fewer only at the end. Raises NotOpened."""
        found = bytearray()
        while len(found) < size and (self._place < len(self._held) or not self._ended):
            if self._place == len(self._held):
                self._next()
            part = self._held[self._place : self._place + size - len(found)]
            self._place += len(part)
            found += part
        return bytes(found)

    def finish(self) -> None:
        """Read what is left, so that a cut end is found. Raises NotOpened."""
        while not self._ended:
            self._next()

    def _next(self) -> None:
        sealed, self._ahead = self._ahead, self._source.read(CHUNK + TAG)
        last = not self._ahead
        try:
            opened = self._cipher.decrypt(_nonce(self._count, last=last), sealed, None)
        except InvalidTag as error:
            raise NotOpened("a part of the file was changed, moved or is missing") from error
        if not opened and self._count:
            raise NotOpened("an empty part stands at the end")
        self._held, self._place, self._ended = opened, 0, last
        self._count += 1


def _unsealed(source: IO[bytes], identity: X25519PrivateKey) -> bytes:
    """Return the file's key, from the stanza that is sealed to this identity."""
    if source.read(len(_INTRO)) != _INTRO:
        raise NotOpened("this is no age file")
    told, stanzas = _stanzas(source)
    for share, body in stanzas:
        own = identity.public_key()
        try:
            shared = identity.exchange(X25519PublicKey.from_public_bytes(share))
            key = ChaCha20Poly1305(_wrap_key(shared, share, own)).decrypt(_NO_NONCE, body, None)
        except (InvalidTag, ValueError):
            continue
        before, _, mac = told.rpartition(b"--- ")
        if not hmac.compare_digest(_mac(key, before + b"---"), _unb64(mac.rstrip(b"\n"))):
            raise NotOpened("the header was changed")
        return key
    raise NotOpened("the file is sealed to another key")


def _stanzas(source: IO[bytes]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return the header as it was read, and what is sealed to X25519 keys in it."""
    told, share = _INTRO, None
    found: list[tuple[bytes, bytes]] = []
    while len(told) < _HEADER_MAX:
        line = source.readline(_LINE_MAX)
        told += line
        if line.startswith(b"--- "):
            return told, found
        words = line.split()
        if words[:2] == [b"->", b"X25519"] and len(words) == 3:
            share = _unb64(words[2])
        elif share is not None:
            found.append((share, _unb64(line.strip())))
            share = None
        if not line:
            break
    raise NotOpened("the header has no end")


def _wrap_key(shared: bytes, share: bytes, recipient: X25519PublicKey) -> bytes:
    salt = share + recipient.public_bytes_raw()
    return _derived(shared, salt, b"age-encryption.org/v1/X25519")


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=salt, info=info).derive(key)


def _mac(file_key: bytes, told: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), told, "sha256")


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


def _b64(content: bytes) -> bytes:
    return b64encode(content).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    try:
        return b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except Error as error:
        raise NotOpened("the header holds what is no base64") from error
