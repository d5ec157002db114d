"""Profiles (.share): what a client of the sharing protocol needs to know of us and its token."""

from typing import Any

from flask import request

from app import unit
from delivery.recipients.credentials import Credential, CredentialKind


def of(credential: Credential, secret: str) -> dict[str, Any] | None:
    """Return the profile of a sharing token; None for a credential of another kind."""
    if credential.kind != CredentialKind.SHARE:
        return None
    return {
        "shareCredentialsVersion": 1,
        "endpoint": f"{base()}/delta-sharing",
        "bearerToken": secret,
        "expirationTime": credential.expires_at.isoformat().replace("+00:00", "Z"),
    }


def base() -> str:
    """Return the address under which the house is reached, without a slash at its end."""
    return (unit.house().settings.base_url or request.host_url).rstrip("/")
