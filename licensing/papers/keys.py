"""The public keys of this exchange, as those who verify elsewhere fetch them."""

from typing import Any

from kernel.crypto import CryptoProvider
from licensing.papers.tokens import ALGORITHM, base64url


def jwks(crypto: CryptoProvider) -> dict[str, Any]:
    """Return the JWK set (RFC 7517): the key in use, then retired ones, which still verify."""
    return {"keys": [_jwk(key_id, public) for key_id, public in crypto.public_keys.items()]}


def controller(crypto: CryptoProvider, address: str) -> dict[str, Any]:
    """Return the document of the issuer (W3C Controlled Identifiers 1.0).

    address: where this exchange is found, without a closing slash. A credential's issuer is
    the id of this document.
    """
    identifier = issuer(address)
    methods = [
        {
            "id": f"{identifier}#{key['kid']}",
            "type": "JsonWebKey",
            "controller": identifier,
            "publicKeyJwk": key,
        }
        for key in jwks(crypto)["keys"]
    ]
    return {
        "@context": "https://www.w3.org/ns/cid/v1",
        "id": identifier,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def issuer(address: str) -> str:
    """Return by which address this exchange signs."""
    return f"{address}/.well-known/issuer.json"


def _jwk(key_id: str, public: bytes) -> dict[str, str]:
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": base64url(public).decode(),
        "kid": key_id,
        "alg": ALGORITHM,
        "use": "sig",
    }
