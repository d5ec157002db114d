"""Webhooks at the receiver: tell whether a notice came from the exchange, and is fresh.

The three headers and the signed text are those of Standard Webhooks: `webhook-id`,
`webhook-timestamp`, `webhook-signature`, over "id.timestamp.body".
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from databourse_client.troubles import Damaged

SKEW_S: Final = 300
"""How old, or how far ahead, a notice may be, in seconds: what is older is a replay."""

_PREFIX: Final = "whsec_"


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    *,
    now_s: float | None = None,
) -> dict[str, Any]:
    """Return what a notice says, or raise Damaged unless one of the secrets has signed it.

    body: as it came, byte for byte. secrets: the endpoint's, both while it is changed.
    Keep the ids that were dealt with: a notice may come more than once.
    """
    raw = body.encode() if isinstance(body, str) else body
    told = {name.lower(): value for name, value in headers.items()}
    moment = told.get("webhook-timestamp", "")
    now = time.time() if now_s is None else now_s
    if not moment.isascii() or not moment.isdigit() or abs(now - int(moment)) > SKEW_S:
        raise Damaged("the notice has no fresh time")
    signed = f"{told.get('webhook-id', '')}.{moment}.".encode() + raw
    given = [one.partition(",") for one in told.get("webhook-signature", "").split()]
    shown = [value.encode() for version, _, value in given if version == "v1"]
    known = [secrets] if isinstance(secrets, str) else secrets
    if not any(hmac.compare_digest(_mac(key, signed), one) for key in known for one in shown):
        raise Damaged("the notice is not signed by the exchange")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Damaged("the notice is no JSON") from error
    if not isinstance(found, dict):
        raise Damaged("the notice is no JSON object")
    return found


def _mac(secret: str, signed: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise Damaged("the secret is none: whsec_…") from error
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
