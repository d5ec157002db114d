"""Signed tokens (JWS compact, RFC 7515) with Ed25519 (RFC 8037, RFC 9864), read strictly.

Signing goes through the provider that holds the key, so that a key in hardware signs too;
reading is joserfc's, behind checks of our own that each have a code.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from kernel.crypto import CryptoProvider, canonical
from kernel.errors import Refusal

ALGORITHM: Final = "Ed25519"
"""The one algorithm; a token that names another is refused, whatever its signature."""

MEDIA_TYPE: Final = "vc+jwt"
"""The `typ` of a credential secured as a token (W3C VC-JOSE-COSE)."""

SIZE_MAX: Final = 1_000_000
"""The longest token that is read, in characters."""

_HEADER: Final = frozenset({"alg", "typ", "kid", "cty"})


class Untrusted(Exception):
    """A token that nobody should rely on; `why` says what is wrong with it."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{code}: {en}")
        self.why = Refusal(code, zh, en)


@dataclass(frozen=True, slots=True)
class Opened:
    """A token whose signature holds: what it says, and which key said so."""

    payload: Mapping[str, Any]
    key_id: str


def sign(crypto: CryptoProvider, payload: Mapping[str, Any]) -> str:
    """Return the payload as a token, signed with the key in use; the same bytes each time."""
    header = {"alg": ALGORITHM, "kid": crypto.key_id, "typ": MEDIA_TYPE}
    signing_input = b".".join(base64url(canonical(part)) for part in (header, payload))
    value = bytes.fromhex(crypto.sign(signing_input).value)
    return (signing_input + b"." + base64url(value)).decode()


def read(token: str, keys: Mapping[str, Any]) -> Opened:
    """Return what a token says when one of `keys` (a JWK set) signed it; else raise Untrusted.

    Codes: TOKEN_MALFORMED, DUPLICATE_KEYS, ALG_REFUSED (none, HS256 and all the rest),
    CRIT_REFUSED, TYP_REFUSED, HEADER_REFUSED, KEY_UNKNOWN, SIGNATURE_INVALID.
    """
    token = token.strip()
    if len(token) > SIZE_MAX or token.count(".") != 2:
        raise Untrusted("TOKEN_MALFORMED", "不是紧凑格式的 JWS", "this is no compact JWS")
    header, payload = (_object(part) for part in token.split(".")[:2])
    _refuse_header(header)
    key = key_of(keys, header["kid"])
    if key is None:
        raise Untrusted("KEY_UNKNOWN", "密钥不在密钥集中", "its key is not in the key set")
    try:
        jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise Untrusted("SIGNATURE_INVALID", "签名无效", "the signature is not valid") from error
    return Opened(payload, header["kid"])


def key_of(keys: Mapping[str, Any], key_id: Any) -> OKPKey | None:
    """Return the Ed25519 key of this name; None when the set has not exactly one."""
    listed = keys.get("keys")
    named = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("kid") == key_id and isinstance(key_id, str)
    ]
    if len(named) != 1 or (named[0].get("kty"), named[0].get("crv")) != ("OKP", "Ed25519"):
        return None
    public = {name: str(named[0].get(name, "")) for name in ("kty", "crv", "x")}
    try:
        return OKPKey.import_key({**public})
    except (JoseError, ValueError):
        return None


def base64url(content: bytes) -> bytes:
    """Return bytes as base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=")


def unbase64url(text: str) -> bytes:
    """Return the bytes of base64url without padding. Raises ValueError for anything else."""
    if not text.isascii() or set(text) & set("+/= \t\r\n"):
        raise ValueError("this is no base64url")
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except NotBase64 as error:
        raise ValueError("this is no base64url") from error
    if base64url(content) != text.encode():
        raise ValueError("this is not written the one way that base64url has")
    return content


def strict_json(content: bytes | str) -> Any:
    """Return what JSON says that can be read one way only. Raises Untrusted, DUPLICATE_KEYS."""
    try:
        return json.loads(content, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise Untrusted("TOKEN_MALFORMED", "不是有效的 JSON", "this is no JSON") from error


def _object(part: str) -> dict[str, Any]:
    try:
        found = strict_json(unbase64url(part))
    except ValueError as error:
        raise Untrusted(
            "TOKEN_MALFORMED", "不是 base64url", "a part of it is no base64url"
        ) from error
    if not isinstance(found, dict):
        raise Untrusted("TOKEN_MALFORMED", "内容不是对象", "a part of it is no JSON object")
    return found


def _refuse_header(header: Mapping[str, Any]) -> None:
    if header.get("alg") != ALGORITHM:
        raise Untrusted(
            "ALG_REFUSED", f"只接受 {ALGORITHM} 签名", f"only {ALGORITHM} signatures are accepted"
        )
    if "crit" in header:
        raise Untrusted(
            "CRIT_REFUSED", "含不认识的关键头参数", "it has critical headers that are not known"
        )
    if header.get("typ") != MEDIA_TYPE:
        raise Untrusted("TYP_REFUSED", f"类型不是 {MEDIA_TYPE}", f"its type is not {MEDIA_TYPE}")
    if not header.keys() <= _HEADER or "kid" not in header:
        raise Untrusted(
            "HEADER_REFUSED", "头参数不正确", "its header has more or less than it may have"
        )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Untrusted("DUPLICATE_KEYS", "同一对象中名称重复", "a name stands twice in one object")
    return found
