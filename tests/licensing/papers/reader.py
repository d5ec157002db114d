"""Read a credential and its status lists with another library, and nothing of this project.

Run as a program: reader.py CREDENTIAL KEYS LIST…; prints one JSON object.
"""

import base64
import gzip
import json
import sys
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

jwt.register_algorithm("Ed25519", OKPAlgorithm())


def payload(token: str, keys: dict[str, list[dict[str, str]]]) -> dict[str, object]:
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == ("Ed25519", "vc+jwt")
    (named,) = [key for key in keys["keys"] if key["kid"] == header["kid"]]
    key = OKPAlgorithm.from_jwk(json.dumps(named))
    assert isinstance(key, Ed25519PublicKey)
    return dict(jwt.decode(token, key, algorithms=["Ed25519"]))


def bit(encoded: str, position: int) -> bool:
    bits = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(bits) == 16_384
    return bool(bits[position // 8] >> (7 - position % 8) & 1)


def main(paths: list[str]) -> None:
    credential, keys, *lists = (Path(path).read_text() for path in paths)
    try:
        said = payload(credential, json.loads(keys))
    except jwt.InvalidTokenError as error:
        sys.stdout.write(json.dumps({"verified": False, "why": type(error).__name__}))
        return
    told = {}
    for one in lists:
        read = payload(one, json.loads(keys))
        for entry in said["credentialStatus"]:  # type: ignore[attr-defined]  # as JSON has it
            if entry["statusListCredential"] == read["id"]:
                subject = read["credentialSubject"]
                told[entry["statusPurpose"]] = bit(
                    subject["encodedList"],  # type: ignore[index]  # as JSON has it
                    int(entry["statusListIndex"]),
                )
    sys.stdout.write(json.dumps({"verified": True, "bits": told, "id": said["id"]}))


main(sys.argv[1:])
