"""Names for records, and secrets: all randomness of the system but that of ciphers."""

import hashlib
import random
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from kernel.clock import Instant

Chance: TypeAlias = random.Random
"""What is drawn from when the same is to be drawn again."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_LENGTH: Final = 26
_RANDOM_BITS: Final = 80
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PREFIX: Final = re.compile(r"[a-z]{2,8}_")


def new(prefix: str, now: Instant) -> str:
    """Return a new id such as "prd_01JB3…": `prefix`, then a ULID of 26 characters.

    prefix: small letters and one closing underscore ("prd_"); it says in every log
    line what the id names. The ULID holds `now` to the millisecond and 80 random
    bits, so ids sort by age; within one millisecond their order is accidental.
    Raises ValueError for another prefix or a time before 1970, TypeError for a naive one.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no prefix: small letters and one underscore")
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    if milliseconds < 0:
        raise ValueError("an id cannot be older than 1970")
    number = milliseconds << _RANDOM_BITS | _draw.get()(_RANDOM_BITS)
    return prefix + _base32(number)


_draw: ContextVar[Callable[[int], int]] = ContextVar("draw", default=secrets.randbits)


@contextmanager
def drawn(seed: str) -> Iterator[None]:
    """Let this thread draw the ids of records from `seed`: for a made-up history alone.

    With the same clock they come out the same each time. Secrets are never drawn from it.
    """
    token = _draw.set(chance(seed).getrandbits)
    try:
        yield
    finally:
        _draw.reset(token)


def chance(seed: str) -> Chance:
    """Return what draws the same from the same seed: for made-up histories, never for secrets."""
    return random.Random(seed)  # noqa: S311 - as said


def secret(nbytes: int = 32) -> str:
    """Return url-safe random text with `nbytes` bytes of entropy, for keys and tokens.

    Store `digest` of it, never the text itself.
    """
    return secrets.token_urlsafe(nbytes)


def digest(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, as 64 hexadecimal digits.

    Fit for secrets of full entropy; for anything that can be guessed (an identity
    number, a telephone number) use the keyed hash of `kernel.crypto`.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def _base32(number: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
