"""An office that hands out papers: credentials, lists and keys of a certificate, as files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from kernel.crypto import canonical
from kernel.work import Work
from licensing import certificates
from licensing.authorisations import Authorisation
from licensing.certificates import Certificate
from licensing.papers import credentials, keys, status_lists, tokens
from licensing.papers.status_lists import Purpose
from tests.conftest import CRYPTO, work_of
from tests.licensing import grants

ADDRESS = "https://exchange.example"
AT = grants.NEXT_DAY
KEYS = keys.jwks(CRYPTO)


def certificate(session: Session, right: Authorisation) -> Certificate:
    session.flush()
    return certificates.of(session, right.id)[0]


def credential(session: Session, right: Authorisation) -> str:
    return credentials.signed(house(session), certificate(session, right), ADDRESS)


def lists(session: Session) -> list[str]:
    session.flush()
    return [status_lists.signed(house(session), ADDRESS, purpose, 1) for purpose in Purpose]


def house(session: Session) -> Work:
    return work_of(session, "system", at=AT)


def said(token: str) -> dict[str, Any]:
    """Read a token's payload without believing it."""
    return dict(json.loads(tokens.unbase64url(token.split(".")[1])))


def token(header: Mapping[str, Any], payload: bytes) -> str:
    """Write a token with any header, signed with the exchange's own key."""
    signing_input = b".".join(map(tokens.base64url, (canonical(header), payload)))
    value = bytes.fromhex(CRYPTO.sign(signing_input).value)
    return (signing_input + b"." + tokens.base64url(value)).decode()


def header(**changes: Any) -> dict[str, Any]:
    return {"alg": "Ed25519", "kid": CRYPTO.key_id, "typ": "vc+jwt", **changes}


def written(folder: Path, **files: str) -> list[str]:
    """Write files; return their paths, in the order of their names here."""
    paths = []
    for name, content in files.items():
        path = folder / name
        path.write_text(content)
        paths.append(str(path))
    return paths
