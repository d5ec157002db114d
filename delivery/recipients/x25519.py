"""Public keys as people write them: X25519 in the Bech32 of the age format ("age1…").

Source: C2SP age v1 (recipients and identities of native type); Bech32 of BIP 173, without
its limit of length, as age has it.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

SecretKey: TypeAlias = X25519PrivateKey

PUBLIC: Final = "age"
SECRET: Final = "age-secret-key-"  # noqa: S105 - the name of a form, no secret

_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_KEY_BYTES: Final = 32
_CHECKSUM: Final = 6


class NotAKey(ValueError):
    """The text is no key of the form that is meant."""


def generate() -> tuple[str, str]:
    """Return a new pair: the secret key and the public key, as text."""
    secret = X25519PrivateKey.generate()
    return written_secret(secret), written_public(secret.public_key())


def written_public(key: X25519PublicKey) -> str:
    """Return a public key as text: age1 and 58 letters."""
    return _encoded(PUBLIC, key.public_bytes_raw())


def written_secret(key: X25519PrivateKey) -> str:
    """Return a secret key as text: AGE-SECRET-KEY-1 and 58 letters."""
    return _encoded(SECRET, key.private_bytes_raw()).upper()


def public(text: str) -> X25519PublicKey:
    """Return the public key that is written. Raises NotAKey."""
    return X25519PublicKey.from_public_bytes(_decoded(PUBLIC, text))


def secret(text: str) -> X25519PrivateKey:
    """Return the secret key that is written. Raises NotAKey."""
    return X25519PrivateKey.from_private_bytes(_decoded(SECRET, text))


def _encoded(name: str, content: bytes) -> str:
    values = _regrouped(content, 8, 5, pad=True)
    mixed = _polymod([*_spread(name), *values, *([0] * _CHECKSUM)]) ^ 1
    check = [mixed >> 5 * (_CHECKSUM - 1 - place) & 31 for place in range(_CHECKSUM)]
    return f"{name}1" + "".join(_LETTERS[value] for value in (*values, *check))


def _decoded(name: str, text: str) -> bytes:
    if text not in (text.lower(), text.upper()):
        raise NotAKey("letters of both cases")
    head, _, tail = text.lower().rpartition("1")
    if head != name or not set(tail) <= set(_LETTERS):
        raise NotAKey(f"it does not begin with {name}1, or has letters that no key has")
    values = [_LETTERS.index(letter) for letter in tail]
    if len(values) <= _CHECKSUM or _polymod([*_spread(head), *values]) != 1:
        raise NotAKey("its checksum is wrong: a letter is missing or mistyped")
    content = bytes(_regrouped(values[:-_CHECKSUM], 5, 8, pad=False))
    if len(content) != _KEY_BYTES:
        raise NotAKey(f"it has {len(content)} bytes, not {_KEY_BYTES}")
    return content


def _spread(name: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in name), 0, *(ord(letter) & 31 for letter in name)]


def _polymod(values: Iterable[int]) -> int:
    mixed = 1
    for value in values:
        top = mixed >> 25
        mixed = (mixed & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            if top >> place & 1:
                mixed ^= generator
    return mixed


def _regrouped(values: Sequence[int], old: int, new: int, *, pad: bool) -> list[int]:
    """Return the same bits in groups of another size."""
    held, count, found = 0, 0, []
    for value in values:
        held, count = held << old | value, count + old
        while count >= new:
            count -= new
            found.append(held >> count & (1 << new) - 1)
    if pad and count:
        found.append(held << (new - count) & (1 << new) - 1)
    elif not pad and (count >= old or held & (1 << count) - 1):
        raise NotAKey("its last letter holds bits that mean nothing")
    return found
