"""Names for records, and secrets: all randomness of the system but that of ciphers."""

import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from kernel.clock import Instant

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
    number = milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return prefix + _base32(number)


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
