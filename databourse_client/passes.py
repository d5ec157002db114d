"""Passes: the keys and tokens of one delivery, issued to this machine once and kept.

Each machine has its own, under its own name, so that revoking one stops no other.
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from databourse_client import profiles
from databourse_client.profiles import Profile
from databourse_client.troubles import NotSignedIn, Problem, Refused
from databourse_client.wire import Wire

DAYS: Final = 30
"""How long a pass lives; then it is issued anew without anybody's help."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of one delivery's metered interface."""

    delivery: str
    secret: str


def api_key(wire: Wire, profile: Profile, delivery: str) -> Key:
    """Return this machine's key of a metered interface, issued when there is none that is live."""
    kept = profiles.kept(profile.folder / f"{delivery}.api")
    if kept is not None:
        try:
            wire.asked(f"/data/v1/{delivery}", token=kept.strip())
            return Key(delivery, kept.strip())
        except NotSignedIn:
            pass  # revoked or over: another one is issued
    issued = _issued(wire, delivery, "api")
    profiles.keep(profile.folder / f"{delivery}.api", str(issued["secret"]))
    return Key(delivery, str(issued["secret"]))


def share(wire: Wire, profile: Profile, delivery: str) -> Mapping[str, Any]:
    """Return this machine's sharing profile, issued when there is none that is live."""
    path = profile.folder / f"{delivery}.share"
    kept = profiles.kept(path)
    if kept is not None:
        found: Mapping[str, Any] = json.loads(kept)
        try:
            wire.asked("/delta-sharing/shares", token=str(found["bearerToken"]))
            return found
        except NotSignedIn:
            pass  # as above
    told: Mapping[str, Any] = _issued(wire, delivery, "share")["profile"]
    profiles.keep(path, json.dumps(told))
    return told


def label() -> str:
    """Return under which name this machine is known to the exchange."""
    return f"databourse-client {platform.node() or 'here'}"[:100]


def _issued(wire: Wire, delivery: str, kind: str) -> Mapping[str, Any]:
    """Issue a credential; one whose secret was lost here is replaced at once."""
    body = {"delivery_id": delivery, "kind": kind, "label": label(), "days": DAYS}
    try:
        made: Mapping[str, Any] = wire.post("/api/recipient-credentials", body)
    except Refused as error:
        if "RECIPIENT_HAS_CREDENTIAL" not in error.codes:
            raise
        lost = _lost(wire, delivery, kind, error)
        made = wire.post(f"/api/recipient-credentials/{lost}/rotate", {"overlap_s": 0})
    return made


def _lost(wire: Wire, delivery: str, kind: str, error: Problem) -> str:
    for one in wire.all("/api/recipient-credentials", delivery_id=delivery, kind=kind):
        if one["label"] == label() and one["live"] and one["rotated_to"] is None:
            return str(one["id"])
    raise error
