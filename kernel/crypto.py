"""Digests, signatures, seals and masks; the only module that imports `cryptography`.

Two providers. `StandardProvider`: SHA-256, Ed25519, AES-256-GCM. `CommercialProvider`:
the commercial ciphers (商用密码) SM3 and SM4-GCM, but signatures stay Ed25519, because
the library has no SM2. Neither is a certified module (密码模块), and neither claims
conformity with GB/T 39786; a certified one is a third class behind the same protocol.

Every artefact names its algorithm and key, so that a change of either can be told.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256, SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
"""The size of the one key that a provider is built from."""

_SIGNING: Final = "ed25519"
_FORMAT: Final = 1
_KEY_ID_BYTES: Final = 8
_HEADER_BYTES: Final = 2 + _KEY_ID_BYTES
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class SealBroken(ValueError):
    """Sealed bytes were changed, belong elsewhere, or were sealed with an unknown key."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature and what is needed to check it.

    alg: "ed25519". key_id: 16 hexadecimal digits, from the public key. value: hexadecimal.
    """

    alg: str
    key_id: str
    value: str


def generate_key() -> bytes:
    """Return a fresh random key for a provider; keep it secret, and keep it."""
    return secrets.token_bytes(KEY_BYTES)


def key_id_of(public_key: bytes) -> str:
    """Return the name of a public signing key: the first 16 hexadecimal digits of its SHA-256."""
    return _digest(hashes.SHA256(), public_key)[:_KEY_ID_BYTES].hex()


def verified_by(public_key: bytes, content: bytes, signature: Signature) -> bool:
    """Tell whether the holder of `public_key` signed exactly these bytes.

    public_key: 32 bytes, as RFC 8032 writes them. Needs no secret, so anybody can ask,
    anywhere; a signature that names another key or algorithm, or is no hexadecimal
    number, is just not one.
    """
    if (signature.alg, signature.key_id) != (_SIGNING, key_id_of(public_key)):
        return False
    try:
        value = bytes.fromhex(signature.value)
        Ed25519PublicKey.from_public_bytes(public_key).verify(value, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value, in UTF-8, to be hashed or signed.

    Keys sorted, no spaces, no escapes but the needed ones: RFC 8785 (JCS), for the
    values taken here: None, bool, int, str, lists, tuples and mappings with text keys.
    A whole number beyond ±(2⁵³ − 1) is written exactly, which a reader in JavaScript
    cannot check. Raises TypeError for a float (write fen, basis points or text) and for
    anything else, ValueError for text that is no Unicode.
    """
    ordered = _ordered(value)
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()


class CryptoProvider(Protocol):
    """What the system asks of its ciphers. `*_alg` name what a provider uses."""

    digest_alg: ClassVar[str]
    seal_alg: ClassVar[str]

    @property
    def key_id(self) -> str:
        """Name of the key in use: 16 hexadecimal digits."""
        ...

    @property
    def public_key(self) -> bytes:
        """The public half of the signing key, for everybody who verifies elsewhere."""
        ...

    @property
    def public_keys(self) -> Mapping[str, bytes]:
        """Key id → public key of all whose signatures hold: the one in use first."""
        ...

    def digest(self, content: bytes) -> str:
        """Return the digest in hexadecimal digits."""
        ...

    def sign(self, content: bytes) -> Signature:
        """Return a signature over the bytes as they are."""
        ...

    def verify(self, content: bytes, signature: Signature) -> bool:
        """Tell whether a key in use, now or formerly, signed exactly these bytes."""
        ...

    def seal(self, content: bytes, aad: bytes) -> bytes:
        """Return the content encrypted, and bound to `aad`."""
        ...

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Return the content of what `seal` made with the same `aad`, or raise SealBroken."""
        ...

    def mask(self, text: str) -> str:
        """Return a keyed hash of a personal identifier, in hexadecimal digits."""
        ...

    def masks(self, text: str) -> tuple[str, ...]:
        """Return what `mask` gives, and then what it gave under every other known key."""
        ...


class _Suite(NamedTuple):
    """A digest and a block cipher that belong together; `code` marks sealed bytes."""

    code: int
    digest_alg: str
    seal_alg: str
    hash: type[hashes.HashAlgorithm]
    cipher: type[AES256 | SM4]
    cipher_key_bytes: int


_STANDARD: Final = _Suite(1, "sha-256", "aes-256-gcm", hashes.SHA256, AES256, 32)
_COMMERCIAL: Final = _Suite(2, "sm3", "sm4-gcm", hashes.SM3, SM4, 16)
_SUITES: Final = {suite.code: suite for suite in (_STANDARD, _COMMERCIAL)}


class _Keyring:
    """The keys that are derived from one key, each for one purpose (HKDF, RFC 5869)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes; `generate_key` makes one")
        self._key = key
        self.signing = Ed25519PrivateKey.from_private_bytes(
            self.derive("sign ed25519", _STANDARD, KEY_BYTES)
        )
        self.public_key = self.signing.public_key().public_bytes_raw()
        self.id = key_id_of(self.public_key)

    def derive(self, purpose: str, suite: _Suite, size_bytes: int) -> bytes:
        """Return the key for one purpose; the same one each time."""
        info = f"databourse {purpose} v1".encode()
        return HKDF(suite.hash(), size_bytes, salt=None, info=info).derive(self._key)

    def cipher(self, suite: _Suite, nonce: bytes, tag: bytes | None = None) -> Cipher[GCM]:
        """Return the sealing cipher of `suite`, to encrypt, or with a tag to decrypt."""
        key = self.derive(f"seal {suite.seal_alg}", suite, suite.cipher_key_bytes)
        return Cipher(suite.cipher(key), GCM(nonce, tag))


class _Provider:
    """What both providers do alike; see CryptoProvider for what each method promises."""

    _suite: ClassVar[_Suite]

    def __init__(self, key: bytes, retired: Sequence[bytes] = ()) -> None:
        """Take the key in use, and former ones that still verify and open but do no more.

        Each has 32 bytes, else ValueError. The former may come from the other provider.
        """
        self._current = _Keyring(key)
        self._rings = {ring.id: ring for ring in (self._current, *map(_Keyring, retired))}

    @property
    def key_id(self) -> str:
        """Name of the key in use: 16 hexadecimal digits."""
        return self._current.id

    @property
    def public_key(self) -> bytes:
        """The public half of the signing key: 32 bytes, as RFC 8032 writes them."""
        return self._current.public_key

    @property
    def public_keys(self) -> Mapping[str, bytes]:
        """Key id → public key: the one in use first, then the retired ones."""
        return {ring.id: ring.public_key for ring in self._rings.values()}

    def digest(self, content: bytes) -> str:
        """Return the digest: 64 hexadecimal digits."""
        return _digest(self._suite.hash(), content).hex()

    def sign(self, content: bytes) -> Signature:
        """Return an Ed25519 signature over the bytes as they are (RFC 8032, no prehash)."""
        return Signature(_SIGNING, self.key_id, self._current.signing.sign(content).hex())

    def verify(self, content: bytes, signature: Signature) -> bool:
        """Tell whether the key in use, or a retired one, signed exactly these bytes."""
        ring = self._rings.get(signature.key_id)
        return ring is not None and verified_by(ring.public_key, content, signature)

    def seal(self, content: bytes, aad: bytes) -> bytes:
        """Return the content encrypted and bound to `aad`, which is not stored in it.

        aad: where the bytes belong (an order, a version), so that they open nowhere else.
        38 bytes longer: format, suite, key id (8), random nonce (12), and at the end the
        tag (16). At most 2³² seals a key, so that nonces do not meet.
        """
        header = bytes([_FORMAT, self._suite.code]) + bytes.fromhex(self.key_id)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        encryptor = self._current.cipher(self._suite, nonce).encryptor()
        encryptor.authenticate_additional_data(header + aad)
        body = encryptor.update(content) + encryptor.finalize()
        return header + nonce + body + encryptor.tag

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Return the content that was sealed for `aad`, by any suite and known key.

        Raises SealBroken when a bit was changed, `aad` is another, the key is unknown, or
        the bytes are no seal.
        """
        header, rest = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
        nonce, rest = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        body, tag = rest[:-_TAG_BYTES], rest[-_TAG_BYTES:]
        ring = self._rings.get(header[2:].hex())
        suite = _SUITES.get(header[1]) if header[:1] == bytes([_FORMAT]) and ring else None
        if ring is None or suite is None or len(tag) < _TAG_BYTES:
            raise SealBroken("these bytes were not sealed with a key that is known here")
        decryptor = ring.cipher(suite, nonce, tag).decryptor()
        decryptor.authenticate_additional_data(header + aad)
        try:
            return decryptor.update(body) + decryptor.finalize()
        except InvalidTag as error:
            raise SealBroken("the sealed bytes were changed, or belong elsewhere") from error

    def mask(self, text: str) -> str:
        """Return a keyed hash (HMAC) of a personal identifier: 64 hexadecimal digits.

        Equal text gives equal masks, and without the key nobody finds the text by
        trying all there are. Bring the text to one form first. Another key, or the
        other provider, gives other masks: look for all of `masks`, and write this one.
        """
        return _masked(self._current, self._suite, text)

    def masks(self, text: str) -> tuple[str, ...]:
        """Return the mask, and those of the retired keys and of the other provider.

        So who was masked before the key was changed is known again, as long as the former
        key stays among the retired ones. What the library cannot reckon was never written.
        """
        found = [self.mask(text)]
        for ring in self._rings.values():
            for suite in _SUITES.values():
                with suppress(UnsupportedAlgorithm):
                    found.append(_masked(ring, suite, text))
        return tuple(dict.fromkeys(found))


class StandardProvider(_Provider):
    """SHA-256, Ed25519, AES-256-GCM."""

    _suite: ClassVar[_Suite] = _STANDARD
    digest_alg: ClassVar[str] = _STANDARD.digest_alg
    seal_alg: ClassVar[str] = _STANDARD.seal_alg


class CommercialProvider(_Provider):
    """SM3 (GB/T 32905) and SM4-GCM (GB/T 32907, RFC 8998); signatures are Ed25519, not SM2.

    For trials and for talking to systems that expect SM3 digests. It does not make an
    installation pass a commercial-cipher assessment (密评): that takes SM2 and a
    certified module. Fails when it is built, where the library lacks SM3 or SM4.
    """

    _suite: ClassVar[_Suite] = _COMMERCIAL
    digest_alg: ClassVar[str] = _COMMERCIAL.digest_alg
    seal_alg: ClassVar[str] = _COMMERCIAL.seal_alg


def _masked(ring: _Keyring, suite: _Suite, text: str) -> str:
    keyed = HMAC(ring.derive("mask", suite, KEY_BYTES), suite.hash())
    keyed.update(text.encode())
    return keyed.finalize().hex()


def _digest(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    running = hashes.Hash(algorithm)
    running.update(content)
    return running.finalize()


def _ordered(value: Any) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (list, tuple)):
        return [_ordered(item) for item in value]
    if isinstance(value, (dict, Mapping)) and all(isinstance(key, str) for key in value):
        # RFC 8785 sorts by UTF-16 units, in which an emoji comes before a full-width letter;
        # for keys in ASCII that is their own order.
        plain = all(map(str.isascii, value))
        by_units = (
            sorted(value) if plain else sorted(value, key=lambda key: key.encode("utf-16-be"))
        )
        return {key: _ordered(value[key]) for key in by_units}
    raise TypeError(f"{type(value).__name__} has no canonical form")
